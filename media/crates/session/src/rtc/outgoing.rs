//! Our outgoing packet as the engine's write command.

use std::sync::Arc;

use palaver_forward::PayloadPatch;
use str0m::media::Pt;
use str0m::rtp::{RtpWrite, Vp8Descriptor, Vp8Patch};

use super::extensions;
use crate::api::{OutgoingRtp, PlayoutDelay};

/// Build the command. The payload is shared, not copied.
pub(super) fn write_command(payload_type: Pt, packet: &OutgoingRtp<'_>, delay: Option<PlayoutDelay>) -> RtpWrite {
    let delay = delay.filter(|_| packet.codec.is_video());
    let mut write = RtpWrite::new(
        payload_type,
        packet.seq.into(),
        packet.timestamp,
        packet.captured_at,
        Arc::clone(packet.payload),
    )
    .marker(packet.marker)
    .ext_vals(extensions::write(&packet.extensions, delay))
    // Sound has no RTX payload type, so that a NACK of it cannot be answered.
    .nackable(packet.codec.is_video());
    if let Some(patch) = vp8_patch(packet) {
        write = write.vp8_patch(patch);
    }
    write
}

/// `None` also for values that do not fit the descriptor: the router promises that they do, and a picture with the
/// publisher's own numbers is better than none.
fn vp8_patch(packet: &OutgoingRtp<'_>) -> Option<Vp8Patch> {
    let PayloadPatch::Vp8 { picture_id, tl0_pic_idx, key_idx } = packet.patch else {
        return None;
    };
    let descriptor = Vp8Descriptor::parse(packet.payload).ok()?;
    let mut builder = descriptor.patch();
    if let Some(value) = picture_id {
        builder = builder.picture_id(value);
    }
    if let Some(value) = tl0_pic_idx {
        builder = builder.tl0_pic_idx(value);
    }
    if let Some(value) = key_idx {
        builder = builder.key_idx(value);
    }
    builder.build().ok()
}
