//! One sharing of a budget, without memory: a fixed order of steps, each taken if it fits.
//!
//! The order depends on the requests alone: first everybody's smallest layer with as few frames as it can have, the most
//! important picture first; then, from the most important pictures to the least, one layer up after the other, in turn
//! among equals, with fewer frames where the whole layer does not fit. So more bandwidth never gives less: of two budgets,
//! the larger one takes the first step on which they differ.

use crate::slab::SectionKey;
use crate::units::{LayerIx, MAX_LAYERS, TEMPORAL_LAYERS};

/// What a picture is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Share {
    /// Nothing, for want of bandwidth.
    Paused,
    /// Up to this much.
    UpTo(Rung),
}

/// A layer with some of its frames, or all, by its place among all that a request can name: a larger picture is better
/// than more frames of a smaller one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rung(u8);

impl Rung {
    /// The temporal layer that leaves no frame out.
    pub(crate) const ALL: u8 = TEMPORAL_LAYERS as u8 - 1;

    /// The frames of a layer up to a temporal layer.
    pub(crate) const fn new(layer: LayerIx, temporal: u8) -> Self {
        Self(layer.index() as u8 * TEMPORAL_LAYERS as u8 + if temporal > Self::ALL { Self::ALL } else { temporal })
    }

    pub(crate) fn layer(self) -> LayerIx {
        LayerIx::new(usize::from(self.0) / TEMPORAL_LAYERS).unwrap_or(LayerIx::HIGHEST)
    }

    /// The highest temporal layer sent; [`Self::ALL`] sets no bound.
    pub(crate) const fn temporal(self) -> u8 {
        self.0 % TEMPORAL_LAYERS as u8
    }

    /// With all frames of its layer.
    const fn whole(self) -> Self {
        Self(self.0 | Self::ALL)
    }

    pub(crate) const fn is_whole(self) -> bool {
        self.temporal() == Self::ALL
    }
}

/// How many there are.
const RUNGS: usize = MAX_LAYERS * TEMPORAL_LAYERS;

/// Bits per second of each rung that can be had, in their order: those of a layer side by side.
pub(crate) type Rates = [Option<u64>; RUNGS];

/// One picture that a subscriber wants and that somebody sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) section: SectionKey,
    /// Higher is more important.
    pub(crate) priority: u8,
    /// What can be had, up to the wanted layer. At least one; the higher, the more.
    pub(crate) rates: Rates,
    /// What it is sent now; `None` if nothing was decided yet.
    pub(crate) current: Option<Share>,
    /// What it shall be sent: the result.
    pub(crate) share: Share,
}

impl Request {
    /// What a share costs; one that is gone costs what the one below it does.
    pub(crate) fn cost(&self, share: Share) -> u64 {
        match share {
            Share::Paused => 0,
            Share::UpTo(rung) => self.rate(rung).or_else(|| self.rate(self.at_most(rung)?)).unwrap_or(0),
        }
    }

    /// The most that can be had.
    pub(crate) fn top(&self) -> Share {
        (0..RUNGS as u8).rev().find_map(|place| self.available(place)).map_or(Share::Paused, Share::UpTo)
    }

    /// The least that can be had.
    pub(crate) fn bottom(&self) -> Share {
        (0..RUNGS as u8).find_map(|place| self.available(place)).map_or(Share::Paused, Share::UpTo)
    }

    /// What `share` comes to with what there is: the most of it, or the least if all is more.
    pub(crate) fn fit(&self, share: Share) -> Share {
        match share {
            Share::UpTo(rung) if self.rate(rung).is_none() => self.at_most(rung).map_or(Share::Paused, Share::UpTo),
            share => share,
        }
    }

    fn at_most(&self, Rung(most): Rung) -> Option<Rung> {
        let below = (0..=most).rev().find_map(|place| self.available(place));
        below.or_else(|| (most..RUNGS as u8).find_map(|place| self.available(place)))
    }

    /// The smallest step up from a share, and what it costs more. `None` at the top.
    pub(crate) fn next(&self, share: Share) -> Option<(Rung, u64)> {
        let first = match share {
            Share::Paused => 0,
            Share::UpTo(Rung(place)) => place + 1,
        };
        let rung = (first..RUNGS as u8).find_map(|place| self.available(place))?;
        Some((rung, self.rate(rung)?.saturating_sub(self.cost(share))))
    }

    /// The next layer as a whole, or what is missing of this one; if that is more than `budget`, as much of it as fits.
    fn climb(&self, share: Share, budget: u64) -> Option<(Rung, u64)> {
        let (next, cost) = self.next(share)?;
        if cost > budget {
            return None;
        }
        let has = self.cost(share);
        (next.0..=next.whole().0).rev().find_map(|place| {
            let rung = self.available(place)?;
            let cost = self.rate(rung)?.saturating_sub(has);
            (cost <= budget).then_some((rung, cost))
        })
    }

    /// The rung at a place, if it can be had.
    fn available(&self, place: u8) -> Option<Rung> {
        self.rate(Rung(place)).map(|_| Rung(place))
    }

    fn rate(&self, Rung(place): Rung) -> Option<u64> {
        self.rates.get(usize::from(place)).copied().flatten()
    }
}

/// Bring requests into the order in which they are served. Stable, so that equals keep their places.
pub(crate) fn rank(requests: &mut [Request]) {
    // Insertion: few, nearly ordered, and nothing is allocated.
    for end in 1..requests.len() {
        let mut at = end;
        while at > 0 && importance(requests, at) > importance(requests, at - 1) {
            requests.swap(at, at - 1);
            at -= 1;
        }
    }
}

/// Who asked for a larger picture shows it larger.
fn importance(requests: &[Request], at: usize) -> Option<(u8, Share)> {
    requests.get(at).map(|request| (request.priority, request.top()))
}

/// Share `budget` among ranked requests, beginning with what `keep` leaves each of them. Answers what is left.
pub(crate) fn share_out(requests: &mut [Request], budget: u64, keep: impl Fn(&Request) -> Share) -> u64 {
    let mut left = budget;
    for request in requests.iter_mut() {
        request.share = keep(request);
        left = left.saturating_sub(request.cost(request.share));
    }
    for request in requests.iter_mut().filter(|request| request.share == Share::Paused) {
        let least = request.next(Share::Paused).filter(|(_, cost)| *cost <= left);
        step(request, least, &mut left);
    }
    let mut start = 0;
    while let Some(priority) = requests.get(start).map(|request| request.priority) {
        let count = requests.iter().skip(start).take_while(|request| request.priority == priority).count();
        let mut is_rising = true;
        while is_rising {
            is_rising = false;
            for request in requests.iter_mut().skip(start).take(count) {
                if request.share != Share::Paused {
                    let more = request.climb(request.share, left);
                    is_rising |= step(request, more, &mut left);
                }
            }
        }
        start += count;
    }
    left
}

/// Answers whether a step was taken.
fn step(request: &mut Request, taken: Option<(Rung, u64)>, left: &mut u64) -> bool {
    if let Some((rung, cost)) = taken {
        request.share = Share::UpTo(rung);
        *left -= cost;
    }
    taken.is_some()
}
