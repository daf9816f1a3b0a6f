//! What a layer costs on the line.

use crate::units::{Micros, TEMPORAL_LAYERS};

/// How long bytes are counted for one measurement.
const WINDOW: Micros = Micros::from_millis(500);
/// Without a packet for this long nothing is sent.
const SILENCE: Micros = Micros::from_millis(3_000);
/// RTP header and extensions, SRTP tag, UDP and IP around each payload.
const OVERHEAD_BYTES: u64 = 70;

/// Measured rate of one layer, of each of its temporal layers with those below it. It follows a rise quickly and a fall
/// slowly: a picture that stands still for a while will move again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Meter {
    /// Of each temporal layer alone.
    bytes: [u64; TEMPORAL_LAYERS],
    since: Option<Micros>,
    bps: Option<[u64; TEMPORAL_LAYERS]>,
}

impl Meter {
    /// A packet with so many bytes of payload.
    pub(crate) fn on_packet(&mut self, payload_bytes: usize, temporal_id: u8, now: Micros) {
        let since = *self.since.get_or_insert(now);
        let elapsed = now.since(since);
        if elapsed >= WINDOW {
            let mut sum: u64 = 0;
            let measured = self.bytes.map(|bytes| {
                sum = sum.saturating_add(bytes);
                sum.saturating_mul(8_000_000) / elapsed.0.max(1)
            });
            let bps = self.bps.get_or_insert(measured);
            for (bps, measured) in bps.iter_mut().zip(measured) {
                // The first window has the key frame in it that every layer begins with.
                *bps = if measured > *bps {
                    bps.saturating_add(measured) / 2
                } else {
                    (bps.saturating_mul(3).saturating_add(measured)) / 4
                };
            }
            self.bytes = [0; TEMPORAL_LAYERS];
            self.since = Some(now);
        }
        if let Some(bytes) = self.bytes.get_mut(usize::from(temporal_id)) {
            *bytes = bytes.saturating_add(payload_bytes as u64).saturating_add(OVERHEAD_BYTES);
        }
    }

    /// Bits per second of the whole layer, `None` before the first measurement.
    pub(crate) fn bps(&self, now: Micros) -> Option<u64> {
        self.bps_up_to(TEMPORAL_LAYERS as u8 - 1, now)
    }

    /// The same without what is above a temporal layer.
    pub(crate) fn bps_up_to(&self, temporal: u8, now: Micros) -> Option<u64> {
        let is_silent = self.since.is_some_and(|since| now.since(since) >= SILENCE);
        if is_silent { Some(0) } else { self.bps?.get(usize::from(temporal)).copied() }
    }
}
