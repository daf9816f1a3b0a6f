//! The hot path: one packet in, one [`Forward`] per subscriber out.

use std::sync::Arc;

use super::api::{Forward, Kind, Output, RtpMeta, RtpOutcome};
use super::subscription::Verdict;
use super::track::{Arrival, Layer, Packet, Track};
use super::unwrap::{Form, Recovered, Unwrapped};
use super::{Router, Section};
use crate::codec::{Codec, PictureNumbers};
use crate::rewrite::{Continuity, PayloadPatch, SourcePacket};
use crate::slab::{SectionKey, Slab, TrackKey};
use crate::units::{LayerIx, MAX_LAYERS, Micros};
use crate::voices::{Hearing, Voices};

impl Router {
    /// What a packet with [`Forward::is_prelude`] carries.
    #[must_use]
    pub fn parameter_sets(&self, track: TrackKey, layer: LayerIx) -> Option<&Arc<[u8]>> {
        self.tracks.get(track)?.sets.get(layer.index())?.payload()
    }

    /// A packet of a layer: the sink gets one [`Forward`] per subscriber.
    pub fn on_rtp(
        &mut self,
        track_key: TrackKey,
        layer: LayerIx,
        meta: &RtpMeta,
        payload: &[u8],
        now: Micros,
        sink: &mut impl FnMut(&Forward),
    ) -> RtpOutcome {
        let counters = &mut self.counters;
        counters.packets_in = counters.packets_in.saturating_add(1);
        let entered = self.tracks.get_mut(track_key).and_then(|track| {
            let clock = self.publishers.get(track.publisher).map(|publisher| publisher.clock).unwrap_or_default();
            let entrance = track.enter(layer, meta, payload, clock, now)?;
            Some((track, entrance))
        });
        let Some((track, entrance)) = entered else {
            counters.unknown = counters.unknown.saturating_add(1);
            return RtpOutcome::Unknown;
        };
        match entrance.arrival {
            Arrival::Duplicate => {
                counters.duplicates = counters.duplicates.saturating_add(1);
                return RtpOutcome::Duplicate;
            }
            Arrival::Restart => interrupt_layer(track, layer),
            Arrival::Newest | Arrival::Late => {}
        }
        let Some(packet) = entrance.packet else {
            counters.malformed = counters.malformed.saturating_add(1);
            close_number(track, &mut self.sections, layer, meta, now);
            return RtpOutcome::Malformed;
        };
        if !track.is_started {
            track.is_started = true;
            self.outputs.push_back(Output::TrackStarted { track: track_key, codec: meta.codec });
        }
        if entrance.is_layer_born && track.kind == Kind::Video {
            self.timers.wake_for_tick(now);
            self.timers.wake_for_lines();
        }
        if entrance.is_layer_born || entrance.is_rate_measured {
            track.choose(now);
        }
        let outcome = if track.is_muted {
            counters.muted = counters.muted.saturating_add(1);
            RtpOutcome::Muted
        } else {
            if let Some(level) = meta.level.filter(|_| track.kind == Kind::Audio && packet.is_newest) {
                track.hear(meta.codec, level.minus_dbov, payload, now);
                if track.speech.is_restless() {
                    self.timers.wake_for_report(now);
                }
            }
            let hearing = track.weigh(track_key, &mut self.voices, meta.level, packet.is_newest, now);
            if hearing == Hearing::Nobody {
                counters.unheard = counters.unheard.saturating_add(1);
                return RtpOutcome::Forwarded(0);
            }
            let audience = (hearing == Hearing::Places).then_some(&self.voices);
            let source = Source { track: track_key, layer, codec: meta.codec, audience };
            let sent = if meta.codec == Codec::Red {
                let recovered = &mut counters.recovered;
                let newest = packet.is_newest;
                let unwrapped = track.unwrapper.unwrap(meta, payload, &packet.source, newest, packet.captured_at);
                fan_out_red(track, &mut self.sections, source, &packet, &unwrapped, recovered, sink)
            } else {
                fan_out(track, &mut self.sections, source, &packet, Form::Whole, sink)
            };
            counters.packets_out = counters.packets_out.saturating_add(u64::from(sent.packets));
            counters.layer_switches = counters.layer_switches.saturating_add(u64::from(sent.layer_switches));
            RtpOutcome::Forwarded(sent.packets)
        };
        if track.kind == Kind::Video && (entrance.is_layer_born || entrance.is_rate_measured || packet.is_entry) {
            // After the fan-out, because this packet may be the key frame that somebody waits for.
            self.settle(track_key, now);
        }
        outcome
    }
}

#[derive(Default)]
struct Sent {
    packets: u32,
    layer_switches: u32,
}

/// Where a packet comes from.
#[derive(Clone, Copy)]
struct Source<'a> {
    track: TrackKey,
    layer: LayerIx,
    codec: Codec,
    /// Only those who have a place here are sent it.
    audience: Option<&'a Voices>,
}

/// First what was lost before, for those who do not take RED; then the packet.
fn fan_out_red(
    track: &mut Track,
    sections: &mut Slab<SectionKey, Section>,
    source: Source<'_>,
    packet: &Packet,
    unwrapped: &Unwrapped,
    recovered: &mut u64,
    sink: &mut impl FnMut(&Forward),
) -> Sent {
    let mut packets = 0;
    for Recovered { source: lost, part, captured_at } in unwrapped.recovered.into_iter().flatten() {
        let lost = Packet { source: lost, captured_at, marker: false, is_entry: false, ..*packet };
        packets += fan_out(track, sections, source, &lost, Form::Recovered(part), sink).packets;
        *recovered = recovered.saturating_add(1);
    }
    let Some(primary) = unwrapped.primary else { return Sent { packets, layer_switches: 0 } };
    let form = Form::Red { primary, is_known: unwrapped.is_known };
    let sent = fan_out(track, sections, source, packet, form, sink);
    Sent { packets: packets.saturating_add(sent.packets), ..sent }
}

fn fan_out(
    track: &mut Track,
    sections: &mut Slab<SectionKey, Section>,
    source: Source<'_>,
    packet: &Packet,
    form: Form,
    sink: &mut impl FnMut(&Forward),
) -> Sent {
    let Source { track: track_key, layer, .. } = source;
    let Track { layers, subscriptions, kind, .. } = track;
    let mut sent = Sent::default();
    for subscription in subscriptions {
        let verdict = subscription.decide(layer, packet);
        if verdict == Verdict::Ignore {
            continue;
        }
        let Some(section) = sections.get_mut(subscription.section) else { continue };
        if let Some(places) = source.audience
            && !section.owner.is_some_and(|owner| places.has_place(owner))
        {
            subscription.interrupt();
            continue;
        }
        let (codec, part) = match form {
            Form::Whole => (source.codec, None),
            Form::Red { .. } if section.takes_red => (source.codec, None),
            Form::Red { is_known: true, .. } => continue,
            Form::Recovered(_) if section.takes_red => continue,
            Form::Red { primary: part, .. } | Form::Recovered(part) => (Codec::Opus, Some(part)),
        };
        let mut prelude = None;
        match verdict {
            Verdict::Ignore => continue,
            Verdict::Skip => {
                section.rewriter.skip(&packet.source);
                continue;
            }
            Verdict::Begin => {
                prelude = packet.lacks_sets.then(|| section.rewriter.insert());
                let continuity = continuity(section, layers, track_key, layer, packet);
                sent.layer_switches += u32::from(matches!(continuity, Continuity::SameTrack { .. }));
                section.rewriter.begin(&packet.source, continuity);
                section.source = Some((track_key, layer));
            }
            Verdict::Forward => {}
        }
        let Some(rewritten) = section.rewriter.forward(&packet.source) else { continue };
        let forward = Forward {
            section: subscription.section,
            target: section.target,
            seq: rewritten.seq,
            timestamp: rewritten.timestamp,
            // RFC 3551 section 4.1: the marker begins a talk spurt, which lets the jitter buffer adapt.
            marker: packet.marker || (*kind == Kind::Audio && verdict == Verdict::Begin),
            codec,
            part,
            is_prelude: false,
            patch: rewritten.patch,
            captured_at: packet.captured_at,
        };
        if let Some(seq) = prelude {
            sink(&Forward { seq, marker: false, is_prelude: true, patch: PayloadPatch::None, ..forward });
            sent.packets += 1;
        }
        sink(&forward);
        sent.packets += 1;
    }
    sent
}

/// How a layer that begins in a section relates to what the section was sent before.
fn continuity(
    section: &Section,
    layers: &[Layer; MAX_LAYERS],
    track: TrackKey,
    layer: LayerIx,
    packet: &Packet,
) -> Continuity {
    let capture = |layer: LayerIx, timestamp| layers.get(layer.index())?.capture_ticks(timestamp);
    match section.source {
        Some((before, same)) if before == track && same == layer => Continuity::SameLayer,
        Some((before, previous)) if before == track => Continuity::SameTrack {
            previous_capture: section.rewriter.newest_source_timestamp().and_then(|newest| capture(previous, newest)),
            capture: capture(layer, packet.source.timestamp),
        },
        _ => Continuity::None,
    }
}

/// The layer's source numbers anew: whoever is sent it begins again with a key frame.
fn interrupt_layer(track: &mut Track, layer: LayerIx) {
    for subscription in &mut track.subscriptions {
        if subscription.current == Some(layer) {
            subscription.interrupt();
        }
    }
}

/// A packet of no use to anybody leaves no hole.
fn close_number(track: &Track, sections: &mut Slab<SectionKey, Section>, layer: LayerIx, meta: &RtpMeta, now: Micros) {
    let packet = SourcePacket {
        seq: meta.seq,
        timestamp: meta.timestamp,
        clock_rate_hz: meta.codec.clock_rate_hz(),
        now,
        picture: PictureNumbers::NONE,
        picture_index: 0,
    };
    for subscription in &track.subscriptions {
        if subscription.current == Some(layer)
            && let Some(section) = sections.get_mut(subscription.section)
        {
            section.rewriter.skip(&packet);
        }
    }
}
