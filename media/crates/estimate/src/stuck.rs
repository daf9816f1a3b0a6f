//! A wait that is no queue of ours: the way has become longer, or somebody else fills the line.

/// A wait that is longer may be a queue.
const WAIT_US: i64 = 25_000;
/// It stays as it is as long as it does not change by more.
const CHANGE_US: i64 = 15_000;
/// So long …
const LONG_US: u64 = 4_000_000;
/// … or although the rate fell so often, and less was sent, by this.
const FALLS: u8 = 3;
const LESS: f32 = 0.9;
/// It changes, but does not end although the rate fell to so little: it is somebody else's.
const LITTLE: f64 = 0.5;

#[derive(Clone, Copy, Debug)]
struct Wait {
    /// Since when it stays as it is.
    since_us: u64,
    first_us: i64,
    /// What was sent then, and how often the rate fell since.
    sent: f32,
    falls: u8,
    /// What was believed when there was no wait, and how often it fell since.
    before: f64,
    all_falls: u8,
}

/// The wait that there is, if there is one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stuck(Option<Wait>);

impl Stuck {
    /// The wait of now, what is sent, what was believed a moment ago, and is now if it fell. Answers what may be believed again if
    /// the wait is no queue of ours.
    pub(crate) fn judge(
        &mut self,
        now_us: u64,
        wait_us: i64,
        sent: f64,
        before: f64,
        fallen: Option<f64>,
    ) -> Option<f64> {
        if wait_us <= WAIT_US {
            self.0 = None;
            return None;
        }
        let sent = sent as f32;
        let wait =
            self.0.get_or_insert(Wait { since_us: now_us, first_us: wait_us, sent, falls: 0, before, all_falls: 0 });
        if (wait_us - wait.first_us).abs() > CHANGE_US {
            (wait.since_us, wait.first_us, wait.sent, wait.falls) = (now_us, wait_us, sent, 0);
        }
        if fallen.is_some() {
            (wait.falls, wait.all_falls) = (wait.falls + 1, wait.all_falls.saturating_add(1));
        }
        let before = wait.before;
        let stays = (wait.falls >= FALLS && sent < wait.sent * LESS) || now_us.saturating_sub(wait.since_us) > LONG_US;
        let is_little = wait.all_falls >= FALLS && fallen.is_some_and(|fallen| fallen < before * LITTLE);
        if !stays && !is_little {
            return None;
        }
        self.0 = None;
        Some(if stays { before } else { before * LITTLE })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000;

    #[test]
    fn a_wait_that_does_not_go_when_less_is_sent_is_the_way_itself() {
        let mut stuck = Stuck::default();
        assert_eq!(stuck.judge(0, 100_000, 2e6, 2e6, Some(1e6)), None);
        assert_eq!(stuck.judge(S, 105_000, 1e6, 1e6, Some(5e5)), None);
        assert_eq!(stuck.judge(2 * S, 95_000, 5e5, 5e5, Some(2e5)), Some(2e6));
        assert_eq!(stuck.judge(3 * S, 1_000, 1e5, 2e6, None), None);
    }

    #[test]
    fn a_queue_that_empties_or_fills_is_one() {
        let mut stuck = Stuck::default();
        for at in 0..20 {
            assert_eq!(stuck.judge(at * S / 2, 60_000 + at.cast_signed() * 20_000, 1e6, 1e6, Some(9e5)), None);
        }
    }

    #[test]
    fn a_wait_that_changes_but_does_not_end_is_somebody_elses() {
        let mut stuck = Stuck::default();
        assert_eq!(stuck.judge(0, 100_000, 1e6, 2e6, Some(15e5)), None);
        assert_eq!(stuck.judge(S, 180_000, 1e6, 15e5, Some(11e5)), None);
        assert_eq!(stuck.judge(2 * S, 90_000, 1e6, 11e5, Some(9e5)), Some(1e6));
    }

    #[test]
    fn as_much_as_the_line_carries_is_no_proof() {
        let mut stuck = Stuck::default();
        for at in 0..6 {
            assert_eq!(stuck.judge(at * S / 2, 100_000, 5e5, 6e5, Some(55e4)), None);
        }
    }

    #[test]
    fn a_short_wait_that_stays_is_the_way_itself_in_the_end() {
        let mut stuck = Stuck::default();
        assert_eq!(stuck.judge(0, 40_000, 1e6, 1e6, None), None);
        assert_eq!(stuck.judge(4 * S, 40_000, 1e6, 1e6, None), None);
        assert_eq!(stuck.judge(5 * S, 40_000, 1e6, 1e6, None), Some(1e6));
    }
}
