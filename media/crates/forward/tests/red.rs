//! Sound in RED: as it is for who takes it, unwrapped and repaired for who does not.
#![allow(missing_docs)]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "tests state what they expect")]

mod stage;

use std::collections::BTreeSet;

use palaver_forward::{Codec, Kind, LayerIx, Micros, RtpMeta, RtpOutcome, SectionKey, SubscriptionSettings, TrackKey};
use proptest::prelude::*;
use stage::{Sent, Stage, at};

const PACKET_TICKS: u32 = 960;

/// What the microphone sent as packet `number`: an Opus packet that says which it is.
fn voice(number: u64) -> Vec<u8> {
    vec![0xfc, number as u8, (number >> 8) as u8]
}

/// Packet `number` with the `depth` packets before it.
fn red(number: u64, depth: u64) -> Sent {
    let mut payload = Vec::new();
    for distance in (1..=depth).rev() {
        let header = 0x8000_0000 | (111 << 24) | (PACKET_TICKS * distance as u32) << 10 | voice(number).len() as u32;
        payload.extend(header.to_be_bytes());
    }
    payload.push(111);
    (0..=depth).rev().for_each(|distance| payload.extend(voice(number - distance)));
    let timestamp = (number as u32).wrapping_mul(PACKET_TICKS);
    let meta = RtpMeta { codec: Codec::Red, seq: number, timestamp, marker: false, level: None };
    Sent { meta, payload }
}

/// A microphone, a section that takes RED and one that does not.
fn call() -> (Stage, TrackKey, SectionKey, SectionKey) {
    let mut stage = Stage::default();
    let microphone = stage.track(Kind::Audio, 1);
    let (takes, plain) = (stage.section(1), stage.section(2));
    stage.router.set_section_takes_red(takes, true);
    for section in [takes, plain] {
        stage.router.subscribe(section, microphone, SubscriptionSettings::default(), Micros::ZERO);
    }
    (stage, microphone, takes, plain)
}

/// Codec, number, timestamp and payload of what a target was sent.
fn got(stage: &Stage, target: u64) -> Vec<(Codec, u64, u32, Vec<u8>)> {
    let of_target = stage.received.iter().filter(|received| received.forward.target == target);
    of_target.map(|r| (r.forward.codec, r.forward.seq, r.forward.timestamp, r.payload.clone())).collect()
}

fn send(stage: &mut Stage, track: TrackKey, sent: &Sent, now: Micros) -> RtpOutcome {
    stage.send(track, LayerIx::LOWEST, sent, now)
}

#[test]
fn who_takes_red_gets_it_as_it_is_and_who_does_not_gets_opus() {
    let (mut stage, microphone, ..) = call();
    for number in 500..504 {
        send(&mut stage, microphone, &red(number, 1), at(number * 20));
    }
    let wrapped: Vec<_> = (0..4).map(|n| (Codec::Red, 1_000 + n, red(500 + n, 1).payload)).collect();
    let plain: Vec<_> = (0..4).map(|n| (Codec::Opus, 1_000 + n, voice(500 + n))).collect();
    let without_time = |target| got(&stage, target).into_iter().map(|(c, s, _, p)| (c, s, p)).collect::<Vec<_>>();
    assert_eq!(without_time(1), wrapped);
    assert_eq!(without_time(2), plain);
}

#[test]
fn a_lost_packet_is_made_anew_of_the_next_one() {
    let (mut stage, microphone, ..) = call();
    send(&mut stage, microphone, &red(500, 1), at(0));
    send(&mut stage, microphone, &red(502, 1), at(40));
    let plain = got(&stage, 2);
    let heard: Vec<_> = plain.iter().map(|(_, seq, _, payload)| (*seq, payload.clone())).collect();
    assert_eq!(heard, [(1_000, voice(500)), (1_001, voice(501)), (1_002, voice(502))]);
    assert_eq!([plain[1].2 - plain[0].2, plain[2].2 - plain[1].2], [960, 960], "each at its time");
    let wrapped: Vec<_> = got(&stage, 1).iter().map(|(_, seq, ..)| *seq).collect();
    assert_eq!(wrapped, [1_000, 1_002], "who takes RED makes it anew by itself");
    assert_eq!(stage.router.counters().recovered, 1);
}

#[test]
fn a_packet_that_comes_after_it_was_made_anew_does_not_take_its_number_twice() {
    let (mut stage, microphone, ..) = call();
    for number in [500, 502, 501, 503] {
        send(&mut stage, microphone, &red(number, 1), at(number * 20));
    }
    let numbers = |target| got(&stage, target).iter().map(|(_, seq, ..)| *seq).collect::<Vec<_>>();
    assert_eq!(numbers(1), [1_000, 1_002, 1_001, 1_003]);
    assert_eq!(numbers(2), [1_000, 1_001, 1_002, 1_003]);
}

#[test]
fn silence_is_no_loss() {
    let (mut stage, microphone, ..) = call();
    send(&mut stage, microphone, &red(500, 1), at(0));
    // DTX: the next number comes 400 ms later and carries what was sent before it.
    let mut later = red(501, 0);
    later.meta.timestamp = 500 * PACKET_TICKS + 20 * PACKET_TICKS;
    send(&mut stage, microphone, &later, at(400));
    let plain = got(&stage, 2);
    assert_eq!(plain.len(), 2);
    assert_eq!(plain[1].2 - plain[0].2, 20 * PACKET_TICKS, "the gap is kept");
    assert_eq!(stage.router.counters().recovered, 0);
}

#[test]
fn blocks_that_do_not_fit_the_hole_are_left() {
    let (mut stage, microphone, ..) = call();
    send(&mut stage, microphone, &red(500, 1), at(0));
    // Three are lost, and the block is as old as what came before them.
    let mut strange = red(504, 1);
    strange.meta.timestamp = 500 * PACKET_TICKS + PACKET_TICKS;
    send(&mut stage, microphone, &strange, at(80));
    assert_eq!(got(&stage, 2).len(), 2);
}

proptest! {
    /// Whatever is lost or comes late: who does not take RED hears each packet at most once, under the number and at
    /// the time that it would have without loss, and misses none whose successor came in order.
    #[test]
    fn holes_are_filled_with_what_was_said(lost in prop::collection::vec(prop::bool::weighted(0.2), 60), depth in 1u64..3, swaps in prop::collection::vec(0usize..59, 0..6)) {
        let (mut stage, microphone, ..) = call();
        let mut numbers: Vec<u64> = (500..560).collect();
        for at in swaps {
            numbers.swap(at.max(1), (at + 1).max(1));
        }
        let arriving: Vec<u64> = numbers.iter().copied().filter(|n| *n == 500 || !lost[(*n - 500) as usize]).collect();
        for (index, number) in arriving.iter().enumerate() {
            send(&mut stage, microphone, &red(*number, depth), at(index as u64 * 20));
        }
        let mut heard = BTreeSet::new();
        for (codec, seq, timestamp, payload) in got(&stage, 2) {
            prop_assert_eq!(codec, Codec::Opus);
            let number = 500 + seq - 1_000;
            prop_assert_eq!(&payload, &voice(number));
            prop_assert_eq!(timestamp.wrapping_sub(77), (seq as u32 - 1_000) * PACKET_TICKS);
            prop_assert!(heard.insert(seq), "{} twice", seq);
        }
        let mut newest = 500;
        for number in arriving {
            if number > newest + 1 {
                prop_assert!(heard.contains(&(number - 1 + 1_000 - 500)), "{} was carried along", number - 1);
            }
            newest = newest.max(number);
        }
    }
}
