//! Payload types of one peer, and our names for the engine's.

use std::collections::{BTreeSet, HashMap};

use palaver_forward::Codec;
use str0m::format::{CodecSpec, FormatParams, PayloadParams};
use str0m::media::{Frequency, Pt};
use str0m::{Rtc, RtcConfig};

use super::extensions;
use crate::ids::{Mid, Rid};
use crate::sdp::OfferSection;

/// Constrained baseline 3.1: what every browser can encode and decode.
const H264_PROFILE_LEVEL_ID: u32 = 0x42_e0_1f;
/// High and constrained high 3.1: no browser's encoder makes use of what only the first has.
const H264_HIGH: [u32; 2] = [0x64_00_1f, 0x64_0c_1f];

/// What pictures may come in besides VP8: H.264 in packetization mode 1, and the profiles of VP9 and AV1 that everybody
/// means who names none. The numbers are those of our own offers, mostly browsers' own.
pub(super) fn add_pictures(config: &mut RtcConfig) {
    config.extension_map().set(7, extensions::dependencies());
    let config = config.codec_config();
    config.add_h264(Pt::new_with_value(108), Some(Pt::new_with_value(109)), true, H264_PROFILE_LEVEL_ID);
    for (profile, payload_type) in H264_HIGH.into_iter().zip([114, 116]) {
        let resend = Some(Pt::new_with_value(payload_type + 1));
        config.add_h264(Pt::new_with_value(payload_type), resend, true, profile);
    }
    let vp9 = FormatParams { profile_id: Some(0), ..FormatParams::default() };
    let av1 = FormatParams { profile: Some(0), level_idx: Some(5), tier: Some(0), ..FormatParams::default() };
    for (codec, format, payload_type) in [(str0m::format::Codec::Vp9, vp9, 98), (str0m::format::Codec::Av1, av1, 45)] {
        let resend = Some(Pt::new_with_value(payload_type + 1));
        config.add_config(Pt::new_with_value(payload_type), resend, codec, Frequency::NINETY_KHZ, None, format);
    }
}

/// Codecs that are no codecs, by section: what is wrapped around others there.
#[derive(Debug, Default)]
pub(super) struct Wrappers {
    pub(super) red: BTreeSet<Mid>,
    pub(super) rtx: BTreeSet<Mid>,
}

impl Wrappers {
    pub(super) fn of(sections: &[OfferSection]) -> Self {
        let mids = |has: fn(&OfferSection) -> bool| {
            sections.iter().filter(|section| has(section)).map(|section| section.mid).collect()
        };
        Self {
            red: mids(|section| section.codecs.iter().any(|name| name == "red")),
            rtx: mids(|section| section.has_rtx),
        }
    }
}

/// What a peer can take in a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) codec: Codec,
    pub(super) payload_type: Pt,
    /// Of its repetitions (RFC 4588).
    pub(super) rtx: Option<Pt>,
}

/// Codec ↔ payload type; per section what the peer can take there.
#[derive(Debug, Default)]
pub(super) struct CodecTable {
    by_payload_type: HashMap<u8, Codec>,
    by_section: HashMap<Mid, Vec<Format>>,
}

impl CodecTable {
    /// Read after each negotiation: numbers follow the peer's first offer.
    /// The engine has one answer for all sections as to RED and RTX; `wrappers` says which descriptions have them.
    pub(super) fn of(rtc: &Rtc, sections: &[Mid], wrappers: &Wrappers) -> Self {
        let mut table = Self::default();
        let red = rtc.codec_config().params().iter().find_map(PayloadParams::red);
        for params in rtc.codec_config().params() {
            if let Some(codec) = own_codec(params.spec()) {
                table.by_payload_type.insert(*params.pt(), codec);
            }
            if let Some(payload_type) = params.red() {
                table.by_payload_type.insert(*payload_type, Codec::Red);
            }
        }
        for mid in sections {
            if let Some(media) = rtc.media(engine_mid(*mid)) {
                let resend = |pt: Pt| rtc.codec_config().params().iter().find(|params| params.pt() == pt)?.resend();
                let mut accepted: Vec<Format> = media
                    .remote_pts()
                    .iter()
                    .filter_map(|pt| {
                        let rtx = resend(*pt).filter(|_| wrappers.rtx.contains(mid));
                        Some(Format { codec: table.codec(*pt)?, payload_type: *pt, rtx })
                    })
                    .collect();
                if wrappers.red.contains(mid) {
                    accepted.extend(red.map(|payload_type| Format { codec: Codec::Red, payload_type, rtx: None }));
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

    /// What the peer can take in a section.
    pub(super) fn formats(&self, mid: Mid) -> &[Format] {
        self.by_section.get(&mid).map(Vec::as_slice).unwrap_or_default()
    }

    /// Payload type to send a codec with in a section.
    pub(super) fn payload_type(&self, mid: Mid, codec: Codec) -> Option<Pt> {
        self.formats(mid).iter().find(|format| format.codec == codec).map(|format| format.payload_type)
    }
}

fn own_codec(spec: CodecSpec) -> Option<Codec> {
    let is_high = |id: u32| id >> 16 == 0x64;
    match spec.codec {
        str0m::format::Codec::Opus => Some(Codec::Opus),
        str0m::format::Codec::Vp8 => Some(Codec::Vp8),
        str0m::format::Codec::H264 if spec.format.profile_level_id.is_some_and(is_high) => Some(Codec::H264High),
        str0m::format::Codec::H264 => Some(Codec::H264),
        str0m::format::Codec::Vp9 => Some(Codec::Vp9),
        str0m::format::Codec::Av1 => Some(Codec::Av1),
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
