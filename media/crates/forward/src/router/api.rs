//! The values that go into and come out of a [`Router`](super::Router).

use std::ops::Range;

use crate::codec::Codec;
use crate::rewrite::PayloadPatch;
use crate::slab::{SectionKey, TrackKey};
use crate::units::{LayerIx, Micros};

/// What a track carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Microphone or screen sound: no layers, no key frames, counted for speech when packets carry a level.
    Audio,
    /// Camera or screen.
    Video,
}

/// RFC 6464 audio level of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioLevel {
    /// Level in −dBov: 0 is the loudest, 127 is silence.
    pub minus_dbov: u8,
}

/// The header fields of a received packet that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpMeta {
    /// Codec of the payload, from the payload type.
    pub codec: Codec,
    /// Sequence number extended to 64 bits by the receiver, after un-wrapping a retransmission.
    pub seq: u64,
    /// RTP timestamp as received.
    pub timestamp: u32,
    /// RTP marker bit as received.
    pub marker: bool,
    /// Audio level extension, if the packet had one.
    pub level: Option<AudioLevel>,
}

/// A sending m-section at its birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionConfig {
    /// The caller's own word for the section (peer slot and section, for example); comes back in [`Forward::target`].
    pub target: u64,
    /// First sequence number. Below 32 768 is wise: a first packet lost near 65 535 costs the receiver's roll-over count.
    pub initial_seq: u16,
    /// First RTP timestamp.
    pub initial_timestamp: u32,
}

/// What a subscriber wants of a track. Ignored fields for audio: layer and rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscriptionSettings {
    /// `false` stops the packets at once; `true` again begins with a key frame.
    pub is_enabled: bool,
    /// Largest layer wanted. If no wanted layer is alive the smallest living one is sent instead.
    pub max_layer: LayerIx,
    /// Frames per second wanted at most, 0 means no limit. Honoured only by whole temporal layers.
    pub max_fps: u32,
    /// Higher is more important when the line is too narrow for all.
    pub priority: u8,
}

impl Default for SubscriptionSettings {
    fn default() -> Self {
        Self { is_enabled: true, max_layer: LayerIx::HIGHEST, max_fps: 0, priority: 1 }
    }
}

/// Bytes within a received payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    start: usize,
    end: usize,
}

impl Part {
    pub(super) fn of(range: Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }

    /// These bytes of the payload that was given with the packet.
    #[must_use]
    pub fn within(self, payload: &[u8]) -> &[u8] {
        payload.get(self.start..self.end).unwrap_or_default()
    }
}

/// One packet for one subscriber: the shared payload with these header fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward {
    /// The section that sends it.
    pub section: SectionKey,
    /// [`SectionConfig::target`] of the section.
    pub target: u64,
    /// Extended sequence number of the section's stream.
    pub seq: u64,
    /// RTP timestamp of the section's stream.
    pub timestamp: u32,
    /// Marker bit to send.
    pub marker: bool,
    /// Codec of what is sent: [`RtpMeta::codec`], or that of the unwrapped `part`.
    pub codec: Codec,
    /// Only these bytes of the payload are sent: RED unwrapped for a subscriber who does not take it, or a lost packet
    /// made of what a later one carried along. `None`: all.
    pub part: Option<Part>,
    /// Sent instead of the payload: the layer's [parameter sets](super::Router::parameter_sets), before a key frame that
    /// came without.
    pub is_prelude: bool,
    /// Replacement of the payload's first bytes.
    pub patch: PayloadPatch,
    /// When this packet's content was captured, on the caller's clock: the pair `(timestamp, captured_at)` is what a
    /// sender report must say, and it is comparable between all tracks of one publisher (lip-sync). It may be a little
    /// later than arrival: how long the publisher's reports take is not known. `None` while the layer's clock is unknown,
    /// which the first report ends: what was reported by guess would be felt for minutes, since receivers draw a line
    /// through many reports. Of publishers that never report it is the arrival time.
    pub captured_at: Option<Micros>,
}

/// Why a section is sent what it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It is all that the publisher sends.
    Whole,
    /// The subscriber wants no more.
    Asked,
    /// The subscriber's line carries no more.
    Bandwidth,
    /// The server is too busy for more, see [`Router::set_ceiling`](super::Router::set_ceiling).
    Busy,
    /// The track is muted by the server.
    Muted,
    /// The publisher sends nothing, or its next key frame is waited for.
    Waiting,
    /// In a large room others speak.
    Unheard,
}

/// What a section is sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The layer; `None` if nothing is sent.
    pub layer: Option<LayerIx>,
    /// Why this and no more.
    pub cause: Cause,
}

/// What became of a received packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RtpOutcome {
    /// Given to this many subscribers, perhaps none.
    Forwarded(u32),
    /// The track is muted by the server.
    Muted,
    /// Received before, or too old to tell.
    Duplicate,
    /// Empty (padding) or not parseable; its number is closed up.
    Malformed,
    /// No such track or layer.
    Unknown,
}

/// What [`Router::poll`](super::Router::poll) answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Ask the publisher of the track for a key frame (PLI) on this layer.
    KeyframeRequest {
        /// The track.
        track: TrackKey,
        /// Its layer: the rid or SSRC to name in the request.
        layer: LayerIx,
    },
    /// The first packet of a track arrived.
    TrackStarted {
        /// The track.
        track: TrackKey,
        /// Its codec.
        codec: Codec,
    },
    /// Send a packet of nothing in a section, so that its track is there: see
    /// [`Router::set_needs_opening`](super::Router::set_needs_opening).
    Opening {
        /// [`SectionConfig::target`] of the section.
        target: u64,
        /// Silence, or a picture without bytes.
        kind: Kind,
        /// As [`Forward::seq`].
        seq: u64,
        /// As [`Forward::timestamp`].
        timestamp: u32,
    },
    /// A picture is paused for want of bandwidth, or goes on.
    PictureState {
        /// [`SectionConfig::target`] of the section that shows it.
        target: u64,
        /// Paused?
        is_paused: bool,
    },
    /// What to tell the estimator of a subscriber's line.
    Demand {
        /// The caller's own word for the subscriber.
        target: u64,
        /// Bits per second to look for, zero while there is nothing to be gained. `None` while no pictures are sent:
        /// nothing needs an estimate.
        desired_bps: Option<u64>,
    },
    /// Speech changed: read [`Router::speaker_changes`](super::Router::speaker_changes) now.
    SpeakersChanged,
    /// Nothing left to do before the deadline, `None` until the next input.
    Idle {
        /// Call `poll` again at this moment at the latest.
        deadline: Option<Micros>,
    },
}

/// Totals since the router was made; they only rise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets received from publishers, whatever became of them.
    pub packets_in: u64,
    /// Packets given to the sink.
    pub packets_out: u64,
    /// Packets of muted tracks.
    pub muted: u64,
    /// Packets seen before or too late to number.
    pub duplicates: u64,
    /// Packets of microphones that are not among those heard in a large room.
    pub unheard: u64,
    /// Empty or unparseable packets.
    pub malformed: u64,
    /// Packets, reports and commands for keys that no longer exist.
    pub unknown: u64,
    /// Key-frame requests to publishers.
    pub keyframe_requests: u64,
    /// Changes of layer completed by subscriptions.
    pub layer_switches: u64,
    /// Lost packets of sound that were made anew of RED.
    pub recovered: u64,
}
