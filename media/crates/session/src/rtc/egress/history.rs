//! What was sent lately, to be sent again when the receiver asks for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use palaver_forward::{Codec, PayloadPatch};

/// Packets kept at most: 1.8 s of a picture of 2.5 Mbit/s.
const MOST: usize = 512;
const LEAST: usize = 32;
/// No older ones: nobody waits for these.
const KEPT_FOR: Duration = Duration::from_secs(3);

/// A packet that was sent. The payload is shared with everybody who got it.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) seq: u64,
    pub(super) payload: Arc<[u8]>,
    pub(super) patch: PayloadPatch,
    pub(super) timestamp: u32,
    pub(super) codec: Codec,
    pub(super) marker: bool,
    pub(super) quarter_turns: Option<u8>,
    pub(super) dependencies: Option<Arc<[u8]>>,
    pub(super) sent_at: Instant,
    pub(super) repeated_at: Option<Instant>,
}

/// A ring that grows with what is sent, each packet at the place of its number.
#[derive(Debug, Default)]
pub(super) struct History {
    ring: Vec<Option<Kept>>,
    newest: Option<u64>,
}

impl History {
    /// Keep a packet. `false` if one of this number is kept already: it must not be sealed twice.
    pub(super) fn keep(&mut self, kept: Kept) -> bool {
        if self.ring.is_empty() {
            self.ring.resize_with(LEAST, || None);
        }
        loop {
            let (now, mask) = (kept.sent_at, self.ring.len() - 1);
            let Some(slot) = self.ring.get_mut(kept.seq as usize & mask) else { return true };
            match slot {
                Some(other) if other.seq == kept.seq => return false,
                Some(other) if mask + 1 < MOST && now.saturating_duration_since(other.sent_at) < KEPT_FOR => {}
                // A latecomer, whose place belongs to a newer one.
                Some(other) if other.seq > kept.seq => return true,
                _ => {
                    self.newest = self.newest.max(Some(kept.seq));
                    *slot = Some(kept);
                    return true;
                }
            }
            self.grow();
        }
    }

    fn grow(&mut self) {
        let size = self.ring.len() * 2;
        let old = std::mem::take(&mut self.ring);
        self.ring.resize_with(size, || None);
        for kept in old.into_iter().flatten() {
            if let Some(slot) = self.ring.get_mut(kept.seq as usize & (size - 1)) {
                *slot = Some(kept);
            }
        }
    }

    /// The packet whose number ends in these bits.
    pub(super) fn find(&mut self, low: u16, now: Instant) -> Option<&mut Kept> {
        let newest = self.newest?;
        let seq = newest.checked_sub(u64::from((newest as u16).wrapping_sub(low)))?;
        let mask = self.ring.len().checked_sub(1)?;
        let kept = self.ring.get_mut(seq as usize & mask)?.as_mut()?;
        (kept.seq == seq && now.saturating_duration_since(kept.sent_at) < KEPT_FOR).then_some(kept)
    }

    /// The newest packets, newest first.
    pub(super) fn latest(&self) -> impl Iterator<Item = &Kept> {
        let mask = self.ring.len().saturating_sub(1);
        let newest = self.newest.unwrap_or_default();
        (0..self.ring.len() as u64)
            .map_while(move |back| newest.checked_sub(back))
            .filter_map(move |seq| self.ring.get(seq as usize & mask)?.as_ref().filter(|kept| kept.seq == seq))
    }

    /// Give the memory back if nothing was sent for so long that nothing could be asked for.
    pub(super) fn forget(&mut self, now: Instant) {
        let newest = self.latest().next().map(|kept| kept.sent_at);
        if newest.is_none_or(|at| now.saturating_duration_since(at) >= KEPT_FOR) {
            self.ring = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packet(seq: u64, sent_at: Instant) -> Kept {
        Kept {
            seq,
            payload: Arc::from([seq as u8; 3]),
            patch: PayloadPatch::None,
            timestamp: seq as u32,
            codec: Codec::Vp8,
            marker: false,
            quarter_turns: None,
            dependencies: None,
            sent_at,
            repeated_at: None,
        }
    }

    #[test]
    fn what_was_sent_is_found_by_the_end_of_its_number_for_as_long_as_anybody_asks() {
        let start = Instant::now();
        let mut history = History::default();
        for place in 0..2_000_u64 {
            assert!(history.keep(packet(65_000 + place, start + Duration::from_millis(place))));
        }
        let now = start + Duration::from_secs(2);
        assert_eq!(history.find((65_000 + 1_999) as u16, now).map(|kept| kept.seq), Some(66_999));
        assert_eq!(history.find((66_999 - 500) as u16, now).map(|kept| kept.seq), Some(66_499));
        assert!(history.find((66_999 - 512) as u16, now).is_none(), "no more than so many");
        assert!(history.find(67_000_u32 as u16, now).is_none(), "not sent yet");
        assert!(history.find(66_999_u32 as u16, now + KEPT_FOR).is_none(), "too late");
        history.forget(now);
        assert!(history.find(66_999_u32 as u16, now).is_some());
        history.forget(now + KEPT_FOR);
        assert!(history.find(66_999_u32 as u16, now).is_none());
        assert_eq!(history.latest().count(), 0);
    }

    #[test]
    fn little_is_kept_of_what_comes_slowly() {
        let start = Instant::now();
        let mut history = History::default();
        for place in 0..2_000_u64 {
            history.keep(packet(place, start + Duration::from_millis(200 * place)));
        }
        assert_eq!(history.ring.len(), LEAST);
    }

    proptest! {
        /// No number is kept twice, whatever the order, and each is found while it is among the newest.
        #[test]
        fn a_number_is_taken_once(numbers in prop::collection::vec(0_u64..300, 1..400)) {
            let now = Instant::now();
            let mut history = History::default();
            let mut taken = std::collections::BTreeSet::new();
            for seq in numbers {
                let is_new = history.keep(packet(seq, now));
                prop_assert_eq!(is_new, taken.insert(seq));
            }
            for seq in &taken {
                prop_assert_eq!(history.find(*seq as u16, now).map(|kept| kept.seq), Some(*seq));
            }
            let latest: Vec<u64> = history.latest().map(|kept| kept.seq).collect();
            let oldest = taken.last().unwrap_or(&0).saturating_sub(history.ring.len() as u64 - 1);
            prop_assert_eq!(latest, taken.into_iter().rev().filter(|seq| *seq >= oldest).collect::<Vec<_>>());
        }
    }
}
