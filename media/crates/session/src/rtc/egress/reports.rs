//! What the engine's sender reports say of sound that it did not send.

use crate::srtp::Context;

/// Packet types of RTCP (RFC 3550 12.1); the engine puts reports first in a compound.
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const HEADER_BYTES: usize = 4;

/// What a report is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    /// The stream's clock now.
    pub(super) timestamp: u32,
    pub(super) packets: u64,
    pub(super) octets: u64,
}

/// Opens the engine's reports and seals them again, under the same number: what was there before never leaves us.
#[derive(Debug, Default)]
pub(super) struct Reports {
    rtcp: Option<Context>,
    plain: Vec<u8>,
}

impl Reports {
    pub(super) fn unlock(&mut self, rtcp: Context) {
        self.rtcp = Some(rtcp);
    }

    /// Put right what a datagram reports of streams whose clock is known; leave everything else as it is.
    pub(super) fn correct(&mut self, datagram: &mut Vec<u8>, clock: impl Fn(u32) -> Option<Clock>) {
        let Some(rtcp) = self.rtcp.as_mut().filter(|_| is_report(datagram)) else { return };
        self.plain.clear();
        let Some(number) = rtcp.open_rtcp(datagram, &mut self.plain) else { return };
        if rewrite(&mut self.plain, clock) {
            datagram.clear();
            rtcp.seal_rtcp(number, &self.plain, datagram);
        }
    }
}

fn is_report(datagram: &[u8]) -> bool {
    matches!(datagram, [128..=191, SENDER_REPORT | RECEIVER_REPORT, ..])
}

/// Answers whether something was changed.
fn rewrite(mut compound: &mut [u8], clock: impl Fn(u32) -> Option<Clock>) -> bool {
    let mut is_changed = false;
    while let Some((&[_, kind, high, low], _)) = compound.split_first_chunk::<HEADER_BYTES>() {
        let bytes = (usize::from(u16::from_be_bytes([high, low])) + 1) * 4;
        let Some((packet, rest)) = compound.split_at_mut_checked(bytes) else { break };
        if kind == SENDER_REPORT
            && let Some((ssrc, body)) = packet.get_mut(HEADER_BYTES..).and_then(|body| body.split_first_chunk_mut::<4>())
            && let Some(clock) = clock(u32::from_be_bytes(*ssrc))
            // Behind the wall clock, which is the engine's.
            && let Some(fields) = body.get_mut(8..20)
        {
            let values = [clock.timestamp, clock.packets as u32, clock.octets as u32];
            for (to, from) in fields.iter_mut().zip(values.into_iter().flat_map(u32::to_be_bytes)) {
                *to = from;
            }
            is_changed = true;
        }
        compound = rest;
    }
    is_changed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn report(ssrc: u32) -> Vec<u8> {
        let mut report = vec![0x80, SENDER_REPORT, 0, 6];
        report.extend(ssrc.to_be_bytes());
        report.extend([9; 20]);
        report
    }

    #[test]
    fn only_the_clock_and_the_counts_of_known_streams_are_rewritten() {
        let mut compound = [report(1), vec![0x81, 202, 0, 1, 5, 5, 5, 5], report(2), report(3)].concat();
        let before = compound.clone();
        let clock = |ssrc| (ssrc != 1).then_some(Clock { timestamp: ssrc << 8, packets: 7, octets: 0x2_0000_0050 });
        assert!(rewrite(&mut compound, clock));
        assert_eq!(compound[..36], before[..36]);
        let second = [&before[36..52], &[0, 0, 2, 0], &[0, 0, 0, 7], &[0, 0, 0, 80]].concat();
        assert_eq!(compound[36..64], second);
        assert_eq!(compound[80..84], [0, 0, 3, 0]);
        assert!(!rewrite(&mut compound, |_| None));
    }

    proptest! {
        #[test]
        fn whatever_stands_there_is_read_without_harm(mut bytes: Vec<u8>) {
            let length = bytes.len();
            rewrite(&mut bytes, |_| Some(Clock { timestamp: 1, packets: 2, octets: 3 }));
            prop_assert_eq!(bytes.len(), length);
        }
    }
}
