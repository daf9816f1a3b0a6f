//! RTP headers of sound (RFC 3550 5.1, RFC 8285).

use std::time::{SystemTime, UNIX_EPOCH};

use str0m::rtp::{Extension, ExtensionMap};

use crate::api::OutgoingRtp;
use crate::ids::Mid;

/// Seconds from the NTP epoch (1900) to the Unix epoch (RFC 868).
const NTP_TO_UNIX_S: u64 = 2_208_988_800;
const ONE_BYTE: [u8; 2] = [0xbe, 0xde];
const TWO_BYTES: [u8; 2] = [0x10, 0];
/// The largest number in the one-byte form.
const MAX_SHORT_ID: u8 = 14;

/// Numbers of the header extensions in one section, as negotiated. Those of every packet's own way (send times,
/// transport-wide numbers) are for streams that bandwidth is estimated of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Form {
    pub(in super::super) mid: Option<u8>,
    pub(in super::super) level: Option<u8>,
    pub(in super::super) captured: Option<u8>,
}

impl Form {
    pub(in super::super) fn of(map: &ExtensionMap) -> Self {
        Self {
            mid: map.id_of(Extension::RtpMid),
            level: map.id_of(Extension::AudioLevel),
            captured: map.id_of(Extension::AbsoluteCaptureTime),
        }
    }

    /// Append the header of a packet, with the section's name where the receiver may not know it yet.
    pub(super) fn write(
        self,
        (payload_type, ssrc): (u8, u32),
        mid: Option<Mid>,
        packet: &OutgoingRtp<'_>,
        out: &mut Vec<u8>,
    ) {
        let carried = &packet.extensions;
        let mid = self.mid.zip(mid);
        let level = self
            .level
            .zip(carried.minus_dbov)
            .map(|(id, minus_dbov)| (id, u8::from(carried.has_voice.unwrap_or_default()) << 7 | minus_dbov.min(127)));
        let captured = self.captured.zip(carried.captured);
        let has_extensions = mid.is_some() || level.is_some() || captured.is_some();
        out.extend([0x80 | u8::from(has_extensions) << 4, payload_type | u8::from(packet.marker) << 7]);
        out.extend((packet.seq as u16).to_be_bytes());
        out.extend(packet.timestamp.to_be_bytes());
        out.extend(ssrc.to_be_bytes());
        if !has_extensions {
            return;
        }
        let ids = [mid.map(|(id, _)| id), level.map(|(id, _)| id), captured.map(|(id, _)| id)];
        let is_short = ids.into_iter().flatten().all(|id| id <= MAX_SHORT_ID);
        out.extend(if is_short { ONE_BYTE } else { TWO_BYTES });
        out.extend([0, 0]);
        let start = out.len();
        if let Some((id, mid)) = mid {
            element(is_short, id, mid.as_str().as_bytes(), out);
        }
        if let Some((id, level)) = level {
            element(is_short, id, &[level], out);
        }
        if let Some((id, (time, offset))) = captured {
            let mut value = [0; 16];
            let (first, last) = value.split_at_mut(8);
            first.copy_from_slice(&ntp(time).to_be_bytes());
            last.copy_from_slice(&offset.unwrap_or_default().to_be_bytes());
            element(is_short, id, if offset.is_some() { &value } else { first }, out);
        }
        let length = (out.len() - start).next_multiple_of(4);
        out.resize(start + length, 0);
        for (to, from) in out.iter_mut().skip(start - 2).zip(((length / 4) as u16).to_be_bytes()) {
            *to = from;
        }
    }
}

fn element(is_short: bool, id: u8, value: &[u8], out: &mut Vec<u8>) {
    let length = value.len() as u8;
    if is_short {
        out.push(id << 4 | (length - 1));
    } else {
        out.extend([id, length]);
    }
    out.extend_from_slice(value);
}

/// Seconds since 1900 in 32 bits, and a fraction of 32 bits.
fn ntp(time: SystemTime) -> u64 {
    let since_unix = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let fraction = (u64::from(since_unix.subsec_nanos()) << 32) / 1_000_000_000;
    since_unix.as_secs().wrapping_add(NTP_TO_UNIX_S) << 32 | fraction
}
