//! Sections outlive what they show; audio, speech and the comings and goings of a room.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod stage;

use palaver_forward::{
    AudioLevel, Codec, Kind, LayerIx, Micros, NtpTime, PayloadPatch, RtpMeta, RtpOutcome, SubscriptionSettings,
    TrackKey,
};
use stage::{Encoder, Sent, Stage, assert_contiguous, at};

const ONLY: LayerIx = LayerIx::LOWEST;

/// A 20 ms Opus packet.
fn opus(seq: u64, timestamp: u32, minus_dbov: u8) -> Sent {
    let level = Some(AudioLevel { minus_dbov });
    Sent { meta: RtpMeta { codec: Codec::Opus, seq, timestamp, marker: false, level }, payload: vec![0xfc, 1, 2, 3] }
}

fn h264(seq: u64, timestamp: u32, payload: &[u8]) -> Sent {
    let meta = RtpMeta { codec: Codec::H264, seq, timestamp, marker: true, level: None };
    Sent { meta, payload: payload.to_vec() }
}

/// 20 ms packets of one loudness.
fn talk(stage: &mut Stage, track: TrackKey, from_ms: u64, until_ms: u64, minus_dbov: u8) {
    for ms in (from_ms..until_ms).step_by(20) {
        stage.run_until(at(ms));
        stage.send(track, ONLY, &opus(ms / 20, (ms * 48) as u32, minus_dbov), at(ms));
        stage.poll(at(ms));
    }
}

#[test]
fn a_section_shows_one_camera_after_the_other_in_one_stream() {
    let mut stage = Stage::default();
    let section = stage.section(1);
    let mut now = at(0);
    for round in 0..6_u32 {
        let track = stage.track(Kind::Video, 1);
        let mut encoder = Encoder::vp8(round * 13_000 + 5);
        stage.router.subscribe(section, track, SubscriptionSettings::default(), now);
        for frame in 0..10 {
            stage.send_frame(track, ONLY, &mut encoder, now, frame == 0);
            stage.poll(now);
            now = now.plus(stage::FRAME);
        }
        if round % 2 == 0 {
            stage.router.remove_track(track, now);
        }
        now = now.plus(at(500));
    }
    let received = stage.to(1);
    assert_eq!(received.len(), 6 * 10 * 2);
    assert_contiguous(&received);
}

#[test]
fn h264_begins_at_its_parameter_sets() {
    let mut stage = Stage::default();
    let (track, section) = (stage.track(Kind::Video, 1), stage.section(1));
    stage.router.subscribe(section, track, SubscriptionSettings::default(), at(0));
    assert_eq!(stage.send(track, ONLY, &h264(1, 0, &[0x41, 0x9a, 0]), at(0)), RtpOutcome::Forwarded(0));
    stage.poll(at(0));
    assert_eq!(stage.requests.len(), 1);
    stage.send(track, ONLY, &h264(2, 3_000, &[0x67, 0x42, 0xc0]), at(33));
    stage.send(track, ONLY, &h264(3, 3_000, &[0x68, 0xce, 0x3c]), at(33));
    stage.send(track, ONLY, &h264(4, 3_000, &[0x65, 0xb8, 0]), at(33));
    assert_eq!(stage.to(1).len(), 3);
    assert!(stage.to(1).iter().all(|received| received.forward.patch == PayloadPatch::None));
    // A second viewer meets a key frame whose parameter sets were lost: of no use to him.
    let late = stage.section(2);
    stage.router.subscribe(late, track, SubscriptionSettings::default(), at(40));
    stage.send(track, ONLY, &h264(7, 6_000, &[0x65, 0xb8, 0]), at(66));
    assert_eq!((stage.to(1).len(), stage.to(2).len()), (4, 0));
    stage.run_until(at(800));
    assert!(stage.requests.len() >= 2, "so it is asked again");
    stage.send(track, ONLY, &h264(9, 72_000, &[0x67, 0x42, 0xc0]), at(800));
    assert_eq!(stage.to(2).len(), 1);
}

#[test]
fn who_comes_late_is_given_parameter_sets_that_came_once() {
    let mut stage = Stage::default();
    let (track, section, late) = (stage.track(Kind::Video, 1), stage.section(1), stage.section(2));
    stage.router.subscribe(section, track, SubscriptionSettings::default(), at(0));
    let [sps, pps, idr] = [&[0x67, 0x42, 0xc0][..], &[0x68, 0xce, 0x3c], &[0x65, 0xb8, 0]];
    for (seq, payload) in (1..).zip([sps, pps, idr]) {
        stage.send(track, ONLY, &h264(seq, 0, payload), at(0));
    }
    stage.router.subscribe(late, track, SubscriptionSettings::default(), at(10));
    // Two key frames without, and two slices between them.
    for (seq, payload) in (4..).zip([idr, &[0x41, 0x9a, 0], idr, &[0x41, 0x9a, 0], &[0x41, 0x9a, 0]]) {
        stage.send(track, ONLY, &h264(seq, 3_000 * seq as u32, payload), at(33 * seq));
        stage.poll(at(33 * seq));
    }
    assert_eq!(stage.to(1).len(), 8);
    assert!(stage.to(1).iter().all(|received| !received.forward.is_prelude), "who has them needs no others");
    let received = stage.to(2);
    let sets = [0x78, 0, 3, 0x67, 0x42, 0xc0, 0, 3, 0x68, 0xce, 0x3c];
    assert_eq!(received.iter().map(|one| &one.payload[..]).collect::<Vec<_>>()[..2], [&sets[..], idr]);
    let numbers: Vec<u64> = received.iter().map(|one| one.forward.seq).collect();
    assert_eq!(numbers, (numbers[0]..numbers[0] + 4).collect::<Vec<_>>());
    assert_eq!(received[0].forward.timestamp, received[1].forward.timestamp);
    assert!(!received[0].forward.marker && received[1].forward.marker);
}

#[test]
fn sound_begins_with_any_packet_and_a_marker() {
    let mut stage = Stage::default();
    let (alice, bob, section) = (stage.track(Kind::Audio, 1), stage.track(Kind::Audio, 1), stage.section(1));
    stage.router.subscribe(section, alice, SubscriptionSettings::default(), at(0));
    talk(&mut stage, alice, 1_000, 1_200, 50);
    stage.router.subscribe(section, bob, SubscriptionSettings::default(), at(1_300));
    talk(&mut stage, bob, 1_400, 1_500, 50);
    let received = stage.to(1);
    assert_eq!(received.len(), 15);
    let marked: Vec<usize> =
        received.iter().enumerate().filter(|(_, received)| received.forward.marker).map(|(index, _)| index).collect();
    assert_eq!(marked, [0, 10]);
    assert_eq!(received[10].forward.seq, received[9].forward.seq + 1);
    let gap = received[10].forward.timestamp.wrapping_sub(received[9].forward.timestamp);
    assert_eq!(gap, 220 * 48, "from 1180 to 1400 ms");
    assert_eq!(stage.requests, [], "sound has no key frames");
    assert_eq!(stage.started, [(alice, Codec::Opus), (bob, Codec::Opus)]);
}

#[test]
fn padding_and_garbage_leave_no_hole() {
    let mut stage = Stage::default();
    let (track, section) = (stage.track(Kind::Audio, 1), stage.section(1));
    stage.router.subscribe(section, track, SubscriptionSettings::default(), at(0));
    stage.send(track, ONLY, &opus(1, 960, 50), at(20));
    let padding = Sent { payload: vec![], ..opus(2, 1_920, 50) };
    assert_eq!(stage.send(track, ONLY, &padding, at(40)), RtpOutcome::Malformed);
    let foreign = Sent { meta: RtpMeta { codec: Codec::Vp8, ..opus(3, 0, 50).meta }, payload: vec![0x10, 0, 0] };
    assert_eq!(stage.send(track, ONLY, &foreign, at(50)), RtpOutcome::Malformed, "a picture is not sound");
    assert_eq!(stage.send(track, ONLY, &opus(4, 2_880, 50), at(60)), RtpOutcome::Forwarded(1));
    assert_eq!(stage.send(track, ONLY, &opus(4, 2_880, 50), at(60)), RtpOutcome::Duplicate);
    let numbers: Vec<u64> = stage.to(1).iter().map(|received| received.forward.seq).collect();
    assert_eq!(numbers, [1_000, 1_001]);
}

#[test]
fn a_publisher_that_numbers_anew_is_followed() {
    let mut stage = Stage::default();
    let (track, section) = (stage.track(Kind::Audio, 1), stage.section(1));
    stage.router.subscribe(section, track, SubscriptionSettings::default(), at(0));
    for index in 0..10 {
        stage.send(track, ONLY, &opus(500_000 + index, (index * 960) as u32, 50), at(index * 20));
    }
    for index in 0..10 {
        stage.send(track, ONLY, &opus(30 + index, (77_777 + index * 960) as u32, 50), at(200 + index * 20));
    }
    let received = stage.to(1);
    assert_eq!(received.len(), 10 + 7, "three to be sure that it is no stray packet");
    for pair in received.windows(2) {
        assert_eq!(pair[1].forward.seq, pair[0].forward.seq + 1);
    }
}

#[test]
fn speakers_are_reported_on_change_and_at_most_five_times_a_second() {
    let mut stage = Stage::default();
    let (alice, bob) = (stage.track(Kind::Audio, 1), stage.track(Kind::Audio, 1));
    for ms in (1_000..4_000).step_by(20) {
        let wave = if ms % 40 == 0 { 10 } else { 20 };
        stage.send(alice, ONLY, &opus(ms / 20, ms as u32 * 48, wave), at(ms));
        stage.send(bob, ONLY, &opus(ms / 20, ms as u32 * 48, 70), at(ms));
        stage.run_until(at(ms));
    }
    assert!(stage.speakers.iter().all(|(_, track, level, is_active)| *track == alice && *is_active && *level > 0.0));
    let first = stage.speakers.first().expect("alice speaks").0;
    assert!(first <= at(1_400), "{first}");
    stage.run_until(at(10_000));
    let times: Vec<Micros> = stage.speakers.iter().map(|(now, ..)| *now).collect();
    assert!(times.windows(2).all(|pair| pair[1].since(pair[0]) >= at(200)), "{times:?}");
    assert_eq!(
        stage.speakers.last().map(|(_, track, level, is_active)| (*track, *level, *is_active)),
        Some((alice, 0.0, false))
    );
    let end = stage.speakers.last().expect("alice stopped").0;
    assert!(end <= at(3_980 + 600 + 200), "{end}");
    assert_eq!(stage.deadline, None, "a silent room needs no time");
}

#[test]
fn a_speaker_who_leaves_or_is_muted_is_silent() {
    let mut stage = Stage::default();
    let (alice, bob) = (stage.track(Kind::Audio, 1), stage.track(Kind::Audio, 1));
    for ms in (1_000..2_000).step_by(20) {
        talk(&mut stage, alice, ms, ms + 20, 10);
        talk(&mut stage, bob, ms, ms + 20, 10);
    }
    stage.speakers.clear();
    stage.router.remove_track(alice, at(2_000));
    stage.router.set_muted(bob, true, at(2_000));
    stage.run_until(at(2_400));
    let silent: Vec<(TrackKey, bool)> =
        stage.speakers.iter().map(|(_, track, _, is_active)| (*track, *is_active)).collect();
    assert_eq!(silent, [(alice, false), (bob, false)]);
    let count = stage.speakers.len();
    talk(&mut stage, bob, 2_400, 3_000, 10);
    assert_eq!(stage.speakers.len(), count, "the muted are not heard");
}

#[test]
fn sound_and_picture_of_a_publisher_share_one_capture_clock() {
    let mut stage = Stage::default();
    let publisher = stage.router.add_publisher(at(0));
    let sound = stage.router.add_track(publisher, Kind::Audio, 1);
    let picture = stage.router.add_track(publisher, Kind::Video, 1);
    for (target, track) in [(1, sound), (2, picture)] {
        let section = stage.section(target);
        stage.router.subscribe(section, track, SubscriptionSettings::default(), at(0));
    }
    // Both clocks are at zero at second 3 900 000 000 of the publisher; his reports take 40 ms, his pictures 120 ms.
    let ntp = |seconds: u64| NtpTime((3_900_000_000 + seconds) << 32);
    stage.send(sound, ONLY, &opus(1, 0, 127), at(10));
    assert_eq!(stage.to(1)[0].forward.captured_at, None, "nobody knows yet");
    stage.router.on_sender_report(sound, ONLY, ntp(1), 48_000, at(1_040));
    stage.router.on_sender_report(picture, ONLY, ntp(1), 90_000, at(1_040));
    stage.send(sound, ONLY, &opus(2, 48_000 * 2, 127), at(2_050));
    let mut encoder = Encoder::vp8(1);
    for mut sent in encoder.frame(at(2_000), true, 1) {
        sent.meta.timestamp = 90_000 * 2;
        stage.send(picture, ONLY, &sent, at(2_120));
    }
    let (heard, seen) = (stage.to(1)[1].forward.captured_at, stage.to(2)[0].forward.captured_at);
    assert_eq!((heard, seen), (Some(at(2_040)), Some(at(2_040))), "captured together, whenever they arrived");
}

#[test]
fn stale_keys_are_ignored() {
    let mut stage = Stage::default();
    let (track, section) = (stage.track(Kind::Audio, 1), stage.section(1));
    stage.router.subscribe(section, track, SubscriptionSettings::default(), at(0));
    stage.router.remove_track(track, at(0));
    assert_eq!(stage.send(track, ONLY, &opus(1, 0, 50), at(0)), RtpOutcome::Unknown);
    let successor = stage.track(Kind::Audio, 1);
    assert_eq!(successor.index(), track.index());
    assert_eq!(stage.send(successor, ONLY, &opus(1, 0, 50), at(0)), RtpOutcome::Forwarded(0));
    stage.router.remove_section(section, at(0));
    stage.router.subscribe(section, successor, SubscriptionSettings::default(), at(0));
    stage.router.on_keyframe_request(section, at(0));
    assert_eq!(stage.router.current_layer(section), None);
    assert_eq!(stage.router.counters().unknown, 1);
}

#[test]
fn leaving_subscribers_do_not_disturb_the_others() {
    let mut stage = Stage::default();
    let track = stage.track(Kind::Audio, 1);
    let sections: Vec<_> = (0..5).map(|target| stage.section(target)).collect();
    for section in &sections {
        stage.router.subscribe(*section, track, SubscriptionSettings::default(), at(0));
    }
    for (round, section) in [2, 0, 4].into_iter().enumerate() {
        talk(&mut stage, track, 1_000 + round as u64 * 100, 1_100 + round as u64 * 100, 50);
        stage.router.unsubscribe(sections[section], at(0));
    }
    talk(&mut stage, track, 1_300, 1_400, 50);
    let counts: Vec<usize> = (0..5).map(|target| stage.to(target).len()).collect();
    assert_eq!(counts, [10, 20, 5, 20, 15]);
    // A publisher who leaves takes all his tracks along; the sections can be used again.
    stage.router.remove_track(track, at(1_400));
    let next = stage.track(Kind::Audio, 1);
    stage.router.subscribe(sections[2], next, SubscriptionSettings::default(), at(1_400));
    talk(&mut stage, next, 1_400, 1_500, 50);
    assert_eq!(stage.to(2).len(), 10);
}
