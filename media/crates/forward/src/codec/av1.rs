//! AV1 payloads: the aggregation header of "RTP Payload Format For AV1" (section 4.4) and the first unit after it.
//!
//! ```text
//!       0 1 2 3 4 5 6 7
//!      +-+-+-+-+-+-+-+-+
//!      |Z|Y| W |N|- - -|
//!      +-+-+-+-+-+-+-+-+
//! Z: goes on with the unit that the packet before broke off    Y: breaks its last unit off
//! W: number of units, 0: each has its length before it         N: begins a coded video sequence
//! ```
//!
//! A stream with several layers in it is forwarded whole, as one layer: what they need stands beside the payload.

use super::reader::Reader;
use super::{FrameInfo, PictureNumbers};

const GOES_ON: u8 = 0x80;
const COUNT: u8 = 0x30;
/// Only the last of a counted number of units goes without its length.
const COUNT_OF_ONE: u8 = 0x10;
const BEGINS_SEQUENCE: u8 = 0x08;
/// Of the first octet of a unit (AV1 5.3.2).
const FORBIDDEN_BIT: u8 = 0x80;
const SEQUENCE_HEADER: u8 = 1;
const FRAME_HEADER: u8 = 3;
const FRAME: u8 = 6;
/// Octets of the longest length (AV1 4.10.5).
const MAX_LENGTH_OCTETS: usize = 8;

/// `None` if the header is malformed or nothing follows it.
#[must_use]
pub fn parse(payload: &[u8]) -> Option<FrameInfo> {
    let mut reader = Reader::new(payload);
    let header = reader.next()?;
    let (goes_on, is_keyframe) = (header & GOES_ON != 0, header & BEGINS_SEQUENCE != 0);
    if goes_on && is_keyframe {
        return None;
    }
    if header & COUNT != COUNT_OF_ONE {
        skip_length(&mut reader)?;
    }
    let unit = *reader.rest()?.first()?;
    let kind = if goes_on || unit & FORBIDDEN_BIT != 0 { 0 } else { (unit >> 3) & 0x0f };
    Some(FrameInfo {
        is_keyframe,
        is_frame_start: is_keyframe || matches!(kind, SEQUENCE_HEADER | FRAME_HEADER | FRAME),
        has_parameter_sets: kind == SEQUENCE_HEADER,
        temporal_id: 0,
        is_switch_up_point: true,
        picture: PictureNumbers::NONE,
    })
}

fn skip_length(reader: &mut Reader<'_>) -> Option<()> {
    for _ in 0..MAX_LENGTH_OCTETS {
        if reader.next()? & 0x80 == 0 {
            return Some(());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::*;

    #[test]
    fn a_sequence_begins_with_its_header() {
        // Two units: a sequence header of three octets, and a frame.
        let info = parse(&[0x28, 0x03, 0x08, 0x00, 0x00, 0x30, 0x10]).expect("well formed");
        assert!(info.is_keyframe && info.is_frame_start && info.has_parameter_sets && info.is_switch_up_point);
        let alone = parse(&[0x58, 0x08, 0x00]).expect("a header that is broken off");
        assert!(alone.is_keyframe && alone.has_parameter_sets);
    }

    #[test]
    fn a_frame_within_a_sequence_is_no_key_frame() {
        let info = parse(&[0x10, 0x30, 0x10, 0x00]).expect("well formed");
        assert!(!info.is_keyframe && info.is_frame_start && !info.has_parameter_sets);
        let counted = parse(&[0x00, 0x02, 0x30, 0x10, 0x01, 0x20]).expect("each with its length");
        assert!(!counted.is_keyframe && counted.is_frame_start);
    }

    #[test]
    fn fragments_and_tiles_start_nothing() {
        let rest = parse(&[0x90, 0x08, 0x00]).expect("the rest of a unit, whatever it looks like");
        assert!(!rest.is_keyframe && !rest.is_frame_start && !rest.has_parameter_sets);
        let tiles = parse(&[0x10, 0x20, 0x00]).expect("a tile group");
        assert!(!tiles.is_keyframe && !tiles.is_frame_start);
    }

    #[test]
    fn truncated_and_contradictory_headers_are_refused() {
        for bytes in [&[][..], &[0x10], &[0x00, 0x02], &[0x20, 0x80], &[0x98, 0x08, 0x00]] {
            assert_eq!(parse(bytes), None, "{bytes:02x?}");
        }
        assert_eq!(parse(&[0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0x30]), None, "an endless length");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn a_key_frame_is_what_begins_a_sequence(header in any::<u8>(), kind in 0u8..16, length in 0u8..128) {
            let mut bytes = vec![header];
            if header & 0x30 != 0x10 {
                bytes.push(length);
            }
            bytes.extend([kind << 3, 0]);
            match parse(&bytes) {
                None => prop_assert_eq!(header & 0x88, 0x88),
                Some(info) => {
                    prop_assert_eq!(info.is_keyframe, header & 0x08 != 0);
                    prop_assert_eq!(info.has_parameter_sets, header & 0x80 == 0 && kind == 1);
                }
            }
        }
    }
}
