//! Packets that leave together are looked at together: how much later than the burst before did they arrive than leave?
//! (draft-ietf-rmcat-gcc-02, 5.2 and 5.3)

/// What is sent within this is one burst.
const TOGETHER_US: i64 = 5_000;
/// What arrives so soon behind the packet before, sooner than it was sent, was held up on the way: the same burst …
const HELD_UP_US: i64 = 5_000;
/// … unless the burst has lasted so long.
const LONGEST_US: i64 = 100_000;

/// By the clock of the sender and of the receiver.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "the unit is part of each name everywhere")]
struct Burst {
    first_sent_us: i64,
    first_arrived_us: i64,
    last_sent_us: i64,
    last_arrived_us: i64,
}

/// The difference between two bursts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "the unit is part of each name everywhere")]
pub(crate) struct Difference {
    pub(crate) arrived_us: i64,
    /// How much longer the later took.
    pub(crate) longer_us: i64,
    /// The same, of the first packet of each: what a burst itself makes its packets wait is left out.
    pub(crate) first_longer_us: i64,
}

/// The burst that is arriving and the one before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bursts {
    current: Option<Burst>,
    before: Option<Burst>,
}

impl Bursts {
    /// A packet arrived. Answers if it began a burst and two have ended.
    pub(crate) fn add(&mut self, sent_us: i64, arrived_us: i64) -> Option<Difference> {
        let alone = Burst {
            first_sent_us: sent_us,
            first_arrived_us: arrived_us,
            last_sent_us: sent_us,
            last_arrived_us: arrived_us,
        };
        let Some(current) = &mut self.current else {
            self.current = Some(alone);
            return None;
        };
        if sent_us < current.first_sent_us {
            return None;
        }
        if current.holds(sent_us, arrived_us) {
            current.last_sent_us = current.last_sent_us.max(sent_us);
            current.last_arrived_us = current.last_arrived_us.max(arrived_us);
            return None;
        }
        let ended = *current;
        self.current = Some(alone);
        self.before.replace(ended).map(|before| Difference {
            arrived_us: ended.last_arrived_us,
            longer_us: (ended.last_arrived_us - before.last_arrived_us) - (ended.last_sent_us - before.last_sent_us),
            first_longer_us: (ended.first_arrived_us - before.first_arrived_us)
                - (ended.first_sent_us - before.first_sent_us),
        })
    }
}

impl Burst {
    fn holds(&self, sent_us: i64, arrived_us: i64) -> bool {
        let (sent_later, arrived_later) = (sent_us - self.last_sent_us, arrived_us - self.last_arrived_us);
        sent_us - self.first_sent_us <= TOGETHER_US
            || (arrived_later < sent_later
                && arrived_later <= HELD_UP_US
                && arrived_us - self.first_arrived_us < LONGEST_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_bursts_that_take_as_long_do_not_differ() {
        let mut bursts = Bursts::default();
        for burst in 0..3 {
            for packet in 0..4 {
                let sent = burst * 40_000 + packet * 100;
                let told = bursts.add(sent, sent + 1_000 + packet * 900);
                let first_of_third = burst == 2 && packet == 0;
                assert_eq!(told.is_some(), first_of_third);
                if let Some(told) = told {
                    assert_eq!((told.longer_us, told.first_longer_us), (0, 0));
                }
            }
        }
    }

    #[test]
    fn a_queue_that_grows_makes_each_burst_later() {
        let mut bursts = Bursts::default();
        let told: Vec<_> = (0..5).filter_map(|at| bursts.add(at * 40_000, at * 50_000)).collect();
        assert!(told.iter().all(|difference| difference.longer_us == 10_000));
        assert_eq!(told.len(), 3);
    }

    #[test]
    fn what_was_held_up_and_comes_at_once_is_one_burst() {
        let mut bursts = Bursts::default();
        assert_eq!(bursts.add(0, 100_000), None);
        for at in 1..5 {
            assert_eq!(bursts.add(at * 10_000, 100_000 + at * 200), None);
        }
    }

    #[test]
    fn a_packet_of_an_earlier_burst_is_left_out() {
        let mut bursts = Bursts::default();
        bursts.add(0, 0);
        bursts.add(20_000, 20_000);
        assert_eq!(bursts.add(3_000, 21_000), None);
    }
}
