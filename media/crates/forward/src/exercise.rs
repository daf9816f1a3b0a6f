//! Any bytes as payloads and as the life of a room, with the properties that must hold for all of them: fuzz targets
//! and corpus replay share it.

use std::collections::BTreeSet;

use crate::codec::{Codec, PictureNumbers};
use crate::rewrite::PayloadPatch;
use crate::{
    AudioLevel, Forward, Kind, LayerIx, Micros, NtpTime, Output, Router, RtpMeta, SectionConfig, SectionKey,
    SubscriptionSettings, TrackKey,
};

const CODECS: [Codec; 6] = [Codec::Opus, Codec::Red, Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1];
/// Outputs of one drain beyond this are an endless loop.
const MAX_OUTPUTS: usize = 1_000;
/// Sections and tracks of the room.
const SECTIONS: usize = 3;

/// Read a payload as each codec; what can be read can be patched, and reads the same but for the numbers.
///
/// # Panics
/// When a property does not hold.
pub fn payload(bytes: &[u8]) {
    for codec in CODECS {
        let Some(before) = codec.parse(bytes) else { continue };
        if codec != Codec::Vp8 {
            assert_eq!(before.picture, PictureNumbers::NONE);
            continue;
        }
        let patch = PayloadPatch::Vp8 {
            picture_id: before.picture.picture_id.map(|id| !id.value & ((1 << id.bits) - 1)),
            tl0_pic_idx: before.picture.tl0_pic_idx.map(|value| !value),
            key_idx: before.picture.key_idx.map(|value| !value & 0x1f),
        };
        let head = patch.head(bytes);
        let rest = bytes.get(head.bytes().len()..).unwrap_or_default();
        let after = codec.parse(&[head.bytes(), rest].concat());
        let is_same = after.is_some_and(|after| {
            (after.is_keyframe, after.is_frame_start, after.temporal_id)
                == (before.is_keyframe, before.is_frame_start, before.temporal_id)
        });
        assert!(is_same, "{before:?} became {after:?}");
    }
}

/// Numbers taken from the input one after the other; zero at its end.
struct Dice<'a>(&'a [u8]);

impl<'a> Dice<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn pick(&mut self, below: usize) -> usize {
        usize::from(self.byte()) % below.max(1)
    }

    fn number(&mut self) -> u32 {
        u32::from_be_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    fn slice(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

/// What a section was sent.
#[derive(Default)]
struct Sent {
    seqs: BTreeSet<u64>,
}

struct Room {
    router: Router,
    tracks: Vec<(TrackKey, Kind, bool)>,
    sections: Vec<SectionKey>,
    sent: Vec<Sent>,
    /// Sequence number and timestamp of each layer of each track.
    sources: Vec<[(u64, u32); 3]>,
    now: Micros,
}

/// Let the bytes decide what happens in a room of three publications and three sections.
///
/// # Panics
/// When a property does not hold.
pub fn room(bytes: &[u8]) {
    let mut dice = Dice(bytes);
    let mut router = Router::new();
    let now = Micros::from_millis(1);
    let publisher = router.add_publisher(now);
    router.set_publisher_connected(publisher, true, now);
    let kinds = [Kind::Video, Kind::Video, Kind::Audio];
    let tracks = kinds.map(|kind| (router.add_track(publisher, kind, 3), kind, false)).to_vec();
    let sections: Vec<SectionKey> = (0..SECTIONS as u64)
        .map(|target| {
            let section = router.add_section(SectionConfig { target, initial_seq: 1_000, initial_timestamp: 0 });
            router.set_section_ready(section, true, now);
            section
        })
        .collect();
    let sent = (0..SECTIONS).map(|_| Sent::default()).collect();
    let mut room = Room { router, tracks, sections, sent, sources: vec![[(70_000, 0); 3]; 3], now };
    for (section, (track, ..)) in room.sections.iter().zip(&room.tracks) {
        room.router.subscribe(*section, *track, SubscriptionSettings::default(), now);
    }
    while !dice.0.is_empty() {
        room.step(&mut dice);
        room.drain();
    }
}

impl Room {
    fn step(&mut self, dice: &mut Dice<'_>) {
        let now = self.now;
        let which = dice.pick(3);
        let Some((track, kind, is_muted)) = self.tracks.get(which).copied() else { return };
        let Some(section) = self.sections.get(dice.pick(SECTIONS)).copied() else { return };
        let Some(layer) = LayerIx::new(if kind == Kind::Audio { 0 } else { dice.pick(3) }) else { return };
        match dice.byte() {
            0 => self.router.unsubscribe(section, now),
            1 => self.router.subscribe(section, track, SubscriptionSettings::default(), now),
            2 => {
                let is_enabled = dice.byte() & 1 == 0;
                let settings = SubscriptionSettings {
                    is_enabled,
                    max_layer: layer,
                    max_fps: u32::from(dice.byte()),
                    priority: dice.byte(),
                };
                self.router.set_subscription(section, settings, now);
            }
            3 => {
                self.router.set_muted(track, !is_muted, now);
                if let Some(state) = self.tracks.get_mut(which) {
                    state.2 = !is_muted;
                }
            }
            4 => self.router.set_section_ready(section, dice.byte() & 1 == 0, now),
            5 => self.router.on_keyframe_request(section, now),
            6 => {
                let ntp = NtpTime((u64::from(dice.number()) << 32) | u64::from(dice.number()));
                self.router.on_sender_report(track, layer, ntp, dice.number(), now);
            }
            7 => self.now = now.plus(Micros(u64::from(dice.number()))),
            8 => self.router.set_section_takes_red(section, dice.byte() & 1 == 0),
            9..40 => self.now = now.plus(Micros::from_millis(u64::from(dice.byte()))),
            _ => self.packet(which, layer, dice),
        }
    }

    fn packet(&mut self, which: usize, layer: LayerIx, dice: &mut Dice<'_>) {
        let Some((track, kind, is_muted)) = self.tracks.get(which).copied() else { return };
        let Some(source) = self.sources.get_mut(which).and_then(|layers| layers.get_mut(layer.index())) else { return };
        let (seq, timestamp) = match dice.byte() {
            0 => (u64::from(dice.number()), dice.number()),
            step => {
                (source.0.saturating_add_signed(i64::from(step % 32) - 8), source.1.wrapping_add(u32::from(step) * 30))
            }
        };
        *source = (source.0.max(seq), timestamp);
        let codec = CODECS.get(dice.pick(CODECS.len())).copied().unwrap_or(Codec::Vp8);
        let level = (kind == Kind::Audio).then(|| AudioLevel { minus_dbov: dice.byte() });
        let length = dice.pick(24);
        let payload = dice.slice(length);
        let meta = RtpMeta { codec, seq, timestamp, marker: false, level };
        let sent = &mut self.sent;
        self.router.on_rtp(track, layer, &meta, payload, self.now, &mut |forward: &Forward| {
            assert!(!is_muted, "a muted track forwards nothing");
            assert!(forward.part.is_none_or(|part| !part.within(payload).is_empty()));
            assert!(forward.patch.head(payload).bytes().len() <= payload.len());
            let Some(section) = sent.get_mut(forward.target as usize) else { return };
            assert!(!section.seqs.is_empty() || forward.seq < 65_536, "the first number is {}", forward.seq);
            assert!(section.seqs.insert(forward.seq), "{} is used twice", forward.seq);
        });
    }

    fn drain(&mut self) {
        for _ in 0..MAX_OUTPUTS {
            if let Output::Idle { deadline } = self.router.poll(self.now) {
                assert!(deadline.is_none_or(|deadline| deadline > self.now), "a deadline in the past spins the caller");
                return;
            }
        }
        assert!(self.now == Micros::NEVER, "the router never comes to rest");
    }
}
