//! Peers with keys and no manners: what they ask for, report and send costs little, and nobody but them.
#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod cast;

use std::time::Duration;

use cast::bare::{EXT_MID, EXT_NUMBER, EXT_REPAIRED, EXT_RID, NOBODY, Rtp, feedback, rtcp};
use cast::scenes::{alice_films_bob_watches, assert_continuous};
use cast::{RIDS, TO_CLIENT, World, vp8};
use palaver_net::event::{CloseReason, Event};
use str0m::media::{MediaKind, Mid};

/// A stream that a peer is shown.
fn stream_of(world: &mut World, who: usize, mid: Mid) -> u32 {
    *world.clients[who].rtc.direct_api().stream_rx_by_mid(mid, None).expect("a stream").ssrc()
}

/// All numbers that there are, in as many reports as it takes.
fn all_numbers() -> Vec<Vec<u8>> {
    let entries: Vec<[u8; 4]> = (0..=u16::MAX)
        .step_by(17)
        .map(|first| {
            let [high, low] = first.to_be_bytes();
            [high, low, 255, 255]
        })
        .collect();
    entries.chunks(330).map(<[[u8; 4]]>::concat).collect()
}

/// Carol is shown Alice beside the one who floods, and misses nothing.
fn carol_watches(world: &mut World) -> (usize, Mid) {
    let carol = world.join("carol");
    let shown = world.subscribe(carol, MediaKind::Video, "TR_cam", "PA_alice");
    (carol, shown)
}

#[test]
fn who_asks_for_everything_again_all_the_time_is_sent_little_more_than_everything() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    let (carol, seen) = carol_watches(&mut world);
    world.film(alice, &mut camera, 30);
    let ssrc = stream_of(&mut world, bob, shown);
    let mut bare = world.bare(bob);
    let before = world.media_datagrams[TO_CLIENT];
    for _ in 0..150 {
        world.film(alice, &mut camera, 1);
        for _ in 0..3 {
            for lost in all_numbers() {
                bare.report(&mut world, &feedback(205, 1, NOBODY, ssrc, &lost));
            }
        }
        world.settle();
    }
    let sent = world.media_datagrams[TO_CLIENT] - before;
    // A key frame's worth that may always be repeated, and two thirds of what is sent: of some ninety bytes each.
    let (fresh, repeated) = (2 * 150, 128 * 1_024 / 70 + 150);
    assert!((fresh..fresh + repeated).contains(&sent), "{sent} for {fresh}");
    assert_continuous(&mut world, carol, seen);
    assert_continuous(&mut world, bob, shown);
    world.assert_healthy();
}

#[test]
fn requests_for_key_frames_of_a_crowd_that_never_stops_asking_cost_a_publisher_two_a_second() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    let (carol, seen) = carol_watches(&mut world);
    world.film(alice, &mut camera, 30);
    let streams = [(bob, shown), (carol, seen)].map(|(who, mid)| (who, stream_of(&mut world, who, mid)));
    let mut crowd = streams.map(|(who, ssrc)| (world.bare(who), ssrc));
    world.clients[alice].keyframe_requests.clear();
    let mut asked = 0;
    for number in 0..150_u32 {
        for (bare, ssrc) in &mut crowd {
            for again in 0..10 {
                bare.report(&mut world, &feedback(206, 1, NOBODY, *ssrc, &[]));
                let fir = [ssrc.to_be_bytes(), [(number * 10 + again) as u8, 0, 0, 0]].concat();
                bare.report(&mut world, &feedback(206, 4, NOBODY, 0, &fir));
            }
        }
        world.settle();
        asked += world.clients[alice].keyframe_requests.len();
        world.film(alice, &mut camera, 1);
    }
    assert!((5..=12).contains(&asked), "{asked} in five seconds");
    world.assert_healthy();
}

#[test]
fn reports_that_lie_change_nothing_for_others_and_nothing_panics() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    let (carol, seen) = carol_watches(&mut world);
    world.film(alice, &mut camera, 30);
    let ssrc = stream_of(&mut world, bob, shown);
    let mut bare = world.bare(bob);
    let mut lies: Vec<Vec<u8>> = Vec::new();
    // Arrivals: none, more than there are chunks, runs of everything, times that jump and wrap, symbols without meaning.
    for fci in [
        &[0; 8][..],
        &[0, 0, 255, 255, 0, 0, 0, 1],
        &[0, 0, 255, 255, 0, 0, 0, 2, 0x3f, 255, 0, 0],
        &[
            0, 0, 255, 255, 255, 255, 255, 3, 0x1f, 255, 0x1f, 255, 0x1f, 255, 0x1f, 255, 0x1f, 255, 0x1f, 255, 0x1f,
            255, 0x1f, 255, 0x1f, 255, 0, 0,
        ],
        &[
            0, 0, 0, 7, 0x7f, 255, 255, 4, 0xea, 0xaa, 0x80, 0, 0x7f, 255, 0x80, 0, 0x7f, 255, 0x80, 0, 0x7f, 255,
            0x80, 0,
        ],
        &[0, 0, 0, 7, 0x80, 0, 0, 5, 0xff, 255, 0, 0],
        &[255, 255, 0, 2, 0, 0, 0, 6, 0x20, 2, 0, 0],
    ] {
        lies.push(feedback(205, 15, NOBODY, ssrc, fci));
    }
    // Limits: nothing, a bit, more than there is, streams that are not there.
    for value in [[0, 0, 0], [0, 0, 1], [255, 255, 255], [0xb7, 255, 255], [0xfc, 0, 1]] {
        let limit = [&b"REMB\x01"[..], &value, &ssrc.to_be_bytes()].concat();
        lies.push(feedback(206, 15, NOBODY, 0, &limit));
        lies.push(feedback(206, 15, NOBODY, 0, &[&b"REMB\xff"[..], &value].concat()));
    }
    // Receptions with every field at an end, of more streams than follow.
    for fill in [0, 1, 0x7f, 0x80, 255] {
        let block = [&ssrc.to_be_bytes()[..], &[fill; 20]].concat();
        lies.push(rtcp(201, 1, NOBODY, &block));
        lies.push(rtcp(201, 31, NOBODY, &block));
        lies.push(rtcp(200, 31, NOBODY, &[&[fill; 20][..], &block].concat()));
        lies.push(rtcp(207, 0, NOBODY, &[fill; 40]));
        lies.push(rtcp(202, 31, NOBODY, &[fill; 40]));
        lies.push(rtcp(204, 5, NOBODY, &[fill; 8]));
    }
    // A goodbye of everybody, and a length that is not true.
    lies.push(rtcp(203, 31, ssrc, &[255; 120]));
    lies.push(vec![0x81, 201, 255, 255, 0, 0, 0, 1]);
    for _ in 0..40 {
        for lie in &lies {
            bare.report(&mut world, lie);
        }
        bare.report(&mut world, &lies.concat());
        world.film(alice, &mut camera, 1);
    }
    world.film(alice, &mut camera, 60);
    assert_continuous(&mut world, carol, seen);
    let last = world.clients[carol].packets_of(seen).last().expect("one").payload.clone();
    assert_eq!(*last.last().expect("a byte"), 2, "Carol has the largest layer still");
    world.assert_healthy();
}

#[test]
fn packets_of_absurd_shapes_cost_their_sender_only() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    let mallory = world.join("mallory");
    let own = world.publish_camera(mallory, "TR_mallory");
    let seen = world.subscribe(bob, MediaKind::Video, "TR_mallory", "PA_mallory");
    let mut bare = world.bare(mallory);
    let named =
        |seq: u64, payload: &[u8]| Rtp::new(96, 5, payload).numbered(seq).with(EXT_MID, &*own).with(EXT_RID, "f");
    bare.send(&mut world, &named(1_000, &vp8(true, 1, 1, 2)));
    let mut seq = 1_001;
    let raw = |first: u8, seq: u64, behind: &[u8]| {
        let mut header = vec![first, 96];
        header.extend((seq as u16).to_be_bytes());
        header.extend([0, 1, 0x5f, 0x90, 0, 0, 0, 5]);
        header.extend(behind);
        header
    };
    let headers: Vec<(u8, Vec<u8>)> = vec![
        (0x8f, vec![9; 60]),
        (0x8f, vec![9; 8]),
        (0x90, [&[0xbe, 0xde, 1, 0x2c][..], &[0x1f; 1_200]].concat()),
        (0x90, vec![0xbe, 0xde, 255, 255, 1, 1, 1, 1]),
        (0x90, vec![0xbe, 0xde, 0, 1, 0xf0, 0, 0, 0]),
        (0x90, vec![0xbe, 0xde, 0, 1, 0x4f, 0, 0, 0]),
        (0x90, vec![0x10, 0x0f, 0, 2, 4, 255, 1, 1, 0, 10, 0, 0]),
        (0x90, vec![0x12, 0x34, 0, 1, 1, 1, 1, 1]),
        (0x90, vec![0xbe, 0xde, 0, 0]),
        (0xa0, vec![]),
        (0xbf, [&[9; 60][..], &[0xbe, 0xde, 0, 1, 0x32, 1, 2, 3]].concat()),
    ];
    // Padding: of nothing, of itself, of more than there is; descriptors that end too soon.
    let payloads: [&[u8]; 9] =
        [&[], &[0], &[1], &[255], &[0x90, 0xe0, 0, 4], &[0x90], &[0x90, 0xff, 0xff], &[0; 1_400], &[4, 4, 4, 4]];
    for (first, behind) in &headers {
        for payload in payloads {
            let header = raw(*first, seq, behind);
            let datagram = bare.seal(&header, 5, seq, payload);
            bare.throw(&mut world, &datagram);
            seq += 1;
        }
    }
    // Times and numbers that jump; kinds that nobody has; repetitions of anything.
    for step in 0..40_u64 {
        let mut jump = named(seq, &vp8(step % 3 == 0, (step * 9_999) as u16 & 0x7fff, step as u8, 2));
        jump.timestamp = (step as u32).wrapping_mul(0x7fff_fff1);
        bare.send(&mut world, &jump);
        seq += [1, 32_767, 2, 999, 1_001][step as usize % 5];
        for payload_type in [0, 63, 97, 111, 127] {
            let mut other = Rtp::new(payload_type, 5, &[step as u8, 77, 1]).numbered(seq);
            other.timestamp = jump.timestamp;
            bare.send(&mut world, &other);
            seq += 1;
        }
        let repeated = Rtp::new(97, 6, &[(step * 7) as u8, 3, 0x90, 0xe0]).numbered(step + 1);
        bare.send(&mut world, &repeated.with(EXT_MID, &*own).with(EXT_REPAIRED, "f"));
    }
    world.run(Duration::from_secs(1));
    let before = world.clients[bob].packets_of(shown).len();
    world.film(alice, &mut camera, 30);
    assert_eq!(world.clients[bob].packets_of(shown).len() - before, 30);
    assert_continuous(&mut world, bob, shown);
    // What Bob got of Mallory has numbers without holes: what was nothing was left out.
    let numbers: Vec<u64> = world.clients[bob].packets_of(seen).iter().map(|packet| *packet.seq_no).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] > pair[0]), "{numbers:?}");
    world.assert_healthy();
}

#[test]
fn ever_new_streams_end_the_session_that_sends_them_and_no_other() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    let mallory = world.join("mallory");
    let own = world.publish_camera(mallory, "TR_mallory");
    let mut bare = world.bare(mallory);
    for ssrc in 1..3_000 {
        let rid = RIDS[ssrc as usize % 3];
        bare.send(&mut world, &Rtp::new(96, ssrc, &vp8(true, 1, 1, 9)).with(EXT_MID, &*own).with(EXT_RID, rid));
    }
    world.settle();
    let of_mallory =
        |event: &Event| matches!(event, Event::Closed(name, CloseReason::PeerClosed) if &**name == "mallory");
    assert!(world.has_event(of_mallory));
    world.events.clear();
    let before = world.clients[bob].packets_of(shown).len();
    world.film(alice, &mut camera, 30);
    assert_eq!(world.clients[bob].packets_of(shown).len() - before, 30);
    world.assert_healthy();
}

#[test]
fn numbers_of_all_packets_that_jump_about_are_not_kept_for_ever() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    let mallory = world.join("mallory");
    let own = world.publish_camera(mallory, "TR_mallory");
    let mut bare = world.bare(mallory);
    for step in 0..4_000_u64 {
        let number = (step as u16).wrapping_mul([100, 32_767, 9][step as usize % 3]).to_be_bytes();
        let packet = Rtp::new(96, 5, &vp8(step == 0, step as u16, step as u8, 2)).numbered(1_000 + step);
        bare.send(&mut world, &packet.with(EXT_MID, &*own).with(EXT_RID, "f").with(EXT_NUMBER, number));
        if step % 40 == 0 {
            world.run(Duration::from_millis(2));
        }
    }
    let before = world.clients[bob].packets_of(shown).len();
    world.film(alice, &mut camera, 30);
    assert_eq!(world.clients[bob].packets_of(shown).len() - before, 30);
    world.assert_healthy();
}
