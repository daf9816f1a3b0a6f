//! A wait that stays as it is, whatever is sent: the way has become longer, and it is no queue.

/// A wait that is longer may be one.
const WAIT_US: i64 = 25_000;
/// It stays as it is as long as it does not change by more.
const CHANGE_US: i64 = 15_000;
/// So long …
const LONG_US: u64 = 4_000_000;
/// … or although the rate fell so often.
const FALLS: u8 = 3;

#[derive(Clone, Copy, Debug)]
struct Wait {
    since_us: u64,
    first_us: i64,
    /// What was believed when it began.
    before: f64,
    falls: u8,
}

/// The wait that there is, if there is one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stuck(Option<Wait>);

impl Stuck {
    /// The wait of now, what was believed a moment ago, and whether it fell since. Answers what was believed before the
    /// wait, if it stays as it is; to be asked anew then.
    pub(crate) fn judge(&mut self, now_us: u64, wait_us: i64, before: f64, has_fallen: bool) -> Option<f64> {
        if wait_us <= WAIT_US {
            self.0 = None;
            return None;
        }
        let anew = Wait { since_us: now_us, first_us: wait_us, before, falls: 0 };
        let wait = self.0.get_or_insert(anew);
        if (wait_us - wait.first_us).abs() > CHANGE_US {
            *wait = anew;
        }
        wait.falls += u8::from(has_fallen);
        let stays = wait.falls >= FALLS || now_us.saturating_sub(wait.since_us) > LONG_US;
        stays.then(|| self.0.take()).flatten().map(|wait| wait.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000;

    #[test]
    fn a_wait_that_does_not_go_when_less_is_sent_is_the_way_itself() {
        let mut stuck = Stuck::default();
        assert_eq!(stuck.judge(0, 100_000, 2e6, true), None);
        assert_eq!(stuck.judge(S, 105_000, 1e6, true), None);
        assert_eq!(stuck.judge(2 * S, 95_000, 5e5, true), Some(2e6));
        assert_eq!(stuck.judge(3 * S, 1_000, 2e6, false), None);
    }

    #[test]
    fn a_queue_that_empties_or_fills_is_one() {
        let mut stuck = Stuck::default();
        for at in 0..20 {
            assert_eq!(stuck.judge(at * S / 2, 60_000 + at.cast_signed() * 20_000, 1e6, true), None);
        }
    }

    #[test]
    fn a_short_wait_that_stays_is_the_way_itself_in_the_end() {
        let mut stuck = Stuck::default();
        assert_eq!(stuck.judge(0, 40_000, 1e6, false), None);
        assert_eq!(stuck.judge(4 * S, 40_000, 1e6, false), None);
        assert_eq!(stuck.judge(5 * S, 40_000, 1e6, false), Some(1e6));
    }
}
