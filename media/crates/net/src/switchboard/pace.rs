//! How much one peer may say on its data channels.
//!
//! What a peer said is charged when it has come out of the channel, where it is proved to be its own; while the peer is
//! in debt, its encrypted records are dropped on arrival, as a narrow network would drop them. So a reliable channel
//! sends them again and slows down, a lossy one loses them, and nothing is kept for anybody. Voice and picture do not
//! come this way.

use std::time::{Duration, Instant};

/// A file of 15 MB goes through at once, however fast the network is.
const BURST_BYTES: u64 = 20_000_000;
/// Then 32 Mbit/s: more than most people can send.
const BYTES_PER_S: u64 = 4_000_000;
/// LiveKit clients cut files into chunks of 15 kB: a thousand for 15 MB.
const BURST_MESSAGES: u64 = 2_500;
/// A cursor that is drawn 60 times a second, five times over. Each message goes to everybody in the room.
const MESSAGES_PER_S: u64 = 300;

/// What waits behind a lost datagram comes out all at once, a megabyte at most: of messages of some size this is never
/// so many. Who collects tiny ones behind a gap on purpose is closed.
const MAX_DEBT: u32 = 10;

/// A sum that fills over time. Nanoseconds: what is owed is a span of time, so that no fraction is lost.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// When it is full again. More than `burst` from now means debt.
    full_at: Instant,
    nanos_per_unit: u64,
    burst: Duration,
}

impl Bucket {
    fn new(now: Instant, burst: u64, per_s: u64) -> Self {
        let nanos_per_unit = 1_000_000_000 / per_s;
        Self { full_at: now, nanos_per_unit, burst: Duration::from_nanos(burst * nanos_per_unit) }
    }

    fn charge(&mut self, now: Instant, units: u64) {
        let cost = Duration::from_nanos(units.saturating_mul(self.nanos_per_unit));
        self.full_at = self.full_at.max(now).checked_add(cost).unwrap_or(self.full_at);
    }

    fn owes(&self, now: Instant) -> Duration {
        self.full_at.saturating_duration_since(now).saturating_sub(self.burst)
    }
}

/// The allowance of one peer.
#[derive(Debug)]
pub(super) struct Pace {
    bytes: Bucket,
    messages: Bucket,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            bytes: Bucket::new(now, BURST_BYTES, BYTES_PER_S),
            messages: Bucket::new(now, BURST_MESSAGES, MESSAGES_PER_S),
        }
    }

    /// A message came out of a channel. `false` if its sender owes beyond all reason and has to go.
    pub(super) fn charge(&mut self, now: Instant, bytes: usize) -> bool {
        self.bytes.charge(now, bytes as u64);
        self.messages.charge(now, 1);
        self.messages.owes(now) <= MAX_DEBT * self.messages.burst
    }

    /// Whether `datagram` is to be dropped: it carries records of a channel, and too much was said already.
    pub(super) fn refuses(&self, now: Instant, datagram: &[u8]) -> bool {
        is_record(datagram) && !(self.bytes.owes(now).is_zero() && self.messages.owes(now).is_zero())
    }
}

/// Application data of DTLS 1.2 (RFC 6347), or any encrypted record of DTLS 1.3 (RFC 9147 4.1). Handshakes and alerts
/// of DTLS 1.2, STUN and media begin otherwise (RFC 7983).
fn is_record(datagram: &[u8]) -> bool {
    matches!(datagram.first(), Some(23 | 32..=63))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &[u8] = &[23, 254, 253];

    #[test]
    fn a_file_of_15_mb_passes_at_once() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        for _ in 0..1_001 {
            assert!(!pace.refuses(now, RECORD));
            assert!(pace.charge(now, 15_100));
        }
        assert!(!pace.refuses(now, RECORD));
    }

    #[test]
    fn many_small_messages_are_too_much_until_time_has_passed() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        let passed = (0..10_000).take_while(|_| {
            pace.charge(now, 1);
            !pace.refuses(now, RECORD)
        });
        assert_eq!(passed.count() as u64, BURST_MESSAGES);
        assert!(!pace.refuses(now + Duration::from_millis(4), RECORD), "one message later there is room for one");
    }

    #[test]
    fn many_bytes_are_too_much() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        assert!((0..334).all(|_| pace.charge(now, 60_000)));
        assert!(pace.refuses(now, RECORD));
    }

    #[test]
    fn over_time_the_rate_is_the_rate() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let mut said = 0;
        for millis in 0..60_000 {
            let now = start + Duration::from_millis(millis);
            while !pace.refuses(now, RECORD) {
                pace.charge(now, 100);
                said += 1;
            }
        }
        let allowed = BURST_MESSAGES + 60 * MESSAGES_PER_S;
        assert!((allowed - 10..=allowed + 10).contains(&said), "{said} of {allowed}");
    }

    #[test]
    fn who_collected_very_many_messages_behind_a_gap_has_to_go() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        let taken = (0..1_000_000).take_while(|_| pace.charge(now, 1)).count() as u64;
        assert_eq!(taken, BURST_MESSAGES * u64::from(MAX_DEBT + 1));
    }

    #[test]
    fn what_one_lost_datagram_holds_back_is_owed_and_forgiven_in_time() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        assert!((0..5_300).all(|_| pace.charge(now, 200)), "a megabyte of small messages");
        assert!(pace.refuses(now, RECORD));
        assert!(!pace.refuses(now + Duration::from_secs((5_300 - BURST_MESSAGES) / MESSAGES_PER_S + 1), RECORD));
    }

    #[test]
    fn what_is_no_record_of_a_channel_always_passes() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        assert!((0..10_000).all(|_| pace.charge(now, 60_000)));
        for first in [0_u8, 1, 20, 21, 22, 64, 128, 191] {
            assert!(!pace.refuses(now, &[first, 0, 0]), "{first}");
        }
        assert!(pace.refuses(now, &[0x2e, 0, 0]), "DTLS 1.3");
        assert!(!pace.refuses(now, &[]));
    }
}
