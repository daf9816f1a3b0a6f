//! What is sent and not answered at all: the line is away, and what would be sent into it falls step by step.

/// Nothing is made of fewer packets.
const PACKETS: u32 = 5;
/// So long without an answer, besides a round trip; and as long again for each further step.
const STEP_US: u64 = 1_000_000;
/// Each step leaves so much.
const SHARE: f64 = 0.5;

/// How long nothing was answered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Silence {
    unanswered: u32,
    next_us: u64,
    /// What was believed before it began.
    before: Option<f64>,
}

impl Silence {
    pub(crate) fn on_sent(&mut self, now_us: u64, rtt_us: u64) {
        if self.unanswered == 0 {
            self.next_us = now_us + STEP_US + rtt_us;
        }
        self.unanswered = self.unanswered.saturating_add(1);
    }

    /// Something arrived. Answers what was believed before, if it was away.
    pub(crate) fn on_answer(&mut self) -> Option<f64> {
        std::mem::take(self).before
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.before.is_some()
    }

    /// When to ask for a step at the latest.
    pub(crate) fn next_us(&self) -> Option<u64> {
        (self.unanswered >= PACKETS).then_some(self.next_us)
    }

    /// What is left of what is believed, if it is time for a step.
    pub(crate) fn step(&mut self, now_us: u64, believed: f64) -> Option<f64> {
        self.next_us().filter(|next| *next <= now_us)?;
        self.before.get_or_insert(believed);
        self.next_us = now_us + STEP_US;
        Some(believed * SHARE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_falls_by_half_each_second_and_tells_what_was_before() {
        let mut silence = Silence::default();
        for at in 0..PACKETS {
            assert_eq!(silence.next_us(), None);
            silence.on_sent(u64::from(at), 0);
        }
        assert_eq!(silence.step(999_999, 8.0), None);
        assert_eq!(silence.step(1_000_000, 8.0), Some(4.0));
        assert_eq!(silence.step(1_999_999, 4.0), None);
        assert_eq!(silence.step(2_000_000, 4.0), Some(2.0));
        assert!(silence.is_broken());
        assert_eq!(silence.on_answer(), Some(8.0));
        assert_eq!((silence.next_us(), silence.on_answer()), (None, None));
    }
}
