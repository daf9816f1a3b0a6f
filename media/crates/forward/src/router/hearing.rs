//! Microphones of a large room: who of those that speak is sent to whom.

use super::Router;
use super::api::AudioLevel;
use super::subscription::Subscription;
use super::track::Track;
use crate::slab::{PublisherKey, SectionKey, TrackKey};
use crate::units::Micros;
use crate::voices::{Hearing, Voice, Voices};

impl Router {
    /// The track is a microphone: in a large room it is forwarded while its owner is one of the few who speak, provided
    /// that its packets say how loud they are. Without this, at birth, it always is.
    pub fn set_microphone(&mut self, track: TrackKey) {
        if let Some(state) = self.tracks.get_mut(track)
            && state.voice.is_none()
        {
            state.voice = Some(Voice::default());
            self.voices.count(true);
        }
    }

    /// How many voices are heard at once, 1 to [`MAX_VOICES`](crate::MAX_VOICES), in a room of more than `large_room`
    /// microphones.
    pub fn set_voices(&mut self, most: usize, large_room: usize) {
        self.voices.set_limit(most, large_room);
    }

    /// Tell whose ears a section serves: in a large room whoever is heard himself hears one more instead.
    pub fn set_section_owner(&mut self, section: SectionKey, publisher: PublisherKey) {
        if let Some(state) = self.sections.get_mut(section) {
            state.owner = Some(publisher);
        }
    }

    /// The track is muted or gone.
    pub(super) fn leave_place(&mut self, track: TrackKey, voice: Option<Voice>, is_gone: bool) {
        if voice.is_some() {
            self.voices.leave(track);
            if is_gone {
                self.voices.count(false);
            }
        }
    }
}

impl Track {
    /// Decide who hears a packet of sound. Whoever does not is sent the next one that he hears as the beginning of a talk
    /// spurt.
    pub(super) fn weigh(
        &mut self,
        key: TrackKey,
        voices: &mut Voices,
        level: Option<AudioLevel>,
        is_newest: bool,
        now: Micros,
    ) -> Hearing {
        let Some(voice) = &mut self.voice else { return Hearing::All };
        let hearing = match level {
            Some(AudioLevel { minus_dbov }) if is_newest => {
                // Counted in small rooms too: a room can become large while somebody speaks.
                let is_loud = voice.on_packet(minus_dbov, now);
                let hearing = voices.weigh((key, self.publisher), voice, is_loud, now);
                if voices.is_limited() { hearing } else { Hearing::All }
            }
            _ if !voices.is_limited() => Hearing::All,
            _ => self.hearing,
        };
        if hearing == Hearing::Nobody && self.hearing != hearing {
            self.subscriptions.iter_mut().for_each(Subscription::interrupt);
        }
        self.hearing = hearing;
        hearing
    }
}
