//! One peer of the SFU, without sockets, threads or a clock.
//!
//! * [`api`]: the narrow seam between our code and a WebRTC engine: [`NegotiatedSession`] and its values. Rooms,
//!   forwarding, recorders and Python see only this.
//! * [`rtc`]: the seam implemented with str0m. No type of str0m leaves that module.
//! * [`srtp`]: what seals and opens media, with the keys of the engine's handshakes. Of str0m's types it hands out one,
//!   the provider that overhears them.
//! * [`sdp`]: session descriptions as text, edited off the media thread.
//!
//! The rule of use is *mutate once, drain to idle*: after any call that takes `now`, call
//! [`NegotiatedSession::poll`] until it answers [`Output::Idle`].
#![forbid(unsafe_code)]

pub mod api;
pub mod ids;
pub mod rtc;
pub mod sdp;
pub mod srtp;

pub use api::{
    CarriedExtensions, Endpoint, MadeOffer, NegotiatedSession, OfferPlan, OfferedTrack, OutgoingRtp, Output, Path,
    PlayoutDelay, Printed, Protocol, ReceivedRtp, SessionError, SessionEvent, SessionFactory, SessionStats,
    StreamStats, Written,
};
pub use ids::{Mid, Rid};
pub use palaver_forward::Codec;
pub use rtc::{PreparedAnswer, PreparedOffer, RtcFactory, RtcSession};
