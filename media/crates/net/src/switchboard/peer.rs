//! A peer's record, and the table of all of them with their deadlines.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use palaver_forward::{PublisherKey, SectionKey, SubscriberKey, TrackKey};
use palaver_session::{Mid, Rid};

use super::pace::Pace;
use super::route::Route;
use super::streams::Streams;
use super::{CONNECT_TIMEOUT, PeerIx};
use crate::command::Wish;

/// Where a peer is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The handshake is not done.
    Connecting { until: Instant },
    /// Packets flow.
    Up,
    /// Connectivity is lost.
    Lost { until: Instant },
}

impl Phase {
    fn deadline(self) -> Option<Instant> {
        match self {
            Self::Connecting { until } | Self::Lost { until } => Some(until),
            Self::Up => None,
        }
    }
}

/// A section that the peer publishes in.
#[derive(Debug)]
pub(super) struct Publication {
    pub(super) track: Arc<str>,
    pub(super) key: TrackKey,
    pub(super) is_audio: bool,
    pub(super) rids: Vec<Rid>,
}

/// A section that we send in. It outlives the tracks that it shows: numbering belongs to it.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) mid: Mid,
    pub(super) key: SectionKey,
    /// The track that it is to show, published already or not.
    pub(super) track: Option<Arc<str>>,
}

/// One peer.
#[derive(Debug)]
pub(super) struct Peer<S> {
    pub(super) name: Arc<str>,
    pub(super) room: Arc<str>,
    pub(super) session: S,
    pub(super) publisher: PublisherKey,
    /// The peer that publishes for the same participant, if that is another one.
    pub(super) owner: Option<Arc<str>>,
    /// Its line, which all its sections share.
    pub(super) subscriber: Option<SubscriberKey>,
    pub(super) phase: Phase,
    pub(super) publications: BTreeMap<Mid, Publication>,
    /// Position is the low half of the router's target.
    pub(super) sections: Vec<Section>,
    /// What it wants of tracks, shown already or not.
    pub(super) wishes: BTreeMap<Arc<str>, Wish>,
    pub(super) ufrags: Vec<String>,
    /// Messages that wait for room in a channel.
    pub(super) backlog: VecDeque<(&'static str, Arc<[u8]>)>,
    pub(super) backlog_bytes: usize,
    pub(super) pace: Pace,
    pub(super) route: Route,
    pub(super) streams: Streams,
    /// The last sign of life: a verified check, or a packet.
    pub(super) heard_at: Instant,
    /// When and at how many bytes in and out the last figures were made.
    pub(super) last_bytes: (Instant, u64, u64),
    /// What the session said last.
    deadline: Instant,
    /// Earliest entry of this peer in the heap.
    scheduled: Option<Instant>,
    is_dirty: bool,
}

impl<S> Peer<S> {
    pub(super) fn new(name: Arc<str>, room: Arc<str>, session: S, publisher: PublisherKey, now: Instant) -> Self {
        Self {
            name,
            room,
            session,
            publisher,
            owner: None,
            subscriber: None,
            phase: Phase::Connecting { until: now + CONNECT_TIMEOUT },
            publications: BTreeMap::new(),
            sections: Vec::new(),
            wishes: BTreeMap::new(),
            ufrags: Vec::new(),
            backlog: VecDeque::new(),
            backlog_bytes: 0,
            pace: Pace::new(now),
            route: Route::new(now),
            streams: Streams::default(),
            heard_at: now,
            last_bytes: (now, 0, 0),
            deadline: now,
            scheduled: None,
            is_dirty: false,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.phase == Phase::Up
    }

    /// The phase has lasted too long.
    pub(super) fn is_expired(&self, now: Instant) -> bool {
        self.phase.deadline().is_some_and(|until| until <= now)
    }

    fn next_deadline(&self) -> Instant {
        self.phase.deadline().map_or(self.deadline, |phase| phase.min(self.deadline))
    }
}

/// Peers at dense positions. Each position has one live entry in the heap of deadlines; stale entries are skipped.
#[derive(Debug)]
pub(super) struct PeerTable<S> {
    slots: Vec<Option<Peer<S>>>,
    free: Vec<PeerIx>,
    dirty: Vec<PeerIx>,
    deadlines: BinaryHeap<Reverse<(Instant, PeerIx)>>,
}

impl<S> Default for PeerTable<S> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), dirty: Vec::new(), deadlines: BinaryHeap::new() }
    }
}

impl<S> PeerTable<S> {
    pub(super) fn insert(&mut self, peer: Peer<S>) -> PeerIx {
        let ix = if let Some(ix) = self.free.pop() {
            if let Some(slot) = self.slots.get_mut(ix as usize) {
                *slot = Some(peer);
            }
            ix
        } else {
            self.slots.push(Some(peer));
            (self.slots.len() - 1) as PeerIx
        };
        self.mark_dirty(ix);
        ix
    }

    pub(super) fn remove(&mut self, ix: PeerIx) -> Option<Peer<S>> {
        let peer = self.slots.get_mut(ix as usize)?.take()?;
        self.dirty.retain(|dirty| *dirty != ix);
        self.deadlines.retain(|Reverse((_, owner))| *owner != ix);
        self.free.push(ix);
        Some(peer)
    }

    pub(super) fn get(&self, ix: PeerIx) -> Option<&Peer<S>> {
        self.slots.get(ix as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, ix: PeerIx) -> Option<&mut Peer<S>> {
        self.slots.get_mut(ix as usize)?.as_mut()
    }

    pub(super) fn indices(&self) -> Vec<PeerIx> {
        self.slots.iter().enumerate().filter(|(_, slot)| slot.is_some()).map(|(ix, _)| ix as PeerIx).collect()
    }

    /// The session has something to say at the next flush.
    pub(super) fn mark_dirty(&mut self, ix: PeerIx) {
        if let Some(peer) = self.slots.get_mut(ix as usize).and_then(Option::as_mut)
            && !peer.is_dirty
        {
            peer.is_dirty = true;
            self.dirty.push(ix);
        }
    }

    pub(super) fn take_dirty(&mut self) -> Vec<PeerIx> {
        let dirty = std::mem::take(&mut self.dirty);
        for ix in &dirty {
            if let Some(peer) = self.get_mut(*ix) {
                peer.is_dirty = false;
            }
        }
        dirty
    }

    /// The session is idle until then.
    pub(super) fn set_deadline(&mut self, ix: PeerIx, deadline: Instant) {
        if let Some(peer) = self.get_mut(ix) {
            peer.deadline = deadline;
        }
        self.schedule(ix);
    }

    pub(super) fn set_phase(&mut self, ix: PeerIx, phase: Phase) {
        if let Some(peer) = self.get_mut(ix) {
            peer.phase = phase;
        }
        self.schedule(ix);
    }

    /// Only an earlier deadline than the one in the heap needs a new entry.
    fn schedule(&mut self, ix: PeerIx) {
        let Some(peer) = self.slots.get_mut(ix as usize).and_then(Option::as_mut) else { return };
        let at = peer.next_deadline();
        if peer.scheduled.is_none_or(|scheduled| at < scheduled) {
            peer.scheduled = Some(at);
            self.deadlines.push(Reverse((at, ix)));
        }
    }

    /// Mark all whose session deadline has come; answers those whose phase has lasted too long.
    pub(super) fn mark_due(&mut self, now: Instant) -> Vec<PeerIx> {
        let mut expired = Vec::new();
        while let Some(Reverse((at, ix))) = self.deadlines.peek().copied()
            && at <= now
        {
            self.deadlines.pop();
            let Some(peer) = self.get_mut(ix) else { continue };
            if peer.scheduled != Some(at) {
                continue;
            }
            peer.scheduled = None;
            let is_due = peer.deadline <= now;
            if peer.is_expired(now) {
                expired.push(ix);
            }
            // A due session says its next deadline when it is drained.
            if is_due {
                self.mark_dirty(ix);
            } else {
                self.schedule(ix);
            }
        }
        expired
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.peek().map(|Reverse((at, _))| *at)
    }
}
