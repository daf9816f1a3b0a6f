//! Numbering of one section's outgoing stream: sequence numbers, timestamps and picture numbers that continue across
//! changes of layer and of track.
//!
//! [`Rewriter::begin`] starts a new source with its first packet; [`Rewriter::forward`] numbers a packet of the current
//! source; [`Rewriter::skip`] closes the hole of one that is left out on purpose.

mod patch;
mod picture;
mod sequence;
mod timestamp;

pub use patch::{PatchedHead, PayloadPatch};
pub use timestamp::Continuity;

use crate::codec::PictureNumbers;
use crate::units::Micros;
use picture::PictureNumbering;
use sequence::SequenceMap;
use timestamp::OutClock;

/// What the rewriter needs of a received packet; the same for all subscribers.
#[derive(Clone, Copy, Debug)]
pub struct SourcePacket {
    /// Extended sequence number.
    pub seq: u64,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Ticks per second of the RTP clock.
    pub clock_rate_hz: u32,
    /// Arrival.
    pub now: Micros,
    /// Picture numbers of the payload.
    pub picture: PictureNumbers,
    /// The `PictureID` un-wrapped by the receiver of the layer, zero where there is none.
    pub picture_index: u64,
}

/// The numbers of a packet on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// Extended sequence number.
    pub seq: u64,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Replacement of the payload's first bytes.
    pub patch: PayloadPatch,
}

/// The numbering of one section.
#[derive(Clone, Debug)]
pub struct Rewriter {
    sequence: SequenceMap,
    clock: OutClock,
    pictures: PictureNumbering,
}

impl Rewriter {
    /// Numbering that starts with these numbers.
    #[must_use]
    pub fn new(initial_seq: u16, initial_timestamp: u32) -> Self {
        Self {
            sequence: SequenceMap::new(u64::from(initial_seq)),
            clock: OutClock::new(initial_timestamp),
            pictures: PictureNumbering::default(),
        }
    }

    /// Let a source begin with this packet, which must then be given to [`Self::forward`]. Older packets of the source
    /// are never forwarded.
    pub fn begin(&mut self, packet: &SourcePacket, continuity: Continuity) {
        let shift = self.pictures.begin(&packet.picture, packet.picture_index);
        self.sequence.begin(packet.seq, shift);
        self.clock.begin(packet.timestamp, packet.clock_rate_hz, packet.now, continuity);
    }

    /// The number of a packet of our own, before a source begins: nothing else gets it.
    pub fn insert(&mut self) -> u64 {
        self.sequence.insert()
    }

    /// The number and timestamp of a packet of our own that stands alone, while no source is forwarded.
    pub fn insert_at(&mut self, clock_rate_hz: u32, now: Micros) -> (u64, u32) {
        (self.sequence.insert(), self.clock.pass(clock_rate_hz, now))
    }

    /// Number a packet. `None` if it is late and its place was closed, or too old to know its place.
    pub fn forward(&mut self, packet: &SourcePacket) -> Option<Rewritten> {
        let placed = self.sequence.forward(packet.seq)?;
        let timestamp = if placed.is_newest {
            self.clock.advance(packet.timestamp, packet.clock_rate_hz, packet.now)
        } else {
            self.clock.place(packet.timestamp)
        };
        let patch = self.pictures.place(&packet.picture, packet.picture_index, placed.picture_shift, placed.is_newest);
        Some(Rewritten { seq: placed.seq, timestamp, patch })
    }

    /// Leave a packet of the current source out. Late ones leave their hole: it may have been reported as lost already.
    pub fn skip(&mut self, packet: &SourcePacket) {
        self.sequence.skip(packet.seq, packet.timestamp, packet.picture.picture_id.is_some());
    }

    /// Received timestamp of the newest packet forwarded, in the current source's clock.
    #[must_use]
    pub fn newest_source_timestamp(&self) -> Option<u32> {
        self.clock.newest_source_timestamp()
    }
}

#[cfg(test)]
mod tests;
