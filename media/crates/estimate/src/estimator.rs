//! The estimator of one peer: the parts, put together.

use std::time::{Duration, Instant};

use crate::purpose::{Padding, Purpose};

/// Believed before anything is known: a small picture with sound.
const START_BPS: u64 = 500_000;

/// What was counted since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Feedback that could not be read.
    pub malformed: u64,
    /// Packets told of that were never sent, are forgotten, or had been told of before.
    pub unknown: u64,
    /// Probes begun.
    pub probes: u64,
    /// Bytes of padding asked for.
    pub padding_bytes: u64,
}

/// What the way to one peer carries.
#[derive(Debug)]
pub struct Estimator {
    next: u16,
    told: bool,
}

impl Estimator {
    /// Nothing is known yet.
    pub fn new(_now: Instant) -> Self {
        Self { next: 0, told: false }
    }

    /// A packet goes out now: `bytes` as on the line, with UDP and IP around it. Answers its transport-wide sequence
    /// number.
    pub fn on_sent(&mut self, _now: Instant, _bytes: usize, _purpose: Purpose) -> u16 {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        number
    }

    /// Feedback of every packet came (RTPFB, format 15): everything behind the SSRC of the media source.
    ///
    /// What is malformed or cannot be true is counted, and changes nothing.
    pub fn on_feedback(&mut self, _now: Instant, _fci: &[u8]) {}

    /// The receiver's own estimate (goog-remb), in bits per second; used only while no feedback of every packet came.
    pub fn on_remb(&mut self, _bps: u64) {}

    /// What could be used, in bits per second. `None`: no pictures are sent; nothing is looked for, and what is known is
    /// kept. `Some(0)`: look for nothing more. Otherwise: search up to so much, until `Some(0)`.
    pub fn set_desired(&mut self, _now: Instant, _bps: Option<u64>) {}

    /// Padding to be sent now for a probe; to be called until there is none.
    pub fn poll_padding(&mut self, _now: Instant) -> Option<Padding> {
        None
    }

    /// When [`Self::handle_timeout`] is to be called at the latest; `None`: nothing to wait for. Called afterwards,
    /// [`Self::poll_padding`] and [`Self::poll_estimate`] may have something to tell.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, _now: Instant) {}

    /// A new estimate worth telling, in bits per second: the first, and each that differs from the one told before.
    pub fn poll_estimate(&mut self) -> Option<u64> {
        (!std::mem::replace(&mut self.told, true)).then_some(START_BPS)
    }

    /// The shortest round trip that the last feedback told of.
    pub fn rtt(&self) -> Option<Duration> {
        None
    }

    /// The share that was lost of what was sent in the second before the newest packet that arrived. `None` without
    /// feedback lately.
    pub fn loss(&self, _now: Instant) -> Option<f32> {
        None
    }

    /// The peer's path has changed: begin anew, from no more than is known.
    pub fn reset(&mut self, _now: Instant) {}

    /// What was counted since the beginning.
    pub fn figures(&self) -> Figures {
        Figures::default()
    }
}
