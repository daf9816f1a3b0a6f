//! Payload bytes to the codec-neutral [`FrameInfo`]; nothing outside this module branches on a codec.

/// Codec of a payload, as negotiated for its payload type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Opus, 48 kHz.
    Opus,
    /// RED around Opus (RFC 2198), forwarded as it is.
    Red,
    /// VP8 (RFC 7741), 90 kHz.
    Vp8,
    /// H.264 (RFC 6184), 90 kHz.
    H264,
}
/// What a payload says about its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameInfo {}
