//! The media engine: sockets, worker threads and the real clock around the sans-IO [`switchboard`].
//!
//! | thread | does | waits for |
//! |---|---|---|
//! | worker | everything per packet, [`switchboard::Switchboard`] | sockets, commands, deadlines |
//! | negotiation | reads and writes session descriptions | offers, answers |
//! | relay | TURN, where it is wanted: [`RelaySettings`] | sockets, connections |
//!
//! The control plane never waits for a thread, nor a thread for it: commands go through a bounded queue
//! ([`Engine`]), events come back through another ([`event::EventQueue`]).

pub mod command;
mod engine;
pub mod event;
pub mod figures;
mod load;
mod negotiation;
mod relay;
mod sending;
#[doc(hidden)] // for the load generator of the benches
pub mod socket;
pub mod switchboard;
mod tcp;
mod wake;
mod worker;

pub use engine::{Engine, EngineError};
pub use load::Load;
pub use negotiation::{Answer, Negotiate, print as print_text, read as read_offer};
pub use relay::{CertificateFiles, RelaySettings, RelayTotals};
pub use worker::Totals;
