//! Picture numbers (VP8 `PictureID`, TL0PICIDX, KEYIDX) that continue across sources and over dropped pictures.

use super::patch::PayloadPatch;
use crate::codec::PictureNumbers;

/// Picture numbers sent last, and the shifts of the current source. The shift of the `PictureID` changes with each
/// dropped picture and is therefore kept with the sequence numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct PictureNumbering {
    newest_index: Option<u64>,
    newest_tl0: Option<u8>,
    newest_key: Option<u8>,
    tl0_shift: u8,
    key_shift: u8,
}

impl PictureNumbering {
    /// Let a source begin with this picture; answers the shift of its index. The first source keeps its numbers.
    pub(super) fn begin(&mut self, picture: &PictureNumbers, index: u64) -> u64 {
        if let (Some(newest), Some(first)) = (self.newest_tl0, picture.tl0_pic_idx) {
            self.tl0_shift = newest.wrapping_add(1).wrapping_sub(first);
        }
        if let (Some(newest), Some(first)) = (self.newest_key, picture.key_idx) {
            self.key_shift = newest.wrapping_add(1).wrapping_sub(first) & 0x1f;
        }
        match self.newest_index {
            Some(newest) => newest.wrapping_add(1).wrapping_sub(index),
            None => 0,
        }
    }

    /// The patch of a packet of the current source.
    pub(super) fn place(
        &mut self,
        picture: &PictureNumbers,
        index: u64,
        index_shift: u64,
        is_newest: bool,
    ) -> PayloadPatch {
        if *picture == PictureNumbers::NONE {
            return PayloadPatch::None;
        }
        let sent_index = index.wrapping_add(index_shift);
        let tl0_pic_idx = picture.tl0_pic_idx.map(|received| received.wrapping_add(self.tl0_shift));
        let key_idx = picture.key_idx.map(|received| received.wrapping_add(self.key_shift) & 0x1f);
        if is_newest {
            if picture.picture_id.is_some() {
                self.newest_index = Some(sent_index);
            }
            self.newest_tl0 = tl0_pic_idx.or(self.newest_tl0);
            self.newest_key = key_idx.or(self.newest_key);
        }
        PayloadPatch::Vp8 {
            picture_id: picture.picture_id.map(|id| (sent_index & ((1 << id.bits) - 1)) as u16),
            tl0_pic_idx,
            key_idx,
        }
    }
}
