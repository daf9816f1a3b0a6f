//! What one more receiver costs in the steady state, counted in allocations: nothing.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod cast;
#[path = "../../forward/tests/counting/mod.rs"]
mod counting;

use std::time::Duration;

use cast::{Camera, SERVER, Voice, World};
use counting::{Counting, allocations};
use palaver_session::Path;
use str0m::media::MediaKind;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What the server allocates while it takes in what Alice sent, and how many datagrams come of it.
fn taking_in(world: &mut World, alice: usize) -> (u64, usize) {
    let path = Path::udp(SERVER.parse().expect("address"), world.clients[alice].seen_at);
    let sent = world.clients[alice].drain(world.now);
    let before = allocations();
    for datagram in &sent {
        world.board.receive(world.now, path, datagram);
    }
    world.board.seal(world.now);
    let cost = allocations() - before;
    (cost, world.board.outbox.take_datagrams().len())
}

/// One packet of Alice's voice in a conversation of its own.
fn cost_of_a_voice(listeners: &[&'static str]) -> u64 {
    let mut world = World::new();
    let alice = world.join("alice");
    let mut voice = Voice::new(world.publish_microphone(alice, "TR_alice"));
    for name in listeners {
        let who = world.join(name);
        world.subscribe(who, MediaKind::Audio, "TR_alice", "PA_alice");
    }
    world.speak(alice, &mut voice, 20, 300);
    let costs = (0..20).map(|_| {
        voice.write(&mut world.clients[alice], world.now, 20);
        let (cost, datagrams) = taking_in(&mut world, alice);
        assert_eq!(datagrams, listeners.len());
        cost
    });
    // Now and then a buffer grows.
    costs.min().expect("some")
}

/// One picture of Alice's, in three layers of which each viewer gets one.
fn cost_of_a_picture(viewers: &[&'static str]) -> u64 {
    let mut world = World::new();
    let alice = world.join("alice");
    let mut camera = Camera::new(world.publish_camera(alice, "TR_alice"));
    for name in viewers {
        let who = world.join(name);
        world.subscribe(who, MediaKind::Video, "TR_alice", "PA_alice");
    }
    world.film(alice, &mut camera, 300);
    let costs = (0..20).filter_map(|_| {
        world.write_picture(alice, &mut camera);
        let (cost, datagrams) = taking_in(&mut world, alice);
        // The viewers miss it, which what is sent again makes good.
        world.run(Duration::from_micros(33_333));
        (datagrams >= viewers.len()).then_some(cost)
    });
    costs.min().expect("some")
}

#[test]
fn a_listener_more_costs_no_allocation() {
    let alone = cost_of_a_voice(&["bob"]);
    assert!(alone > 0, "the counter counts");
    assert_eq!(cost_of_a_voice(&["bob", "carol", "dave", "erin", "frank", "grace"]), alone);
}

#[test]
fn a_viewer_more_costs_no_allocation() {
    let alone = cost_of_a_picture(&["bob"]);
    assert!(alone > 0, "the counter counts");
    assert_eq!(cost_of_a_picture(&["bob", "carol", "dave", "erin", "frank", "grace"]), alone);
}
