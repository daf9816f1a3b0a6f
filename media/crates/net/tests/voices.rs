//! A room that is large by its limit: who speaks is heard, through real sessions, on virtual time.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod cast;

use cast::{ROOM, Voice, World};
use palaver_net::command::{Command, Voices};
use str0m::media::{MediaKind, Mid};

const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];

fn track(speaker: usize) -> String {
    format!("TR_{}", NAMES[speaker])
}

/// Everybody publishes a microphone, and one voice is heard at once.
fn meeting() -> (World, Vec<Voice>) {
    let mut world = World::new();
    let mut voices = Vec::new();
    for (index, name) in NAMES.iter().enumerate() {
        let who = world.join(name);
        let limit = Voices { most: 1, large_room: 1 };
        world.command(Command::Introduce { room: ROOM.into(), peer: (*name).into(), owner: None, voices: limit });
        voices.push(Voice::new(world.publish_microphone(who, &track(index))));
    }
    (world, voices)
}

fn listen(world: &mut World, listener: usize, speaker: usize) -> Mid {
    world.subscribe(listener, MediaKind::Audio, &track(speaker), &format!("PA_{}", NAMES[speaker]))
}

#[test]
fn how_many_are_heard_may_change_while_they_speak() {
    let (mut world, mut voices) = meeting();
    let (first, second) = (listen(&mut world, 3, 0), listen(&mut world, 3, 1));
    let both_speak = |world: &mut World, voices: &mut [Voice]| {
        for _ in 0..20 {
            world.speak(0, &mut voices[0], 20, 1);
            world.speak(1, &mut voices[1], 20, 1);
        }
    };
    both_speak(&mut world, &mut voices);
    assert_eq!(world.clients[3].packets_of(first).len(), 20);
    assert!(world.clients[3].packets_of(second).is_empty(), "one at a time");
    world.command(Command::SetVoices { room: ROOM.into(), voices: Voices { most: 2, large_room: 1 } });
    both_speak(&mut world, &mut voices);
    assert!(!world.clients[3].packets_of(second).is_empty(), "and now two");
    world.command(Command::SetVoices { room: "nobody's".into(), voices: Voices { most: 1, large_room: 1 } });
    world.assert_healthy();
}

#[test]
fn one_is_heard_after_the_other_and_nobody_else() {
    let (mut world, mut voices) = meeting();
    let (first, second) = (listen(&mut world, 3, 0), listen(&mut world, 3, 1));
    world.speak(0, &mut voices[0], 20, 20);
    assert_eq!(world.clients[3].packets_of(first).len(), 20);
    // Bob hums while Alice pauses, and then begins to speak.
    world.speak(1, &mut voices[1], 70, 120);
    assert!(world.clients[3].packets_of(second).is_empty(), "a hum is no voice");
    world.speak(1, &mut voices[1], 20, 20);
    let packets = world.clients[3].packets_of(second);
    assert_eq!(packets.len(), 20, "from the first packet on");
    assert!(packets[0].header.marker, "a talk spurt begins");
    world.assert_healthy();
}

#[test]
fn who_is_heard_hears_one_more_also_with_a_connection_of_its_own_for_that() {
    let (mut world, mut voices) = meeting();
    // Alice's ears are another peer.
    let ears = world.join("alice-ears");
    let limit = Voices { most: 1, large_room: 1 };
    let peer = "alice-ears".into();
    world.command(Command::Introduce { room: ROOM.into(), peer, owner: Some("alice".into()), voices: limit });
    let (to_ears, to_dave) = (listen(&mut world, ears, 1), listen(&mut world, 3, 1));
    for _ in 0..25 {
        world.speak(0, &mut voices[0], 20, 1);
        world.speak(1, &mut voices[1], 20, 1);
    }
    assert!(world.clients[ears].packets_of(to_ears).len() >= 20, "Bob for Alice, who does not hear herself");
    assert!(world.clients[3].packets_of(to_dave).is_empty(), "Dave hears Alice alone");
    world.assert_healthy();
}
