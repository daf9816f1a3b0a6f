//! The estimator of one peer: the parts, put together.

use std::time::{Duration, Instant};

use crate::bursts::Bursts;
use crate::feedback::{Feedback, PeerClock, TICK_US, Told};
use crate::losses::{Losses, Moment, Verdict};
use crate::meter::Meter;
use crate::probe::{Outcome, Probe, SLICE_US};
use crate::purpose::{ClusterId, Padding, Purpose};
use crate::queue::Queue;
use crate::rate::{LEAST_BPS, MOST_BPS, Rate, START_BPS};
use crate::register::Register;
use crate::search::Search;
use crate::silence::Silence;
use crate::trend::{Trend, Usage};

/// A change by less than this share is not told.
const WORTH_TELLING: f64 = 0.03;
/// A wait that is longer than this, or longer than this and growing, is a queue of ours …
const STANDING_US: i64 = 60_000;
const GROWING_US: i64 = 15_000;
/// … and with one longer than this nothing rises, and nothing more is looked for.
const CALM_US: i64 = 25_000;
/// Little of what is believed is used: what arrives says nothing about the line, unless a queue stands.
const LITTLE: f64 = 0.7;
/// A wait that neither changed by more than this in so long, nor with losses, is none: the way has become longer.
const STUCK_US: u64 = 4_000_000;
const STUCK_CHANGE_US: i64 = 15_000;
const STUCK_LOSS: f32 = 0.02;
/// How many slots of a meter tell what arrives now, and what does in the long run.
const NOW: u64 = 4;
const LATELY: u64 = 9;
/// No probe so soon after a fall.
const AFTER_FALL_US: u64 = 500_000;
/// What is lost while the line comes back is not counted.
const RETURN_US: u64 = 300_000;
/// A peer's clock that goes back by more was set.
const SET_BACK_US: i64 = 10_000_000;
/// How fast the jitter follows.
const JITTER_FOLLOW: f64 = 0.06;
/// Losses are told of so much time …
const LOSS_SPAN_US: u64 = 1_000_000;
/// … and of a packet no older than this.
const LOSS_AGE_US: u64 = 3_000_000;
/// Nobody is woken more often, while a probe is sent and otherwise.
const PATIENCE_US: u64 = 25_000;
/// A search begins with no less: half of what a voice and the smallest picture take.
const SEARCH_BPS: f64 = 100_000.0;

/// What was counted since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Feedback that could not be read.
    pub malformed: u64,
    /// Packets told of that were never sent, are forgotten, or had been told of before.
    pub unknown: u64,
    /// Probes begun.
    pub probes: u64,
    /// Bytes of padding asked for.
    pub padding_bytes: u64,
}

/// What the way to one peer carries.
#[derive(Debug)]
pub struct Estimator {
    zero: Instant,
    register: Register,
    clock: PeerClock,
    feedbacks: Option<u8>,
    sending: Meter,
    arriving: Meter,
    /// The peer's clock when the newest packet arrived, and what of it no feedback told of.
    newest_us: Option<i64>,
    untold_us: i64,
    queue: Queue,
    bursts: Bursts,
    trend: Trend,
    jitter_us: f64,
    losses: Losses,
    rate: Rate,
    search: Search,
    probe: Option<Probe>,
    probes: u32,
    silence: Silence,
    /// Since when the wait has been like this.
    stuck: Option<(u64, i64)>,
    rtt_us: Option<u64>,
    remb: Option<u64>,
    told: Option<f64>,
    handled_us: u64,
    figures: Figures,
}

impl Estimator {
    /// Nothing is known yet.
    pub fn new(now: Instant) -> Self {
        Self {
            zero: now,
            register: Register::default(),
            clock: PeerClock::default(),
            feedbacks: None,
            sending: Meter::default(),
            arriving: Meter::default(),
            newest_us: None,
            untold_us: 0,
            queue: Queue::default(),
            bursts: Bursts::default(),
            trend: Trend::default(),
            jitter_us: 0.0,
            losses: Losses::default(),
            rate: Rate::new(START_BPS),
            search: Search::new(),
            probe: None,
            probes: 0,
            silence: Silence::default(),
            stuck: None,
            rtt_us: None,
            remb: None,
            told: None,
            handled_us: 0,
            figures: Figures::default(),
        }
    }

    fn since_zero(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.zero).as_micros() as u64
    }

    /// A packet goes out now: `bytes` as on the line, with UDP and IP around it. Answers its transport-wide sequence
    /// number.
    pub fn on_sent(&mut self, now: Instant, bytes: usize, purpose: Purpose) -> u16 {
        let now_us = self.since_zero(now);
        let probe = self.probe.as_mut().filter(|probe| match purpose {
            Purpose::Padding(Some(cluster)) => cluster == probe.id(),
            _ => true,
        });
        let mut tag = 0;
        if let Some(probe) = probe
            && (matches!(purpose, Purpose::Padding(Some(_))) || probe.takes(bytes))
        {
            probe.on_sent(self.register.next(), bytes);
            tag = probe.tag();
        }
        self.sending.add(now_us, bytes.min(u16::MAX.into()) as u16);
        if self.feedbacks.is_some() && !self.search.is_resting() {
            self.silence.on_sent(now_us, self.rtt_us.unwrap_or_default());
        }
        self.register.push(now_us, bytes, tag) as u16
    }

    /// Feedback of every packet came (RTPFB, format 15): everything behind the SSRC of the media source.
    ///
    /// What is malformed or cannot be true is counted, and changes nothing. Afterwards [`Self::poll_estimate`] and
    /// [`Self::poll_padding`] may have something to tell.
    pub fn on_feedback(&mut self, now: Instant, fci: &[u8]) {
        let now_us = self.since_zero(now);
        let Some(feedback) = Feedback::parse(fci) else {
            self.figures.malformed += 1;
            return;
        };
        let Some(base) = self.register.unwrap(feedback.base) else {
            self.figures.unknown += 1;
            return;
        };
        let is_first = self.feedbacks.is_none();
        let ahead = self.feedbacks.map_or(1, |before| feedback.count.wrapping_sub(before));
        let is_next = ahead == 1;
        let reference = self.clock.ticks(feedback.reference);
        let told_until = self.register.told_until();
        let mut missing = 0;
        if is_next && !is_first && told_until < base {
            missing += self.register.miss(told_until, base);
        }
        let (mut arrived, mut found, mut unknown) = (0_u32, 0_u32, 0_u64);
        let mut shortest: Option<u64> = None;
        let mut is_seamless = is_next;
        feedback.each(|told| match told {
            Told::Missing { offset, packets } => {
                let from = base + u64::from(offset);
                missing += self.register.miss(from, from + u64::from(packets));
            }
            Told::Arrived { offset, ticks } => {
                let Some(packet) = self.register.arrive(base + u64::from(offset)) else {
                    unknown += 1;
                    return;
                };
                arrived += 1;
                found += u32::from(packet.was_missing);
                let sent_us = packet.sent.at_us;
                let took = now_us.saturating_sub(sent_us);
                shortest = Some(shortest.map_or(took, |least| least.min(took)));
                self.on_arrived(packet.sent, (reference + ticks) * TICK_US, is_seamless);
                is_seamless = true;
            }
        });
        self.figures.unknown += unknown;
        if ahead != 0 && ahead < 128 || is_first {
            self.feedbacks = Some(feedback.count);
        }
        self.losses.count(arrived, missing, found);
        if arrived == 0 && !is_first {
            return;
        }
        if let Some(shortest) = shortest {
            self.rtt_us = Some(shortest);
        }
        if let Some(known) = self.silence.on_answer() {
            self.queue.interrupt();
            (self.bursts, self.trend) = (Bursts::default(), Trend::default());
            self.losses.begin_anew(now_us + RETURN_US);
            self.search.on_return(now_us, known);
            self.probe = None;
            self.rate.hold(now_us);
        }
        self.conclude(now_us);
    }

    fn on_arrived(&mut self, sent: crate::register::Sent, arrived_us: i64, is_seamless: bool) {
        let sent_us = sent.at_us.cast_signed();
        let mut before_us = *self.newest_us.get_or_insert(arrived_us);
        if before_us - arrived_us > SET_BACK_US {
            (self.arriving, self.bursts, self.trend) = (Meter::default(), Bursts::default(), Trend::default());
            (self.newest_us, self.untold_us, before_us) = (Some(arrived_us), 0, arrived_us);
        }
        if arrived_us > before_us {
            if !is_seamless {
                // Of what arrived meanwhile nothing was told.
                self.untold_us += arrived_us - before_us;
            }
            self.newest_us = Some(arrived_us);
        }
        self.arriving.add((arrived_us - self.untold_us).max(0).cast_unsigned(), sent.bytes);
        self.queue.add(arrived_us, arrived_us - sent_us);
        if let Some(difference) = self.bursts.add(sent_us, arrived_us) {
            self.trend.add(&difference);
            let jitter_us = (difference.first_longer_us.abs() as f64).min(200_000.0);
            self.jitter_us += JITTER_FOLLOW * (jitter_us - self.jitter_us);
        }
        if sent.probe != 0
            && let Some(probe) = self.probe.as_mut().filter(|probe| probe.tag() == sent.probe)
        {
            probe.on_arrived(sent.at_us, arrived_us, sent.bytes);
        }
    }

    /// After feedback: what does it say about the rate?
    fn conclude(&mut self, now_us: u64) {
        let rtt_us = self.rtt_us.unwrap_or_default();
        let own = self.losses.own();
        if let Some(probe) = &mut self.probe
            && let Some(outcome) = probe.on_feedback(self.register.told_until(), own)
        {
            self.end_probe(now_us, outcome);
        }
        if self.search.is_resting() {
            self.rate.hold(now_us);
            return;
        }
        let sent = self.sending.bps(now_us, LATELY);
        let arriving_us = (self.newest_us.unwrap_or_default() - self.untold_us).max(0).cast_unsigned();
        let arriving = self.arriving.bps(arriving_us, LATELY);
        let (Some(sent), Some(arriving)) = (sent, arriving) else { return };
        let arriving_now = self.arriving.bps(arriving_us, NOW).unwrap_or(arriving);
        let standing_us = self.queue.standing_us();
        let uses_little = sent < self.rate.bps() * LITTLE;
        let is_growing = self.trend.usage() == Usage::Over && standing_us > GROWING_US && !uses_little;
        let is_over = (standing_us > STANDING_US || is_growing) && !self.queue.is_falling();
        self.unstick(now_us, standing_us);
        if is_over && self.rate.fall(now_us, arriving_now, standing_us, rtt_us) {
            self.probe = None;
            self.search.on_fall(now_us);
        }
        let moment = Moment {
            now_us,
            rtt_us,
            estimate: self.rate.bps(),
            sent,
            is_queueing: standing_us > CALM_US + self.jitter_us as i64,
        };
        match self.losses.judge(&moment) {
            Verdict::Nothing => {}
            Verdict::Try(bps) | Verdict::Restore(bps) => self.rate.set(bps),
            Verdict::Confirmed(bps) => {
                self.rate.fills_at(now_us, bps);
                self.search.on_fall(now_us);
            }
        }
        if !is_over && self.is_calm() && self.trend.usage() == Usage::Normal {
            self.rate.rise(now_us, sent, arriving, rtt_us);
        } else {
            self.rate.hold(now_us);
        }
        self.begin_probe(now_us);
    }

    /// No queue, no unusual losses.
    fn is_calm(&self) -> bool {
        self.queue.standing_us() <= CALM_US + (self.jitter_us / 2.0) as i64
            && self.losses.is_tolerable()
            && !self.losses.is_trying()
    }

    /// A wait that stays as it is while nothing is lost is the way itself.
    fn unstick(&mut self, now_us: u64, standing_us: i64) {
        if standing_us <= CALM_US {
            self.stuck = None;
            return;
        }
        let (since_us, then_us) = *self.stuck.get_or_insert((now_us, standing_us));
        if (standing_us - then_us).abs() > STUCK_CHANGE_US {
            self.stuck = Some((now_us, standing_us));
        } else if now_us.saturating_sub(since_us) > STUCK_US {
            self.stuck = None;
            if self.register.loss(LOSS_SPAN_US).is_some_and(|(_, loss)| loss <= STUCK_LOSS) {
                self.queue.rebase();
            }
        }
    }

    fn end_probe(&mut self, now_us: u64, outcome: Outcome) {
        let Some(probe) = self.probe.take() else { return };
        let before = self.rate.bps();
        let found = match outcome {
            Outcome::Lost => None,
            Outcome::Arrived { bps, has_filled } => {
                self.rate.find(bps, has_filled);
                Some(bps)
            }
        };
        self.search.on_outcome(now_us, probe.target(), found, before, self.rate.bps());
    }

    fn begin_probe(&mut self, now_us: u64) {
        let is_settled = self.rate.fell_us().is_none_or(|fell| now_us >= fell + AFTER_FALL_US);
        if self.probe.is_some()
            || self.feedbacks.is_none()
            || self.silence.is_broken()
            || !self.is_calm()
            || !is_settled
        {
            return;
        }
        if let Some(target) = self.search.target(now_us, self.rate.bps()) {
            self.probes = self.probes.wrapping_add(1);
            self.figures.probes += 1;
            self.probe = Some(Probe::new(ClusterId(self.probes), target.min(MOST_BPS), self.jitter_us));
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
        if was_resting && bps.is_some() {
            self.rate.set(self.rate.bps().max(SEARCH_BPS));
            self.interrupt(now_us);
        } else if bps.is_none() && !was_resting {
            self.interrupt(now_us);
        } else if bps == Some(0) && self.probe.is_some_and(|probe| probe.is_filling()) {
            self.probe = None;
        }
        self.begin_probe(now_us);
    }

    /// What was going on is not continued.
    fn interrupt(&mut self, now_us: u64) {
        self.probe = None;
        self.silence = Silence::default();
        self.queue.interrupt();
        (self.bursts, self.trend, self.stuck) = (Bursts::default(), Trend::default(), None);
        self.losses.begin_anew(now_us);
        self.rate.hold(now_us);
    }

    /// Padding to be sent now for a probe; to be called until there is none.
    pub fn poll_padding(&mut self, now: Instant) -> Option<Padding> {
        let now_us = self.since_zero(now);
        let padding = self.probe.as_mut()?.poll(now_us)?;
        self.figures.padding_bytes += padding.bytes as u64;
        Some(padding)
    }

    /// When [`Self::handle_timeout`] is to be called at the latest; `None`: nothing to wait for. Called afterwards,
    /// [`Self::poll_padding`] and [`Self::poll_estimate`] may have something to tell.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.search.is_resting() {
            return None;
        }
        if self.probe.is_some_and(|probe| probe.is_filling()) {
            return Some(self.zero + Duration::from_micros(self.handled_us + SLICE_US));
        }
        let rtt_us = self.rtt_us.unwrap_or_default();
        let answer_us = self.probe.and_then(|probe| probe.deadline_us(rtt_us));
        // What is due already waits for feedback, not for time.
        let next_us =
            self.search.next_us(self.rate.bps()).filter(|next| *next > self.handled_us && self.probe.is_none());
        let due_us = [answer_us, next_us, self.silence.next_us()].into_iter().flatten().min()?;
        Some(self.zero + Duration::from_micros(due_us.max(self.handled_us + PATIENCE_US)))
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        let now_us = self.since_zero(now);
        self.handled_us = self.handled_us.max(now_us);
        if self.search.is_resting() {
            return;
        }
        let rtt_us = self.rtt_us.unwrap_or_default();
        if let Some(probe) = self.probe
            && probe.deadline_us(rtt_us).is_some_and(|deadline| deadline <= now_us)
        {
            self.end_probe(now_us, probe.conclude(self.losses.own()));
        }
        if let Some(left) = self.silence.step(now_us, self.rate.bps()) {
            self.rate.set(left);
            self.probe = None;
        }
        self.begin_probe(now_us);
    }

    /// A new estimate worth telling, in bits per second: the first, and each that differs from the one told before.
    pub fn poll_estimate(&mut self) -> Option<u64> {
        let bps = match (self.feedbacks, self.remb) {
            (Some(_), _) => self.rate.bps(),
            (None, Some(remb)) => remb as f64,
            (None, None) => return None,
        };
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
        self.rtt_us.map(Duration::from_micros)
    }

    /// The share that was lost of what was sent in the second before the newest packet that arrived. `None` without
    /// feedback lately.
    pub fn loss(&self, now: Instant) -> Option<f32> {
        let (newest_us, loss) = self.register.loss(LOSS_SPAN_US)?;
        (self.since_zero(now).saturating_sub(newest_us) <= LOSS_AGE_US).then_some(loss)
    }

    /// The peer's path has changed: begin anew, from no more than is known.
    pub fn reset(&mut self, now: Instant) {
        let now_us = self.since_zero(now);
        self.interrupt(now_us);
        self.register.forget();
        (self.queue, self.losses, self.jitter_us, self.rtt_us) = (Queue::default(), Losses::default(), 0.0, None);
        self.rate = Rate::new(self.rate.bps().min(START_BPS));
        self.search.begin_anew(now_us);
    }

    /// What was counted since the beginning.
    pub fn figures(&self) -> Figures {
        self.figures
    }
}
