//! What the control plane asks of a worker.

use std::collections::BTreeMap;
use std::sync::Arc;

use palaver_session::sdp::Assignment;
use palaver_session::{Mid, OfferPlan, PlayoutDelay, PreparedAnswer, PreparedOffer, Rid};

/// What a section of an offer publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// Id of the track.
    pub track: Arc<str>,
    /// Its kind decides about layers and speech.
    pub is_audio: bool,
    /// Layers from the smallest to the largest; empty without simulcast.
    pub rids: Vec<Rid>,
    /// A microphone: in a large room it is forwarded while its owner is one of those who speak.
    pub is_microphone: bool,
}

/// How many are heard at once in a large room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voices {
    /// 1 to [`MAX_VOICES`](palaver_forward::MAX_VOICES).
    pub most: usize,
    /// A room with more microphones than this is large.
    pub large_room: usize,
}

impl Default for Voices {
    fn default() -> Self {
        Self { most: palaver_forward::USUAL_VOICES, large_room: palaver_forward::LARGE_ROOM }
    }
}

/// An offer that was read and narrowed off the media thread, with what it stands for.
#[derive(Debug)]
pub struct Accept {
    /// Whose offer.
    pub peer: Arc<str>,
    /// The client's number of the offer.
    pub offer_id: i64,
    /// For the engine.
    pub offer: PreparedOffer,
    /// As the client sent it: the answer is finished with it.
    pub offer_text: String,
    /// Sections that publish.
    pub publish: BTreeMap<Mid, Publish>,
    /// Sections that show a track.
    pub subscribe: BTreeMap<Mid, Assignment>,
}

/// What a subscriber wants of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// `false` pauses the track.
    pub is_enabled: bool,
    /// Largest layer, 0 to 2.
    pub max_layer: u8,
    /// Frames per second at most, 0 is no limit.
    pub max_fps: u32,
    /// Higher is more important when the subscriber's line is too narrow for all.
    pub priority: u8,
}

/// A command. Unknown peers and tracks are ignored: they may have just gone.
#[derive(Debug)]
pub enum Command {
    /// Make a peer in a room.
    OpenPeer {
        /// Room name.
        room: Arc<str>,
        /// Peer name, unique in the engine.
        peer: Arc<str>,
    },
    /// Say more about a peer that was just opened, and about its room.
    Introduce {
        /// Room name.
        room: Arc<str>,
        /// The peer.
        peer: Arc<str>,
        /// The peer that publishes for the same participant, if that is another one.
        owner: Option<Arc<str>>,
        /// Of the room, from now on.
        voices: Voices,
    },
    /// Say how many voices are heard at once in a room from now on.
    SetVoices {
        /// Room name.
        room: Arc<str>,
        /// How many.
        voices: Voices,
    },
    /// Say goodbye and forget.
    ClosePeer {
        /// The peer.
        peer: Arc<str>,
    },
    /// Apply an offer.
    Accept(Box<Accept>),
    /// Make an offer to a peer.
    Offer {
        /// Whom.
        peer: Arc<str>,
        /// The number of the offer.
        offer_id: i64,
        /// What it carries.
        plan: OfferPlan,
    },
    /// Apply a peer's answer to the latest offer.
    TakeAnswer {
        /// Whose answer.
        peer: Arc<str>,
        /// The number of the offer.
        offer_id: i64,
        /// The answer, read.
        answer: Box<PreparedAnswer>,
    },
    /// Change what a subscriber wants.
    SetSubscription {
        /// The subscriber.
        peer: Arc<str>,
        /// The track.
        track: Arc<str>,
        /// What it wants.
        wish: Wish,
    },
    /// Stop forwarding a track to a subscriber; its section stays.
    DropSubscription {
        /// The subscriber.
        peer: Arc<str>,
        /// The track.
        track: Arc<str>,
    },
    /// Say how long a peer shall hold pictures back before it shows them.
    SetPlayoutDelay {
        /// The subscriber.
        peer: Arc<str>,
        /// How long.
        delay: PlayoutDelay,
    },
    /// Say whether pictures may be paused; they may until then.
    SetMayPause {
        /// The subscriber.
        peer: Arc<str>,
        /// Whether its pictures may be stopped where its line is too narrow for them.
        may_pause: bool,
    },
    /// Send a few packets of nothing at the beginning of each track that does not begin by itself.
    OpenTracks {
        /// The subscriber, to whom a track is there when its first packet is.
        peer: Arc<str>,
    },
    /// Send a peer no more than this, whatever its line carries.
    LimitLine {
        /// The subscriber.
        peer: Arc<str>,
        /// Bits per second; 0 lifts the limit.
        bps: u64,
    },
    /// Drop a track's packets on entry, or let them in again.
    SetTrackMuted {
        /// The track.
        track: Arc<str>,
        /// Drop them?
        is_muted: bool,
    },
    /// Send a message to the peers whose channel is open.
    SendData {
        /// To whom.
        peers: Vec<Arc<str>>,
        /// Which channel.
        label: &'static str,
        /// The message.
        payload: Arc<[u8]>,
    },
    /// A trickled candidate.
    AddCandidate {
        /// Whose.
        peer: Arc<str>,
        /// `candidate:…`
        candidate: String,
    },
    /// Fail outside any peer's step: how tests see what becomes of the rooms. Nothing in the product sends it.
    FailWorker,
}

impl Command {
    /// Whether clients can cause so many of it that it must be refused when too many wait. The others close, mute and
    /// withdraw: losing one would let somebody hear or be heard who must not.
    pub(crate) fn is_refusable(&self) -> bool {
        matches!(
            self,
            Self::OpenPeer { .. }
                | Self::Introduce { .. }
                | Self::SetVoices { .. }
                | Self::Accept(_)
                | Self::Offer { .. }
                | Self::TakeAnswer { .. }
                | Self::SetSubscription { .. }
                | Self::LimitLine { .. }
                | Self::SetMayPause { .. }
                | Self::OpenTracks { .. }
                | Self::SetPlayoutDelay { .. }
                | Self::SendData { .. }
                | Self::AddCandidate { .. }
        )
    }

    /// Bytes of a message; others are small.
    pub(crate) fn payload_bytes(&self) -> usize {
        match self {
            Self::SendData { payload, .. } => payload.len(),
            _ => 0,
        }
    }
}
