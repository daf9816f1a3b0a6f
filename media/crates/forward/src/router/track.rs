//! A publication: what is known of each of its layers, and who is subscribed.

use super::api::{Kind, RtpMeta};
use super::clock::WallClock;
use super::sets::ParameterSets;
use super::subscription::Subscription;
use super::unwrap::Unwrapper;
use crate::bandwidth::Meter;
use crate::codec::{Codec, FrameInfo};
use crate::keyframe::KeyframeRequester;
use crate::rewrite::SourcePacket;
use crate::select::{FrameRates, Lives};
use crate::slab::PublisherKey;
use crate::speakers::SpeechDetector;
use crate::units::{LayerIx, MAX_LAYERS, Micros, NtpTime};
use crate::voices::{Hearing, Voice};

/// Sequence numbers remembered for telling duplicates: the window in which late packets can be placed.
const SEEN: u64 = 1_024;
const SEEN_WORDS: usize = SEEN as usize / 64;
/// So many successive packets far behind the highest number mean that the source restarted its numbering.
const RESTART_AFTER: u32 = 4;
/// Who has not reported for so long never does.
const REPORTS_COME_WITHIN: Micros = Micros::from_millis(10_000);

/// A packet that passed the entrance, as all subscribers see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet {
    pub(super) source: SourcePacket,
    pub(super) frame: FrameInfo,
    pub(super) marker: bool,
    /// Newer than every packet of the layer before it.
    pub(super) is_newest: bool,
    /// A subscriber can begin here …
    pub(super) is_entry: bool,
    /// … if it is given the layer's parameter sets first.
    pub(super) lacks_sets: bool,
    pub(super) captured_at: Option<Micros>,
}

/// What became of a packet's sequence number at the entrance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    Newest,
    Late,
    Duplicate,
    /// The source numbers anew from here.
    Restart,
}

/// A mark for each of the newest numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SeqWindow([u64; SEEN_WORDS]);

impl SeqWindow {
    /// Make room for the numbers after `highest` up to `seq`: they have no mark.
    pub(super) fn open(&mut self, highest: u64, seq: u64) {
        if seq - highest >= SEEN {
            self.0 = [0; SEEN_WORDS];
        } else {
            for number in highest + 1..=seq {
                self.mark(number, false);
            }
        }
    }

    /// Answers what the mark was.
    pub(super) fn mark(&mut self, seq: u64, is_seen: bool) -> bool {
        let bit = 1 << (seq % 64);
        let Some(word) = self.0.get_mut((seq / 64) as usize % SEEN_WORDS) else { return false };
        let was_seen = *word & bit != 0;
        *word = if is_seen { *word | bit } else { *word & !bit };
        was_seen
    }

    pub(super) fn contains(&self, seq: u64) -> bool {
        self.0.get((seq / 64) as usize % SEEN_WORDS).is_some_and(|word| word & (1 << (seq % 64)) != 0)
    }
}

/// Telling duplicates and restarts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Arrivals {
    highest: Option<u64>,
    seen: SeqWindow,
    /// The number expected next from a restarted source, and how many came.
    restart: (u64, u32),
}

impl Arrivals {
    pub(super) fn on_packet(&mut self, seq: u64) -> Arrival {
        let Some(highest) = self.highest else {
            self.restart_at(seq);
            return Arrival::Newest;
        };
        if seq > highest {
            self.seen.open(highest, seq);
            self.seen.mark(seq, true);
            self.highest = Some(seq);
            return Arrival::Newest;
        }
        if highest - seq >= SEEN {
            let (expected, count) = self.restart;
            let count = if seq == expected { count.saturating_add(1) } else { 1 };
            self.restart = (seq.wrapping_add(1), count);
            if count < RESTART_AFTER {
                return Arrival::Duplicate;
            }
            self.restart_at(seq);
            return Arrival::Restart;
        }
        if self.seen.mark(seq, true) { Arrival::Duplicate } else { Arrival::Late }
    }

    fn restart_at(&mut self, seq: u64) {
        *self = Self { highest: Some(seq), ..Self::default() };
        self.seen.mark(seq, true);
    }
}

/// At `ntp` of the publisher's clock the layer's RTP clock showed `rtp`.
#[derive(Clone, Copy, Debug)]
struct SenderReport {
    ntp: NtpTime,
    rtp: u32,
}

/// What is known of one layer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Layer {
    arrivals: Arrivals,
    report: Option<SenderReport>,
    /// Since when packets have come whose capture time is not known.
    unknown_since: Option<Micros>,
    clock_rate_hz: u32,
    /// `PictureID` un-wrapped, of the newest picture.
    picture_index: Option<u64>,
    carries_parameter_sets: bool,
    frame_timestamp: Option<u32>,
    pub(super) rates: FrameRates,
    pub(super) requester: KeyframeRequester,
    pub(super) meter: Meter,
}

impl Layer {
    pub(super) fn on_sender_report(&mut self, ntp: NtpTime, rtp: u32) {
        self.report = Some(SenderReport { ntp, rtp });
    }

    /// When the layer's RTP clock showed this, in ticks of the publisher's NTP clock.
    pub(super) fn capture_ticks(&self, timestamp: u32) -> Option<u32> {
        let SenderReport { ntp, rtp } = self.report?;
        let rate = u64::from(self.clock_rate_hz);
        let whole = (ntp.0 >> 32).wrapping_mul(rate);
        let fraction = (ntp.0 & 0xffff_ffff).wrapping_mul(rate) >> 32;
        Some((whole.wrapping_add(fraction) as u32).wrapping_add(timestamp.wrapping_sub(rtp)))
    }

    /// When the content was captured, on our clock.
    fn captured_at(&mut self, timestamp: u32, clock: WallClock, now: Micros) -> Option<Micros> {
        let captured = self.report.and_then(|SenderReport { ntp, rtp }| {
            let ticks = i64::from(timestamp.wrapping_sub(rtp).cast_signed());
            let since_report = ticks.saturating_mul(1_000_000) / i64::from(self.clock_rate_hz.max(1));
            clock.on_ours(ntp.to_micros().cast_signed().saturating_add(since_report), now)
        });
        if captured.is_some() {
            self.unknown_since = None;
            return captured;
        }
        let since = *self.unknown_since.get_or_insert(now);
        (now.since(since) >= REPORTS_COME_WITHIN).then_some(now)
    }

    /// Numbers within the payload, the first packet of a picture, whether one can begin here.
    fn inspect(
        &mut self,
        meta: &RtpMeta,
        frame: FrameInfo,
        is_newest: bool,
        lacks_sets: bool,
        clock: WallClock,
        now: Micros,
    ) -> Packet {
        self.clock_rate_hz = meta.codec.clock_rate_hz();
        self.carries_parameter_sets |= frame.is_keyframe && frame.has_parameter_sets;
        let picture_index = match frame.picture.picture_id {
            Some(id) => {
                let index =
                    self.picture_index.map_or(u64::from(id.value), |near| unwrap_index(near, id.value, id.bits));
                if is_newest {
                    self.picture_index = Some(index);
                }
                index
            }
            None => 0,
        };
        let is_entry = is_newest
            && frame.is_keyframe
            && frame.is_frame_start
            && (frame.has_parameter_sets || lacks_sets || !self.carries_parameter_sets);
        Packet {
            source: SourcePacket {
                seq: meta.seq,
                timestamp: meta.timestamp,
                clock_rate_hz: self.clock_rate_hz,
                now,
                picture: frame.picture,
                picture_index,
            },
            frame,
            marker: meta.marker,
            is_newest,
            is_entry,
            lacks_sets,
            captured_at: self.captured_at(meta.timestamp, clock, now),
        }
    }
}

/// The index nearest to `near` that shows `value` in its low `bits`, wrapping.
fn unwrap_index(near: u64, value: u16, bits: u8) -> u64 {
    let modulus = 1_u64 << bits;
    let ahead = u64::from(value).wrapping_sub(near) & (modulus - 1);
    if ahead < modulus / 2 { near.wrapping_add(ahead) } else { near.wrapping_add(ahead).wrapping_sub(modulus) }
}

/// One publication.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) publisher: PublisherKey,
    pub(super) kind: Kind,
    pub(super) layer_count: usize,
    pub(super) is_muted: bool,
    pub(super) is_started: bool,
    pub(super) layers: [Layer; MAX_LAYERS],
    pub(super) sets: [ParameterSets; MAX_LAYERS],
    pub(super) lives: Lives,
    pub(super) speech: SpeechDetector,
    pub(super) unwrapper: Unwrapper,
    /// A microphone's: in a large room not everybody is heard.
    pub(super) voice: Option<Voice>,
    /// Who is sent its packets now.
    pub(super) hearing: Hearing,
    /// Dense, so that a packet's fan-out reads memory in order; sections know their position in it.
    pub(super) subscriptions: Vec<Subscription>,
}

/// What the entrance says about a packet.
pub(super) struct Entrance {
    pub(super) arrival: Arrival,
    /// `None` if it was a duplicate or could not be parsed.
    pub(super) packet: Option<Packet>,
    /// The choice of layers must be made anew.
    pub(super) is_layer_born: bool,
    /// Frame rates were measured anew.
    pub(super) is_rate_measured: bool,
}

impl Track {
    pub(super) fn new(publisher: PublisherKey, kind: Kind, layer_count: usize) -> Self {
        Self {
            publisher,
            kind,
            layer_count: layer_count.clamp(1, if kind == Kind::Audio { 1 } else { MAX_LAYERS }),
            is_muted: false,
            is_started: false,
            layers: [Layer::default(); MAX_LAYERS],
            sets: Default::default(),
            lives: Lives::default(),
            speech: SpeechDetector::default(),
            unwrapper: Unwrapper::default(),
            voice: None,
            hearing: Hearing::All,
            subscriptions: Vec::new(),
        }
    }

    /// Everything about a packet that does not depend on a subscriber. `None` if there is no such layer.
    pub(super) fn enter(
        &mut self,
        layer: LayerIx,
        meta: &RtpMeta,
        payload: &[u8],
        clock: WallClock,
        now: Micros,
    ) -> Option<Entrance> {
        if layer.index() >= self.layer_count {
            return None;
        }
        let state = self.layers.get_mut(layer.index())?;
        let arrival = state.arrivals.on_packet(meta.seq);
        let mut entrance = Entrance { arrival, packet: None, is_layer_born: false, is_rate_measured: false };
        if arrival == Arrival::Duplicate {
            return Some(entrance);
        }
        if arrival == Arrival::Restart {
            state.report = None;
        }
        let Some(frame) = meta.codec.parse(payload).filter(|_| meta.codec.is_video() == (self.kind == Kind::Video))
        else {
            return Some(entrance);
        };
        state.meter.on_packet(payload.len(), frame.temporal_id, now);
        let is_newest = arrival != Arrival::Late;
        let lacks_sets =
            self.sets.get_mut(layer.index()).is_some_and(|sets| sets.inspect(meta, &frame, payload, is_newest));
        let packet = state.inspect(meta, frame, is_newest, lacks_sets, clock, now);
        if self.kind == Kind::Video && is_newest && state.frame_timestamp != Some(meta.timestamp) {
            state.frame_timestamp = Some(meta.timestamp);
            entrance.is_rate_measured = state.rates.on_frame(frame.temporal_id, now);
        }
        if packet.is_entry {
            state.requester.satisfy();
        }
        entrance.is_layer_born = self.lives.on_packet(layer, now);
        entrance.packet = Some(packet);
        Some(entrance)
    }

    /// Weigh an audio packet's level.
    pub(super) fn hear(&mut self, codec: Codec, minus_dbov: u8, payload: &[u8], now: Micros) {
        use crate::codec::{opus, red};
        let primary = if codec == Codec::Red { red::primary(payload) } else { Some(payload) };
        if let Some(duration) = primary.and_then(opus::duration) {
            self.speech.on_packet(minus_dbov, duration, now);
        }
    }

    /// Let every subscription choose its layers anew.
    pub(super) fn choose(&mut self, now: Micros) {
        for subscription in &mut self.subscriptions {
            subscription.choose(self.kind, &self.lives, &self.layers, now);
        }
    }

    /// Ask for the key frames that somebody waits for, and for no others.
    pub(super) fn demand_keyframes(&mut self, now: Micros) {
        if self.kind == Kind::Audio {
            return;
        }
        for (index, layer) in self.layers.iter_mut().enumerate().take(self.layer_count) {
            let Some(layer_ix) = LayerIx::new(index) else { continue };
            let is_askable = self.lives.is_askable(layer_ix) && !self.is_muted;
            let mut is_needed = false;
            for subscription in &mut self.subscriptions {
                let needs = is_askable && subscription.needs_keyframe(layer_ix);
                is_needed |= needs;
                if needs && subscription.ask(layer_ix) {
                    layer.requester.demand(now);
                }
            }
            if !is_needed {
                layer.requester.satisfy();
            } else if layer.requester.due().is_none() {
                // The key frame that came was of no use to somebody who had asked before.
                layer.requester.demand(now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Arrival, Arrivals, unwrap_index};
    use proptest::prelude::*;

    #[test]
    fn duplicates_late_packets_and_restarts_are_told_apart() {
        let mut arrivals = Arrivals::default();
        assert_eq!(arrivals.on_packet(70_000), Arrival::Newest);
        assert_eq!(arrivals.on_packet(70_003), Arrival::Newest);
        assert_eq!(arrivals.on_packet(70_001), Arrival::Late);
        assert_eq!(arrivals.on_packet(70_001), Arrival::Duplicate);
        assert_eq!(arrivals.on_packet(70_003), Arrival::Duplicate);
        let restarted: Vec<Arrival> = (100..105).map(|seq| arrivals.on_packet(seq)).collect();
        let too_old = Arrival::Duplicate;
        assert_eq!(restarted, [too_old, too_old, too_old, Arrival::Restart, Arrival::Newest]);
    }

    proptest! {
        #[test]
        fn a_number_passes_once(seqs in prop::collection::vec(5_000u64..5_900, 1..400)) {
            let mut arrivals = Arrivals::default();
            let mut passed = std::collections::BTreeSet::new();
            for seq in seqs {
                let is_passed = arrivals.on_packet(seq) != Arrival::Duplicate;
                prop_assert_eq!(is_passed, passed.insert(seq));
            }
        }

        #[test]
        fn an_index_follows_its_wrapping_value(start in 0u64..100_000, steps in prop::collection::vec(-60i64..60, 0..300), wide in any::<bool>()) {
            let bits = if wide { 15 } else { 7 };
            let mask = (1u64 << bits) - 1;
            let mut truth = start;
            let mut index = truth & mask;
            for step in steps {
                let next = truth.saturating_add_signed(step);
                let unwrapped = unwrap_index(index, (next & mask) as u16, bits);
                prop_assert_eq!(unwrapped.wrapping_sub(index).cast_signed(), next.wrapping_sub(truth).cast_signed());
                (truth, index) = (next, unwrapped);
            }
        }
    }
}
