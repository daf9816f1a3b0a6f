//! How many packets a peer may number for all of its streams.
//!
//! The engine keeps each number until it has told when the packet came, some hundred of them twenty times a second, and
//! walks through all that it keeps for each report. Who sends more than can be told, or numbers with holes that take more
//! room than numbers, would make it keep ever more. So numbers have a price, and what cannot be paid is lost, as it would
//! be on a line that is too narrow. The price of what browsers send is far below what anybody has.

use std::time::{Duration, Instant};

/// What is paid back each second; the next number costs one: more of them than anybody sends.
const PER_S: u32 = 60_000;
/// What may be spent at once: with what is paid back meanwhile less than one report can count (16 bits).
const BURST: u32 = 60_000;
/// Another than the next number, beside one for each that is passed over: as many of these fit into the reports.
const HOLE: u32 = 12;

/// The first number of a form of header extensions (RFC 8285 4.1.2, 4.2 and 4.3).
const ONE_BYTE: [u8; 2] = [0xbe, 0xde];
const TWO_BYTES: u8 = 0x10;

/// What one peer has spent.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// The number of the extension.
    id: Option<u8>,
    last: Option<u16>,
    spent: u32,
    at: Option<Instant>,
}

impl Numbers {
    pub(super) fn on_negotiated(&mut self, id: Option<u8>) {
        self.id = id.or(self.id);
    }

    /// Whether a packet with these header extensions can be paid. One without a number costs nothing.
    pub(super) fn pay(&mut self, now: Instant, extensions: &[u8]) -> bool {
        let Some(number) = self.id.and_then(|id| number(extensions, id)) else { return true };
        let elapsed = self.at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let back = (elapsed.as_micros().min(1_000_000) as u32).saturating_mul(PER_S / 1_000) / 1_000;
        if back > 0 || self.at.is_none() {
            self.spent = self.spent.saturating_sub(back);
            self.at = Some(now);
        }
        let step = self.last.map_or(1, |last| number.wrapping_sub(last).cast_signed());
        let price = if step == 1 { 1 } else { HOLE + u32::from(step.unsigned_abs()) };
        if self.spent + price > BURST {
            return false;
        }
        self.spent += price;
        self.last = Some(number);
        true
    }
}

/// The transport-wide number among the elements, which begin with their form and length.
fn number(extensions: &[u8], id: u8) -> Option<u16> {
    let (&[high, low, _, _], mut rest) = extensions.split_first_chunk()?;
    let is_short = [high, low] == ONE_BYTE;
    if !is_short && (high != TWO_BYTES || low & 0xf0 != 0) {
        return None;
    }
    while let Some((&first, after)) = rest.split_first() {
        if first == 0 {
            rest = after;
            continue;
        }
        let (found, length, after) = if is_short {
            (first >> 4, usize::from(first & 15) + 1, after)
        } else {
            let (&length, after) = after.split_first()?;
            (first, usize::from(length), after)
        };
        if is_short && found == 15 {
            return None;
        }
        if found == id {
            return after.first_chunk().map(|number| u16::from_be_bytes(*number));
        }
        rest = after.get(length..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn element(number: u16) -> Vec<u8> {
        let [high, low] = number.to_be_bytes();
        vec![0xbe, 0xde, 0, 2, 0x10, 9, 0, 0x31, high, low, 0, 0]
    }

    /// How many of these pass, `apart_us` from each other.
    fn passed(numbers: impl Iterator<Item = u16>, apart_us: u64) -> usize {
        let start = Instant::now();
        let mut all = Numbers::default();
        all.on_negotiated(Some(3));
        let at = |place: usize| start + Duration::from_micros(apart_us * place as u64);
        numbers.enumerate().filter(|(place, number)| all.pay(at(*place), &element(*number))).count()
    }

    #[test]
    fn what_a_browser_sends_is_paid_and_a_flood_is_thinned() {
        let next = |count: u32| (0..count).map(|number| number as u16);
        assert_eq!(passed(next(200_000), 20), 200_000, "50 000 a second");
        assert_eq!(passed(next(100_000).step_by(5), 1_000), 20_000, "four of five lost");
        let flood = passed(next(400_000), 5);
        assert!(flood < 100_000, "{flood} in two seconds");
        let holes = passed((0..80_000_u32).map(|place| (place * 100) as u16), 50);
        assert!(holes < 5_000, "{holes} in four seconds");
        let jumps = passed((0..1_000_u32).map(|place| (place * 20_000) as u16), 50);
        assert!(jumps < 100, "{jumps} in one report");
        let broken_off = next(10).map(|number| number + 30_000 * u16::from(number >= 5));
        assert_eq!(passed(broken_off, 1_000), 10, "a minute of silence");
    }

    #[test]
    fn numbers_are_found_in_both_forms() {
        assert_eq!(number(&element(0x1234), 3), Some(0x1234));
        assert_eq!(number(&[0x10, 0x07, 0, 2, 1, 0, 0, 3, 2, 0x12, 0x34, 0], 3), Some(0x1234));
        assert_eq!(number(&element(1), 4), None);
        assert_eq!(number(&[0xbe, 0xde, 0, 1, 0xf0, 0x31, 1, 2], 3), None, "the end (RFC 8285 4.2)");
        assert_eq!(number(&[0xbe, 0xde, 0, 1, 0x31, 1], 3), None);
        let mut none = Numbers::default();
        assert!((0..100_000_u32).all(|place| none.pay(Instant::now(), &element((place * 9) as u16))), "not negotiated");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, id: u8) {
            let _ = number(&bytes, id);
            let _ = number(&[&ONE_BYTE[..], &bytes].concat(), id);
            let _ = number(&[&[TWO_BYTES, 0][..], &bytes].concat(), id);
        }
    }
}
