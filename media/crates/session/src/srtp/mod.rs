//! Secure RTP by our own hands (RFC 3711, RFC 7714), with the keys that the engine's handshake made.
//!
//! The engine seals what it sends itself; what we seal beside it is of other streams or other numbers, so that no nonce
//! is used twice. The load generator's participants have all their media sealed here.

mod context;
mod keys;
#[cfg(test)]
mod tests;

pub use context::{Context, Contexts};
#[cfg(test)]
pub(crate) use keys::force;
pub use keys::{Material, Slot, latest_slot, provider};
