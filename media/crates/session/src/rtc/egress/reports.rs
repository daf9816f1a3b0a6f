//! What the engine's sender reports say of streams that it did not send.

use crate::srtp::Context;

/// Packet types of RTCP (RFC 3550 12.1); the engine puts reports first in a compound.
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const HEADER_BYTES: usize = 4;
/// What a sender reports of itself: both clocks and the counts.
const INFO_BYTES: usize = 20;
const INFO_WORDS: u16 = INFO_BYTES as u16 / 4;

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

    /// Put right what a datagram reports of streams whose clock is known, and leave out what it says of others' clocks.
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
fn rewrite(compound: &mut Vec<u8>, clock: impl Fn(u32) -> Option<Clock>) -> bool {
    let (mut is_changed, mut start) = (false, 0);
    while let Some((&mut [_, kind, high, low], rest)) =
        compound.get_mut(start..).and_then(<[u8]>::split_first_chunk_mut)
    {
        let words = u16::from_be_bytes([high, low]);
        let mut bytes = (usize::from(words) + 1) * 4;
        if kind == SENDER_REPORT
            && let Some((ssrc, body)) =
                rest.get_mut(..bytes - HEADER_BYTES).and_then(|body| body.split_first_chunk_mut())
            && let Some(info) = body.get_mut(..INFO_BYTES)
        {
            if let Some(clock) = clock(u32::from_be_bytes(*ssrc)) {
                let values = [clock.timestamp, clock.packets as u32, clock.octets as u32];
                // Behind the wall clock, which is the engine's.
                for (to, from) in info.iter_mut().skip(8).zip(values.into_iter().flat_map(u32::to_be_bytes)) {
                    *to = from;
                }
            } else {
                // A receiver draws a line through many reports: one that is wrong would be felt for minutes.
                let header = [RECEIVER_REPORT, ((words - INFO_WORDS) >> 8) as u8, (words - INFO_WORDS) as u8];
                for (to, from) in compound.iter_mut().skip(start + 1).zip(header) {
                    *to = from;
                }
                compound.drain(start + HEADER_BYTES + 4..start + HEADER_BYTES + 4 + INFO_BYTES);
                bytes -= INFO_BYTES;
            }
            is_changed = true;
        }
        start += bytes;
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
    fn only_the_clock_and_the_counts_of_known_streams_are_rewritten_and_no_others_told() {
        let names = [0x81, 202, 0, 1, 5, 5, 5, 5];
        let block = [8; 24];
        let mut with_block = [report(1), block.to_vec()].concat();
        (with_block[0], with_block[3]) = (0x81, 12);
        let mut compound = [with_block, names.to_vec(), report(2), report(3)].concat();
        let clock = |ssrc| (ssrc != 1).then_some(Clock { timestamp: ssrc << 8, packets: 7, octets: 0x2_0000_0050 });
        assert!(rewrite(&mut compound, clock));
        // A receiver's report with what was said of streams that come in.
        let first = [&[0x81, RECEIVER_REPORT, 0, 7, 0, 0, 0, 1][..], &block].concat();
        let second = [&report(2)[..16], &[0, 0, 2, 0], &[0, 0, 0, 7], &[0, 0, 0, 80]].concat();
        assert_eq!(compound[..68], [&first[..], &names, &second].concat());
        assert_eq!(compound[84..88], [0, 0, 3, 0]);
        let mut foreign = names.to_vec();
        assert!(!rewrite(&mut foreign, |_| None));
        assert_eq!(foreign, names);
    }

    proptest! {
        #[test]
        fn whatever_stands_there_is_read_without_harm(mut bytes: Vec<u8>) {
            let length = bytes.len();
            rewrite(&mut bytes, |_| Some(Clock { timestamp: 1, packets: 2, octets: 3 }));
            prop_assert_eq!(bytes.len(), length);
            rewrite(&mut bytes, |_| None);
            prop_assert!(bytes.len() <= length);
        }
    }
}
