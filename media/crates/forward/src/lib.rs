//! What happens to a packet between the publisher that sent it and the subscribers that receive it.
//!
//! Everything in this crate is a pure machine: time comes in as [`Micros`], packets come in as parsed headers and
//! payload bytes, decisions go out as values. There is no clock, no socket, no thread and no random number in here, and
//! after the first packets nothing is allocated. Payloads are never copied: a rewritten packet is the shared payload
//! plus a [`PayloadPatch`] of its first bytes.
//!
//! # Words
//!
//! | word | meaning |
//! |---|---|
//! | *track* | one publication: microphone, camera, screen or screen sound; made of one to three *layers* |
//! | *layer* | one simulcast encoding of a track, [`LayerIx`] 0 is the smallest |
//! | *section* | one sending m-section of a subscriber: it outlives the tracks that are shown in it and owns the numbering |
//! | *subscription* | a section that currently shows a track |
//! | *subscriber* | the owner of sections that share one line; sections without one have no limit |
//!
//! # Use
//!
//! One [`Router`] per room. Mutate it, send what the sink is given, and drain [`Router::poll`] at the end of each
//! batch of work; call it again no later than the deadline that it answers.
//!
//! ```
//! use palaver_forward::*;
//!
//! let now = Micros::from_millis(5);
//! let mut router = Router::new();
//!
//! // A publisher's track: add it when it is negotiated, `set_publisher_connected` when its transport is up.
//! let alice = router.add_publisher(now);
//! router.set_publisher_connected(alice, true, now);
//! let microphone = router.add_track(alice, Kind::Audio, 1);
//!
//! // A subscriber's section: add it when it is negotiated, `set_section_ready` when its transport is up.
//! // `target` is the caller's own word for the section; it comes back with every packet.
//! let section = router.add_section(SectionConfig { target: 7, initial_seq: 1000, initial_timestamp: 0 });
//! router.set_section_ready(section, true, now);
//! router.subscribe(section, microphone, SubscriptionSettings::default(), now);
//!
//! // A packet: the sink is called once per subscriber that gets it.
//! let meta = RtpMeta { codec: Codec::Opus, seq: 1, timestamp: 960, marker: false, level: None };
//! let mut sent = Vec::new();
//! router.on_rtp(microphone, LayerIx::LOWEST, &meta, &[0x78, 1, 2, 3], now, &mut |forward: &Forward| sent.push(*forward));
//! assert_eq!((sent[0].target, sent[0].seq), (7, 1000));
//!
//! // Drain.
//! let deadline = loop {
//!     match router.poll(now) {
//!         Output::Idle { deadline } => break deadline,
//!         _news => {}
//!     }
//! };
//! # let _ = deadline;
//! ```
//!
//! # Guarantees
//!
//! Per section, for every packet given to the sink in arrival order of its source: sequence numbers start below 65 536
//! and rise by one; a packet lost between publisher and us leaves its number free and gets it if it arrives late; a
//! packet dropped on purpose leaves no hole; no number is used twice. RTP timestamps never go back across a change of
//! layer or track and never run ahead of the wall clock by more than 25 ms. VP8 picture ids are contiguous. A new layer
//! begins with a key frame. A muted track forwards nothing. A section that does not take RED gets what is in it, and
//! packets lost on the way to us made anew of what later ones carry along. In a large room a microphone is forwarded while
//! its owner is one of the few who speak.
//!
//! Per subscriber with an estimate: its pictures are chosen so that with its sound they fit into the line, the most
//! important first, in whole layers or with fewer frames of one; what does not fit is paused, and
//! [`Output::PictureState`] says so. Sound is never held back. Layers go down soon and up late, so that an estimate that
//! sways moves nobody.
//!
//! Keys are dense and carry a generation: a stale key is ignored, never confused with its successor.

#![forbid(unsafe_code)]
// Tests state what they expect.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::float_cmp)
)]

mod bandwidth;
mod keyframe;
mod router;
mod select;
mod slab;
mod speakers;
mod units;
mod voices;

pub mod codec;
#[doc(hidden)]
pub mod exercise;
pub mod rewrite;

pub use bandwidth::LineReport;
pub use codec::{Codec, FrameInfo};
pub use rewrite::PayloadPatch;
pub use router::{
    AudioLevel, Cause, Counters, Forward, Kind, Output, Part, Router, RtpMeta, RtpOutcome, SectionConfig, Shown,
    SubscriptionSettings,
};
pub use slab::{PublisherKey, SectionKey, SubscriberKey, TrackKey};
pub use speakers::SpeakerChange;
pub use units::{LayerIx, MAX_LAYERS, Micros, NtpTime};
pub use voices::{LARGE_ROOM, MAX_VOICES, USUAL_VOICES};
