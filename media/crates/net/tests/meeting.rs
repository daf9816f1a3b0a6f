//! A meeting from joining to leaving, through real sessions on both sides, on virtual time.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_wrap,
    reason = "a test fails by panicking"
)]

mod cast;

use std::sync::Arc;
use std::time::Duration;

use cast::scenes::{alice_films_bob_watches, assert_continuous};
use cast::{Camera, ROOM, Voice, World, read_vp8};
use palaver_net::command::Command;
use palaver_net::event::{CloseReason, Event};
use palaver_net::print_text;
use palaver_session::sdp::Assignment;
use palaver_session::{OfferPlan, OfferedTrack, PreparedAnswer};
use str0m::change::SdpOffer;
use str0m::media::{MediaKind, Mid};

#[test]
fn the_answer_names_the_track_of_each_subscribed_section() {
    let (world, _, _, bob, shown) = alice_films_bob_watches();
    let answer = &world.clients[bob].last_answer;
    let section = answer.split("m=").find(|s| s.contains(&format!("a=mid:{shown}\r\n"))).expect("the section");
    assert!(section.contains("a=msid:PA_alice|TR_cam TR_cam\r\n"), "{section}");
    let ssrcs: Vec<_> = section.lines().filter(|line| line.starts_with("a=ssrc:") && line.contains(" msid:")).collect();
    assert_eq!(ssrcs.len(), 2, "media and RTX");
    assert!(ssrcs.iter().all(|line| line.ends_with(" msid:PA_alice|TR_cam TR_cam")));
    // The section that joining offered and nobody filled makes no stream.
    assert!(answer.contains("a=inactive\r\n"));
}

#[test]
fn a_handshake_begins_by_the_way_that_was_proved_and_does_not_wait_for_a_nomination() {
    let mut world = World::new();
    world.loses_nominations = true;
    let alice = world.join("alice");
    assert!(world.lost > 0, "she did nominate");
    let mut camera = Camera::new(world.publish_camera(alice, "TR_cam"));
    let bob = world.join("bob");
    let shown = world.subscribe(bob, MediaKind::Video, "TR_cam", "PA_alice");
    world.film(alice, &mut camera, 10);
    assert!(!world.clients[bob].packets_of(shown).is_empty(), "and pictures take the same way");
    world.assert_healthy();
}

#[test]
fn a_subscriber_gets_the_largest_layer_beginning_with_a_key_frame() {
    let (mut world, _, _, bob, shown) = alice_films_bob_watches();
    let packets = world.clients[bob].packets_of(shown);
    let (is_key, _, _, _) = read_vp8(&packets[0].payload);
    assert!(is_key);
    let (_, _, _, layer) = read_vp8(&packets.last().expect("packets").payload);
    assert_eq!(layer, 2);
    assert_continuous(&mut world, bob, shown);
    assert!(
        world.has_event(
            |e| *e == Event::TrackStarted { peer: "alice".into(), track: "TR_cam".into(), mime: "video/vp8" }
        )
    );
    world.assert_healthy();
}

#[test]
fn layers_switch_at_key_frames_without_a_seam() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    for layer in [0, 1, 2, 0, 2] {
        let before = world.clients[bob].packets_of(shown).len();
        world.wish(bob, "TR_cam", true, layer);
        world.film(alice, &mut camera, 30);
        let packets = world.clients[bob].packets_of(shown);
        let seen: Vec<_> = packets[before..].iter().map(|p| read_vp8(&p.payload)).collect();
        assert_eq!(seen.last().expect("packets").3, layer, "ends in the wanted layer");
        let first_of_layer = seen.iter().find(|s| s.3 == layer).expect("the layer came");
        assert!(first_of_layer.0, "a layer begins with a key frame");
    }
    assert_continuous(&mut world, bob, shown);
    world.assert_healthy();
}

#[test]
fn a_paused_subscription_gets_nothing_and_resumes_with_a_key_frame() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    world.wish(bob, "TR_cam", false, 2);
    world.film(alice, &mut camera, 2);
    let before = world.clients[bob].packets_of(shown).len();
    world.film(alice, &mut camera, 20);
    assert_eq!(world.clients[bob].packets_of(shown).len(), before);
    world.wish(bob, "TR_cam", true, 2);
    world.film(alice, &mut camera, 20);
    let packets = world.clients[bob].packets_of(shown);
    assert!(packets.len() > before);
    assert!(read_vp8(&packets[before].payload).0);
    assert_continuous(&mut world, bob, shown);
}

#[test]
fn a_section_that_shows_another_track_keeps_its_stream_and_numbering() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    let carol = world.join("carol");
    let mut other = Camera::new(world.publish_camera(carol, "TR_other"));
    world.film(alice, &mut camera, 5);
    let stream = world.clients[bob].packets_of(shown)[0].header.ssrc;
    world.reuse(bob, shown, "TR_other", "PA_carol");
    assert!(world.clients[bob].last_answer.contains("a=msid:PA_carol|TR_other TR_other\r\n"));
    world.film(carol, &mut other, 30);
    assert_continuous(&mut world, bob, shown);
    let last = world.clients[bob].packets_of(shown).last().expect("packets").header.ssrc;
    assert_eq!(last, stream);
    world.assert_healthy();
}

#[test]
fn a_track_that_is_published_after_it_was_asked_for_is_shown() {
    let mut world = World::new();
    let alice = world.join("alice");
    let bob = world.join("bob");
    let shown = world.subscribe(bob, MediaKind::Video, "TR_cam", "PA_alice");
    let mut camera = Camera::new(world.publish_camera(alice, "TR_cam"));
    world.film(alice, &mut camera, 20);
    assert_continuous(&mut world, bob, shown);
}

#[test]
fn tracks_of_another_room_cannot_be_subscribed() {
    let (mut world, alice, mut camera, _, _) = alice_films_bob_watches();
    let mallory = world.join_room("mallory", "elsewhere");
    let shown = world.subscribe(mallory, MediaKind::Video, "TR_cam", "PA_alice");
    world.film(alice, &mut camera, 20);
    assert_eq!(world.clients[mallory].packets_of(shown).len(), 0);
}

#[test]
fn server_side_mute_stops_a_track_whatever_the_publisher_sends() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    world.command(Command::SetTrackMuted { track: "TR_cam".into(), is_muted: true });
    let before = world.clients[bob].packets_of(shown).len();
    world.film(alice, &mut camera, 20);
    assert_eq!(world.clients[bob].packets_of(shown).len(), before);
    world.command(Command::SetTrackMuted { track: "TR_cam".into(), is_muted: false });
    world.film(alice, &mut camera, 20);
    assert!(world.clients[bob].packets_of(shown).len() > before);
    assert_continuous(&mut world, bob, shown);
}

#[test]
fn a_dropped_subscription_stops_at_once() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    let before = world.clients[bob].packets_of(shown).len();
    world.command(Command::DropSubscription { peer: "bob".into(), track: "TR_cam".into() });
    world.film(alice, &mut camera, 10);
    assert_eq!(world.clients[bob].packets_of(shown).len(), before);
}

#[test]
fn whoever_speaks_is_told_and_level_and_voice_travel() {
    let mut world = World::new();
    let alice = world.join("alice");
    let bob = world.join("bob");
    let mut voice = Voice::new(world.publish_microphone(alice, "TR_mic"));
    let heard = world.subscribe(bob, MediaKind::Audio, "TR_mic", "PA_alice");
    world.speak(alice, &mut voice, 20, 60);
    let packets = world.clients[bob].packets_of(heard);
    assert!(packets.len() >= 55, "{} of 60 packets", packets.len());
    let last = &packets.last().expect("packets").header.ext_vals;
    assert_eq!((last.audio_level, last.voice_activity), (Some(-20), Some(true)));
    let said = |active: bool| {
        move |e: &Event| match e {
            Event::Speakers(room, speakers) => {
                &**room == ROOM && speakers.iter().any(|s| &*s.peer == "alice" && s.is_active == active)
            }
            _ => false,
        }
    };
    assert!(world.has_event(said(true)));
    world.events.clear();
    world.speak(alice, &mut voice, 90, 60);
    assert!(world.has_event(said(false)));
}

#[test]
fn sound_and_picture_of_one_moment_get_the_same_time_from_sender_reports() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    let mut voice = Voice::new(world.publish_microphone(alice, "TR_mic"));
    let heard = world.subscribe(bob, MediaKind::Audio, "TR_mic", "PA_alice");
    for round in 0..300 {
        // Layers have clocks of their own: a switch half-way must not part lips and voice.
        if round == 150 {
            world.wish(bob, "TR_cam", true, 0);
        }
        world.send_picture(alice, &mut camera);
        world.speak(alice, &mut voice, 20, 1);
        voice.timestamp = voice.timestamp.wrapping_add(640);
        world.run(Duration::from_micros(13_333));
    }
    let time_of_last = |world: &mut World, mid: Mid, rate: f64| {
        let last = world.clients[bob].packets_of(mid).last().expect("packets").header.timestamp;
        let reports = &world.clients[bob].sender_reports;
        let report = reports.iter().rev().find(|report| report.mid == mid).expect("a report").sender_info;
        let ticks = last.wrapping_sub(report.rtp_time.numer() as u32) as i32;
        let at = report.ntp_time.duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs_f64();
        at + f64::from(ticks) / rate
    };
    let sound = time_of_last(&mut world, heard, 48_000.0);
    let picture = time_of_last(&mut world, shown, 90_000.0);
    assert!((sound - picture).abs() < 0.015, "parted by {:.1} ms", (sound - picture) * 1e3);
}

#[test]
fn messages_go_both_ways_and_large_ones_wait_for_room() {
    let mut world = World::new();
    let alice = world.join("alice");
    let bob = world.join("bob");
    world.run_until("channels open", |world| world.clients.iter().all(|c| c.channels.contains_key("_reliable")));
    world.send_message(alice, b"to the room");
    world.run(Duration::from_millis(200));
    assert!(world.has_event(
        |e| *e == Event::Data { peer: "alice".into(), label: "_reliable", payload: b"to the room".to_vec() }
    ));
    // Twenty times 60 kB are ten times what the channel buffers.
    for n in 0..20_u8 {
        let payload = vec![n; 60_000].into();
        world.command(Command::SendData { peers: vec!["bob".into()], label: "_reliable", payload });
    }
    world.run_until("all messages arrive", |world| world.clients[bob].messages.len() == 20);
    for (n, message) in world.clients[bob].messages.iter().enumerate() {
        assert_eq!((message.len(), usize::from(message[0])), (60_000, n));
    }
    assert_eq!(world.board.counters().data_dropped, 0);
}

#[test]
fn figures_come_each_second() {
    let (mut world, alice, mut camera, _, _) = alice_films_bob_watches();
    world.film(alice, &mut camera, 75);
    let figures: Vec<_> = world
        .events
        .iter()
        .filter_map(|e| match e {
            Event::Stats(lines) => lines.iter().find(|(peer, _)| &**peer == "bob").map(|(_, f)| *f),
            _ => None,
        })
        .collect();
    let last = figures.last().expect("figures of bob");
    assert!(last.bps_out > 5_000, "{last:?}");
    assert!(last.loss_out < 0.01, "{last:?}");
    assert!((2..=5).contains(&figures.len()), "{} in 3.5 s", figures.len());
}

#[test]
fn a_closed_peer_is_told_and_its_tracks_go() {
    let (mut world, alice, mut camera, bob, shown) = alice_films_bob_watches();
    world.command(Command::ClosePeer { peer: "alice".into() });
    world.run(Duration::from_millis(100));
    assert!(world.clients[alice].is_closed, "DTLS close_notify arrived");
    assert!(world.has_event(|e| *e == Event::Closed("alice".into(), CloseReason::Requested)));
    let before = world.clients[bob].packets_of(shown).len();
    world.send_picture(alice, &mut camera);
    assert_eq!(world.clients[bob].packets_of(shown).len(), before);
    assert_eq!(world.board.peer_count(), 1);
}

#[test]
fn a_peer_that_never_connects_and_one_that_vanishes_are_closed() {
    let mut world = World::new();
    world.command(Command::OpenPeer { room: ROOM.into(), peer: "ghost".into() });
    let bob = world.join("bob");
    world.clients.remove(bob);
    world.run(Duration::from_secs(90));
    assert!(world.has_event(|e| *e == Event::Closed("ghost".into(), CloseReason::IceTimeout)));
    assert!(world.has_event(|e| *e == Event::Disconnected("bob".into())));
    assert!(world.has_event(|e| *e == Event::Closed("bob".into(), CloseReason::IceTimeout)));
    assert_eq!((world.board.peer_count(), world.board.room_names().len()), (0, 0));
}

/// Bob's second connection, to which the server offers: str0m answers for him.
fn take_offer(world: &mut World, who: usize, tracks: &[(&str, bool)], restarts_ice: bool) -> (String, usize) {
    let offered = |(track, is_audio): &(&str, bool)| OfferedTrack {
        assignment: Assignment { publisher: "PA_alice".to_owned(), track: (*track).to_owned() },
        is_audio: *is_audio,
    };
    let plan = OfferPlan { tracks: tracks.iter().map(offered).collect(), restarts_ice };
    let peer: Arc<str> = world.clients[who].name.into();
    world.board.command(world.now, Command::Offer { peer: peer.clone(), offer_id: 7, plan });
    let texts: Vec<_> = world.board.outbox.texts.drain(..).collect();
    let [text] = texts.as_slice() else { panic!("one offer, not {}", texts.len()) };
    let Event::Offer { sdp, tracks, offer_id, .. } = print_text(text) else { panic!("an offer") };
    assert_eq!(offer_id, 7);
    let offer = SdpOffer::from_sdp_string(&sdp).expect("an offer that str0m reads");
    let answer = world.clients[who].rtc.sdp_api().accept_offer(offer).expect("an offer that fits").to_sdp_string();
    let answer = Box::new(PreparedAnswer::parse(&answer).expect("an answer"));
    world.command(Command::TakeAnswer { peer, offer_id: 7, answer });
    (sdp, tracks.len())
}

#[test]
fn an_offer_of_the_server_shows_tracks_and_a_freed_section_serves_a_round_later() {
    let mut world = World::new();
    let alice = world.join("alice");
    let mut camera = Camera::new(world.publish_camera(alice, "TR_cam"));
    let bob = world.enter("bob");
    let (sdp, _) = take_offer(&mut world, bob, &[("TR_cam", false)], false);
    assert!(sdp.contains("a=msid:PA_alice|TR_cam TR_cam\r\n"), "{sdp}");
    assert!(sdp.contains("a=ice-lite"), "{sdp}");
    world.run_until("bob connects", |world| world.clients[bob].is_connected);
    world.run_until("the channels open", |world| world.clients[bob].channels.len() == 3);
    world.film(alice, &mut camera, 30);
    let seen = world.clients[bob].packets.len();
    assert!(seen > 10, "only {seen} packets");

    let sections = |sdp: &str| sdp.matches("m=video").count();
    let (sdp, shown) = take_offer(&mut world, bob, &[], false);
    assert_eq!((sections(&sdp), shown), (1, 0));
    let seen = world.clients[bob].packets.len();
    world.film(alice, &mut camera, 10);
    assert_eq!(world.clients[bob].packets.len(), seen, "nothing is sent in a section that is free");

    let (sdp, shown) = take_offer(&mut world, bob, &[("TR_cam", false)], true);
    assert_eq!((sections(&sdp), shown), (1, 1), "the section is used again");
    world.film(alice, &mut camera, 30);
    assert!(world.clients[bob].packets.len() > seen + 10, "and shows the track");
}

#[test]
fn an_answer_to_nothing_is_refused_and_costs_nobody_the_connection() {
    let mut world = World::new();
    let alice = world.join("alice");
    let answer = world.clients[alice].last_answer.clone();
    let answer = Box::new(PreparedAnswer::parse(&answer).expect("an answer"));
    world.command(Command::TakeAnswer { peer: "alice".into(), offer_id: 3, answer });
    assert!(world.events.iter().any(|event| matches!(event, Event::NegotiationFailed { offer_id: 3, .. })));
    assert_eq!(world.board.peer_count(), 1);
}
