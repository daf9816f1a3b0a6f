//! Silent tracks begin with packets of nothing, for those who would not know of them otherwise.
#![allow(missing_docs)]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "tests state what they expect")]

mod stage;

use palaver_forward::{Codec, Kind, LayerIx, Micros, RtpMeta, SubscriptionSettings, TrackKey};
use stage::{Sent, Stage};

const AT: u64 = 60_000;

fn ms(after: u64) -> Micros {
    Micros::from_millis(AT + after)
}

/// One listener who needs openings, one who does not.
fn two_listeners(kind: Kind) -> (Stage, TrackKey) {
    let mut stage = Stage::default();
    let track = stage.track(kind, 1);
    for (target, needs_opening) in [(1, true), (2, false)] {
        let listener = stage.router.add_subscriber(target);
        if needs_opening {
            stage.router.set_needs_opening(listener);
        }
        let section = stage.section(target);
        stage.router.set_subscriber(section, listener, ms(0));
        stage.router.subscribe(section, track, SubscriptionSettings::default(), ms(0));
    }
    stage.poll(ms(0));
    (stage, track)
}

fn voice(seq: u64, timestamp: u32) -> Sent {
    let meta = RtpMeta { codec: Codec::Opus, seq, timestamp, marker: false, level: None };
    Sent { meta, payload: vec![1, 2, 3] }
}

#[test]
fn a_silent_track_begins_with_some_packets_for_whoever_needs_them_and_for_nobody_else() {
    for kind in [Kind::Audio, Kind::Video] {
        let (mut stage, _) = two_listeners(kind);
        stage.run_until(ms(99));
        assert!(stage.openings.is_empty(), "it has a chance to begin by itself");
        stage.run_until(ms(60_000));
        assert_eq!(stage.openings.len(), 10);
        assert!(stage.openings.iter().all(|(_, target, ..)| *target == 1));
        assert_eq!((stage.openings[0].0, stage.openings[0].2, stage.openings[0].3), (ms(100), 1_000, 77));
        assert!(stage.openings[9].0 <= ms(5_000), "then whoever is there has one");
    }
}

#[test]
fn a_track_that_begins_goes_on_where_its_opening_ended() {
    let (mut stage, track) = two_listeners(Kind::Audio);
    stage.run_until(ms(620));
    let (last_at, _, last, timestamp) = *stage.openings.last().expect("an opening");
    assert_eq!((stage.openings.len(), last_at, last), (2, ms(600), 1_001));
    assert_eq!(timestamp, 77 + 24_000, "half a second of the clock of sound");
    stage.send(track, LayerIx::LOWEST, &voice(9, 5), ms(700));
    stage.run_until(ms(60_000));
    assert_eq!(stage.openings.len(), 2, "it speaks for itself");
    let heard = stage.to(1)[0].forward;
    assert_eq!((heard.seq, heard.timestamp), (1_002, 77 + 24_000 + 4_800));
    assert_eq!((stage.to(2)[0].forward.seq, stage.to(2)[0].forward.timestamp), (1_000, 77), "as it always was");
}

#[test]
fn a_track_that_begins_by_itself_needs_no_opening() {
    let (mut stage, track) = two_listeners(Kind::Audio);
    stage.send(track, LayerIx::LOWEST, &voice(9, 5), ms(50));
    stage.run_until(ms(60_000));
    assert!(stage.openings.is_empty());
}

#[test]
fn each_track_that_a_section_shows_begins_and_not_again_when_the_line_was_away() {
    let mut stage = Stage::default();
    let listener = stage.router.add_subscriber(1);
    stage.router.set_needs_opening(listener);
    let (first, second) = (stage.track(Kind::Audio, 1), stage.track(Kind::Audio, 1));
    let section = stage.section(1);
    stage.router.set_section_ready(section, false, ms(0));
    stage.router.set_subscriber(section, listener, ms(0));
    stage.router.subscribe(section, first, SubscriptionSettings::default(), ms(0));
    stage.run_until(ms(1_000));
    assert!(stage.openings.is_empty(), "nobody is there yet");
    for round in [1_000, 20_000] {
        stage.router.set_section_ready(section, false, ms(round));
        stage.router.set_section_ready(section, true, ms(round));
        stage.poll(ms(round));
        stage.run_until(ms(round + 10_000));
        assert_eq!(stage.openings.len(), 10);
    }
    stage.router.subscribe(section, second, SubscriptionSettings::default(), ms(40_000));
    stage.poll(ms(40_000));
    stage.run_until(ms(50_000));
    let numbers: Vec<_> = stage.openings.iter().map(|(_, _, seq, _)| *seq).collect();
    assert_eq!(numbers, (1_000..1_020).collect::<Vec<u64>>(), "numbered on");
}
