//! Pictures that are sent again (RFC 4588), because they were lost or to fill a probe.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::OVERHEAD;
use super::header::{Fixed, Said};
use super::history::Kept;
use super::stream::{Format, Stream};
use crate::api::CarriedExtensions;
use crate::ids::Mid;
use crate::srtp::Context;

/// A packet is repeated once per round trip; before one is known, after so long.
const UNKNOWN_RTT: Duration = Duration::from_millis(50);
const SHORTEST_WAIT: Duration = Duration::from_millis(10);
/// Repairs are at most two fifths of all that is sent: a line that loses a third of everything is still repaired.
const EARNED: (u64, u64) = (2, 3);
/// Repairs that may come at once, in bytes: a key frame that was lost whole.
pub(super) const MOST_EARNED: u64 = 128 * 1_024;
/// The longest padding that a packet can name (RFC 3550 5.1).
const MOST_PADDED: u8 = 255;

/// How much may be repeated, and under which numbers.
#[derive(Debug)]
pub(super) struct Repairs {
    credit: u64,
    /// The next number of each stream of repetitions. They outlive the streams: a number is sealed once.
    numbers: HashMap<u32, u64>,
}

impl Default for Repairs {
    fn default() -> Self {
        Self { credit: MOST_EARNED, numbers: HashMap::new() }
    }
}

impl Repairs {
    #[cfg(test)]
    pub(super) fn next_number(&self, ssrc: u32) -> u64 {
        self.numbers.get(&ssrc).copied().unwrap_or_default()
    }

    /// Pictures were sent.
    pub(super) fn earn(&mut self, bytes: u64) {
        let (share, of) = EARNED;
        self.credit = self.credit.saturating_add(bytes * share / of).min(MOST_EARNED);
    }

    /// The packet that was asked for, unless it was repeated a moment ago or too much is.
    pub(super) fn take(&mut self, kept: Option<&mut Kept>, now: Instant, rtt: Option<Duration>) -> Option<Kept> {
        let kept = kept?;
        let wait = rtt.unwrap_or(UNKNOWN_RTT).mul_f32(0.8).max(SHORTEST_WAIT);
        if kept.repeated_at.is_some_and(|at| now.saturating_duration_since(at) < wait) {
            return None;
        }
        self.credit = self.credit.checked_sub((kept.payload.len() + OVERHEAD) as u64)?;
        kept.repeated_at = Some(now);
        Some(kept.clone())
    }

    /// A datagram that repeats a packet, or that is nothing but padding. `number` is told its size on the line, and says
    /// its transport-wide number. `None` if the section repeats nothing.
    pub(super) fn write(
        &mut self,
        (mid, stream): (Mid, &mut Stream),
        kept: Option<&Kept>,
        rtp: &mut Context,
        scratch: &mut Vec<u8>,
        number: impl FnOnce(usize) -> u16,
    ) -> Option<Vec<u8>> {
        let terms = &stream.terms;
        let ssrc = terms.rtx?;
        let has_rtx = |format: &&Format| format.rtx.is_some() && kept.is_none_or(|kept| kept.codec == format.codec);
        let payload_type = terms.formats.iter().find(has_rtx)?.rtx?;
        scratch.clear();
        let mut fixed = Fixed { payload_type, ssrc, seq: 0, timestamp: 0, marker: false, is_padded: false };
        let mut carried = CarriedExtensions::default();
        if let Some(kept) = kept {
            let head = kept.patch.head(&kept.payload);
            scratch.extend_from_slice(&(kept.seq as u16).to_be_bytes());
            scratch.extend_from_slice(head.bytes());
            scratch.extend_from_slice(kept.payload.get(head.bytes().len()..).unwrap_or_default());
            (fixed.timestamp, fixed.marker) = (kept.timestamp, kept.marker);
            carried.quarter_turns = kept.quarter_turns;
            carried.dependencies.clone_from(&kept.dependencies);
        } else {
            scratch.resize(usize::from(MOST_PADDED) - 1, 0);
            scratch.push(MOST_PADDED);
            fixed.is_padded = true;
        }
        let next = self.numbers.entry(ssrc).or_insert(1);
        let seq = *next;
        *next += 1;
        fixed.seq = seq as u16;
        let said = Said {
            mid: (!stream.is_bound).then_some(mid),
            carried: &carried,
            delay: None,
            number: terms.form.number.map(|_| number(scratch.len() + OVERHEAD)),
            sent: None,
        };
        let mut datagram = Vec::with_capacity(scratch.len() + OVERHEAD);
        terms.form.write(&fixed, &said, &mut datagram);
        if !rtp.seal_rtp(&mut datagram, 0, (ssrc, seq), &[scratch]) {
            return None;
        }
        if let Some(kept) = kept {
            let (packets, octets) = stream.repeated;
            stream.repeated = (packets + 1, octets + kept.payload.len() as u64);
        }
        Some(datagram)
    }
}
