//! What the control plane is told of streams and of load.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_wrap,
    reason = "a test fails by panicking"
)]

mod cast;

use cast::scenes::{alice_films_bob_watches, assert_continuous};
use cast::{Voice, World, read_vp8};
use palaver_net::Load;
use palaver_net::command::Command;
use palaver_net::event::Event;
use str0m::media::MediaKind;

/// The last line about what a peer is sent: layer, cause and packets.
fn told(world: &World, who: &str) -> Option<(Option<u8>, &'static str, u64)> {
    let mut lines = world.events.iter().rev().filter_map(|event| match event {
        Event::Streams(peers) => peers.iter().find(|line| *line.peer == *who),
        _ => None,
    });
    let sent = lines.next()?.sent.first()?;
    Some((sent.layer, sent.cause, sent.totals.packets))
}

#[test]
fn the_control_plane_is_told_which_layer_is_sent_and_why_no_more() {
    let (mut world, alice, mut camera, bob, _) = alice_films_bob_watches();
    // Six seconds: everybody's turn to be told of has come once.
    world.film(alice, &mut camera, 180);
    let (layer, cause, packets) = told(&world, "bob").expect("a line about Bob");
    assert_eq!((layer, cause), (Some(2), "whole"));
    assert!(packets > 50, "{packets} packets");
    let received = world.events.iter().rev().find_map(|event| match event {
        Event::Streams(peers) => peers.iter().find(|line| *line.peer == *"alice")?.received.first().cloned(),
        _ => None,
    });
    let received = received.expect("a line about Alice");
    assert_eq!(&*received.track, "TR_cam");
    assert!(received.totals.packets >= 60, "{} packets of three layers", received.totals.packets);
    for (is_enabled, max_layer, expected) in [(true, 0, (Some(0), "asked")), (false, 0, (None, "asked"))] {
        world.wish(bob, "TR_cam", is_enabled, max_layer);
        world.film(alice, &mut camera, 60);
        let (layer, cause, _) = told(&world, "bob").expect("a line about Bob");
        assert_eq!((layer, cause), expected);
    }
    world.wish(bob, "TR_cam", true, 2);
    world.command(Command::SetTrackMuted { track: "TR_cam".into(), is_muted: true });
    world.film(alice, &mut camera, 60);
    assert_eq!(told(&world, "bob").map(|(layer, cause, _)| (layer, cause)), Some((None, "muted")));
    world.assert_healthy();
}

#[test]
fn what_a_room_forwarded_still_counts_when_it_has_ended() {
    let (mut world, alice, mut camera, _, _) = alice_films_bob_watches();
    world.film(alice, &mut camera, 30);
    let before = world.board.router_counters();
    assert!(before.packets_in > 0 && before.packets_out > 0);
    for peer in ["alice", "bob"] {
        world.command(Command::ClosePeer { peer: peer.into() });
    }
    assert!(world.board.room_names().is_empty());
    assert_eq!(world.board.router_counters(), before);
}

#[test]
fn what_does_not_change_is_told_now_and_then() {
    let (mut world, alice, mut camera, _, _) = alice_films_bob_watches();
    world.film(alice, &mut camera, 60);
    world.events.clear();
    world.film(alice, &mut camera, 300);
    let lines = world.events.iter().filter(|event| match event {
        Event::Streams(peers) => peers.iter().any(|line| *line.peer == *"bob"),
        _ => false,
    });
    assert!((2..=3).contains(&lines.count()), "in ten seconds");
}

#[test]
fn a_busy_server_sends_smaller_pictures_and_all_the_sound() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    let mut voice = Voice::new(world.publish_microphone(alice, "TR_mic"));
    let heard = world.subscribe(bob, MediaKind::Audio, "TR_mic", "PA_alice");
    for (load, layer) in [(Load::Full, 2), (Load::SmallerPictures, 1), (Load::SmallestPictures, 0), (Load::Light, 2)] {
        world.board.set_load(world.now, load);
        world.film(alice, &mut camera, 40);
        world.speak(alice, &mut voice, 20, 10);
        let packets = world.clients[bob].packets_of(shown);
        assert_eq!(read_vp8(&packets.last().expect("packets").payload).3, layer, "{load:?}");
        assert!(world.has_event(|event| *event == Event::Load(load)));
    }
    assert_eq!(world.clients[bob].packets_of(heard).len(), 40);
    assert_continuous(&mut world, bob, shown);
    world.assert_healthy();
}
