//! How busy the media thread is, and how much the kernel takes from it, and what is given up for it: newcomers first, then
//! pictures, never sound.

use std::time::{Duration, Instant};

/// Above this share of its time the thread has no room for a burst: packets wait.
const TOO_BUSY: f64 = 0.92;
/// More than this share of what is sent does not fit into the kernel's buffer: the line of the machine is too narrow.
const TOO_NARROW: f64 = 0.01;
/// Below this share there is room for what was given up.
const CALM: f64 = 0.60;
/// Too busy for so long, and a step is taken …
const STEP_DOWN_AFTER: Duration = Duration::from_secs(3);
/// … calm for so long, and one is taken back: what comes back costs at once …
const STEP_UP_AFTER: Duration = Duration::from_secs(10);
/// … but newcomers cost nothing before they come.
const OPEN_AFTER: Duration = Duration::from_secs(3);

/// What is given up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Load {
    /// Nothing.
    #[default]
    Light,
    /// Nobody may begin to publish a picture.
    Full,
    /// Besides, nobody is sent the largest layer of a picture.
    SmallerPictures,
    /// Besides, everybody is sent the smallest.
    SmallestPictures,
}

impl Load {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Full => "full",
            Self::SmallerPictures => "smaller_pictures",
            Self::SmallestPictures => "smallest_pictures",
        }
    }

    fn step(self, is_up: bool) -> Self {
        match (self, is_up) {
            (Self::Light, true) | (Self::SmallerPictures, false) => Self::Full,
            (Self::Full, true) | (Self::SmallestPictures, false) => Self::SmallerPictures,
            (Self::SmallerPictures | Self::SmallestPictures, true) => Self::SmallestPictures,
            (Self::Light | Self::Full, false) => Self::Light,
        }
    }
}

/// Follows the share of its time that the thread works.
#[derive(Debug, Default)]
pub(crate) struct LoadMeter {
    /// When it was looked at last, and how long the thread had worked by then.
    looked: Option<(Instant, Duration)>,
    /// How many datagrams were sent by then, and how many of them did not fit.
    sent: (u64, u64),
    load: Load,
    /// Share of the last span, in thousandths.
    busy_permille: u64,
    too_busy_for: Duration,
    calm_for: Duration,
}

impl LoadMeter {
    /// Look at this thread's own clock; about once a second, always from the same thread. `sent`: datagrams so far, and how
    /// many of them the kernel had no room for. Answers the load if it changed.
    /// (What other programs take from the clock does not count: nothing that is given up here would help.)
    pub(crate) fn look(&mut self, now: Instant, sent: (u64, u64)) -> Option<Load> {
        let worked = time_worked()?;
        let before = std::mem::replace(&mut self.sent, sent);
        let (all, lost) = (sent.0.saturating_sub(before.0), sent.1.saturating_sub(before.1));
        let (then, before) = self.looked.replace((now, worked))?;
        let is_too_narrow = lost as f64 > all as f64 * TOO_NARROW;
        self.on_span(worked.saturating_sub(before), now.saturating_duration_since(then), is_too_narrow)
    }

    /// Share of the time between the last two looks that the thread worked, in thousandths.
    pub(crate) fn busy_permille(&self) -> u64 {
        self.busy_permille
    }

    /// Begin anew, with nothing given up. Answers the load if it changed.
    pub(crate) fn reset(&mut self) -> Option<Load> {
        let before = std::mem::take(self).load;
        (before != Load::Light).then_some(Load::Light)
    }

    /// The thread worked for `busy` of the last `span`. Answers the load if it changed.
    fn on_span(&mut self, busy: Duration, span: Duration, is_too_narrow: bool) -> Option<Load> {
        let share = busy.as_secs_f64() / span.as_secs_f64().max(f64::MIN_POSITIVE);
        self.busy_permille = (share * 1_000.0) as u64;
        let (is_too_busy, is_calm) = (share >= TOO_BUSY || is_too_narrow, share <= CALM && !is_too_narrow);
        self.too_busy_for = if is_too_busy { self.too_busy_for + span } else { Duration::ZERO };
        self.calm_for = if is_calm { self.calm_for + span } else { Duration::ZERO };
        let before = self.load;
        if self.too_busy_for >= STEP_DOWN_AFTER {
            (self.too_busy_for, self.load) = (Duration::ZERO, self.load.step(true));
        } else if self.calm_for >= if before == Load::Full { OPEN_AFTER } else { STEP_UP_AFTER } {
            (self.calm_for, self.load) = (Duration::ZERO, self.load.step(false));
        }
        (self.load != before).then_some(self.load)
    }
}

/// How long this thread has used a processor.
fn time_worked() -> Option<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock is one of every Linux, and the structure is ours for the length of the call.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    let (seconds, nanos) = (u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?);
    (result == 0).then(|| Duration::new(seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn after(meter: &mut LoadMeter, percent: u64, seconds: usize) -> Vec<Load> {
        (0..seconds).filter_map(|_| meter.on_span(Duration::from_millis(percent * 10), SECOND, false)).collect()
    }

    /// So many datagrams a second, and how many of them did not fit.
    fn after_sending(meter: &mut LoadMeter, all: u64, lost: u64, seconds: usize) -> Vec<Load> {
        let step = |meter: &mut LoadMeter| {
            let (then, _) = meter.looked.expect("looked before");
            meter.look(then + SECOND, (meter.sent.0 + all, meter.sent.1 + lost))
        };
        (0..seconds).filter_map(|_| step(meter)).collect()
    }

    #[test]
    fn newcomers_are_refused_first_and_pictures_step_down_after() {
        let mut meter = LoadMeter::default();
        assert_eq!(after(&mut meter, 91, 60), [], "busy, and keeping up");
        assert_eq!(after(&mut meter, 100, 2), [], "a moment is none");
        assert_eq!(meter.busy_permille(), 1_000);
        let steps = [Load::Full, Load::SmallerPictures, Load::SmallestPictures];
        assert_eq!(after(&mut meter, 100, 60), steps);
        assert_eq!(after(&mut meter, 75, 60), [], "what was given up would be too much again");
        assert_eq!(after(&mut meter, 30, 60), [Load::SmallerPictures, Load::Full, Load::Light]);
    }

    #[test]
    fn a_thread_that_works_uses_time_and_one_that_waits_does_not() {
        let before = time_worked().expect("a clock");
        let mut sum = 0_u64;
        while time_worked().expect("a clock").saturating_sub(before) < Duration::from_millis(5) {
            sum = std::hint::black_box(sum + 1);
        }
        let mut meter = LoadMeter::default();
        assert_eq!(meter.look(Instant::now(), (0, 0)), None, "the first look measures nothing");
    }

    #[test]
    fn a_line_of_the_machine_that_is_too_narrow_is_as_bad_as_no_time() {
        let mut meter = LoadMeter::default();
        assert_eq!(meter.look(Instant::now(), (5_000, 900)), None, "what was before does not count");
        assert_eq!(after_sending(&mut meter, 10_000, 90, 20), [], "a few packets are lost on any line");
        assert_eq!(after_sending(&mut meter, 10_000, 400, 7), [Load::Full, Load::SmallerPictures]);
        assert_eq!(after_sending(&mut meter, 0, 0, 1), []);
        assert_eq!(after_sending(&mut meter, 5_000, 0, 60), [Load::Full, Load::Light]);
    }

    #[test]
    fn a_thread_that_begins_anew_gives_nothing_up() {
        let mut meter = LoadMeter::default();
        assert_eq!(meter.reset(), None);
        after(&mut meter, 100, 6);
        assert_eq!(meter.reset(), Some(Load::Light));
        assert_eq!((meter.busy_permille(), after(&mut meter, 100, 2)), (0, vec![]));
    }

    #[test]
    fn newcomers_are_let_in_again_soon() {
        let mut meter = LoadMeter::default();
        assert_eq!(after(&mut meter, 100, 3), [Load::Full]);
        assert_eq!(after(&mut meter, 20, 2), []);
        assert_eq!(after(&mut meter, 20, 1), [Load::Light]);
    }

    #[test]
    fn one_calm_second_brings_nothing_back() {
        let mut meter = LoadMeter::default();
        after(&mut meter, 100, 6);
        for _ in 0..10 {
            assert_eq!(after(&mut meter, 20, 9), []);
            assert_eq!(after(&mut meter, 70, 1), []);
        }
    }
}
