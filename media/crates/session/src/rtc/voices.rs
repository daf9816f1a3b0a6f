//! Sound to the peer, past the engine: numbered, sealed and counted here, at a cost that does not grow with the sections.
//!
//! The engine walks through all that it has for every packet; sound is small and comes often, so that this walk would be
//! most of the work. It has no pacing, no repetition and no share in the estimate, so nothing is lost by going around.
//!
//! What stays with the engine: reports. It reads those of the receiver, and it numbers, times and sends ours; only what they
//! say of sound is put right on their way out. To know a stream at all it has to have sent a packet of it, so the first goes
//! by it. Each sequence number is sealed once, by one of the two, so that no nonce is used twice.

mod header;
mod reports;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::{Duration, Instant};

use palaver_forward::Codec;
use str0m::Rtc;
use str0m::stats::MediaEgressStats;

use self::header::Form;
use self::reports::{Clock, Reports};
use super::codecs::{CodecTable, engine_mid};
use crate::api::{OutgoingRtp, Path, StreamStats};
use crate::ids::Mid;
use crate::srtp::{Context, Contexts, Material};

/// While the engine has no figures of a stream, one of so many packets goes by it: it may have lost the first.
const INTRODUCTIONS: u64 = 256;
/// Reports of sound come every 5 s, now and then later.
const LOSS_HOLDS_FOR: Duration = Duration::from_secs(15);

/// One stream of ours.
#[derive(Debug)]
struct Voice {
    terms: Terms,
    /// The receiver has reported the stream, so it knows the section.
    is_bound: bool,
    /// The engine has figures of it.
    is_known: bool,
    packets: u64,
    octets: u64,
    /// Packets when the last figures were made.
    told: u64,
    /// What the stream's clock showed, and when.
    clock: Option<(u32, Instant)>,
}

impl Voice {
    fn new(terms: Terms) -> Self {
        Self { terms, is_bound: false, is_known: false, packets: 0, octets: 0, told: 0, clock: None }
    }

    fn count(&mut self, packet: &OutgoingRtp<'_>) {
        self.packets += 1;
        self.octets += packet.payload.len() as u64;
        self.clock = Some((packet.timestamp, packet.captured_at));
    }
}

/// How a section sends sound, as negotiated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) ssrc: u32,
    pub(super) opus: Option<u8>,
    pub(super) red: Option<u8>,
    pub(super) form: Form,
}

/// `None` for a section that sends nothing.
pub(super) fn terms(rtc: &mut Rtc, codecs: &CodecTable, mid: Mid) -> Option<Terms> {
    let name = engine_mid(mid);
    let form = Form::of(rtc.media(name)?.remote_extmap());
    let ssrc = *rtc.direct_api().stream_tx_by_mid(name, None)?.ssrc();
    let payload_type = |codec| codecs.payload_type(mid, codec).map(|payload_type| *payload_type);
    Some(Terms { ssrc, opus: payload_type(Codec::Opus), red: payload_type(Codec::Red), form })
}

/// All sound of one peer.
#[derive(Debug, Default)]
pub(super) struct Voices {
    /// `None` until the handshake is done, or for ever with a cipher of which only the engine knows.
    rtp: Option<Context>,
    reports: Reports,
    streams: HashMap<Mid, Voice>,
    /// Where the engine sends to.
    way: Option<Path>,
    /// Datagrams sealed here.
    bytes: u64,
    /// Of them when the last figures were made.
    told_bytes: u64,
    bps: u64,
    /// Share and weight of the losses that were reported since then.
    losses: (f32, u64),
    loss: Option<(f32, Instant)>,
}

impl Voices {
    /// The handshake is done.
    pub(super) fn unlock(&mut self, material: &Material) {
        if let Some(Contexts { rtp_out, rtcp_out, .. }) = Contexts::derive(material) {
            self.rtp = Some(rtp_out);
            self.reports.unlock(rtcp_out);
        }
    }

    /// The peer goes: what is still said is the engine's.
    pub(super) fn lock(&mut self) {
        self.rtp = None;
    }

    /// After a negotiation: the sections that there are, as they send now.
    pub(super) fn negotiate(&mut self, mut terms: impl FnMut(Mid) -> Option<Terms>) {
        self.streams.retain(|mid, voice| {
            let Some(terms) = terms(*mid).filter(|terms| terms.ssrc == voice.terms.ssrc) else { return false };
            voice.terms = terms;
            true
        });
    }

    /// Seal a packet at the end of `out`, and say where it goes. `None` if it is the engine's to send: a picture, or the
    /// first of a stream.
    pub(super) fn seal(&mut self, mid: Mid, packet: &OutgoingRtp<'_>, out: &mut Vec<u8>) -> Option<Path> {
        let (rtp, way) = (self.rtp.as_mut()?, self.way?);
        let voice = self.streams.get_mut(&mid)?;
        if !voice.is_known && voice.packets.is_multiple_of(INTRODUCTIONS) {
            return None;
        }
        let Terms { ssrc, opus, red, form } = voice.terms;
        let payload_type = if packet.codec == Codec::Red { red } else { opus }?;
        let start = out.len();
        form.write((payload_type, ssrc), (!voice.is_bound).then_some(mid), packet, out);
        if !rtp.seal_rtp(out, start, (ssrc, packet.seq), packet.payload) {
            return None;
        }
        voice.count(packet);
        self.bytes += (out.len() - start) as u64;
        Some(way)
    }

    /// The engine sends this packet of sound.
    pub(super) fn introduce(&mut self, mid: Mid, packet: &OutgoingRtp<'_>, terms: impl FnOnce() -> Option<Terms>) {
        let voice = match self.streams.entry(mid) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let Some(terms) = terms() else { return };
                place.insert(Voice::new(terms))
            }
        };
        voice.count(packet);
    }

    /// A datagram of the engine, on its way out.
    pub(super) fn on_transmit(&mut self, path: Path, datagram: &mut Vec<u8>, now: Instant) {
        // Checks are answered where they came from (RFC 7983 tells them apart).
        if datagram.first().is_some_and(|first| *first > 3) {
            self.way = Some(path);
        }
        if self.streams.is_empty() {
            return;
        }
        let streams = &self.streams;
        self.reports.correct(datagram, |ssrc| {
            let voice = streams.values().find(|voice| voice.terms.ssrc == ssrc)?;
            let (timestamp, at) = voice.clock?;
            Some(Clock { timestamp: advanced(timestamp, at, now), packets: voice.packets, octets: voice.octets })
        });
    }

    /// What the engine counted of a stream, with what it did not see.
    pub(super) fn on_figures(&mut self, stats: &MediaEgressStats, told: &mut StreamStats) {
        let Some(voice) = self.streams.get_mut(&told.mid) else { return };
        voice.is_known = true;
        voice.is_bound |= stats.remote.is_some();
        (told.packets, told.bytes) = (voice.packets, voice.octets);
        let weight = voice.packets.saturating_sub(voice.told);
        if let Some(loss) = stats.loss {
            self.losses.0 += loss * weight as f32;
            self.losses.1 += weight;
        }
        voice.told = voice.packets;
    }

    /// A second is over: bytes sealed so far, and the share that did not arrive, as far as it is known.
    pub(super) fn on_second(&mut self, now: Instant) -> (u64, Option<f32>) {
        let (sum, weight) = std::mem::take(&mut self.losses);
        if weight > 0 {
            self.loss = Some((sum / weight as f32, now));
        }
        self.bps = self.bytes.saturating_sub(self.told_bytes).saturating_mul(8);
        self.told_bytes = self.bytes;
        let held = self.loss.filter(|(_, at)| now.saturating_duration_since(*at) < LOSS_HOLDS_FOR);
        (self.bytes, held.map(|(loss, _)| loss))
    }

    /// What sound takes of the line, in bits per second: the engine's estimate does not see it.
    pub(super) fn bps(&self) -> u64 {
        self.bps
    }
}

/// The stream's clock of 48 kHz (RFC 7587 4.1), a while later.
fn advanced(timestamp: u32, at: Instant, now: Instant) -> u32 {
    let elapsed = now.saturating_duration_since(at).as_micros() as u64;
    timestamp.wrapping_add((elapsed * 48 / 1_000) as u32)
}
