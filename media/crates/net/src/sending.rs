//! What is sent, to the last datagram, and what became of those that were not.

use std::io;

use crate::socket::{Departing, UdpSocket};

/// Datagrams that were not sent.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    /// Nobody can be sent to there.
    pub(crate) impossible: u64,
    /// The kernel's buffer is full.
    pub(crate) no_room: u64,
}

impl Lost {
    pub(crate) fn total(&self) -> u64 {
        self.impossible + self.no_room
    }
}

/// Answers what was lost.
pub(crate) fn send_all(socket: &UdpSocket, departing: &[Departing<'_>]) -> Lost {
    let mut rest = departing;
    let mut lost = Lost::default();
    while !rest.is_empty() {
        match socket.send(rest) {
            Ok(taken) if taken > 0 => rest = rest.get(taken..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                lost.no_room = rest.len() as u64;
                break;
            }
            // One impossible destination must not stop the others.
            _ => {
                lost.impossible += 1;
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    lost
}
