//! The rate that is believed: up by a share while the line is far from full, by little where it was found full before,
//! and down below what arrives when a queue stands (draft-ietf-rmcat-gcc-02, 5.5 and 6).

/// Believed before anything is known: a small picture with sound.
pub(crate) const START_BPS: f64 = 500_000.0;
/// Never less: the sound of one speaker.
pub(crate) const LEAST_BPS: f64 = 50_000.0;
/// Never more: no one is sent so many pictures.
pub(crate) const MOST_BPS: f64 = 200_000_000.0;

/// Up so much in a second.
const RISE: f64 = 1.08;
/// Near to where the line was full: a packet more in the time of an answer.
const PACKET_BITS: f64 = 9_600.0;
const ANSWER_US: f64 = 100_000.0;
/// A longer step says nothing.
const LONGEST_STEP_US: u64 = 1_000_000;
/// Nothing rises unless so much of it is used: what was never tried is not known.
const USED: f64 = 0.9;
/// What arrives is never exceeded by more.
const HEADROOM: f64 = 1.5;
/// Down to so much of what arrives …
const FALL: f64 = 0.85;
/// … or to this, for a queue that is longer than this: it must be emptied too.
const FALL_DEEP: f64 = 0.75;
const DEEP_US: i64 = 100_000;
/// No second time before it can have been felt.
const FELT_US: u64 = 150_000;
const FELT_BOUNDS_US: (u64, u64) = (200_000, 800_000);
/// What a probe finds on a line that it filled leaves some room.
const FILLED: f64 = 0.92;

/// Where the line was full.
#[derive(Clone, Copy, Debug)]
struct Full {
    mean: f64,
    /// Mean square of the differences, as a share of the mean.
    spread: f64,
}

impl Full {
    /// How fast it follows.
    const FOLLOW: f64 = 0.2;
    const SPREADS: (f64, f64) = (0.03, 0.15);

    fn new(bps: f64) -> Self {
        Self { mean: bps, spread: 0.1 }
    }

    fn add(&mut self, bps: f64) {
        if !self.is_near(bps) {
            *self = Self::new(bps);
            return;
        }
        let apart = (bps - self.mean).abs() / self.mean.max(1.0);
        self.spread = (self.spread + Self::FOLLOW * (apart - self.spread)).clamp(Self::SPREADS.0, Self::SPREADS.1);
        self.mean += Self::FOLLOW * (bps - self.mean);
    }

    fn is_near(&self, bps: f64) -> bool {
        (bps - self.mean).abs() <= 3.0 * self.spread * self.mean
    }
}

/// The rate that is believed, in bits per second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    bps: f64,
    full: Option<Full>,
    stepped_us: u64,
    fell_us: Option<u64>,
}

impl Rate {
    pub(crate) fn new(bps: f64) -> Self {
        Self { bps, full: None, stepped_us: 0, fell_us: None }
    }

    pub(crate) fn bps(&self) -> f64 {
        self.bps
    }

    pub(crate) fn fell_us(&self) -> Option<u64> {
        self.fell_us
    }

    pub(crate) fn set(&mut self, bps: f64) {
        self.bps = bps.clamp(LEAST_BPS, MOST_BPS);
    }

    /// A queue stands, and so much arrives; `None`: all that is sent, so that it does not say what the line carries.
    /// Answers whether it was time to go down.
    pub(crate) fn fall(&mut self, now_us: u64, arriving: Option<f64>, standing_us: i64, rtt_us: u64) -> bool {
        self.stepped_us = now_us;
        let felt_us = (rtt_us + FELT_US).clamp(FELT_BOUNDS_US.0, FELT_BOUNDS_US.1);
        if self.fell_us.is_some_and(|fell| now_us < fell + felt_us) {
            return false;
        }
        self.fell_us = Some(now_us);
        match (&mut self.full, arriving) {
            (Some(full), Some(arriving)) => full.add(arriving),
            (None, Some(arriving)) => self.full = Some(Full::new(arriving)),
            (_, None) => {}
        }
        let share = if standing_us > DEEP_US { FALL_DEEP } else { FALL };
        self.set(self.bps.min(arriving.unwrap_or(self.bps) * share));
        true
    }

    /// More is lost when more is sent than this.
    pub(crate) fn fills_at(&mut self, now_us: u64, bps: f64) {
        self.full = Some(Full::new(bps));
        self.fell_us = Some(now_us);
        self.set(self.bps.min(bps * FILLED));
    }

    /// Nothing speaks against more.
    pub(crate) fn rise(&mut self, now_us: u64, sent: f64, arriving: f64, rtt_us: u64) {
        let step_us = now_us.saturating_sub(self.stepped_us).min(LONGEST_STEP_US) as f64;
        self.stepped_us = now_us;
        if sent < self.bps * USED {
            return;
        }
        if self.full.is_some_and(|full| self.bps > full.mean && !full.is_near(self.bps)) {
            self.full = None;
        }
        let next = if self.full.is_some_and(|full| full.is_near(self.bps)) {
            self.bps + PACKET_BITS * step_us / (rtt_us as f64 + ANSWER_US)
        } else {
            self.bps * RISE.powf(step_us / 1e6)
        };
        let most = arriving.min(sent) * HEADROOM;
        self.set(next.min(most).max(self.bps));
    }

    /// It neither rises nor falls now.
    pub(crate) fn hold(&mut self, now_us: u64) {
        self.stepped_us = now_us;
    }

    /// A probe got through at this rate; if it filled the line no more does.
    pub(crate) fn find(&mut self, bps: f64, has_filled: bool) {
        let found = if has_filled { bps * FILLED } else { bps };
        if has_filled {
            match &mut self.full {
                Some(full) => full.add(bps),
                None => self.full = Some(Full::new(bps)),
            }
        } else if self.full.is_some_and(|full| bps > full.mean) {
            self.full = None;
        }
        if found > self.bps {
            self.set(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_used_does_not_rise() {
        let mut rate = Rate::new(START_BPS);
        for at in 1..600 {
            rate.rise(at * 100_000, 150_000.0, 150_000.0, 50_000);
        }
        assert!((rate.bps() - START_BPS).abs() < 1.0);
    }

    #[test]
    fn a_line_that_is_used_and_not_full_is_believed_to_carry_more() {
        let mut rate = Rate::new(START_BPS);
        for at in 0..100 {
            let used = rate.bps();
            rate.rise(at * 100_000, used, used, 50_000);
        }
        assert!((1_000_000.0..1_200_000.0).contains(&rate.bps()), "{}", rate.bps());
    }

    #[test]
    fn near_to_where_it_was_full_it_rises_slowly() {
        let mut rate = Rate::new(2_000_000.0);
        assert!(rate.fall(1_000_000, Some(1_500_000.0), 50_000, 50_000));
        assert!((rate.bps() - 1_275_000.0).abs() < 1.0);
        for at in 0..10 {
            let used = rate.bps();
            rate.rise(1_000_000 + at * 100_000, used, used, 50_000);
        }
        assert!((1_300_000.0..1_350_000.0).contains(&rate.bps()), "{}", rate.bps());
    }

    #[test]
    fn it_falls_once_for_each_time_that_it_can_be_felt() {
        let mut rate = Rate::new(2_000_000.0);
        assert!(rate.fall(1_000_000, Some(1_000_000.0), 50_000, 50_000));
        assert!(!rate.fall(1_100_000, Some(500_000.0), 50_000, 50_000));
        assert!(rate.fall(1_300_000, Some(500_000.0), 150_000, 50_000));
        assert!((rate.bps() - 375_000.0).abs() < 1.0);
    }

    #[test]
    fn a_probe_never_lowers() {
        let mut rate = Rate::new(2_000_000.0);
        rate.find(1_000_000.0, true);
        assert!((rate.bps() - 2_000_000.0).abs() < 1.0);
        rate.find(3_000_000.0, false);
        assert!((rate.bps() - 3_000_000.0).abs() < 1.0);
    }
}
