//! RTP headers (RFC 3550 5.1, RFC 8285).

use std::time::{SystemTime, UNIX_EPOCH};

use str0m::rtp::{Extension, ExtensionMap};

use crate::api::{CarriedExtensions, PlayoutDelay};
use crate::ids::Mid;
use crate::rtc::extensions::dependencies;

/// Seconds from the NTP epoch (1900) to the Unix epoch (RFC 868).
const NTP_TO_UNIX_S: u64 = 2_208_988_800;
const ONE_BYTE: [u8; 2] = [0xbe, 0xde];
const TWO_BYTES: [u8; 2] = [0x10, 0];
/// The largest number, and the longest value, in the one-byte form.
const MAX_SHORT_ID: u8 = 14;
const MAX_SHORT_VALUE: usize = 16;
/// The largest value of a playout delay: 12 bits.
const MAX_DELAY: u16 = 0xfff;

/// Numbers of the header extensions in one section, as negotiated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Form {
    pub(in super::super) mid: Option<u8>,
    pub(in super::super) level: Option<u8>,
    pub(in super::super) captured: Option<u8>,
    pub(in super::super) orientation: Option<u8>,
    pub(in super::super) dependencies: Option<u8>,
    pub(in super::super) delay: Option<u8>,
    /// Transport-wide numbers: of pictures only, for what is estimated is what they can use.
    pub(in super::super) number: Option<u8>,
    /// Send times, for receivers that make the estimate themselves.
    pub(in super::super) sent: Option<u8>,
}

/// What the extensions of one packet say, as far as the section has them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'a> {
    /// The section's name, while the receiver may not know it yet.
    pub(super) mid: Option<Mid>,
    pub(super) carried: &'a CarriedExtensions,
    pub(super) delay: Option<PlayoutDelay>,
    pub(super) number: Option<u16>,
    /// Seconds in 6 bits and a fraction of 18 bits.
    pub(super) sent: Option<u32>,
}

/// The fixed part of a header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fixed {
    pub(super) payload_type: u8,
    pub(super) ssrc: u32,
    pub(super) seq: u16,
    pub(super) timestamp: u32,
    pub(super) marker: bool,
    /// The payload ends in padding.
    pub(super) is_padded: bool,
}

impl Form {
    pub(in super::super) fn of(map: &ExtensionMap, is_video: bool) -> Self {
        let of_video = |extension| map.id_of(extension).filter(|_| is_video);
        let number = of_video(Extension::TransportSequenceNumber);
        Self {
            mid: map.id_of(Extension::RtpMid),
            level: map.id_of(Extension::AudioLevel),
            captured: map.id_of(Extension::AbsoluteCaptureTime),
            orientation: of_video(Extension::VideoOrientation),
            dependencies: of_video(dependencies()),
            delay: of_video(Extension::PlayoutDelay),
            number,
            sent: of_video(Extension::AbsoluteSendTime).filter(|_| number.is_none()),
        }
    }

    /// Append the header of a packet.
    pub(super) fn write(self, fixed: &Fixed, said: &Said<'_>, out: &mut Vec<u8>) {
        let carried = said.carried;
        let mid = self.mid.zip(said.mid);
        let level = self
            .level
            .zip(carried.minus_dbov)
            .map(|(id, minus_dbov)| (id, u8::from(carried.has_voice.unwrap_or_default()) << 7 | minus_dbov.min(127)));
        let captured = self.captured.zip(carried.captured);
        let orientation = self.orientation.zip(carried.quarter_turns);
        let needed = self.dependencies.zip(carried.dependencies.as_deref());
        let delay = self.delay.zip(said.delay);
        let number = self.number.zip(said.number);
        let sent = self.sent.zip(said.sent);
        let ids = [
            mid.map(|(id, _)| id),
            level.map(|(id, _)| id),
            captured.map(|(id, _)| id),
            orientation.map(|(id, _)| id),
            needed.map(|(id, _)| id),
            delay.map(|(id, _)| id),
            number.map(|(id, _)| id),
            sent.map(|(id, _)| id),
        ];
        let largest = ids.into_iter().flatten().max();
        let flags = 0x80 | u8::from(fixed.is_padded) << 5 | u8::from(largest.is_some()) << 4;
        let [seq_high, seq_low] = fixed.seq.to_be_bytes();
        let [t0, t1, t2, t3] = fixed.timestamp.to_be_bytes();
        let [s0, s1, s2, s3] = fixed.ssrc.to_be_bytes();
        let kind = fixed.payload_type | u8::from(fixed.marker) << 7;
        out.extend_from_slice(&[flags, kind, seq_high, seq_low, t0, t1, t2, t3, s0, s1, s2, s3]);
        let Some(largest) = largest else { return };
        let is_short = largest <= MAX_SHORT_ID && needed.is_none_or(|(_, value)| value.len() <= MAX_SHORT_VALUE);
        out.extend_from_slice(if is_short { &ONE_BYTE } else { &TWO_BYTES });
        out.extend_from_slice(&[0, 0]);
        let start = out.len();
        if let Some((id, mid)) = mid {
            element(is_short, id, mid.as_str().as_bytes(), out);
        }
        if let Some((id, level)) = level {
            element(is_short, id, &[level], out);
        }
        if let Some((id, number)) = number {
            element(is_short, id, &number.to_be_bytes(), out);
        }
        if let Some((id, sent)) = sent {
            let [_, value @ ..] = sent.to_be_bytes();
            element(is_short, id, &value, out);
        }
        if let Some((id, turns)) = orientation {
            element(is_short, id, &[turns & 3], out);
        }
        if let Some((id, value)) = needed {
            element(is_short, id, value, out);
        }
        if let Some((id, PlayoutDelay { min, max })) = delay {
            let value = u32::from(min.min(MAX_DELAY)) << 12 | u32::from(max.min(MAX_DELAY));
            let [_, value @ ..] = value.to_be_bytes();
            element(is_short, id, &value, out);
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
        out.push(id << 4 | length.wrapping_sub(1));
    } else {
        out.extend_from_slice(&[id, length]);
    }
    out.extend_from_slice(value);
}

/// Seconds since 1900 in 32 bits, and a fraction of 32 bits.
fn ntp(time: SystemTime) -> u64 {
    let since_unix = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let fraction = (u64::from(since_unix.subsec_nanos()) << 32) / 1_000_000_000;
    since_unix.as_secs().wrapping_add(NTP_TO_UNIX_S) << 32 | fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXED: Fixed = Fixed {
        payload_type: 111,
        ssrc: 0x0809_0a0b,
        seq: 0x0203,
        timestamp: 0x0405_0607,
        marker: true,
        is_padded: false,
    };

    const NOTHING: CarriedExtensions = CarriedExtensions {
        minus_dbov: None,
        has_voice: None,
        quarter_turns: None,
        captured: None,
        dependencies: None,
    };
    const SILENT: Said<'_> = Said { mid: None, carried: &NOTHING, delay: None, number: None, sent: None };

    fn written(form: Form, fixed: &Fixed, said: &Said<'_>) -> Vec<u8> {
        let mut out = vec![9];
        form.write(fixed, said, &mut out);
        assert_eq!(out.remove(0), 9, "what was there stays");
        out
    }

    #[test]
    fn sound_says_its_level_and_when_it_was_captured() {
        let form = Form { mid: Some(15), level: Some(1), captured: Some(5), ..Form::default() };
        let mut carried = CarriedExtensions {
            minus_dbov: Some(7),
            has_voice: Some(true),
            captured: Some((UNIX_EPOCH, Some(-1))),
            ..CarriedExtensions::default()
        };
        let fixed = [0x90, 0xef, 2, 3, 4, 5, 6, 7, 8, 9, 0xa, 0xb];
        let captured = [0x83, 0xaa, 0x7e, 0x80, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255];
        let short = [&fixed[..], &[0xbe, 0xde, 0, 5, 0x10, 0x87, 0x5f], &captured, &[0]].concat();
        assert_eq!(written(form, &FIXED, &Said { carried: &carried, ..SILENT }), short);
        // The number 15 is for the two-byte form only.
        carried.captured = None;
        let said = Said { carried: &carried, mid: Mid::new("abc"), ..SILENT };
        assert_eq!(written(form, &FIXED, &said), [&fixed[..], &[0x10, 0, 0, 2, 15, 3], b"abc", &[1, 1, 0x87]].concat());
        // Nothing to say.
        let bare = written(form, &FIXED, &SILENT);
        assert_eq!((bare.len(), bare[0]), (12, 0x80));
    }

    #[test]
    fn pictures_say_their_number_how_they_are_turned_and_how_long_they_wait() {
        let form = Form { orientation: Some(2), delay: Some(3), number: Some(4), sent: Some(6), ..Form::default() };
        let carried = CarriedExtensions { quarter_turns: Some(3), ..CarriedExtensions::default() };
        let said = Said {
            carried: &carried,
            delay: Some(PlayoutDelay { min: 0x12, max: 0x1345 }),
            number: Some(0xfffe),
            sent: Some(0xab_cdef),
            ..SILENT
        };
        let header = written(form, &Fixed { is_padded: true, marker: false, ..FIXED }, &said);
        assert_eq!(header[..2], [0xb0, 111]);
        let elements = [0x41, 0xff, 0xfe, 0x62, 0xab, 0xcd, 0xef, 0x20, 3, 0x32, 1, 0x2f, 0xff];
        assert_eq!(header[12..], [&[0xbe, 0xde, 0, 4], &elements[..], &[0, 0, 0]].concat());
    }

    #[test]
    fn what_a_frame_needs_travels_as_it_came() {
        let form = Form { dependencies: Some(7), number: Some(4), ..Form::default() };
        for (length, profile) in [(1, ONE_BYTE), (16, ONE_BYTE), (17, TWO_BYTES), (255, TWO_BYTES)] {
            let bytes: Vec<u8> = (0..length).map(|at| at as u8 ^ 0x5a).collect();
            let carried =
                CarriedExtensions { dependencies: Some(bytes.clone().into()), ..CarriedExtensions::default() };
            let header = written(form, &FIXED, &Said { carried: &carried, number: Some(1), ..SILENT });
            assert_eq!(header[12..14], profile);
            assert!(header.windows(length).any(|window| window == bytes));
        }
    }
}
