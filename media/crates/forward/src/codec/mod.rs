//! Payload bytes to the codec-neutral [`FrameInfo`]; selection and rewriting never branch on a codec.

pub mod av1;
pub mod h264;
pub mod opus;
mod reader;
pub mod red;
pub mod vp8;
pub mod vp9;

/// Codec of a payload, as negotiated for its payload type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Opus, 48 kHz.
    Opus,
    /// RED around Opus (RFC 2198): forwarded as it is, or unwrapped for whoever does not know it.
    Red,
    /// VP8 (RFC 7741), 90 kHz.
    Vp8,
    /// H.264 of the constrained baseline profile (RFC 6184, packetization modes 0 and 1), 90 kHz.
    H264,
    /// H.264 of the high profile: the same on the wire, and another codec to whoever decodes it.
    H264High,
    /// VP9 (RFC 9628), 90 kHz.
    Vp9,
    /// AV1 ("RTP Payload Format For AV1" of the Alliance for Open Media), 90 kHz.
    Av1,
}

impl Codec {
    /// Rate of the RTP clock in ticks per second.
    #[must_use]
    pub const fn clock_rate_hz(self) -> u32 {
        match self {
            Self::Opus | Self::Red => 48_000,
            Self::Vp8 | Self::H264 | Self::H264High | Self::Vp9 | Self::Av1 => 90_000,
        }
    }

    /// Whether a layer of this codec can only be joined at a key frame.
    #[must_use]
    pub const fn is_video(self) -> bool {
        matches!(self, Self::Vp8 | Self::H264 | Self::H264High | Self::Vp9 | Self::Av1)
    }

    /// What the payload says about its frame; `None` if it is empty, truncated or malformed.
    #[must_use]
    pub fn parse(self, payload: &[u8]) -> Option<FrameInfo> {
        match self {
            Self::Opus => opus::parse(payload),
            Self::Red => red::parse(payload),
            Self::Vp8 => vp8::parse(payload),
            Self::H264 | Self::H264High => h264::parse(payload),
            Self::Vp9 => vp9::parse(payload),
            Self::Av1 => av1::parse(payload),
        }
    }
}

/// What a payload says about its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameInfo {
    /// Belongs to a key frame, as far as this packet alone can tell: the later packets of a VP8 key frame cannot.
    pub is_keyframe: bool,
    /// Is the first packet of its frame, or one of the packets before the first slice.
    pub is_frame_start: bool,
    /// Carries everything that a decoder needs besides the picture itself (H.264 parameter sets; nothing for others).
    pub has_parameter_sets: bool,
    /// Temporal layer, 0 is the base.
    pub temporal_id: u8,
    /// From this frame on its temporal layer can be added to the lower ones.
    pub is_switch_up_point: bool,
    /// Numbers inside the payload that must be continuous for the receiver.
    pub picture: PictureNumbers,
}

impl FrameInfo {
    /// A frame of a codec without layers, key frames or numbers in the payload: each can be the first.
    pub(crate) const INDEPENDENT: Self = Self {
        is_keyframe: true,
        is_frame_start: true,
        has_parameter_sets: true,
        temporal_id: 0,
        is_switch_up_point: true,
        picture: PictureNumbers::NONE,
    };
}

/// The picture numbers of a payload descriptor, each `None` where the payload has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PictureNumbers {
    /// `PictureID`.
    pub picture_id: Option<PictureId>,
    /// TL0PICIDX.
    pub tl0_pic_idx: Option<u8>,
    /// KEYIDX, five bits.
    pub key_idx: Option<u8>,
}

impl PictureNumbers {
    pub(crate) const NONE: Self = Self { picture_id: None, tl0_pic_idx: None, key_idx: None };
}

/// A picture number and how many bits it wraps at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureId {
    /// Value, below two to the power of `bits`.
    pub value: u16,
    /// 7 or 15.
    pub bits: u8,
}
