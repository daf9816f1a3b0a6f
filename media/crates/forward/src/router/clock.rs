//! A publisher's wall clock against ours.

use crate::units::{Micros, NtpTime};

/// A difference beyond this is a clock that was set, or a report that was held up, not jitter.
const STEP_US: u64 = 500_000;
/// So many successive reports say that it was set.
const STEP_AFTER: u32 = 3;
/// How fast we follow what the reports say, in millionths: no clock is worse. Reports of a publisher's streams come at
/// different times, and receivers compare them: what moves in between parts lips and voice.
const MOST_DRIFT: u64 = 1_000;

/// The publisher's NTP clock minus ours. One for all tracks, so that they stay comparable. Its constant error, which is the
/// way of the first report, is the same for all of them, and nobody sees it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WallClock {
    ahead_us: Option<i64>,
    told_at: Micros,
    /// Reports in sequence that do not fit.
    strange: u32,
}

impl WallClock {
    /// A report that shows `ntp` has come.
    pub(super) fn on_report(&mut self, ntp: NtpTime, now: Micros) {
        let sample = ntp.to_micros().cast_signed().saturating_sub_unsigned(now.0);
        let Some(ahead) = self.ahead_us else {
            *self = Self { ahead_us: Some(sample), told_at: now, strange: 0 };
            return;
        };
        let off_by = sample.saturating_sub(ahead);
        if off_by.unsigned_abs() >= STEP_US {
            self.strange = self.strange.saturating_add(1);
            if self.strange >= STEP_AFTER {
                *self = Self { ahead_us: Some(sample), told_at: now, strange: 0 };
            }
            return;
        }
        let most = (now.since(self.told_at).0.saturating_mul(MOST_DRIFT) / 1_000_000).min(STEP_US).cast_signed();
        *self = Self { ahead_us: Some(ahead.saturating_add(off_by.clamp(-most, most))), told_at: now, strange: 0 };
    }

    /// A moment of the publisher's clock, in microseconds, on ours. `None` before the first report, and if it is so far
    /// from now that the report which it is made of must be wrong.
    pub(super) fn on_ours(&self, theirs_us: i64, now: Micros) -> Option<Micros> {
        let ours = theirs_us.saturating_sub(self.ahead_us?);
        let ours = Micros(u64::try_from(ours).ok()?);
        (now.since(ours) <= MAX_DELAY && ours.since(now).0 <= STEP_US).then_some(ours)
    }
}

/// What seems to have been on its way for longer is of a clock that stood still in a pause: the report does not hold any
/// more. Nothing that anybody wants to see takes so long.
const MAX_DELAY: Micros = Micros::from_millis(2_000);

#[cfg(test)]
mod tests {
    use super::*;

    const AHEAD_US: u64 = 3_900_000_000 * 1_000_000;

    fn ntp(us: u64) -> NtpTime {
        let (seconds, rest) = (us / 1_000_000, us % 1_000_000);
        // Rounded up, so that it is read as it was meant.
        NtpTime((seconds << 32) | (rest << 32).div_ceil(1_000_000))
    }

    fn ours(clock: &WallClock, us: u64, now: Micros) -> Option<u64> {
        clock.on_ours((AHEAD_US + us).cast_signed(), now).map(|at| at.0)
    }

    #[test]
    fn uneven_ways_of_reports_move_it_by_a_thousandth_at_most() {
        let mut clock = WallClock::default();
        assert_eq!(ours(&clock, 0, Micros(0)), None);
        let mut dice = 7_u64;
        for second in 1..600_u64 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (at, delay) = (second * 1_000_000, (dice >> 40) % 80_000);
            let before = ours(&clock, at, Micros(at));
            clock.on_report(ntp(AHEAD_US + at), Micros(at + delay));
            let after = ours(&clock, at, Micros(at)).expect("known");
            assert!(before.is_none_or(|before| before.abs_diff(after) <= 1_080), "{before:?} {after}");
            assert!(after.abs_diff(at) <= 80_000);
        }
    }

    #[test]
    fn a_report_that_was_held_up_changes_nothing_and_a_clock_that_was_set_is_followed() {
        let mut clock = WallClock::default();
        clock.on_report(ntp(AHEAD_US), Micros(0));
        clock.on_report(ntp(AHEAD_US + 1_000_000), Micros(3_000_000));
        assert_eq!(ours(&clock, 3_000_000, Micros(3_000_000)), Some(3_000_000));
        for second in 4..7 {
            clock.on_report(ntp(AHEAD_US + 60_000_000 + second * 1_000_000), Micros(second * 1_000_000));
        }
        assert_eq!(ours(&clock, 66_000_000, Micros(6_000_000)), Some(6_000_000));
        assert_eq!(ours(&clock, 6_000_000, Micros(66_000_000)), None, "a minute is no delay");
        assert_eq!(ours(&clock, 67_000_000, Micros(6_000_000)), None, "a second ahead is no jitter");
    }
}
