//! All RTP to the peer, past the engine: numbered, sealed, counted and repeated here, at a cost that does not grow with
//! the sections.
//!
//! The engine walks through all that it has for every packet, which would be most of the work of forwarding one. It keeps
//! what is not done per packet: the handshakes, what comes in, and reports. It reads those of the receiver, and it numbers,
//! times and sends ours; only what they say of our streams is put right on their way out. To know a stream at all it has to
//! have sent a packet of it, so it is given the first; but no RTP of the engine ever leaves, so that each number is sealed
//! once, and no nonce is used twice.

mod exercise;
mod feedback;
mod header;
mod history;
mod repairs;
mod reports;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use palaver_estimate::{Estimator, Purpose};
use str0m::stats::MediaEgressStats;

pub use self::exercise::exercise_reports;
pub(super) use self::feedback::Left;
use self::feedback::{Inbox, Opened};
use self::header::{Fixed, Said};
use self::history::Kept;
use self::repairs::Repairs;
use self::reports::{Clock, Reports};
use self::stream::Stream;
pub(super) use self::stream::Terms;
use crate::api::{OutgoingRtp, Path, PlayoutDelay, StreamStats};
use crate::ids::Mid;
use crate::srtp::{Context, Contexts, Material};

/// While the engine has no figures of a stream, one of so many packets goes by it: it may have lost the first.
const INTRODUCTIONS: u64 = 256;
/// Reports of sound come every 5 s, now and then later.
const LOSS_HOLDS_FOR: Duration = Duration::from_secs(15);
/// What a datagram has beside header and payload: UDP and IPv4, the tag of SRTP, and extensions of some length.
const OVERHEAD: usize = 28 + 16 + 12;
/// Datagrams that wait to be taken at most; more than a turn ever makes.
const MOST_QUEUED: usize = 1_024;

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    /// Where it goes.
    pub(super) path: Path,
    /// The engine does not know the stream yet.
    pub(super) is_introduction: bool,
}

/// All RTP to one peer.
#[derive(Debug)]
pub(super) struct Egress {
    /// `None` until the handshake is done, and after the goodbye.
    rtp: Option<Context>,
    reports: Reports,
    inbox: Inbox,
    streams: HashMap<Mid, Stream>,
    repairs: Repairs,
    estimator: Estimator,
    /// The peer can tell of each picture when it came.
    has_numbers: bool,
    /// It was said what is believed before it told anything.
    has_begun: bool,
    playout_delay: Option<PlayoutDelay>,
    /// Where the engine sends to.
    way: Option<Path>,
    /// What is sealed and not taken yet.
    queue: VecDeque<Vec<u8>>,
    /// The payload of a repetition.
    scratch: Vec<u8>,
    /// The zero of send times.
    epoch: Instant,
    /// Datagrams sealed here.
    bytes: u64,
    /// Of them, those with sound; and how many there were when the last figures were made.
    sound_bytes: u64,
    told_sound_bytes: u64,
    sound_bps: u64,
    /// Share and weight of the losses that were reported since then.
    losses: (f32, u64),
    loss: Option<(f32, Instant)>,
}

impl Egress {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            rtp: None,
            reports: Reports::default(),
            inbox: Inbox::default(),
            streams: HashMap::new(),
            repairs: Repairs::default(),
            estimator: Estimator::new(now),
            has_numbers: false,
            has_begun: false,
            playout_delay: None,
            way: None,
            queue: VecDeque::new(),
            scratch: Vec::new(),
            epoch: now,
            bytes: 0,
            sound_bytes: 0,
            told_sound_bytes: 0,
            sound_bps: 0,
            losses: (0.0, 0),
            loss: None,
        }
    }

    /// The handshake is done.
    pub(super) fn unlock(&mut self, material: &Material) {
        if let Some(Contexts { rtp_out, rtcp_out, rtcp_in, .. }) = Contexts::derive(material) {
            self.rtp = Some(rtp_out);
            self.reports.unlock(rtcp_out);
            self.inbox.unlock(rtcp_in, Contexts::derive(&material.of_peer()).map(|peer| peer.rtcp_out));
        }
    }

    /// The peer goes: what is still said is the engine's.
    pub(super) fn lock(&mut self) {
        self.rtp = None;
        self.queue.clear();
    }

    /// After a negotiation: the sections that there are, as they send now.
    pub(super) fn negotiate(&mut self, sections: &[Mid], mut terms: impl FnMut(Mid) -> Option<Terms>) {
        let mut before = std::mem::take(&mut self.streams);
        for mid in sections {
            let Some(terms) = terms(*mid) else { continue };
            self.has_numbers |= terms.form.number.is_some();
            let stream = match before.remove(mid).filter(|known| known.terms.ssrc == terms.ssrc) {
                Some(mut known) => {
                    known.terms = terms;
                    known
                }
                None => Stream::new(terms),
            };
            self.streams.insert(*mid, stream);
        }
    }

    pub(super) fn set_playout_delay(&mut self, delay: Option<PlayoutDelay>) {
        self.playout_delay = delay;
    }

    pub(super) fn set_desired(&mut self, now: Instant, bps: Option<u64>) {
        self.estimator.set_desired(now, bps);
    }

    /// The way to the peer is another one.
    pub(super) fn on_new_way(&mut self, now: Instant) {
        self.estimator.reset(now);
    }

    /// Seal a packet at the end of `out`. `None` if the section does not send, or not this codec.
    pub(super) fn send(&mut self, now: Instant, mid: Mid, packet: &OutgoingRtp<'_>, out: &mut Vec<u8>) -> Option<Sent> {
        let (rtp, path) = (self.rtp.as_mut()?, self.way?);
        let stream = self.streams.get_mut(&mid)?;
        let terms = &stream.terms;
        let format = terms.format(packet.codec)?;
        let is_introduction = !stream.is_known && stream.packets.is_multiple_of(INTRODUCTIONS);
        if terms.rtx.is_some() && format.rtx.is_some() {
            let kept = Kept {
                seq: packet.seq,
                payload: packet.payload.clone(),
                patch: packet.patch,
                timestamp: packet.timestamp,
                codec: packet.codec,
                marker: packet.marker,
                quarter_turns: packet.extensions.quarter_turns,
                dependencies: packet.extensions.dependencies.clone(),
                sent_at: now,
                repeated_at: None,
            };
            if !stream.history.keep(kept) {
                return None;
            }
        }
        let on_line = packet.payload.len() + OVERHEAD;
        let number = terms.form.number.map(|_| self.estimator.on_sent(now, on_line, Purpose::Media));
        let said = Said {
            mid: (!stream.is_bound).then_some(mid),
            carried: packet.extensions,
            delay: self.playout_delay.filter(|_| terms.is_video),
            number,
            sent: terms.form.sent.map(|_| send_time(self.epoch, now)),
        };
        let fixed = Fixed {
            payload_type: format.payload_type,
            ssrc: terms.ssrc,
            seq: packet.seq as u16,
            timestamp: packet.timestamp,
            marker: packet.marker,
            is_padded: false,
        };
        let start = out.len();
        terms.form.write(&fixed, &said, out);
        let head = packet.patch.head(packet.payload);
        let rest = packet.payload.get(head.bytes().len()..).unwrap_or_default();
        if !rtp.seal_rtp(out, start, (terms.ssrc, packet.seq), &[head.bytes(), rest]) {
            return None;
        }
        let bytes = (out.len() - start) as u64;
        self.bytes += bytes;
        if terms.is_video {
            self.repairs.earn(bytes);
        } else {
            self.sound_bytes += bytes;
        }
        stream.count(packet);
        Some(Sent { path, is_introduction })
    }

    /// A datagram that came. Answers what of it is for the engine.
    pub(super) fn receive(&mut self, now: Instant, datagram: &[u8]) -> Left {
        let Self { rtp, inbox, streams, repairs, estimator, queue, scratch, .. } = self;
        let compound = match inbox.open(datagram) {
            Opened::Foreign => return Left::All,
            Opened::Refused => return Left::Nothing,
            Opened::Compound(compound) => compound,
        };
        let rtt = estimator.rtt();
        let mut is_told = false;
        let share = feedback::read(compound, |said| match said {
            feedback::Said::Arrivals(fci) => {
                estimator.on_feedback(now, fci);
                is_told = true;
            }
            feedback::Said::Limit(bps) => estimator.on_remb(bps),
            feedback::Said::Heard { ssrc } => {
                if let Some(stream) = streams.values_mut().find(|stream| stream.terms.ssrc == ssrc) {
                    stream.is_bound = true;
                }
            }
            feedback::Said::Nack { ssrc, lost } => {
                let Some((mid, stream)) = streams.iter_mut().find(|(_, stream)| stream.terms.ssrc == ssrc) else {
                    return;
                };
                for low in feedback::lost(lost) {
                    stream.nacks += 1;
                    let Some(kept) = repairs.take(stream.history.find(low, now), now, rtt) else { continue };
                    let Some(rtp) = rtp.as_mut().filter(|_| queue.len() < MOST_QUEUED) else { return };
                    let made = repairs.write((*mid, stream), Some(&kept), rtp, scratch, |bytes| {
                        estimator.on_sent(now, bytes, Purpose::Repair)
                    });
                    queue.extend(made);
                }
            }
        });
        if is_told {
            self.fill_probes(now);
        }
        self.inbox.rest(share)
    }

    /// Time has passed.
    pub(super) fn advance(&mut self, now: Instant) {
        if self.estimator.poll_timeout().is_some_and(|at| at <= now) {
            self.estimator.handle_timeout(now);
            self.fill_probes(now);
        }
    }

    /// When to advance again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.estimator.poll_timeout().filter(|_| self.rtp.is_some())
    }

    /// Padding that is due: the newest pictures again, which may even be of use.
    fn fill_probes(&mut self, now: Instant) {
        let Self { rtp, streams, repairs, estimator, queue, scratch, .. } = self;
        let Some(rtp) = rtp.as_mut() else { return };
        let newest = |stream: &Stream| stream.history.latest().next().map(|kept| kept.sent_at);
        let Some((mid, stream)) = streams
            .iter_mut()
            .filter(|(_, stream)| stream.terms.rtx.is_some() && stream.terms.form.number.is_some())
            .max_by_key(|(_, stream)| newest(stream))
        else {
            return;
        };
        let mut place = 0;
        while let Some(padding) = estimator.poll_padding(now) {
            let mut left = padding.bytes;
            while left > 0 && queue.len() < MOST_QUEUED {
                let kept = stream.history.latest().nth(place).filter(|kept| kept.payload.len() <= left * 2).cloned();
                place = if kept.is_some() { place + 1 } else { 0 };
                let mut sent = 0;
                let made = repairs.write((*mid, stream), kept.as_ref(), rtp, scratch, |bytes| {
                    sent = bytes;
                    estimator.on_sent(now, bytes, Purpose::Padding(Some(padding.cluster)))
                });
                if made.is_none() {
                    return;
                }
                queue.extend(made);
                left = left.saturating_sub(sent);
            }
        }
    }

    /// The next datagram that is to be sent beside what was asked for.
    pub(super) fn poll(&mut self) -> Option<(Path, Vec<u8>)> {
        let bytes = self.queue.pop_front()?;
        self.bytes += bytes.len() as u64;
        Some((self.way?, bytes))
    }

    /// A new estimate of what the way carries, sound included: the estimator does not see that.
    pub(super) fn poll_estimate(&mut self) -> Option<u64> {
        self.rtp.as_ref()?;
        let bps = if self.has_numbers && !std::mem::replace(&mut self.has_begun, true) {
            self.estimator.bps()
        } else {
            self.estimator.poll_estimate()?
        };
        Some(bps.saturating_add(self.sound_bps))
    }

    /// A datagram of the engine, on its way out; answers whether it may leave.
    pub(super) fn on_transmit(&mut self, path: Path, datagram: &mut Vec<u8>, now: Instant) -> bool {
        // Checks are answered where they came from (RFC 7983 tells them apart).
        if datagram.first().is_some_and(|first| *first > 3) {
            if self.way.is_some_and(|way| way != path) {
                self.on_new_way(now);
            }
            self.way = Some(path);
        }
        if is_rtp(datagram) {
            return false;
        }
        let streams = &self.streams;
        self.reports.correct(datagram, |ssrc| {
            let stream = streams.values().find(|stream| stream.terms.ssrc == ssrc)?;
            let timestamp = stream.timestamp(now)?;
            Some(Clock { timestamp, packets: stream.packets, octets: stream.octets })
        });
        true
    }

    /// What the engine counted of a stream, with what it did not see.
    pub(super) fn on_figures(&mut self, stats: &MediaEgressStats, told: &mut StreamStats) {
        let Some(stream) = self.streams.get_mut(&told.mid) else { return };
        stream.is_known = true;
        let (packets, octets) = stream.repeated;
        (told.packets, told.bytes, told.nacks) = (stream.packets + packets, stream.octets + octets, stream.nacks);
        let weight = stream.packets.saturating_sub(stream.told);
        if let Some(loss) = stats.loss {
            self.losses.0 += loss * weight as f32;
            self.losses.1 += weight;
        }
        stream.told = stream.packets;
    }

    /// A second is over: bytes sealed so far, and the share that did not arrive, as far as it is known: of pictures by
    /// what was told of each, else of what is reported.
    pub(super) fn on_second(&mut self, now: Instant) -> (u64, Option<f32>) {
        let (sum, weight) = std::mem::take(&mut self.losses);
        if weight > 0 {
            self.loss = Some((sum / weight as f32, now));
        }
        self.sound_bps = self.sound_bytes.saturating_sub(self.told_sound_bytes).saturating_mul(8);
        self.told_sound_bytes = self.sound_bytes;
        for stream in self.streams.values_mut() {
            stream.history.forget(now);
        }
        let held = self.loss.filter(|(_, at)| now.saturating_duration_since(*at) < LOSS_HOLDS_FOR);
        (self.bytes, self.estimator.loss(now).or(held.map(|(loss, _)| loss)))
    }

    /// The round trip that the last feedback told of.
    pub(super) fn rtt(&self) -> Option<Duration> {
        self.estimator.rtt()
    }
}

/// RFC 5761 4.
pub(super) fn is_rtp(datagram: &[u8]) -> bool {
    matches!(datagram, [128..=191, 0..=191 | 224..=255, ..])
}

/// Seconds in 6 bits and a fraction of 18 bits, on a clock of ours.
fn send_time(epoch: Instant, now: Instant) -> u32 {
    let micros = now.saturating_duration_since(epoch).as_micros() as u64;
    ((micros << 18) / 1_000_000) as u32 & 0xff_ffff
}
