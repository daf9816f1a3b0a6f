//! Opus packets (RFC 6716 section 3) and RED around them (RFC 2198). Only the duration matters: it weighs the level of
//! a packet in speech detection.

use super::FrameInfo;
use crate::units::Micros;

/// An Opus packet never lasts longer.
const MAX_DURATION: Micros = Micros::from_millis(120);

/// Any Opus packet that is not empty can be forwarded, and a stream can begin with any.
#[must_use]
pub fn parse(payload: &[u8]) -> Option<FrameInfo> {
    duration(payload).map(|_| FrameInfo::INDEPENDENT)
}

/// As [`parse`], for the primary block of a RED payload.
#[must_use]
pub fn parse_red(payload: &[u8]) -> Option<FrameInfo> {
    red_primary(payload).and_then(parse)
}

/// How long the packet plays; `None` if it is malformed.
#[must_use]
pub fn duration(payload: &[u8]) -> Option<Micros> {
    let toc = *payload.first()?;
    let configuration = toc >> 3;
    let frame_us: u64 = match configuration {
        0..=11 => match configuration & 0x03 {
            0 => 10_000,
            1 => 20_000,
            2 => 40_000,
            _ => 60_000,
        },
        12..=15 => 10_000 << (configuration & 0x01),
        _ => 2_500 << (configuration & 0x03),
    };
    let frames: u64 = match toc & 0x03 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(*payload.get(1)? & 0x3f),
    };
    let total = Micros(frame_us.saturating_mul(frames));
    (total > Micros::ZERO && total <= MAX_DURATION).then_some(total)
}

/// The newest block of a RED payload; `None` if it is malformed.
#[must_use]
pub fn red_primary(payload: &[u8]) -> Option<&[u8]> {
    let mut rest = payload;
    let mut redundant_bytes: usize = 0;
    loop {
        let (&first, after) = rest.split_first()?;
        if first & 0x80 == 0 {
            return after.get(redundant_bytes..).filter(|primary| !primary.is_empty());
        }
        // F, 7 bits of payload type, 14 bits of timestamp offset, 10 bits of length.
        let (header, after) = rest.split_first_chunk::<4>()?;
        let [_, _, high, low] = *header;
        redundant_bytes = redundant_bytes.saturating_add(usize::from(u16::from_be_bytes([high & 0x03, low])));
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::{Micros, duration, parse, parse_red, red_primary};
    use proptest::prelude::*;

    #[test]
    fn durations_follow_the_table_of_the_rfc() {
        // Configuration 31 (CELT fullband 20 ms) as browsers send it, one frame.
        assert_eq!(duration(&[0xfc, 0xff]), Some(Micros::from_millis(20)));
        // Hybrid 10 and 20 ms, SILK 60 ms, CELT 2.5 ms.
        assert_eq!(duration(&[12 << 3]), Some(Micros::from_millis(10)));
        assert_eq!(duration(&[13 << 3]), Some(Micros::from_millis(20)));
        assert_eq!(duration(&[3 << 3]), Some(Micros::from_millis(60)));
        assert_eq!(duration(&[16 << 3]), Some(Micros(2_500)));
        // Two frames; three frames by count.
        assert_eq!(duration(&[1 << 3 | 1]), Some(Micros::from_millis(40)));
        assert_eq!(duration(&[31 << 3 | 3, 3]), Some(Micros::from_millis(60)));
    }

    #[test]
    fn malformed_packets_are_refused() {
        assert_eq!(duration(&[]), None);
        assert_eq!(duration(&[3]), None, "count missing");
        assert_eq!(duration(&[3, 0]), None, "no frames");
        assert_eq!(duration(&[3 << 3 | 3, 3]), None, "180 ms");
        assert!(parse(&[0xfc]).is_some_and(|info| info.is_keyframe));
    }

    #[test]
    fn red_gives_the_newest_block() {
        // One redundant block of 2 octets, then the primary.
        let payload = [0xef, 0x0f, 0x00, 0x02, 0x6f, 0xfc, 0x01, 0xfc, 0x02];
        assert_eq!(red_primary(&payload), Some(&[0xfc, 0x02][..]));
        assert!(parse_red(&payload).is_some());
        assert_eq!(red_primary(&[0x6f, 0xfc]), Some(&[0xfc][..]), "no redundancy");
        for length in 0..8 {
            assert_eq!(red_primary(payload.get(..length).unwrap_or_default()), None, "{length} octets");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&bytes);
            let _ = parse_red(&bytes);
        }
    }
}
