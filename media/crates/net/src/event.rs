//! What a worker tells the control plane, and the bounded queue between them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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
    /// An offer was refused; the session goes on as before.
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
        /// `audio/opus`, `video/vp8`, `video/h264`.
        mime: &'static str,
    },
    /// Speech changed in a room.
    Speakers(Arc<str>, Vec<Speaker>),
    /// Figures of all connected peers.
    Stats(Vec<(Arc<str>, PeerFigures)>),
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
    /// A line for the log.
    Log(LogLevel, String),
    /// A worker failed as a whole and began again without these rooms.
    WorkerLost(Vec<Arc<str>>),
}

impl Event {
    /// Size of a message, 0 for everything else.
    fn bytes(&self) -> usize {
        match self {
            Self::Data { payload, .. } => payload.len(),
            _ => 0,
        }
    }

    /// What may be dropped when nobody drains: figures first, then lossy messages, then reliable ones. State never is.
    fn droppable_rank(&self) -> Option<u8> {
        match self {
            Self::Stats(_) | Self::Speakers(..) | Self::Log(..) => Some(0),
            Self::Data { label, .. } if *label != "_reliable" => Some(1),
            Self::Data { .. } => Some(2),
            _ => None,
        }
    }
}

/// Above this many waiting events the droppable ones are dropped. State changes alone cannot fill it: their number is
/// bounded by that of peers and commands.
pub const MAX_WAITING_EVENTS: usize = 16_384;

/// Above this many waiting bytes of messages further messages are dropped. Some peers at once may send a file each.
pub const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;

/// Events on their way to the control plane; the wake's descriptor is readable while some wait.
#[derive(Debug)]
pub struct EventQueue {
    waiting: Mutex<Waiting>,
    wake: Wake,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<Event>,
    /// Of the messages among them.
    bytes: usize,
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
            let is_too_much = event.bytes() > MAX_WAITING_BYTES.saturating_sub(waiting.bytes);
            if is_too_much || (waiting.events.len() >= MAX_WAITING_EVENTS && !waiting.make_room(&event)) {
                waiting.dropped += 1;
                continue;
            }
            waiting.bytes += event.bytes();
            waiting.events.push_back(event);
        }
        if waiting.events.len() > before {
            self.wake.notify();
        }
    }

    /// Take up to `max` events. The descriptor stays readable while more wait.
    pub fn drain(&self, max: usize) -> Vec<Event> {
        let mut waiting = self.lock();
        let count = max.min(waiting.events.len());
        let taken: Vec<_> = waiting.events.drain(..count).collect();
        waiting.bytes -= taken.iter().map(Event::bytes).sum::<usize>();
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
    /// Drop something less important than `event`. `false` if `event` itself is the least important.
    fn make_room(&mut self, event: &Event) -> bool {
        let rank = event.droppable_rank();
        let victim = (0..=2).find_map(|victim_rank| {
            let is_lesser = rank.is_none_or(|rank| victim_rank < rank);
            is_lesser.then(|| self.events.iter().position(|e| e.droppable_rank() == Some(victim_rank)))?
        });
        match victim {
            Some(index) => {
                self.bytes -= self.events.remove(index).map_or(0, |event| event.bytes());
                self.dropped += 1;
                true
            }
            None => rank.is_none(),
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
    fn messages_that_nobody_drains_take_a_bounded_amount_of_memory() {
        let queue = EventQueue::new().expect("eventfd");
        let megabyte = || Event::Data { peer: "alice".into(), label: "_reliable", payload: vec![0; 1024 * 1024] };
        queue.push((0..80).map(|_| megabyte()));
        queue.push([Event::Connected("bob".into())]);
        assert_eq!(queue.dropped(), 16);
        let events = queue.drain(usize::MAX);
        assert_eq!(events.len(), 65);
        assert_eq!(events.last(), Some(&Event::Connected("bob".into())));
        queue.push([megabyte()]);
        assert_eq!((queue.drain(usize::MAX).len(), queue.dropped()), (1, 16), "drained is forgotten");
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
