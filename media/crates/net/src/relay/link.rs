//! Between the relay's thread and the media threads: bounded queues, one towards each of them and one back.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use palaver_session::{Path, Protocol};

use crate::wake::Wake;
use crate::worker::Mailbox;

/// Datagrams that wait, each way: 100 ms of 300 Mbit/s. More are lost, as in a socket's buffer.
const MAX_WAITING: usize = 4_096;
/// Connections that wait to be taken.
const MAX_ADOPTED: usize = 256;

/// What the relay publishes about itself once a second.
#[derive(Debug, Clone, Copy, Default)]
pub struct RelayTotals {
    /// Relayed addresses that somebody has.
    pub allocations: usize,
    /// Connections, also of those who proved nothing yet.
    pub connections: usize,
    /// Messages that were not allowed, or too many.
    pub refused: u64,
    /// Datagrams that somebody had no room for.
    pub dropped: u64,
}

/// Towards one media thread.
#[derive(Default)]
pub(crate) struct Inlet {
    has_some: AtomicBool,
    datagrams: Mutex<Vec<(Path, Vec<u8>)>>,
}

impl Inlet {
    /// Media thread: what was relayed since the last time. Costs nothing while nobody is relayed.
    pub(crate) fn take(&self) -> Vec<(Path, Vec<u8>)> {
        if self.has_some.swap(false, Ordering::AcqRel) {
            std::mem::take(&mut *lock(&self.datagrams))
        } else {
            Vec::new()
        }
    }

    /// `false` when there is no room.
    fn push(&self, path: Path, datagram: Vec<u8>) -> bool {
        let mut datagrams = lock(&self.datagrams);
        let has_room = datagrams.len() < MAX_WAITING;
        if has_room {
            datagrams.push((path, datagram));
        }
        has_room
    }
}

/// Between the relay and all media threads.
pub(crate) struct Link {
    wake: Wake,
    is_closing: AtomicBool,
    outward: Mutex<Vec<(Path, Vec<u8>)>>,
    adopted: Mutex<Vec<(OwnedFd, Path)>>,
    totals: Mutex<RelayTotals>,
    dropped: AtomicU64,
}

/// Every candidate of ours, and who reads there.
pub(crate) type MediaPorts = BTreeMap<SocketAddr, Arc<Mailbox>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            wake: Wake::new()?,
            is_closing: AtomicBool::new(false),
            outward: Mutex::default(),
            adopted: Mutex::default(),
            totals: Mutex::default(),
            dropped: AtomicU64::new(0),
        })
    }

    /// Media threads: datagrams for relayed addresses.
    pub(crate) fn push_outward<'a>(&self, datagrams: impl Iterator<Item = (Path, &'a [u8])>) {
        let mut datagrams = datagrams.peekable();
        if datagrams.peek().is_none() {
            return;
        }
        let mut outward = lock(&self.outward);
        for (path, bytes) in datagrams {
            if outward.len() < MAX_WAITING {
                outward.push((path, bytes.to_vec()));
            } else {
                self.count_dropped(1);
            }
        }
        drop(outward);
        self.wake.notify();
    }

    /// Any thread: a connection that was accepted elsewhere, and who is at its other end. `false` when too many wait.
    pub(crate) fn adopt(&self, descriptor: OwnedFd, local: SocketAddr, remote: SocketAddr) -> bool {
        let mut adopted = lock(&self.adopted);
        if adopted.len() >= MAX_ADOPTED {
            return false;
        }
        adopted.push((descriptor, Path { protocol: Protocol::Tcp, local, remote }));
        drop(adopted);
        self.wake.notify();
        true
    }

    pub(crate) fn totals(&self) -> RelayTotals {
        *lock(&self.totals)
    }

    pub(crate) fn close(&self) {
        self.is_closing.store(true, Ordering::Release);
        self.wake.notify();
    }

    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    /// Each to the media thread whose port it is for.
    pub(super) fn push_inward(&self, datagrams: &mut Vec<(Path, Vec<u8>)>, ports: &MediaPorts) {
        for (path, datagram) in datagrams.drain(..) {
            let Some(mailbox) = ports.get(&path.local) else { continue };
            if !mailbox.inlet.push(path, datagram) {
                self.count_dropped(1);
            } else if !mailbox.inlet.has_some.swap(true, Ordering::AcqRel) {
                mailbox.nudge();
            }
        }
    }

    pub(super) fn take_outward(&self, into: &mut Vec<(Path, Vec<u8>)>) {
        std::mem::swap(into, &mut *lock(&self.outward));
    }

    pub(super) fn take_adopted(&self) -> Vec<(OwnedFd, Path)> {
        std::mem::take(&mut *lock(&self.adopted))
    }

    pub(super) fn publish(&self, totals: RelayTotals) {
        *lock(&self.totals) = totals;
    }

    pub(super) fn count_dropped(&self, count: u64) {
        self.dropped.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn descriptor(&self) -> RawFd {
        self.wake.descriptor()
    }

    /// Before the queues are looked at: what comes after that wakes again.
    pub(super) fn clear_wake(&self) {
        self.wake.clear();
    }
}
