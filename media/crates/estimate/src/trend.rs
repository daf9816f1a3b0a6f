//! Whether the way takes longer and longer: a line through the delays of the last bursts, and a threshold that learns
//! what is usual (draft-ietf-rmcat-gcc-02, 5.3 to 5.5; Carlucci et al., "Congestion Control for Web Real-Time
//! Communication", 2017).

use crate::bursts::Difference;

const WINDOW: usize = 20;
/// Of the sum of differences, how much of the old value is kept.
const SMOOTH: f64 = 0.9;
/// The slope is weighed with the number of bursts seen, up to this, and this gain.
const MOST_BURSTS: u32 = 60;
const GAIN: f64 = 4.0;
/// The threshold in the beginning, and its bounds, in milliseconds.
const FIRST_THRESHOLD: f64 = 12.5;
const THRESHOLDS: (f64, f64) = (6.0, 600.0);
/// It follows a slope above it slowly, and one below it faster, a share for each millisecond …
const UP: f64 = 0.0087;
const DOWN: f64 = 0.039;
/// … and one that is far above it not at all.
const OUTLIER: f64 = 15.0;
const LONGEST_STEP_MS: f64 = 100.0;
/// Above the threshold for so long, and growing: the line is used up.
const OVER_MS: f64 = 10.0;

/// What the slope says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Usage {
    #[default]
    Normal,
    /// It takes longer and longer.
    Over,
    /// It takes less: a queue empties.
    Under,
}

/// The delays of the last bursts.
#[derive(Clone, Debug)]
pub(crate) struct Trend {
    /// When they arrived, and the smoothed sum of the differences, in milliseconds; goes round.
    points: [(f32, f32); WINDOW],
    bursts: u32,
    began_us: i64,
    sum: f64,
    smoothed: f64,
    threshold: f64,
    slope: f64,
    over_ms: f64,
    over_bursts: u32,
    last_ms: f64,
    usage: Usage,
}

impl Default for Trend {
    fn default() -> Self {
        Self {
            points: [(0.0, 0.0); WINDOW],
            bursts: 0,
            began_us: 0,
            sum: 0.0,
            smoothed: 0.0,
            threshold: FIRST_THRESHOLD,
            slope: 0.0,
            over_ms: 0.0,
            over_bursts: 0,
            last_ms: 0.0,
            usage: Usage::Normal,
        }
    }
}

impl Trend {
    pub(crate) fn usage(&self) -> Usage {
        self.usage
    }

    /// The next burst.
    pub(crate) fn add(&mut self, burst: &Difference) {
        if self.bursts == 0 {
            self.began_us = burst.arrived_us;
        }
        let at_ms = (burst.arrived_us - self.began_us) as f64 / 1e3;
        self.sum += burst.longer_us as f64 / 1e3;
        self.smoothed = SMOOTH * self.smoothed + (1.0 - SMOOTH) * self.sum;
        if let Some(point) = self.points.get_mut(self.bursts as usize % WINDOW) {
            *point = (at_ms as f32, self.smoothed as f32);
        }
        self.bursts = self.bursts.saturating_add(1);
        let step_ms = at_ms - self.last_ms;
        self.last_ms = at_ms;
        if (self.bursts as usize) < WINDOW {
            return;
        }
        let Some(slope) = self.fit() else { return };
        self.judge(slope, step_ms);
    }

    /// The slope of the straight line with the least squares.
    fn fit(&self) -> Option<f64> {
        let count = WINDOW as f64;
        let (sum_x, sum_y) =
            self.points.iter().fold((0.0, 0.0), |(x, y), point| (x + f64::from(point.0), y + f64::from(point.1)));
        let (mean_x, mean_y) = (sum_x / count, sum_y / count);
        let (shared, own) = self.points.iter().fold((0.0, 0.0), |(shared, own), point| {
            let x = f64::from(point.0) - mean_x;
            (shared + x * (f64::from(point.1) - mean_y), own + x * x)
        });
        (own > f64::EPSILON).then(|| shared / own)
    }

    fn judge(&mut self, slope: f64, step_ms: f64) {
        let weighed = f64::from(self.bursts.min(MOST_BURSTS)) * slope * GAIN;
        if weighed > self.threshold {
            // The first time half of the step is taken to be above.
            self.over_ms += if self.over_bursts == 0 { step_ms / 2.0 } else { step_ms };
            self.over_bursts += 1;
            if self.over_ms > OVER_MS && self.over_bursts > 1 && slope >= self.slope {
                (self.over_ms, self.over_bursts) = (0.0, 0);
                self.usage = Usage::Over;
            }
        } else {
            (self.over_ms, self.over_bursts) = (0.0, 0);
            self.usage = if weighed < -self.threshold { Usage::Under } else { Usage::Normal };
        }
        self.slope = slope;
        let size = weighed.abs();
        if size <= self.threshold + OUTLIER {
            let follow = if size < self.threshold { DOWN } else { UP };
            let step_ms = step_ms.clamp(0.0, LONGEST_STEP_MS);
            self.threshold =
                (self.threshold + follow * (size - self.threshold) * step_ms).clamp(THRESHOLDS.0, THRESHOLDS.1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(trend: &mut Trend, from: i64, bursts: i64, longer_us: impl Fn(i64) -> i64) -> bool {
        let mut was_over = false;
        for at in from..from + bursts {
            trend.add(&Difference { arrived_us: at * 40_000, longer_us: longer_us(at), first_longer_us: 0 });
            was_over |= trend.usage() == Usage::Over;
        }
        was_over
    }

    #[test]
    fn a_queue_that_grows_is_seen_soon_and_its_end_too() {
        let mut trend = Trend::default();
        assert!(!feed(&mut trend, 0, 100, |_| 0));
        assert!(feed(&mut trend, 100, 12, |_| 10_000));
        feed(&mut trend, 112, 25, |_| -10_000);
        assert_eq!(trend.usage(), Usage::Under);
        feed(&mut trend, 137, 100, |_| 0);
        assert_eq!(trend.usage(), Usage::Normal);
    }

    #[test]
    fn a_clock_that_is_a_little_fast_is_no_queue() {
        let mut trend = Trend::default();
        assert!(!feed(&mut trend, 0, 2_000, |_| 8));
    }

    #[test]
    fn the_threshold_learns_what_is_usual_and_stays_in_its_bounds() {
        let mut trend = Trend::default();
        feed(&mut trend, 0, 3_000, |at| if at % 2 == 0 { 25_000 } else { -25_000 });
        assert!((THRESHOLDS.0..=THRESHOLDS.1).contains(&trend.threshold));
        assert_eq!(trend.usage(), Usage::Normal);
    }
}
