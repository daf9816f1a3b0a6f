//! What is to be carried out of the switchboard.

use std::collections::BTreeMap;
use std::sync::Arc;

use palaver_session::api::Printed;
use palaver_session::sdp::Assignment;
use palaver_session::{Mid, Path};

use crate::event::Event;

/// What is kept between two turns: more than a second of sound for a hundred people never needs.
const KEPT_BYTES: usize = 1024 * 1024;

/// A datagram to send.
#[derive(Debug)]
pub struct Datagram {
    /// From which candidate, to whom.
    pub path: Path,
    /// The datagram.
    pub bytes: Vec<u8>,
}

impl Datagram {
    /// As it is handed on.
    pub(crate) fn parts(&self) -> (Path, &[u8]) {
        (self.path, &self.bytes)
    }
}

/// An answer, or an offer of ours, that is to be printed and finished off the media thread.
pub struct PendingText {
    /// For whom.
    pub peer: Arc<str>,
    /// The number of the offer.
    pub offer_id: i64,
    /// To be printed.
    pub text: Box<dyn Printed>,
    /// The client's offer that it answers.
    pub offer_text: Option<String>,
    /// Sections that show a track.
    pub assigned: BTreeMap<Mid, Assignment>,
}

/// What is to be carried out of the switchboard.
#[derive(Default)]
pub struct Outbox {
    /// To the network.
    pub datagrams: Vec<Datagram>,
    /// To the network too.
    pub sealed: Sealed,
    /// To the control plane.
    pub events: Vec<Event>,
    /// To the negotiation thread.
    pub texts: Vec<PendingText>,
}

impl Outbox {
    /// All datagrams, for those who have the time to copy.
    pub fn take_datagrams(&mut self) -> Vec<Datagram> {
        let mut datagrams = std::mem::take(&mut self.datagrams);
        datagrams.extend(self.sealed.iter().map(|(path, bytes)| Datagram { path, bytes: bytes.to_vec() }));
        self.sealed.clear();
        datagrams
    }
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    start: u32,
    end: u32,
    path: Path,
}

/// Datagrams that sessions finished on the spot, in one piece of memory that is kept.
#[derive(Debug, Default)]
pub struct Sealed {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

impl Sealed {
    /// What there is.
    pub fn iter(&self) -> impl Iterator<Item = (Path, &[u8])> {
        let bytes = |entry: &Entry| self.bytes.get(entry.start as usize..entry.end as usize).unwrap_or_default();
        self.entries.iter().map(move |entry| (entry.path, bytes(entry)))
    }

    /// Nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forget all, and keep the memory.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
    }

    /// To append to, and where.
    pub(super) fn buffer(&mut self) -> (&mut Vec<u8>, usize) {
        let start = self.bytes.len();
        (&mut self.bytes, start)
    }

    /// What was appended since `start` is a datagram.
    pub(super) fn keep(&mut self, path: Path, start: usize) {
        let (start, end) = (start as u32, self.bytes.len() as u32);
        self.entries.push(Entry { start, end, path });
    }

    /// What was appended since `start` is none.
    pub(super) fn undo(&mut self, start: usize) {
        self.bytes.truncate(start);
    }
}
