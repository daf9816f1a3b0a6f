//! Secure RTP by our own hands (RFC 3711, RFC 7714), with the keys that the engine's handshake made.
//!
//! All RTP that goes out is sealed here: the engine's own never leaves, so that no nonce is used twice. Its reports are
//! sealed again under their numbers, and what was there before never leaves either. The load generator uses this too.

mod context;
mod keys;
#[cfg(test)]
mod tests;

pub use context::{Context, Contexts};
#[cfg(test)]
pub(crate) use keys::force;
pub use keys::{Material, Slot, latest_slot, provider};
