//! RED for those who do not know it: the newest block as a packet of its own, and lost packets made of older blocks.

use super::api::{Part, RtpMeta};
use super::track::SeqWindow;
use crate::codec::red;
use crate::rewrite::SourcePacket;
use crate::units::Micros;

/// What a packet means to a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The same for everybody.
    Whole,
    /// A lost packet that came back as an older block: for those who do not take RED.
    Recovered(Part),
    /// RED: as it is for those who take it, unwrapped for the others, who may have got it as an older block before.
    Red { primary: Part, is_known: bool },
}

/// A lost packet that came back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recovered {
    pub(super) source: SourcePacket,
    pub(super) part: Part,
    pub(super) captured_at: Option<Micros>,
}

/// What a RED packet is worth to those who do not take RED.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unwrapped {
    /// In the order of their numbers.
    pub(super) recovered: [Option<Recovered>; red::MAX_REDUNDANT],
    pub(super) primary: Option<Part>,
    /// It was recovered before it came.
    pub(super) is_known: bool,
}

/// What is remembered of a track that sends RED.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unwrapper {
    /// Number and timestamp of the newest packet.
    newest: Option<(u64, u32)>,
    /// Numbers that were made of older blocks: the packet itself may still come, and its number is used.
    recovered: SeqWindow,
}

impl Unwrapper {
    pub(super) fn unwrap(
        &mut self,
        meta: &RtpMeta,
        payload: &[u8],
        source: &SourcePacket,
        is_newest: bool,
        captured_at: Option<Micros>,
    ) -> Unwrapped {
        let mut unwrapped = Unwrapped { primary: red::primary_range(payload).map(Part::of), ..Unwrapped::default() };
        if !is_newest {
            unwrapped.is_known = self.recovered.contains(meta.seq);
            return unwrapped;
        }
        let before = self.newest.replace((meta.seq, meta.timestamp));
        let Some((seq, timestamp)) = before.filter(|(seq, _)| *seq < meta.seq) else {
            self.recovered = SeqWindow::default();
            return unwrapped;
        };
        self.recovered.open(seq, meta.seq);
        let span = meta.timestamp.wrapping_sub(timestamp);
        for (distance, block) in red::redundant(payload) {
            // The block before the newest one belongs to the packet before, and so on: not so if a sender leaves blocks
            // out, or if nothing was lost. Then the times do not fit.
            let lost = meta.seq.checked_sub(distance as u64).filter(|lost| *lost > seq);
            let offset = u32::from(block.timestamp_offset);
            let Some(lost) = lost.filter(|_| offset > 0 && offset < span && span < MAX_SPAN_TICKS) else { continue };
            let is_only = meta.seq - seq == 2;
            let spacing = u64::from(span) / (meta.seq - seq);
            if !is_only && u64::from(offset).abs_diff(spacing * distance as u64) > spacing / 2 {
                continue;
            }
            let Some(place) = unwrapped.recovered.get_mut(red::MAX_REDUNDANT - distance) else { continue };
            self.recovered.mark(lost, true);
            let earlier_us = u64::from(offset).saturating_mul(1_000_000) / u64::from(source.clock_rate_hz.max(1));
            *place = Some(Recovered {
                source: SourcePacket { seq: lost, timestamp: meta.timestamp.wrapping_sub(offset), ..*source },
                part: Part::of(block.range),
                captured_at: captured_at.map(|at| Micros(at.0.saturating_sub(earlier_us))),
            });
        }
        unwrapped
    }
}

/// A second: a hole around a longer silence is not worth guessing about.
const MAX_SPAN_TICKS: u32 = 48_000;
