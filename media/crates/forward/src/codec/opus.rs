//! Opus packets (RFC 6716 section 3). Only the duration matters: it weighs the level of a packet in speech detection.

use super::FrameInfo;
use crate::units::Micros;

/// An Opus packet never lasts longer.
const MAX_DURATION: Micros = Micros::from_millis(120);

/// Any Opus packet that is not empty can be forwarded, and a stream can begin with any.
#[must_use]
pub fn parse(payload: &[u8]) -> Option<FrameInfo> {
    duration(payload).map(|_| FrameInfo::INDEPENDENT)
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

#[cfg(test)]
mod tests {
    use super::{Micros, duration, parse};
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

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&bytes);
        }
    }
}
