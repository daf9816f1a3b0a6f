//! One sharing of a budget, without memory: a fixed order of steps, each taken if it fits.
//!
//! The order depends on the requests alone: first everybody's smallest layer, the most important picture first; then,
//! from the most important pictures to the least, one layer up after the other, in turn among equals. So more
//! bandwidth never gives less: of two budgets, the larger one takes the first step on which they differ.

use crate::slab::SectionKey;
use crate::units::{LayerIx, MAX_LAYERS};

/// What a picture is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Share {
    /// Nothing, for want of bandwidth.
    Paused,
    /// Up to this layer.
    UpTo(LayerIx),
}

/// One picture that a subscriber wants and that somebody sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) section: SectionKey,
    /// Higher is more important.
    pub(crate) priority: u8,
    /// Bits per second of each layer that can be had, up to the wanted one. At least one.
    pub(crate) rates: [Option<u64>; MAX_LAYERS],
    /// What it is sent now; `None` if nothing was decided yet.
    pub(crate) current: Option<Share>,
    /// What it shall be sent: the result.
    pub(crate) share: Share,
}

impl Request {
    /// What a share costs; a layer that is gone costs what the one below it does.
    pub(crate) fn cost(&self, share: Share) -> u64 {
        match share {
            Share::Paused => 0,
            Share::UpTo(layer) => self.at_most(layer).and_then(|index| self.rate(index)).unwrap_or(0),
        }
    }

    /// The largest layer that can be had.
    pub(crate) fn top(&self) -> Share {
        self.available(MAX_LAYERS).last().map_or(Share::Paused, Share::UpTo)
    }

    /// The smallest layer that can be had.
    pub(crate) fn bottom(&self) -> Share {
        self.available(MAX_LAYERS).next().map_or(Share::Paused, Share::UpTo)
    }

    /// What `share` comes to with the layers that there are: its largest one, or the smallest if all are larger.
    pub(crate) fn fit(&self, share: Share) -> Share {
        match share {
            Share::Paused => Share::Paused,
            Share::UpTo(layer) => self.at_most(layer).and_then(LayerIx::new).map_or(Share::Paused, Share::UpTo),
        }
    }

    fn at_most(&self, layer: LayerIx) -> Option<usize> {
        let below = self.available(layer.index() + 1).last();
        below.or_else(|| self.available(MAX_LAYERS).next()).map(LayerIx::index)
    }

    /// The step up from a share, and what it costs more. `None` at the top.
    pub(crate) fn next(&self, share: Share) -> Option<(LayerIx, u64)> {
        let first = match share {
            Share::Paused => 0,
            Share::UpTo(layer) => layer.index() + 1,
        };
        let layer = self.available(MAX_LAYERS).find(|layer| layer.index() >= first)?;
        Some((layer, self.rate(layer.index())?.saturating_sub(self.cost(share))))
    }

    fn available(&self, below: usize) -> impl Iterator<Item = LayerIx> {
        (0..below.min(MAX_LAYERS)).filter(|index| self.rate(*index).is_some()).filter_map(LayerIx::new)
    }

    fn rate(&self, index: usize) -> Option<u64> {
        self.rates.get(index).copied().flatten()
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
        climb(request, &mut left);
    }
    let mut start = 0;
    while let Some(priority) = requests.get(start).map(|request| request.priority) {
        let count = requests.iter().skip(start).take_while(|request| request.priority == priority).count();
        for _ in 1..MAX_LAYERS {
            for request in requests.iter_mut().skip(start).take(count) {
                if request.share != Share::Paused {
                    climb(request, &mut left);
                }
            }
        }
        start += count;
    }
    left
}

fn climb(request: &mut Request, left: &mut u64) {
    if let Some((layer, cost)) = request.next(request.share)
        && cost <= *left
    {
        request.share = Share::UpTo(layer);
        *left -= cost;
    }
}
