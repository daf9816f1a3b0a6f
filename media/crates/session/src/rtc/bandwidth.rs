//! The engine's estimate of what the way to the peer carries, and its rest while no pictures are sent.

use std::time::{Duration, Instant};

use str0m::bwe::{Bitrate, BweKind};
use str0m::{PacerReason, Reason, Rtc};

/// Believed before anything is known: a small picture with sound. The first probes ask for three and six times as much.
pub(super) const START: Bitrate = Bitrate::kbps(500);
/// The engine fills a line with padding up to 50 kbit/s as long as a section could send a picture, also while nobody
/// wants one. It pads no more than its estimate, so that the estimate is held down meanwhile …
const REST: Bitrate = Bitrate::kbps(1);
/// … as often as sound alone has raised it to this.
const RESTLESS: Bitrate = Bitrate::kbps(8);

/// A search begins with no less: half of what a voice and the smallest picture take.
const LEAST: Bitrate = Bitrate::kbps(100);
/// The estimator asks to be called after each round trip, which on a local network is at once; so often suffices for it …
const PATIENCE: Duration = Duration::from_millis(5);
/// … and so often while it rests.
const RESTING_PATIENCE: Duration = Duration::from_millis(50);

/// What is known of the way to the peer.
#[derive(Debug, Default)]
pub(super) struct Bandwidth {
    /// The last estimate that was made of pictures.
    known: Option<Bitrate>,
    /// `None` while the estimation rests.
    desired: Option<u64>,
    /// Feedback of every packet was negotiated: better than the receiver's own estimate.
    has_feedback: bool,
}

impl Bandwidth {
    /// The estimate worth telling, if any, in bits per second.
    pub(super) fn on_estimate(&mut self, rtc: &mut Rtc, kind: &BweKind) -> Option<u64> {
        match kind {
            BweKind::Twcc { can_probe: false, .. } => None,
            BweKind::Twcc { estimate, .. } => {
                let is_first = !std::mem::replace(&mut self.has_feedback, true);
                if self.desired.is_some() {
                    self.known = Some(*estimate);
                    return Some(estimate.as_u64());
                }
                if is_first || *estimate > RESTLESS {
                    rtc.bwe().reset(REST);
                }
                is_first.then(|| self.known.unwrap_or(START).as_u64())
            }
            BweKind::Remb { estimate, .. } if !self.has_feedback => Some(estimate.as_u64()),
            _ => None,
        }
    }

    /// The engine's deadline, put off if nothing but the estimator's housekeeping asks for it.
    pub(super) fn put_off(&self, deadline: Instant, reason: Reason, now: Instant) -> Instant {
        let patience = if self.desired.is_some() { PATIENCE } else { RESTING_PATIENCE };
        match reason {
            Reason::BweDelayControl | Reason::Pacer(PacerReason::Handle) => deadline.max(now + patience),
            _ => deadline,
        }
    }

    pub(super) fn set_desired(&mut self, rtc: &mut Rtc, desired_bps: Option<u64>) {
        let was_resting = self.desired.is_none();
        self.desired = desired_bps;
        let mut bwe = rtc.bwe();
        match desired_bps {
            None => {
                bwe.set_bitrate(Bitrate::ZERO, Bitrate::ZERO);
                bwe.reset(REST);
            }
            Some(desired) => {
                // A search begins anew from what is known: after losses the engine probes no more and stays where it
                // is, although the line has got better.
                if was_resting || desired > 0 {
                    bwe.reset(self.known.unwrap_or(START).max(LEAST));
                }
                bwe.set_bitrate(Bitrate::ZERO, Bitrate::bps(desired));
            }
        }
    }
}
