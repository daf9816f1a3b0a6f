//! What the feedback tells of the way to the peer: what was sent, when it arrived, and how long it waited.

use crate::bursts::Bursts;
use crate::feedback::{Feedback, PeerClock, TICK_US, Told};
use crate::meter::Meter;
use crate::probe::Probe;
use crate::queue::Queue;
use crate::register::{Register, Sent};
use crate::trend::{Trend, Usage};

/// A peer's clock that goes back by more was set.
const SET_BACK_US: i64 = 10_000_000;
/// How fast the jitter follows, and the most that one burst adds.
const JITTER_FOLLOW: f64 = 0.08;
const JITTER_MOST_US: f64 = 200_000.0;
/// A packet that waits longer, of all lately the one that waited least, waits in a queue.
const QUEUE_US: i64 = 25_000;
/// How many slots of a meter tell what arrives now, and what does in the long run.
const NOW: u64 = 4;
const LATELY: u64 = 9;
/// Feedback that is ahead of the last by more came before it.
const AHEAD: u8 = 128;

/// What came of feedback.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct News {
    pub(crate) is_first: bool,
    /// How many packets arrived of which this was not known …
    pub(crate) arrived: u32,
    /// … how many of these had been told of as missing …
    pub(crate) found: u32,
    /// … and how many are missing.
    pub(crate) missing: u32,
    /// Told of, and never sent, forgotten, or known.
    pub(crate) unknown: u32,
}

/// The way to the peer.
#[derive(Debug, Default)]
pub(crate) struct Way {
    register: Register,
    clock: PeerClock,
    /// The number of the newest feedback.
    newest: Option<u8>,
    sending: Meter,
    arriving: Meter,
    /// The peer's clock when the newest packet arrived …
    arrived_us: Option<i64>,
    /// … and how much of the time until then no feedback told of.
    untold_us: i64,
    queue: Queue,
    bursts: Bursts,
    trend: Trend,
    jitter_us: f64,
    rtt_us: Option<u64>,
}

impl Way {
    pub(crate) fn has_feedback(&self) -> bool {
        self.newest.is_some()
    }

    pub(crate) fn next_number(&self) -> u64 {
        self.register.next()
    }

    pub(crate) fn told_until(&self) -> u64 {
        self.register.told_until()
    }

    pub(crate) fn rtt_us(&self) -> Option<u64> {
        self.rtt_us
    }

    pub(crate) fn jitter_us(&self) -> f64 {
        self.jitter_us
    }

    /// A packet goes out. Answers its number.
    pub(crate) fn on_sent(&mut self, now_us: u64, bytes: usize, tag: u8) -> u64 {
        self.sending.add(now_us, bytes.min(u16::MAX.into()) as u16);
        self.register.push(now_us, bytes, tag)
    }

    /// `None`: malformed. What cannot be true changes nothing.
    pub(crate) fn on_feedback(&mut self, now_us: u64, fci: &[u8], mut probe: Option<&mut Probe>) -> Option<News> {
        let feedback = Feedback::parse(fci)?;
        let mut news = News { is_first: self.newest.is_none(), ..News::default() };
        let Some(base) = self.register.unwrap(feedback.base) else {
            news.unknown = u32::from(feedback.packets);
            return Some(news);
        };
        let ahead = self.newest.map_or(1, |newest| feedback.count.wrapping_sub(newest));
        let is_next = ahead == 1;
        if let Some(probe) = probe.as_deref_mut().filter(|_| (2..AHEAD).contains(&ahead)) {
            probe.on_gap();
        }
        if (1..AHEAD).contains(&ahead) {
            self.newest = Some(feedback.count);
        }
        let told_until = self.register.told_until();
        if is_next && !news.is_first {
            news.missing += self.register.miss(told_until, base);
        }
        let reference = self.clock.ticks(feedback.reference);
        let mut is_seamless = is_next;
        let mut shortest: Option<u64> = None;
        feedback.each(|told| match told {
            Told::Missing { offset, packets } => {
                let from = base + u64::from(offset);
                news.missing += self.register.miss(from, from + u64::from(packets));
            }
            Told::Arrived { offset, ticks } => {
                let number = base + u64::from(offset);
                let Some(packet) = self.register.arrive(number) else {
                    news.unknown += 1;
                    return;
                };
                news.arrived += 1;
                news.found += u32::from(packet.was_missing);
                let took_us = now_us.saturating_sub(packet.sent.at_us);
                shortest = Some(shortest.map_or(took_us, |least| least.min(took_us)));
                let arrived_us = (reference + ticks) * TICK_US;
                self.on_arrived(packet.sent, arrived_us, is_seamless);
                is_seamless = true;
                if let Some(probe) = probe.as_deref_mut().filter(|probe| probe.tag() == packet.sent.probe) {
                    probe.on_arrived(number, packet.sent.at_us, arrived_us, packet.sent.bytes);
                }
            }
        });
        self.rtt_us = shortest.or(self.rtt_us);
        Some(news)
    }

    fn on_arrived(&mut self, sent: Sent, arrived_us: i64, is_seamless: bool) {
        let sent_us = sent.at_us.cast_signed();
        let mut before_us = *self.arrived_us.get_or_insert(arrived_us);
        if before_us - arrived_us > SET_BACK_US {
            self.arriving = Meter::default();
            (self.bursts, self.trend) = (Bursts::default(), Trend::default());
            (self.arrived_us, self.untold_us, before_us) = (Some(arrived_us), 0, arrived_us);
        }
        if arrived_us > before_us {
            if !is_seamless {
                self.untold_us += arrived_us - before_us;
            }
            self.arrived_us = Some(arrived_us);
        }
        self.arriving.add((arrived_us - self.untold_us).max(0).cast_unsigned(), sent.bytes);
        self.queue.add(arrived_us, arrived_us - sent_us);
        if let Some(difference) = self.bursts.add(sent_us, arrived_us) {
            self.trend.add(&difference);
            // Behind a queue that grows all come later than the burst before: that is no jitter. Nor is what probes do.
            if self.queue.standing_us() > QUEUE_US || sent.probe != 0 {
                return;
            }
            let jitter_us = (difference.first_longer_us.abs() as f64).min(JITTER_MOST_US);
            self.jitter_us += JITTER_FOLLOW * (jitter_us - self.jitter_us);
        }
    }

    /// Bits per second that were sent lately.
    pub(crate) fn sent_bps(&self, now_us: u64) -> Option<f64> {
        self.sending.bps(now_us, LATELY)
    }

    /// Bits per second that arrived lately, and in the last moment.
    pub(crate) fn arriving_bps(&self) -> Option<(f64, f64)> {
        let at_us = (self.arrived_us? - self.untold_us).max(0).cast_unsigned();
        let lately = self.arriving.bps(at_us, LATELY)?;
        Some((lately, self.arriving.bps(at_us, NOW).unwrap_or(lately)))
    }

    /// How long the packet waited that waited least lately.
    pub(crate) fn standing_us(&self) -> i64 {
        self.queue.standing_us()
    }

    /// The queue is on its way out.
    pub(crate) fn is_emptying(&self) -> bool {
        self.queue.is_falling()
    }

    pub(crate) fn usage(&self) -> Usage {
        self.trend.usage()
    }

    /// When the newest packet that arrived was sent, and the share that is missing of what was sent in so long before.
    pub(crate) fn loss(&self, span_us: u64) -> Option<(u64, f32)> {
        self.register.loss(span_us)
    }

    /// The wait of now is the way itself.
    pub(crate) fn rebase(&mut self) {
        self.queue.rebase();
    }

    /// What comes is not to be compared with what was.
    pub(crate) fn interrupt(&mut self) {
        self.queue.interrupt();
        (self.bursts, self.trend) = (Bursts::default(), Trend::default());
    }

    /// Nothing is waited for: what is kept of each packet is let go.
    pub(crate) fn rest(&mut self) {
        self.register.forget();
    }

    /// Another way, to the same peer.
    pub(crate) fn begin_anew(&mut self) {
        self.interrupt();
        self.register.forget();
        (self.queue, self.jitter_us, self.rtt_us) = (Queue::default(), 0.0, None);
    }
}

#[cfg(test)]
#[path = "way/tests.rs"]
mod tests;
