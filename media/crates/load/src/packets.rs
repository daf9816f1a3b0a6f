//! What a publisher sends: RTP with the extensions of a browser, and payloads that look like VP8 and Opus from outside.

use palaver_session::srtp::Context;

/// Extension numbers, as our offers say them.
const EXT_LEVEL: u8 = 1;
const EXT_TRANSPORT_NUMBER: u8 = 3;
const EXT_MID: u8 = 4;
/// Where a payload says when it was sent, behind what servers look at.
const STAMP_AT: usize = 16;
/// Known from other packets (padding, repetitions) by this.
const STAMP_MARK: [u8; 4] = *b"load";
const STAMP_BYTES: usize = 12;
/// A key frame each second, as nobody's request for one is read.
const KEY_FRAME_INTERVAL_US: u64 = 1_000_000;

/// What a participant publishes.
pub(crate) struct Source {
    pub(crate) is_audio: bool,
    pub(crate) ssrc: u32,
    mid: Vec<u8>,
    extended: u32,
    timestamp: u32,
    picture: u16,
    transport_number: u16,
    since_key_us: u64,
    plain: Vec<u8>,
    pub(crate) packets: u32,
}

impl Source {
    pub(crate) fn new(is_audio: bool, ssrc: u32, mid: &str) -> Self {
        Self {
            is_audio,
            ssrc,
            mid: mid.as_bytes().to_vec(),
            extended: 1_000,
            timestamp: 90_000,
            picture: 1,
            transport_number: 0,
            since_key_us: KEY_FRAME_INTERVAL_US,
            plain: Vec::new(),
            packets: 0,
        }
    }

    /// The stream's clock now.
    pub(crate) fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// Append the packets of one picture, or one of sound, each sealed; `each` is told where one ends.
    pub(crate) fn burst(
        &mut self,
        context: &mut Context,
        (interval_us, count, bytes): (u64, usize, usize),
        now_us: u64,
        out: &mut Vec<u8>,
        mut each: impl FnMut(usize),
    ) {
        let rate_khz = if self.is_audio { 48 } else { 90 };
        self.timestamp = self.timestamp.wrapping_add((interval_us * rate_khz / 1_000) as u32);
        self.since_key_us += interval_us;
        let is_key = self.since_key_us >= KEY_FRAME_INTERVAL_US;
        if is_key {
            self.since_key_us = 0;
        }
        self.picture = (self.picture + 1) & 0x7fff;
        for part in 0..count {
            let is_last = part + 1 == count;
            let header = self.header(is_last);
            self.fill(part == 0, is_key, bytes, now_us);
            let start = out.len();
            out.extend(header);
            context.seal_rtp(out, start, (self.ssrc, self.extended.into()), &[&self.plain]);
            each(out.len());
            self.extended = self.extended.wrapping_add(1);
            self.transport_number = self.transport_number.wrapping_add(1);
            self.packets = self.packets.wrapping_add(1);
        }
    }

    fn header(&self, is_last: bool) -> Vec<u8> {
        let (kind, marker) = if self.is_audio { (111, 0) } else { (96, u8::from(is_last) << 7) };
        let mut header = vec![0x90, kind | marker];
        header.extend((self.extended as u16).to_be_bytes());
        header.extend(self.timestamp.to_be_bytes());
        header.extend(self.ssrc.to_be_bytes());
        let mut extensions = vec![EXT_TRANSPORT_NUMBER << 4 | 1];
        extensions.extend(self.transport_number.to_be_bytes());
        extensions.push(EXT_MID << 4 | (self.mid.len() as u8 - 1));
        extensions.extend(&self.mid);
        if self.is_audio {
            // Voice at -30 dBov.
            extensions.extend([EXT_LEVEL << 4, 0x9e]);
        }
        extensions.resize(extensions.len().next_multiple_of(4), 0);
        header.extend([0xbe, 0xde]);
        header.extend(((extensions.len() / 4) as u16).to_be_bytes());
        header.extend(extensions);
        header
    }

    /// VP8 (RFC 7741) with a picture number of 15 bits, or something like Opus.
    fn fill(&mut self, is_first: bool, is_key: bool, bytes: usize, now_us: u64) {
        self.plain.clear();
        if self.is_audio {
            self.plain.push(0x78);
        } else {
            self.plain.extend([0x80 | u8::from(is_first) << 4, 0x80]);
            self.plain.extend((self.picture | 0x8000).to_be_bytes());
            if is_first {
                self.plain.extend([u8::from(!is_key), 0, 0, 0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02]);
            }
        }
        self.plain.resize(STAMP_AT, 0x55);
        self.plain.extend(STAMP_MARK);
        self.plain.extend(now_us.to_be_bytes());
        self.plain.resize(bytes.max(STAMP_AT + STAMP_BYTES), 0x55);
    }
}

/// When the content of a payload was sent.
pub(crate) fn stamp(payload: &[u8]) -> Option<u64> {
    let (mark, rest) = payload.get(STAMP_AT..)?.split_first_chunk()?;
    let (micros, _) = rest.split_first_chunk()?;
    (*mark == STAMP_MARK).then(|| u64::from_be_bytes(*micros))
}

/// The parts of a received header that count here.
pub(crate) struct Header {
    pub(crate) bytes: usize,
    pub(crate) seq: u16,
    pub(crate) ssrc: u32,
    pub(crate) transport_number: Option<u16>,
}

impl Header {
    pub(crate) fn parse(packet: &[u8]) -> Option<Self> {
        let (fixed, rest) = packet.split_first_chunk::<12>()?;
        let [first, _, seq_high, seq_low, _, _, _, _, ssrc @ ..] = *fixed;
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
            let mut source = Source::new(false, 7, "0");
            let (mut out, mut ends) = (Vec::new(), Vec::new());
            source.burst(&mut alice.rtp_out, (40_000, 3, 1_100), 123_456, &mut out, |end| ends.push(end));
            assert_eq!((ends.len(), source.packets), (3, 3));
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
                assert_eq!((plain.len(), stamp(plain)), (1_100, Some(123_456)));
            }
        }
    }

    #[test]
    fn only_what_was_stamped_has_a_time() {
        assert_eq!(stamp(&[0; 100]), None);
        assert_eq!(stamp(b"short"), None);
    }
}
