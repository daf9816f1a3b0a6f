//! Whose voice is forwarded in a large room: of many open microphones the few that speak.
//!
//! A voice that begins to speak takes the place of the one that has been silent for longest, at once if that silence was
//! a long one, so that no word is clipped; while everybody on a place speaks, it must be louder for a moment. A place is
//! kept through pauses and given up only to somebody who speaks. There is one place more than voices to be heard: whoever
//! has a place does not hear himself and hears the one on the extra place instead.

use crate::slab::{PublisherKey, TrackKey};
use crate::units::Micros;

/// Voices heard at once when nobody says how many.
pub const USUAL_VOICES: usize = 3;
/// More voices than this at once are a noise.
pub const MAX_VOICES: usize = 5;
/// A room with more microphones than this is large.
pub const LARGE_ROOM: usize = 50;
/// A packet at least this loud may be the beginning of a word, in −dBov.
const ONSET_MINUS_DBOV: u8 = 45;
/// Who was silent for so long gives way at once …
const LONG_SILENCE: Micros = Micros::from_millis(2_000);
/// … and who was silent for so long, to somebody who goes on speaking.
const SHORT_SILENCE: Micros = Micros::from_millis(400);
/// Somebody goes on speaking after this long …
const SPEAKING_ON: Micros = Micros::from_millis(120);
/// … without a pause of this length.
const PAUSE: Micros = Micros::from_millis(200);
/// Nobody is driven from a place that he took just now.
const IMMUNITY: Micros = Micros::from_millis(300);
/// So much louder than the quietest of those who speak, in decibels …
const LOUDER_DB: f32 = 3.0;
/// … by a loudness that rises with this time constant …
const RISE: Micros = Micros::from_millis(100);
/// … and falls with this one: a voice between two words is still louder than a murmur.
const FALL: Micros = Micros::from_millis(600);

/// Who hears a voice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Hearing {
    /// Everybody.
    #[default]
    All,
    /// Those who have a place themselves.
    Places,
    /// Nobody.
    Nobody,
}

/// What is remembered of each voice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voice {
    /// Smoothed loudness in dBov, negative.
    loudness_db: f32,
    last_packet: Micros,
    /// The last packet that was loud, and since when there have been such without a pause.
    spoke_at: Option<Micros>,
    speaks_since: Micros,
}

impl Default for Voice {
    fn default() -> Self {
        Self { loudness_db: SILENT_DB, last_packet: Micros::ZERO, spoke_at: None, speaks_since: Micros::ZERO }
    }
}

const SILENT_DB: f32 = -127.0;

impl Voice {
    /// A packet with a level. Answers whether it is loud.
    pub(crate) fn on_packet(&mut self, minus_dbov: u8, now: Micros) -> bool {
        let distance = -f32::from(minus_dbov.min(127)) - self.loudness_db;
        let smoothing = if distance > 0.0 { RISE } else { FALL };
        self.loudness_db += distance * (now.since(self.last_packet).0 as f32 / smoothing.0 as f32).clamp(0.0, 1.0);
        self.last_packet = now;
        let is_loud = minus_dbov <= ONSET_MINUS_DBOV;
        if is_loud {
            if self.spoke_at.is_none_or(|at| now.since(at) > PAUSE) {
                self.speaks_since = now;
            }
            self.spoke_at = Some(now);
        }
        is_loud
    }
}

/// A voice on a place.
#[derive(Clone, Copy, Debug)]
struct Place {
    track: TrackKey,
    publisher: PublisherKey,
    voice: Voice,
    taken_at: Micros,
}

impl Place {
    fn silence(&self, now: Micros) -> Micros {
        now.since(self.voice.spoke_at.unwrap_or(Micros::ZERO))
    }
}

/// The places of one room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voices {
    /// Voices to be heard; the place after them is the extra one.
    most: usize,
    large_room: usize,
    microphones: usize,
    places: [Option<Place>; MAX_VOICES + 1],
}

impl Default for Voices {
    fn default() -> Self {
        Self { most: USUAL_VOICES, large_room: LARGE_ROOM, microphones: 0, places: [None; MAX_VOICES + 1] }
    }
}

impl Voices {
    /// At most `most` voices (1 to [`MAX_VOICES`]) in a room of more than `large_room` microphones.
    pub(crate) fn set_limit(&mut self, most: usize, large_room: usize) {
        self.most = most.clamp(1, MAX_VOICES);
        self.large_room = large_room;
        self.places.iter_mut().skip(self.most + 1).for_each(|place| *place = None);
    }

    /// Microphones came or went.
    pub(crate) fn count(&mut self, comes: bool) {
        self.microphones = if comes { self.microphones + 1 } else { self.microphones.saturating_sub(1) };
    }

    /// Whether there are too many microphones for all to be heard.
    pub(crate) fn is_limited(&self) -> bool {
        self.microphones > self.large_room
    }

    /// The voice is muted or gone.
    pub(crate) fn leave(&mut self, track: TrackKey) {
        self.places.iter_mut().filter(|place| place.is_some_and(|p| p.track == track)).for_each(|place| *place = None);
    }

    /// Whether a voice of this participant is heard by everybody.
    pub(crate) fn has_place(&self, publisher: PublisherKey) -> bool {
        self.places.iter().take(self.most).flatten().any(|place| place.publisher == publisher)
    }

    /// A packet of a voice, already counted in `voice`: who hears it?
    pub(crate) fn weigh(
        &mut self,
        source: (TrackKey, PublisherKey),
        voice: &Voice,
        is_loud: bool,
        now: Micros,
    ) -> Hearing {
        let (track, publisher) = source;
        let own = Place { track, publisher, voice: *voice, taken_at: now };
        let at = self.places.iter().position(|place| place.is_some_and(|p| p.track == track));
        if let Some(place) = at.and_then(|at| self.places.get_mut(at)).and_then(Option::as_mut) {
            place.voice = *voice;
        }
        if at.is_some_and(|at| at < self.most) {
            return Hearing::All;
        }
        if is_loud && let Some(to) = self.find(0..self.most, voice, now) {
            let driven = self.places.get_mut(to).and_then(|place| place.replace(own));
            if let Some(from) = at {
                // From the extra place, which is free for the other one now.
                if let Some(place) = self.places.get_mut(from) {
                    *place = driven;
                }
            }
            return Hearing::All;
        }
        if at.is_none()
            && is_loud
            && let Some(to) = self.find(self.most..self.most + 1, voice, now)
        {
            if let Some(place) = self.places.get_mut(to) {
                *place = Some(own);
            }
            return Hearing::Places;
        }
        if at.is_some() { Hearing::Places } else { Hearing::Nobody }
    }

    /// A place among these that is free, or whose voice has to give way.
    fn find(&self, range: std::ops::Range<usize>, voice: &Voice, now: Micros) -> Option<usize> {
        let mut weakest: Option<(usize, Micros, f32)> = None;
        for at in range {
            let Some(place) = self.places.get(at).copied().flatten() else { return Some(at) };
            if now.since(place.taken_at) < IMMUNITY {
                continue;
            }
            // Whoever has been silent for longest; of those who speak, the quietest.
            let silence = place.silence(now);
            let silence = if silence < SHORT_SILENCE { Micros::ZERO } else { silence };
            let loudness = place.voice.loudness_db;
            if weakest
                .is_none_or(|(_, longest, quietest)| silence > longest || (silence == longest && loudness < quietest))
            {
                weakest = Some((at, silence, loudness));
            }
        }
        let (at, silence, loudness) = weakest?;
        let speaks_on = now.since(voice.speaks_since) >= SPEAKING_ON;
        let gives_way = silence >= LONG_SILENCE
            || (speaks_on && (silence >= SHORT_SILENCE || voice.loudness_db >= loudness + LOUDER_DB));
        gives_way.then_some(at)
    }
}

#[cfg(test)]
mod tests;
