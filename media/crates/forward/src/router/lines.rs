//! Subscribers' lines: what each of their pictures may cost, and what the estimators are told.

use super::api::{Kind, Output};
use super::subscription::Subscription;
use super::track::{Layer, Track};
use super::{Router, Section};
use crate::bandwidth::{Allocator, Line, LineReport, Need, Rates, Request, Rung, Share};
use crate::slab::{SectionKey, Slab, SubscriberKey, TrackKey};
use crate::units::{LayerIx, MAX_LAYERS, Micros, TEMPORAL_LAYERS};
use crate::voices::Hearing;

/// What a layer is taken to cost before it was measured: usual rates of a camera that sends one, two or three layers.
const USUAL_BPS: [[u64; MAX_LAYERS]; MAX_LAYERS] =
    [[500_000, 0, 0], [150_000, 600_000, 0], [150_000, 500_000, 1_700_000]];
/// Fewer frames a second of a picture are worse than all frames of the next smaller one, if there is one.
const FEWEST_FPS: u32 = 12;
/// Frames left out must make up more than this share of a layer: a switch for less is not worth it.
const LEAST_GAIN_PERCENT: u64 = 10;
/// What a voice is taken to cost before it was measured.
const USUAL_VOICE_BPS: u64 = 40_000;

/// The owner of sections that share one line.
#[derive(Debug)]
pub(super) struct Subscriber {
    target: u64,
    sections: Vec<SectionKey>,
    line: Line,
    allocator: Allocator,
    /// Its pictures may be stopped where they do not fit.
    may_pause: bool,
    /// A track is there for it when its first packet is.
    pub(super) needs_opening: bool,
    /// What the estimator was told last.
    told: Option<u64>,
}

impl Router {
    /// Add a participant whose sections share one line. `target` is the caller's own word; it comes back in
    /// [`Output::Demand`]. Without an estimate there is no limit.
    pub fn add_subscriber(&mut self, target: u64) -> SubscriberKey {
        self.subscribers.insert(Subscriber {
            target,
            sections: Vec::new(),
            line: Line::default(),
            allocator: Allocator::default(),
            may_pause: true,
            needs_opening: false,
            told: None,
        })
    }

    /// Remove a subscriber; its sections stay, without a limit.
    pub fn remove_subscriber(&mut self, subscriber: SubscriberKey, now: Micros) {
        let Some(removed) = self.subscribers.remove(subscriber) else { return };
        for section in removed.sections {
            if let Some(state) = self.sections.get_mut(section) {
                state.subscriber = None;
            }
            self.change_subscription(section, now, |subscription| {
                (subscription.share, subscription.is_limited) = (None, false);
            });
        }
    }

    /// Let a section share a subscriber's line.
    pub fn set_subscriber(&mut self, section: SectionKey, subscriber: SubscriberKey, now: Micros) {
        self.leave_line(section);
        let Some(owner) = self.subscribers.get_mut(subscriber) else { return };
        let Some(state) = self.sections.get_mut(section) else { return };
        owner.sections.push(section);
        state.subscriber = Some(subscriber);
        self.change_subscription(section, now, |_| {});
    }

    /// What the subscriber's line is estimated to carry, in bits per second.
    pub fn on_estimate(&mut self, subscriber: SubscriberKey, bps: u64, now: Micros) {
        let Some(state) = self.subscribers.get_mut(subscriber) else { return };
        if state.line.on_estimate(bps) {
            self.share_line(subscriber, now);
        }
    }

    /// Send the subscriber no more than `bps` bits per second, whatever its line carries; 0 lifts the limit.
    pub fn limit_line(&mut self, subscriber: SubscriberKey, bps: u64, now: Micros) {
        let Some(state) = self.subscribers.get_mut(subscriber) else { return };
        state.line.limit(bps);
        self.share_line(subscriber, now);
    }

    /// Whether pictures may be stopped where the line is too narrow for them. If not, the smallest layers go on whatever
    /// becomes of them.
    pub fn set_may_pause(&mut self, subscriber: SubscriberKey, may_pause: bool, now: Micros) {
        let Some(state) = self.subscribers.get_mut(subscriber) else { return };
        state.may_pause = may_pause;
        self.share_line(subscriber, now);
    }

    /// A second of the subscriber's line.
    pub fn on_line_report(&mut self, subscriber: SubscriberKey, report: &LineReport) {
        if let Some(state) = self.subscribers.get_mut(subscriber) {
            state.line.on_report(report);
        }
    }

    pub(super) fn leave_line(&mut self, section: SectionKey) {
        let Some(before) = self.sections.get_mut(section).and_then(|state| state.subscriber.take()) else { return };
        if let Some(owner) = self.subscribers.get_mut(before) {
            owner.sections.retain(|kept| *kept != section);
        }
    }

    pub(super) fn share_lines(&mut self, now: Micros) {
        for index in 0..self.subscribers.capacity() {
            if let Some(subscriber) = self.subscribers.key_at(index) {
                self.share_line(subscriber, now);
            }
        }
    }

    pub(super) fn share_line_of(&mut self, section: SectionKey, now: Micros) {
        if let Some(subscriber) = self.sections.get(section).and_then(|section| section.subscriber) {
            self.share_line(subscriber, now);
        }
    }

    /// Decide anew what a subscriber's pictures get.
    fn share_line(&mut self, key: SubscriberKey, now: Micros) {
        let Some(subscriber) = self.subscribers.get_mut(key) else { return };
        let Some(capacity) = subscriber.line.capacity() else { return };
        self.requests.clear();
        let mut sound_bps = 0_u64;
        for section in &subscriber.sections {
            let Some((_, track, subscription)) = shown(&mut self.sections, &mut self.tracks, *section) else {
                continue;
            };
            let Some(subscription) = track.subscriptions.get_mut(subscription) else { continue };
            subscription.is_limited = track.kind == Kind::Video;
            if !subscription.is_wanted() || track.is_muted || track.hearing == Hearing::Nobody {
                continue;
            }
            if track.kind == Kind::Audio {
                let measured = track.layers.first().and_then(|layer| layer.meter.bps(now));
                sound_bps = sound_bps.saturating_add(measured.unwrap_or(USUAL_VOICE_BPS));
                continue;
            }
            let subscription = *subscription;
            if let Some(request) = request(track, &subscription, now) {
                self.requests.push(request);
            }
        }
        let sum = |of: fn(&Request) -> u64| self.requests.iter().map(of).sum::<u64>().saturating_add(sound_bps);
        let before = sum(|request| request.current.map_or(0, |share| request.cost(share)));
        let reserved = sound_bps.saturating_add(subscriber.line.repairs(before));
        let wanted_bps = sum(|request| request.cost(request.top()));
        subscriber.allocator.decide(&mut self.requests, capacity, reserved, now);
        if !(subscriber.may_pause && subscriber.line.may_pause()) {
            for request in self.requests.iter_mut().filter(|request| request.share == Share::Paused) {
                request.share = request.bottom();
            }
        }
        let need = Need {
            wanted_bps,
            is_short: self.requests.iter().any(|request| request.share < request.top()),
            has_pictures: !self.requests.is_empty(),
        };
        let desired = subscriber.line.desire(need);
        if is_news(subscriber.told, desired) {
            subscriber.told = desired;
            self.outputs.push_back(Output::Demand { target: subscriber.target, desired_bps: desired });
        }
        self.apply_shares(now);
    }

    /// Carry out what was decided.
    fn apply_shares(&mut self, now: Micros) {
        let mut is_changed = false;
        for request in &self.requests {
            if request.current == Some(request.share) {
                continue;
            }
            let Some((section, track, position)) = shown(&mut self.sections, &mut self.tracks, request.section) else {
                continue;
            };
            let target = section.target;
            let Some(subscription) = track.subscriptions.get_mut(position) else { continue };
            subscription.share = Some(request.share);
            let is_paused = request.share == Share::Paused;
            if is_paused != subscription.is_told_paused {
                subscription.is_told_paused = is_paused;
                self.outputs.push_back(Output::PictureState { target, is_paused });
            }
            subscription.choose(track.kind, &track.lives, &track.layers, now);
            track.demand_keyframes(now);
            is_changed = true;
        }
        if is_changed {
            self.timers.wake();
        }
    }
}

/// A section, the track that it shows, and the position of its subscription there.
fn shown<'a>(
    sections: &'a mut Slab<SectionKey, Section>,
    tracks: &'a mut Slab<TrackKey, Track>,
    section: SectionKey,
) -> Option<(&'a mut Section, &'a mut Track, usize)> {
    let state = sections.get_mut(section)?;
    let (track, position) = state.shows?;
    Some((state, tracks.get_mut(track)?, position))
}

/// What a subscription asks of the line. `None` while its track sends nothing.
fn request(track: &Track, subscription: &Subscription, now: Micros) -> Option<Request> {
    let max = subscription.wish();
    let usual = USUAL_BPS.get(track.layer_count.saturating_sub(1));
    let mut rates = Rates::default();
    let mut below = 0;
    let mut is_lowest = true;
    // Up to the wanted layer; if none of these lives, the smallest above, as it is with the choice of layers.
    for (index, (rates, state)) in rates.chunks_exact_mut(TEMPORAL_LAYERS).zip(&track.layers).enumerate() {
        let Some(layer) = LayerIx::new(index).filter(|layer| track.lives.is_alive(*layer)) else { continue };
        if layer > max && !is_lowest {
            break;
        }
        let usual = usual.and_then(|rates| rates.get(index)).copied();
        below = ladder(rates, layer, state, subscription, (usual, below, is_lowest), now);
        is_lowest = false;
    }
    rates.iter().any(Option::is_some).then_some(Request {
        section: subscription.section,
        priority: subscription.settings.priority,
        rates,
        current: subscription.share,
        share: Share::Paused,
    })
}

/// Fill in what a layer costs with all of its frames and with fewer. Answers what it costs at most.
fn ladder(
    rates: &mut [Option<u64>],
    layer: LayerIx,
    state: &Layer,
    subscription: &Subscription,
    (usual, below, is_lowest): (Option<u64>, u64, bool),
    now: Micros,
) -> u64 {
    let cap = subscription.frame_cap(state);
    let whole = state.meter.bps_up_to(cap, now).or(usual);
    let (Some(most), Some(rate)) = (whole, rates.last_mut()) else { return below };
    *rate = whole;
    for (temporal, rate) in (0..cap).zip(rates) {
        let Some(bps) = state.meter.bps_up_to(temporal, now) else { break };
        let is_worth_it = bps > below && bps.saturating_mul(100) < most.saturating_mul(100 - LEAST_GAIN_PERCENT);
        let is_fluent = is_lowest || state.rates.per_second(temporal) >= FEWEST_FPS;
        // What is sent now stays to be had.
        let is_current = subscription.share == Some(Share::UpTo(Rung::new(layer, temporal)));
        *rate = ((is_worth_it && is_fluent) || is_current).then_some(bps);
    }
    most
}

/// What is wanted changes all the time by a little, and each rise makes the estimator probe: only beginnings and ends
/// are told.
fn is_news(told: Option<u64>, desired: Option<u64>) -> bool {
    match (told, desired) {
        (Some(told), Some(desired)) => (told == 0) != (desired == 0),
        (told, desired) => told.is_some() != desired.is_some(),
    }
}
