//! What happens in a life: people and what they do, as the seed decides.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use palaver_net::command::Command;
use str0m::media::{MediaKind, Mid};
use str0m::rtp::{ExtensionValues, RtpWrite};

use crate::cast::network::{Conditions, Network};
use crate::cast::{Camera, RIDS, Voice, World, vp8};
use crate::laws;

const ROOMS: [&str; 2] = ["red", "blue"];
const MOST_PEOPLE: usize = 5;
/// Events of a life.
const STEPS: usize = 40;
/// Pictures come this often, sounds twice as often.
const PICTURE: Duration = Duration::from_millis(100);
/// Once all lines are good again, everything must flow within this time.
const RECOVERY: Duration = Duration::from_secs(5);
/// A client is given up after 30 s; an outage here is shorter.
const LONGEST_OUTAGE: Duration = Duration::from_secs(8);

/// Something that is published.
pub(crate) struct Track {
    pub(crate) name: String,
    pub(crate) room: usize,
    /// Whose it is.
    pub(crate) who: usize,
    pub(crate) source: Source,
    pub(crate) is_gone: bool,
    /// When it was muted and let go again, in milliseconds of the life; the last may be open.
    pub(crate) mutes: Vec<(u32, Option<u32>)>,
}

pub(crate) enum Source {
    Camera(Camera),
    Voice(Voice),
}

impl Track {
    pub(crate) fn is_muted(&self) -> bool {
        self.mutes.last().is_some_and(|(_, until)| until.is_none())
    }

    pub(crate) fn is_video(&self) -> bool {
        matches!(self.source, Source::Camera(_))
    }
}

/// A section that shows a track.
pub(crate) struct Shown {
    pub(crate) who: usize,
    pub(crate) mid: Mid,
    /// Indices of all tracks that it showed, the present one last.
    pub(crate) tracks: Vec<usize>,
    pub(crate) is_video: bool,
    pub(crate) is_enabled: bool,
}

/// Somebody.
pub(crate) struct Person {
    pub(crate) room: usize,
    pub(crate) is_gone: bool,
    out_until: Option<Instant>,
}

/// A server's life.
pub(crate) struct Life {
    pub(crate) world: World,
    /// By their number in the world.
    pub(crate) people: Vec<Person>,
    pub(crate) tracks: Vec<Track>,
    pub(crate) sections: Vec<Shown>,
    /// What happened, for people.
    pub(crate) story: Vec<String>,
    dice: fastrand::Rng,
    begun: Instant,
}

impl Life {
    pub(crate) fn of(seed: u64) -> Self {
        // The engine's own choices of identifiers too.
        fastrand::seed(seed);
        let mut world = World::new();
        world.network = Some(Network::new(seed));
        let begun = world.now;
        let dice = fastrand::Rng::with_seed(!seed);
        Self { world, people: Vec::new(), tracks: Vec::new(), sections: Vec::new(), story: Vec::new(), dice, begun }
    }

    /// From the first person to the last.
    pub(crate) fn live(&mut self) {
        for _ in 0..STEPS {
            self.something_happens();
            for _ in 0..=self.dice.usize(0..4) {
                self.media_flows();
            }
            laws::always(self);
        }
        self.all_lines_get_well();
        let pictures = RECOVERY.as_millis() / PICTURE.as_millis();
        for _ in 0..pictures {
            self.media_flows();
        }
        laws::nothing_is_frozen(self, |life| {
            for _ in 0..10 {
                life.media_flows();
            }
        });
        laws::streams_are_whole(self);
        for who in self.here() {
            self.go(who);
        }
        laws::nobody_is_left(self);
    }

    /// Milliseconds since it began.
    pub(crate) fn age(&self) -> u32 {
        (self.world.now - self.begun).as_millis() as u32
    }

    pub(crate) fn here(&self) -> Vec<usize> {
        (0..self.people.len()).filter(|who| !self.people[*who].is_gone).collect()
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        (!all.is_empty()).then(|| all[self.dice.usize(0..all.len())])
    }

    fn note(&mut self, who: usize, what: &str) {
        let line = format!("{:>6} ms  person-{who} {what}", self.age());
        self.story.push(line);
    }

    fn something_happens(&mut self) {
        let here = self.here();
        let Some(who) = self.one_of(&here).filter(|_| here.len() > 1) else { return self.come() };
        match self.dice.u32(0..100) {
            0..12 if here.len() < MOST_PEOPLE => self.come(),
            12..16 => self.go(who),
            16..34 => self.publish(who),
            34..54 => self.watch(who),
            54..62 => self.change_wish(),
            62..70 => self.mute_or_unmute(),
            70..74 => self.unpublish(),
            74..80 => self.move_network(who),
            80..83 => {
                self.note(who, "restarts ICE");
                self.world.restart_ice(who);
            }
            _ => self.change_line(who),
        }
    }

    fn come(&mut self) {
        let room = self.dice.usize(0..4) / 3;
        let name: &'static str = Box::leak(format!("person-{}", self.people.len()).into_boxed_str());
        self.note(self.people.len(), &format!("comes into {}", ROOMS[room]));
        let who = self.world.join_room(name, ROOMS[room]);
        self.people.push(Person { room, is_gone: false, out_until: None });
        assert_eq!(who + 1, self.people.len());
        self.publish(who);
    }

    fn go(&mut self, who: usize) {
        self.note(who, "goes");
        self.people[who].is_gone = true;
        for track in self.tracks.iter_mut().filter(|track| track.who == who) {
            track.is_gone = true;
        }
        self.sections.retain(|section| section.who != who);
        let peer = self.world.clients[who].name.into();
        self.world.command(Command::ClosePeer { peer });
    }

    fn publish(&mut self, who: usize) {
        let number = self.tracks.len();
        let name = format!("TR_{number}");
        let source = if self.dice.bool() {
            Source::Camera(Camera::new(self.world.publish_camera(who, &name)))
        } else {
            Source::Voice(Voice::new(self.world.publish_microphone(who, &name)))
        };
        let kind = if matches!(source, Source::Camera(_)) { "camera" } else { "microphone" };
        self.note(who, &format!("publishes the {kind} {name}"));
        let room = self.people[who].room;
        self.tracks.push(Track { name, room, who, source, is_gone: false, mutes: Vec::new() });
    }

    fn unpublish(&mut self) {
        let living: Vec<usize> = (0..self.tracks.len()).filter(|track| !self.tracks[*track].is_gone).collect();
        let Some(number) = self.one_of(&living) else { return };
        let track = &mut self.tracks[number];
        track.is_gone = true;
        let (who, mid) = (track.who, track.mid());
        self.note(who, &format!("withdraws TR_{number}"));
        self.world.clients[who].publish.remove(&mid.to_string());
        self.world.negotiate(who, |api| api.set_direction(mid, str0m::media::Direction::Inactive));
    }

    /// Show a track in a new section, or in one whose track is gone.
    fn watch(&mut self, who: usize) {
        let room = self.people[who].room;
        let shown: BTreeSet<usize> =
            self.sections.iter().filter(|section| section.who == who).map(Shown::track).collect();
        let can_be_seen: Vec<usize> = (0..self.tracks.len())
            .filter(|number| {
                let track = &self.tracks[*number];
                !track.is_gone && track.room == room && track.who != who && !shown.contains(number)
            })
            .collect();
        let Some(number) = self.one_of(&can_be_seen) else { return };
        let (name, is_video) = (self.tracks[number].name.clone(), self.tracks[number].is_video());
        let publisher = format!("PA_{}", self.world.clients[self.tracks[number].who].name);
        let free = (0..self.sections.len()).find(|index| {
            let section = &self.sections[*index];
            section.who == who && section.is_video == is_video && self.tracks[section.track()].is_gone
        });
        if let Some(index) = free {
            let mid = self.sections[index].mid;
            self.note(who, &format!("watches {name} in the used section {mid}"));
            self.world.reuse(who, mid, &name, &publisher);
            self.sections[index].tracks.push(number);
            self.sections[index].is_enabled = true;
        } else {
            let kind = if is_video { MediaKind::Video } else { MediaKind::Audio };
            let mid = self.world.subscribe(who, kind, &name, &publisher);
            self.note(who, &format!("watches {name} in the new section {mid}"));
            self.sections.push(Shown { who, mid, tracks: vec![number], is_video, is_enabled: true });
        }
    }

    fn change_wish(&mut self) {
        if self.sections.is_empty() {
            return;
        }
        let index = self.dice.usize(0..self.sections.len());
        let (is_enabled, layer) = (self.dice.u8(0..4) > 0, self.dice.u8(0..3));
        let section = &mut self.sections[index];
        section.is_enabled = is_enabled;
        let (who, name) = (section.who, self.tracks[section.track()].name.clone());
        self.note(who, &format!("wants {name}: {is_enabled}, layer {layer}"));
        self.world.wish(who, &name, is_enabled, layer);
    }

    fn mute_or_unmute(&mut self) {
        let age = self.age();
        let living: Vec<usize> = (0..self.tracks.len()).filter(|track| !self.tracks[*track].is_gone).collect();
        let Some(number) = self.one_of(&living) else { return };
        let track = &mut self.tracks[number];
        let is_muted = !track.is_muted();
        match track.mutes.last_mut().filter(|_| !is_muted) {
            Some((_, until)) => *until = Some(age),
            None => track.mutes.push((age, None)),
        }
        let (owner, track) = (track.who, track.name.as_str().into());
        self.note(owner, &format!("has TR_{number} muted: {is_muted}"));
        self.world.command(Command::SetTrackMuted { track, is_muted });
    }

    /// A router gives the client another address, as when a phone leaves the house.
    fn move_network(&mut self, who: usize) {
        let number = self.dice.u8(1..250);
        self.note(who, "has another address");
        self.world.clients[who].seen_at = ([172, 16, who as u8, number], 6_000 + u16::from(number)).into();
    }

    fn change_line(&mut self, who: usize) {
        let dice = &mut self.dice;
        let conditions = match dice.u8(0..6) {
            0 => Conditions::default(),
            1 => Conditions { is_out: true, ..Conditions::default() },
            2 => Conditions { bits_per_s: Some(dice.u64(60_000..500_000)), ..Conditions::default() },
            _ => Conditions {
                loss: dice.f64() * 0.2,
                delay: Duration::from_millis(dice.u64(0..150)),
                jitter: Duration::from_millis(dice.u64(0..60)),
                ..Conditions::default()
            },
        };
        self.note(who, &format!("has a line with {conditions:?}"));
        self.people[who].out_until = conditions.is_out.then(|| self.world.now + LONGEST_OUTAGE);
        self.set_line(who, conditions);
    }

    fn set_line(&mut self, who: usize, conditions: Conditions) {
        self.world.network.as_mut().expect("a network").set(who, conditions);
    }

    fn all_lines_get_well(&mut self) {
        self.note(0, "and all others have good lines");
        for who in 0..self.people.len() {
            self.set_line(who, Conditions::default());
            self.people[who].out_until = None;
        }
    }

    /// A picture of each camera and two sounds of each microphone. A source that is muted goes on: the server is to stop it.
    fn media_flows(&mut self) {
        for who in 0..self.people.len() {
            if self.people[who].out_until.is_some_and(|until| until <= self.world.now) {
                self.people[who].out_until = None;
                self.set_line(who, Conditions::default());
            }
        }
        for half in 0..2 {
            for number in 0..self.tracks.len() {
                if !self.tracks[number].is_gone && (half == 0 || !self.tracks[number].is_video()) {
                    self.send(number);
                }
            }
            self.world.run(PICTURE / 2);
        }
    }

    fn send(&mut self, number: usize) {
        let age = self.age();
        let now = self.world.now;
        let track = &mut self.tracks[number];
        let client = &mut self.world.clients[track.who];
        match &mut track.source {
            Source::Camera(camera) => {
                for (mid, rid) in std::mem::take(&mut client.keyframe_requests) {
                    if mid != camera.mid {
                        client.keyframe_requests.push((mid, rid));
                    } else if let Some(layer) = RIDS.iter().position(|name| rid.is_some_and(|r| *r == **name)) {
                        camera.wants_key[layer] = true;
                    }
                }
                for (layer, rid) in RIDS.into_iter().enumerate() {
                    let is_key = std::mem::take(&mut camera.wants_key[layer]);
                    let mut payload = vp8(is_key, camera.picture_id, camera.tl0, layer as u8);
                    laws::mark(&mut payload, number, age);
                    let mut direct = client.rtc.direct_api();
                    let stream = direct.stream_tx_by_mid(camera.mid, Some(rid.into())).expect("a stream");
                    let timestamp = camera.timestamp.wrapping_add(1_000_000 * layer as u32);
                    let (pt, seq) = (camera.payload_type.into(), camera.seqs[layer].into());
                    camera.seqs[layer] += 1;
                    stream.write_rtp(RtpWrite::new(pt, seq, timestamp, now, payload).marker(true).nackable(true));
                }
                camera.picture_id = camera.picture_id.wrapping_add(1) & 0x7fff;
                camera.tl0 = camera.tl0.wrapping_add(1);
                camera.timestamp = camera.timestamp.wrapping_add(9_000);
            }
            Source::Voice(voice) => {
                let mut payload = vec![0x78_u8, 1, 2, 3, 0];
                laws::mark(&mut payload, number, age);
                let extensions =
                    ExtensionValues { audio_level: Some(-30), voice_activity: Some(true), ..Default::default() };
                let mut direct = client.rtc.direct_api();
                let stream = direct.stream_tx_by_mid(voice.mid, None).expect("a stream");
                let write = RtpWrite::new(111.into(), voice.seq.into(), voice.timestamp, now, payload);
                stream.write_rtp(write.ext_vals(extensions));
                voice.seq += 1;
                voice.timestamp = voice.timestamp.wrapping_add(2_400);
            }
        }
        client.advance(now);
        self.world.settle();
    }
}

impl Shown {
    /// What it shows now.
    pub(crate) fn track(&self) -> usize {
        *self.tracks.last().expect("it shows something")
    }
}

impl Track {
    fn mid(&self) -> Mid {
        match &self.source {
            Source::Camera(camera) => camera.mid,
            Source::Voice(voice) => voice.mid,
        }
    }
}
