//! Names that are not their own: packets under another's address, of another's section, layer or stream.
#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod cast;

use std::time::Duration;

use cast::bare::{Bare, EXT_MID, EXT_RID, NOBODY, Rtp, feedback, rtcp};
use cast::scenes::{alice_films_bob_watches, assert_continuous};
use cast::{Camera, RIDS, TO_CLIENT, World, read_vp8, vp8};
use palaver_net::event::{CloseReason, Event};
use str0m::media::{MediaKind, Mid, Rid};

/// The streams of Alice's layers.
fn streams(world: &mut World, alice: usize, camera: &Camera) -> [u32; 3] {
    let mut direct = world.clients[alice].rtc.direct_api();
    RIDS.map(|rid| *direct.stream_tx_by_mid(camera.mid, Some(Rid::from(rid))).expect("a stream").ssrc())
}

/// Pictures as a browser sends them that was told that its streams are known: without a name.
fn film_nameless(world: &mut World, bare: &mut Bare, camera: &mut Camera, streams: [u32; 3], count: usize) {
    for number in 0..count {
        for (layer, ssrc) in streams.into_iter().enumerate() {
            let payload = vp8(number == 0, camera.picture_id, camera.tl0, layer as u8);
            let mut packet = Rtp::new(camera.payload_type, ssrc, &payload).numbered(camera.seqs[layer]);
            packet.timestamp = camera.timestamp.wrapping_add(1_000_000 * layer as u32);
            bare.send(world, &packet);
            camera.seqs[layer] += 1;
        }
        camera.picture_id = camera.picture_id.wrapping_add(1) & 0x7fff;
        camera.tl0 = camera.tl0.wrapping_add(1);
        camera.timestamp = camera.timestamp.wrapping_add(3_000);
        world.run(Duration::from_micros(33_333));
    }
}

fn count(world: &mut World, who: usize, mid: Mid) -> usize {
    world.clients[who].packets_of(mid).len()
}

/// Bob is shown the next pictures, all of them Alice's.
fn assert_untouched(world: &mut World, camera: &mut Camera, (alice, bob, shown): (usize, usize, Mid)) {
    let before = count(world, bob, shown);
    world.film(alice, camera, 30);
    assert_eq!(count(world, bob, shown) - before, 30);
    assert_continuous(world, bob, shown);
    assert!(world.clients[bob].packets_of(shown).iter().all(|packet| read_vp8(&packet.payload).3 < 3), "not Alice's");
    world.assert_healthy();
}

#[test]
fn a_forger_without_keys_moves_no_stream_of_the_peer_whose_address_it_forges() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    let streams = streams(&mut world, alice, &camera);
    let mut bare = world.bare(alice);
    for ssrc in 1..50 {
        for (layer, rid) in RIDS.into_iter().enumerate() {
            let forged = Rtp::new(96, 3 * ssrc + layer as u32, &[]).with(EXT_MID, camera.mid.as_bytes());
            let forged = forged.with(EXT_RID, rid);
            world.forge(alice, &[forged.header(), vec![0; 60]].concat());
        }
        world.settle();
    }
    let before = count(&mut world, bob, shown);
    film_nameless(&mut world, &mut bare, &mut camera, streams, 30);
    assert_eq!(count(&mut world, bob, shown) - before, 30);
    assert_continuous(&mut world, bob, shown);
    world.assert_healthy();
}

#[test]
fn a_packet_with_the_name_of_anothers_section_layer_or_stream_reaches_nobody() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    let mallory = world.join("mallory");
    let own = world.publish_camera(mallory, "TR_mallory");
    let watched = world.subscribe(mallory, MediaKind::Video, "TR_cam", "PA_alice");
    world.film(alice, &mut camera, 30);
    let alices = streams(&mut world, alice, &camera);
    let bobs = world.clients[bob].rtc.direct_api().stream_rx_by_mid(shown, None).expect("a stream").ssrc();
    let before = world.board.counters();
    let mut bare = world.bare(mallory);
    let mut seq = 1_000;
    for ssrc in alices.into_iter().chain([*bobs, 77]) {
        // Alice's section, the one in which the server shows her to Mallory, Bob's, one that nobody has.
        for mid in [&*camera.mid, &*watched, &*shown, "none"] {
            for rid in ["q", "f", "x"] {
                let packet =
                    Rtp::new(96, ssrc, &vp8(true, 1, 1, 9)).numbered(seq).with(EXT_MID, mid).with(EXT_RID, rid);
                bare.send(&mut world, &packet);
                seq += 1;
            }
        }
    }
    world.settle();
    assert_untouched(&mut world, &mut camera, (alice, bob, shown));
    // Under her own name Alice's numbers are hers as well, and nobody watches her.
    let packet = Rtp::new(96, alices[2], &vp8(true, 1, 1, 9)).numbered(seq).with(EXT_MID, &*own).with(EXT_RID, "f");
    bare.send(&mut world, &packet);
    assert_untouched(&mut world, &mut camera, (alice, bob, shown));
    assert_eq!(world.board.counters().unsendable_packets, before.unsendable_packets);
}

#[test]
fn reports_about_streams_of_others_move_nothing_of_theirs() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    let mallory = world.join("mallory");
    world.film(alice, &mut camera, 30);
    let alices = streams(&mut world, alice, &camera);
    let bobs = *world.clients[bob].rtc.direct_api().stream_rx_by_mid(shown, None).expect("a stream").ssrc();
    world.clients[alice].keyframe_requests.clear();
    world.events.clear();
    let mut bare = world.bare(mallory);
    let numbers = world.media_datagrams[TO_CLIENT];
    for sender in [NOBODY, bobs, alices[0]] {
        for ssrc in alices.into_iter().chain([bobs]) {
            let lost: Vec<u8> =
                (0..=u16::MAX).step_by(17).take(300).flat_map(|at| [at.to_be_bytes(), [255; 2]].concat()).collect();
            bare.report(&mut world, &feedback(205, 1, sender, ssrc, &lost));
            // PLI, FIR, a limit of one bit per second, and arrivals of what was never sent.
            bare.report(&mut world, &feedback(206, 1, sender, ssrc, &[]));
            let fir = [ssrc.to_be_bytes(), [7, 0, 0, 0]].concat();
            bare.report(&mut world, &feedback(206, 4, sender, ssrc, &fir));
            let limit = [&b"REMB"[..], &[1, 0, 0, 1], &ssrc.to_be_bytes()].concat();
            bare.report(&mut world, &feedback(206, 15, sender, 0, &limit));
            bare.report(&mut world, &feedback(205, 15, sender, ssrc, &[0, 0, 0x20, 0, 0, 0, 0, 1, 0x20, 0, 0, 0]));
            // All of it lost; a clock from nowhere; gone.
            let block = [&ssrc.to_be_bytes()[..], &[255; 20]].concat();
            bare.report(&mut world, &rtcp(201, 1, sender, &block));
            bare.report(&mut world, &rtcp(200, 1, ssrc, &[&[255; 20][..], &block].concat()));
            bare.report(&mut world, &rtcp(203, 1, ssrc, &[]));
        }
    }
    world.run(Duration::from_secs(1));
    assert_eq!(world.media_datagrams[TO_CLIENT], numbers, "nothing is repeated");
    assert_eq!(world.clients[alice].keyframe_requests, []);
    assert_untouched(&mut world, &mut camera, (alice, bob, shown));
}

#[test]
fn a_record_that_is_not_sealed_ends_no_association() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    for who in [alice, bob] {
        for epoch in [0, 1] {
            // A warning that it closes, and a fatal alert (RFC 5246 7.2), a hello, a message.
            for (kind, body) in
                [(21, &[1, 0][..]), (21, &[2, 40]), (22, &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), (23, &[7; 40])]
            {
                for number in [0, 9_999] {
                    let header =
                        [kind, 254, 253, 0, epoch, 0, 0, 0, 0, (number >> 8) as u8, number as u8, 0, body.len() as u8];
                    world.forge(who, &[&header[..], body].concat());
                    world.settle();
                }
            }
        }
    }
    world.run(Duration::from_secs(1));
    assert!(!world.clients[alice].is_closed && !world.clients[bob].is_closed);
    let before = count(&mut world, bob, shown);
    world.film(alice, &mut camera, 30);
    assert_eq!(count(&mut world, bob, shown) - before, 30);
    world.send_message(bob, b"hello");
    assert!(world.has_event(|event| matches!(event, Event::Data { payload, .. } if payload == b"hello")));
    world.assert_healthy();
}

#[test]
fn who_comes_with_another_certificate_than_the_offer_names_is_connected_to_nobody() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    world.events.clear();
    let mallory = world.join_with_another_certificate("mallory");
    world.run(Duration::from_secs(2));
    let of_mallory = |event: &Event| match event {
        Event::Connected(name) | Event::DataOpen(name, _) | Event::Data { peer: name, .. } => &**name == "mallory",
        _ => false,
    };
    assert!(!world.has_event(of_mallory));
    let closed = |event: &Event| matches!(event, Event::Closed(name, CloseReason::DtlsFailed) if &**name == "mallory");
    assert!(world.has_event(closed), "the association ends: {:?}", world.events);
    // What she says under the keys of the handshake finds nobody.
    let before = world.board.counters();
    if world.has_keys(mallory) {
        let mut bare = world.bare(mallory);
        bare.send(&mut world, &Rtp::new(111, 77, &[0x78, 1, 2, 3]));
        bare.report(&mut world, &feedback(206, 1, NOBODY, 77, &[]));
        assert_eq!(world.board.counters().unknown_source, before.unknown_source + 2);
    }
    let before = count(&mut world, bob, shown);
    world.film(alice, &mut camera, 30);
    assert_eq!(count(&mut world, bob, shown) - before, 30);
    assert_eq!(world.board.counters().panics, 0);
}
