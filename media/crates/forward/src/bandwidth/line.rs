//! How much a subscriber's line carries: the estimate, held against what is seen to arrive, and whether more is wanted.

use crate::units::Micros;

/// Losses up to this share may be the line's own (radio), if packets are not late; beyond it is congestion.
const OWN_LOSS_MAX: f32 = 0.12;
/// Below this share an estimate is not believed to have fallen for losses …
const OWN_LOSS_MIN: f32 = 0.015;
/// … and no more than this is held against it: an estimator that sees a little queue behind a key frame, while little is
/// sent, takes that little for all that the line carries.
const HELD_BPS: u64 = 500_000;
/// A round trip that is this much longer than the shortest one lately means a queue.
const QUEUE: Micros = Micros::from_millis(80);
/// The shortest round trip is forgotten this fast, a share of the difference with each report: routes change.
const FORGET_RTT: u64 = 64;
/// Below this no estimate is believed: voice and the smallest picture in its smallest form.
const FLOOR_BPS: u64 = 100_000;
/// More than any line carries.
const NO_CEILING_BPS: u64 = 1_000_000_000_000;
/// Good seconds in a row after which a line that was bad gets a small picture again, whatever its estimate: searches on a
/// line that carries little but sound find little. Each time that this was too much they double …
const FIRST_CALM: u32 = 2;
/// … up to this, and a line that bore it for so long begins anew.
const LONGEST_CALM: u32 = 32;

/// A second of a subscriber's line, as its own feedback tells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LineReport {
    /// Round trip, if known.
    pub rtt: Option<Micros>,
    /// Share of the packets sent that did not arrive, 0 to 1.
    pub loss: f32,
    /// Bits per second sent.
    pub sent_bps: u64,
}

/// What a subscriber would be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Need {
    /// Bits per second if everybody got what was asked for, and the sound.
    pub(crate) wanted_bps: u64,
    /// Somebody is sent less than was asked for.
    pub(crate) is_short: bool,
    /// Pictures are sent, or would be.
    pub(crate) has_pictures: bool,
}

/// One subscriber's line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// `None` until there is one: then there is no limit.
    estimate_bps: Option<u64>,
    /// What may be sent at most, whatever the line carries.
    ceiling_bps: Option<u64>,
    /// What got through although packets were lost: no less than this is believed while it goes on.
    proved_bps: u64,
    /// The second before was bad.
    was_bad: bool,
    /// Two seconds in a row were, or the estimate fell by half, and it has not been calm since for long enough.
    is_blamed: bool,
    /// Good seconds in a row.
    calm: u32,
    /// How many of them clear the line.
    patience: u32,
    shortest_rtt: Option<Micros>,
    loss: f32,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            estimate_bps: None,
            ceiling_bps: None,
            proved_bps: 0,
            was_bad: false,
            is_blamed: false,
            calm: 0,
            patience: FIRST_CALM,
            shortest_rtt: None,
            loss: 0.0,
        }
    }
}

impl Line {
    /// A new estimate. Answers whether it fell so much that somebody may have to go down at once.
    pub(crate) fn on_estimate(&mut self, bps: u64) -> bool {
        let before = self.estimate_bps.replace(bps);
        // From where more had been tried, and got through, the fall says what a bad second does.
        self.is_blamed |= before.is_some_and(|before| before > HELD_BPS && bps < before / 2);
        before.is_none_or(|before| bps < before / 10 * 9)
    }

    /// Send no more than `bps`; 0 lifts the limit.
    pub(crate) fn limit(&mut self, bps: u64) {
        // Lifted is a number too: without an estimate nothing would be shared out anew.
        self.ceiling_bps = Some(if bps == 0 { NO_CEILING_BPS } else { bps });
    }

    /// The feedback of a second.
    pub(crate) fn on_report(&mut self, report: &LineReport) {
        let is_queueing = self.is_queueing(report.rtt);
        let loss = if report.loss.is_finite() { report.loss.clamp(0.0, 1.0) } else { 1.0 };
        self.loss = loss;
        // An estimator takes each loss for congestion and falls on and on. A loss that stays small while nothing queues
        // is the line's own, and what was sent in that second is what the line carries.
        let is_bad = is_queueing || loss > OWN_LOSS_MAX;
        self.proved_bps = match (is_bad, loss >= OWN_LOSS_MIN) {
            (false, true) => report.sent_bps,
            (false, false) => report.sent_bps.min(HELD_BPS),
            // One bad second may be a key frame or a search for more.
            (true, _) if !self.was_bad => self.proved_bps.min(HELD_BPS),
            (true, _) => 0,
        };
        self.judge(is_bad && self.was_bad, is_bad);
        self.was_bad = is_bad;
    }

    fn judge(&mut self, is_guilty: bool, is_bad: bool) {
        self.is_blamed |= is_guilty;
        self.calm = if is_bad { 0 } else { self.calm.saturating_add(1) };
        if self.is_blamed && self.calm >= self.patience {
            (self.is_blamed, self.calm) = (false, 0);
            self.patience = self.patience.saturating_mul(2).min(LONGEST_CALM);
        } else if !self.is_blamed && self.calm >= LONGEST_CALM {
            self.patience = FIRST_CALM;
        }
    }

    /// Whether an estimate alone may take a picture away altogether. In the beginning it only says what was tried: a
    /// shared screen that comes in one size would be missing for as long as it takes to find out that there is room.
    pub(crate) fn may_pause(&self) -> bool {
        self.is_blamed || self.ceiling_bps.is_some()
    }

    fn is_queueing(&mut self, rtt: Option<Micros>) -> bool {
        let Some(rtt) = rtt else { return false };
        let shortest = match self.shortest_rtt {
            Some(shortest) if shortest < rtt => shortest.plus(Micros(rtt.since(shortest).0 / FORGET_RTT)),
            _ => rtt,
        };
        self.shortest_rtt = Some(shortest);
        rtt.since(shortest) > QUEUE
    }

    /// Bits per second that may be sent, `None` without limit.
    pub(crate) fn capacity(&self) -> Option<u64> {
        let believed = self.estimate_bps.map(|estimate| estimate.max(self.proved_bps).max(FLOOR_BPS));
        [believed, self.ceiling_bps].into_iter().flatten().min()
    }

    /// Bits per second of `sent_bps` to leave for repairs: each loss is sent again.
    pub(crate) fn repairs(&self, sent_bps: u64) -> u64 {
        (sent_bps as f64 * f64::from(self.loss.min(OWN_LOSS_MAX))) as u64
    }

    /// What to tell the estimator: the rate that could be used, and none while there is nothing to be gained. When it
    /// looks for that, and how often, is its own affair. `None`: nothing is sent that needs an estimate.
    pub(crate) fn desire(&self, need: Need) -> Option<u64> {
        if !need.has_pictures {
            return None;
        }
        let estimate = self.estimate_bps.unwrap_or_default();
        let is_in_vain = !need.is_short || self.ceiling_bps.is_some_and(|ceiling| estimate >= ceiling);
        Some(if is_in_vain { 0 } else { need.wanted_bps.saturating_mul(5) / 4 })
    }
}
