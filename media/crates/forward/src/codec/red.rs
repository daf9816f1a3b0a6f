//! RED around Opus (RFC 2198): the newest block, and the older ones that it carries along in case they were lost.

use std::ops::Range;

use super::{FrameInfo, opus};

/// Browsers carry one or two older blocks; no more are looked at.
pub const MAX_REDUNDANT: usize = 4;

/// An older block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redundant {
    /// How much older than the newest block, in ticks of the RTP clock: 14 bits.
    pub timestamp_offset: u16,
    /// Where it is in the payload; never empty.
    pub range: Range<usize>,
}

/// As [`opus::parse`], for the newest block.
#[must_use]
pub fn parse(payload: &[u8]) -> Option<FrameInfo> {
    primary(payload).and_then(opus::parse)
}

/// The newest block; `None` if the payload is malformed.
#[must_use]
pub fn primary(payload: &[u8]) -> Option<&[u8]> {
    payload.get(primary_range(payload)?)
}

/// Where the newest block is; `None` if the payload is malformed.
#[must_use]
pub fn primary_range(payload: &[u8]) -> Option<Range<usize>> {
    let mut blocks = Headers::of(payload);
    let redundant_bytes: usize = blocks.by_ref().map(|header| header.bytes).sum();
    let start = blocks.end()?.checked_add(redundant_bytes)?;
    (start < payload.len()).then_some(start..payload.len())
}

/// The older blocks that are not empty, the newest of them last: each with its distance from the newest block, counted
/// in blocks. Nothing of a malformed payload.
pub fn redundant(payload: &[u8]) -> impl Iterator<Item = (usize, Redundant)> {
    let count = primary_range(payload).map_or(0, |_| Headers::of(payload).count());
    let mut start = count * HEADER_BYTES + 1;
    Headers::of(payload).take(count).enumerate().filter_map(move |(index, header)| {
        let range = start..start + header.bytes;
        start = range.end;
        let distance = count - index;
        let redundant = Redundant { timestamp_offset: header.timestamp_offset, range };
        (distance <= MAX_REDUNDANT && header.bytes > 0).then_some((distance, redundant))
    })
}

/// F bit, 7 bits of payload type, 14 bits of timestamp offset, 10 bits of length.
const HEADER_BYTES: usize = 4;

struct Header {
    timestamp_offset: u16,
    bytes: usize,
}

/// The headers of the older blocks.
struct Headers<'a> {
    payload: &'a [u8],
    at: usize,
}

impl<'a> Headers<'a> {
    fn of(payload: &'a [u8]) -> Self {
        Self { payload, at: 0 }
    }

    /// Where the blocks begin, once all headers were read.
    fn end(&self) -> Option<usize> {
        self.payload.get(self.at).filter(|first| **first & 0x80 == 0).map(|_| self.at + 1)
    }
}

impl Iterator for Headers<'_> {
    type Item = Header;

    fn next(&mut self) -> Option<Header> {
        let (header, _) = self.payload.get(self.at..)?.split_first_chunk::<HEADER_BYTES>()?;
        let [first, high, middle, low] = *header;
        if first & 0x80 == 0 {
            return None;
        }
        self.at += HEADER_BYTES;
        Some(Header {
            timestamp_offset: u16::from_be_bytes([high, middle]) >> 2,
            bytes: usize::from(u16::from_be_bytes([middle & 0x03, low])),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Redundant, parse, primary, primary_range, redundant};
    use proptest::prelude::*;

    /// One redundant block of 2 octets that is 960 ticks older, then the primary.
    const ONE: [u8; 9] = [0xef, 0x0f, 0x00, 0x02, 0x6f, 0xfc, 0x01, 0xfc, 0x02];

    #[test]
    fn the_newest_block_is_the_last() {
        assert_eq!(primary(&ONE), Some(&[0xfc, 0x02][..]));
        assert!(parse(&ONE).is_some());
        assert_eq!(primary(&[0x6f, 0xfc]), Some(&[0xfc][..]), "no redundancy");
        for length in 0..8 {
            assert_eq!(primary(ONE.get(..length).unwrap()), None, "{length} octets");
        }
    }

    #[test]
    fn older_blocks_say_how_old_they_are() {
        let blocks: Vec<_> = redundant(&ONE).collect();
        assert_eq!(blocks, [(1, Redundant { timestamp_offset: 960, range: 5..7 })]);
        let two = [0xef, 0x1e, 0x00, 0x01, 0xef, 0x0f, 0x00, 0x02, 0x6f, 7, 8, 9, 10, 11];
        let blocks: Vec<_> = redundant(&two).collect();
        let expected = [
            (2, Redundant { timestamp_offset: 1_920, range: 9..10 }),
            (1, Redundant { timestamp_offset: 960, range: 10..12 }),
        ];
        assert_eq!(blocks, expected);
        assert_eq!(primary(&two), Some(&[10, 11][..]));
        let empty = [0xef, 0x0f, 0x00, 0x00, 0x6f, 0xfc];
        assert_eq!(redundant(&empty).count(), 0, "a block that was left out");
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_blocks_lie_side_by_side(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = parse(&bytes);
            let mut end = 0;
            for (distance, block) in redundant(&bytes) {
                prop_assert!(distance >= 1 && block.range.start >= end && !block.range.is_empty());
                end = block.range.end;
            }
            if let Some(range) = primary_range(&bytes) {
                prop_assert!(range.start >= end && range.end == bytes.len() && !range.is_empty());
            }
        }
    }
}
