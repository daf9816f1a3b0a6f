//! What the way to one peer carries, learnt at the sender from the peer's feedback about every packet.
//!
//! A pure machine: it gets the time as an argument, and is told what is sent and what feedback comes. What it tells:
//! the bits per second that may be sent, padding to be sent now, and when to call again.
//!
//! # How it works
//!
//! - **Feedback** (`feedback`): draft-holmer-rmcat-transport-wide-cc-extensions-01. `register` knows what was sent lately;
//!   what is told twice, was never sent or is forgotten changes nothing, and each feedback costs what its bytes and the
//!   packets it is new for cost. Feedback that is lost is no loss: its packets are not counted.
//! - **Delay** comes first. `queue` looks for the packet that waited least in a stretch of time, as `CoDel` does (RFC
//!   8289): a queue that stands makes all wait, a key frame or jitter only some. `bursts` and `trend` see a queue while it
//!   is still growing (draft-ietf-rmcat-gcc-02; Carlucci et al., "Congestion Control for Web Real-Time Communication",
//!   IEEE/ACM Transactions on Networking 25 (5), 2017), but are heard only with a wait that is already felt. A wait that
//!   stays whatever is sent is the way itself, or somebody else's queue (`stuck`).
//! - **Rate** (`rate`): down while a queue stands, below what arrives (`meter`) if that is less than what is sent; up by
//!   a share in a second, or by a packet in the time of an answer near to where the line was full before, and only while
//!   nearly all of it is used and more is wanted. What was never tried is not believed.
//! - **Losses** (`losses`) without a queue are put to the test: the rate goes down for a moment. Losses that go with it
//!   are congestion; losses that stay are the line's own, and are not held against it from then on.
//! - **Probes** (`probe`, `search`) find what is wanted in steps: packets for some milliseconds at the rate that is tried,
//!   pictures among them counting too. What is found is the lower of the rates of sending and arriving. One that finds
//!   nothing makes the next come later, and two that find less than is believed are believed instead.
//! - **Silence** (`silence`): what is sent and not answered at all halves the rate each second; when the line is back it
//!   is asked at once for what it carried.
//!
//! # How it is used
//!
//! Each packet that is to be told of goes through [`Estimator::on_sent`], which answers its number. After
//! [`Estimator::on_feedback`], [`Estimator::set_desired`] and [`Estimator::handle_timeout`] ask
//! [`Estimator::poll_padding`] until there is none, and [`Estimator::poll_estimate`]. Who cannot send padding leaves it:
//! a probe that was not sent finds nothing.

mod bursts;
#[cfg(test)]
#[path = "../tests/laws/encode.rs"]
mod encode;
mod estimator;
mod feedback;
mod losses;
mod meter;
mod probe;
mod purpose;
mod queue;
mod rate;
mod register;
mod search;
mod silence;
mod stuck;
mod trend;
mod way;

pub use estimator::{Estimator, Figures};
pub use purpose::{ClusterId, Padding, Purpose};
