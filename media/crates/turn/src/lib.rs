//! TURN (RFC 8656) for people whose network lets them reach nothing but one port of ours.
//!
//! Its only peers are the candidates of our own media port, and what it relays is handed over inside the process: the
//! relayed address is a number and no socket, so that nobody reaches anything through it that he could not reach
//! without.
//!
//! Left out: TCP allocations (RFC 6062), reserved and even ports, mobility, and passwords by SHA-256, which no browser
//! asks for.

mod bucket;
mod credentials;
mod exercise;
pub mod framing;
pub mod message;
mod server;

pub use credentials::Secret;
#[doc(hidden)]
pub use exercise::exercise;
pub use server::{Limits, Origin, Server, Taken, Transport, is_relayed};
