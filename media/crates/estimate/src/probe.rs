//! One probe: packets sent at a rate that was not tried yet, and how fast they arrived.
//!
//! What is found is the lower of the two rates, and no more than was aimed at: what a line lets through in one gust says
//! nothing about more.

use crate::purpose::{ClusterId, Padding};

/// The padding of so much time, at the rate that is tried …
const SPAN_US: f64 = 15_000.0;
/// … more under jitter, which must not hide it …
const JITTERS: f64 = 6.0;
const JITTER_US: f64 = 5_000.0;
/// … but no more than this.
const MOST_BYTES: f64 = 100_000.0;
/// So many packets at least, or thereabouts, of a size in between.
const PACKETS: usize = 8;
const PACKET_BYTES: (usize, usize) = (150, 1_200);
/// What is due within this is sent at once: nobody is woken for each packet.
const SLICE_US: u64 = 5_000;
/// So much must arrive of it, besides what the line loses anyway …
const ARRIVED: f64 = 0.6;
/// … and no fewer packets, of no fewer that were sent.
const ARRIVED_PACKETS: u32 = 4;
const SENT_PACKETS: u32 = 5;
/// Arrives slower than this share of what was tried, without jitter and with it: the line was full.
const FILLED: f64 = 0.95;
const FILLED_JITTER: f64 = 0.9;
/// More packets than this are not looked at one by one.
const MOST_OFFSETS: usize = 2_048;
/// How long is waited for an answer, besides a round trip.
const ANSWER_US: u64 = 800_000;

/// What came of a probe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// Too little of it arrived: of the rate no more than this got through.
    Lost {
        bps: f64,
    },
    /// The feedback was lost, or a part of it.
    Untold,
    Arrived {
        bps: f64,
        has_filled: bool,
    },
}

/// A probe on its way.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    id: ClusterId,
    target: f64,
    total: usize,
    packet: usize,
    asked: usize,
    began_us: Option<u64>,
    polled_us: u64,
    ended_us: Option<u64>,
    first_number: u64,
    last_number: u64,
    sent: u32,
    sent_bytes: u64,
    arrived: u32,
    arrived_bytes: u64,
    /// When the first and the last were sent and arrived, of those that arrived.
    first_sent: (u64, u16),
    last_sent: (u64, u16),
    first_arrived: (i64, u16),
    last_arrived: (i64, u16),
    /// When the packet arrived that was told of first.
    origin_us: i64,
    /// Feedback that came after the last packet had been told of.
    late: u8,
    has_gap: bool,
    /// The line through the arrivals, if they jitter, and how many bytes had been sent with each packet.
    line: Option<Line>,
    offsets: Vec<u32>,
}

/// The straight line through the times of arrival, by the bytes that had been sent: the ends of a probe tell
/// little if each packet comes sooner or later by chance.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    packets: f64,
    sum_x: f64,
    sum_y: f64,
    sum_xx: f64,
    sum_xy: f64,
}

impl Line {
    fn add(&mut self, x: f64, y: f64) {
        self.packets += 1.0;
        self.sum_x += x;
        self.sum_y += y;
        self.sum_xx += x * x;
        self.sum_xy += x * y;
    }

    fn slope(&self) -> f64 {
        let own = self.packets * self.sum_xx - self.sum_x * self.sum_x;
        let shared = self.packets * self.sum_xy - self.sum_x * self.sum_y;
        if own > 0.0 { (shared / own).max(0.0) } else { 0.0 }
    }
}

impl Probe {
    pub(crate) fn new(id: ClusterId, target: f64, jitter_us: f64) -> Self {
        let jitter_us = if jitter_us > JITTER_US { jitter_us * JITTERS } else { 0.0 };
        let bytes = (target * (SPAN_US + jitter_us) / 8e6).min(MOST_BYTES) as usize;
        let packet = (bytes / PACKETS).clamp(PACKET_BYTES.0, PACKET_BYTES.1);
        Self {
            id,
            target,
            total: bytes.max(packet * PACKETS),
            packet,
            asked: 0,
            began_us: None,
            polled_us: 0,
            ended_us: None,
            first_number: 0,
            last_number: 0,
            sent: 0,
            sent_bytes: 0,
            arrived: 0,
            arrived_bytes: 0,
            first_sent: (0, 0),
            last_sent: (0, 0),
            first_arrived: (0, 0),
            last_arrived: (0, 0),
            origin_us: 0,
            late: 0,
            has_gap: false,
            line: (jitter_us > 0.0).then(Line::default),
            offsets: Vec::new(),
        }
    }

    pub(crate) fn id(&self) -> ClusterId {
        self.id
    }

    /// As it is kept with each packet; never 0.
    pub(crate) fn tag(&self) -> u8 {
        (self.id.0 % 255) as u8 + 1
    }

    pub(crate) fn target(&self) -> f64 {
        self.target
    }

    /// No jitter hides what it finds.
    pub(crate) fn is_clear(&self) -> bool {
        self.line.is_none()
    }

    /// When it is to be polled next.
    pub(crate) fn next_us(&self) -> Option<u64> {
        self.is_filling().then_some(self.polled_us + SLICE_US)
    }

    pub(crate) fn is_filling(&self) -> bool {
        self.ended_us.is_none()
    }

    /// The next packet, if one is due.
    pub(crate) fn poll(&mut self, now_us: u64) -> Option<Padding> {
        if self.ended_us.is_some() {
            return None;
        }
        let began_us = *self.began_us.get_or_insert(now_us);
        self.polled_us = now_us;
        if self.asked >= self.total {
            self.ended_us = Some(now_us);
            return None;
        }
        let due = self.target * (now_us.saturating_sub(began_us) + SLICE_US) as f64 / 8e6;
        if self.asked as f64 >= due {
            return None;
        }
        self.asked += self.packet;
        if self.asked >= self.total {
            self.ended_us = Some(now_us);
        }
        Some(Padding { bytes: self.packet, cluster: self.id })
    }

    /// A packet is sent that is no padding of this. Answers whether it counts to it.
    pub(crate) fn takes(&mut self, bytes: usize) -> bool {
        let takes = self.began_us.is_some() && self.ended_us.is_none();
        if takes {
            self.asked += bytes;
        }
        takes
    }

    /// A packet that counts to it was sent.
    pub(crate) fn on_sent(&mut self, number: u64, bytes: usize) {
        if self.sent == 0 {
            self.first_number = number;
        }
        self.last_number = number;
        self.sent += 1;
        self.sent_bytes += bytes as u64;
        let index = (number - self.first_number) as usize;
        if self.line.is_some() && index < MOST_OFFSETS {
            // In between there may have been what does not count.
            self.offsets.resize(index + 1, self.sent_bytes as u32);
        }
    }

    /// One of its packets arrived.
    pub(crate) fn on_arrived(&mut self, number: u64, sent_us: u64, arrived_us: i64, bytes: u16) {
        if self.arrived == 0 {
            (self.first_sent, self.last_sent) = ((sent_us, bytes), (sent_us, bytes));
            (self.first_arrived, self.last_arrived) = ((arrived_us, bytes), (arrived_us, bytes));
            self.origin_us = arrived_us;
        }
        let index = number.saturating_sub(self.first_number) as usize;
        if let (Some(line), Some(offset)) = (&mut self.line, self.offsets.get(index)) {
            line.add(f64::from(*offset), (arrived_us - self.origin_us) as f64);
        }
        self.arrived += 1;
        self.arrived_bytes += u64::from(bytes);
        if sent_us < self.first_sent.0 {
            self.first_sent = (sent_us, bytes);
        }
        if sent_us >= self.last_sent.0 {
            self.last_sent = (sent_us, bytes);
        }
        if arrived_us < self.first_arrived.0 {
            self.first_arrived = (arrived_us, bytes);
        }
        if arrived_us > self.last_arrived.0 {
            self.last_arrived = (arrived_us, bytes);
        }
    }

    /// Feedback was lost on its way.
    pub(crate) fn on_gap(&mut self) {
        self.has_gap = true;
    }

    /// When it is over at the latest.
    pub(crate) fn deadline_us(&self, rtt_us: u64) -> Option<u64> {
        self.ended_us.map(|ended| ended + ANSWER_US + rtt_us)
    }

    /// Feedback came, of all before `told_until`. `own`: the share that the line loses anyway.
    pub(crate) fn on_feedback(&mut self, told_until: u64, own: f64) -> Option<Outcome> {
        if self.ended_us.is_none() || self.sent == 0 || told_until <= self.last_number {
            return None;
        }
        // What is told as missing may have been overtaken.
        if self.arrived < self.sent && self.late == 0 {
            self.late = 1;
            return None;
        }
        Some(self.conclude(own))
    }

    /// What is known of it when no more is waited for.
    pub(crate) fn conclude(&self, own: f64) -> Outcome {
        let gets_through = 1.0 - own;
        if self.has_gap {
            return Outcome::Untold;
        }
        if self.sent < SENT_PACKETS {
            // Nobody had padding to send.
            return Outcome::Lost { bps: self.target };
        }
        let share = self.arrived_bytes as f64 / self.sent_bytes as f64 / gets_through;
        if self.arrived < ARRIVED_PACKETS || share < ARRIVED {
            return Outcome::Lost { bps: self.target * share.min(1.0) };
        }
        // What the line loses anyway is none of the rate's fault, as far as it was lost.
        let gets_through = gets_through.max(self.arrived_bytes as f64 / self.sent_bytes as f64);
        let rate = |bytes: u64, span_us: f64| {
            if span_us > 0.0 { bytes as f64 * 8e6 / span_us / gets_through } else { f64::INFINITY }
        };
        let sending = rate(
            self.arrived_bytes.saturating_sub(self.last_sent.1.into()),
            self.last_sent.0.saturating_sub(self.first_sent.0) as f64,
        );
        let (arriving, filled) = if let Some(line) = &self.line {
            // By all that was sent: what was lost is in it already.
            (rate(1, line.slope()) * gets_through, FILLED_JITTER)
        } else {
            let bytes = self.arrived_bytes.saturating_sub(self.first_arrived.1.into());
            (rate(bytes, (self.last_arrived.0 - self.first_arrived.0) as f64), FILLED)
        };
        let tried = sending.min(self.target);
        Outcome::Arrived { bps: tried.min(arriving), has_filled: arriving < tried * filled }
    }
}

#[cfg(test)]
#[path = "probe/tests.rs"]
mod tests;
