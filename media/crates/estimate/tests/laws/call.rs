//! A sender of pictures, a line and a peer that tells of what arrived, all in virtual time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fastrand::Rng;
use palaver_estimate::{Estimator, Purpose};

use crate::encode::{Style, encode};
use crate::link::{Link, Rival, Weather};

const TICK_US: u64 = 1_000;
const FRAME_US: u64 = 40_000;
const LAYERS_BPS: [u64; 3] = [150_000, 500_000, 1_700_000];
/// The peer's clock differs from ours.
const PEER_CLOCK_US: u64 = 7_777_000_000;
/// No packet carries more.
const MTU: u64 = 1_200;

/// What one moment was like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) at_us: u64,
    pub(crate) estimate: u64,
    pub(crate) wait_us: u64,
}

pub(crate) struct Call {
    pub(crate) estimator: Estimator,
    pub(crate) samples: Vec<Sample>,
    pub(crate) now_us: u64,
    /// The largest layer of pictures that there is; 0: none is sent.
    pub(crate) best_bps: u64,
    pub(crate) frame_packets: u64,
    /// What is told as wanted, while it is not reached (or always).
    pub(crate) wanted_bps: u64,
    pub(crate) is_never_content: bool,
    /// Feedback comes twice, and a part of it late.
    pub(crate) is_feedback_muddled: bool,
    pub(crate) rival: Option<Rival>,
    pub(crate) wakes: u64,
    pub(crate) padding_bytes: u64,
    zero: Instant,
    dice: Rng,
    link: Link,
    estimate: u64,
    feedback_each_us: u64,
    numbers: u64,
    /// When they arrive, in the order of their arrival.
    on_way: BTreeMap<(u64, u64), u64>,
    arrived: BTreeMap<u64, u64>,
    next_untold: u64,
    feedbacks: u8,
    coming: Vec<(u64, Vec<u8>)>,
}

impl Call {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Rng::with_seed(seed);
        let zero = Instant::now();
        let feedback_each_us = dice.u64(50..=100) * 1_000;
        let mut estimator = Estimator::new(zero);
        // So that the numbers wrap soon, and are not those of the start.
        let before = dice.u64(0..66_000);
        for _ in 0..before {
            estimator.on_sent(zero, 100, Purpose::Media);
        }
        Self {
            estimator,
            samples: Vec::new(),
            now_us: 0,
            best_bps: 1_700_000,
            frame_packets: 8,
            wanted_bps: 1_700_000 * 5 / 4,
            is_never_content: false,
            is_feedback_muddled: false,
            rival: None,
            wakes: 0,
            padding_bytes: 0,
            zero,
            dice,
            link: Link::default(),
            estimate: u64::MAX,
            feedback_each_us,
            numbers: before,
            on_way: BTreeMap::new(),
            arrived: BTreeMap::new(),
            next_untold: before,
            feedbacks: 0,
            coming: Vec::new(),
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.zero + Duration::from_micros(self.now_us)
    }

    fn send(&mut self, bytes: u64, purpose: Purpose, weather: &Weather) {
        let number = self.estimator.on_sent(self.now(), bytes as usize, purpose);
        assert_eq!(number, self.numbers as u16);
        if let Some(at) = self.link.send(self.now_us, bytes as usize, weather, &mut self.dice) {
            self.on_way.insert((at, self.numbers), self.numbers);
        }
        self.numbers += 1;
    }

    /// A key frame, all at once.
    pub(crate) fn send_burst(&mut self, packets: u64, weather: &Weather) {
        for _ in 0..packets {
            self.send(MTU, Purpose::Media, weather);
        }
    }

    fn layer(&self) -> u64 {
        let fits = |layer: &&u64| **layer <= self.best_bps && **layer <= self.estimate;
        LAYERS_BPS.iter().rev().find(fits).copied().unwrap_or(LAYERS_BPS[0]).min(self.best_bps)
    }

    /// Goes on for so long; the line is as `weather` says.
    pub(crate) fn run(&mut self, span_ms: u64, weather: &Weather) {
        let until_us = self.now_us + span_ms * 1_000;
        while self.now_us < until_us {
            self.tick(weather);
            self.now_us += TICK_US;
        }
    }

    fn tick(&mut self, weather: &Weather) {
        let now_us = self.now_us;
        if let Some(rival) = &mut self.rival {
            rival.send(now_us, TICK_US, &mut self.link, weather, &mut self.dice);
        }
        if now_us.is_multiple_of(100_000) {
            let is_content = !self.is_never_content && self.layer() >= self.best_bps.min(self.wanted_bps);
            let wanted = if is_content { 0 } else { self.wanted_bps };
            self.estimator.set_desired(self.now(), (self.best_bps > 0).then_some(wanted));
        }
        if now_us.is_multiple_of(FRAME_US) && self.best_bps > 0 {
            let bytes = self.layer() * FRAME_US / 8_000_000;
            let packets = self.frame_packets.max(bytes.div_ceil(MTU));
            for _ in 0..packets {
                self.send(bytes / packets, Purpose::Media, weather);
            }
        }
        self.receive(weather);
        for (_, feedback) in self.coming.extract_if(.., |(at, _)| *at <= now_us).collect::<Vec<_>>() {
            self.estimator.on_feedback(self.now(), &feedback);
        }
        if self.estimator.poll_timeout().is_some_and(|at| at <= self.now()) {
            self.wakes += 1;
            self.estimator.handle_timeout(self.now());
            assert!(self.estimator.poll_timeout().is_none_or(|at| at > self.now()), "no timer in the past");
        }
        while let Some(padding) = self.estimator.poll_padding(self.now()) {
            assert!(padding.bytes <= 1_200);
            self.padding_bytes += padding.bytes as u64;
            self.send(padding.bytes as u64, Purpose::Padding(Some(padding.cluster)), weather);
        }
        if let Some(estimate) = self.estimator.poll_estimate() {
            self.estimate = estimate;
        }
        if now_us.is_multiple_of(10_000) {
            let wait_us = self.link.wait_us(now_us, weather);
            self.samples.push(Sample { at_us: now_us, estimate: self.estimate, wait_us });
        }
    }

    /// The peer notes what arrives, and tells of it as browsers do: all from the first that was not told of.
    fn receive(&mut self, weather: &Weather) {
        while let Some(((at, number), _)) = self.on_way.first_key_value().map(|(key, value)| (*key, *value)) {
            if at > self.now_us {
                break;
            }
            self.on_way.pop_first();
            self.arrived.insert(number, at);
            self.next_untold = self.next_untold.min(number);
        }
        if !self.now_us.is_multiple_of(self.feedback_each_us) {
            return;
        }
        let Some((&newest, _)) = self.arrived.last_key_value().filter(|(newest, _)| **newest >= self.next_untold)
        else {
            return;
        };
        let ticks = |number| self.arrived.get(&number).map(|at| ((at + PEER_CLOCK_US) / 250).cast_signed());
        let arrivals: Vec<_> = (self.next_untold..=newest).map(ticks).collect();
        let style = [Style::Runs, Style::Ones, Style::Twos][self.dice.usize(0..3)];
        let feedback = encode(self.next_untold as u16, self.feedbacks, &arrivals, style);
        self.feedbacks = self.feedbacks.wrapping_add(1);
        self.next_untold = newest + 1;
        while self.arrived.len() > 4_000 {
            self.arrived.pop_first();
        }
        if weather.bps == 0 || self.dice.f64() < weather.feedback_loss {
            return;
        }
        let mut at = self.now_us + weather.delay_us;
        if self.is_feedback_muddled {
            self.coming.push((at, feedback.clone()));
            at += self.dice.u64(0..150_000);
        }
        self.coming.push((at, feedback));
    }

    /// The samples of a stretch.
    pub(crate) fn between(&self, from_ms: u64, until_ms: u64) -> impl Iterator<Item = &Sample> + Clone {
        let stretch = from_ms * 1_000..until_ms * 1_000;
        self.samples.iter().filter(move |sample| stretch.contains(&sample.at_us) && sample.estimate != u64::MAX)
    }

    /// When the estimate first was at least (or at most) so much, from then on, in milliseconds.
    pub(crate) fn when(&self, from_ms: u64, is: impl Fn(u64) -> bool) -> Option<u64> {
        self.between(from_ms, u64::MAX / 1_000)
            .find(|sample| is(sample.estimate))
            .map(|sample| sample.at_us / 1_000 - from_ms)
    }
}

/// How long a packet would have waited, on average.
pub(crate) fn mean_wait_ms<'a>(samples: impl Iterator<Item = &'a Sample> + Clone) -> f64 {
    samples.clone().map(|sample| sample.wait_us as f64).sum::<f64>() / samples.count() as f64 / 1e3
}
