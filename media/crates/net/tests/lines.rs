//! Bad lines: other addresses in the middle of a call, and packets that get lost.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_wrap,
    reason = "a test fails by panicking"
)]

mod cast;

use cast::scenes::{alice_films_bob_watches, assert_continuous};
use cast::{TO_CLIENT, TO_SERVER, World};
use str0m::media::Mid;

#[test]
fn an_ice_restart_leaves_no_gap() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    let ufrag = |answer: &str| answer.lines().find(|l| l.starts_with("a=ice-ufrag:")).map(str::to_owned);
    let before = ufrag(&world.clients[bob].last_answer);
    world.restart_ice(bob);
    assert_ne!(ufrag(&world.clients[bob].last_answer), before);
    world.film(alice, &mut camera, 60);
    assert_continuous(&mut world, bob, shown);
    let seen = world.clients[bob].packets_of(shown).len();
    assert!(seen >= 85, "{seen} of 90 pictures");
    world.assert_healthy();
}

/// A NAT gives another port, or the phone another network: the client's own checks from there are all that it takes.
fn assert_goes_on(mover: &str, new: &str, restarts_ice: bool) {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    let who = if mover == "alice" { alice } else { bob };
    world.clients[who].seen_at = new.parse().expect("address");
    if restarts_ice {
        world.restart_ice(who);
    }
    // Checks come every few seconds; what is sent to the old address until then is lost.
    world.film(alice, &mut camera, 150);
    let before = world.clients[bob].packets_of(shown).len();
    world.film(alice, &mut camera, 60);
    let seen = world.clients[bob].packets_of(shown).len() - before;
    assert!(seen >= 60, "{seen} of 60 pictures");
    world.send_message(who, b"from there");
    world.assert_healthy();
}

#[test]
fn a_call_goes_on_when_a_nat_changes_the_port() {
    assert_goes_on("bob", "10.0.0.2:6001", false);
    assert_goes_on("alice", "10.0.0.1:6001", false);
}

#[test]
fn a_call_goes_on_from_another_network_after_an_ice_restart() {
    assert_goes_on("bob", "198.51.100.9:7001", true);
}

/// How many of the numbers between first and last arrived, and how many should have.
fn completeness(world: &mut World, who: usize, mid: Mid) -> (usize, usize) {
    let packets = world.clients[who].packets_of(mid);
    let seqs: std::collections::BTreeSet<u64> = packets.iter().map(|packet| *packet.seq_no).collect();
    let (first, last) = (seqs.first().expect("packets"), seqs.last().expect("packets"));
    (seqs.len(), (last - first + 1) as usize)
}

#[test]
fn packets_lost_on_the_way_to_a_subscriber_are_sent_again() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    world.loss[TO_CLIENT] = 15;
    world.film(alice, &mut camera, 150);
    world.loss[TO_CLIENT] = 0;
    world.film(alice, &mut camera, 15);
    let (arrived, expected) = completeness(&mut world, bob, shown);
    assert!(expected > 150 && world.lost > 8, "{expected} expected, {} lost", world.lost);
    assert_eq!(arrived, expected);
}

#[test]
fn pictures_are_repaired_on_a_line_that_loses_a_quarter() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    world.loss[TO_CLIENT] = 4;
    world.film(alice, &mut camera, 300);
    world.loss[TO_CLIENT] = 0;
    world.film(alice, &mut camera, 15);
    let (arrived, expected) = completeness(&mut world, bob, shown);
    assert!(expected > 250 && world.lost > 80, "{expected} expected, {} lost", world.lost);
    // A few are lost as often as they are asked for.
    assert!(arrived * 100 >= expected * 98, "{arrived} of {expected}");
}

#[test]
fn packets_lost_on_the_way_from_a_publisher_are_asked_for_and_keep_their_numbers() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    world.loss[TO_SERVER] = 15;
    world.film(alice, &mut camera, 150);
    world.loss[TO_SERVER] = 0;
    world.film(alice, &mut camera, 15);
    let (arrived, expected) = completeness(&mut world, bob, shown);
    assert!(expected > 150 && world.lost > 8, "{expected} expected, {} lost", world.lost);
    assert_eq!(arrived, expected);
}
