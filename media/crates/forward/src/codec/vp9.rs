//! VP9 payload descriptor (RFC 9628 section 4.2).
//!
//! ```text
//!       0 1 2 3 4 5 6 7
//!      +-+-+-+-+-+-+-+-+
//!      |I|P|L|F|B|E|V|Z|
//!      +-+-+-+-+-+-+-+-+
//! I:   |M| PictureID   |  a second octet follows if M
//!      +-+-+-+-+-+-+-+-+
//! L:   |TID|U| SID |D  |  TL0PICIDX follows unless F
//!      +-+-+-+-+-+-+-+-+
//! P+F: | P_DIFF      |N|  another follows if N, three at most
//!      +-+-+-+-+-+-+-+-+
//! V:   |N_S |Y|G| RSV  |  sizes follow if Y, the pictures of a group if G
//!      +-+-+-+-+-+-+-+-+
//! ```
//!
//! A stream with several layers in it is forwarded whole, as one layer: its numbers stay as they are.

use super::reader::Reader;
use super::{FrameInfo, PictureNumbers};

const HAS_PICTURE_ID: u8 = 0x80;
const IS_PREDICTED: u8 = 0x40;
const HAS_LAYER: u8 = 0x20;
const IS_FLEXIBLE: u8 = 0x10;
const BEGINS_FRAME: u8 = 0x08;
const HAS_STRUCTURE: u8 = 0x02;
/// References of one picture.
const MAX_REFERENCES: usize = 3;

/// `None` if the descriptor is malformed or nothing follows it.
#[must_use]
pub fn parse(payload: &[u8]) -> Option<FrameInfo> {
    let mut reader = Reader::new(payload);
    let first = reader.next()?;
    let has = |flag: u8| first & flag != 0;
    if has(HAS_PICTURE_ID) && reader.next()? & 0x80 != 0 {
        reader.next()?;
    }
    let mut spatial_id = 0;
    if has(HAS_LAYER) {
        spatial_id = (reader.next()? >> 1) & 0x07;
        if !has(IS_FLEXIBLE) {
            reader.next()?;
        }
    }
    if has(IS_FLEXIBLE) && has(IS_PREDICTED) {
        let mut left = MAX_REFERENCES;
        while reader.next()? & 0x01 != 0 {
            left = left.checked_sub(1).filter(|left| *left > 0)?;
        }
    }
    if has(HAS_STRUCTURE) {
        skip_structure(&mut reader)?;
    }
    reader.rest()?;
    let is_frame_start = has(BEGINS_FRAME) && spatial_id == 0;
    Some(FrameInfo {
        // The upper layers of a key picture are no way in, and neither is the middle of its frame.
        is_keyframe: is_frame_start && !has(IS_PREDICTED),
        is_frame_start,
        has_parameter_sets: true,
        temporal_id: 0,
        is_switch_up_point: true,
        picture: PictureNumbers::NONE,
    })
}

/// Sizes of the spatial layers, and which pictures of a group refer to which.
fn skip_structure(reader: &mut Reader<'_>) -> Option<()> {
    let head = reader.next()?;
    let spatial_layers = usize::from(head >> 5) + 1;
    if head & 0x10 != 0 {
        reader.skip(spatial_layers * 4)?;
    }
    if head & 0x08 != 0 {
        for _ in 0..reader.next()? {
            let references = (reader.next()? >> 2) & 0x03;
            reader.skip(usize::from(references))?;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::*;

    /// The first packet of a key frame: `PictureID`, layer, TL0PICIDX, a structure of one layer of 320×240 and a group of
    /// one picture.
    const KEYFRAME: [u8; 15] = [0xab, 0x80, 0x21, 0x00, 0x07, 0x18, 1, 0x40, 0, 0xf0, 1, 0x04, 1, 0x82, 0x49];

    #[test]
    fn the_first_packet_of_a_key_frame_is_recognised() {
        let info = parse(&KEYFRAME).expect("well formed");
        assert!(info.is_keyframe && info.is_frame_start && info.has_parameter_sets && info.is_switch_up_point);
        for length in 0..KEYFRAME.len() - 1 {
            assert_eq!(parse(&KEYFRAME[..length]), None, "{length} octets");
        }
    }

    #[test]
    fn a_predicted_picture_is_no_key_frame() {
        let info = parse(&[0xe9, 0x80, 0x22, 0x00, 0x08, 0x86]).expect("well formed");
        assert!(!info.is_keyframe && info.is_frame_start);
        let flexible = parse(&[0xf9, 0x80, 0x22, 0x00, 0x02, 0x86]).expect("well formed");
        assert!(!flexible.is_keyframe && flexible.is_frame_start);
    }

    #[test]
    fn upper_spatial_layers_and_later_packets_start_nothing() {
        let upper = parse(&[0xa9, 0x80, 0x21, 0x03, 0x07, 0x82]).expect("SID 1 of a key picture");
        assert!(!upper.is_keyframe && !upper.is_frame_start);
        let middle = parse(&[0xa1, 0x80, 0x21, 0x00, 0x07, 0x82]).expect("the middle of its first frame");
        assert!(!middle.is_keyframe && !middle.is_frame_start);
    }

    #[test]
    fn more_references_than_a_picture_can_have_are_refused() {
        assert!(parse(&[0x58, 0x03, 0x05, 0x06, 0x86]).is_some(), "three");
        assert_eq!(parse(&[0x58, 0x03, 0x05, 0x07, 0x08, 0x86]), None, "four");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn what_is_written_is_read(
            picture in prop::option::of((0u16..0x8000, any::<bool>())),
            layer in prop::option::of((0u8..8, 0u8..8)),
            references in prop::collection::vec(1u8..128, 0..4),
            is_flexible in any::<bool>(),
            begins in any::<bool>(),
            structure in prop::option::of((0u8..8, any::<bool>(), prop::option::of(prop::collection::vec(0u8..4, 0..9)))),
        ) {
            let is_predicted = !references.is_empty();
            let flag = |is_set: bool, mask: u8| if is_set { mask } else { 0 };
            let mut bytes = vec![
                flag(picture.is_some(), 0x80) | flag(is_predicted, 0x40) | flag(layer.is_some(), 0x20)
                    | flag(is_flexible, 0x10) | flag(begins, 0x08) | flag(structure.is_some(), 0x02),
            ];
            match picture {
                Some((value, true)) => bytes.extend([0x80 | (value >> 8) as u8, value as u8]),
                Some((value, false)) => bytes.push(value as u8 & 0x7f),
                None => {}
            }
            if let Some((tid, sid)) = layer {
                bytes.push(tid << 5 | sid << 1);
                if !is_flexible {
                    bytes.push(9);
                }
            }
            if is_flexible {
                for (index, reference) in references.iter().enumerate() {
                    bytes.push(reference << 1 | u8::from(index + 1 < references.len()));
                }
            }
            if let Some((layers, has_sizes, group)) = &structure {
                bytes.push(layers << 5 | flag(*has_sizes, 0x10) | flag(group.is_some(), 0x08));
                if *has_sizes {
                    bytes.extend(vec![7; (usize::from(*layers) + 1) * 4]);
                }
                if let Some(group) = group {
                    bytes.push(group.len() as u8);
                    for references in group {
                        bytes.push(references << 2);
                        bytes.extend(vec![1; usize::from(*references)]);
                    }
                }
            }
            bytes.push(0x82);
            let info = parse(&bytes).expect("well formed");
            let is_base = layer.is_none_or(|(_, sid)| sid == 0);
            prop_assert_eq!(info.is_frame_start, begins && is_base);
            prop_assert_eq!(info.is_keyframe, begins && is_base && !is_predicted);
            for length in 0..bytes.len() {
                prop_assert_eq!(parse(&bytes[..length]), None);
            }
        }
    }
}
