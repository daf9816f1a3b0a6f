//! Who speaks, from the audio levels that packets carry (RFC 6464).

use crate::slab::TrackKey;
use crate::units::Micros;

/// A packet at least this loud counts as speech, in −dBov.
const SPEECH_MINUS_DBOV: u8 = 35;
/// Speech is looked for in the last second, in buckets of this length.
const BUCKET: Micros = Micros::from_millis(50);
const BUCKETS: usize = 20;
/// Someone speaks when this much of the last 400 ms is speech: 40 %.
const SHORT_BUCKETS: u64 = 8;
const SPEECH_IN_SHORT_WINDOW: Micros = Micros::from_millis(160);
/// … or this much of the whole second: short words, or the beeps of a fake microphone, but not one click.
const SPEECH_IN_LONG_WINDOW: Micros = Micros::from_millis(120);
/// … and has stopped after this much without any. A sender in DTX stops sending packets at all: the same silence.
const SILENCE: Micros = Micros::from_millis(600);
/// Time constant of the smoothed power.
const SMOOTHING: Micros = Micros::from_millis(350);
/// Loudness is reported in steps, so that a steady voice is not news.
const LEVEL_STEPS: f32 = 8.0;
/// Least distance of two change lists: five a second.
pub(crate) const REPORT_INTERVAL: Micros = Micros::from_millis(200);

/// One line of the room's change list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpeakerChange {
    /// The audio track.
    pub track: TrackKey,
    /// Loudness in steps of an eighth, 0 is silence and 1 is full scale (0 dBov).
    pub level: f32,
    /// Speaks now.
    pub is_active: bool,
}

/// Speech detection of one track.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SpeechDetector {
    /// Speech in each bucket of the window; bucket `n` of the clock is at `n % BUCKETS`.
    speech: [Micros; BUCKETS],
    bucket: u64,
    power: f32,
    last_packet: Micros,
    last_speech: Micros,
    is_active: bool,
    reported: (f32, bool),
}

impl SpeechDetector {
    /// A packet with a level that plays for `duration`.
    pub(crate) fn on_packet(&mut self, minus_dbov: u8, duration: Micros, now: Micros) {
        self.advance(now);
        let weight = (duration.0 as f32 / SMOOTHING.0 as f32).min(1.0);
        self.power += weight * (power(minus_dbov) - self.power);
        self.last_packet = now;
        if minus_dbov <= SPEECH_MINUS_DBOV {
            self.last_speech = now;
            let position = (self.bucket % BUCKETS as u64) as usize;
            if let Some(speech) = self.speech.get_mut(position) {
                // A burst after a network stall must not count as long speech at once: a bucket holds its own length
                // and half as much again.
                *speech = speech.plus(duration).min(Micros(BUCKET.0 * 3 / 2));
            }
        }
        self.is_active |= self.speech_in(SHORT_BUCKETS) >= SPEECH_IN_SHORT_WINDOW
            || self.speech_in(BUCKETS as u64) >= SPEECH_IN_LONG_WINDOW;
    }

    /// Speech in the newest `buckets`.
    fn speech_in(&self, buckets: u64) -> Micros {
        let positions = (0..buckets).filter_map(|back| self.bucket.checked_sub(back));
        positions.fold(Micros::ZERO, |sum, bucket| {
            let position = (bucket % BUCKETS as u64) as usize;
            sum.plus(self.speech.get(position).copied().unwrap_or(Micros::ZERO))
        })
    }

    /// The track is muted or gone: silence at once.
    pub(crate) fn silence(&mut self) {
        *self = Self { reported: self.reported, ..Self::default() };
    }

    /// Whether time alone can still change something.
    pub(crate) fn is_restless(&self) -> bool {
        self.is_active || self.reported != (0.0, false)
    }

    /// The news since the last report, if any: `(level, is_active)`.
    pub(crate) fn report(&mut self, now: Micros) -> Option<(f32, bool)> {
        self.advance(now);
        if self.is_active && now.since(self.last_speech) >= SILENCE {
            self.is_active = false;
        }
        if now.since(self.last_packet) >= SILENCE {
            self.power = 0.0;
        }
        let level = if self.is_active { (self.power.sqrt() * LEVEL_STEPS).ceil() / LEVEL_STEPS } else { 0.0 };
        let news = (level.clamp(0.0, 1.0), self.is_active);
        if news == self.reported {
            return None;
        }
        self.reported = news;
        Some(news)
    }

    /// Empty the buckets that the clock has passed.
    fn advance(&mut self, now: Micros) {
        let bucket = now.0 / BUCKET.0;
        let passed = bucket.saturating_sub(self.bucket).min(BUCKETS as u64);
        for back in 0..passed {
            let position = (bucket.saturating_sub(back) % BUCKETS as u64) as usize;
            if let Some(speech) = self.speech.get_mut(position) {
                *speech = Micros::ZERO;
            }
        }
        self.bucket = self.bucket.max(bucket);
    }
}

/// −dBov as a share of full-scale power.
fn power(minus_dbov: u8) -> f32 {
    if minus_dbov >= 127 { 0.0 } else { 10.0_f32.powf(f32::from(minus_dbov) / -10.0) }
}

#[cfg(test)]
mod tests {
    use super::{Micros, SpeechDetector, power};
    use proptest::prelude::*;

    const PACKET: Micros = Micros::from_millis(20);

    /// Feed 20 ms packets of a level until `until_ms`, reporting every 200 ms; answers the reports with their time.
    fn talk(detector: &mut SpeechDetector, from_ms: u64, until_ms: u64, level: Option<u8>) -> Vec<(u64, f32, bool)> {
        let mut reports = Vec::new();
        for ms in (from_ms..until_ms).step_by(20) {
            let now = Micros::from_millis(ms);
            if let Some(level) = level {
                detector.on_packet(level, PACKET, now);
            }
            if ms % 200 == 0 {
                reports.extend(detector.report(now).map(|(level, is_active)| (ms, level, is_active)));
            }
        }
        reports
    }

    #[test]
    fn a_voice_is_active_within_400_ms_and_inactive_600_ms_after_it_ends() {
        let mut detector = SpeechDetector::default();
        let reports = talk(&mut detector, 10_000, 12_000, Some(20));
        assert!(reports.first().is_some_and(|(ms, level, is_active)| *ms <= 10_400 && *level > 0.0 && *is_active));
        let reports = talk(&mut detector, 12_000, 14_000, Some(127));
        assert_eq!(reports.last().copied(), Some((12_600, 0.0, false)));
    }

    #[test]
    fn no_packets_are_silence() {
        let mut detector = SpeechDetector::default();
        talk(&mut detector, 10_000, 12_000, Some(10));
        assert!(detector.is_restless());
        let reports = talk(&mut detector, 12_000, 14_000, None);
        assert_eq!(reports, [(12_600, 0.0, false)]);
        assert!(!detector.is_restless());
    }

    #[test]
    fn noise_and_a_click_are_not_speech() {
        let mut detector = SpeechDetector::default();
        assert_eq!(talk(&mut detector, 0, 5_000, Some(50)), []);
        assert_eq!(talk(&mut detector, 5_000, 5_100, Some(5)), []);
        assert_eq!(talk(&mut detector, 5_100, 6_000, Some(60)), []);
    }

    #[test]
    fn a_pause_between_words_does_not_end_speech() {
        let mut detector = SpeechDetector::default();
        talk(&mut detector, 0, 1_000, Some(20));
        let mut reports = talk(&mut detector, 1_000, 1_400, Some(90));
        reports.extend(talk(&mut detector, 1_400, 2_000, Some(20)));
        assert!(reports.iter().all(|(_, _, is_active)| *is_active), "{reports:?}");
    }

    #[test]
    fn short_words_add_up() {
        // Levels of a browser's fake microphone: a beep of 80 ms that rings out, every half second.
        let beep = [7, 13, 28, 33, 38, 41, 44, 49, 52, 127];
        let mut detector = SpeechDetector::default();
        let mut was_active = Vec::new();
        for word in 0..4u64 {
            for (index, level) in beep.iter().enumerate() {
                let from = 5_000 + word * 500 + index as u64 * 20;
                talk(&mut detector, from, from + 20, Some(*level));
            }
            was_active.push(detector.is_active);
        }
        assert_eq!(was_active, [false, true, true, true]);
    }

    #[test]
    fn clicks_that_are_far_apart_do_not_add_up() {
        let mut detector = SpeechDetector::default();
        for click in 5..20 {
            talk(&mut detector, click * 1_200, click * 1_200 + 100, Some(5));
            assert!(!detector.is_active);
        }
    }

    #[test]
    fn louder_is_more() {
        let level = |minus_dbov| {
            let mut detector = SpeechDetector::default();
            talk(&mut detector, 0, 2_000, Some(minus_dbov)).last().map(|(_, level, _)| *level)
        };
        assert_eq!(level(0), Some(1.0));
        assert!(level(6) < level(0) && level(20) < level(6));
        assert!(power(126) > 0.0 && power(127) < power(126));
    }

    #[test]
    fn mute_is_silence_at_once() {
        let mut detector = SpeechDetector::default();
        talk(&mut detector, 0, 1_000, Some(10));
        detector.silence();
        assert_eq!(detector.report(Micros::from_millis(1_000)), Some((0.0, false)));
    }

    proptest! {
        #[test]
        fn levels_stay_in_range_and_only_news_is_reported(
            steps in prop::collection::vec((any::<u8>(), 0u64..500, 0u64..130), 1..200),
        ) {
            let mut detector = SpeechDetector::default();
            let mut now = Micros::ZERO;
            let mut last = (0.0, false);
            for (level, pause, duration) in steps {
                now = now.plus(Micros::from_millis(pause));
                detector.on_packet(level, Micros::from_millis(duration), now);
                if let Some(news) = detector.report(now) {
                    prop_assert!(news != last);
                    prop_assert!((0.0..=1.0).contains(&news.0));
                    prop_assert!(news.1 || news.0 == 0.0);
                    last = news;
                }
            }
        }
    }
}
