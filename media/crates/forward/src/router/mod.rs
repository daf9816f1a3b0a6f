//! The room's switchboard: tracks in, sections out.

mod api;
mod clock;
mod fanout;
mod hearing;
mod lines;
mod opening;
mod sets;
mod subscription;
mod timers;
mod track;
mod unwrap;

pub use api::{
    AudioLevel, Cause, Counters, Forward, Kind, Output, Part, RtpMeta, RtpOutcome, SectionConfig, Shown,
    SubscriptionSettings,
};

use std::collections::VecDeque;

use crate::bandwidth::Request;
use crate::rewrite::Rewriter;
use crate::slab::{PublisherKey, SectionKey, Slab, SubscriberKey, TrackKey};
use crate::speakers::SpeakerChange;
use crate::units::{LayerIx, Micros, NtpTime};
use crate::voices::{Hearing, Voices};
use clock::WallClock;
use lines::Subscriber;
use opening::Opening;
use subscription::Subscription;
use track::Track;

/// Outputs that fit without allocating; more are never lost.
const USUAL_OUTPUTS: usize = 64;

#[derive(Debug)]
struct Publisher {
    is_connected: bool,
    tracks: Vec<TrackKey>,
    clock: WallClock,
}

#[derive(Debug)]
struct Section {
    target: u64,
    is_ready: bool,
    /// Sound in RED can be sent as it is.
    takes_red: bool,
    rewriter: Rewriter,
    /// The track shown, and the position among its subscriptions.
    shows: Option<(TrackKey, usize)>,
    /// Whose line it shares.
    subscriber: Option<SubscriberKey>,
    /// Whose ears it serves.
    owner: Option<PublisherKey>,
    /// Whose packets were numbered last.
    source: Option<(TrackKey, LayerIx)>,
    /// `None` until it is known whether its track needs one.
    opening: Option<Opening>,
}

/// One room's tracks and subscriptions. See the crate's documentation for how to drive it.
#[derive(Debug)]
pub struct Router {
    publishers: Slab<PublisherKey, Publisher>,
    tracks: Slab<TrackKey, Track>,
    sections: Slab<SectionKey, Section>,
    subscribers: Slab<SubscriberKey, Subscriber>,
    /// Room for the requests of one subscriber.
    requests: Vec<Request>,
    outputs: VecDeque<Output>,
    speaker_changes: Vec<SpeakerChange>,
    /// Tracks removed while they were reported as loud.
    departed_speakers: Vec<TrackKey>,
    voices: Voices,
    /// The largest layer that there is time for.
    ceiling: LayerIx,
    counters: Counters,
    timers: timers::Timers,
}

impl Router {
    /// An empty room.
    #[must_use]
    pub fn new() -> Self {
        Self {
            publishers: Slab::new(),
            tracks: Slab::new(),
            sections: Slab::new(),
            subscribers: Slab::new(),
            requests: Vec::new(),
            outputs: VecDeque::with_capacity(USUAL_OUTPUTS),
            speaker_changes: Vec::with_capacity(USUAL_OUTPUTS),
            departed_speakers: Vec::new(),
            voices: Voices::default(),
            ceiling: LayerIx::HIGHEST,
            counters: Counters::default(),
            timers: timers::Timers::default(),
        }
    }

    /// Add a participant who may publish: one transport, one capture clock. Not connected at birth. (Everything that
    /// changes the room takes the time, so that a caller need not know where it matters.)
    pub fn add_publisher(&mut self, _now: Micros) -> PublisherKey {
        self.publishers.insert(Publisher { is_connected: false, tracks: Vec::new(), clock: WallClock::default() })
    }

    /// Remove a publisher with all its tracks.
    pub fn remove_publisher(&mut self, publisher: PublisherKey, now: Micros) {
        for track in self.publishers.remove(publisher).map(|publisher| publisher.tracks).unwrap_or_default() {
            self.remove_track(track, now);
        }
    }

    /// Tell that the publisher's transport is up or down. Key-frame requests are held while it is down and sent when it
    /// comes up: one that is too early costs more time than none.
    pub fn set_publisher_connected(&mut self, publisher: PublisherKey, is_connected: bool, now: Micros) {
        let Some(publisher) = self.publishers.get_mut(publisher) else { return };
        publisher.is_connected = is_connected;
        self.send_requests(now);
    }

    /// Add a publication of one to three layers (always one for audio). Layers may begin to arrive at any time, or
    /// never. For an unknown publisher the key is stale at once.
    pub fn add_track(&mut self, publisher: PublisherKey, kind: Kind, layer_count: usize) -> TrackKey {
        let track = self.tracks.insert(Track::new(publisher, kind, layer_count));
        match self.publishers.get_mut(publisher) {
            Some(owner) => owner.tracks.push(track),
            None => drop(self.tracks.remove(track)),
        }
        track
    }

    /// Remove a publication; its subscriptions end, their sections stay. Who spoke in it is reported as silent.
    pub fn remove_track(&mut self, track: TrackKey, now: Micros) {
        let Some(removed) = self.tracks.remove(track) else { return };
        self.leave_place(track, removed.voice, true);
        for subscription in &removed.subscriptions {
            if let Some(section) = self.sections.get_mut(subscription.section) {
                section.shows = None;
            }
        }
        if let Some(owner) = self.publishers.get_mut(removed.publisher) {
            owner.tracks.retain(|kept| *kept != track);
        }
        if removed.speech.is_restless() {
            self.departed_speakers.push(track);
            self.timers.wake_for_report(now);
        }
    }

    /// Enforce or lift a mute. Muted: packets are dropped on entry. Lifted: video begins with a key frame.
    pub fn set_muted(&mut self, track: TrackKey, is_muted: bool, now: Micros) {
        let Some(state) = self.tracks.get_mut(track) else { return };
        if state.is_muted == is_muted {
            return;
        }
        state.is_muted = is_muted;
        if is_muted {
            state.subscriptions.iter_mut().for_each(Subscription::interrupt);
            state.speech.silence();
            let voice = state.voice;
            self.leave_place(track, voice, false);
        }
        self.settle(track, now);
        self.timers.wake_for_report(now);
        self.timers.wake_for_lines();
    }

    /// Send nobody a larger layer than this, where there is a smaller one: the server is too busy for more.
    pub fn set_ceiling(&mut self, ceiling: LayerIx, now: Micros) {
        if std::mem::replace(&mut self.ceiling, ceiling) == ceiling {
            return;
        }
        for (_, track) in self.tracks.iter_mut().filter(|(_, track)| track.kind == Kind::Video) {
            track.subscriptions.iter_mut().for_each(|subscription| subscription.ceiling = ceiling);
            track.choose(now);
            track.demand_keyframes(now);
        }
        self.timers.wake_for_lines();
    }

    /// Add a sending section of a subscriber. Not ready at birth.
    pub fn add_section(&mut self, config: SectionConfig) -> SectionKey {
        self.sections.insert(Section {
            target: config.target,
            is_ready: false,
            takes_red: false,
            rewriter: Rewriter::new(config.initial_seq, config.initial_timestamp),
            shows: None,
            subscriber: None,
            owner: None,
            source: None,
            opening: None,
        })
    }

    /// Remove a section with its subscription.
    pub fn remove_section(&mut self, section: SectionKey, now: Micros) {
        self.unsubscribe(section, now);
        self.leave_line(section);
        self.sections.remove(section);
    }

    /// Tell that the section's transport is up (DTLS done) or down. While it is down nothing is sent and no key frame
    /// asked for it, so that a joiner gets neither a burst nor a key frame that comes too early.
    pub fn set_section_ready(&mut self, section: SectionKey, is_ready: bool, now: Micros) {
        let Some(state) = self.sections.get_mut(section) else { return };
        state.is_ready = is_ready;
        self.change_subscription(section, now, |subscription| subscription.is_ready = is_ready);
        self.await_opening(section, now);
    }

    /// Tell whether the section's peer takes RED. Without it, at birth, RED is unwrapped.
    pub fn set_section_takes_red(&mut self, section: SectionKey, takes_red: bool) {
        if let Some(state) = self.sections.get_mut(section) {
            state.takes_red = takes_red;
        }
    }

    /// Show a track in a section, instead of what it showed before. Numbers, timestamps and picture ids continue. For
    /// the track that it shows already only the settings change.
    pub fn subscribe(&mut self, section: SectionKey, track: TrackKey, settings: SubscriptionSettings, now: Micros) {
        let Some(state) = self.sections.get(section) else { return };
        let is_ready = state.is_ready;
        match state.shows {
            Some((shown, _)) if shown == track => return self.set_subscription(section, settings, now),
            Some(_) => self.unsubscribe(section, now),
            None => {}
        }
        let Some(shown) = self.tracks.get_mut(track) else { return };
        let position = shown.subscriptions.len();
        let mut subscription = Subscription::new(section, settings, is_ready);
        subscription.ceiling = self.ceiling;
        shown.subscriptions.push(subscription);
        if let Some(state) = self.sections.get_mut(section) {
            state.shows = Some((track, position));
            state.opening = None;
        }
        self.change_subscription(section, now, |_| {});
        self.await_opening(section, now);
    }

    /// Change what the section's subscriber wants of its track.
    pub fn set_subscription(&mut self, section: SectionKey, settings: SubscriptionSettings, now: Micros) {
        self.change_subscription(section, now, |subscription| subscription.settings = settings);
    }

    /// Stop showing a track in the section at once; the section keeps its numbering.
    pub fn unsubscribe(&mut self, section: SectionKey, now: Micros) {
        let Some((track, position)) = self.sections.get_mut(section).and_then(|section| section.shows.take()) else {
            return;
        };
        let Some(state) = self.tracks.get_mut(track) else { return };
        if position < state.subscriptions.len() {
            state.subscriptions.swap_remove(position);
        }
        if let Some(moved) = state.subscriptions.get(position)
            && let Some(section) = self.sections.get_mut(moved.section)
        {
            section.shows = Some((track, position));
        }
        self.settle(track, now);
        self.timers.wake_for_lines();
    }

    /// The subscriber asked for a key frame (PLI or FIR).
    pub fn on_keyframe_request(&mut self, section: SectionKey, now: Micros) {
        self.change_subscription(section, now, |subscription| subscription.is_broken = subscription.current.is_some());
    }

    /// A sender report of a layer: at `ntp` of the publisher's clock its RTP clock showed `rtp`.
    pub fn on_sender_report(&mut self, track: TrackKey, layer: LayerIx, ntp: NtpTime, rtp: u32, now: Micros) {
        let Some(state) = self.tracks.get_mut(track) else {
            self.counters.unknown = self.counters.unknown.saturating_add(1);
            return;
        };
        if let Some(layer) = state.layers.get_mut(layer.index()) {
            layer.on_sender_report(ntp, rtp);
        }
        if let Some(publisher) = self.publishers.get_mut(state.publisher) {
            publisher.clock.on_report(ntp, now);
        }
    }

    /// Who began, ended or changed loudness: the list that the last [`Output::SpeakersChanged`] announced.
    #[must_use]
    pub fn speaker_changes(&self) -> &[SpeakerChange] {
        &self.speaker_changes
    }

    /// Totals since the router was made.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The layer that the section's subscriber is sent; `None` while it waits for its first key frame or gets nothing.
    #[must_use]
    pub fn current_layer(&self, section: SectionKey) -> Option<LayerIx> {
        let (track, position) = self.sections.get(section)?.shows?;
        self.tracks.get(track)?.subscriptions.get(position)?.current
    }

    /// What the section is sent, and why no more; `None` if it shows no track.
    #[must_use]
    pub fn shown(&self, section: SectionKey) -> Option<Shown> {
        let (track, position) = self.sections.get(section)?.shows?;
        let track = self.tracks.get(track)?;
        let shown = track.subscriptions.get(position)?.shown(track.kind, &track.lives);
        Some(match shown.cause {
            Cause::Whole | Cause::Waiting if track.is_muted => Shown { layer: None, cause: Cause::Muted },
            Cause::Whole | Cause::Waiting if track.hearing == Hearing::Nobody => {
                Shown { layer: None, cause: Cause::Unheard }
            }
            _ => shown,
        })
    }

    /// Change the section's subscription and let it choose anew.
    fn change_subscription(&mut self, section: SectionKey, now: Micros, change: impl FnOnce(&mut Subscription)) {
        let Some((key, position)) = self.sections.get(section).and_then(|section| section.shows) else { return };
        let Some(track) = self.tracks.get_mut(key) else { return };
        let Some(subscription) = track.subscriptions.get_mut(position) else { return };
        change(subscription);
        if !subscription.is_wanted() {
            subscription.share = None;
        }
        // The line first: who asks for a key frame must know of which layer.
        self.share_line_of(section, now);
        let Some(track) = self.tracks.get_mut(key) else { return };
        let Some(subscription) = track.subscriptions.get_mut(position) else { return };
        subscription.choose(track.kind, &track.lives, &track.layers, now);
        self.settle(key, now);
    }

    /// After a change: ask for the key frames that are needed now.
    fn settle(&mut self, track: TrackKey, now: Micros) {
        if let Some(track) = self.tracks.get_mut(track) {
            track.demand_keyframes(now);
        }
        self.timers.wake();
    }
}

impl Default for Router {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
