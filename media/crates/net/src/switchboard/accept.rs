//! Negotiation: an offer becomes publications and shown tracks, and whoever waited for a track gets it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use palaver_forward::{Codec, Kind, LayerIx, MAX_LAYERS, SectionConfig, SubscriptionSettings};
use palaver_session::sdp::Assignment;
use palaver_session::{Mid, NegotiatedSession, SessionError, SessionFactory};

use super::demux::MAX_UFRAGS;
use super::peer::{Phase, Publication, Section};
use super::room::TrackSource;
use super::{CONNECT_TIMEOUT, PeerIx, PendingText, Step, Switchboard, guarded};
use crate::command::{Accept, Publish, Wish};
use crate::event::Event;

/// Sections that a peer ever had: a client that gives the same one ever new names gets nothing more.
const MAX_PEER_SECTIONS: usize = 2 * palaver_session::sdp::MAX_SECTIONS;
/// Wishes remembered per peer; more are forgotten.
const MAX_WISHES: usize = 1_024;

impl<F: SessionFactory> Switchboard<F> {
    pub(super) fn accept(&mut self, now: Instant, accept: Accept) {
        let Some(&ix) = self.by_name.get(&accept.peer) else { return };
        let Some(peer) = self.peers.get_mut(ix) else { return };
        let session = &mut peer.session;
        let accepted = guarded(|| match session.accept(now, accept.offer) {
            Ok(answer) => Ok(Ok((answer, session.local_ufrag()))),
            // A refused offer is no reason to close.
            Err(SessionError::BadOffer(text)) => Ok(Err(text)),
            Err(error) => Err(error),
        });
        let (answer, ufrag) = match accepted {
            Step::Done(Ok(accepted)) => accepted,
            Step::Done(Err(message)) => {
                let (peer, offer_id) = (accept.peer, accept.offer_id);
                self.outbox.events.push(Event::NegotiationFailed { peer, offer_id, code: "bad_offer", message });
                return self.drain(now, ix);
            }
            Step::Failed(reason, text) => return self.fail(now, ix, reason, &text),
        };
        if let Phase::Connecting { .. } = peer.phase {
            self.peers.set_phase(now, ix, Phase::Connecting { until: now + CONNECT_TIMEOUT });
        }
        self.register_ufrag(ix, ufrag);
        self.set_publications(now, ix, accept.publish);
        self.set_sections(now, ix, &accept.subscribe);
        self.outbox.texts.push(PendingText {
            peer: accept.peer,
            offer_id: accept.offer_id,
            text: answer,
            offer_text: Some(accept.offer_text),
            assigned: accept.subscribe,
        });
        self.drain(now, ix);
    }

    pub(super) fn register_ufrag(&mut self, ix: PeerIx, ufrag: String) {
        let Some(peer) = self.peers.get_mut(ix) else { return };
        if peer.ufrags.contains(&ufrag) {
            return;
        }
        peer.ufrags.push(ufrag.clone());
        if peer.ufrags.len() > MAX_UFRAGS {
            let oldest = peer.ufrags.remove(0);
            self.demux.remove_ufrag(&oldest);
        }
        self.demux.add_ufrag(ufrag, ix);
    }

    fn set_publications(&mut self, now: Instant, ix: PeerIx, wanted: BTreeMap<Mid, Publish>) {
        let at = self.epoch_micros(now);
        let Some(peer) = self.peers.get_mut(ix) else { return };
        let Some(room) = self.rooms.get_mut(&peer.room) else { return };
        room.is_touched = true;
        // What is not wanted any more, or not as it was, goes first: a track may have moved to another section.
        let is_kept = |mid: &Mid, publication: &Publication| {
            wanted.get(mid).is_some_and(|publish| {
                publish.track == publication.track
                    && publish.is_audio == publication.is_audio
                    && publish.rids == publication.rids
            })
        };
        let gone: Vec<Mid> =
            peer.publications.iter().filter(|(mid, p)| !is_kept(mid, p)).map(|(mid, _)| *mid).collect();
        for mid in gone {
            if let Some(publication) = peer.publications.remove(&mid) {
                room.router.remove_track(publication.key, at);
                room.forget_track(publication.key, &peer.name);
                self.tracks.remove(&publication.track);
            }
        }
        let mut added = Vec::new();
        for (mid, publish) in wanted {
            if peer.publications.contains_key(&mid) || self.tracks.contains_key(&publish.track) {
                continue;
            }
            let kind = if publish.is_audio { Kind::Audio } else { Kind::Video };
            let layers = if publish.is_audio { 1 } else { publish.rids.len().clamp(1, MAX_LAYERS) };
            let key = room.router.add_track(peer.publisher, kind, layers);
            if self.mutes.contains(&publish.track) {
                room.router.set_muted(key, true, at);
            }
            room.tracks.insert(key, TrackSource { peer: ix, mid, track: publish.track.clone() });
            self.tracks.insert(publish.track.clone(), (peer.room.clone(), key));
            added.push(publish.track.clone());
            if publish.is_audio && publish.is_microphone {
                room.router.set_microphone(key);
            }
            let Publish { track, is_audio, rids, .. } = publish;
            peer.publications.insert(mid, Publication { track, key, is_audio, rids });
        }
        let neighbours: Vec<PeerIx> = room.peers.iter().copied().collect();
        for neighbour in neighbours {
            self.show_tracks(now, neighbour, |track| added.contains(track));
        }
    }

    pub(super) fn set_sections(&mut self, now: Instant, ix: PeerIx, wanted: &BTreeMap<Mid, Assignment>) {
        let at = self.epoch_micros(now);
        let owner = self.peers.get(ix).and_then(|peer| self.by_name.get(peer.owner.as_ref()?));
        let owner = owner.and_then(|owner| Some(self.peers.get(*owner)?.publisher));
        let Some(peer) = self.peers.get_mut(ix) else { return };
        let Some(room) = self.rooms.get_mut(&peer.room) else { return };
        room.is_touched = true;
        for section in &mut peer.sections {
            if section.track.is_some() && !wanted.contains_key(&section.mid) {
                section.track = None;
                room.router.unsubscribe(section.key, at);
            }
        }
        let is_up = peer.is_up();
        for (mid, assignment) in wanted {
            if peer.sections.len() < MAX_PEER_SECTIONS && !peer.sections.iter().any(|section| section.mid == *mid) {
                let slot = peer.sections.len() as u64;
                let key = room.router.add_section(SectionConfig {
                    target: (u64::from(ix) << 32) | slot,
                    initial_seq: INITIAL_SEQ,
                    initial_timestamp: 0,
                });
                if let Some(subscriber) = peer.subscriber {
                    room.router.set_subscriber(key, subscriber, at);
                }
                room.router.set_section_owner(key, owner.unwrap_or(peer.publisher));
                room.router.set_section_ready(key, is_up, at);
                peer.sections.push(Section { mid: *mid, key, track: None });
            }
            if let Some(section) = peer.sections.iter_mut().find(|section| section.mid == *mid) {
                let track: Arc<str> = Arc::from(assignment.track.as_str());
                if section.track.as_ref().is_some_and(|shown| *shown != track) {
                    room.router.unsubscribe(section.key, at);
                }
                section.track = Some(track);
            }
        }
        for section in &peer.sections {
            room.router.set_section_takes_red(section.key, peer.session.can_send(section.mid, Codec::Red));
        }
        self.show_tracks(now, ix, |_| true);
    }

    /// Subscribe the peer's sections to their tracks, as far as those exist and `is_meant`.
    fn show_tracks(&mut self, now: Instant, ix: PeerIx, is_meant: impl Fn(&Arc<str>) -> bool) {
        let at = self.epoch_micros(now);
        let Some(peer) = self.peers.get(ix) else { return };
        let Some(room) = self.rooms.get_mut(&peer.room) else { return };
        for section in &peer.sections {
            let Some(track) = section.track.as_ref().filter(|track| is_meant(track)) else { continue };
            // Only tracks of the own room: a track id is no key to another room.
            if let Some((track_room, key)) = self.tracks.get(track)
                && *track_room == peer.room
            {
                room.router.subscribe(section.key, *key, settings(peer.wishes.get(track)), at);
                room.is_touched = true;
            }
        }
    }

    pub(super) fn set_subscription(&mut self, now: Instant, name: &Arc<str>, track: &Arc<str>, wish: Wish) {
        let at = self.epoch_micros(now);
        let Some(peer) = self.by_name.get(name).and_then(|ix| self.peers.get_mut(*ix)) else { return };
        if peer.wishes.len() < MAX_WISHES || peer.wishes.contains_key(track) {
            peer.wishes.insert(track.clone(), wish);
        }
        let Some(room) = self.rooms.get_mut(&peer.room) else { return };
        for section in peer.sections.iter().filter(|section| section.track.as_ref() == Some(track)) {
            room.router.set_subscription(section.key, settings(Some(&wish)), at);
            room.is_touched = true;
        }
    }

    pub(super) fn drop_subscription(&mut self, now: Instant, name: &Arc<str>, track: &Arc<str>) {
        let at = self.epoch_micros(now);
        let Some(peer) = self.by_name.get(name).and_then(|ix| self.peers.get_mut(*ix)) else { return };
        peer.wishes.remove(track);
        let Some(room) = self.rooms.get_mut(&peer.room) else { return };
        for section in peer.sections.iter_mut().filter(|section| section.track.as_ref() == Some(track)) {
            section.track = None;
            room.router.unsubscribe(section.key, at);
            room.is_touched = true;
        }
    }

    pub(super) fn set_track_muted(&mut self, now: Instant, track: Arc<str>, is_muted: bool) {
        let at = self.epoch_micros(now);
        if let Some((room, key)) = self.tracks.get(&track)
            && let Some(room) = self.rooms.get_mut(room)
        {
            room.router.set_muted(*key, is_muted, at);
            room.is_touched = true;
        }
        // Remembered for a track that is published later, or again.
        let tracks = &self.tracks;
        self.mutes.set(track, is_muted, |track| tracks.contains_key(track));
    }
}

/// Low enough that a lost first packet does not cost the receiver the roll-over count (RFC 3711 3.3.1).
const INITIAL_SEQ: u16 = 1_000;

fn settings(wish: Option<&Wish>) -> SubscriptionSettings {
    wish.map_or_else(SubscriptionSettings::default, |wish| SubscriptionSettings {
        is_enabled: wish.is_enabled,
        max_layer: LayerIx::new(usize::from(wish.max_layer)).unwrap_or(LayerIx::HIGHEST),
        max_fps: wish.max_fps,
        priority: wish.priority,
    })
}
