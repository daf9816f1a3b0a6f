//! The room's switchboard: tracks in, sections out.

mod api;

pub use api::{
    AudioLevel, Counters, Forward, Kind, Output, RtpMeta, RtpOutcome, SectionConfig, SubscriptionSettings,
};

use crate::slab::{PublisherKey, SectionKey, Slab, TrackKey};
use crate::speakers::SpeakerChange;
use crate::units::{LayerIx, Micros, NtpTime};

/// One room's tracks and subscriptions. See the crate's documentation for how to drive it.
#[derive(Debug)]
pub struct Router {
    publishers: Slab<PublisherKey, ()>,
    tracks: Slab<TrackKey, ()>,
    sections: Slab<SectionKey, ()>,
}

#[allow(unused_variables, clippy::needless_pass_by_value)]
impl Router {
    /// An empty room.
    #[must_use]
    pub fn new() -> Self {
        Self { publishers: Slab::new(), tracks: Slab::new(), sections: Slab::new() }
    }

    /// Add a participant who may publish. One transport, one capture clock.
    pub fn add_publisher(&mut self, now: Micros) -> PublisherKey {
        self.publishers.insert(())
    }

    /// Remove a publisher with all its tracks.
    pub fn remove_publisher(&mut self, publisher: PublisherKey, now: Micros) {}

    /// Tell that the publisher's transport is up or down. Key-frame requests are held while it is down and sent when it
    /// comes up. Down at birth.
    pub fn set_publisher_connected(&mut self, publisher: PublisherKey, is_connected: bool, now: Micros) {}

    /// Add a publication of one to three layers (one for audio). Layers may begin to arrive at any time, or never.
    pub fn add_track(&mut self, publisher: PublisherKey, kind: Kind, layers: usize) -> TrackKey {
        self.tracks.insert(())
    }

    /// Remove a publication; its subscriptions end, their sections stay.
    pub fn remove_track(&mut self, track: TrackKey, now: Micros) {}

    /// Enforce or lift a mute. Muted: packets are dropped on entry. Lifted: video subscriptions begin with a key frame.
    pub fn set_muted(&mut self, track: TrackKey, is_muted: bool, now: Micros) {}

    /// Add a sending section of a subscriber. Not ready at birth.
    pub fn add_section(&mut self, config: SectionConfig) -> SectionKey {
        self.sections.insert(())
    }

    /// Remove a section with its subscription.
    pub fn remove_section(&mut self, section: SectionKey, now: Micros) {}

    /// Tell that the section's transport is up (DTLS done) or down. Nothing is sent and no key frame asked while it is
    /// down, so that a joiner gets no burst.
    pub fn set_section_ready(&mut self, section: SectionKey, is_ready: bool, now: Micros) {}

    /// Show a track in a section, instead of what it showed before. Numbers, timestamps and picture ids continue.
    /// Same track as before: only the settings change.
    pub fn subscribe(
        &mut self,
        section: SectionKey,
        track: TrackKey,
        settings: SubscriptionSettings,
        now: Micros,
    ) {
    }

    /// Change what the section's subscriber wants of its track.
    pub fn set_subscription(&mut self, section: SectionKey, settings: SubscriptionSettings, now: Micros) {}

    /// Stop showing a track in the section at once; the section keeps its numbering.
    pub fn unsubscribe(&mut self, section: SectionKey, now: Micros) {}

    /// The subscriber asked for a key frame (PLI or FIR).
    pub fn on_keyframe_request(&mut self, section: SectionKey, now: Micros) {}

    /// A sender report of a layer: at `ntp` of the publisher's clock its RTP clock showed `rtp`.
    pub fn on_sender_report(&mut self, track: TrackKey, layer: LayerIx, ntp: NtpTime, rtp: u32, now: Micros) {}

    /// A packet of a layer: the sink gets one [`Forward`] per subscriber.
    pub fn on_rtp(
        &mut self,
        track: TrackKey,
        layer: LayerIx,
        meta: &RtpMeta,
        payload: &[u8],
        now: Micros,
        sink: &mut impl FnMut(&Forward),
    ) -> RtpOutcome {
        RtpOutcome::Unknown
    }

    /// Drain one output; ends with [`Output::Idle`].
    pub fn poll(&mut self, now: Micros) -> Output {
        Output::Idle { deadline: None }
    }

    /// Who began, ended or changed loudness, since the [`Output::SpeakersChanged`] before the last.
    #[must_use]
    pub fn speaker_changes(&self) -> &[SpeakerChange] {
        &[]
    }

    /// Totals since the router was made.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters::default()
    }

    /// The layer that the section's subscriber is sent, `None` while it waits for its first key frame or gets nothing.
    #[must_use]
    pub fn current_layer(&self, section: SectionKey) -> Option<LayerIx> {
        None
    }
}

impl Default for Router {
    fn default() -> Self {
        Self::new()
    }
}
