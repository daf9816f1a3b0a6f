//! A peer's record, and the table of all of them with their deadlines.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use palaver_forward::{PublisherKey, SectionKey, SubscriberKey, TrackKey};
use palaver_session::{Mid, Rid};

use super::pace::Pace;
use super::route::Route;
use super::streams::Streams;
use super::{CONNECT_TIMEOUT, PeerIx};
use crate::command::Wish;

/// Timers that are far away may be late by an eighth of the time until then, and at most by so long, so that many of them
/// come due together: each waking costs as much as sending some packets.
const LATEST: Duration = Duration::from_millis(66);

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
    epoch: Instant,
    slots: Vec<Option<Peer<S>>>,
    free: Vec<PeerIx>,
    dirty: Vec<PeerIx>,
    deadlines: BinaryHeap<Reverse<(Instant, PeerIx)>>,
}

impl<S> PeerTable<S> {
    pub(super) fn new(now: Instant) -> Self {
        Self { epoch: now, slots: Vec::new(), free: Vec::new(), dirty: Vec::new(), deadlines: BinaryHeap::new() }
    }

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
    pub(super) fn set_deadline(&mut self, now: Instant, ix: PeerIx, deadline: Instant) {
        if let Some(peer) = self.get_mut(ix) {
            peer.deadline = deadline;
        }
        self.schedule(now, ix);
    }

    pub(super) fn set_phase(&mut self, now: Instant, ix: PeerIx, phase: Phase) {
        if let Some(peer) = self.get_mut(ix) {
            peer.phase = phase;
        }
        self.schedule(now, ix);
    }

    /// Only an earlier deadline than the one in the heap needs a new entry.
    fn schedule(&mut self, now: Instant, ix: PeerIx) {
        let epoch = self.epoch;
        let Some(peer) = self.slots.get_mut(ix as usize).and_then(Option::as_mut) else { return };
        let at = late(epoch, now, peer.next_deadline());
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
            let (is_due, is_expired) = (peer.deadline <= now, peer.is_expired(now));
            if is_expired {
                expired.push(ix);
            }
            // A due session says its next deadline when it is drained, and whoever is expired goes, or gets another phase
            // with a deadline of its own: the one that is over would be due again at once, for ever.
            if is_due {
                self.mark_dirty(ix);
            } else if !is_expired {
                self.schedule(now, ix);
            }
        }
        expired
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.peek().map(|Reverse((at, _))| *at)
    }
}

/// The time on a grid when a timer comes due that was set for `at`: the coarser the farther away it is.
fn late(epoch: Instant, now: Instant, at: Instant) -> Instant {
    let slack = (at.saturating_duration_since(now) / 8).min(LATEST).as_micros() as u64;
    let Some(shift) = slack.checked_ilog2() else { return at };
    let (since, grid) = (at.saturating_duration_since(epoch).as_nanos(), 1_000_u128 << shift);
    epoch.checked_add(Duration::from_nanos(since.next_multiple_of(grid) as u64)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use palaver_forward::{Micros, Router};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_timer_is_never_early_and_late_by_little(age_us in 0..100_000_000_000_u64, wait_us in 0..40_000_000_u64) {
            let epoch = Instant::now();
            let now = epoch + Duration::from_micros(age_us);
            let at = now + Duration::from_micros(wait_us);
            let due = late(epoch, now, at);
            prop_assert!(due >= at);
            prop_assert!(due - at <= LATEST.min((at - now) / 8));
            prop_assert_eq!(late(epoch, now, now), now, "what is due is due");
        }

        /// Peers that say something each second do it together after a while, whenever each began.
        #[test]
        fn timers_of_a_second_come_due_together(starts in prop::collection::vec(0..1_000_000_u64, 50)) {
            let epoch = Instant::now();
            let due = starts.iter().map(|start| {
                let now = epoch + Duration::from_micros(*start);
                late(epoch, now, now + Duration::from_secs(1))
            });
            let wakings: std::collections::BTreeSet<Instant> = due.collect();
            prop_assert!(wakings.len() <= 17, "{}", wakings.len());
        }
    }

    #[test]
    fn a_phase_that_ends_while_the_session_rests_is_told_once_and_keeps_nobody() {
        let now = Instant::now();
        let publisher = Router::new().add_publisher(Micros::ZERO);
        let mut peers = PeerTable::new(now);
        let ix = peers.insert(Peer::new("ghost".into(), "room".into(), (), publisher, now));
        let (rests_until, late) = (now + CONNECT_TIMEOUT * 2, now + CONNECT_TIMEOUT + LATEST);
        peers.set_deadline(now, ix, rests_until);
        assert_eq!(peers.mark_due(late), [ix]);
        assert_eq!(peers.mark_due(late), []);
        peers.set_phase(late, ix, Phase::Lost { until: rests_until });
        assert!(peers.next_deadline().is_some_and(|at| at >= rests_until));
    }
}
