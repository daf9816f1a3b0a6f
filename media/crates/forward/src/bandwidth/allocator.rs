//! Sharing again and again, with memory: down soon, up late, and the later the more often it was in vain.

use super::steps::{Request, Share, rank, share_out};
use crate::units::Micros;

/// Share of the line that pictures and sound together may take before somebody goes down …
const KEEP_PERCENT: u64 = 95;
/// … and that they may take after somebody went up: an estimate that sways by a tenth moves nobody.
const RAISE_PERCENT: u64 = 85;
/// Too little for this long, and somebody goes down: one bad moment is none.
const DOWN_AFTER: Micros = Micros::from_millis(100);
/// … and this long before a picture is paused, which is worse than a moment of too much …
const PAUSE_AFTER: Micros = Micros::from_millis(3_000);
/// … if the smallest layers alone take this share of what there is: an estimate that has just fallen has fallen below
/// what the line carries.
const PAUSE_PERCENT: u64 = 140;
/// Room enough for this long, and somebody goes up …
const UP_AFTER: Micros = Micros::from_millis(1_500);
/// … and sooner while the line has not yet shown that it has an end.
const FIRST_UP_AFTER: Micros = Micros::from_millis(300);
/// Nobody goes up for this long after a way down …
const FIRST_HOLD: Micros = Micros::from_millis(5_000);
/// … which doubles, up to this, each time that a way up ends in one.
const LONGEST_HOLD: Micros = Micros::from_millis(60_000);
/// A way up has proved itself after this long.
const PROVED_AFTER: Micros = Micros::from_millis(20_000);

/// The memory of one subscriber's line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allocator {
    /// Since when it has been too little.
    over_since: Option<Micros>,
    /// Since when it has been too little even for the smallest layers.
    drowning_since: Option<Micros>,
    /// Since when there has been room for more, and the least that there was since.
    room: Option<(Micros, u64)>,
    up_at: Option<Micros>,
    down_at: Option<Micros>,
    hold: Micros,
}

impl Default for Allocator {
    fn default() -> Self {
        Self { over_since: None, drowning_since: None, room: None, up_at: None, down_at: None, hold: FIRST_HOLD }
    }
}

impl Allocator {
    /// Decide what each picture shall be sent on a line of `capacity` bits per second, of which sound and repairs take
    /// `reserved`. Puts the requests into order and fills in their shares.
    pub(crate) fn decide(&mut self, requests: &mut [Request], capacity: u64, reserved: u64, now: Micros) {
        rank(requests);
        let of_line = |percent: u64| (capacity.saturating_mul(percent) / 100).saturating_sub(reserved);
        let (keep, raise) = (of_line(KEEP_PERCENT), of_line(RAISE_PERCENT));
        let cost: u64 = requests.iter().map(|request| request.cost(kept(request))).sum();
        if cost > keep {
            self.room = None;
            let has_new = requests.iter().any(|request| request.current.is_none());
            let least: u64 = requests.iter().map(|request| request.cost(kept(request).min(request.bottom()))).sum();
            if least <= keep.saturating_mul(PAUSE_PERCENT) / 100 {
                self.drowning_since = None;
            } else {
                self.drowning_since.get_or_insert(now);
            }
            if now.since(*self.over_since.get_or_insert(now)) >= DOWN_AFTER || has_new {
                let may_pause = self.drowning_since.is_some_and(|since| now.since(since) >= PAUSE_AFTER);
                self.go_down(requests, keep, may_pause, now);
            } else {
                keep_all(requests);
            }
            return;
        }
        (self.over_since, self.drowning_since) = (None, None);
        if self.up_at.is_some_and(|at| now.since(at) >= PROVED_AFTER) {
            (self.up_at, self.hold) = (None, FIRST_HOLD);
        }
        if requests.iter().any(|request| request.current.is_none()) {
            self.room = None;
            Self::let_in(requests, keep, raise);
            return;
        }
        // The least that there was since there is room: one good moment is none either.
        let raise = self.room.map_or(raise, |(_, least)| least.min(raise));
        if !is_gain(requests, raise) {
            self.room = None;
            keep_all(requests);
            return;
        }
        let (since, _) = *self.room.get_or_insert((now, raise));
        let patience = if self.down_at.is_none() { FIRST_UP_AFTER } else { UP_AFTER };
        let is_held = self.down_at.is_some_and(|at| now.since(at) < self.hold);
        if now.since(since) >= patience && !is_held {
            (self.room, self.up_at) = (None, Some(now));
        } else {
            self.room = Some((since, raise));
            keep_all(requests);
        }
    }

    /// Share anew within the line. Nobody goes up by it, so that a way down frees what it is for.
    fn go_down(&mut self, requests: &mut [Request], keep: u64, may_pause: bool, now: Micros) {
        let least = |request: &Request| if may_pause { Share::Paused } else { kept(request).min(request.bottom()) };
        share_out(requests, keep, least);
        for request in requests.iter_mut().filter(|request| request.current.is_some()) {
            request.share = request.share.min(kept(request));
        }
        if requests.iter().all(|request| request.current.is_none_or(|share| share == request.share)) {
            return;
        }
        self.hold = match self.up_at.take() {
            Some(_) => Micros(self.hold.0.saturating_mul(2)).min(LONGEST_HOLD),
            None => self.hold,
        };
        self.down_at = Some(now);
    }

    /// Somebody new gets what is free, at once; if that is not all it asks for, those here before share with it.
    fn let_in(requests: &mut [Request], keep: u64, raise: u64) {
        share_out(requests, raise, kept);
        let is_short = |request: &Request| request.current.is_none() && request.share < request.top();
        if requests.iter().any(is_short) {
            share_out(requests, keep, |_| Share::Paused);
        }
        for request in requests.iter_mut().filter(|request| request.current.is_some()) {
            request.share = request.share.min(kept(request));
        }
    }
}

/// What a request has, as far as it can still be had.
fn kept(request: &Request) -> Share {
    request.current.map_or(Share::Paused, |share| request.fit(share))
}

/// Everybody keeps what there is.
fn keep_all(requests: &mut [Request]) {
    for request in requests {
        request.share = kept(request);
    }
}

/// Give more to some within `budget`, if that can be. Nobody gets less for it, but for the sake of more important ones.
fn is_gain(requests: &mut [Request], budget: u64) -> bool {
    share_out(requests, budget, kept);
    if requests.iter().any(|request| request.share > kept(request)) {
        return true;
    }
    share_out(requests, budget, |_| Share::Paused);
    let gains = requests.iter().filter(|request| request.share > kept(request)).map(|request| request.priority);
    let losses = requests.iter().filter(|request| request.share < kept(request)).map(|request| request.priority);
    gains.min().is_some_and(|least| losses.max().is_none_or(|most| most < least))
}
