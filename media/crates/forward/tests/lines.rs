//! Narrow lines: who is sent what, who is paused, and what the estimator is told.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod stage;

use palaver_forward::{
    AudioLevel, Cause, Codec, Kind, LineReport, Micros, RtpMeta, SectionKey, SubscriberKey, SubscriptionSettings,
    TrackKey,
};
use stage::{Encoder, Stage, assert_contiguous, at, layer};

/// Packets a frame: layers of about 150, 470 and 1 600 kbit/s at 30 frames a second.
const PACKETS: [usize; 3] = [8, 25, 85];

/// Somebody with a camera of three layers and a microphone, and what they were told.
struct Meeting {
    stage: Stage,
    cameras: Vec<(TrackKey, [Encoder; 3])>,
    voice: TrackKey,
    voice_seq: u64,
    subscriber: SubscriberKey,
    sections: Vec<SectionKey>,
    now_ms: u64,
}

impl Meeting {
    /// `cameras` that bob (targets 0, 1, …) watches, and a voice that he hears (target 100).
    fn new(cameras: usize) -> Self {
        let mut stage = Stage::default();
        let subscriber = stage.router.add_subscriber(9);
        let voice = stage.track(Kind::Audio, 1);
        let ear = stage.section(100);
        stage.router.set_subscriber(ear, subscriber, at(0));
        stage.router.subscribe(ear, voice, SubscriptionSettings::default(), at(0));
        let mut meeting =
            Self { stage, cameras: Vec::new(), voice, voice_seq: 0, subscriber, sections: Vec::new(), now_ms: 0 };
        for _ in 0..cameras {
            meeting.add_camera(1);
        }
        meeting
    }

    fn add_camera(&mut self, priority: u8) {
        let track = self.stage.track(Kind::Video, 3);
        let salt = 11 + 100 * self.cameras.len() as u32;
        self.cameras.push((track, [0, 1, 2].map(|layer| Encoder::vp8(salt + 20_000 * layer))));
        let section = self.stage.section(self.sections.len() as u64);
        self.sections.push(section);
        self.stage.router.set_subscriber(section, self.subscriber, at(self.now_ms));
        let settings = SubscriptionSettings { priority, ..SubscriptionSettings::default() };
        self.stage.router.subscribe(section, track, settings, at(self.now_ms));
    }

    fn estimate(&mut self, bps: u64) {
        self.stage.router.on_estimate(self.subscriber, bps, at(self.now_ms));
    }

    /// Two seconds of feedback that tell of a queue and of loss.
    fn queues(&mut self) {
        for _ in 0..2 {
            let report = LineReport { rtt: Some(Micros::from_millis(30)), loss: 0.5, sent_bps: 300_000 };
            self.report(&report);
        }
    }

    fn report(&mut self, report: &LineReport) {
        self.stage.router.on_line_report(self.subscriber, report);
    }

    /// Everybody films and speaks; layers that are asked for a key frame send one.
    fn roll(&mut self, millis: u64) {
        let end = self.now_ms + millis;
        while self.now_ms < end {
            self.now_ms += 33;
            let now = at(self.now_ms);
            self.stage.run_until(now);
            let asked: Vec<_> = self.stage.requests.drain(..).map(|(_, track, layer)| (track, layer)).collect();
            for (track, encoders) in &mut self.cameras {
                for (index, encoder) in encoders.iter_mut().enumerate() {
                    let is_key = encoder.is_fresh() || asked.contains(&(*track, layer(index)));
                    for sent in encoder.frame(now, is_key, PACKETS[index]) {
                        self.stage.send(*track, layer(index), &sent, now);
                    }
                }
            }
            self.voice_seq += 1;
            let meta = RtpMeta {
                codec: Codec::Opus,
                seq: self.voice_seq,
                timestamp: 960 * self.voice_seq as u32,
                marker: false,
                level: Some(AudioLevel { minus_dbov: 30 }),
            };
            let payload = [0x78; 80];
            self.stage.send(self.voice, layer(0), &stage::Sent { meta, payload: payload.to_vec() }, now);
            self.stage.poll(now);
        }
    }

    fn layers(&self) -> Vec<Option<usize>> {
        let current =
            |section: &SectionKey| self.stage.router.current_layer(*section).map(palaver_forward::LayerIx::index);
        self.sections.iter().map(current).collect()
    }

    fn heard(&self) -> usize {
        self.stage.to(100).len()
    }
}

#[test]
fn without_an_estimate_there_is_no_limit() {
    let mut meeting = Meeting::new(2);
    meeting.roll(1_000);
    assert_eq!(meeting.layers(), [Some(2), Some(2)]);
    assert_eq!(meeting.stage.demands, []);
}

#[test]
fn a_narrow_line_brings_the_picture_down_and_a_wide_one_up_again() {
    let mut meeting = Meeting::new(1);
    meeting.estimate(3_000_000);
    meeting.roll(3_000);
    assert_eq!(meeting.layers(), [Some(2)]);
    meeting.estimate(250_000);
    meeting.roll(600);
    assert_eq!(meeting.layers(), [Some(0)]);
    assert_eq!(meeting.stage.states, [], "nothing was paused");
    meeting.estimate(3_000_000);
    meeting.roll(4_000);
    assert_eq!(meeting.layers(), [Some(0)], "a line that was just too narrow must prove itself");
    meeting.roll(4_000);
    assert_eq!(meeting.layers(), [Some(2)]);
    assert_contiguous(&meeting.stage.to(0));
}

#[test]
fn a_layer_that_does_not_fit_comes_with_half_of_its_frames_before_it_is_given_up() {
    let mut meeting = Meeting::new(1);
    meeting.estimate(3_000_000);
    meeting.roll(3_000);
    let whole = meeting.stage.to(0).len();
    meeting.roll(1_000);
    assert!(meeting.stage.to(0)[whole..].iter().any(|received| received.temporal_id() == 1));
    meeting.estimate(1_100_000);
    meeting.roll(600);
    assert_eq!(meeting.layers(), [Some(2)]);
    let shown = meeting.stage.router.shown(meeting.sections[0]).expect("a picture");
    assert_eq!((shown.layer, shown.cause), (Some(layer(2)), Cause::Bandwidth));
    let count = meeting.stage.to(0).len();
    meeting.roll(2_000);
    let thinned = meeting.stage.to(0)[count..].to_vec();
    assert!(thinned.len() > 20 * PACKETS[2] && thinned.iter().all(|received| received.temporal_id() == 0));
    assert_eq!(meeting.stage.states, [], "nothing was paused");
    // Back to all frames: from one on that needs nothing of what was left out.
    meeting.estimate(3_000_000);
    let count = meeting.stage.to(0).len();
    meeting.roll(8_000);
    let received = meeting.stage.to(0);
    let upper = received[count..].iter().find(|received| received.temporal_id() == 1).expect("the upper layer");
    assert_ne!(upper.payload[5] & 0x20, 0, "a synchronisation point");
    assert_contiguous(&received);
}

#[test]
fn on_the_narrowest_line_that_shows_anything_the_smallest_picture_has_half_of_its_frames() {
    let mut meeting = Meeting::new(2);
    meeting.estimate(3_000_000);
    meeting.roll(2_000);
    meeting.estimate(250_000);
    meeting.roll(4_000);
    assert_eq!(meeting.layers(), [Some(0), Some(0)], "whole, one of them would have been paused");
    assert_eq!(meeting.stage.states, []);
    let counts = [0, 1].map(|target| meeting.stage.to(target).len());
    meeting.roll(1_000);
    let is_thin = |target: u64, count: usize| meeting.stage.to(target)[count..].iter().all(|r| r.temporal_id() == 0);
    assert!(is_thin(0, counts[0]) || is_thin(1, counts[1]));
}

#[test]
fn what_does_not_fit_is_paused_and_told_and_sound_goes_on() {
    let mut meeting = Meeting::new(3);
    meeting.estimate(10_000_000);
    meeting.roll(2_000);
    meeting.estimate(160_000);
    meeting.roll(1_000);
    assert_eq!(meeting.layers(), [Some(0), Some(0), Some(0)], "the smallest first");
    meeting.roll(3_000);
    assert_eq!(meeting.layers(), [Some(0), None, None]);
    assert_eq!(meeting.stage.states, [(1, true), (2, true)]);
    let (pictures, heard) = (meeting.stage.to(2).len(), meeting.heard());
    meeting.roll(3_000);
    assert_eq!(meeting.stage.to(2).len(), pictures, "paused is paused");
    assert!(meeting.heard() >= heard + 3_000 / 33, "sound is never held back");
    meeting.estimate(10_000_000);
    meeting.roll(8_000);
    assert_eq!(meeting.stage.states, [(1, true), (2, true), (1, false), (2, false)]);
    assert_eq!(meeting.layers(), [Some(2), Some(2), Some(2)]);
    assert_contiguous(&meeting.stage.to(2));
}

#[test]
fn who_wants_no_pause_keeps_the_smallest_pictures_on_any_line() {
    let mut meeting = Meeting::new(3);
    meeting.stage.router.set_may_pause(meeting.subscriber, false, at(0));
    meeting.estimate(10_000_000);
    meeting.roll(2_000);
    meeting.estimate(20_000);
    meeting.queues();
    let heard = meeting.heard();
    meeting.roll(8_000);
    assert_eq!(meeting.layers(), [Some(0), Some(0), Some(0)]);
    assert!(meeting.stage.states.is_empty(), "nobody is told of a pause");
    assert!(meeting.heard() >= heard + 8_000 / 33);
    meeting.stage.router.set_may_pause(meeting.subscriber, true, at(meeting.now_ms));
    meeting.roll(4_000);
    assert_eq!(meeting.layers(), [None, None, None]);
}

#[test]
fn on_the_narrowest_line_all_pictures_stop_and_no_sound() {
    let mut meeting = Meeting::new(2);
    meeting.estimate(20_000);
    meeting.queues();
    let heard = meeting.heard();
    meeting.roll(2_000);
    assert_eq!(meeting.layers(), [None, None]);
    assert_eq!(meeting.stage.states.len(), 2);
    assert!(meeting.heard() >= heard + 2_000 / 33);
}

#[test]
fn a_line_that_was_never_bad_pauses_nothing_whatever_the_first_guess() {
    let mut meeting = Meeting::new(2);
    meeting.estimate(120_000);
    meeting.roll(2_000);
    assert_eq!(meeting.layers(), [Some(0), Some(0)]);
    assert_eq!(meeting.stage.states, []);
    meeting.queues();
    meeting.roll(4_000);
    assert_eq!(meeting.layers(), [None, None]);
    assert_eq!(meeting.stage.states, [(0, true), (1, true)]);
}

#[test]
fn a_small_picture_comes_back_when_the_line_is_calm_and_less_often_each_time_that_it_was_too_much() {
    let mut meeting = Meeting::new(2);
    meeting.estimate(120_000);
    for calm in [2, 4, 8, 16, 32, 32] {
        meeting.queues();
        meeting.roll(4_000);
        assert_eq!(meeting.layers()[1], None);
        for _ in 0..calm {
            assert_eq!(meeting.layers()[1], None);
            meeting.report(&LineReport { rtt: Some(Micros::from_millis(30)), loss: 0.0, sent_bps: 90_000 });
            meeting.roll(1_000);
        }
        assert_eq!(meeting.layers(), [Some(0), Some(0)], "after {calm} calm seconds");
    }
    assert_contiguous(&meeting.stage.to(1));
}

#[test]
fn a_screen_goes_first_and_the_cameras_make_room() {
    let mut meeting = Meeting::new(2);
    meeting.estimate(2_000_000);
    meeting.roll(4_000);
    meeting.add_camera(255);
    meeting.roll(3_000);
    assert_eq!(meeting.layers(), [Some(0), Some(0), Some(2)]);
}

#[test]
fn nothing_is_sent_of_what_is_hidden_and_it_comes_back_at_once() {
    let mut meeting = Meeting::new(1);
    meeting.estimate(3_000_000);
    meeting.roll(2_000);
    let section = meeting.sections[0];
    let hidden = SubscriptionSettings { is_enabled: false, ..SubscriptionSettings::default() };
    meeting.stage.router.set_subscription(section, hidden, at(meeting.now_ms));
    let pictures = meeting.stage.to(0).len();
    meeting.roll(2_000);
    assert_eq!(meeting.stage.to(0).len(), pictures);
    assert_eq!(meeting.stage.demands.last(), Some(&(9, None)), "and nothing needs an estimate");
    meeting.stage.router.set_subscription(section, SubscriptionSettings::default(), at(meeting.now_ms));
    meeting.roll(100);
    assert_eq!(meeting.layers(), [Some(2)]);
    assert_eq!(meeting.stage.demands.last(), Some(&(9, Some(0))), "all that is wanted is there");
}

#[test]
fn the_estimator_is_asked_for_more_while_somebody_lacks_it() {
    let mut meeting = Meeting::new(1);
    meeting.estimate(300_000);
    meeting.roll(200);
    let (_, desired) = *meeting.stage.demands.last().expect("a demand");
    assert!(desired.is_some_and(|bps| bps > 1_700_000), "{desired:?}");
    meeting.estimate(4_000_000);
    meeting.roll(1_000);
    assert_eq!(meeting.layers(), [Some(2)]);
    assert_eq!(meeting.stage.demands.last(), Some(&(9, Some(0))));
}

#[test]
fn a_loss_of_the_lines_own_keeps_the_picture() {
    let mut meeting = Meeting::new(1);
    meeting.estimate(3_000_000);
    meeting.roll(2_000);
    let report = LineReport { rtt: Some(Micros::from_millis(30)), loss: 0.05, sent_bps: 1_900_000 };
    meeting.stage.router.on_line_report(meeting.subscriber, &report);
    meeting.estimate(110_000);
    meeting.roll(5_000);
    assert_eq!(meeting.layers(), [Some(2)]);
}

#[test]
fn who_leaves_the_line_has_no_limit_any_more() {
    let mut meeting = Meeting::new(1);
    meeting.estimate(300_000);
    meeting.roll(2_000);
    assert_eq!(meeting.layers(), [Some(0)]);
    meeting.stage.router.remove_subscriber(meeting.subscriber, at(meeting.now_ms));
    meeting.roll(500);
    assert_eq!(meeting.layers(), [Some(2)]);
}
