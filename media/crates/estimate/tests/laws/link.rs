//! A line that exists in virtual time only.

use fastrand::Rng;

/// What the line is like at one time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// Bits per second; 0: nothing gets through.
    pub(crate) bps: u64,
    /// Lost whatever is sent.
    pub(crate) loss: f64,
    /// One way, and as long back.
    pub(crate) delay_us: u64,
    /// Up to so much more or less, each packet on its own.
    pub(crate) jitter_us: u64,
    /// A packet that would wait longer is dropped.
    pub(crate) queue_us: u64,
    /// Twice in a second everything is held back for so long, as a radio does that looks around.
    pub(crate) held_us: u64,
    /// Packets may overtake each other under jitter.
    pub(crate) may_overtake: bool,
    /// The share of feedback that is lost.
    pub(crate) feedback_loss: f64,
}

impl Weather {
    pub(crate) const fn of(bps: u64) -> Self {
        Self {
            bps,
            loss: 0.0,
            delay_us: 25_000,
            jitter_us: 0,
            held_us: 0,
            queue_us: 300_000,
            may_overtake: false,
            feedback_loss: 0.0,
        }
    }
}

/// The way to the peer.
#[derive(Debug, Default)]
pub(crate) struct Link {
    waiting_bits: f64,
    seen_us: u64,
    last_arrival_us: u64,
}

impl Link {
    /// How long a packet that comes now waits.
    pub(crate) fn wait_us(&mut self, now_us: u64, weather: &Weather) -> u64 {
        if weather.bps == 0 {
            self.waiting_bits = 0.0;
            return 0;
        }
        let passed = (now_us - self.seen_us) as f64 * weather.bps as f64 / 1e6;
        self.waiting_bits = (self.waiting_bits - passed).max(0.0);
        self.seen_us = now_us;
        (self.waiting_bits * 1e6 / weather.bps as f64) as u64
    }

    /// When it arrives; `None`: it is lost.
    pub(crate) fn send(&mut self, now_us: u64, bytes: usize, weather: &Weather, dice: &mut Rng) -> Option<u64> {
        let wait_us = self.wait_us(now_us, weather);
        if weather.bps == 0 || dice.f64() < weather.loss || wait_us > weather.queue_us {
            return None;
        }
        self.waiting_bits += bytes as f64 * 8.0;
        let through_us = (self.waiting_bits * 1e6 / weather.bps as f64) as u64;
        let jitter_us = if weather.jitter_us > 0 { dice.u64(0..weather.jitter_us * 2) } else { 0 };
        let at_us = now_us + through_us + weather.delay_us + jitter_us - weather.jitter_us;
        let at_us = at_us + weather.held_us.saturating_sub(at_us % 500_000);
        let at_us = if weather.may_overtake { at_us } else { at_us.max(self.last_arrival_us) };
        self.last_arrival_us = self.last_arrival_us.max(at_us);
        Some(at_us)
    }
}

/// Somebody who loads a file over the same line, as Reno does (RFC 5681): he fills the queue until it overflows.
#[derive(Debug)]
pub(crate) struct Rival {
    /// Packets on their way.
    window: f64,
    owed: f64,
    deaf_until_us: u64,
}

impl Rival {
    const BYTES: usize = 1_200;

    pub(crate) fn new() -> Self {
        Self { window: 4.0, owed: 0.0, deaf_until_us: 0 }
    }

    /// What he sends in so much time.
    pub(crate) fn send(&mut self, now_us: u64, span_us: u64, link: &mut Link, weather: &Weather, dice: &mut Rng) {
        let rtt_us = (weather.delay_us * 2 + link.wait_us(now_us, weather)) as f64;
        self.owed += self.window * span_us as f64 / rtt_us;
        while self.owed >= 1.0 {
            self.owed -= 1.0;
            if link.send(now_us, Self::BYTES, weather, dice).is_some() {
                self.window += 1.0 / self.window;
            } else if now_us >= self.deaf_until_us {
                self.window = (self.window / 2.0).max(2.0);
                self.deaf_until_us = now_us + rtt_us as u64;
            }
        }
    }
}
