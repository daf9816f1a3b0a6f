//! How much passes in a second, over the last half second.

const SLOT_US: u64 = 50_000;
const SLOTS: usize = 10;

/// Bytes in slots of time that go round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    slots: [u32; SLOTS],
    /// The number of the newest slot.
    newest: u64,
    began_us: Option<u64>,
}

impl Meter {
    /// So many bytes passed; a time before the newest by more than half a second is left out.
    pub(crate) fn add(&mut self, at_us: u64, bytes: u16) {
        self.began_us.get_or_insert(at_us);
        let slot = at_us / SLOT_US;
        self.advance(slot);
        if slot + (SLOTS as u64) <= self.newest {
            return;
        }
        if let Some(kept) = self.slots.get_mut(slot as usize % SLOTS) {
            *kept = kept.saturating_add(bytes.into());
        }
    }

    fn advance(&mut self, slot: u64) {
        if slot <= self.newest {
            return;
        }
        for passed in (self.newest + 1..=slot).take(SLOTS) {
            if let Some(old) = self.slots.get_mut(passed as usize % SLOTS) {
                *old = 0;
            }
        }
        if slot - self.newest > SLOTS as u64 {
            self.slots = [0; SLOTS];
        }
        self.newest = slot;
    }

    /// Bits per second over the last `slots` whole slots and what there is of the running one. `None`: too little time
    /// has passed to tell.
    pub(crate) fn bps(&self, now_us: u64, slots: u64) -> Option<f64> {
        let slot = now_us / SLOT_US;
        let from = slot.saturating_sub(slots.min(SLOTS as u64 - 1));
        let since_us = (from * SLOT_US).max(self.began_us?);
        let span_us = now_us.checked_sub(since_us).filter(|span| *span >= SLOT_US * 2)?;
        let bytes: u64 = (from..=slot.min(self.newest))
            .filter(|slot| slot + (SLOTS as u64) > self.newest)
            .filter_map(|slot| self.slots.get(slot as usize % SLOTS))
            .map(|bytes| u64::from(*bytes))
            .sum();
        Some(bytes as f64 * 8e6 / span_us as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_is_measured() {
        let mut meter = Meter::default();
        for at in 0..300_u64 {
            meter.add(1_000_000 + at * 10_000, 1_250);
        }
        let measured = meter.bps(1_000_000 + 2_990_000, 9).unwrap();
        assert!((950_000.0..1_050_000.0).contains(&measured), "{measured}");
    }

    #[test]
    fn nothing_is_told_in_the_beginning() {
        let mut meter = Meter::default();
        assert_eq!(meter.bps(5, 9), None);
        meter.add(7, 1_000);
        assert_eq!(meter.bps(60_000, 9), None);
    }

    #[test]
    fn what_stopped_is_nothing_after_half_a_second() {
        let mut meter = Meter::default();
        for at in 0..100_u64 {
            meter.add(at * 10_000, 1_250);
        }
        assert_eq!(meter.bps(1_600_000, 9), Some(0.0));
        meter.add(9_000_000, 100);
        assert!(meter.bps(9_000_001, 9).unwrap() < 3_000.0);
    }
}
