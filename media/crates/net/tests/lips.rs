//! Lips and voice: what a browser makes of our sender reports, against when things were really captured.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unchecked_time_subtraction,
    clippy::cast_possible_wrap,
    reason = "a test fails by panicking"
)]

mod cast;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant, UNIX_EPOCH};

use cast::network::{Conditions, Network};
use cast::{Camera, RIDS, Voice, World, vp8};
use palaver_net::command::Command;
use str0m::media::{MediaKind, Mid, Rid};
use str0m::rtp::RtpWrite;

/// Reports that a browser draws its line through.
const REPORTS: usize = 20;
const TICK: Duration = Duration::from_micros(6_667);
/// Encoders take time: how long before it is sent a thing was captured.
const PICTURE_TAKES: Duration = Duration::from_millis(80);
const SOUND_TAKES: Duration = Duration::from_millis(20);
/// An eye notices more than 40 ms; the browser has its own share of them.
const MOST_PARTED_S: f64 = 0.030;

/// What a browser knows of a stream's clock: like all that is built on libwebrtc, it draws the line of least squares
/// through the last reports, so that one that is wrong is long felt.
#[derive(Default)]
struct Line {
    /// Timestamp and wall clock, in seconds.
    points: VecDeque<(f64, f64)>,
    first: Option<u32>,
}

impl Line {
    fn seconds(&mut self, timestamp: u32, rate: f64) -> f64 {
        let first = *self.first.get_or_insert(timestamp);
        f64::from(timestamp.wrapping_sub(first) as i32) / rate
    }

    fn add(&mut self, timestamp: u32, rate: f64, at: f64) {
        let point = (self.seconds(timestamp, rate), at);
        self.points.push_back(point);
        if self.points.len() > REPORTS {
            self.points.pop_front();
        }
    }

    /// `None` until there are two.
    fn at(&mut self, timestamp: u32, rate: f64) -> Option<f64> {
        let x = self.seconds(timestamp, rate);
        let count = self.points.len() as f64;
        let (mean_x, mean_y) = self.points.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / count, b + y / count));
        let (over, under) = self.points.iter().fold((0.0, 0.0), |(over, under), (x, y)| {
            (over + (x - mean_x) * (y - mean_y), under + (x - mean_x).powi(2))
        });
        (self.points.len() >= 2 && under > 0.0).then(|| mean_y + (x - mean_x) * over / under)
    }
}

/// Alice is filmed and speaks; Bob's browser puts the two together.
struct Story {
    world: World,
    alice: usize,
    bob: usize,
    camera: Camera,
    voice: Voice,
    shown: Mid,
    heard: Mid,
    ticks: u32,
    is_filmed: bool,
    /// When what has this number in its payload was captured.
    captured: HashMap<(Mid, u32), Instant>,
    lines: HashMap<Mid, Line>,
    begun: Instant,
    /// Belief minus truth of the newest packet, in seconds, but for the zero of the clocks.
    errors: HashMap<Mid, f64>,
    read: (usize, usize),
    parted: Vec<f64>,
}

impl Story {
    fn new(line: Conditions) -> Self {
        let mut world = World::new();
        let begun = world.now;
        let alice = world.join("alice");
        let bob = world.join("bob");
        let camera = Camera::new(world.publish_camera(alice, "TR_cam"));
        let voice = Voice::new(world.publish_microphone(alice, "TR_mic"));
        let shown = world.subscribe(bob, MediaKind::Video, "TR_cam", "PA_alice");
        let heard = world.subscribe(bob, MediaKind::Audio, "TR_mic", "PA_alice");
        let mut network = Network::new(5);
        network.set(alice, line);
        world.network = Some(network);
        Self {
            world,
            alice,
            bob,
            camera,
            voice,
            shown,
            heard,
            ticks: 0,
            is_filmed: true,
            captured: HashMap::new(),
            lines: HashMap::new(),
            begun,
            errors: HashMap::new(),
            read: (0, 0),
            parted: Vec::new(),
        }
    }

    /// Let so much time pass; answers the most that lips and voice were parted meanwhile, in seconds.
    fn play(&mut self, seconds: u32) -> f64 {
        self.parted.clear();
        for _ in 0..seconds * 150 {
            self.ticks += 1;
            if self.is_filmed && self.ticks.is_multiple_of(5) {
                self.film();
            }
            if self.ticks.is_multiple_of(3) {
                self.speak();
            }
            self.world.run(TICK);
            self.perceive();
        }
        self.parted.iter().fold(0.0, |most, parted| parted.abs().max(most))
    }

    fn film(&mut self) {
        let at = self.world.now - PICTURE_TAKES;
        self.captured.insert((self.shown, self.ticks), at);
        let client = &mut self.world.clients[self.alice];
        for (mid, rid) in client.keyframe_requests.drain(..) {
            if let Some(layer) = RIDS.iter().position(|name| mid == self.camera.mid && rid == Some(Rid::from(*name))) {
                self.camera.wants_key[layer] = true;
            }
        }
        for (layer, rid) in RIDS.iter().enumerate() {
            let is_key = std::mem::take(&mut self.camera.wants_key[layer]);
            let mut payload = vp8(is_key, self.camera.picture_id, self.camera.tl0, layer as u8);
            payload.extend(self.ticks.to_be_bytes());
            let mut direct = client.rtc.direct_api();
            let stream = direct.stream_tx_by_mid(self.camera.mid, Some(Rid::from(*rid))).expect("a layer");
            let timestamp = (self.ticks * 600).wrapping_add(0xffff_0000).wrapping_add(1_000_000 * layer as u32);
            let seq = self.camera.seqs[layer];
            self.camera.seqs[layer] += 1;
            let payload_type = self.camera.payload_type.into();
            stream.write_rtp(RtpWrite::new(payload_type, seq.into(), timestamp, at, payload).marker(true));
            client.advance(self.world.now);
        }
        self.camera.picture_id = self.camera.picture_id.wrapping_add(1) & 0x7fff;
        self.camera.tl0 = self.camera.tl0.wrapping_add(1);
        self.world.settle();
    }

    fn speak(&mut self) {
        let at = self.world.now - SOUND_TAKES;
        self.captured.insert((self.heard, self.ticks), at);
        let client = &mut self.world.clients[self.alice];
        let payload = [&[0x78][..], &self.ticks.to_be_bytes()].concat();
        let mut direct = client.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(self.voice.mid, None).expect("a stream");
        let timestamp = (self.ticks * 320).wrapping_add(0xfffe_0000);
        stream.write_rtp(RtpWrite::new(111.into(), self.voice.seq.into(), timestamp, at, payload));
        client.advance(self.world.now);
        self.voice.seq += 1;
        self.world.settle();
    }

    fn perceive(&mut self) {
        let rates = [(self.shown, 90_000.0), (self.heard, 48_000.0)];
        let client = &mut self.world.clients[self.bob];
        for report in &client.sender_reports[self.read.0..] {
            let (_, rate) = rates.iter().find(|(mid, _)| *mid == report.mid).expect("of Alice");
            let at = report.sender_info.ntp_time.duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
            let line = self.lines.entry(report.mid).or_default();
            line.add(report.sender_info.rtp_time.numer() as u32, *rate, at);
        }
        for (mid, rate) in rates {
            let ssrc = client.rtc.direct_api().stream_rx_by_mid(mid, None).map(|stream| stream.ssrc());
            let news = client.packets[self.read.1..].iter().filter(|packet| Some(packet.header.ssrc) == ssrc);
            let Some(packet) = news.max_by_key(|packet| *packet.seq_no) else { continue };
            let tick = u32::from_be_bytes(*packet.payload.last_chunk().expect("four bytes"));
            let truth = self.captured[&(mid, tick)].duration_since(self.begun).as_secs_f64();
            let Some(belief) = self.lines.entry(mid).or_default().at(packet.header.timestamp, rate) else { continue };
            self.errors.insert(mid, belief - truth);
            if let [Some(picture), Some(sound)] = [self.shown, self.heard].map(|mid| self.errors.get(&mid)) {
                self.parted.push(picture - sound);
            }
        }
        self.read = (client.sender_reports.len(), client.packets.len());
    }

    fn watch_layer(&mut self, layer: u8) {
        self.world.wish(self.bob, "TR_cam", true, layer);
    }

    fn mute(&mut self, is_muted: bool) {
        self.is_filmed = !is_muted;
        self.world.command(Command::SetTrackMuted { track: "TR_cam".into(), is_muted });
    }
}

#[test]
fn lips_and_voice_stay_together_whatever_happens_to_the_picture() {
    let uneven =
        Conditions { delay: Duration::from_millis(20), jitter: Duration::from_millis(40), ..Default::default() };
    for line in [Conditions::default(), uneven] {
        let mut story = Story::new(line);
        let mut parted = vec![("at the beginning", story.play(20))];
        for (what, layer) in [("in a smaller layer", 0), ("in a larger one", 1), ("in the largest", 2)] {
            story.watch_layer(layer);
            parted.push((what, story.play(4)));
        }
        story.mute(true);
        parted.push(("while it is muted", story.play(7)));
        story.mute(false);
        parted.push(("after a mute", story.play(5)));
        parted.push(("after a minute", story.play(20)));
        assert!(story.parted.len() > 1_000);
        assert!(parted.iter().all(|(_, most)| *most < MOST_PARTED_S), "{line:?}: {parted:.3?}");
    }
}
