//! One connection: bytes into datagrams, or frames of TURN, and back.

use std::io::{self, Read, Write};
use std::time::Instant;

use palaver_session::Path;
use palaver_turn::framing::frame_bytes;

use super::wire::Wire;

/// Longest datagram, as over UDP.
const MAX_DATAGRAM_BYTES: usize = 9_216;
/// The length before each datagram.
const HEADER_BYTES: usize = 2;
/// Bytes read in one turn.
const READ_BYTES: usize = 16 * 1024;
/// Bytes that wait for a slow connection: 500 ms of 1 Mbit/s. What is older than that is of no use to anybody.
const MAX_WAITING_BYTES: usize = 64 * 1024;
/// And as many in the kernel.
const KERNEL_BUFFER_BYTES: libc::c_int = 64 * 1024;

/// Where one datagram ends and the next begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Each after its length (RFC 4571).
    Length,
    /// Each says itself how long it is (RFC 8656).
    Turn,
}

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Stays,
    Ends,
}

pub(super) struct Connection {
    pub(super) wire: Wire,
    framing: Framing,
    pub(super) path: Path,
    pub(super) opened_at: Instant,
    pub(super) heard_at: Instant,
    /// We had something to say to it: a session answers only checks that prove themselves.
    pub(super) is_proved: bool,
    pub(super) is_watched_for_room: bool,
    /// The beginning of a datagram whose end has not come.
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
    /// How much of `outgoing` was written.
    written: usize,
}

impl Connection {
    pub(super) fn new(wire: Wire, framing: Framing, path: Path, now: Instant) -> io::Result<Self> {
        crate::socket::set_option(wire.descriptor(), libc::SOL_SOCKET, libc::SO_SNDBUF, KERNEL_BUFFER_BYTES)?;
        Ok(Self {
            wire,
            framing,
            path,
            opened_at: now,
            heard_at: now,
            is_proved: false,
            is_watched_for_room: false,
            incoming: Vec::new(),
            outgoing: Vec::new(),
            written: 0,
        })
    }

    /// Nothing waits to be written.
    pub(super) fn is_idle(&self) -> bool {
        self.outgoing.is_empty() && !self.wire.has_more()
    }

    /// Read what is there, a turn's worth at most; `each` is called with every whole datagram.
    pub(super) fn read(&mut self, now: Instant, mut each: impl FnMut(&[u8])) -> Fate {
        let mut chunk = [0; READ_BYTES];
        loop {
            let count = match self.wire.read(&mut chunk) {
                Ok(0) => return Fate::Ends,
                Ok(count) => count,
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                    return Fate::Stays;
                }
                Err(_) => return Fate::Ends,
            };
            self.heard_at = now;
            if self.take(chunk.get(..count).unwrap_or_default(), &mut each) == Fate::Ends {
                return Fate::Ends;
            }
            // What the kernel still holds makes the poller speak again; what was decrypted already does not.
            if matches!(self.wire, Wire::Plain(_)) {
                return Fate::Stays;
            }
        }
    }

    fn take(&mut self, chunk: &[u8], each: impl FnMut(&[u8])) -> Fate {
        if self.incoming.is_empty() {
            return match split(self.framing, chunk, each) {
                Ok(rest) => {
                    self.incoming.extend_from_slice(rest);
                    Fate::Stays
                }
                Err(TooLong) => Fate::Ends,
            };
        }
        self.incoming.extend_from_slice(chunk);
        match split(self.framing, &self.incoming, each) {
            Ok(rest) => {
                let done = self.incoming.len() - rest.len();
                self.incoming.drain(..done);
                Fate::Stays
            }
            Err(TooLong) => Fate::Ends,
        }
    }

    /// Queue one datagram whole, or not at all: half a one would break the stream. `false` when there is no room.
    pub(super) fn queue(&mut self, datagram: &[u8]) -> bool {
        let Ok(length) = u16::try_from(datagram.len()) else { return false };
        if self.outgoing.len() - self.written + HEADER_BYTES + datagram.len() > MAX_WAITING_BYTES {
            return false;
        }
        if self.framing == Framing::Length {
            self.outgoing.extend_from_slice(&length.to_be_bytes());
        }
        self.outgoing.extend_from_slice(datagram);
        true
    }

    /// Write what the kernel takes.
    pub(super) fn write(&mut self) -> Fate {
        while let Some(rest) = self.outgoing.get(self.written..).filter(|rest| !rest.is_empty()) {
            match self.wire.write(rest) {
                Ok(0) => return Fate::Ends,
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    // Otherwise a connection that is never quite idle would keep all that it ever sent.
                    if self.written >= MAX_WAITING_BYTES / 2 {
                        self.outgoing.drain(..self.written);
                        self.written = 0;
                    }
                    return Fate::Stays;
                }
                Err(_) => return Fate::Ends,
            }
        }
        self.outgoing.clear();
        self.written = 0;
        if self.wire.flush().is_ok() { Fate::Stays } else { Fate::Ends }
    }
}

/// A length that no datagram of ours has: the other side does not speak this protocol.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Call `each` with every whole datagram in `bytes`; answers the rest.
pub(super) fn split(framing: Framing, mut bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<&[u8], TooLong> {
    loop {
        let whole = match framing {
            Framing::Turn => frame_bytes(bytes).map_err(|_| TooLong)?.map(|length| (0, length)),
            Framing::Length => match bytes {
                [high, low, ..] => Some((HEADER_BYTES, usize::from(u16::from_be_bytes([*high, *low])))),
                _ => None,
            },
        };
        let Some((header, length)) = whole else { return Ok(bytes) };
        if length > MAX_DATAGRAM_BYTES {
            return Err(TooLong);
        }
        let Some(datagram) = bytes.get(header..header + length) else { return Ok(bytes) };
        if !datagram.is_empty() {
            each(datagram);
        }
        bytes = bytes.get(header + length..).unwrap_or_default();
    }
}
