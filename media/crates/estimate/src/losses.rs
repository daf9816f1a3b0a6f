//! What is lost: by the line itself, whatever is sent, or because more is sent than it carries?
//!
//! A queue tells the two apart when there is one. A line that drops without a queue (a shaper, a short buffer) is put
//! to the test: the rate is lowered for a moment. If the losses go with it, it was too much; if they stay, they are the
//! line's own, the rate is given back, and no more than this share is held against the line from then on.

/// A share is taken of at least so many packets in so much time, or of fewer in longer.
const PACKETS: u32 = 100;
const TRIAL_PACKETS: u32 = 150;
const FEWEST: u32 = 15;
const WINDOW_US: u64 = 300_000;
const LONGEST_WINDOW_US: u64 = 1_000_000;
/// More than the line's own by this, and by what chance may do, is put to the test …
const SUSPICIOUS: f64 = 0.06;
/// … counted in deviations, as if no less than this were lost.
const DEVIATIONS: f64 = 3.0;
const LEAST_SHARE: f64 = 0.05;
/// More than the line's own by this, nothing is raised.
const TOLERABLE: f64 = 0.03;
/// The rate of the test, as a share of what gets through.
const TRIAL: f64 = 0.85;
/// No test goes below what sound and a small picture need.
const TRIAL_FLOOR_BPS: f64 = 300_000.0;
/// What is on its way when a test begins does not count.
const SETTLE_US: u64 = 250_000;
/// A test says something if less is sent than before, by this.
const LESS_SENT: f64 = 0.93;
/// As much as before, for a share: the line's own.
const SAME: f64 = 0.4;
/// No line is believed to lose more than this by itself.
const OWN_MOST: f64 = 0.35;
/// How fast the line's own follows what is seen, down and up.
const FOLLOW_DOWN: f64 = 0.3;
const FOLLOW_UP: f64 = 0.15;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    Nothing,
    /// Go down to this for a test, in bits per second.
    Try(f64),
    /// The losses are the line's own: give back what was had before the test.
    Restore(f64),
    /// So much gets through and no more.
    Confirmed(f64),
}

/// What is known of a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) now_us: u64,
    pub(crate) rtt_us: u64,
    /// Bits per second.
    pub(crate) estimate: f64,
    pub(crate) sent: f64,
    pub(crate) arriving: f64,
    pub(crate) is_queueing: bool,
    /// The rate fell for a queue a moment ago: what is lost now may be of then.
    pub(crate) has_fallen: bool,
}

#[derive(Clone, Copy, Debug)]
struct Trial {
    before: f64,
    share: f64,
    sent: f64,
    /// What got through.
    through: f64,
}

/// Losses of one line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Losses {
    arrived: u32,
    missing: u32,
    since_us: u64,
    /// What the line loses by itself, as a share.
    own: Option<f64>,
    last: f64,
    trial: Option<Trial>,
}

impl Losses {
    /// What feedback tells of.
    pub(crate) fn count(&mut self, arrived: u32, missing: u32, found: u32) {
        self.arrived = self.arrived.saturating_add(arrived);
        self.missing = self.missing.saturating_add(missing).saturating_sub(found);
    }

    /// What is lost anyway.
    pub(crate) fn own(&self) -> f64 {
        self.own.unwrap_or_default()
    }

    pub(crate) fn is_trying(&self) -> bool {
        self.trial.is_some()
    }

    /// Not more is lost than usually.
    pub(crate) fn is_tolerable(&self) -> bool {
        self.last <= self.own() + TOLERABLE
    }

    /// What was counted, and what is until then, says nothing: the line was away.
    pub(crate) fn begin_anew(&mut self, from_us: u64) {
        (self.arrived, self.missing, self.since_us) = (0, 0, from_us);
        self.trial = None;
    }

    /// To be asked after each feedback.
    pub(crate) fn judge(&mut self, moment: &Moment) -> Verdict {
        let told = self.arrived.saturating_add(self.missing);
        let span_us = moment.now_us.saturating_sub(self.since_us);
        let packets = if self.trial.is_some() { TRIAL_PACKETS } else { PACKETS };
        let is_enough = (told >= packets && span_us >= WINDOW_US) || (told >= FEWEST && span_us >= LONGEST_WINDOW_US);
        if moment.now_us < self.since_us {
            (self.arrived, self.missing) = (0, 0);
            return Verdict::Nothing;
        }
        if !is_enough {
            return Verdict::Nothing;
        }
        let share = f64::from(self.missing) / f64::from(told);
        (self.arrived, self.missing, self.since_us) = (0, 0, moment.now_us);
        self.last = share;
        if moment.is_queueing {
            // The queue says it better.
            self.trial = None;
            return Verdict::Nothing;
        }
        if let Some(trial) = self.trial.take() {
            return self.conclude(&trial, share, moment);
        }
        let usual = self.own().max(LEAST_SHARE);
        let chance = DEVIATIONS * (usual * (1.0 - usual) / f64::from(told)).sqrt();
        if share <= self.own() + SUSPICIOUS + chance {
            let follow = if share < self.own() { FOLLOW_DOWN } else { FOLLOW_UP };
            self.own = Some(self.own.map_or(share, |own| own + follow * (share - own)).min(OWN_MOST));
            return Verdict::Nothing;
        }
        let through = (moment.sent * (1.0 - share)).min(moment.arriving);
        if moment.has_fallen {
            return Verdict::Nothing;
        }
        let lower = (through * TRIAL).max(TRIAL_FLOOR_BPS);
        if lower >= moment.estimate {
            // It cannot be put to the test, and sound and a small picture go on in any case.
            self.own = Some(share.min(OWN_MOST));
            return Verdict::Nothing;
        }
        self.trial = Some(Trial { before: moment.estimate, share, sent: moment.sent, through });
        self.since_us = moment.now_us + moment.rtt_us + SETTLE_US;
        Verdict::Try(lower)
    }

    fn conclude(&mut self, trial: &Trial, share: f64, moment: &Moment) -> Verdict {
        let is_less_sent = moment.sent < trial.sent * LESS_SENT;
        if is_less_sent && share < trial.share * SAME {
            self.own = Some(self.own.map_or(share, |own| own.min(share)));
            return Verdict::Confirmed(trial.through);
        }
        self.own = Some(share.min(trial.share).min(OWN_MOST));
        Verdict::Restore(trial.before)
    }
}

#[cfg(test)]
#[path = "losses/tests.rs"]
mod tests;
