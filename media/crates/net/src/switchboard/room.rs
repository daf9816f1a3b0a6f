//! A room: its router, and our names for the router's keys.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use palaver_forward::{LayerIx, Micros, Output, Router, SubscriberKey, TrackKey};
use palaver_session::{Mid, NegotiatedSession, SessionFactory};

use super::{PeerIx, Step, Switchboard, guarded};
use crate::command::Voices;
use crate::event::{Event, Speaker};
use crate::load::Load;

/// Names kept of tracks that are gone; a report follows within a fifth of a second, or never.
const MAX_DEPARTED: usize = 256;

/// Where a track comes from.
#[derive(Debug, Clone)]
pub(super) struct TrackSource {
    pub(super) peer: PeerIx,
    pub(super) mid: Mid,
    pub(super) track: Arc<str>,
}

/// One room.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) router: Router,
    pub(super) peers: BTreeSet<PeerIx>,
    pub(super) tracks: BTreeMap<TrackKey, TrackSource>,
    /// Names of tracks that are gone, until the router has said that their speakers are silent.
    departed: BTreeMap<TrackKey, (Arc<str>, Arc<str>)>,
    /// The router's next deadline.
    pub(super) deadline: Option<Micros>,
    /// The router has had input since it was last drained.
    pub(super) is_touched: bool,
}

impl Room {
    /// A peer is here; all its sections share one line.
    pub(super) fn admit(&mut self, ix: PeerIx) -> SubscriberKey {
        self.peers.insert(ix);
        self.router.add_subscriber(u64::from(ix))
    }

    /// The peer is gone.
    pub(super) fn dismiss(&mut self, ix: PeerIx, subscriber: Option<SubscriberKey>, at: Micros) {
        self.peers.remove(&ix);
        if let Some(subscriber) = subscriber {
            self.router.remove_subscriber(subscriber, at);
        }
    }

    /// The track left the router.
    pub(super) fn forget_track(&mut self, key: TrackKey, peer: &Arc<str>) {
        if let Some(source) = self.tracks.remove(&key) {
            self.departed.insert(key, (peer.clone(), source.track));
            if self.departed.len() > MAX_DEPARTED {
                self.departed.pop_first();
            }
        }
    }
}

impl<F: SessionFactory> Switchboard<F> {
    /// What the control plane says of a peer that has come, and of its room.
    pub(super) fn introduce(&mut self, room: &str, peer: &str, owner: Option<Arc<str>>, voices: Voices) {
        self.set_voices(room, voices);
        if let Some(peer) = self.by_name.get(peer).and_then(|ix| self.peers.get_mut(*ix)) {
            peer.owner = owner;
        }
    }

    pub(super) fn set_voices(&mut self, room: &str, voices: Voices) {
        if let Some(room) = self.rooms.get_mut(room) {
            room.router.set_voices(voices.most, voices.large_room);
        }
    }

    /// Give up pictures, or take them back, and tell the control plane.
    pub fn set_load(&mut self, now: std::time::Instant, load: Load) {
        self.ceiling = match load {
            Load::Light | Load::Full => LayerIx::HIGHEST,
            Load::SmallerPictures => LayerIx::new(1).unwrap_or(LayerIx::HIGHEST),
            Load::SmallestPictures => LayerIx::LOWEST,
        };
        let at = self.epoch_micros(now);
        for room in self.rooms.values_mut() {
            room.router.set_ceiling(self.ceiling, at);
            room.is_touched = true;
        }
        self.outbox.events.push(Event::Load(load));
    }

    /// Drain the routers that had input or whose deadline has come.
    pub(super) fn poll_rooms(&mut self, now: std::time::Instant) {
        let at = self.epoch_micros(now);
        let due = |room: &Room| room.is_touched || room.deadline.is_some_and(|deadline| deadline <= at);
        let names: Vec<Arc<str>> =
            self.rooms.iter().filter(|(_, room)| due(room)).map(|(name, _)| name.clone()).collect();
        for name in names {
            while let Some(room) = self.rooms.get_mut(&name) {
                match room.router.poll(at) {
                    Output::Idle { deadline } => {
                        room.deadline = deadline;
                        if deadline.is_none() {
                            // Nothing is left to be reported.
                            room.departed.clear();
                        }
                        room.is_touched = false;
                        break;
                    }
                    Output::KeyframeRequest { track, layer } => {
                        let source = room.tracks.get(&track).cloned();
                        if let Some(source) = source {
                            self.request_keyframe(now, &source, layer.index());
                        }
                    }
                    Output::TrackStarted { track, codec } => {
                        if let Some(source) = room.tracks.get(&track)
                            && let Some(peer) = self.peers.get(source.peer)
                        {
                            let (peer, track) = (peer.name.clone(), source.track.clone());
                            self.outbox.events.push(Event::TrackStarted { peer, track, mime: mime(codec) });
                        }
                    }
                    Output::Opening { target, kind, seq, timestamp } => {
                        self.send_opening(now, target, kind, (seq, timestamp));
                    }
                    Output::PictureState { target, is_paused } => self.tell_picture_state(target, is_paused),
                    Output::Demand { target, desired_bps } => {
                        self.set_desired_bitrate(now, target as PeerIx, desired_bps);
                    }
                    Output::SpeakersChanged => {
                        let changes = room.router.speaker_changes().iter().filter_map(|change| {
                            let present = room.tracks.get(&change.track).and_then(|source| {
                                Some((self.peers.get(source.peer)?.name.clone(), source.track.clone()))
                            });
                            let (peer, track) = present.or_else(|| room.departed.get(&change.track).cloned())?;
                            Some(Speaker { peer, track, level: change.level, is_active: change.is_active })
                        });
                        let speakers: Vec<_> = changes.collect();
                        // Its report comes at most once, and with this one.
                        room.departed.clear();
                        if !speakers.is_empty() {
                            self.outbox.events.push(Event::Speakers(name.clone(), speakers));
                        }
                    }
                }
            }
        }
    }

    /// `target` is that of the section.
    fn tell_picture_state(&mut self, target: u64, is_paused: bool) {
        let (ix, slot) = ((target >> 32) as PeerIx, target as u32 as usize);
        let Some(peer) = self.peers.get(ix) else { return };
        if let Some(track) = peer.sections.get(slot).and_then(|section| section.track.clone()) {
            self.outbox.events.push(Event::PictureState { peer: peer.name.clone(), track, is_paused });
        }
    }

    fn set_desired_bitrate(&mut self, now: std::time::Instant, ix: PeerIx, desired_bps: Option<u64>) {
        let Some(peer) = self.peers.get_mut(ix) else { return };
        let told = guarded(|| {
            peer.session.set_desired_bitrate(desired_bps);
            Ok(())
        });
        match told {
            Step::Done(()) => self.peers.mark_dirty(ix),
            Step::Failed(reason, text) => self.fail(now, ix, reason, &text),
        }
    }

    fn request_keyframe(&mut self, now: std::time::Instant, source: &TrackSource, layer: usize) {
        let Some(peer) = self.peers.get_mut(source.peer) else { return };
        let rid = peer.publications.get(&source.mid).and_then(|publication| publication.rids.get(layer).copied());
        // A stream of which no packet came yet cannot be asked; it begins with a key frame, and the router asks again.
        match guarded(|| Ok(peer.session.request_keyframe(source.mid, rid))) {
            Step::Done(true) => self.peers.mark_dirty(source.peer),
            Step::Done(false) => {}
            Step::Failed(reason, text) => self.fail(now, source.peer, reason, &text),
        }
    }
}

fn mime(codec: palaver_forward::Codec) -> &'static str {
    use palaver_forward::Codec;
    match codec {
        Codec::Opus => "audio/opus",
        Codec::Red => "audio/red",
        Codec::Vp8 => "video/vp8",
        Codec::H264 => "video/h264",
        Codec::H264High => "video/h264;high",
        Codec::Vp9 => "video/vp9",
        Codec::Av1 => "video/av1",
    }
}
