//! What the way to one peer carries, learnt at the sender from the peer's feedback about every packet.

mod bursts;
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
