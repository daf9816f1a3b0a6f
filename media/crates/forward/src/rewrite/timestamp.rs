//! Outgoing RTP timestamps: one clock per section that never goes back and never runs ahead of the wall clock.

use crate::units::Micros;

/// How far a new source may run ahead of the wall clock.
const MAX_AHEAD: Micros = Micros::from_millis(25);
/// After a pause of this length the wall clock rules, whatever the source's timestamps did meanwhile.
const LONG_PAUSE: Micros = Micros::from_millis(2_000);
/// How far the source's own clock may differ from the wall clock after a long pause: its jitter.
const PAUSE_TOLERANCE: Micros = Micros::from_millis(250);
/// Beyond this, differences of 32-bit timestamps are ambiguous or close to it.
const MAX_COMPARABLE: Micros = Micros::from_millis(3_600_000);

/// What is known about how a beginning source relates to the one before it in the section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continuity {
    /// Nothing: another track. The wall clock decides.
    None,
    /// The same layer of the same track goes on after an interruption: its timestamps are comparable.
    SameLayer,
    /// Another layer of the same track. Both capture times are in ticks of the track's rate on the publisher's NTP
    /// clock, each known once the layer had a sender report.
    SameTrack {
        /// Of the newest packet sent of the layer before.
        previous_capture: Option<u32>,
        /// Of the first packet of the new layer.
        capture: Option<u32>,
    },
}

#[derive(Clone, Copy, Debug)]
struct Newest {
    timestamp: u32,
    /// Arrival of the first packet with this timestamp.
    at: Micros,
}

#[derive(Clone, Debug)]
pub(super) struct OutClock {
    initial: u32,
    newest: Option<Newest>,
    /// Sent minus received, wrapping.
    shift: u32,
    /// Sent minus capture ticks for the current track. Kept from its first change of layer on, so that the small
    /// corrections of single changes do not add up.
    capture_shift: Option<u32>,
}

impl OutClock {
    pub(super) const fn new(initial: u32) -> Self {
        Self { initial, newest: None, shift: 0, capture_shift: None }
    }

    pub(super) fn newest_source_timestamp(&self) -> Option<u32> {
        self.newest.map(|newest| newest.timestamp.wrapping_sub(self.shift))
    }

    pub(super) fn begin(&mut self, source: u32, rate_hz: u32, now: Micros, continuity: Continuity) {
        let Some(newest) = self.newest else {
            self.shift = self.initial.wrapping_sub(source);
            return;
        };
        let candidate = match continuity {
            Continuity::None => {
                self.capture_shift = None;
                None
            }
            Continuity::SameLayer => Some(source.wrapping_add(self.shift)),
            Continuity::SameTrack { previous_capture, capture } => {
                if self.capture_shift.is_none() {
                    self.capture_shift = previous_capture.map(|ticks| newest.timestamp.wrapping_sub(ticks));
                }
                capture.zip(self.capture_shift).map(|(ticks, shift)| ticks.wrapping_add(shift))
            }
        };
        let elapsed = now.since(newest.at);
        let wall = newest.timestamp.wrapping_add(elapsed.to_ticks(rate_hz));
        let begin = match candidate {
            Some(candidate) if is_plausible(candidate, &newest, elapsed, rate_hz) => {
                let ahead = candidate.wrapping_sub(newest.timestamp).cast_signed();
                let most = elapsed.plus(MAX_AHEAD).to_ticks(rate_hz).cast_signed();
                newest.timestamp.wrapping_add(ahead.min(most).max(least_step(rate_hz)).cast_unsigned())
            }
            _ => {
                self.capture_shift = None;
                let ahead = wall.wrapping_sub(newest.timestamp);
                newest.timestamp.wrapping_add(ahead.max(least_step(rate_hz).cast_unsigned()))
            }
        };
        self.shift = begin.wrapping_sub(source);
    }

    /// The timestamp of a packet that is newer than all before it.
    pub(super) fn advance(&mut self, source: u32, rate_hz: u32, now: Micros) -> u32 {
        let mut sent = source.wrapping_add(self.shift);
        let Some(newest) = &mut self.newest else {
            self.newest = Some(Newest { timestamp: sent, at: now });
            return sent;
        };
        let elapsed = now.since(newest.at);
        if elapsed >= LONG_PAUSE {
            let wall = newest.timestamp.wrapping_add(elapsed.to_ticks(rate_hz));
            let off_by = wall.wrapping_sub(sent).cast_signed();
            if off_by.unsigned_abs() > PAUSE_TOLERANCE.to_ticks(rate_hz) {
                sent = wall;
                self.shift = sent.wrapping_sub(source);
                self.capture_shift = None;
            }
        }
        if sent.wrapping_sub(newest.timestamp).cast_signed() > 0 {
            *newest = Newest { timestamp: sent, at: now };
        }
        sent
    }

    /// The timestamp of a packet without a source: the wall clock's.
    pub(super) fn pass(&mut self, rate_hz: u32, now: Micros) -> u32 {
        let timestamp = self.newest.map_or(self.initial, |newest| {
            let ahead = now.since(newest.at).to_ticks(rate_hz).max(least_step(rate_hz).cast_unsigned());
            newest.timestamp.wrapping_add(ahead)
        });
        self.newest = Some(Newest { timestamp, at: now });
        timestamp
    }

    /// The timestamp of a late packet.
    pub(super) fn place(&self, source: u32) -> u32 {
        source.wrapping_add(self.shift)
    }
}

/// The least distance of two frames: a frame at 60 per second, an Opus frame of 2.5 ms.
const fn least_step(rate_hz: u32) -> i32 {
    (if rate_hz >= 90_000 { rate_hz / 60 } else { rate_hz / 400 }).cast_signed()
}

/// Whether a timestamp that the source or its reports suggest is near enough to what the wall clock says: within a
/// second, after a long pause within its tolerance.
fn is_plausible(candidate: u32, newest: &Newest, elapsed: Micros, rate_hz: u32) -> bool {
    if elapsed > MAX_COMPARABLE {
        return false;
    }
    let wall = newest.timestamp.wrapping_add(elapsed.to_ticks(rate_hz));
    let off_by = candidate.wrapping_sub(wall).cast_signed().unsigned_abs();
    let tolerance = if elapsed >= LONG_PAUSE { PAUSE_TOLERANCE } else { Micros::from_millis(1_000) };
    off_by <= tolerance.to_ticks(rate_hz)
}
