//! What a layer costs on the line.

use crate::units::Micros;

/// How long bytes are counted for one measurement.
const WINDOW: Micros = Micros::from_millis(500);
/// Without a packet for this long nothing is sent.
const SILENCE: Micros = Micros::from_millis(3_000);
/// RTP header and extensions, SRTP tag, UDP and IP around each payload.
const OVERHEAD_BYTES: u64 = 70;

/// Measured rate of one layer. It follows a rise quickly and a fall slowly: a picture that stands still for a while
/// will move again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Meter {
    bytes: u64,
    since: Option<Micros>,
    bps: Option<u64>,
}

impl Meter {
    /// A packet with so many bytes of payload.
    pub(crate) fn on_packet(&mut self, payload_bytes: usize, now: Micros) {
        let since = *self.since.get_or_insert(now);
        let elapsed = now.since(since);
        if elapsed >= WINDOW {
            let measured = self.bytes.saturating_mul(8_000_000) / elapsed.0.max(1);
            // The first window has the key frame in it that every layer begins with.
            self.bps = Some(match self.bps {
                None => measured,
                Some(bps) if measured > bps => bps.saturating_add(measured) / 2,
                Some(bps) => (bps.saturating_mul(3).saturating_add(measured)) / 4,
            });
            self.bytes = 0;
            self.since = Some(now);
        }
        self.bytes = self.bytes.saturating_add(payload_bytes as u64).saturating_add(OVERHEAD_BYTES);
    }

    /// Bits per second, `None` before the first measurement.
    pub(crate) fn bps(&self, now: Micros) -> Option<u64> {
        let is_silent = self.since.is_some_and(|since| now.since(since) >= SILENCE);
        if is_silent { Some(0) } else { self.bps }
    }
}
