//! People for the scenarios: publishers that make real payloads, and a section that keeps what it was sent.
#![allow(dead_code, unreachable_pub, reason = "each scenario uses its part of this module")]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "tests state what they expect")]

use palaver_forward::{
    Codec, Forward, Kind, LayerIx, Micros, Output, PayloadPatch, Router, RtpMeta, RtpOutcome, SectionConfig,
    SectionKey, TrackKey, codec::vp8,
};

pub const FRAME: Micros = Micros::from_millis(33);

pub fn layer(index: usize) -> LayerIx {
    LayerIx::new(index).expect("a layer")
}

pub fn at(millis: u64) -> Micros {
    Micros::from_millis(millis)
}

/// One packet on its way to the router.
#[derive(Clone, Debug)]
pub struct Sent {
    pub meta: RtpMeta,
    pub payload: Vec<u8>,
}

/// The encoder and packetizer of one layer: two temporal layers (0 1 0 1 …), 15-bit picture ids.
#[derive(Clone, Debug)]
pub struct Encoder {
    pub codec: Codec,
    pub seq: u64,
    pub clock_origin: u32,
    pub picture: u16,
    pub tl0: u8,
    pub key_idx: u8,
    frame: u32,
    is_fresh: bool,
}

impl Encoder {
    pub fn vp8(salt: u32) -> Self {
        Self {
            codec: Codec::Vp8,
            seq: u64::from(salt % 65_536),
            clock_origin: salt.wrapping_mul(0x9e37_79b9),
            picture: (salt.wrapping_mul(7919) % 0x8000) as u16,
            tl0: salt as u8,
            key_idx: (salt % 32) as u8,
            frame: 0,
            is_fresh: true,
        }
    }

    /// Has not made a frame yet: the first one is a key frame.
    pub fn is_fresh(&self) -> bool {
        self.is_fresh
    }

    /// The packets of a frame captured at `now`.
    pub fn frame(&mut self, now: Micros, is_keyframe: bool, packets: usize) -> Vec<Sent> {
        self.is_fresh = false;
        if is_keyframe {
            self.frame = 0;
            self.key_idx = (self.key_idx + 1) % 32;
        }
        let temporal_id = (self.frame % 2) as u8;
        // As in the captures: the first upper frame after a key frame, and every fourth, depends on the base alone.
        let is_sync = temporal_id == 1 && self.frame % 8 == 1;
        if temporal_id == 0 {
            self.tl0 = self.tl0.wrapping_add(1);
        }
        self.picture = (self.picture + 1) % 0x8000;
        self.frame += 1;
        (0..packets)
            .map(|index| {
                self.seq += 1;
                let [high, low] = self.picture.to_be_bytes();
                let start = if index == 0 { 0x10 } else { 0 };
                let payload = vec![
                    0x80 | start,
                    0xf0,
                    0x80 | high,
                    low,
                    self.tl0,
                    temporal_id << 6 | u8::from(is_sync) << 5 | self.key_idx,
                    u8::from(!is_keyframe),
                    index as u8,
                ];
                Sent {
                    meta: RtpMeta {
                        codec: self.codec,
                        seq: self.seq,
                        timestamp: self.clock_origin.wrapping_add(now.to_ticks(90_000)),
                        marker: index + 1 == packets,
                        level: None,
                    },
                    payload,
                }
            })
            .collect()
    }
}

/// A packet as a subscriber got it.
#[derive(Clone, Debug)]
pub struct Received {
    pub now: Micros,
    pub track: TrackKey,
    pub layer: LayerIx,
    pub forward: Forward,
    /// As it would be on the wire.
    pub payload: Vec<u8>,
}

impl Received {
    pub fn picture_id(&self) -> Option<u16> {
        match self.forward.patch {
            PayloadPatch::Vp8 { picture_id, .. } => picture_id,
            PayloadPatch::None => None,
        }
    }

    pub fn is_key_start(&self) -> bool {
        vp8::parse(&self.payload).is_some_and(|info| info.is_keyframe)
    }

    pub fn temporal_id(&self) -> u8 {
        vp8::parse(&self.payload).map_or(0, |info| info.temporal_id)
    }
}

/// A room with what came out of it.
#[derive(Default)]
pub struct Stage {
    pub router: Router,
    pub received: Vec<Received>,
    pub requests: Vec<(Micros, TrackKey, LayerIx)>,
    pub speakers: Vec<(Micros, TrackKey, f32, bool)>,
    pub started: Vec<(TrackKey, Codec)>,
    /// Pictures that were paused or went on, by target.
    pub states: Vec<(u64, bool)>,
    pub demands: Vec<(u64, Option<u64>)>,
    /// Packets of nothing: when, by target, and their numbers and timestamps.
    pub openings: Vec<(Micros, u64, u64, u32)>,
    pub deadline: Option<Micros>,
}

impl Stage {
    /// A publisher, already connected, with one track.
    pub fn track(&mut self, kind: Kind, layers: usize) -> TrackKey {
        let publisher = self.router.add_publisher(Micros::ZERO);
        self.router.set_publisher_connected(publisher, true, Micros::ZERO);
        self.router.add_track(publisher, kind, layers)
    }

    /// A section, already ready.
    pub fn section(&mut self, target: u64) -> SectionKey {
        let section = self.router.add_section(SectionConfig { target, initial_seq: 1_000, initial_timestamp: 77 });
        self.router.set_section_ready(section, true, Micros::ZERO);
        section
    }

    pub fn send(&mut self, track: TrackKey, layer: LayerIx, sent: &Sent, now: Micros) -> RtpOutcome {
        let received = &mut self.received;
        let sets = self.router.parameter_sets(track, layer).cloned();
        self.router.on_rtp(track, layer, &sent.meta, &sent.payload, now, &mut |forward: &Forward| {
            let whole = if forward.is_prelude { sets.as_deref().expect("known before") } else { &sent.payload[..] };
            let mut payload = forward.part.map_or(whole, |part| part.within(whole)).to_vec();
            let head = forward.patch.head(&sent.payload);
            payload[..head.bytes().len()].copy_from_slice(head.bytes());
            received.push(Received { now, track, layer, forward: *forward, payload });
        })
    }

    pub fn send_frame(&mut self, track: TrackKey, layer: LayerIx, encoder: &mut Encoder, now: Micros, is_key: bool) {
        for sent in encoder.frame(now, is_key, 2) {
            self.send(track, layer, &sent, now);
        }
    }

    /// Drain the router.
    pub fn poll(&mut self, now: Micros) {
        loop {
            match self.router.poll(now) {
                Output::KeyframeRequest { track, layer } => self.requests.push((now, track, layer)),
                Output::TrackStarted { track, codec } => self.started.push((track, codec)),
                Output::PictureState { target, is_paused } => self.states.push((target, is_paused)),
                Output::Opening { target, seq, timestamp, .. } => self.openings.push((now, target, seq, timestamp)),
                Output::Demand { target, desired_bps } => self.demands.push((target, desired_bps)),
                Output::SpeakersChanged => {
                    let changes = self.router.speaker_changes();
                    self.speakers.extend(changes.iter().map(|news| (now, news.track, news.level, news.is_active)));
                }
                Output::Idle { deadline } => {
                    assert!(deadline.is_none_or(|deadline| deadline > now), "a deadline in the past spins the caller");
                    self.deadline = deadline;
                    return;
                }
            }
        }
    }

    /// Follow the router's own deadlines up to a moment.
    pub fn run_until(&mut self, until: Micros) {
        while let Some(deadline) = self.deadline.filter(|deadline| *deadline <= until) {
            self.poll(deadline);
        }
        self.poll(until);
    }

    pub fn to(&self, target: u64) -> Vec<&Received> {
        self.received.iter().filter(|received| received.forward.target == target).collect()
    }

    pub fn layers_to(&self, target: u64) -> Vec<usize> {
        let mut layers: Vec<usize> = self.to(target).iter().map(|received| received.layer.index()).collect();
        layers.dedup();
        layers
    }
}

/// Numbers without holes, as a decoder sees them.
pub fn assert_contiguous(received: &[&Received]) {
    for pair in received.windows(2) {
        assert_eq!(pair[1].forward.seq, pair[0].forward.seq + 1, "sequence numbers");
        let step = pair[1].forward.timestamp.wrapping_sub(pair[0].forward.timestamp).cast_signed();
        assert!(step >= 0, "timestamp went back by {step}");
        if let (Some(before), Some(after)) = (pair[0].picture_id(), pair[1].picture_id()) {
            assert!(after.wrapping_sub(before) % 0x8000 <= 1, "picture {before} then {after}");
        }
        if pair[1].layer != pair[0].layer || pair[1].track != pair[0].track {
            assert!(pair[1].is_key_start(), "a new source begins with a key frame");
        }
    }
}
