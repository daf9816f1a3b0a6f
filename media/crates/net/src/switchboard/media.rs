//! A session's events: packets to the router, everything else to the control plane.

use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use palaver_forward::{AudioLevel, LayerIx, LineReport, Micros, NtpTime, Part, RtpMeta};
use palaver_session::{
    NegotiatedSession, OutgoingRtp, PlayoutDelay, ReceivedRtp, Rid, SessionEvent, SessionFactory, SessionStats, Written,
};

use super::peer::{Peer, Phase};
use super::waiting::ContentIx;
use super::{LOST_TIMEOUT, PeerIx, Step, Switchboard, guarded};
use crate::event::{CloseReason, Event, PeerFigures};

/// Seconds from the NTP epoch (1900) to the Unix epoch (RFC 868).
const NTP_TO_UNIX_S: u64 = 2_208_988_800;

impl<F: SessionFactory> Switchboard<F> {
    pub(super) fn on_event(&mut self, now: Instant, ix: PeerIx, event: SessionEvent) {
        match event {
            SessionEvent::Rtp(packet) => self.on_packet(now, ix, &packet),
            SessionEvent::SenderReport { mid, rid, ntp, timestamp } => {
                let at = self.epoch_micros(now);
                let Some(peer) = self.peers.get(ix) else { return };
                let Some(publication) = peer.publications.get(&mid) else { return };
                let Some(layer) = layer_of(&publication.rids, rid) else { return };
                let since_unix = ntp.duration_since(UNIX_EPOCH).unwrap_or_default();
                let fraction = (u64::from(since_unix.subsec_nanos()) << 32) / 1_000_000_000;
                let seconds = since_unix.as_secs().wrapping_add(NTP_TO_UNIX_S);
                if let Some(room) = self.rooms.get_mut(&peer.room) {
                    let ntp = NtpTime((seconds << 32) | fraction);
                    room.router.on_sender_report(publication.key, layer, ntp, timestamp, at);
                    room.is_touched = true;
                }
            }
            SessionEvent::KeyframeRequest { mid } => {
                let at = self.epoch_micros(now);
                let Some(peer) = self.peers.get(ix) else { return };
                let Some(section) = peer.sections.iter().find(|section| section.mid == mid) else { return };
                if let Some(room) = self.rooms.get_mut(&peer.room) {
                    room.router.on_keyframe_request(section.key, at);
                    room.is_touched = true;
                }
            }
            SessionEvent::Connected | SessionEvent::Reconnected => self.set_up(now, ix, true),
            SessionEvent::Disconnected => self.set_up(now, ix, false),
            SessionEvent::Closed => {
                self.say_goodbye(ix);
                self.remove_peer(now, ix, CloseReason::PeerClosed);
            }
            SessionEvent::DataOpen { label } => {
                if let Some(peer) = self.peers.get(ix) {
                    self.outbox.events.push(Event::DataOpen(peer.name.clone(), label));
                }
            }
            SessionEvent::Data { label, payload } => {
                let Some(peer) = self.peers.get_mut(ix) else { return };
                if peer.pace.charge(now, payload.len()) {
                    self.outbox.events.push(Event::Data { peer: peer.name.clone(), label, payload });
                } else {
                    self.say_goodbye(ix);
                    self.fail(now, ix, CloseReason::DataFlood, "far more messages than anybody may send");
                }
            }
            SessionEvent::DataWritable => self.send_backlog(now, ix),
            SessionEvent::Stats(stats) => {
                if let Some(peer) = self.peers.get_mut(ix) {
                    let figures = figures(peer, &stats, now);
                    if let (Some(subscriber), Some(room)) = (peer.subscriber, self.rooms.get_mut(&peer.room)) {
                        let rtt = figures.rtt.map(|rtt| Micros(rtt.as_micros() as u64));
                        let report = LineReport { rtt, loss: figures.loss_out, sent_bps: figures.bps_out };
                        room.router.on_line_report(subscriber, &report);
                    }
                    if peer.is_up() {
                        self.figures.insert(ix, figures);
                    }
                }
            }
            SessionEvent::Stream(stats) => self.on_stream_stats(ix, stats),
            SessionEvent::Estimate { bps } => {
                let at = self.epoch_micros(now);
                let Some(peer) = self.peers.get(ix) else { return };
                if let (Some(subscriber), Some(room)) = (peer.subscriber, self.rooms.get_mut(&peer.room)) {
                    room.router.on_estimate(subscriber, bps, at);
                    room.is_touched = true;
                }
            }
            // `SessionEvent` may grow; what we do not know does not concern us.
            _ => {}
        }
    }

    pub(super) fn limit_line(&mut self, now: Instant, peer: &str, bps: u64) {
        let at = self.epoch_micros(now);
        let Some(peer) = self.by_name.get(peer).and_then(|ix| self.peers.get(*ix)) else { return };
        if let (Some(subscriber), Some(room)) = (peer.subscriber, self.rooms.get_mut(&peer.room)) {
            room.router.limit_line(subscriber, bps, at);
            room.is_touched = true;
        }
    }

    pub(super) fn set_may_pause(&mut self, now: Instant, peer: &str, may_pause: bool) {
        let at = self.epoch_micros(now);
        let Some(peer) = self.by_name.get(peer).and_then(|ix| self.peers.get(*ix)) else { return };
        if let (Some(subscriber), Some(room)) = (peer.subscriber, self.rooms.get_mut(&peer.room)) {
            room.router.set_may_pause(subscriber, may_pause, at);
            room.is_touched = true;
        }
    }

    pub(super) fn set_playout_delay(&mut self, peer: &str, delay: PlayoutDelay) {
        if let Some(peer) = self.by_name.get(peer).and_then(|ix| self.peers.get_mut(*ix)) {
            peer.session.set_playout_delay(Some(delay));
        }
    }

    /// Tell router and control plane that the transport is up or down.
    fn set_up(&mut self, now: Instant, ix: PeerIx, is_up: bool) {
        let at = self.epoch_micros(now);
        self.peers.set_phase(now, ix, if is_up { Phase::Up } else { Phase::Lost { until: now + LOST_TIMEOUT } });
        let Some(peer) = self.peers.get(ix) else { return };
        if let Some(room) = self.rooms.get_mut(&peer.room) {
            room.router.set_publisher_connected(peer.publisher, is_up, at);
            for section in &peer.sections {
                room.router.set_section_ready(section.key, is_up, at);
            }
            room.is_touched = true;
        }
        let name = peer.name.clone();
        self.outbox.events.push(if is_up { Event::Connected(name) } else { Event::Disconnected(name) });
    }

    fn on_packet(&mut self, now: Instant, ix: PeerIx, packet: &ReceivedRtp) {
        let at = self.epoch_micros(now);
        let route = self.peers.get_mut(ix).and_then(|peer| {
            peer.heard_at = now;
            let publication = peer.publications.get(&packet.mid)?;
            Some((publication.key, layer_of(&publication.rids, packet.rid)?, peer.room.clone()))
        });
        let Some((track, layer, room)) = route else {
            self.totals.unrouted_packets += 1;
            return;
        };
        let Some(room) = self.rooms.get_mut(&room) else { return };
        let meta = RtpMeta {
            codec: packet.codec,
            seq: packet.seq,
            timestamp: packet.timestamp,
            marker: packet.marker,
            level: packet.extensions.minus_dbov.map(|minus_dbov| AudioLevel { minus_dbov }),
        };
        room.is_touched = true;
        let waiting = &mut self.waiting;
        let (mut whole, mut prelude): (Option<ContentIx>, Option<ContentIx>) = (None, None);
        let mut unwrapped: Option<(Part, ContentIx)> = None;
        let sets = room.router.parameter_sets(track, layer).cloned();
        room.router.on_rtp(track, layer, &meta, &packet.payload, at, &mut |forward| {
            let mut share = |payload| waiting.share(payload, &packet.extensions);
            // All who are sent the same share it.
            let content = match (forward.part, &sets) {
                (None, Some(sets)) if forward.is_prelude => *prelude.get_or_insert_with(|| share(sets)),
                (None, _) => *whole.get_or_insert_with(|| share(&packet.payload)),
                (Some(part), _) => match unwrapped {
                    Some((known, content)) if known == part => content,
                    _ => unwrapped.insert((part, share(&Arc::from(part.within(&packet.payload))))).1,
                },
            };
            waiting.push(content, *forward);
        });
    }

    /// Seal what was forwarded in this turn. A flush does it too.
    pub fn seal(&mut self, now: Instant) {
        if self.waiting.is_empty() {
            return;
        }
        let Self { waiting, peers, totals, epoch, outbox, .. } = self;
        let sealed = &mut outbox.sealed;
        let mut failed: Vec<(PeerIx, CloseReason, String)> = Vec::new();
        for (ix, content, forward) in waiting.sorted() {
            // What a panic left of a session is not used again.
            if failed.last().is_some_and(|(broken, ..)| *broken == ix) {
                continue;
            }
            let Some(peer) = peers.get_mut(ix) else { continue };
            let Some(section) = peer.sections.get(forward.target as u32 as usize) else { continue };
            let outgoing = OutgoingRtp {
                codec: forward.codec,
                seq: forward.seq,
                timestamp: forward.timestamp,
                marker: forward.marker,
                payload: &content.payload,
                patch: forward.patch,
                extensions: &content.extensions,
                captured_at: forward.captured_at.map(|at| *epoch + Duration::from_micros(at.0)),
            };
            let (out, start) = sealed.buffer();
            match guarded(|| Ok(peer.session.send_rtp(now, section.mid, &outgoing, out))) {
                Step::Done(Written::Sealed(path)) => sealed.keep(peer.route.of_media(path), start),
                Step::Done(Written::Refused) => totals.unsendable_packets += 1,
                Step::Failed(reason, text) => {
                    sealed.undo(start);
                    failed.push((ix, reason, text));
                }
            }
        }
        waiting.clear();
        for (ix, reason, text) in failed {
            self.fail(now, ix, reason, &text);
        }
    }
}

/// `None` for a layer that was not negotiated. Without simulcast there is one layer, whatever the packet says.
fn layer_of(rids: &[Rid], rid: Option<Rid>) -> Option<LayerIx> {
    match rid {
        _ if rids.is_empty() => Some(LayerIx::LOWEST),
        Some(rid) => LayerIx::new(rids.iter().position(|known| *known == rid)?),
        None => None,
    }
}

fn figures<S>(peer: &mut Peer<S>, stats: &SessionStats, now: Instant) -> PeerFigures {
    let (then, bytes_in, bytes_out) = peer.last_bytes;
    let elapsed_ms = now.saturating_duration_since(then).as_millis().max(1) as u64;
    peer.last_bytes = (now, stats.bytes_in, stats.bytes_out);
    let bps = |bytes: u64, before: u64| bytes.saturating_sub(before).saturating_mul(8_000) / elapsed_ms;
    PeerFigures {
        rtt: stats.rtt,
        loss_in: stats.loss_in,
        loss_out: stats.loss_out,
        bps_in: bps(stats.bytes_in, bytes_in),
        bps_out: bps(stats.bytes_out, bytes_out),
        idle: now.saturating_duration_since(peer.heard_at),
    }
}
