//! What is filmed and spoken: counters of a camera and a microphone, and payloads that say what they are.

use std::time::Instant;

use str0m::media::Mid;
use str0m::rtp::{ExtensionValues, RtpWrite};

use super::Client;

/// A camera's counters. Layers have their own clocks: only sender reports relate them.
pub(crate) struct Camera {
    pub(crate) mid: Mid,
    pub(crate) payload_type: u8,
    pub(crate) seqs: [u64; 3],
    pub(crate) timestamp: u32,
    pub(crate) picture_id: u16,
    pub tl0: u8,
    pub(crate) wants_key: [bool; 3],
}

impl Camera {
    pub(crate) fn new(mid: Mid) -> Self {
        Self {
            mid,
            payload_type: 96,
            seqs: [40_000, 50_000, 60_000],
            timestamp: 77_000,
            picture_id: 0x7ff0,
            tl0: 250,
            wants_key: [true; 3],
        }
    }
}

/// A microphone's counters.
pub(crate) struct Voice {
    pub(crate) mid: Mid,
    pub(crate) seq: u64,
    pub(crate) timestamp: u32,
}

impl Voice {
    pub(crate) fn new(mid: Mid) -> Self {
        Self { mid, seq: 5_000, timestamp: 9_000 }
    }

    /// The next packet, which goes when the client is drained.
    pub(crate) fn write(&mut self, client: &mut Client, now: Instant, minus_dbov: i8) {
        let mut direct = client.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(self.mid, None).expect("a stream");
        let extensions =
            ExtensionValues { audio_level: Some(-minus_dbov), voice_activity: Some(true), ..Default::default() };
        let payload = vec![0x78_u8, 1, 2, 3];
        let write = RtpWrite::new(111.into(), self.seq.into(), self.timestamp, now, payload);
        stream.write_rtp(write.ext_vals(extensions));
        client.advance(now);
        self.seq += 1;
        self.timestamp = self.timestamp.wrapping_add(960);
    }
}

/// A VP8 payload of one packet: descriptor with 15-bit picture id, TL0PICIDX and TID; the last byte names the layer.
pub(crate) fn vp8(is_key: bool, picture_id: u16, tl0: u8, layer: u8) -> Vec<u8> {
    let [high, low] = (0x8000 | picture_id).to_be_bytes();
    let mut payload = vec![0x90, 0xe0, high, low, tl0, 0];
    if is_key {
        payload.extend([0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00]);
    } else {
        payload.extend([0x11, 0, 0, 1, 2, 3]);
    }
    payload.push(layer);
    payload
}

/// `(is key frame, picture id, TL0PICIDX, layer)` of a payload of [`vp8`].
pub(crate) fn read_vp8(payload: &[u8]) -> (bool, u16, u8, u8) {
    let picture_id = u16::from_be_bytes([payload[2], payload[3]]) & 0x7fff;
    (payload[6] & 1 == 0, picture_id, payload[4], *payload.last().expect("a byte"))
}
