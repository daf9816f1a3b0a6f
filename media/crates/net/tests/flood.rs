//! Somebody says more on a data channel than anybody may: the others notice nothing, and nothing said for sure is lost.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod cast;

use std::time::Duration;

use palaver_net::event::Event;

use self::cast::World;

/// What `who` said so far, in the order of arrival.
fn said(world: &World, who: &str) -> Vec<Vec<u8>> {
    let of_peer = |event: &Event| match event {
        Event::Data { peer, payload, .. } if &**peer == who => Some(payload.clone()),
        _ => None,
    };
    world.events.iter().filter_map(of_peer).collect()
}

fn world_with(names: [&'static str; 2]) -> (World, usize, usize) {
    let mut world = World::new();
    let [one, other] = names.map(|name| world.join(name));
    world.run_until("channels open", |world| world.clients.iter().all(|c| c.channels.contains_key("_reliable")));
    world.events.clear();
    (world, one, other)
}

/// Hand as many of the messages after `next` to the channel as it takes.
fn pour(world: &mut World, who: usize, next: &mut u32, end: u32, size: usize) {
    let client = &mut world.clients[who];
    let id = client.channels["_reliable"];
    while *next < end {
        let mut message = vec![0; size];
        message[..4].copy_from_slice(&next.to_be_bytes());
        if !client.rtc.channel(id).expect("open").write(true, &message).expect("written") {
            break;
        }
        *next += 1;
    }
    client.advance(world.now);
    world.settle();
}

#[test]
fn a_flood_is_slowed_down_without_loss_and_the_others_are_heard_all_the_while() {
    const COUNT: u32 = 12_000;
    let (mut world, mallory, alice) = world_with(["mallory", "alice"]);
    let start = world.now;
    let (mut next, mut words) = (0, 0_u32);
    while said(&world, "mallory").len() < COUNT as usize {
        pour(&mut world, mallory, &mut next, COUNT, 200);
        world.run(Duration::from_millis(20));
        if words < 100 {
            world.send_message(alice, &words.to_be_bytes());
            words += 1;
            assert_eq!(said(&world, "alice").len() as u32, words, "alice is heard at once");
        }
        let passed = world.now.duration_since(start).as_secs_f64();
        // The burst, the rate, and the receive window of a megabyte: what waited behind a lost datagram comes at once.
        let allowed = 2_500.0 + 300.0 * passed + 1_048_576.0 / 200.0 + 100.0;
        assert!((said(&world, "mallory").len() as f64) < allowed, "too much after {passed:.2} s");
        assert!(passed < 300.0, "{} of {COUNT} arrived", said(&world, "mallory").len());
    }
    let numbers: Vec<_> =
        said(&world, "mallory").iter().map(|m| u32::from_be_bytes([m[0], m[1], m[2], m[3]])).collect();
    assert_eq!(numbers, (0..COUNT).collect::<Vec<_>>(), "reliable stays reliable, and in order");
    assert!(world.board.counters().data_refused > 0);
    assert_eq!(words, 100);
    world.assert_healthy();
}

#[test]
fn a_file_of_15_mb_in_chunks_of_15_kb_is_never_slowed_down() {
    let (mut world, alice, _) = world_with(["alice", "bob"]);
    let mut next = 0;
    for _ in 0..4_000 {
        pour(&mut world, alice, &mut next, 1_000, 15_000);
        if said(&world, "alice").len() == 1_000 {
            break;
        }
        world.run(Duration::from_millis(1));
    }
    assert_eq!(said(&world, "alice").len(), 1_000);
    assert_eq!(world.board.counters().data_refused, 0);
    world.assert_healthy();
}
