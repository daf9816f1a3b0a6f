//! What the control plane forbids stays forbidden, and what it must know of a peer it is told.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_wrap,
    reason = "a test fails by panicking"
)]

mod cast;

use std::time::Duration;

use cast::network::{Conditions, Network};
use cast::{Camera, Voice, World};
use palaver_net::command::Command;
use palaver_net::event::{Event, PeerFigures};
use str0m::media::MediaKind;

fn figures_of(world: &World, name: &str) -> Vec<PeerFigures> {
    let lines = world.events.iter().filter_map(|event| match event {
        Event::Stats(lines) => Some(lines.iter().filter(|(peer, _)| &**peer == name).map(|(_, figures)| *figures)),
        _ => None,
    });
    lines.flatten().collect()
}

fn mute(world: &mut World, track: &str, is_muted: bool) {
    world.command(Command::SetTrackMuted { track: track.into(), is_muted });
}

#[test]
fn a_mute_that_overtakes_the_offer_holds_from_the_first_packet() {
    let mut world = World::new();
    let alice = world.join("alice");
    let bob = world.join("bob");
    mute(&mut world, "TR_cam", true);
    let mut camera = Camera::new(world.publish_camera(alice, "TR_cam"));
    let shown = world.subscribe(bob, MediaKind::Video, "TR_cam", "PA_alice");
    world.film(alice, &mut camera, 30);
    assert_eq!(world.clients[bob].packets_of(shown).len(), 0);
    mute(&mut world, "TR_cam", false);
    world.film(alice, &mut camera, 30);
    assert!(!world.clients[bob].packets_of(shown).is_empty());
}

#[test]
fn a_mute_holds_when_the_publisher_offers_its_track_in_another_shape() {
    let mut world = World::new();
    let alice = world.join("alice");
    let bob = world.join("bob");
    let mut camera = Camera::new(world.publish_camera(alice, "TR_cam"));
    let shown = world.subscribe(bob, MediaKind::Video, "TR_cam", "PA_alice");
    mute(&mut world, "TR_cam", true);
    // Many others are muted and never published, and must not push this one out.
    for number in 0..10_000 {
        world.board.command(world.now, Command::SetTrackMuted { track: format!("TR_{number}").into(), is_muted: true });
    }
    // With two layers instead of three the core makes the publication anew.
    let layers = world.clients[alice].publish.get_mut(&camera.mid.to_string()).expect("the publication");
    layers.1.pop();
    world.restart_ice(alice);
    world.film(alice, &mut camera, 30);
    assert_eq!(world.clients[bob].packets_of(shown).len(), 0);
    world.assert_healthy();
}

#[test]
fn whose_track_ends_in_the_middle_of_a_word_is_told_to_be_silent() {
    let mut world = World::new();
    let alice = world.join("alice");
    world.join("bob");
    let mut voice = Voice::new(world.publish_microphone(alice, "TR_mic"));
    world.speak(alice, &mut voice, 20, 60);
    let speakers = |world: &World| {
        let lists = world.events.iter().filter_map(|event| match event {
            Event::Speakers(_, speakers) => Some(speakers.clone()),
            _ => None,
        });
        lists.flatten().map(|s| (s.peer.to_string(), s.track.to_string(), s.is_active)).collect::<Vec<_>>()
    };
    let (name, track) = ("alice".to_owned(), "TR_mic".to_owned());
    assert_eq!(speakers(&world).last(), Some(&(name.clone(), track.clone(), true)));
    world.clients[alice].publish.clear();
    world.restart_ice(alice);
    world.run(Duration::from_secs(1));
    assert_eq!(speakers(&world).last(), Some(&(name, track, false)));
}

#[test]
fn who_only_publishes_knows_its_round_trip_too() {
    let mut world = World::new();
    let alice = world.join("alice");
    let mut camera = Camera::new(world.publish_camera(alice, "TR_cam"));
    // Without any way to go, a round trip comes out as nothing or a rounding below it.
    let mut network = Network::new(5);
    network.set(alice, Conditions { delay: Duration::from_millis(40), ..Conditions::default() });
    world.network = Some(network);
    world.film(alice, &mut camera, 200);
    let rtt = figures_of(&world, "alice").last().expect("figures").rtt.expect("a round trip");
    assert!((75..110).contains(&rtt.as_millis()), "{rtt:?}");
}

#[test]
fn an_idle_peer_shows_signs_of_life_until_it_is_gone() {
    let mut world = World::new();
    let alice = world.join("alice");
    world.run(Duration::from_secs(20));
    let figures = figures_of(&world, "alice");
    assert!(figures.len() >= 18, "{} figures in 20 s", figures.len());
    assert!(figures.iter().all(|f| f.idle < Duration::from_secs(6)), "{figures:?}");
    world.events.clear();
    world.clients.remove(alice);
    world.run(Duration::from_secs(12));
    let idle = figures_of(&world, "alice").last().expect("figures").idle;
    assert!(idle >= Duration::from_secs(10), "{idle:?}");
}
