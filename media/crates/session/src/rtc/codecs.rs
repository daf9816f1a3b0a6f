//! Payload types of one peer, and our names for the engine's.

use std::collections::{BTreeSet, HashMap};

use palaver_forward::Codec;
use str0m::Rtc;
use str0m::format::{CodecConfig, PayloadParams};
use str0m::media::Pt;

use crate::ids::{Mid, Rid};

/// Constrained baseline 3.1: what every browser can encode and decode.
const H264_PROFILE_LEVEL_ID: u32 = 0x42_e0_1f;

/// The one H.264 configuration: packetization mode 1.
pub(super) fn add_h264(config: &mut CodecConfig) {
    config.add_h264(Pt::new_with_value(108), Some(Pt::new_with_value(109)), true, H264_PROFILE_LEVEL_ID);
}

/// Codec ↔ payload type; per section what the peer can take there.
#[derive(Debug, Default)]
pub(super) struct CodecTable {
    by_payload_type: HashMap<u8, Codec>,
    by_section: HashMap<Mid, Vec<(Codec, Pt)>>,
}

impl CodecTable {
    /// Read after each negotiation: numbers follow the peer's first offer.
    /// The engine has one answer for all sections as to RED; `takes_red` are those whose description has it.
    pub(super) fn of(rtc: &Rtc, sections: &[Mid], takes_red: &BTreeSet<Mid>) -> Self {
        let mut table = Self::default();
        let red = rtc.codec_config().params().iter().find_map(PayloadParams::red);
        for params in rtc.codec_config().params() {
            if let Some(codec) = own_codec(params.spec().codec) {
                table.by_payload_type.insert(*params.pt(), codec);
            }
            if let Some(payload_type) = params.red() {
                table.by_payload_type.insert(*payload_type, Codec::Red);
            }
        }
        for mid in sections {
            if let Some(media) = rtc.media(engine_mid(*mid)) {
                let mut accepted: Vec<(Codec, Pt)> =
                    media.remote_pts().iter().filter_map(|pt| Some((table.codec(*pt)?, *pt))).collect();
                if takes_red.contains(mid) {
                    accepted.extend(red.map(|payload_type| (Codec::Red, payload_type)));
                }
                table.by_section.insert(*mid, accepted);
            }
        }
        table
    }

    /// Codec of a received packet.
    pub(super) fn codec(&self, payload_type: Pt) -> Option<Codec> {
        self.by_payload_type.get(&*payload_type).copied()
    }

    /// Payload type to send a codec with in a section.
    pub(super) fn payload_type(&self, mid: Mid, codec: Codec) -> Option<Pt> {
        let accepted = self.by_section.get(&mid)?;
        accepted.iter().find(|(c, _)| *c == codec).map(|(_, payload_type)| *payload_type)
    }
}

fn own_codec(codec: str0m::format::Codec) -> Option<Codec> {
    match codec {
        str0m::format::Codec::Opus => Some(Codec::Opus),
        str0m::format::Codec::Vp8 => Some(Codec::Vp8),
        str0m::format::Codec::H264 => Some(Codec::H264),
        _ => None,
    }
}

/// `None` for names that offers cannot contain (see [`crate::sdp`]).
pub(super) fn own_mid(mid: str0m::media::Mid) -> Option<Mid> {
    Mid::new(mid.trim_end())
}

pub(super) fn own_rid(rid: str0m::media::Rid) -> Option<Rid> {
    Rid::new(rid.trim_end())
}

pub(super) fn engine_mid(mid: Mid) -> str0m::media::Mid {
    str0m::media::Mid::from(mid.as_str())
}
