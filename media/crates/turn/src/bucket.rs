//! How much of something is allowed a second.

use std::time::Instant;

/// Fills with time, up to what it holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    holds: u32,
    per_second: u32,
    left: f64,
    filled_at: Instant,
}

impl Bucket {
    /// Full.
    pub(crate) fn new(now: Instant, holds: u32, per_second: u32) -> Self {
        Self { holds, per_second, left: f64::from(holds), filled_at: now }
    }

    /// Take so much, or nothing.
    pub(crate) fn take(&mut self, now: Instant, amount: u32) -> bool {
        let passed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.filled_at = self.filled_at.max(now);
        self.left = (self.left + passed * f64::from(self.per_second)).min(f64::from(self.holds));
        let is_enough = self.left >= f64::from(amount);
        if is_enough {
            self.left -= f64::from(amount);
        }
        is_enough
    }
}
