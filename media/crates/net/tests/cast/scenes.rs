//! What many scenarios begin with, and what holds in all of them.

use str0m::media::{MediaKind, Mid};

use super::{Camera, World, read_vp8};

/// Alice films and Bob watches.
pub(crate) fn alice_films_bob_watches() -> (World, usize, Camera, usize, Mid) {
    let mut world = World::new();
    let alice = world.join("alice");
    let bob = world.join("bob");
    let mut camera = Camera::new(world.publish_camera(alice, "TR_cam"));
    let shown = world.subscribe(bob, MediaKind::Video, "TR_cam", "PA_alice");
    world.film(alice, &mut camera, 30);
    (world, alice, camera, bob, shown)
}

/// Sequence numbers rise by one, timestamps never go back, picture ids are contiguous.
pub(crate) fn assert_continuous(world: &mut World, who: usize, mid: Mid) {
    let packets = world.clients[who].packets_of(mid);
    assert!(packets.len() > 10, "only {} packets", packets.len());
    for pair in packets.windows(2) {
        assert_eq!(*pair[1].seq_no, *pair[0].seq_no + 1);
        let step = pair[1].header.timestamp.wrapping_sub(pair[0].header.timestamp);
        assert!(step > 0 && step < 90_000 * 5, "timestamp stepped by {step}");
        let (before, after) = (read_vp8(&pair[0].payload), read_vp8(&pair[1].payload));
        assert_eq!(after.1, (before.1 + 1) & 0x7fff, "picture id");
    }
}
