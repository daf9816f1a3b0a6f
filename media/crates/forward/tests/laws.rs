//! The promises of the crate's documentation, held against random meetings: people watch, swap, mute, thin, lose
//! packets and get them late.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod stage;

use std::collections::{BTreeMap, BTreeSet};

use palaver_forward::{
    AudioLevel, Codec, Kind, LayerIx, Micros, NtpTime, RtpMeta, SectionConfig, SectionKey, SubscriptionSettings,
    TrackKey, codec::vp8,
};
use proptest::prelude::*;
use stage::{Encoder, Received, Sent, Stage, at, layer};

/// What happens in one step of a random meeting.
#[derive(Clone, Debug)]
enum Step {
    /// Each camera makes a frame of these layers (bits); asked layers answer with key frames.
    Frame {
        layers: u8,
        packets: usize,
        pause_ms: u64,
    },
    /// A section shows another camera.
    Show {
        section: usize,
        camera: usize,
    },
    Hide {
        section: usize,
    },
    Settings {
        section: usize,
        is_enabled: bool,
        max_layer: usize,
        max_fps: u32,
    },
    Mute {
        camera: usize,
        is_muted: bool,
    },
    Ready {
        section: usize,
        is_ready: bool,
    },
    Broken {
        section: usize,
    },
    Report {
        camera: usize,
    },
    /// Nothing for a while.
    Pause {
        ms: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => (1u8..8, 1usize..4, 5u64..60).prop_map(|(layers, packets, pause_ms)| Step::Frame { layers, packets, pause_ms }),
        30 => (1usize..4).prop_map(|packets| Step::Frame { layers: 7, packets, pause_ms: 33 }),
        3 => (0usize..2, 0usize..2).prop_map(|(section, camera)| Step::Show { section, camera }),
        1 => (0usize..2).prop_map(|section| Step::Hide { section }),
        6 => (0usize..2, prop::bool::weighted(0.8), 0usize..3, prop::sample::select(vec![0u32, 15, 30]))
            .prop_map(|(section, is_enabled, max_layer, max_fps)| Step::Settings { section, is_enabled, max_layer, max_fps }),
        2 => (0usize..2, any::<bool>()).prop_map(|(camera, is_muted)| Step::Mute { camera, is_muted }),
        2 => (0usize..2, prop::bool::weighted(0.7)).prop_map(|(section, is_ready)| Step::Ready { section, is_ready }),
        2 => (0usize..2).prop_map(|section| Step::Broken { section }),
        2 => (0usize..2).prop_map(|camera| Step::Report { camera }),
        1 => (100u64..4_000).prop_map(|ms| Step::Pause { ms }),
    ]
}

/// What happens to a packet on its way to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Arrives,
    Lost,
    /// Arrives after the rest of its frame.
    Late,
    Twice,
}

fn fates(is_perfect: bool) -> BoxedStrategy<Vec<Fate>> {
    if is_perfect {
        return Just(vec![Fate::Arrives]).boxed();
    }
    let fate =
        prop_oneof![20 => Just(Fate::Arrives), 1 => Just(Fate::Lost), 1 => Just(Fate::Late), 1 => Just(Fate::Twice)];
    prop::collection::vec(fate, 64..65).boxed()
}

struct Camera {
    track: TrackKey,
    encoders: [Encoder; 3],
    is_muted: bool,
}

struct Meeting {
    stage: Stage,
    cameras: Vec<Camera>,
    sections: Vec<SectionKey>,
    now: Micros,
    fates: Vec<Fate>,
    next_fate: usize,
    lost: u64,
    /// Sequence number at the source of each packet received.
    origins: BTreeMap<usize, u64>,
}

impl Meeting {
    fn new(fates: Vec<Fate>) -> Self {
        let mut stage = Stage::default();
        let cameras = (0..2)
            .map(|index| Camera {
                track: stage.track(Kind::Video, 3),
                encoders: [0, 1, 2].map(|layer| Encoder::vp8(60_000 + 700 * index + 2_800 * layer)),
                is_muted: false,
            })
            .collect();
        let sections = (0..2).map(|target| stage.section(target)).collect();
        Self { stage, cameras, sections, now: at(1_000), fates, next_fate: 0, lost: 0, origins: BTreeMap::new() }
    }

    fn apply(&mut self, step: &Step) {
        let now = self.now;
        let router = &mut self.stage.router;
        match *step {
            Step::Frame { layers, packets, pause_ms } => {
                self.now = now.plus(at(pause_ms));
                self.stage.run_until(self.now);
                let asked: BTreeSet<(TrackKey, LayerIx)> =
                    self.stage.requests.drain(..).map(|(_, track, layer)| (track, layer)).collect();
                for camera in 0..self.cameras.len() {
                    for index in (0..3).filter(|index| layers & (1 << index) != 0) {
                        let is_key = self.cameras[camera].encoders[index].is_fresh()
                            || asked.contains(&(self.cameras[camera].track, layer(index)));
                        let frame = self.cameras[camera].encoders[index].frame(self.now, is_key, packets);
                        self.transmit(camera, layer(index), frame);
                    }
                }
            }
            Step::Show { section, camera } => {
                let track = self.cameras[camera].track;
                router.subscribe(self.sections[section], track, SubscriptionSettings::default(), now);
            }
            Step::Hide { section } => router.unsubscribe(self.sections[section], now),
            Step::Settings { section, is_enabled, max_layer, max_fps } => {
                let settings = SubscriptionSettings { is_enabled, max_layer: layer(max_layer), max_fps, priority: 1 };
                router.set_subscription(self.sections[section], settings, now);
            }
            Step::Mute { camera, is_muted } => {
                self.cameras[camera].is_muted = is_muted;
                router.set_muted(self.cameras[camera].track, is_muted, now);
            }
            Step::Ready { section, is_ready } => router.set_section_ready(self.sections[section], is_ready, now),
            Step::Broken { section } => router.on_keyframe_request(self.sections[section], now),
            Step::Report { camera } => {
                for (index, encoder) in self.cameras[camera].encoders.iter().enumerate() {
                    let rtp = encoder.clock_origin.wrapping_add(now.to_ticks(90_000));
                    let ntp = NtpTime((3_900_000_000_u64 << 32) + (now.0 << 20) / 1_000_000 * 4_096);
                    router.on_sender_report(self.cameras[camera].track, layer(index), ntp, rtp, now);
                }
            }
            Step::Pause { ms } => self.now = now.plus(at(ms)),
        }
        self.stage.run_until(self.now);
    }

    fn transmit(&mut self, camera: usize, layer: LayerIx, frame: Vec<Sent>) {
        let mut late = Vec::new();
        for sent in frame {
            let fate = self.fates[self.next_fate % self.fates.len()];
            self.next_fate += 1;
            match fate {
                Fate::Arrives => self.deliver(camera, layer, &sent),
                Fate::Lost => self.lost += 1,
                Fate::Late => late.push(sent),
                Fate::Twice => {
                    self.deliver(camera, layer, &sent);
                    self.deliver(camera, layer, &sent);
                }
            }
        }
        for sent in late {
            self.deliver(camera, layer, &sent);
        }
    }

    fn deliver(&mut self, camera: usize, layer: LayerIx, sent: &Sent) {
        let before = self.stage.received.len();
        let (track, is_muted) = (self.cameras[camera].track, self.cameras[camera].is_muted);
        self.stage.send(track, layer, sent, self.now);
        for index in before..self.stage.received.len() {
            self.origins.insert(index, sent.meta.seq);
        }
        assert!(!is_muted || self.stage.received.len() == before, "a muted track forwards nothing");
    }

    fn to(&self, target: u64) -> Vec<(&Received, u64)> {
        let all = self.stage.received.iter().enumerate();
        all.filter(|(_, received)| received.forward.target == target)
            .map(|(index, received)| (received, self.origins[&index]))
            .collect()
    }
}

fn play(steps: &[Step], fates: Vec<Fate>) -> Meeting {
    let mut meeting = Meeting::new(fates);
    for section in 0..2 {
        meeting.apply(&Step::Show { section, camera: section });
    }
    for step in steps {
        meeting.apply(step);
    }
    meeting
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn without_loss_every_stream_is_contiguous(steps in prop::collection::vec(step(), 1..250), fates in fates(true)) {
        let meeting = play(&steps, fates);
        for target in 0..2 {
            let received = meeting.to(target);
            if let Some((first, _)) = received.first() {
                prop_assert_eq!((first.forward.seq, first.forward.timestamp), (1_000, 77));
                prop_assert!(first.is_key_start());
            }
            // The upper temporal frame that was sent last of the source, and whether it was the one before this.
            let mut previous_upper: Option<u16> = None;
            for pair in received.windows(2) {
                let ((before, _), (after, _)) = (pair[0], pair[1]);
                let is_new_source = (before.track, before.layer) != (after.track, after.layer);
                prop_assert_eq!(after.forward.seq, before.forward.seq + 1);
                let ticks = after.forward.timestamp.wrapping_sub(before.forward.timestamp).cast_signed();
                prop_assert!(ticks >= 0, "timestamps never go back");
                if is_new_source {
                    prop_assert!(after.is_key_start());
                    let most = after.now.since(before.now).plus(at(25)).to_ticks(90_000).cast_signed();
                    prop_assert!((1..=most).contains(&ticks), "{} ticks ahead, {} allowed", ticks, most);
                }
                let (Some(id), Some(next)) = (before.picture_id(), after.picture_id()) else { panic!("VP8 has ids") };
                let is_new_picture = ticks != 0;
                prop_assert_eq!(next, (id + u16::from(is_new_picture)) % 0x8000);
                let (info, info_before) = (vp8::parse(&after.payload).unwrap(), vp8::parse(&before.payload).unwrap());
                // TL0PICIDX counts the base pictures, whatever was left out between them.
                if is_new_picture {
                    let step = u8::from(info.temporal_id == 0);
                    let tl0 = info_before.picture.tl0_pic_idx.unwrap().wrapping_add(step);
                    prop_assert_eq!(info.picture.tl0_pic_idx, Some(tl0));
                }
                let step = u8::from(info.is_keyframe);
                prop_assert_eq!(info.picture.key_idx, info_before.picture.key_idx.map(|key| (key + step) % 32));
                // An upper frame without the sync bit needs the upper frame two pictures before it.
                if is_new_source || info.is_keyframe {
                    previous_upper = None;
                }
                if is_new_picture && info.temporal_id == 1 {
                    if !info.is_switch_up_point {
                        prop_assert_eq!(previous_upper, Some((next + 0x8000 - 2) % 0x8000), "a reference is missing");
                    }
                    previous_upper = Some(next);
                }
            }
        }
    }

    #[test]
    fn with_loss_no_number_is_used_twice_and_only_lost_packets_leave_holes(
        steps in prop::collection::vec(step(), 1..250),
        fates in fates(false),
    ) {
        let meeting = play(&steps, fates);
        for target in 0..2 {
            let received = meeting.to(target);
            let numbers: BTreeSet<u64> = received.iter().map(|(received, _)| received.forward.seq).collect();
            prop_assert_eq!(numbers.len(), received.len(), "a number was used twice");
            if let (Some(first), Some(last)) = (numbers.first(), numbers.last()) {
                let holes = last - first + 1 - numbers.len() as u64;
                // A late packet that is not wanted any more leaves its number free too.
                let late = meeting.fates.iter().filter(|fate| **fate == Fate::Late).count() as u64;
                let rounds = meeting.next_fate as u64 / meeting.fates.len() as u64 + 1;
                prop_assert!(holes <= meeting.lost + late * rounds, "{} holes", holes);
            }
            // Of one source, order is kept: whoever sorts by number gets the order of the source back.
            let mut sorted = received.clone();
            sorted.sort_by_key(|(received, _)| received.forward.seq);
            for pair in sorted.windows(2) {
                let ((before, origin), (after, next)) = (pair[0], pair[1]);
                if (before.track, before.layer) == (after.track, after.layer) {
                    prop_assert!(origin < next);
                }
            }
        }
    }

    #[test]
    fn no_input_panics_or_gives_a_deadline_in_the_past(
        inputs in prop::collection::vec((0u8..14, any::<u64>(), any::<u32>(), prop::collection::vec(any::<u8>(), 0..24)), 0..200),
    ) {
        let mut stage = Stage::default();
        let mut tracks = vec![stage.track(Kind::Video, 3), stage.track(Kind::Audio, 9)];
        let mut sections: Vec<SectionKey> = (0..3).map(|target| stage.section(target)).collect();
        let mut publisher = stage.router.add_publisher(Micros::ZERO);
        let mut now = Micros::ZERO;
        for (kind, wide, narrow, bytes) in inputs {
            let track = tracks[narrow as usize % tracks.len()];
            let section = sections[narrow as usize / 7 % sections.len()];
            let layer_ix = layer(wide as usize % 3);
            match kind {
                0 => now = now.plus(Micros(wide % 5_000_000)),
                1 => now = now.plus(Micros(wide >> 8)),
                2 => stage.router.subscribe(section, track, SubscriptionSettings::default(), now),
                3 => {
                    let settings = SubscriptionSettings {
                        is_enabled: wide & 1 == 0, max_layer: layer_ix, max_fps: narrow % 40, priority: narrow as u8,
                    };
                    stage.router.set_subscription(section, settings, now);
                }
                4 => stage.router.on_sender_report(track, layer_ix, NtpTime(wide), narrow, now),
                5 if wide % 4 == 0 => stage.router.remove_track(track, now),
                6 if wide % 4 == 0 => stage.router.remove_section(section, now),
                7 => {
                    tracks.push(stage.router.add_track(publisher, if wide % 2 == 0 { Kind::Video } else { Kind::Audio }, wide as usize % 9));
                    let config = SectionConfig { target: wide, initial_seq: narrow as u16, initial_timestamp: narrow };
                    sections.push(stage.router.add_section(config));
                    stage.router.set_section_ready(sections[sections.len() - 1], true, now);
                }
                8 if wide % 8 == 0 => {
                    stage.router.remove_publisher(publisher, now);
                    publisher = stage.router.add_publisher(now);
                    stage.router.set_publisher_connected(publisher, wide & 16 == 0, now);
                }
                9 => stage.router.set_muted(track, wide & 1 == 0, now),
                10 => stage.router.on_keyframe_request(section, now),
                _ => {
                    let codecs = [Codec::Opus, Codec::Red, Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1];
                    let codec = codecs[narrow as usize % codecs.len()];
                    let meta = RtpMeta {
                        codec,
                        seq: if kind == 11 { wide } else { u64::from(narrow % 3_000) },
                        timestamp: narrow.wrapping_mul(77),
                        marker: wide & 1 == 0,
                        level: Some(AudioLevel { minus_dbov: wide as u8 }),
                    };
                    stage.send(track, layer_ix, &Sent { meta, payload: bytes }, now);
                }
            }
            stage.poll(now);
        }
    }
}
