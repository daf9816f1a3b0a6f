//! What a worker tells the control plane, and the bounded queue between them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::figures::PeerStreams;
use crate::load::Load;
use crate::wake::Wake;

/// Why a peer is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// No connectivity check came, or none came back.
    IceTimeout,
    /// The handshake failed, or the certificate was another one.
    DtlsFailed,
    /// A defect in our code or the engine's; the peer alone paid for it.
    Panic,
    /// The control plane asked for it.
    Requested,
    /// The peer closed the connection itself.
    PeerClosed,
    /// The peer sent far more messages than anybody may.
    DataFlood,
}

impl CloseReason {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IceTimeout => "ice_timeout",
            Self::DtlsFailed => "dtls_failed",
            Self::Panic => "panic",
            Self::Requested => "requested",
            Self::PeerClosed => "peer_closed",
            Self::DataFlood => "data_flood",
        }
    }
}

/// One speaker of a room.
#[derive(Debug, Clone, PartialEq)]
pub struct Speaker {
    /// Who.
    pub peer: Arc<str>,
    /// With which track.
    pub track: Arc<str>,
    /// 0 silence to 1 full scale.
    pub level: f32,
    /// Speaks now.
    pub is_active: bool,
}

/// Figures of a peer over the last second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PeerFigures {
    /// Round trip, if known.
    pub rtt: Option<Duration>,
    /// Share lost on the way in, 0 to 1.
    pub loss_in: f32,
    /// Share lost on the way out, 0 to 1.
    pub loss_out: f32,
    /// Bits per second received.
    pub bps_in: u64,
    /// Bits per second sent.
    pub bps_out: u64,
    /// Since the last sign of life: a verified connectivity check, or a packet.
    pub idle: Duration,
}

/// How grave a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Worth knowing.
    Info,
    /// Something is wrong outside.
    Warning,
    /// Something is wrong inside.
    Error,
}

impl LogLevel {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// An answer, finished; sections that show a track.
    Answer {
        /// Whose.
        peer: Arc<str>,
        /// The client's number of the offer.
        offer_id: i64,
        /// The description.
        sdp: String,
        /// Track of each subscribed section.
        tracks: BTreeMap<String, String>,
    },
    /// An offer of ours, finished; sections that will show a track.
    Offer {
        /// To whom.
        peer: Arc<str>,
        /// The number that was given for it.
        offer_id: i64,
        /// The description.
        sdp: String,
        /// Track of each section.
        tracks: BTreeMap<String, String>,
    },
    /// The answer to an offer of ours is in force.
    AnswerTaken {
        /// Whose.
        peer: Arc<str>,
        /// The number of the offer.
        offer_id: i64,
        /// Track of each section.
        tracks: BTreeMap<String, String>,
    },
    /// An offer was refused, or an answer; the session goes on as before.
    NegotiationFailed {
        /// Whose.
        peer: Arc<str>,
        /// The client's number of the offer.
        offer_id: i64,
        /// `bad_sdp` or `bad_offer`.
        code: &'static str,
        /// In words.
        message: String,
    },
    /// ICE and DTLS are up, or up again.
    Connected(Arc<str>),
    /// Connectivity is lost and may come back.
    Disconnected(Arc<str>),
    /// The peer is gone.
    Closed(Arc<str>, CloseReason),
    /// First packet of a publication.
    TrackStarted {
        /// Who publishes.
        peer: Arc<str>,
        /// What.
        track: Arc<str>,
        /// `audio/opus`, `audio/red`, `video/vp8`, `video/h264`.
        mime: &'static str,
    },
    /// A picture is paused for want of bandwidth, or goes on.
    PictureState {
        /// Whose screen it is missing on.
        peer: Arc<str>,
        /// What.
        track: Arc<str>,
        /// Paused?
        is_paused: bool,
    },
    /// Speech changed in a room.
    Speakers(Arc<str>, Vec<Speaker>),
    /// Figures of all connected peers.
    Stats(Vec<(Arc<str>, PeerFigures)>),
    /// The streams of those peers for whom something changed, and of every peer now and then.
    Streams(Vec<PeerStreams>),
    /// A message from a peer.
    Data {
        /// From whom.
        peer: Arc<str>,
        /// On which channel.
        label: &'static str,
        /// The message.
        payload: Vec<u8>,
    },
    /// A channel opened.
    DataOpen(Arc<str>, &'static str),
    /// The media thread has become too busy, or less so.
    Load(Load),
    /// A line for the log.
    Log(LogLevel, String),
    /// The media thread failed as a whole, for this reason, and began again without these rooms.
    WorkerLost(String, Vec<Arc<str>>),
}

impl Event {
    /// What may be dropped when nobody drains: figures first, then lossy messages, then reliable ones. State never is.
    fn droppable_rank(&self) -> Option<u8> {
        match self {
            Self::Stats(_) | Self::Streams(_) | Self::Speakers(..) | Self::Log(..) => Some(0),
            Self::Data { label, .. } if *label != "_reliable" => Some(1),
            Self::Data { .. } => Some(2),
            _ => None,
        }
    }

    /// Bytes of a message; others are small.
    fn payload_bytes(&self) -> usize {
        match self {
            Self::Data { payload, .. } => payload.len(),
            _ => 0,
        }
    }
}

/// Ranks of [`Event::droppable_rank`].
const RANKS: usize = 3;
/// Messages beyond this are dropped: one may have 256 KiB, and a control plane that is busy for a second must not cost
/// the machine its memory.
pub const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;
/// Above this many waiting events the droppable ones are dropped. State changes alone cannot fill it: their number is
/// bounded by that of peers and commands.
pub const MAX_WAITING_EVENTS: usize = 16_384;

/// Events on their way to the control plane; the wake's descriptor is readable while some wait.
#[derive(Debug)]
pub struct EventQueue {
    waiting: Mutex<Waiting>,
    wake: Wake,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<Event>,
    /// Of all messages that wait.
    bytes: usize,
    /// How many wait of each rank: looking for one that is not there would cost a walk for each event.
    ranked: [usize; RANKS],
    dropped: u64,
}

impl EventQueue {
    /// An empty queue.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { waiting: Mutex::default(), wake: Wake::new()? })
    }

    /// Add events; never blocks for long, drops by rank when full.
    pub fn push(&self, events: impl IntoIterator<Item = Event>) {
        let mut waiting = self.lock();
        let before = waiting.events.len();
        for event in events {
            if waiting.make_room(&event) {
                waiting.count(&event, true);
                waiting.events.push_back(event);
            } else {
                waiting.dropped += 1;
            }
        }
        if waiting.events.len() > before {
            self.wake.notify();
        }
    }

    /// Take up to `max` events. The descriptor stays readable while more wait.
    pub fn drain(&self, max: usize) -> Vec<Event> {
        let mut waiting = self.lock();
        let count = max.min(waiting.events.len());
        let taken: Vec<Event> = waiting.events.drain(..count).collect();
        for event in &taken {
            waiting.count(event, false);
        }
        if waiting.events.is_empty() {
            self.wake.clear();
        } else {
            self.wake.notify();
        }
        taken
    }

    /// Events dropped because nobody drained.
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// The descriptor to watch for reading.
    pub fn descriptor(&self) -> std::os::fd::RawFd {
        self.wake.descriptor()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        // A panic while holding the lock leaves a queue that is still a queue.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Drop what is less important than `event` until it fits. `false` if it is the least important itself.
    fn make_room(&mut self, event: &Event) -> bool {
        let rank = event.droppable_rank();
        loop {
            let has_bytes = event.payload_bytes() == 0 || self.bytes + event.payload_bytes() <= MAX_WAITING_BYTES;
            if self.events.len() < MAX_WAITING_EVENTS && has_bytes {
                return true;
            }
            // Only messages have bytes to give.
            let lesser = usize::from(!has_bytes)..rank.map_or(RANKS, usize::from);
            let Some(victim) = lesser.into_iter().find(|rank| self.ranked.get(*rank).is_some_and(|count| *count > 0))
            else {
                return rank.is_none();
            };
            let is_victim = |event: &Event| event.droppable_rank().map(usize::from) == Some(victim);
            if let Some(event) = self.events.iter().position(is_victim).and_then(|at| self.events.remove(at)) {
                self.count(&event, false);
                self.dropped += 1;
            }
        }
    }

    /// An event comes or goes.
    fn count(&mut self, event: &Event, is_coming: bool) {
        let change = |figure: &mut usize, by: usize| {
            *figure = if is_coming { figure.saturating_add(by) } else { figure.saturating_sub(by) };
        };
        change(&mut self.bytes, event.payload_bytes());
        if let Some(count) = event.droppable_rank().and_then(|rank| self.ranked.get_mut(usize::from(rank))) {
            change(count, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lossy(byte: u8) -> Event {
        Event::Data { peer: "alice".into(), label: "_lossy", payload: vec![byte] }
    }

    #[test]
    fn when_nobody_drains_figures_go_before_messages_and_state_never_goes() {
        let queue = EventQueue::new().expect("eventfd");
        queue.push([Event::Stats(Vec::new()), lossy(0)]);
        queue.push((2..MAX_WAITING_EVENTS).map(|_| Event::Connected("alice".into())));
        queue.push([Event::Disconnected("alice".into())]);
        queue.push([lossy(1)]);
        assert_eq!(queue.dropped(), 2, "the figures, then the newest message");
        let events = queue.drain(usize::MAX);
        assert_eq!(events.first(), Some(&lossy(0)));
        assert_eq!(events.last(), Some(&Event::Disconnected("alice".into())));
    }

    #[test]
    fn large_messages_do_not_fill_the_memory_and_reliable_ones_stay_longest() {
        let message = |label| Event::Data { peer: "alice".into(), label, payload: vec![7; 256 * 1024] };
        let queue = EventQueue::new().expect("eventfd");
        let fitting = MAX_WAITING_BYTES / (256 * 1024);
        queue.push((0..fitting * 2).map(|_| message("_lossy")));
        assert_eq!(queue.dropped(), fitting as u64);
        queue.push((0..fitting * 2).map(|_| message("_reliable")));
        queue.push([Event::Connected("alice".into())]);
        let events = queue.drain(usize::MAX);
        assert_eq!(events.last(), Some(&Event::Connected("alice".into())));
        assert_eq!(events.len(), fitting + 1);
        assert!(events.iter().all(|event| *event != message("_lossy")));
        // What was drained is forgotten.
        queue.push((0..fitting).map(|_| message("_lossy")));
        assert_eq!(queue.drain(usize::MAX).len(), fitting);
    }

    #[test]
    fn draining_in_parts_keeps_the_order() {
        let queue = EventQueue::new().expect("eventfd");
        queue.push([lossy(1), lossy(2), lossy(3)]);
        assert_eq!(queue.drain(2), [lossy(1), lossy(2)]);
        assert_eq!(queue.drain(2), [lossy(3)]);
        assert_eq!(queue.drain(2), []);
    }
}
