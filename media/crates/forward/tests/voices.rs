//! A large room: of many open microphones the few that speak are forwarded, without a seam.
#![allow(missing_docs)]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "tests state what they expect")]

mod stage;

use palaver_forward::{
    AudioLevel, Codec, Kind, LayerIx, Micros, PublisherKey, RtpMeta, SectionKey, SubscriptionSettings, TrackKey,
};
use stage::{Received, Sent, Stage};

const PACKET_MS: u64 = 20;
const LOUD: u8 = 20;
const SILENT: u8 = 127;

struct Person {
    publisher: PublisherKey,
    microphone: TrackKey,
    seq: u64,
}

/// A room in which everybody hears everybody by as many sections as there are others.
struct Room {
    stage: Stage,
    people: Vec<Person>,
    now: Micros,
}

/// Word of the section in which `listener` hears `speaker`.
fn target(listener: usize, speaker: usize) -> u64 {
    (listener * 100 + speaker) as u64
}

impl Room {
    fn new(people: usize, most: usize) -> Self {
        let mut stage = Stage::default();
        stage.router.set_voices(most, 0);
        let people: Vec<_> = (0..people)
            .map(|_| {
                let publisher = stage.router.add_publisher(Micros::ZERO);
                let microphone = stage.router.add_track(publisher, Kind::Audio, 1);
                stage.router.set_microphone(microphone);
                Person { publisher, microphone, seq: 500 }
            })
            .collect();
        for (listener, person) in people.iter().enumerate() {
            for (speaker, other) in people.iter().enumerate().filter(|(speaker, _)| *speaker != listener) {
                let section: SectionKey = stage.section(target(listener, speaker));
                stage.router.set_section_owner(section, person.publisher);
                stage.router.subscribe(section, other.microphone, SubscriptionSettings::default(), Micros::ZERO);
            }
        }
        Self { stage, people, now: Micros::from_millis(60_000) }
    }

    /// Everybody's microphone is open for a while; those who are named speak.
    fn talk(&mut self, speakers: &[usize], millis: u64) {
        for _ in 0..millis / PACKET_MS {
            for (index, person) in self.people.iter_mut().enumerate() {
                let minus_dbov = if speakers.contains(&index) { LOUD } else { SILENT };
                let timestamp = (self.now.0 / 1_000 * 48) as u32;
                let level = Some(AudioLevel { minus_dbov });
                let meta = RtpMeta { codec: Codec::Opus, seq: person.seq, timestamp, marker: false, level };
                person.seq += 1;
                let sent = Sent { meta, payload: vec![0xfc, 1, 2] };
                self.stage.send(person.microphone, LayerIx::LOWEST, &sent, self.now);
            }
            self.now = self.now.plus(Micros::from_millis(PACKET_MS));
            self.stage.poll(self.now);
        }
    }

    fn heard(&self, listener: usize, speaker: usize) -> Vec<&Received> {
        self.stage.received.iter().filter(|r| r.forward.target == target(listener, speaker)).collect()
    }
}

#[test]
fn a_listener_hears_no_more_voices_than_are_allowed() {
    let mut room = Room::new(8, 3);
    room.talk(&[0, 1, 2, 3, 4], 1_000);
    let heard: Vec<_> = (0..7).map(|speaker| room.heard(7, speaker).len()).collect();
    assert_eq!(heard, [50, 50, 50, 0, 0, 0, 0]);
    assert!(room.stage.router.counters().unheard > 0);
}

#[test]
fn who_is_heard_hears_as_many_others() {
    let mut room = Room::new(8, 3);
    room.talk(&[0, 1, 2, 3, 4], 1_000);
    let heard: Vec<_> = (1..8).map(|speaker| room.heard(0, speaker).len()).collect();
    assert_eq!(heard[..2], [50, 50]);
    assert!((48..=50).contains(&heard[2]), "the one on the extra place: {}", heard[2]);
    assert_eq!(heard[3..], [0, 0, 0, 0]);
}

#[test]
fn speakers_take_turns_without_a_seam_and_no_word_is_clipped() {
    let mut room = Room::new(6, 2);
    for round in 0..9 {
        room.talk(&[round % 3], 3_000);
    }
    for speaker in [0, 1, 2] {
        let heard = room.heard(5, speaker);
        let spoken = (0..9).filter(|round| round % 3 == speaker).count();
        let starts: Vec<_> = heard.iter().filter(|packet| packet.forward.marker).collect();
        assert_eq!(starts.len(), spoken, "each turn begins a talk spurt");
        for pair in heard.windows(2) {
            assert_eq!(pair[1].forward.seq, pair[0].forward.seq + 1, "no hole that looks like loss");
            let ticks = u64::from(pair[1].forward.timestamp.wrapping_sub(pair[0].forward.timestamp));
            assert_eq!(ticks, pair[1].now.since(pair[0].now).0 / 1_000 * 48, "time goes on");
        }
        // From the first packet of each turn on.
        for round in (0..9).filter(|round| round % 3 == speaker) {
            let began = Micros::from_millis(60_000 + round as u64 * 3_000);
            assert!(heard.iter().any(|packet| packet.now == began), "round {round}");
        }
    }
}

#[test]
fn a_small_room_hears_everybody() {
    let mut room = Room::new(6, 1);
    room.stage.router.set_voices(1, 6);
    room.talk(&[0, 1, 2, 3], 200);
    assert!((0..5).all(|speaker| room.heard(5, speaker).len() == 10), "also the silent ones");
}

#[test]
fn sound_that_is_no_microphone_and_packets_without_a_level_are_always_forwarded() {
    let mut room = Room::new(4, 1);
    let screen = room.stage.router.add_track(room.people[0].publisher, Kind::Audio, 1);
    let section = room.stage.section(7_777);
    room.stage.router.subscribe(section, screen, SubscriptionSettings::default(), Micros::ZERO);
    room.talk(&[1, 2, 3], 1_000);
    for seq in 0..10 {
        let meta = RtpMeta { codec: Codec::Opus, seq, timestamp: 0, marker: false, level: None };
        room.stage.send(screen, LayerIx::LOWEST, &Sent { meta, payload: vec![0xfc, 1] }, room.now);
    }
    assert_eq!(room.stage.received.iter().filter(|r| r.forward.target == 7_777).count(), 10);
}
