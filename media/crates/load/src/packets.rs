//! What a publisher sends: RTP with the extensions of a browser, and payloads that look like VP8 and Opus from outside.

use palaver_session::srtp::Context;

use crate::pictures::{LAYERS, ONLY_SIZE, Pictures};
use crate::shape::Content;
use crate::stamp::{STAMP_AT, STAMP_BYTES, Stamp};
use crate::turns::{Sound, sound};

/// Extension numbers, as our offers say them.
const EXT_LEVEL: u8 = 1;
const EXT_TRANSPORT_NUMBER: u8 = 3;
const EXT_MID: u8 = 4;
const EXT_RID: u8 = 10;
/// Payload types, likewise.
const OPUS: u8 = 111;
const VP8: u8 = 96;
/// Where nobody's request for a key frame is read, one comes each second.
const KEY_FRAME_INTERVAL_US: u64 = 1_000_000;
/// Voice at -30 dBov, for those who only make a load.
const STEADY: u8 = 30;

/// What a participant publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Audio,
    Video,
    /// A camera in the three sizes of [`LAYERS`].
    Layers,
}

/// A burst that is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    pub(crate) content: Content,
    pub(crate) interval_us: u64,
    pub(crate) now_us: u64,
    /// The publisher's place among all.
    pub(crate) place: usize,
}

/// One stream: there are several of a camera in simulcast.
pub(crate) struct Lane {
    pub(crate) ssrc: u32,
    rid: &'static str,
    extended: u32,
    pub(crate) timestamp: u32,
    pub(crate) packets: u32,
    pictures: Pictures,
    is_key_wanted: bool,
}

/// What one participant publishes.
pub(crate) struct Source {
    kind: Kind,
    publisher: u16,
    mid: Vec<u8>,
    pub(crate) lanes: Vec<Lane>,
    transport_number: u16,
    since_key_us: u64,
    plain: Vec<u8>,
}

impl Source {
    /// `ssrcs` are one, or as many as there are layers.
    pub(crate) fn new(kind: Kind, publisher: u16, ssrcs: &[u32], mid: &str) -> Self {
        let has_layers = kind == Kind::Layers;
        let lanes = ssrcs.iter().zip(&LAYERS).zip(0..);
        let lanes = lanes.map(|((ssrc, layer), place)| Lane {
            ssrc: *ssrc,
            rid: if has_layers { layer.rid } else { "" },
            extended: 1_000 * (place + 1),
            timestamp: 90_000 * (place + 1),
            packets: 0,
            pictures: Pictures::new(
                has_layers,
                if has_layers { layer.size } else { ONLY_SIZE },
                1 + 300 * place as u16,
            ),
            is_key_wanted: true,
        });
        Self {
            kind,
            publisher,
            mid: mid.as_bytes().to_vec(),
            lanes: lanes.collect(),
            transport_number: 0,
            since_key_us: KEY_FRAME_INTERVAL_US,
            plain: Vec::new(),
        }
    }

    /// The server asked for a key frame of this stream.
    pub(crate) fn want_key_frame(&mut self, ssrc: u32) {
        self.lanes.iter_mut().filter(|lane| lane.ssrc == ssrc).for_each(|lane| lane.is_key_wanted = true);
    }

    /// Append the packets of one picture, or one of sound, each sealed; `each` is told where one ends and what it is.
    pub(crate) fn burst(
        &mut self,
        context: &mut Context,
        due: Due,
        out: &mut Vec<u8>,
        mut each: impl FnMut(usize, Stamp),
    ) {
        let rate_khz = if self.kind == Kind::Audio { 48 } else { 90 };
        for lane in &mut self.lanes {
            lane.timestamp = lane.timestamp.wrapping_add((due.interval_us * rate_khz / 1_000) as u32);
        }
        self.since_key_us += due.interval_us;
        let is_time_for_key = self.since_key_us >= KEY_FRAME_INTERVAL_US;
        if is_time_for_key {
            self.since_key_us = 0;
        }
        let mut stamp = Stamp { sent_us: due.now_us, publisher: self.publisher, class: 0, is_last: false };
        match due.content {
            Content::Turns => {
                let Some(Sound { minus_dbov, worth }) = sound(due.place, due.now_us / 1_000) else { return };
                stamp.class = worth as u8;
                self.packet(context, 0, (true, true), minus_dbov, crate::turns::BYTES, stamp, out);
                each(out.len(), stamp);
            }
            Content::Bursts(count, bytes) => {
                self.next_picture(0, is_time_for_key);
                for part in 0..count {
                    stamp.is_last = part + 1 == count;
                    self.packet(context, 0, (part == 0, stamp.is_last), STEADY, bytes, stamp, out);
                    each(out.len(), stamp);
                }
            }
            Content::Layers => {
                for (place, layer) in LAYERS.iter().enumerate().take(self.lanes.len()) {
                    let is_key = self.lanes.get(place).is_some_and(|lane| lane.is_key_wanted);
                    self.next_picture(place, is_key);
                    stamp.class = place as u8;
                    for part in 0..layer.packets(is_key) {
                        stamp.is_last = part + 1 == layer.packets(is_key);
                        self.packet(context, place, (part == 0, stamp.is_last), STEADY, layer.bytes, stamp, out);
                        each(out.len(), stamp);
                    }
                }
            }
        }
    }

    fn next_picture(&mut self, lane: usize, is_key: bool) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.pictures.next(is_key);
            lane.is_key_wanted = false;
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a packet")]
    fn packet(
        &mut self,
        context: &mut Context,
        lane: usize,
        (is_first, is_last): (bool, bool),
        minus_dbov: u8,
        bytes: usize,
        stamp: Stamp,
        out: &mut Vec<u8>,
    ) {
        let Some(lane) = self.lanes.get_mut(lane) else { return };
        let is_audio = self.kind == Kind::Audio;
        let start = out.len();
        let (payload_type, marker) = if is_audio { (OPUS, 0) } else { (VP8, u8::from(is_last) << 7) };
        out.extend([0x90, payload_type | marker]);
        out.extend((lane.extended as u16).to_be_bytes());
        out.extend(lane.timestamp.to_be_bytes());
        out.extend(lane.ssrc.to_be_bytes());
        out.extend([0xbe, 0xde, 0, 0]);
        let extensions = out.len();
        out.push(EXT_TRANSPORT_NUMBER << 4 | 1);
        out.extend(self.transport_number.to_be_bytes());
        out.push(EXT_MID << 4 | (self.mid.len() as u8 - 1));
        out.extend(&self.mid);
        if !lane.rid.is_empty() {
            out.push(EXT_RID << 4 | (lane.rid.len() as u8 - 1));
            out.extend(lane.rid.as_bytes());
        }
        if is_audio {
            // Voice activity in the highest bit (RFC 6464), as libwebrtc says it.
            out.extend([EXT_LEVEL << 4, minus_dbov & 0x7f | u8::from(minus_dbov < 60) << 7]);
        }
        out.resize(extensions + (out.len() - extensions).next_multiple_of(4), 0);
        let words = (out.len() - extensions) / 4;
        if let Some(length) = out.get_mut(extensions - 1) {
            *length = words as u8;
        }
        self.plain.clear();
        if is_audio {
            self.plain.push(0x78);
        } else {
            lane.pictures.describe(is_first, &mut self.plain);
        }
        self.plain.resize(STAMP_AT, 0x55);
        stamp.write(&mut self.plain);
        self.plain.resize(bytes.max(STAMP_AT + STAMP_BYTES), 0x55);
        context.seal_rtp(out, start, (lane.ssrc, lane.extended.into()), &[&self.plain]);
        lane.extended = lane.extended.wrapping_add(1);
        lane.packets = lane.packets.wrapping_add(1);
        self.transport_number = self.transport_number.wrapping_add(1);
    }
}

/// The parts of a received header that count here.
pub(crate) struct Header {
    pub(crate) bytes: usize,
    pub(crate) seq: u16,
    pub(crate) ssrc: u32,
    /// Opus has a number of its own that all servers keep.
    pub(crate) is_video: bool,
    pub(crate) transport_number: Option<u16>,
}

impl Header {
    pub(crate) fn parse(packet: &[u8]) -> Option<Self> {
        let (fixed, rest) = packet.split_first_chunk::<12>()?;
        let [first, second, seq_high, seq_low, _, _, _, _, ssrc @ ..] = *fixed;
        let sources = usize::from(first & 0x0f) * 4;
        let mut bytes = 12 + sources;
        let mut transport_number = None;
        if first & 0x10 != 0 {
            let (profile, rest) = rest.get(sources..)?.split_first_chunk::<4>()?;
            let [kind @ .., high, low] = *profile;
            let length = usize::from(u16::from_be_bytes([high, low])) * 4;
            if kind == [0xbe, 0xde] {
                transport_number = find_transport_number(rest.get(..length)?);
            }
            bytes += 4 + length;
        }
        Some(Self {
            bytes,
            seq: u16::from_be_bytes([seq_high, seq_low]),
            ssrc: u32::from_be_bytes(ssrc),
            is_video: second & 0x7f != OPUS,
            transport_number,
        })
    }
}

fn find_transport_number(mut extensions: &[u8]) -> Option<u16> {
    while let Some((head, rest)) = extensions.split_first() {
        if *head == 0 {
            extensions = rest;
            continue;
        }
        let (value, others) = rest.split_at_checked(usize::from(head & 0x0f) + 1)?;
        if head >> 4 == EXT_TRANSPORT_NUMBER {
            return Some(u16::from_be_bytes(value.try_into().ok()?));
        }
        extensions = others;
    }
    None
}

#[cfg(test)]
mod tests {
    use palaver_session::srtp::{Contexts, Material};
    use str0m::crypto::dtls::SrtpProfile;

    use super::*;
    use crate::turns::Worth;

    fn due(content: Content, now_us: u64) -> Due {
        Due { content, interval_us: 40_000, now_us, place: 0 }
    }

    fn context() -> Context {
        let material = Material::new((0..56).collect(), SrtpProfile::AEAD_AES_128_GCM, true);
        Contexts::derive(&material).expect("a known profile").rtp_out
    }

    /// The stamps of one burst, and the streams that its packets are of.
    fn sent(source: &mut Source, due: Due) -> Vec<(u32, Stamp)> {
        let (mut out, mut sent, mut start) = (Vec::new(), Vec::new(), 0);
        let mut ends = Vec::new();
        source.burst(&mut context(), due, &mut out, |end, stamp| ends.push((end, stamp)));
        for (end, stamp) in ends {
            let header = Header::parse(out.get(start..end).expect("inside")).expect("a header");
            sent.push((header.ssrc, stamp));
            start = end;
        }
        sent
    }

    #[test]
    fn what_one_end_sends_the_other_opens_and_reads_the_time_of() {
        for (profile, bytes) in [
            (SrtpProfile::AEAD_AES_128_GCM, 56),
            (SrtpProfile::AEAD_AES_256_GCM, 88),
            (SrtpProfile::AES128_CM_SHA1_80, 60),
        ] {
            let material = |is_client| Material::new((0..bytes).collect(), profile, is_client);
            let mut alice = Contexts::derive(&material(true)).expect("a known profile");
            let mut bob = Contexts::derive(&material(false)).expect("a known profile");
            let mut source = Source::new(Kind::Video, 5, &[7], "0");
            let (mut out, mut ends) = (Vec::new(), Vec::new());
            let due = due(Content::Bursts(3, 1_100), 123_456);
            source.burst(&mut alice.rtp_out, due, &mut out, |end, _| ends.push(end));
            assert_eq!((ends.len(), source.lanes.first().map(|lane| lane.packets)), (3, Some(3)));
            let mut start = 0;
            for (place, end) in ends.into_iter().enumerate() {
                let packet = out.get(start..end).expect("inside");
                start = end;
                let header = Header::parse(packet).expect("a header");
                assert_eq!((header.ssrc, header.transport_number), (7, Some(place as u16)));
                let (head, sealed) = packet.split_at(header.bytes);
                let mut scratch = [0; 2_000];
                let number = (header.ssrc, u64::from(header.seq));
                let plain = bob.rtp_in.open_rtp(number, head, sealed, &mut scratch).expect("the same keys");
                let stamp = Stamp { sent_us: 123_456, publisher: 5, class: 0, is_last: place == 2 };
                assert_eq!((plain.len(), Stamp::read(plain)), (1_100, Some(stamp)));
            }
        }
    }

    #[test]
    fn a_camera_sends_all_its_sizes_and_a_key_frame_of_the_one_that_is_asked_for() {
        let mut source = Source::new(Kind::Layers, 5, &[7, 8, 9], "0");
        let counts = |source: &mut Source| {
            let sent = sent(source, due(Content::Layers, 1));
            assert_eq!(sent.iter().filter(|(_, stamp)| stamp.is_last).count(), 3);
            assert!(sent.iter().all(|(ssrc, stamp)| *ssrc == 7 + u32::from(stamp.class)));
            [7, 8, 9].map(|ssrc| sent.iter().filter(|(of, _)| *of == ssrc).count())
        };
        assert_eq!(counts(&mut source), [3, 9, 24], "all begin with a key frame");
        assert_eq!(counts(&mut source), [1, 3, 8]);
        source.want_key_frame(8);
        assert_eq!(counts(&mut source), [1, 9, 8]);
        assert_eq!(counts(&mut source), [1, 3, 8]);
    }

    #[test]
    fn a_voice_has_the_loudness_of_its_turn_and_silence_leaves_gaps() {
        let mut source = Source::new(Kind::Audio, 5, &[7], "0");
        let first = sent(&mut source, due(Content::Turns, 0));
        assert!(matches!(first.as_slice(), [(7, stamp)] if stamp.class == Worth::Opening as u8));
        assert_eq!(sent(&mut source, Due { place: 59, ..due(Content::Turns, 0) }), []);
        assert_eq!(source.lanes.first().map(|lane| (lane.packets, lane.extended)), Some((1, 1_001)));
    }
}
