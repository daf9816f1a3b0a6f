//! One stream of ours: how it is sent, and what was.

use std::time::{Duration, Instant};

use palaver_forward::Codec;
use str0m::Rtc;

use super::header::Form;
use super::history::History;
use crate::api::OutgoingRtp;
use crate::ids::Mid;
use crate::rtc::codecs::{CodecTable, engine_mid};

/// Clocks of sound (RFC 7587 4.1) and of pictures (RFC 7741 4.1), in Hz.
const SOUND_HZ: u64 = 48_000;
const PICTURE_HZ: u64 = 90_000;

/// Payload types of a codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) codec: Codec,
    pub(super) payload_type: u8,
    /// Of its repetitions.
    pub(super) rtx: Option<u8>,
}

/// How a section sends, as negotiated.
#[derive(Debug, Clone)]
pub(in super::super) struct Terms {
    pub(super) ssrc: u32,
    /// The stream of its repetitions.
    pub(super) rtx: Option<u32>,
    pub(super) is_video: bool,
    pub(super) formats: Vec<Format>,
    pub(super) form: Form,
}

impl Terms {
    /// `None` for a section that sends nothing.
    pub(in super::super) fn of(rtc: &mut Rtc, codecs: &CodecTable, mid: Mid) -> Option<Self> {
        let media = rtc.media(engine_mid(mid))?;
        let is_video = media.kind().is_video();
        let form = Form::of(media.remote_extmap(), is_video);
        let formats: Vec<Format> = codecs
            .formats(mid)
            .iter()
            .map(|format| Format {
                codec: format.codec,
                payload_type: *format.payload_type,
                rtx: format.rtx.map(|rtx| *rtx),
            })
            .collect();
        let mut direct = rtc.direct_api();
        let stream = direct.stream_tx_by_mid(engine_mid(mid), None)?;
        let rtx = stream.rtx().filter(|_| formats.iter().any(|format| format.rtx.is_some())).map(|ssrc| *ssrc);
        Some(Self { ssrc: *stream.ssrc(), rtx, is_video, formats, form })
    }

    pub(super) fn format(&self, codec: Codec) -> Option<Format> {
        self.formats.iter().find(|format| format.codec == codec).copied()
    }
}

/// A stream.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) terms: Terms,
    /// The receiver has reported the stream, so it knows the section.
    pub(super) is_bound: bool,
    /// The engine has figures of it.
    pub(super) is_known: bool,
    /// Of payload.
    pub(super) packets: u64,
    pub(super) octets: u64,
    /// … that was sent again, beside.
    pub(super) repeated: (u64, u64),
    /// Packets that were asked for again.
    pub(super) nacks: u64,
    /// Packets when the last figures were made.
    pub(super) told: u64,
    /// What the stream's clock showed, and when.
    clock: Option<(u32, Instant)>,
    pub(super) history: History,
}

impl Stream {
    pub(super) fn new(terms: Terms) -> Self {
        Self {
            terms,
            is_bound: false,
            is_known: false,
            packets: 0,
            octets: 0,
            repeated: (0, 0),
            nacks: 0,
            told: 0,
            clock: None,
            history: History::default(),
        }
    }

    pub(super) fn count(&mut self, packet: &OutgoingRtp<'_>) {
        self.packets += 1;
        self.octets += packet.payload.len() as u64;
        if let Some(at) = packet.captured_at {
            self.clock = Some((packet.timestamp, at));
        }
    }

    /// What the stream's clock shows now.
    pub(super) fn timestamp(&self, now: Instant) -> Option<u32> {
        let (timestamp, at) = self.clock?;
        let rate = if self.terms.is_video { PICTURE_HZ } else { SOUND_HZ };
        let ticks = |span: Duration| ((span.as_micros() as u64).saturating_mul(rate) / 1_000_000) as u32;
        // What was captured may seem to be in the future: the publisher's clock is known but for the way of its reports.
        let (since, until) = (now.saturating_duration_since(at), at.saturating_duration_since(now));
        Some(timestamp.wrapping_add(ticks(since)).wrapping_sub(ticks(until)))
    }
}
