//! When to look for more, and for how much.

/// The first probe asks for so much more than is believed …
const FIRST_STEP: f64 = 3.0;
/// … and each later one for this.
const STEP: f64 = 2.0;
/// So much of what was tried arrived: the next follows at once.
const FOUND: f64 = 0.7;
/// More than before, by this, is something found.
const GAINED: f64 = 1.05;
/// What could be used has grown by this: another picture or layer, and not what one takes from second to second.
const GREW: f32 = 1.3;
/// What is missing to what could be used is not worth a probe.
const ENOUGH: f64 = 0.98;
/// The rest after a probe that found nothing; it doubles …
const FIRST_REST_US: u64 = 2_000_000;
/// … up to this: a line that has got better is used soon.
const LONGEST_REST_US: u64 = 8_000_000;
/// A probe that nothing is known of is sent again after this.
const AGAIN_US: u64 = 500_000;
/// After a fall the line is given so long to become calm.
const CALM_US: u64 = 1_000_000;
/// A fall so soon after something was found: it was too much.
const REGRET_US: u64 = 5_000_000;

/// The search for more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search {
    /// What could be used, in bits per second. `None`: at rest.
    desired: Option<f64>,
    /// The same when the search began anew, or less if it has fallen far since.
    wish: f32,
    /// No probe yet.
    is_first: bool,
    next_us: u64,
    rest_us: u64,
    /// A fall before this means that what was found was too much.
    regret_until_us: u64,
    /// What was carried before the line was away, or 0.
    known: f64,
}

impl Search {
    pub(crate) fn new() -> Self {
        Self {
            desired: None,
            wish: 0.0,
            is_first: true,
            next_us: 0,
            rest_us: FIRST_REST_US,
            regret_until_us: 0,
            known: 0.0,
        }
    }

    pub(crate) fn is_resting(&self) -> bool {
        self.desired.is_none()
    }

    pub(crate) fn set_desired(&mut self, now_us: u64, desired: Option<f64>) {
        self.desired = desired;
        let wish = desired.unwrap_or_default() as f32;
        if wish > self.wish * GREW {
            (self.next_us, self.rest_us) = (self.next_us.min(now_us), FIRST_REST_US);
            self.wish = wish;
        } else if wish * GREW < self.wish {
            self.wish = wish;
        }
    }

    /// More could be used than is believed.
    pub(crate) fn wants_more(&self, believed: f64) -> bool {
        self.goal(believed).is_some()
    }

    /// When the next probe is due, if one is wanted.
    pub(crate) fn next_us(&self, believed: f64) -> Option<u64> {
        self.goal(believed).map(|_| self.next_us)
    }

    fn goal(&self, believed: f64) -> Option<f64> {
        self.desired.filter(|desired| believed < desired * ENOUGH)
    }

    /// The rate to try now, if it is time.
    pub(crate) fn target(&self, now_us: u64, believed: f64) -> Option<f64> {
        let goal = self.goal(believed).filter(|_| now_us >= self.next_us)?;
        let step = if self.is_first { FIRST_STEP } else { STEP };
        Some(goal.min((believed * step).max(self.known)))
    }

    /// A probe for `target` ended; `None`: it was lost. What was believed before and is now.
    pub(crate) fn on_outcome(&mut self, now_us: u64, target: f64, found: Option<f64>, before: f64, believed: f64) {
        (self.is_first, self.known) = (false, 0.0);
        let has_gained = believed > before * GAINED;
        if has_gained {
            self.regret_until_us = now_us + REGRET_US;
            self.rest_us = FIRST_REST_US;
        }
        if has_gained && found.is_some_and(|found| found >= target * FOUND) {
            self.next_us = now_us;
        } else {
            self.put_off(now_us);
        }
    }

    /// A probe ended of which nothing is known.
    pub(crate) fn on_untold(&mut self, now_us: u64) {
        self.next_us = now_us + AGAIN_US;
    }

    fn put_off(&mut self, now_us: u64) {
        self.next_us = now_us + self.rest_us;
        self.rest_us = (self.rest_us * 2).min(LONGEST_REST_US);
    }

    /// What is believed fell.
    pub(crate) fn on_fall(&mut self, now_us: u64) {
        if now_us < self.regret_until_us {
            self.regret_until_us = 0;
            self.put_off(now_us);
        } else {
            self.next_us = self.next_us.min(now_us + FIRST_REST_US).max(now_us + CALM_US);
        }
    }

    /// The line is back, which carried so much before.
    pub(crate) fn on_return(&mut self, now_us: u64, known: f64) {
        (self.next_us, self.rest_us, self.known) = (now_us, FIRST_REST_US, known);
    }

    /// Begin anew.
    pub(crate) fn begin_anew(&mut self, now_us: u64) {
        *self = Self { desired: self.desired, wish: self.wish, next_us: now_us, ..Self::new() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000;

    #[test]
    fn the_first_steps_are_large_and_end_at_what_could_be_used() {
        let mut search = Search::new();
        assert_eq!(search.target(0, 500e3), None);
        search.set_desired(0, Some(4e6));
        assert_eq!(search.target(0, 500e3), Some(1.5e6));
        search.on_outcome(S, 1.5e6, Some(1.5e6), 500e3, 1.5e6);
        assert_eq!(search.target(S, 1.5e6), Some(3e6));
        search.on_outcome(S, 3e6, Some(3e6), 1.5e6, 3e6);
        assert_eq!(search.target(S, 3e6), Some(4e6));
        search.on_outcome(S, 4e6, Some(4e6), 3e6, 4e6);
        assert_eq!(search.target(20 * S, 4e6), None);
    }

    #[test]
    fn where_nothing_is_found_it_looks_less_often_but_goes_on() {
        let mut search = Search::new();
        search.set_desired(0, Some(4e6));
        let (mut now, mut gaps) = (0, Vec::new());
        for _ in 0..5 {
            search.on_outcome(now, 1e6, None, 500e3, 500e3);
            let next = search.next_us(500e3).unwrap();
            gaps.push((next - now) / S);
            now = next;
        }
        assert_eq!(gaps, [2, 4, 8, 8, 8]);
    }

    #[test]
    fn who_wants_more_begins_at_once() {
        let mut search = Search::new();
        search.set_desired(0, Some(1e6));
        search.on_outcome(0, 1e6, None, 500e3, 500e3);
        assert_eq!(search.target(S, 500e3), None);
        search.set_desired(S, Some(2e6));
        assert_eq!(search.target(S, 500e3), Some(1e6));
        search.set_desired(S, Some(0.0));
        assert_eq!(search.next_us(500e3), None);
    }

    #[test]
    fn what_a_picture_takes_from_second_to_second_begins_nothing() {
        let mut search = Search::new();
        search.set_desired(0, Some(1e6));
        search.on_outcome(0, 1e6, None, 500e3, 500e3);
        for second in 1..30 {
            search.set_desired(0, Some(1e6 + 2e5 * f64::from(second % 2)));
        }
        assert_eq!(search.next_us(500e3), Some(2 * S));
        // Nothing was wanted for a while.
        search.set_desired(0, Some(0.0));
        search.set_desired(S, Some(1e6));
        assert_eq!(search.next_us(500e3), Some(S));
    }

    #[test]
    fn what_was_too_much_is_not_tried_again_at_once() {
        let mut search = Search::new();
        search.set_desired(0, Some(4e6));
        search.on_outcome(0, 1e6, Some(1e6), 500e3, 1e6);
        search.on_fall(S);
        assert_eq!(search.next_us(500e3), Some(3 * S));
    }

    #[test]
    fn a_line_that_is_back_is_asked_for_what_it_carried() {
        let mut search = Search::new();
        search.set_desired(0, Some(4e6));
        search.on_return(9 * S, 2e6);
        assert_eq!(search.target(9 * S, 50e3), Some(2e6));
    }
}
