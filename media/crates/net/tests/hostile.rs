//! Whatever arrives on the media port while a call goes on: nobody else notices, nothing grows.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_wrap,
    reason = "a test fails by panicking"
)]

mod cast;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use cast::{Camera, SERVER, World};
use palaver_net::event::Event;
use palaver_session::Path;
use str0m::media::{MediaKind, Mid};

/// A small generator with a fixed seed: the same garbage each time.
struct Garbage(u64);

impl Garbage {
    fn next(&mut self) -> u64 {
        // xorshift64 (Marsaglia 2003).
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = (self.next() % 1_400) as usize;
        (0..length).map(|_| self.next() as u8).collect()
    }
}

fn call() -> (World, usize, Camera, usize, Mid) {
    let mut world = World::new();
    let alice = world.join("alice");
    let bob = world.join("bob");
    let mut camera = Camera::new(world.publish_camera(alice, "TR_cam"));
    let shown = world.subscribe(bob, MediaKind::Video, "TR_cam", "PA_alice");
    world.film(alice, &mut camera, 10);
    (world, alice, camera, bob, shown)
}

fn throw(world: &mut World, from: SocketAddr, bytes: &[u8]) {
    let path = Path::udp(SERVER.parse().expect("address"), from);
    world.board.receive(world.now, path, bytes);
    world
        .board
        .outbox
        .datagrams
        .retain(|datagram| datagram.path.remote != from || from.ip().to_string().starts_with("10."));
}

fn assert_call_goes_on(world: &mut World, alice: usize, camera: &mut Camera, bob: usize, shown: Mid) {
    let before = world.clients[bob].packets_of(shown).len();
    world.film(alice, camera, 30);
    let got = world.clients[bob].packets_of(shown).len() - before;
    assert!(got >= 30, "{got} of 30 pictures");
    world.assert_healthy();
}

/// Random bytes behind every first byte, and every prefix and some flips of real STUN, DTLS, RTP and RTCP packets.
fn flood(world: &mut World, from: SocketAddr) {
    let mut garbage = Garbage(0x5eed);
    for first in 0..=255_u8 {
        let mut bytes = garbage.bytes();
        if let Some(byte) = bytes.first_mut() {
            *byte = first;
        }
        throw(world, from, &bytes);
    }
    let recorded: Vec<_> = world.recorded.iter().map(|(_, bytes)| bytes.clone()).collect();
    for bytes in recorded.iter().take(150) {
        for cut in [0, 1, 2, 4, 8, 11, 12, 13, 19, 20, 21, 24, 28, bytes.len() / 2, bytes.len().saturating_sub(1)] {
            throw(world, from, bytes.get(..cut).unwrap_or(bytes));
        }
        for _ in 0..5 {
            let mut flipped = bytes.clone();
            let at = garbage.next() as usize % flipped.len();
            flipped[at] ^= 1 << (garbage.next() % 8);
            throw(world, from, &flipped);
        }
    }
}

#[test]
fn garbage_from_strangers_costs_nobody() {
    let (mut world, alice, mut camera, bob, shown) = call();
    flood(&mut world, "203.0.113.7:999".parse().expect("address"));
    assert!(world.board.counters().unknown_source > 100);
    assert_call_goes_on(&mut world, alice, &mut camera, bob, shown);
}

#[test]
fn garbage_under_a_participants_own_address_costs_nobody() {
    let (mut world, alice, mut camera, bob, shown) = call();
    let forged = world.clients[alice].address;
    flood(&mut world, forged);
    world.settle();
    assert_call_goes_on(&mut world, alice, &mut camera, bob, shown);
}

#[test]
fn garbage_during_a_handshake_does_not_stop_it() {
    let (mut world, ..) = call();
    let recorded: Vec<_> = world.recorded.iter().map(|(_, bytes)| bytes.clone()).collect();
    let carol = SocketAddr::from(([10, 0, 0, 3], 5_000));
    for bytes in recorded {
        throw(&mut world, carol, &bytes);
    }
    world.join("carol");
    world.assert_healthy();
}

#[test]
fn a_check_with_a_stolen_name_but_without_the_password_steals_no_address() {
    let (mut world, alice, mut camera, bob, shown) = call();
    let thief = "203.0.113.7:999".parse().expect("address");
    // A real check of bob, its integrity broken: the user fragment is known, the password is not.
    world.run(Duration::from_secs(3));
    let address = world.clients[bob].address;
    let is_check = |bytes: &[u8]| bytes.starts_with(&[0, 1]) && bytes.get(4..8) == Some(&[0x21, 0x12, 0xa4, 0x42]);
    let check = world.recorded.iter().rev().find(|(from, bytes)| *from == address && is_check(bytes)).expect("a check");
    let mut forged = check.1.clone();
    // Another transaction: the integrity does not fit any more.
    forged[10] ^= 0xff;
    let before = world.board.counters();
    throw(&mut world, thief, &forged);
    let after = world.board.counters();
    assert_eq!(after.unverified_checks, before.unverified_checks + 1);
    // The thief's address is nobody's: what comes from it is unknown.
    throw(&mut world, thief, &[0x80; 60]);
    assert_eq!(world.board.counters().unknown_source, after.unknown_source + 1);
    assert_call_goes_on(&mut world, alice, &mut camera, bob, shown);
}

#[test]
fn a_peer_with_valid_checks_of_its_own_cannot_take_the_address_of_another() {
    let (mut world, alice, mut camera, bob, shown) = call();
    world.run(Duration::from_secs(3));
    // Bob's own, valid check, sent under alice's address.
    let (bobs, alices) = (world.clients[bob].address, world.clients[alice].address);
    let check = world
        .recorded
        .iter()
        .rev()
        .find(|(from, bytes)| *from == bobs && bytes.starts_with(&[0, 1]))
        .map(|(_, bytes)| bytes.clone())
        .expect("a check");
    throw(&mut world, alices, &check);
    assert_eq!(world.board.counters().address_conflicts, 1);
    // The answer to the forged check reaches alice, who drops it.
    world.board.outbox.take_datagrams();
    assert_call_goes_on(&mut world, alice, &mut camera, bob, shown);
}

#[test]
fn valid_checks_from_ever_new_addresses_run_out_and_cost_nobody() {
    let (mut world, alice, mut camera, bob, shown) = call();
    let carol = world.join("carol");
    world.run(Duration::from_secs(3));
    let address = world.clients[carol].address;
    let checks = world.recorded.iter().rev().filter(|(from, bytes)| *from == address && bytes.starts_with(&[0, 1]));
    let check = checks.map(|(_, bytes)| bytes.clone()).next().expect("a check");
    let before = world.board.counters().address_conflicts;
    for port in 1_000..6_000 {
        throw(&mut world, SocketAddr::from(([203, 0, 113, 7], port)), &check);
    }
    let refused = world.board.counters().address_conflicts - before;
    assert!((4_980..5_000).contains(&refused), "{refused} of 5000 refused");
    // Carol herself is still where she was.
    throw(&mut world, address, &check);
    assert_eq!(world.board.counters().address_conflicts - before, refused);
    assert_call_goes_on(&mut world, alice, &mut camera, bob, shown);
}

#[test]
fn offers_that_make_no_sense_are_refused_one_by_one() {
    let (mut world, alice, mut camera, bob, shown) = call();
    let read = |offer: &str| {
        palaver_net::read_offer(palaver_net::Negotiate {
            peer: "bob".to_owned(),
            offer_id: 99,
            offer: offer.to_owned(),
            publish: BTreeMap::new(),
            microphones: std::collections::BTreeSet::new(),
            subscribe: BTreeMap::new(),
        })
    };
    let (rtc_offer, _) = {
        let mut stranger = str0m::Rtc::builder().build(world.now);
        let mut api = stranger.sdp_api();
        api.add_media(MediaKind::Audio, str0m::media::Direction::RecvOnly, None, None, None);
        api.apply().expect("an offer")
    };
    // A whole other connection's offer: other certificate, other sections.
    let accept = read(&rtc_offer.to_sdp_string()).expect("it is an offer");
    world.command(palaver_net::command::Command::Accept(Box::new(accept)));
    assert!(world.has_event(|e| matches!(e, Event::NegotiationFailed { offer_id: 99, code: "bad_offer", .. })));
    for text in ["", "v=0", "v=0\r\nm=audio", "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", "hello"] {
        assert!(read(text).is_err(), "{text:?}");
    }
    assert_call_goes_on(&mut world, alice, &mut camera, bob, shown);
}
