//! Feedback of every packet, as it comes over the line (draft-holmer-rmcat-transport-wide-cc-extensions-01, 3.1).
//!
//! It is read twice: once to see that it is whole, once to tell of it. Both cost no more than its length: a run of
//! packets that did not arrive, which may be long, is told as one.

/// Times are told in these.
pub(crate) const TICK_US: i64 = 250;
/// The reference time is told in multiples of so many ticks.
const REFERENCE_TICKS: i64 = 256;
/// A reference time that is further away, in either direction, comes of a peer that makes them up: a hundred years.
const MOST_REFERENCE: i64 = 1 << 36;
/// The bits of the reference time.
const REFERENCE_BITS: u32 = 24;
const HEADER_BYTES: usize = 8;

/// What is told of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// So many in a row did not arrive.
    Missing { offset: u32, packets: u32 },
    /// Arrived so many ticks after the reference time.
    Arrived { offset: u32, ticks: i64 },
}

/// Feedback that is whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Feedback<'a> {
    /// The number of the first packet that is told of.
    pub(crate) base: u16,
    /// How many are told of.
    pub(crate) packets: u16,
    /// 24 bits that wrap, in multiples of 64 ms.
    pub(crate) reference: u32,
    /// How many feedbacks came before; wraps.
    pub(crate) count: u8,
    body: &'a [u8],
    deltas: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Missing,
    Small,
    Large,
}

impl Status {
    fn of(symbol: u16) -> Option<Self> {
        match symbol {
            0 => Some(Self::Missing),
            1 => Some(Self::Small),
            2 => Some(Self::Large),
            _ => None,
        }
    }

    fn delta_bytes(self) -> usize {
        match self {
            Self::Missing => 0,
            Self::Small => 1,
            Self::Large => 2,
        }
    }
}

impl<'a> Feedback<'a> {
    /// `None`: malformed.
    pub(crate) fn parse(fci: &'a [u8]) -> Option<Self> {
        let (&[b0, b1, p0, p1, r0, r1, r2, count], body) = fci.split_first_chunk::<HEADER_BYTES>()?;
        let packets = u16::from_be_bytes([p0, p1]);
        let (mut chunk_bytes, mut delta_bytes) = (0, 0_usize);
        let is_known = each_run(
            body,
            packets,
            |status, run| {
                delta_bytes += status.delta_bytes() * run as usize;
            },
            &mut chunk_bytes,
        );
        let deltas = body.get(chunk_bytes..)?;
        (is_known && packets > 0 && delta_bytes <= deltas.len()).then_some(Self {
            base: u16::from_be_bytes([b0, b1]),
            packets,
            reference: u32::from_be_bytes([0, r0, r1, r2]),
            count,
            body,
            deltas,
        })
    }

    /// Tells of each packet, in the order of their numbers.
    pub(crate) fn each(&self, mut tell: impl FnMut(Told)) {
        let (mut offset, mut ticks, mut deltas) = (0_u32, 0_i64, self.deltas);
        each_run(
            self.body,
            self.packets,
            |status, run| {
                if status == Status::Missing {
                    tell(Told::Missing { offset, packets: run });
                } else {
                    for at in offset..offset + run {
                        let Some((delta, rest)) = split_delta(deltas, status) else { return };
                        deltas = rest;
                        ticks += delta;
                        tell(Told::Arrived { offset: at, ticks });
                    }
                }
                offset += run;
            },
            &mut 0,
        );
    }
}

fn split_delta(deltas: &[u8], status: Status) -> Option<(i64, &[u8])> {
    match status {
        Status::Missing => None,
        Status::Small => deltas.split_first().map(|(&delta, rest)| (i64::from(delta), rest)),
        Status::Large => deltas.split_first_chunk().map(|(&delta, rest)| (i64::from(i16::from_be_bytes(delta)), rest)),
    }
}

/// Tells of runs of packets with the same status, and how many bytes the chunks took. False: it ends too soon, or says
/// what has no meaning.
fn each_run(body: &[u8], packets: u16, mut tell: impl FnMut(Status, u32), chunk_bytes: &mut usize) -> bool {
    let mut left = u32::from(packets);
    let mut body = body;
    while left > 0 {
        let Some((&chunk, rest)) = body.split_first_chunk::<2>() else { return false };
        body = rest;
        *chunk_bytes += 2;
        let chunk = u16::from_be_bytes(chunk);
        if chunk & 0x8000 == 0 {
            let Some(status) = Status::of(chunk >> 13 & 3) else { return false };
            let run = u32::from(chunk & 0x1fff).min(left);
            tell(status, run);
            left -= run;
            continue;
        }
        let (bits, symbols) = if chunk & 0x4000 == 0 { (1_u32, 14) } else { (2, 7) };
        for at in 1..=symbols.min(left) {
            let Some(status) = Status::of(chunk >> (14 - at * bits) & ((1 << bits) - 1)) else { return false };
            tell(status, 1);
        }
        left -= symbols.min(left);
    }
    true
}

/// The peer's clock, made of reference times that wrap.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PeerClock {
    last: Option<(u32, i64)>,
}

impl PeerClock {
    /// Ticks since some time before the first feedback.
    pub(crate) fn ticks(&mut self, reference: u32) -> i64 {
        let unwrapped = match self.last {
            None => i64::from(reference),
            Some((last, unwrapped)) => {
                let shift = 32 - REFERENCE_BITS;
                let ahead = (reference.wrapping_sub(last) << shift).cast_signed() >> shift;
                Some(unwrapped + i64::from(ahead)).filter(|at| at.abs() < MOST_REFERENCE).unwrap_or(reference.into())
            }
        };
        self.last = Some((reference, unwrapped));
        unwrapped * REFERENCE_TICKS
    }
}

#[cfg(test)]
#[path = "feedback/tests.rs"]
mod tests;
