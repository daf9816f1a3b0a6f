//! A network that loses, delays, reorders, narrows and breaks, as a seed decides.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A datagram on its way.
pub(crate) struct Parcel {
    /// Which client it belongs to.
    pub(crate) who: usize,
    /// [`super::TO_CLIENT`] or [`super::TO_SERVER`].
    pub(crate) direction: usize,
    pub(crate) bytes: Vec<u8>,
}

/// How one client's line is at the moment, both ways.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Conditions {
    /// Share of datagrams that vanish.
    pub(crate) loss: f64,
    /// Each takes this long,
    pub(crate) delay: Duration,
    /// and up to this much longer, so that they overtake each other.
    pub(crate) jitter: Duration,
    /// The line carries so many bits per second, and what it cannot take within [`MAX_QUEUE`] vanishes.
    pub(crate) bits_per_s: Option<u64>,
    /// Nothing gets through.
    pub(crate) is_out: bool,
}

/// What a narrow line holds back at most: a usual home router.
const MAX_QUEUE: Duration = Duration::from_millis(300);

/// Everybody's lines, and what is on them.
pub(crate) struct Network {
    dice: fastrand::Rng,
    lines: BTreeMap<usize, Conditions>,
    /// Until when a line is busy with what it took.
    busy: BTreeMap<(usize, usize), Instant>,
    parcels: BTreeMap<(Instant, u64), Parcel>,
    count: u64,
}

impl Network {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            dice: fastrand::Rng::with_seed(seed),
            lines: BTreeMap::new(),
            busy: BTreeMap::new(),
            parcels: BTreeMap::new(),
            count: 0,
        }
    }

    /// How somebody's line is from now on.
    pub(crate) fn set(&mut self, who: usize, conditions: Conditions) {
        self.lines.insert(who, conditions);
    }

    pub(crate) fn send(&mut self, now: Instant, parcel: Parcel) {
        let line = self.lines.get(&parcel.who).copied().unwrap_or_default();
        if line.is_out || self.dice.f64() < line.loss {
            return;
        }
        let mut at = now;
        if let Some(bits_per_s) = line.bits_per_s {
            let busy = self.busy.entry((parcel.who, parcel.direction)).or_insert(now);
            let begin = now.max(*busy);
            if begin - now > MAX_QUEUE {
                return;
            }
            *busy = begin + Duration::from_secs_f64(parcel.bytes.len() as f64 * 8.0 / bits_per_s as f64);
            at = *busy;
        }
        let jitter = line.jitter.mul_f64(self.dice.f64());
        self.count += 1;
        self.parcels.insert((at + line.delay + jitter, self.count), parcel);
    }

    /// When the next datagram arrives.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.parcels.keys().next().map(|(at, _)| *at)
    }

    /// A datagram that has arrived.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Parcel> {
        let entry = self.parcels.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }
}
