//! How long packets wait on the way because of a queue that stands.
//!
//! Like `CoDel` (RFC 8289) it looks at the packet that waited least in a stretch of time: behind a key frame or under
//! jitter some packet passes soon, behind a queue that stands none does. What they would take without a queue is the
//! least of half a minute.

/// The stretch in which the least is looked for: at least so long, and so many packets …
const STRETCH_US: i64 = 100_000;
const STRETCH_PACKETS: u32 = 4;
/// … but no longer than this.
const STRETCH_MOST_US: i64 = 500_000;
/// The least of this and of the one before it is what a packet takes without a queue.
const EPOCH_US: i64 = 15_000_000;
/// While a queue stands what was learnt without it is kept longer: one that is never emptied is none too soon otherwise.
const EPOCH_STANDING_US: i64 = 120_000_000;
const STANDING_US: i64 = 25_000;
/// It falls by more than this from one stretch to the next: it is on its way out.
const FALL_US: i64 = 3_000;
/// A delay that differs by more than this comes of a clock that was set.
const LEAP_US: i64 = 20_000_000;

/// The wait on one way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    /// The least of this epoch and of the one before.
    least: Option<(i64, i64)>,
    epoch_us: i64,
    /// When the running stretch began, its least and its packets.
    stretch: Option<(i64, i64, u32)>,
    /// The least of the two stretches before, the newer first.
    before: Option<(i64, i64)>,
}

impl Queue {
    /// A packet took so long, by two clocks that differ by an unknown time.
    pub(crate) fn add(&mut self, arrived_us: i64, took_us: i64) {
        if self.least.is_some_and(|(least, _)| (took_us - least).abs() > LEAP_US) {
            *self = Self::default();
        }
        let (now, old) = *self.least.get_or_insert((took_us, took_us));
        let is_standing = self.standing_us() > STANDING_US;
        if arrived_us - self.epoch_us > if is_standing { EPOCH_STANDING_US } else { EPOCH_US } {
            self.epoch_us = arrived_us;
            self.least = Some((took_us, now));
        } else {
            self.least = Some((now.min(took_us), old.min(took_us)));
        }
        let Some((since_us, least, packets)) = self.stretch else {
            self.stretch = Some((arrived_us, took_us, 1));
            return;
        };
        let span_us = arrived_us - since_us;
        if (span_us >= STRETCH_US && packets >= STRETCH_PACKETS) || span_us > STRETCH_MOST_US {
            let newer = self.before.map_or(least, |(newer, _)| newer);
            self.before = Some((least, newer));
            self.stretch = Some((arrived_us, took_us, 1));
        } else {
            self.stretch = Some((since_us, least.min(took_us), packets + 1));
        }
    }

    /// What was learnt lately is of no use: nothing came for long.
    pub(crate) fn interrupt(&mut self) {
        (self.stretch, self.before) = (None, None);
    }

    /// The wait of now is no queue: the way has become longer.
    pub(crate) fn rebase(&mut self) {
        if let Some(recent) = self.recent() {
            self.least = Some((recent, recent));
        }
    }

    fn recent(&self) -> Option<i64> {
        let running = self.stretch.map(|(_, least, _)| least);
        [self.before.map(|(newer, _)| newer), running].into_iter().flatten().min()
    }

    /// How long the packet waited that waited least lately, in microseconds.
    pub(crate) fn standing_us(&self) -> i64 {
        match (self.recent(), self.least) {
            (Some(recent), Some((now, old))) => recent - now.min(old),
            _ => 0,
        }
    }

    /// It is on its way out.
    pub(crate) fn is_falling(&self) -> bool {
        match (self.before, self.stretch) {
            (Some((newer, older)), Some((_, running, _))) => newer + FALL_US < older || running + FALL_US < newer,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(queue: &mut Queue, from_ms: i64, until_ms: i64, took_us: impl Fn(i64) -> i64) {
        for at in (from_ms..until_ms).step_by(5) {
            queue.add(at * 1_000, took_us(at));
        }
    }

    #[test]
    fn a_queue_that_stands_is_seen() {
        let mut queue = Queue::default();
        feed(&mut queue, 0, 1_000, |_| -5_000_000);
        assert_eq!(queue.standing_us(), 0);
        feed(&mut queue, 1_000, 1_500, |_| -4_920_000);
        assert_eq!(queue.standing_us(), 80_000);
        assert!(!queue.is_falling());
    }

    #[test]
    fn bursts_and_jitter_are_no_queue() {
        let mut queue = Queue::default();
        feed(&mut queue, 0, 3_000, |at| (at * 7_919 % 60) * 1_000);
        assert!(queue.standing_us() < 10_000, "{}", queue.standing_us());
    }

    #[test]
    fn a_queue_that_drains_is_seen_falling() {
        let mut queue = Queue::default();
        feed(&mut queue, 0, 1_000, |_| 10_000);
        feed(&mut queue, 1_000, 1_500, |at| 10_000 + (at - 1_000) * 500);
        assert!(!queue.is_falling());
        feed(&mut queue, 1_500, 1_900, |at| 260_000 - (at - 1_500) * 500);
        assert!(queue.is_falling());
    }

    #[test]
    fn a_way_that_gets_longer_bit_by_bit_is_no_queue() {
        let mut queue = Queue::default();
        feed(&mut queue, 0, 600_000, |at| at / 5);
        assert!(queue.standing_us() < 10_000, "{}", queue.standing_us());
    }

    #[test]
    fn a_queue_that_is_never_emptied_is_one_for_minutes_unless_it_is_said_to_be_the_way() {
        let mut queue = Queue::default();
        feed(&mut queue, 0, 1_000, |_| 10_000);
        feed(&mut queue, 1_000, 100_000, |_| 60_000);
        assert_eq!(queue.standing_us(), 50_000);
        queue.rebase();
        assert_eq!(queue.standing_us(), 0);
        feed(&mut queue, 100_000, 101_000, |_| 150_000);
        feed(&mut queue, 101_000, 400_000, |_| 150_000);
        assert_eq!(queue.standing_us(), 0);
    }

    #[test]
    fn a_clock_that_is_set_begins_anew() {
        let mut queue = Queue::default();
        feed(&mut queue, 0, 1_000, |_| 10_000);
        feed(&mut queue, 1_000, 1_100, |_| 3_600_000_000);
        assert_eq!(queue.standing_us(), 0);
    }
}
