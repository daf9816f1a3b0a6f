//! How a subscriber's line is shared between the pictures that it is sent, as pure machines.
//!
//! [`Meter`] measures what each layer costs, [`Line`] says how much the line carries and when to look for more, and
//! [`Allocator`] gives each picture a [`Share`] of it and changes its mind slowly.

mod allocator;
mod line;
mod meter;
mod steps;

pub(crate) use allocator::Allocator;
pub use line::LineReport;
pub(crate) use line::{Line, Need};
pub(crate) use meter::Meter;
pub(crate) use steps::{Rates, Request, Rung, Share};

#[cfg(test)]
mod tests;
