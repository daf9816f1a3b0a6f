//! How long it takes from a wish for another size to its first key frame.

use std::collections::HashMap;

/// Who watches, and whom.
type Pair = (usize, u16);

/// A wish that has not come true.
struct Wish {
    layer: u8,
    at_us: u64,
}

/// All wishes, and what everybody sees.
#[derive(Default)]
pub(crate) struct Switching {
    seen: HashMap<Pair, u8>,
    wishes: HashMap<Pair, Wish>,
    pub(crate) times_us: Vec<u32>,
}

impl Switching {
    /// Somebody asks for a layer. One that he sees already is nothing to wait for.
    pub(crate) fn wish(&mut self, pair: Pair, layer: u8, at_us: u64) {
        if self.seen.get(&pair) == Some(&layer) {
            self.wishes.remove(&pair);
        } else {
            self.wishes.insert(pair, Wish { layer, at_us });
        }
    }

    /// A packet came to somebody who watches.
    pub(crate) fn see(&mut self, pair: Pair, layer: u8, begins_key_frame: bool, now_us: u64) {
        self.seen.insert(pair, layer);
        if begins_key_frame && self.wishes.get(&pair).is_some_and(|wish| wish.layer == layer) {
            let asked_at = self.wishes.remove(&pair).map_or(now_us, |wish| wish.at_us);
            self.times_us.push(now_us.saturating_sub(asked_at) as u32);
        }
    }

    /// Wishes that are older than that.
    pub(crate) fn unmet_since(&self, at_us: u64) -> usize {
        self.wishes.values().filter(|wish| wish.at_us < at_us).count()
    }

    /// Everybody goes.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: Pair = (3, 1);

    #[test]
    fn a_wish_ends_with_a_key_frame_of_its_layer() {
        let mut switching = Switching::default();
        switching.see(PAIR, 0, true, 100);
        switching.wish(PAIR, 2, 1_000);
        switching.see(PAIR, 0, true, 1_500);
        switching.see(PAIR, 2, false, 1_600);
        assert_eq!((switching.unmet_since(1_001), switching.unmet_since(1_000)), (1, 0));
        switching.see(PAIR, 2, true, 1_700);
        switching.see(PAIR, 2, true, 9_000);
        assert_eq!((switching.times_us.as_slice(), switching.unmet_since(u64::MAX)), ([700].as_slice(), 0));
    }

    #[test]
    fn a_later_wish_takes_the_place_of_one_before_it() {
        let mut switching = Switching::default();
        switching.see(PAIR, 0, true, 100);
        switching.wish(PAIR, 2, 1_000);
        switching.wish(PAIR, 0, 2_000);
        switching.see(PAIR, 2, true, 3_000);
        assert_eq!((switching.times_us.len(), switching.unmet_since(u64::MAX)), (0, 0));
    }
}
