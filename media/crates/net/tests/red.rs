//! Sound in RED between people who know it and people who do not, through real sessions, on virtual time.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod cast;

use std::time::Duration;

use cast::{TO_SERVER, Voice, World};
use palaver_net::event::Event;
use str0m::media::{MediaKind, Mid};
use str0m::rtp::RtpWrite;

const RED: u8 = 63;
const OPUS: u8 = 111;

/// Opus packet `number`.
fn spoken(number: u64) -> Vec<u8> {
    vec![0x78, number as u8, (number >> 8) as u8]
}

/// With the packet before it.
fn wrapped(number: u64) -> Vec<u8> {
    let header = 0x8000_0000_u32 | u32::from(OPUS) << 24 | 960 << 10 | 3;
    [&header.to_be_bytes()[..], &[OPUS], &spoken(number - 1), &spoken(number)].concat()
}

fn speak_red(world: &mut World, who: usize, voice: &mut Voice, count: usize) {
    for _ in 0..count {
        let client = &mut world.clients[who];
        let mut direct = client.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(voice.mid, None).expect("a stream");
        let write = RtpWrite::new(RED.into(), voice.seq.into(), voice.timestamp, world.now, wrapped(voice.seq));
        stream.write_rtp(write);
        client.advance(world.now);
        voice.seq += 1;
        voice.timestamp = voice.timestamp.wrapping_add(960);
        world.settle();
        world.run(Duration::from_millis(20));
    }
}

/// Alice speaks RED; Bob knows it, Carol does not.
fn call() -> (World, usize, Voice, [(usize, Mid); 2]) {
    let mut world = World::new();
    world.knows_red = true;
    let alice = world.join("alice");
    let bob = world.join("bob");
    world.knows_red = false;
    let carol = world.join("carol");
    let voice = Voice::new(world.publish_microphone(alice, "TR_mic"));
    let listeners = [bob, carol].map(|who| (who, world.subscribe(who, MediaKind::Audio, "TR_mic", "PA_alice")));
    (world, alice, voice, listeners)
}

#[test]
fn who_knows_red_gets_it_and_who_does_not_gets_opus() {
    let (mut world, alice, mut voice, [(bob, to_bob), (carol, to_carol)]) = call();
    let first = voice.seq;
    speak_red(&mut world, alice, &mut voice, 50);
    let expected: Vec<_> = (first..first + 50).collect();
    let of = |world: &mut World, who: usize, mid, payload_type: u8| -> Vec<Vec<u8>> {
        let packets = world.clients[who].packets_of(mid);
        assert!(packets.iter().all(|packet| *packet.header.payload_type == payload_type));
        packets.iter().map(|packet| packet.payload.to_vec()).collect()
    };
    assert_eq!(of(&mut world, bob, to_bob, RED), expected.iter().map(|n| wrapped(*n)).collect::<Vec<_>>());
    assert_eq!(of(&mut world, carol, to_carol, OPUS), expected.iter().map(|n| spoken(*n)).collect::<Vec<_>>());
    let started = Event::TrackStarted { peer: "alice".into(), track: "TR_mic".into(), mime: "audio/red" };
    assert!(world.has_event(|event| *event == started));
    world.assert_healthy();
}

#[test]
fn what_is_lost_on_the_way_in_is_whole_for_who_does_not_know_red() {
    let (mut world, alice, mut voice, [_, (carol, to_carol)]) = call();
    let first = voice.seq;
    speak_red(&mut world, alice, &mut voice, 5);
    world.loss[TO_SERVER] = 5;
    speak_red(&mut world, alice, &mut voice, 100);
    world.loss[TO_SERVER] = 0;
    speak_red(&mut world, alice, &mut voice, 1);
    assert!(world.lost >= 20, "{} lost", world.lost);
    let packets = world.clients[carol].packets_of(to_carol);
    let heard: Vec<_> = packets.iter().map(|packet| packet.payload.to_vec()).collect();
    assert_eq!(heard, (first..voice.seq).map(spoken).collect::<Vec<_>>());
    for pair in packets.windows(2) {
        assert_eq!(*pair[1].seq_no, *pair[0].seq_no + 1);
        assert_eq!(pair[1].header.timestamp.wrapping_sub(pair[0].header.timestamp), 960);
    }
    world.assert_healthy();
}
