//! What must hold, whatever happens.

use std::collections::BTreeMap;

use palaver_net::event::Event;
use str0m::rtp::RtpPacket;

use crate::cast::read_vp8;
use crate::life::{Life, Shown};

/// What was sent while it was muted, and came late to the server, may pass once it is let go. No line is slower.
const LATE_MS: u32 = 1_000;
/// Bytes of a mark: the track, and the age of the life when it was sent.
const MARK: usize = 6;

/// Write into a payload, before its last byte, what it is.
pub(crate) fn mark(payload: &mut Vec<u8>, track: usize, age: u32) {
    let last = payload.pop().expect("a byte");
    payload.extend((track as u16).to_be_bytes());
    payload.extend(age.to_be_bytes());
    payload.push(last);
}

/// `(track, age)`.
fn read_mark(payload: &[u8]) -> (usize, u32) {
    let mark = &payload[payload.len() - 1 - MARK..];
    let track = u16::from_be_bytes([mark[0], mark[1]]);
    (usize::from(track), u32::from_be_bytes([mark[2], mark[3], mark[4], mark[5]]))
}

/// A packet as it was got.
struct Piece {
    number: u64,
    timestamp: u32,
    payload: Vec<u8>,
}

impl Piece {
    fn of(packet: &RtpPacket) -> Self {
        Self { number: *packet.seq_no, timestamp: packet.header.timestamp, payload: packet.payload.to_vec() }
    }
}

/// After every step: no panic, nobody too many or too few, nobody closed who did not go.
pub(crate) fn always(life: &Life) {
    assert_eq!(life.world.board.counters().panics, 0);
    assert_eq!(life.world.board.peer_count(), life.here().len(), "ghosts, or people put out");
    for event in &life.world.events {
        if let Event::Closed(name, reason) = event {
            let who = life.world.clients.iter().position(|client| client.name == &**name).expect("somebody");
            assert!(life.people[who].is_gone, "{name} was put out: {reason:?}");
        }
    }
}

/// Each section whose track flows gets something while `flow` lets media flow.
pub(crate) fn nothing_is_frozen(life: &mut Life, flow: impl FnOnce(&mut Life)) {
    let before = counts(life);
    flow(life);
    let after = counts(life);
    for ((section, before), after) in life.sections.iter().zip(before).zip(after) {
        let track = &life.tracks[section.track()];
        if section.is_enabled && !track.is_gone && !track.is_muted() {
            let name = life.world.clients[section.who].name;
            assert!(after > before, "{name} does not get {} ({}) any more", track.name, life.age());
        }
    }
}

fn counts(life: &mut Life) -> Vec<usize> {
    let Life { world, sections, .. } = life;
    sections.iter().map(|section| world.clients[section.who].packets_of(section.mid).len()).collect()
}

/// Every stream that anybody got: only what its section showed, nothing of a muted track, numbers without a seam,
/// pictures that can be decoded.
pub(crate) fn streams_are_whole(life: &mut Life) {
    let sections = std::mem::take(&mut life.sections);
    for section in &sections {
        let packets: Vec<Piece> =
            life.world.clients[section.who].packets_of(section.mid).into_iter().map(Piece::of).collect();
        let name = life.world.clients[section.who].name;
        for packet in &packets {
            only_what_it_may(life, section, packet);
        }
        let mut by_number: BTreeMap<u64, &Piece> = BTreeMap::new();
        for packet in &packets {
            let twin = by_number.insert(packet.number, packet);
            assert!(twin.is_none_or(|twin| twin.payload == packet.payload), "{name}: one number, two packets");
        }
        let ordered: Vec<&Piece> = by_number.into_values().collect();
        for pair in ordered.windows(2) {
            if pair[1].number == pair[0].number + 1 {
                follows(section, pair[0], pair[1], name);
            }
        }
    }
    life.sections = sections;
}

fn only_what_it_may(life: &Life, section: &Shown, packet: &Piece) {
    let (number, age) = read_mark(&packet.payload);
    let track = &life.tracks[number];
    let name = life.world.clients[section.who].name;
    assert_eq!(track.room, life.people[section.who].room, "{name} got {} of another room", track.name);
    assert!(section.tracks.contains(&number), "{name} got {} in a section that never showed it", track.name);
    let is_muted = track.mutes.iter().any(|(since, until)| age >= *since && until.is_none_or(|at| age + LATE_MS < at));
    assert!(!is_muted, "{name} got what {} sent while it was muted ({age})", track.name);
}

/// A packet after the one before it in its stream.
fn follows(section: &Shown, before: &Piece, after: &Piece, name: &str) {
    let step = after.timestamp.wrapping_sub(before.timestamp) as i32;
    assert!(step > 0, "{name}: the timestamp steps by {step}");
    let (was, is) = (read_mark(&before.payload), read_mark(&after.payload));
    if was.0 == is.0 {
        assert!(was.1 <= is.1, "{name}: what was sent at {} comes after what was sent at {}", is.1, was.1);
    }
    if section.is_video {
        let (_, id_before, _, layer_before) = read_vp8(&before.payload);
        let (is_key, id, _, layer) = read_vp8(&after.payload);
        assert!(is_key || (layer_before == layer && was.0 == is.0), "{name}: a new source begins without a key frame");
        assert_eq!(id, (id_before + 1) & 0x7fff, "{name}: picture id");
    }
}

/// When all have gone, nothing of them is left.
pub(crate) fn nobody_is_left(life: &mut Life) {
    assert_eq!(life.world.board.peer_count(), 0);
    assert!(life.world.board.room_names().is_empty());
    assert_eq!(life.world.board.counters().panics, 0);
}
