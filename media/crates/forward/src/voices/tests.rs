//! Conversations of many.

use super::{Hearing, Micros, PublisherKey, TrackKey, Voice, Voices};
use crate::slab::Key as _;
use proptest::prelude::*;

const LOUD: u8 = 20;
const QUIET: u8 = 127;

struct Room {
    voices: Voices,
    people: Vec<Voice>,
    now: Micros,
}

impl Room {
    /// `people` open microphones of which `most` are to be heard.
    fn new(people: usize, most: usize) -> Self {
        let mut voices = Voices::default();
        voices.set_limit(most, 0);
        (0..people).for_each(|_| voices.count(true));
        Self { voices, people: vec![Voice::default(); people], now: Micros::from_millis(60_000) }
    }

    fn packet(&mut self, who: usize, minus_dbov: u8) -> Hearing {
        let is_loud = self.people[who].on_packet(minus_dbov, self.now);
        self.voices.weigh((key(who), person(who)), &self.people[who], is_loud, self.now)
    }

    /// Twenty milliseconds: all of `levels` send a packet. Who was heard how.
    fn tick(&mut self, levels: &[(usize, u8)]) -> Vec<Hearing> {
        let heard = levels.iter().map(|(who, level)| self.packet(*who, *level)).collect();
        self.now = self.now.plus(Micros::from_millis(20));
        heard
    }

    /// The same for a while: how each was heard last, and after how many packets that began.
    fn talk(&mut self, levels: &[(usize, u8)], millis: u64) -> Vec<(Hearing, u64)> {
        let mut last = vec![(Hearing::Nobody, 0); levels.len()];
        for packet in 0..millis / 20 {
            for (last, hearing) in last.iter_mut().zip(self.tick(levels)) {
                if last.0 != hearing {
                    *last = (hearing, packet);
                }
            }
        }
        last
    }
}

fn key(who: usize) -> TrackKey {
    TrackKey::new(who as u32, 0)
}

fn person(who: usize) -> PublisherKey {
    PublisherKey::new(who as u32, 0)
}

#[test]
fn who_speaks_first_is_heard_from_the_first_packet() {
    let mut room = Room::new(100, 3);
    for who in 0..3 {
        assert_eq!(room.tick(&[(who, LOUD)]), [Hearing::All]);
    }
}

#[test]
fn a_murmur_takes_no_place_between_two_words() {
    let mut room = Room::new(100, 3);
    let murmur = (3, LOUD + 15);
    for word in 0..10 {
        room.talk(&[(0, LOUD), (1, LOUD), (2, LOUD), murmur], 260);
        let in_pause = room.talk(&[(0, 75), (1, LOUD), (2, LOUD), murmur], 100);
        assert!(in_pause.iter().take(3).all(|(hearing, _)| *hearing == Hearing::All), "word {word}: {in_pause:?}");
    }
}

#[test]
fn one_after_the_other_is_heard_from_the_first_packet() {
    let mut room = Room::new(100, 3);
    for who in 0..100 {
        assert_eq!(room.talk(&[(who, LOUD)], 3_000), [(Hearing::All, 0)], "{who}");
    }
}

#[test]
fn a_pause_costs_nobody_the_place() {
    let mut room = Room::new(100, 3);
    for who in 0..3 {
        room.talk(&[(who, LOUD)], 400);
    }
    room.talk(&[(0, QUIET), (1, QUIET), (2, QUIET)], 60_000);
    for who in 0..3 {
        assert_eq!(room.tick(&[(who, LOUD)]), [Hearing::All]);
    }
}

#[test]
fn silence_and_hum_take_no_place() {
    let mut room = Room::new(100, 3);
    let everybody: Vec<_> = (0..100).map(|who| (who, 60)).collect();
    assert!(room.talk(&everybody, 2_000).iter().all(|(hearing, _)| *hearing == Hearing::Nobody));
}

#[test]
fn while_all_speak_only_a_louder_voice_that_goes_on_comes_in() {
    let mut room = Room::new(100, 3);
    room.talk(&[(0, 20), (1, 24), (2, 30)], 2_000);
    let quiet = room.talk(&[(0, 20), (1, 24), (2, 30), (4, 29)], 1_000);
    assert_ne!(quiet[3].0, Hearing::All, "not loud enough");
    let loud = room.talk(&[(0, 20), (1, 24), (2, 30), (3, 20)], 1_000);
    assert_eq!(loud[3].0, Hearing::All);
    assert!((6..=15).contains(&loud[3].1), "after {} packets", loud[3].1);
    assert_eq!([loud[0].0, loud[1].0], [Hearing::All; 2]);
    assert_ne!(loud[2].0, Hearing::All, "the quietest gave way");
}

#[test]
fn whoever_has_a_place_hears_one_more() {
    let mut room = Room::new(100, 3);
    let heard = room.talk(&[(0, LOUD), (1, LOUD), (2, LOUD), (3, LOUD), (4, LOUD)], 2_000);
    let heard: Vec<_> = heard.iter().map(|(hearing, _)| *hearing).collect();
    assert_eq!(heard, [Hearing::All, Hearing::All, Hearing::All, Hearing::Places, Hearing::Nobody]);
    assert_eq!([0, 2, 3, 4].map(|who| room.voices.has_place(person(who))), [true, true, false, false]);
    // One of the three falls silent: the fourth goes up.
    room.talk(&[(0, LOUD), (1, LOUD), (2, QUIET), (3, LOUD)], 1_000);
    assert_eq!(room.tick(&[(3, LOUD)]), [Hearing::All]);
}

#[test]
fn a_place_is_free_when_its_voice_is_gone() {
    let mut room = Room::new(100, 1);
    room.talk(&[(0, LOUD)], 1_000);
    room.voices.leave(key(0));
    assert_eq!(room.tick(&[(1, LOUD)]), [Hearing::All]);
}

#[test]
fn small_rooms_have_no_limit() {
    let mut voices = Voices::default();
    for _ in 0..super::LARGE_ROOM {
        voices.count(true);
        assert!(!voices.is_limited());
    }
    voices.count(true);
    assert!(voices.is_limited());
    voices.count(false);
    assert!(!voices.is_limited());
}

proptest! {
    #[test]
    fn never_more_than_the_limit_are_heard(
        most in 1usize..6,
        packets in prop::collection::vec((0usize..12, 0u8..128, 0u64..400), 1..400),
    ) {
        let mut room = Room::new(12, most);
        for (who, level, pause) in packets {
            let hearing = room.packet(who, level);
            prop_assert!((0..12).filter(|who| room.voices.has_place(person(*who))).count() <= most);
            prop_assert_eq!(hearing == Hearing::All, room.voices.has_place(person(who)));
            let places: Vec<_> = room.voices.places.iter().flatten().map(|place| place.track).collect();
            let unique: std::collections::BTreeSet<_> = places.iter().collect();
            prop_assert_eq!(unique.len(), places.len(), "nobody has two places");
            room.now = room.now.plus(Micros::from_millis(pause));
        }
    }
}
