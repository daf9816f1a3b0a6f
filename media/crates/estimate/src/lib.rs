//! What the way to one peer carries, learnt at the sender from the peer's feedback about every packet.

mod estimator;
mod purpose;

pub use estimator::{Estimator, Figures};
pub use purpose::{ClusterId, Padding, Purpose};
