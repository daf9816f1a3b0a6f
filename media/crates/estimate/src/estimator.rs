//! The estimator of one peer: the parts, put together.

use std::time::{Duration, Instant};

use crate::losses::{Losses, Moment, Verdict};
use crate::probe::{Outcome, Probe};
use crate::purpose::{ClusterId, Padding, Purpose};
use crate::rate::{LEAST_BPS, MOST_BPS, Rate, START_BPS};
use crate::search::Search;
use crate::silence::Silence;
use crate::stuck::Stuck;
use crate::trend::Usage;
use crate::way::Way;

/// A change by less than this share is not told.
const WORTH_TELLING: f64 = 0.03;
/// A wait that is longer than this, or longer than this and growing, is a queue of ours …
const STANDING_US: i64 = 60_000;
const GROWING_US: i64 = 15_000;
/// … and with one longer than this nothing rises, and nothing more is looked for.
const CALM_US: i64 = 25_000;
/// Little of what is believed is used: what arrives says nothing about the line, unless a queue stands.
const LITTLE: f64 = 0.7;
/// So much of what is sent arrives: as good as all.
const ALL: f64 = 0.9;
/// A wait that stays as it is, is the way itself if no more than this share is lost, besides what is lost anyway.
const STUCK_LOSS: f64 = 0.02;
/// So many probes in a row that found less than this share of what is believed, without jitter that explains it, are
/// believed instead.
const DOUBTS: u8 = 2;
const DOUBTED: f64 = 0.95;
/// No probe so soon after a fall.
const AFTER_FALL_US: u64 = 500_000;
/// What is lost so soon after one may be of the queue before it.
const FALLEN_US: u64 = 2_000_000;
/// What is lost while the line comes back is not counted.
const RETURN_US: u64 = 300_000;
/// Losses are told of so much time …
const LOSS_SPAN_US: u64 = 1_000_000;
/// … and of a packet no older than this.
const LOSS_AGE_US: u64 = 3_000_000;
/// Nobody is woken more often, while a probe is being sent and otherwise.
const PROBE_PATIENCE_US: u64 = 5_000;
const PATIENCE_US: u64 = 25_000;
/// A search begins with no less: half of what a voice and the smallest picture take.
const SEARCH_BPS: f64 = 100_000.0;

/// What was counted since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Feedback that could not be read.
    pub malformed: u32,
    /// Packets told of that were never sent, are forgotten, or had been told of before.
    pub unknown: u32,
    /// Probes begun.
    pub probes: u32,
    /// Bytes of padding asked for.
    pub padding_bytes: u64,
}

/// What the way to one peer carries.
#[derive(Debug)]
pub struct Estimator {
    zero: Instant,
    way: Way,
    losses: Losses,
    rate: Rate,
    search: Search,
    probe: Option<Box<Probe>>,
    /// Probes in a row that found less than is believed.
    doubts: u8,
    silence: Silence,
    stuck: Stuck,
    remb: Option<u64>,
    told: Option<f64>,
    /// When [`Self::handle_timeout`] was called last.
    handled_us: u64,
    figures: Figures,
}

impl Estimator {
    /// Nothing is known yet.
    pub fn new(now: Instant) -> Self {
        Self {
            zero: now,
            way: Way::default(),
            losses: Losses::default(),
            rate: Rate::new(START_BPS),
            search: Search::new(),
            probe: None,
            doubts: 0,
            silence: Silence::default(),
            stuck: Stuck::default(),
            remb: None,
            told: None,
            handled_us: 0,
            figures: Figures::default(),
        }
    }

    fn since_zero(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.zero).as_micros() as u64
    }

    fn after_zero(&self, at_us: u64) -> Instant {
        self.zero + Duration::from_micros(at_us)
    }

    /// A packet goes out now: `bytes` as on the line, with UDP and IP around it. Answers its transport-wide sequence
    /// number.
    pub fn on_sent(&mut self, now: Instant, bytes: usize, purpose: Purpose) -> u16 {
        let now_us = self.since_zero(now);
        let mut tag = 0;
        if let Some(probe) = &mut self.probe {
            let counts = match purpose {
                Purpose::Padding(Some(cluster)) => cluster == probe.id(),
                _ => probe.takes(bytes),
            };
            if counts {
                probe.on_sent(self.way.next_number(), bytes);
                tag = probe.tag();
            }
        }
        if self.way.has_feedback() && !self.search.is_resting() {
            self.silence.on_sent(now_us, self.way.rtt_us().unwrap_or_default());
        }
        self.way.on_sent(now_us, bytes, tag) as u16
    }

    /// Feedback of every packet came (RTPFB, format 15): everything behind the SSRC of the media source.
    ///
    /// What is malformed or cannot be true is counted, and changes nothing. Afterwards [`Self::poll_estimate`] and
    /// [`Self::poll_padding`] may have something to tell.
    pub fn on_feedback(&mut self, now: Instant, fci: &[u8]) {
        let now_us = self.since_zero(now);
        let Some(news) = self.way.on_feedback(now_us, fci, self.probe.as_deref_mut()) else {
            self.figures.malformed = self.figures.malformed.saturating_add(1);
            return;
        };
        self.figures.unknown = self.figures.unknown.saturating_add(news.unknown);
        self.losses.count(news.arrived, news.missing, news.found);
        if news.arrived == 0 {
            return;
        }
        if let Some(known) = self.silence.on_answer() {
            self.interrupt(now_us + RETURN_US);
            self.search.on_return(now_us, known);
        }
        self.conclude(now_us);
    }

    /// After feedback: what does it say about the rate?
    fn conclude(&mut self, now_us: u64) {
        let (told_until, own) = (self.way.told_until(), self.losses.own());
        if let Some(outcome) = self.probe.as_mut().and_then(|probe| probe.on_feedback(told_until, own)) {
            self.end_probe(now_us, outcome);
        }
        if self.search.is_resting() {
            return;
        }
        let (Some(sent), Some((arriving, arriving_now))) = (self.way.sent_bps(now_us), self.way.arriving_bps()) else {
            return;
        };
        let rtt_us = self.way.rtt_us().unwrap_or_default();
        let standing_us = self.way.standing_us();
        let before = self.rate.bps();
        let is_growing = self.way.usage() == Usage::Over && standing_us > GROWING_US && sent >= before * LITTLE;
        let is_over = (standing_us > STANDING_US || is_growing) && !self.way.is_emptying();
        // What is sent arrives, and waits: there may be more of others than of ours in the queue.
        let filling = Some(arriving_now).filter(|_| arriving < sent * ALL);
        let has_fallen = is_over && self.rate.fall(now_us, filling, standing_us, rtt_us);
        if has_fallen {
            self.probe = None;
            self.search.on_fall(now_us);
        }
        self.unstick(now_us, sent, before, has_fallen.then_some(self.rate.bps()));
        let moment = Moment {
            now_us,
            rtt_us,
            estimate: self.rate.bps(),
            sent,
            arriving: arriving.min(arriving_now),
            is_queueing: standing_us > CALM_US + self.way.jitter_us() as i64,
            has_fallen: self.rate.fell_us().is_some_and(|fell| now_us < fell + FALLEN_US),
        };
        match self.losses.judge(&moment) {
            Verdict::Nothing => {}
            Verdict::Try(bps) => {
                // What it found belongs to before.
                self.probe = None;
                self.rate.set(bps);
            }
            Verdict::Restore(bps) => self.rate.set(bps),
            Verdict::Confirmed(bps) => {
                self.rate.fills_at(now_us, bps);
                self.search.on_fall(now_us);
            }
        }
        let may_rise = self.search.wants_more(self.rate.bps()) && self.way.usage() == Usage::Normal;
        if !is_over && may_rise && self.is_calm() {
            self.rate.rise(now_us, sent, arriving, rtt_us);
        } else {
            self.rate.hold(now_us);
        }
        self.begin_probe(now_us);
    }

    /// No queue, no unusual losses.
    fn is_calm(&self) -> bool {
        self.way.standing_us() <= CALM_US + (self.way.jitter_us() / 2.0) as i64
            && self.losses.is_tolerable()
            && !self.losses.is_trying()
    }

    fn unstick(&mut self, now_us: u64, sent: f64, before: f64, fallen: Option<f64>) {
        let Some(before) = self.stuck.judge(now_us, self.way.standing_us(), sent, before, fallen) else { return };
        let loss = self.way.loss(LOSS_SPAN_US).map_or(0.0, |(_, loss)| f64::from(loss));
        if loss <= self.losses.own() + STUCK_LOSS {
            self.way.rebase();
            self.rate.set(before.max(self.rate.bps()));
        }
    }

    fn end_probe(&mut self, now_us: u64, outcome: Outcome) {
        let Some(probe) = self.probe.take() else { return };
        let before = self.rate.bps();
        let found = match outcome {
            Outcome::Untold => {
                self.search.on_untold(now_us);
                return;
            }
            Outcome::Lost { bps } => {
                self.doubt(now_us, Some(bps.max(before / 2.0)).filter(|_| probe.is_clear()));
                None
            }
            Outcome::Arrived { bps, has_filled } => {
                self.rate.find(bps, has_filled);
                self.doubt(now_us, Some(bps).filter(|_| has_filled && probe.is_clear()));
                Some(bps)
            }
        };
        self.search.on_outcome(now_us, probe.target(), found, before, self.rate.bps());
    }

    /// A probe filled the line with so much, or did not fill it. More than that may be believed although it was never
    /// sent: what falls while little is sent is not seen otherwise.
    fn doubt(&mut self, now_us: u64, filled: Option<f64>) {
        let Some(bps) = filled.filter(|bps| *bps < self.rate.bps() * DOUBTED) else {
            self.doubts = 0;
            return;
        };
        self.doubts += 1;
        if self.doubts >= DOUBTS {
            self.doubts = 0;
            let sent = self.way.sent_bps(now_us).unwrap_or_default();
            self.rate.fills_at(now_us, bps.max(sent));
        }
    }

    fn begin_probe(&mut self, now_us: u64) {
        let is_settled = self.rate.fell_us().is_none_or(|fell| now_us >= fell + AFTER_FALL_US);
        let is_away = !self.way.has_feedback() || self.silence.is_broken();
        if self.probe.is_some() || is_away || !is_settled || !self.is_calm() {
            return;
        }
        if let Some(target) = self.search.target(now_us, self.rate.bps()) {
            self.figures.probes = self.figures.probes.wrapping_add(1);
            let id = ClusterId(self.figures.probes);
            self.probe = Some(Box::new(Probe::new(id, target.min(MOST_BPS), self.way.jitter_us())));
        }
    }

    /// The receiver's own estimate (goog-remb), in bits per second; used only while no feedback of every packet came.
    pub fn on_remb(&mut self, bps: u64) {
        self.remb = Some(bps.clamp(LEAST_BPS as u64, MOST_BPS as u64));
    }

    /// What could be used, in bits per second. `None`: no pictures are sent; nothing is looked for, and what is known is
    /// kept. `Some(0)`: look for nothing more. Otherwise: search up to so much, until `Some(0)`.
    pub fn set_desired(&mut self, now: Instant, bps: Option<u64>) {
        let now_us = self.since_zero(now);
        let was_resting = self.search.is_resting();
        self.search.set_desired(now_us, bps.map(|bps| bps as f64));
        if was_resting != bps.is_none() {
            self.interrupt(now_us);
        }
        match bps {
            None => {
                self.way.rest();
                return;
            }
            Some(0) => self.probe = self.probe.take().filter(|probe| !probe.is_filling()),
            Some(_) => {}
        }
        if was_resting {
            self.rate.set(self.rate.bps().max(SEARCH_BPS));
        }
        self.begin_probe(now_us);
    }

    /// What was going on is not continued; losses are counted from then on.
    fn interrupt(&mut self, from_us: u64) {
        self.probe = None;
        self.way.interrupt();
        (self.silence, self.stuck) = (Silence::default(), Stuck::default());
        self.losses.begin_anew(from_us);
        self.rate.hold(from_us);
    }

    /// Padding to be sent now for a probe; to be called until there is none.
    pub fn poll_padding(&mut self, now: Instant) -> Option<Padding> {
        let now_us = self.since_zero(now);
        let padding = self.probe.as_mut()?.poll(now_us)?;
        self.figures.padding_bytes = self.figures.padding_bytes.saturating_add(padding.bytes as u64);
        Some(padding)
    }

    /// When [`Self::handle_timeout`] is to be called at the latest; `None`: nothing to wait for. Called afterwards,
    /// [`Self::poll_padding`] and [`Self::poll_estimate`] may have something to tell.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.search.is_resting() {
            return None;
        }
        if let Some(next_us) = self.probe.as_ref().and_then(|probe| probe.next_us()) {
            return Some(self.after_zero(next_us.max(self.handled_us + PROBE_PATIENCE_US)));
        }
        let answer_us = self.probe.as_ref().and_then(|probe| probe.deadline_us(self.way.rtt_us().unwrap_or_default()));
        // What is due already waits for feedback, not for time.
        let next_us = self.search.next_us(self.rate.bps());
        let next_us = next_us.filter(|next| *next > self.handled_us && self.probe.is_none());
        let due_us = [answer_us, next_us, self.silence.next_us()].into_iter().flatten().min()?;
        Some(self.after_zero(due_us.max(self.handled_us + PATIENCE_US)))
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        let now_us = self.since_zero(now);
        self.handled_us = self.handled_us.max(now_us);
        if self.search.is_resting() {
            return;
        }
        let (rtt_us, own) = (self.way.rtt_us().unwrap_or_default(), self.losses.own());
        let over = self.probe.as_ref().filter(|probe| probe.deadline_us(rtt_us).is_some_and(|at| at <= now_us));
        if let Some(outcome) = over.map(|probe| probe.conclude(own)) {
            self.end_probe(now_us, outcome);
        }
        if let Some(left) = self.silence.step(now_us, self.rate.bps()) {
            self.rate.set(left);
            self.probe = None;
        }
        self.begin_probe(now_us);
    }

    /// A new estimate worth telling, in bits per second: the first, and each that differs from the one told before.
    /// There is none before any feedback: who tells nothing of what arrives is not known to be limited.
    pub fn poll_estimate(&mut self) -> Option<u64> {
        let bps = if self.way.has_feedback() { self.rate.bps() } else { self.remb? as f64 };
        if self.told.is_some_and(|told| (bps - told).abs() <= told * WORTH_TELLING) {
            return None;
        }
        self.told = Some(bps);
        Some(bps as u64)
    }

    /// What is believed now, in bits per second; before there is any feedback, what to begin with.
    pub fn bps(&self) -> u64 {
        self.rate.bps() as u64
    }

    /// The shortest round trip that the last feedback told of.
    pub fn rtt(&self) -> Option<Duration> {
        self.way.rtt_us().map(Duration::from_micros)
    }

    /// The share that was lost of what was sent in the second before the newest packet that arrived. `None` without
    /// feedback lately.
    pub fn loss(&self, now: Instant) -> Option<f32> {
        let (newest_us, loss) = self.way.loss(LOSS_SPAN_US)?;
        (self.since_zero(now).saturating_sub(newest_us) <= LOSS_AGE_US).then_some(loss)
    }

    /// The peer's path has changed: begin anew, from no more than is known.
    pub fn reset(&mut self, now: Instant) {
        let now_us = self.since_zero(now);
        self.interrupt(now_us);
        self.way.begin_anew();
        self.losses = Losses::default();
        self.rate = Rate::new(self.rate.bps().min(START_BPS));
        self.search.begin_anew(now_us);
    }

    /// What was counted since the beginning.
    pub fn figures(&self) -> Figures {
        self.figures
    }
}
