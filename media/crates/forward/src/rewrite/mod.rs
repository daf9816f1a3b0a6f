//! Numbering of a section's outgoing packets.

/// Replacement of a payload's first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadPatch {
    /// Send the payload as it is.
    None,
    /// Replace fields of the VP8 payload descriptor. They are present in the payload and the new values fit their
    /// width, so `str0m`'s `Vp8Descriptor::patch` accepts them.
    Vp8 {
        /// PictureID.
        picture_id: Option<u16>,
        /// TL0PICIDX.
        tl0_pic_idx: Option<u8>,
        /// KEYIDX.
        key_idx: Option<u8>,
    },
}
