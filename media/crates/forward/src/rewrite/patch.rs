//! Rewritten payload descriptors, without touching the shared payload.

use crate::codec::vp8::{Descriptor, MAX_DESCRIPTOR_BYTES};

/// Replacement of numbers in a payload's descriptor. The length of the payload never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadPatch {
    /// Send the payload as it is.
    None,
    /// Replace fields of the VP8 payload descriptor. Each field that is `Some` is present in the payload and its value
    /// fits the width that the payload has.
    Vp8 {
        /// `PictureID`.
        picture_id: Option<u16>,
        /// TL0PICIDX.
        tl0_pic_idx: Option<u8>,
        /// KEYIDX.
        key_idx: Option<u8>,
    },
}

impl PayloadPatch {
    /// The bytes to send instead of the first ones of `payload`, which must be the payload that the patch was made for.
    #[must_use]
    pub fn head(&self, payload: &[u8]) -> PatchedHead {
        let mut head = PatchedHead { bytes: [0; MAX_DESCRIPTOR_BYTES], length: 0 };
        let &Self::Vp8 { picture_id, tl0_pic_idx, key_idx } = self else { return head };
        let Some(descriptor) = Descriptor::parse(payload) else { return head };
        for (to, from) in head.bytes.iter_mut().zip(payload.iter().take(descriptor.length)) {
            *to = *from;
        }
        head.length = descriptor.length;
        if let (Some(value), Some(id)) = (picture_id, descriptor.picture.picture_id) {
            let [high, low] = value.to_be_bytes();
            if id.bits == 15 {
                head.set(descriptor.picture_id_at, !0, 0x80 | high);
                head.set(descriptor.picture_id_at.saturating_add(1), !0, low);
            } else {
                head.set(descriptor.picture_id_at, !0, low & 0x7f);
            }
        }
        if let (Some(value), Some(_)) = (tl0_pic_idx, descriptor.picture.tl0_pic_idx) {
            head.set(descriptor.tl0_pic_idx_at, !0, value);
        }
        if let (Some(value), Some(_)) = (key_idx, descriptor.picture.key_idx) {
            head.set(descriptor.key_idx_at, 0x1f, value);
        }
        head
    }
}

/// The first bytes of a payload, rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatchedHead {
    bytes: [u8; MAX_DESCRIPTOR_BYTES],
    length: usize,
}

impl PatchedHead {
    /// Send these, then the payload from this length on.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Replace the bits of `mask` in an octet.
    fn set(&mut self, at: usize, mask: u8, value: u8) {
        if let Some(octet) = self.bytes.get_mut(at) {
            *octet = (*octet & !mask) | (value & mask);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PayloadPatch;
    use crate::codec::vp8;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_patch_changes_the_numbers_and_nothing_else(
            mut payload in prop::collection::vec(any::<u8>(), 8..20),
            numbers in (0u16..0x8000, any::<u8>(), 0u8..32),
        ) {
            payload[0] |= 0x80;
            let Some(before) = vp8::parse(&payload) else { return Ok(()) };
            let picture_id = before.picture.picture_id.map(|id| numbers.0 & ((1 << id.bits) - 1));
            let patch = PayloadPatch::Vp8 {
                picture_id,
                tl0_pic_idx: before.picture.tl0_pic_idx.map(|_| numbers.1),
                key_idx: before.picture.key_idx.map(|_| numbers.2),
            };
            let head = patch.head(&payload);
            let mut patched = payload.clone();
            patched[..head.bytes().len()].copy_from_slice(head.bytes());
            let after = vp8::parse(&patched).expect("still well formed");
            prop_assert_eq!(after.picture.picture_id.map(|id| id.value), picture_id);
            prop_assert_eq!(after.picture.picture_id.map(|id| id.bits), before.picture.picture_id.map(|id| id.bits));
            prop_assert_eq!(after.picture.tl0_pic_idx, before.picture.tl0_pic_idx.map(|_| numbers.1));
            prop_assert_eq!(after.picture.key_idx, before.picture.key_idx.map(|_| numbers.2));
            prop_assert_eq!(
                (after.is_keyframe, after.temporal_id, after.is_switch_up_point),
                (before.is_keyframe, before.temporal_id, before.is_switch_up_point)
            );
            prop_assert_eq!(&patched[head.bytes().len()..], &payload[head.bytes().len()..]);
        }
    }

    #[test]
    fn no_patch_has_no_bytes() {
        assert_eq!(PayloadPatch::None.head(&[0x90, 0x80, 1, 0]).bytes(), &[] as &[u8]);
    }
}
