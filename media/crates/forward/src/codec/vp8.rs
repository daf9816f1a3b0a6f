//! VP8 payload descriptor (RFC 7741 section 4.2).
//!
//! ```text
//!       0 1 2 3 4 5 6 7
//!      +-+-+-+-+-+-+-+-+
//!      |X|R|N|S|R| PID |
//!      +-+-+-+-+-+-+-+-+
//! X:   |I|L|T|K|  RSV  |
//!      +-+-+-+-+-+-+-+-+
//! I:   |M| PictureID   |  a second octet follows if M
//!      +-+-+-+-+-+-+-+-+
//! L:   |   TL0PICIDX   |
//!      +-+-+-+-+-+-+-+-+
//! T/K: |TID|Y| KEYIDX  |
//!      +-+-+-+-+-+-+-+-+
//! ```

use super::reader::Reader;
use super::{FrameInfo, PictureId, PictureNumbers};

/// The longest descriptor.
pub const MAX_DESCRIPTOR_BYTES: usize = 6;

/// A parsed descriptor with the places of its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Descriptor {
    pub(crate) length: usize,
    is_frame_start: bool,
    temporal_id: u8,
    is_layer_sync: bool,
    pub(crate) picture: PictureNumbers,
    pub(crate) picture_id_at: usize,
    pub(crate) tl0_pic_idx_at: usize,
    pub(crate) key_idx_at: usize,
}

impl Descriptor {
    /// `None` if truncated or if TL0PICIDX comes without TID, which the RFC forbids.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(payload);
        let required = reader.next()?;
        let mut descriptor = Self {
            length: 1,
            is_frame_start: required & 0x17 == 0x10,
            temporal_id: 0,
            is_layer_sync: false,
            picture: PictureNumbers::NONE,
            picture_id_at: 0,
            tl0_pic_idx_at: 0,
            key_idx_at: 0,
        };
        if required & 0x80 == 0 {
            return Some(descriptor);
        }
        let present = reader.next()?;
        let (has_tl0, has_tid, has_key) = (present & 0x40 != 0, present & 0x20 != 0, present & 0x10 != 0);
        if has_tl0 && !has_tid {
            return None;
        }
        if present & 0x80 != 0 {
            descriptor.picture_id_at = reader.at;
            let high = reader.next()?;
            descriptor.picture.picture_id = Some(if high & 0x80 == 0 {
                PictureId { value: u16::from(high), bits: 7 }
            } else {
                PictureId { value: u16::from_be_bytes([high & 0x7f, reader.next()?]), bits: 15 }
            });
        }
        if has_tl0 {
            descriptor.tl0_pic_idx_at = reader.at;
            descriptor.picture.tl0_pic_idx = Some(reader.next()?);
        }
        if has_tid || has_key {
            descriptor.key_idx_at = reader.at;
            let octet = reader.next()?;
            if has_tid {
                descriptor.temporal_id = octet >> 6;
                descriptor.is_layer_sync = octet & 0x20 != 0;
            }
            if has_key {
                descriptor.picture.key_idx = Some(octet & 0x1f);
            }
        }
        descriptor.length = reader.at;
        Some(descriptor)
    }
}

/// `None` if the descriptor is malformed or nothing follows it.
#[must_use]
pub fn parse(payload: &[u8]) -> Option<FrameInfo> {
    let descriptor = Descriptor::parse(payload)?;
    // The first bit of the frame header is the inverse key-frame flag (RFC 6386 section 9.1).
    let first = *payload.get(descriptor.length)?;
    let is_keyframe = descriptor.is_frame_start && first & 0x01 == 0;
    Some(FrameInfo {
        is_keyframe,
        is_frame_start: descriptor.is_frame_start,
        has_parameter_sets: true,
        temporal_id: descriptor.temporal_id,
        is_switch_up_point: is_keyframe || descriptor.is_layer_sync || descriptor.temporal_id == 0,
        picture: descriptor.picture,
    })
}

#[cfg(test)]
mod tests {
    use super::{PictureId, parse};
    use proptest::prelude::*;

    /// From `captures/vp8_heads.bin`: a 240×180 key frame, then a frame of the upper temporal layer.
    const KEYFRAME: [u8; 12] = [0x90, 0xe0, 0xcc, 0x21, 0xdc, 0x20, 0x30, 0x0c, 0x00, 0x9d, 0x01, 0x2a];
    const UPPER_LAYER: [u8; 12] = [0x90, 0xe0, 0xcc, 0x22, 0xdc, 0x60, 0x71, 0x03, 0x00, 0x0d, 0x1c, 0x24];

    #[test]
    fn a_key_frame_of_a_browser_is_recognised() {
        let info = parse(&KEYFRAME).expect("well formed");
        assert!(info.is_keyframe && info.is_frame_start && info.is_switch_up_point);
        assert_eq!(info.temporal_id, 0);
        assert_eq!(info.picture.picture_id, Some(PictureId { value: 0x4c21, bits: 15 }));
        assert_eq!((info.picture.tl0_pic_idx, info.picture.key_idx), (Some(220), None));
    }

    #[test]
    fn an_upper_temporal_layer_is_recognised() {
        let info = parse(&UPPER_LAYER).expect("well formed");
        assert!(!info.is_keyframe && info.is_frame_start && info.is_switch_up_point);
        assert_eq!((info.temporal_id, info.picture.key_idx), (1, None));
        let without_sync = parse(&[0x90, 0xe0, 0xcc, 0x22, 0xdc, 0x40, 0x71]).expect("well formed");
        assert!(!without_sync.is_switch_up_point);
    }

    #[test]
    fn a_whole_capture_parses_to_contiguous_pictures() {
        let mut rest: &[u8] = include_bytes!("captures/vp8_heads.bin");
        let (mut packets, mut keyframes, mut ids) = (0, 0, Vec::new());
        while let Some((header, after)) = rest.split_first_chunk::<8>() {
            let (head, after) = after.split_at(usize::from(header[7]));
            let info = parse(head).expect("a browser's payload");
            ids.extend(info.picture.picture_id.map(|id| id.value));
            (packets, keyframes) = (packets + 1, keyframes + usize::from(info.is_keyframe));
            rest = after;
        }
        ids.dedup();
        assert_eq!((packets, keyframes), (104, 3));
        assert!(ids.windows(2).all(|pair| pair[1] == pair[0] + 1), "{ids:?}");
    }

    #[test]
    fn later_packets_and_partitions_start_nothing() {
        // S = 0, then S = 1 of partition 1.
        for first in [0x80, 0x91] {
            let info = parse(&[first, 0x80, 0x05, 0x00]).expect("well formed");
            assert!(!info.is_frame_start && !info.is_keyframe);
            assert_eq!(info.picture.picture_id, Some(PictureId { value: 5, bits: 7 }));
        }
    }

    #[test]
    fn the_shortest_descriptor_has_no_numbers() {
        let info = parse(&[0x10, 0x00]).expect("well formed");
        assert!(info.is_keyframe);
        assert_eq!(info.picture.picture_id, None);
    }

    #[test]
    fn truncated_descriptors_and_empty_payloads_are_refused() {
        for length in 0..=6 {
            assert_eq!(parse(KEYFRAME.get(..length).unwrap_or_default()), None, "{length} octets");
        }
        assert_eq!(parse(&[0x90, 0x40, 0x00, 0x00]), None, "TL0PICIDX without TID");
    }

    proptest! {
        #[test]
        fn every_descriptor_parses_to_what_was_written(
            id in prop::option::of((0u16..0x8000, any::<bool>())),
            tid in prop::option::of((0u8..4, any::<bool>())),
            tl0 in prop::option::of(any::<u8>()),
            key in prop::option::of(0u8..32),
            is_delta in any::<bool>(),
        ) {
            let tl0 = tid.and(tl0);
            let mut bytes = vec![0x90, 0];
            bytes[1] = u8::from(id.is_some()) << 7 | u8::from(tl0.is_some()) << 6
                | u8::from(tid.is_some()) << 5 | u8::from(key.is_some()) << 4;
            let id = id.map(|(value, wide)| if wide { (value, 15) } else { (value & 0x7f, 7) });
            match id {
                Some((value, 15)) => bytes.extend([0x80 | (value >> 8) as u8, value as u8]),
                Some((value, _)) => bytes.push(value as u8),
                None => {}
            }
            bytes.extend(tl0);
            if tid.is_some() || key.is_some() {
                let (tid, sync) = tid.unwrap_or_default();
                bytes.push(tid << 6 | u8::from(sync) << 5 | key.unwrap_or_default());
            }
            bytes.push(u8::from(is_delta));
            let info = parse(&bytes).expect("well formed");
            prop_assert_eq!(info.picture.picture_id, id.map(|(value, bits)| PictureId { value, bits }));
            prop_assert_eq!(info.picture.tl0_pic_idx, tl0);
            prop_assert_eq!(info.picture.key_idx, key);
            prop_assert_eq!(info.temporal_id, tid.map_or(0, |(tid, _)| tid));
            prop_assert_eq!(info.is_keyframe, !is_delta);
            for length in 0..bytes.len() {
                prop_assert_eq!(parse(&bytes[..length]), None);
            }
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&bytes);
        }
    }
}
