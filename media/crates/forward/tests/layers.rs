//! Simulcast: which layer a subscriber is sent, when it changes, and what it costs the publisher in key frames.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod stage;

use palaver_forward::{Cause, Kind, LayerIx, Micros, NtpTime, Shown, SubscriptionSettings};
use stage::{Encoder, Stage, assert_contiguous, at, layer};

fn up_to(max: usize) -> SubscriptionSettings {
    SubscriptionSettings { max_layer: layer(max), ..SubscriptionSettings::default() }
}

/// A camera with three layers at 30 frames per second.
struct Camera {
    track: palaver_forward::TrackKey,
    encoders: [Encoder; 3],
}

impl Camera {
    fn new(stage: &mut Stage) -> Self {
        let track = stage.track(Kind::Video, 3);
        Self { track, encoders: [Encoder::vp8(11), Encoder::vp8(40_000), Encoder::vp8(65_500)] }
    }

    /// One frame of each of the layers; `keys` says which are key frames.
    fn frame(&mut self, stage: &mut Stage, now: Micros, layers: &[usize], keys: &[usize]) {
        for index in layers {
            stage.send_frame(self.track, layer(*index), &mut self.encoders[*index], now, keys.contains(index));
        }
        stage.poll(now);
    }

    /// 30 frames per second, answering key-frame requests with the next frame.
    fn roll(&mut self, stage: &mut Stage, from_ms: u64, until_ms: u64, layers: &[usize]) {
        for ms in (from_ms..until_ms).step_by(33) {
            let now = at(ms);
            stage.run_until(now);
            let asked: Vec<usize> = stage.requests.drain(..).map(|(_, _, layer)| layer.index()).collect();
            self.frame(stage, now, layers, &asked);
        }
    }
}

#[test]
fn a_joiner_gets_the_first_key_frame_and_climbs() {
    let mut stage = Stage::default();
    let mut camera = Camera::new(&mut stage);
    let section = stage.section(1);
    stage.router.subscribe(section, camera.track, up_to(2), at(0));
    stage.poll(at(0));
    assert_eq!(stage.requests, [], "there is nobody to ask yet");
    camera.frame(&mut stage, at(10), &[0, 1, 2], &[0, 1, 2]);
    assert_eq!(stage.router.current_layer(section), Some(layer(2)));
    assert_eq!(stage.requests, [], "every layer began with a key frame");
    camera.roll(&mut stage, 43, 500, &[0, 1, 2]);
    assert_eq!(stage.layers_to(1), [0, 1, 2]);
    assert_contiguous(&stage.to(1));
    assert_eq!(stage.to(1)[0].forward.seq, 1_000);
    assert_eq!(stage.to(1)[0].forward.timestamp, 77);
}

#[test]
fn a_late_joiner_asks_at_once_and_gets_nothing_before_the_key_frame() {
    let mut stage = Stage::default();
    let mut camera = Camera::new(&mut stage);
    camera.frame(&mut stage, at(0), &[0, 1, 2], &[0, 1, 2]);
    camera.roll(&mut stage, 33, 2_000, &[0, 1, 2]);
    let section = stage.section(1);
    stage.router.subscribe(section, camera.track, up_to(1), at(2_000));
    stage.poll(at(2_000));
    assert_eq!(stage.requests, [(at(2_000), camera.track, layer(1))]);
    camera.frame(&mut stage, at(2_010), &[0, 1, 2], &[]);
    assert_eq!(stage.to(1).len(), 0);
    camera.frame(&mut stage, at(2_043), &[0, 1, 2], &[1]);
    assert_eq!(stage.layers_to(1), [1]);
    assert!(stage.to(1)[0].is_key_start());
}

#[test]
fn the_current_layer_flows_until_the_key_frame_of_the_next() {
    let mut stage = Stage::default();
    let mut camera = Camera::new(&mut stage);
    let section = stage.section(1);
    stage.router.subscribe(section, camera.track, up_to(0), at(0));
    camera.frame(&mut stage, at(0), &[0, 1, 2], &[0, 1, 2]);
    camera.frame(&mut stage, at(33), &[0, 1, 2], &[]);
    stage.router.set_subscription(section, up_to(2), at(40));
    stage.poll(at(40));
    assert_eq!(stage.requests, [(at(40), camera.track, layer(2))]);
    for frame in 2..6 {
        camera.frame(&mut stage, at(frame * 33), &[0, 1, 2], &[]);
    }
    assert_eq!(stage.layers_to(1), [0]);
    assert_eq!(stage.to(1).len(), 12, "no frame of the small layer was left out");
    camera.frame(&mut stage, at(6 * 33), &[0, 1, 2], &[2]);
    camera.frame(&mut stage, at(7 * 33), &[0, 1, 2], &[]);
    assert_eq!(stage.layers_to(1), [0, 2]);
    assert_contiguous(&stage.to(1));
    assert_eq!(stage.router.counters().layer_switches, 1);
}

#[test]
fn requests_are_repeated_while_someone_waits_and_stop_when_he_leaves() {
    let mut stage = Stage::default();
    let mut camera = Camera::new(&mut stage);
    camera.frame(&mut stage, at(0), &[0], &[0]);
    let section = stage.section(1);
    stage.router.subscribe(section, camera.track, up_to(2), at(100));
    let deltas = |stage: &mut Stage, camera: &mut Camera, from: u64, until: u64| {
        for ms in (from..until).step_by(25) {
            camera.frame(stage, at(ms), &[0], &[]);
        }
    };
    deltas(&mut stage, &mut camera, 100, 2_500);
    let times: Vec<u64> = stage.requests.iter().map(|(now, ..)| now.0 / 1_000).collect();
    assert_eq!(times, [100, 350, 1_350, 2_350]);
    stage.router.unsubscribe(section, at(2_500));
    deltas(&mut stage, &mut camera, 2_500, 5_000);
    assert_eq!(stage.requests.len(), 4);
}

#[test]
fn a_crowd_of_joiners_costs_two_key_frames_a_second() {
    let mut stage = Stage::default();
    let mut camera = Camera::new(&mut stage);
    camera.frame(&mut stage, at(900), &[0], &[0]);
    for joiner in 0..100 {
        let now = at(1_000 + joiner * 10);
        let section = stage.section(joiner);
        stage.router.subscribe(section, camera.track, up_to(2), now);
        stage.poll(now);
        let is_asked = stage.requests.last().is_some_and(|(when, ..)| *when == now);
        camera.frame(&mut stage, now, &[0], if is_asked { &[0] } else { &[] });
    }
    let times: Vec<u64> = stage.requests.iter().map(|(now, ..)| now.0 / 1_000).collect();
    assert_eq!(times, [1_000, 1_500]);
}

#[test]
fn nothing_is_asked_before_both_transports_are_up() {
    let mut stage = Stage::default();
    let publisher = stage.router.add_publisher(at(0));
    let track = stage.router.add_track(publisher, Kind::Video, 1);
    let section =
        stage.router.add_section(palaver_forward::SectionConfig { target: 1, initial_seq: 1, initial_timestamp: 1 });
    stage.router.subscribe(section, track, up_to(2), at(0));
    let mut encoder = Encoder::vp8(1);
    stage.send_frame(track, LayerIx::LOWEST, &mut encoder, at(10), true);
    stage.run_until(at(100));
    assert_eq!((stage.received.len(), stage.requests.len()), (0, 0), "the section is not ready");
    stage.router.set_section_ready(section, true, at(110));
    stage.run_until(at(200));
    assert_eq!(stage.requests.len(), 0, "the publisher is not connected");
    stage.router.set_publisher_connected(publisher, true, at(210));
    stage.poll(at(210));
    assert_eq!(stage.requests, [(at(210), track, LayerIx::LOWEST)]);
}

#[test]
fn when_the_layer_dies_the_next_is_taken_and_a_returning_one_is_on_probation() {
    let mut stage = Stage::default();
    let mut camera = Camera::new(&mut stage);
    let section = stage.section(1);
    stage.router.subscribe(section, camera.track, up_to(2), at(0));
    camera.frame(&mut stage, at(0), &[0, 1, 2], &[0, 1, 2]);
    camera.roll(&mut stage, 33, 2_000, &[0, 1, 2]);
    assert_eq!(stage.router.current_layer(section), Some(layer(2)));
    // The publisher's uplink got narrow.
    camera.roll(&mut stage, 2_000, 4_000, &[0, 1]);
    assert_eq!(stage.router.current_layer(section), Some(layer(1)));
    // The layer comes back: not before two seconds of life.
    camera.roll(&mut stage, 4_000, 5_900, &[0, 1, 2]);
    assert_eq!(stage.router.current_layer(section), Some(layer(1)));
    camera.roll(&mut stage, 5_900, 6_500, &[0, 1, 2]);
    assert_eq!(stage.router.current_layer(section), Some(layer(2)));
    assert_eq!(stage.layers_to(1), [0, 1, 2, 1, 2]);
    assert_contiguous(&stage.to(1));
}

#[test]
fn a_flickering_layer_does_not_make_the_picture_flicker() {
    let mut stage = Stage::default();
    let mut camera = Camera::new(&mut stage);
    let section = stage.section(1);
    stage.router.subscribe(section, camera.track, up_to(1), at(0));
    camera.frame(&mut stage, at(0), &[0, 1], &[0, 1]);
    let mut now = 33;
    for _ in 0..10 {
        camera.roll(&mut stage, now, now + 1_500, &[0]);
        camera.roll(&mut stage, now + 1_500, now + 2_500, &[0, 1]);
        now += 2_500;
    }
    assert_eq!(stage.layers_to(1), [0, 1, 0], "once up at the start, once down");
}

#[test]
fn a_pause_of_the_whole_camera_moves_nobody() {
    let mut stage = Stage::default();
    let mut camera = Camera::new(&mut stage);
    let section = stage.section(1);
    stage.router.subscribe(section, camera.track, up_to(2), at(0));
    camera.frame(&mut stage, at(0), &[0, 1, 2], &[0, 1, 2]);
    camera.roll(&mut stage, 33, 1_000, &[0, 1, 2]);
    let before = stage.router.counters();
    stage.run_until(at(9_000));
    assert_eq!(stage.deadline, None, "nothing lives, nothing is due");
    camera.frame(&mut stage, at(9_000), &[0], &[]);
    camera.frame(&mut stage, at(9_100), &[0, 1], &[]);
    camera.roll(&mut stage, 9_200, 12_000, &[0, 1, 2]);
    assert_eq!(stage.layers_to(1), [0, 1, 2]);
    let after = stage.router.counters();
    assert_eq!(after.keyframe_requests, before.keyframe_requests);
    assert_contiguous(&stage.to(1));
}

#[test]
fn without_a_wanted_layer_the_lowest_above_is_sent() {
    let mut stage = Stage::default();
    let mut camera = Camera::new(&mut stage);
    let section = stage.section(1);
    stage.router.subscribe(section, camera.track, up_to(0), at(0));
    camera.frame(&mut stage, at(0), &[1, 2], &[1, 2]);
    assert_eq!(stage.layers_to(1), [1]);
}

#[test]
fn a_layer_that_gives_no_key_frame_is_given_up_for_a_while() {
    let mut stage = Stage::default();
    let mut camera = Camera::new(&mut stage);
    camera.frame(&mut stage, at(0), &[0, 1], &[0, 1]);
    let section = stage.section(1);
    stage.router.subscribe(section, camera.track, up_to(1), at(0));
    for ms in (33..6_000).step_by(33) {
        stage.run_until(at(ms));
        let asked = stage.requests.drain(..).any(|(_, _, layer)| layer.index() == 0);
        camera.frame(&mut stage, at(ms), &[0, 1], if asked { &[0] } else { &[] });
    }
    assert_eq!(stage.layers_to(1), [0]);
}

#[test]
fn disabling_stops_at_once_and_enabling_begins_with_a_key_frame() {
    let mut stage = Stage::default();
    let mut camera = Camera::new(&mut stage);
    let section = stage.section(1);
    stage.router.subscribe(section, camera.track, up_to(1), at(0));
    camera.frame(&mut stage, at(0), &[0, 1], &[0, 1]);
    camera.roll(&mut stage, 33, 1_000, &[0, 1]);
    let count = stage.received.len();
    let off = SubscriptionSettings { is_enabled: false, ..up_to(1) };
    stage.router.set_subscription(section, off, at(1_000));
    camera.roll(&mut stage, 1_000, 6_000, &[0, 1]);
    assert_eq!(stage.received.len(), count);
    stage.router.set_subscription(section, up_to(1), at(6_000));
    stage.poll(at(6_000));
    assert_eq!(stage.requests, [(at(6_000), camera.track, layer(1))]);
    camera.roll(&mut stage, 6_005, 6_200, &[0, 1]);
    assert!(stage.received[count].is_key_start());
    assert_contiguous(&stage.to(1));
    // Five seconds passed for the receiver too.
    let gap = stage.received[count].forward.timestamp.wrapping_sub(stage.received[count - 1].forward.timestamp);
    assert!((440_000..=455_000).contains(&gap), "{gap} ticks");
}

#[test]
fn a_muted_track_is_silent_and_comes_back_with_a_key_frame() {
    let mut stage = Stage::default();
    let mut camera = Camera::new(&mut stage);
    let section = stage.section(1);
    stage.router.subscribe(section, camera.track, up_to(1), at(0));
    camera.frame(&mut stage, at(0), &[0, 1], &[0, 1]);
    stage.router.set_muted(camera.track, true, at(10));
    let count = stage.received.len();
    camera.roll(&mut stage, 33, 3_000, &[0, 1]);
    camera.frame(&mut stage, at(3_000), &[0, 1], &[0, 1]);
    assert_eq!((stage.received.len(), stage.router.counters().keyframe_requests), (count, 0));
    stage.router.set_muted(camera.track, false, at(3_010));
    stage.poll(at(3_010));
    assert_eq!(stage.requests, [(at(3_010), camera.track, layer(1))]);
    camera.roll(&mut stage, 3_033, 3_300, &[0, 1]);
    assert!(stage.received.len() > count && stage.received[count].is_key_start());
    assert_contiguous(&stage.to(1));
}

#[test]
fn a_subscriber_that_lost_the_picture_gets_a_key_frame_of_its_layer() {
    let mut stage = Stage::default();
    let mut camera = Camera::new(&mut stage);
    let section = stage.section(1);
    stage.router.subscribe(section, camera.track, up_to(1), at(0));
    camera.frame(&mut stage, at(0), &[0, 1], &[0, 1]);
    for ms in [500, 510, 520] {
        camera.frame(&mut stage, at(ms), &[0, 1], &[]);
        stage.router.on_keyframe_request(section, at(ms));
        stage.poll(at(ms));
    }
    assert_eq!(stage.requests, [(at(500), camera.track, layer(1))]);
    camera.frame(&mut stage, at(533), &[0, 1], &[1]);
    stage.requests.clear();
    camera.roll(&mut stage, 566, 5_000, &[0, 1]);
    assert_eq!(stage.router.counters().keyframe_requests, 1, "satisfied");
}

#[test]
fn a_frame_rate_cap_leaves_whole_pictures_out_without_holes() {
    let mut stage = Stage::default();
    let mut camera = Camera::new(&mut stage);
    let section = stage.section(1);
    stage.router.subscribe(section, camera.track, SubscriptionSettings { max_fps: 15, ..up_to(0) }, at(0));
    camera.frame(&mut stage, at(0), &[0], &[0]);
    camera.roll(&mut stage, 33, 3_000, &[0]);
    let count = stage.received.len();
    camera.roll(&mut stage, 3_000, 5_000, &[0]);
    let thinned = &stage.received[count..];
    assert!(thinned.iter().all(|received| received.temporal_id() == 0));
    assert!((58..=64).contains(&thinned.len()), "{} packets in 2 s", thinned.len());
    // Without the cap the upper layer comes back, at a frame that needs nothing that was left out.
    let count = stage.received.len();
    stage.router.set_subscription(section, up_to(0), at(5_000));
    camera.roll(&mut stage, 5_000, 6_000, &[0]);
    let upper = stage.received[count..].iter().find(|received| received.temporal_id() == 1).expect("the upper layer");
    assert_ne!(upper.payload[5] & 0x20, 0, "a synchronisation point");
    assert_contiguous(&stage.to(1));
}

#[test]
fn layers_with_sender_reports_switch_without_a_jump_in_time() {
    let mut stage = Stage::default();
    let mut camera = Camera::new(&mut stage);
    let section = stage.section(1);
    stage.router.subscribe(section, camera.track, up_to(0), at(0));
    camera.frame(&mut stage, at(0), &[0, 1], &[0, 1]);
    let ntp = |now: Micros| NtpTime((3_900_000_000_u64 << 32) + (now.0 << 32) / 1_000_000);
    for (index, encoder) in camera.encoders.iter().enumerate() {
        let rtp = encoder.clock_origin.wrapping_add(at(5).to_ticks(90_000));
        stage.router.on_sender_report(camera.track, layer(index), ntp(at(5)), rtp, at(20));
    }
    camera.roll(&mut stage, 33, 990, &[0, 1]);
    for round in 0..20_u64 {
        let now = 990 + round * 693;
        stage.router.set_subscription(section, up_to(((round + 1) % 2) as usize), at(now));
        camera.roll(&mut stage, now, now + 693, &[0, 1]);
    }
    let received = stage.to(1);
    assert_contiguous(&received);
    assert_eq!(stage.router.counters().layer_switches, 20);
    // After twenty changes the section's clock still shows the capture time.
    let (first, last) = (received[0], received[received.len() - 1]);
    let clock = last.forward.timestamp.wrapping_sub(first.forward.timestamp);
    let truth = last.now.since(first.now).to_ticks(90_000);
    assert!(clock.abs_diff(truth) <= 1_500 + 9, "{clock} instead of {truth}: at most one least step ahead");
    // And a report says when it was captured, but for the way of the first report.
    assert_eq!(last.forward.captured_at, Some(Micros(last.now.0 + 15_000)));
}

#[test]
fn a_joiner_of_a_standing_screen_is_not_kept_waiting_for_its_next_frame() {
    let mut stage = Stage::default();
    let mut camera = Camera::new(&mut stage);
    camera.frame(&mut stage, at(0), &[0, 1], &[0, 1]);
    stage.run_until(at(1_500));
    let section = stage.section(1);
    stage.router.subscribe(section, camera.track, up_to(2), at(1_500));
    stage.poll(at(1_500));
    assert_eq!(stage.requests, [(at(1_500), camera.track, layer(1))]);
    // It is asked again, but not for ever: it may have been a camera that stopped.
    stage.run_until(at(20_000));
    let times: Vec<u64> = stage.requests.iter().map(|(now, ..)| now.0 / 1_000).collect();
    assert_eq!(times, [1_500, 1_750, 2_750, 3_750, 4_750]);
    assert_eq!(stage.deadline, None);
    camera.frame(&mut stage, at(20_000), &[0, 1], &[]);
    assert_eq!(stage.requests.len(), 6, "it is back");
}

#[test]
fn a_busy_server_sends_nobody_more_than_its_ceiling() {
    let mut stage = Stage::default();
    let mut camera = Camera::new(&mut stage);
    let section = stage.section(1);
    stage.router.subscribe(section, camera.track, up_to(2), at(0));
    camera.frame(&mut stage, at(0), &[0, 1, 2], &[0, 1, 2]);
    camera.roll(&mut stage, 33, 1_000, &[0, 1, 2]);
    assert_eq!(stage.router.shown(section), Some(Shown { layer: Some(layer(2)), cause: Cause::Whole }));
    stage.router.set_ceiling(layer(0), at(1_000));
    stage.poll(at(1_000));
    camera.roll(&mut stage, 1_010, 2_000, &[0, 1, 2]);
    assert_eq!(stage.router.shown(section), Some(Shown { layer: Some(layer(0)), cause: Cause::Busy }));
    // Who comes now gets no more either, and whoever wants no more is not told of it.
    let late = stage.section(2);
    stage.router.subscribe(late, camera.track, up_to(0), at(2_000));
    stage.poll(at(2_000));
    camera.roll(&mut stage, 2_010, 3_000, &[0, 1, 2]);
    assert_eq!(stage.router.shown(late), Some(Shown { layer: Some(layer(0)), cause: Cause::Asked }));
    stage.router.set_subscription(late, up_to(2), at(3_000));
    camera.roll(&mut stage, 3_010, 4_000, &[0, 1, 2]);
    assert_eq!(stage.router.current_layer(late), Some(layer(0)));
    stage.router.set_ceiling(LayerIx::HIGHEST, at(4_000));
    stage.poll(at(4_000));
    camera.roll(&mut stage, 4_010, 5_000, &[0, 1, 2]);
    assert_eq!([section, late].map(|section| stage.router.current_layer(section)), [Some(layer(2)); 2]);
    assert_contiguous(&stage.to(1));
}
