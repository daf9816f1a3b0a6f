//! What the peer says of the RTP that it gets from us: lost packets, times of arrival, its own estimate (RFC 4585).

use std::collections::HashMap;

use crate::srtp::Context;

/// Packet types of RTCP (RFC 3550 12.1, RFC 4585 6.1).
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;
/// RFC 4585 6.2.1.
const NACK: u8 = 1;
/// draft-holmer-rmcat-transport-wide-cc-extensions 3.1.
const TRANSPORT_WIDE: u8 = 15;
/// draft-alvestrand-rmcat-remb 2.2.
const APPLICATION: u8 = 15;
const REMB: [u8; 4] = *b"REMB";
/// Sources of reports that are remembered: a browser has one for each section at most.
const MOST_SOURCES: usize = 128;

/// One thing that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// These packets of a stream did not come: pairs of a number and the bits of the sixteen behind it.
    Nack { ssrc: u32, lost: &'a [u8] },
    /// When packets came, by their transport-wide numbers.
    Arrivals(&'a [u8]),
    /// What the receiver thinks that its line carries, in bits per second.
    Limit(u64),
    /// The receiver has the stream.
    Heard { ssrc: u32 },
}

/// Opens what comes, each compound once.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    rtcp: Option<Context>,
    /// Seals as the peer does.
    peer: Option<Context>,
    /// By who said it: each source numbers its own (RFC 3711 3.2.3).
    seen: HashMap<u32, Seen>,
    plain: Vec<u8>,
    /// The number of the compound that is in `plain`.
    index: u32,
}

/// What became of a datagram.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opened<'a> {
    /// It is not RTCP, or cannot be opened yet.
    Foreign,
    /// It is not the peer's, or came before.
    Refused,
    /// A compound.
    Compound(&'a [u8]),
}

/// What the engine is to see of a datagram.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Left {
    Nothing,
    /// The datagram as it came.
    All,
    /// This one instead of it.
    Rest(Vec<u8>),
}

impl Inbox {
    pub(super) fn unlock(&mut self, rtcp: Context, peer: Option<Context>) {
        (self.rtcp, self.peer) = (Some(rtcp), peer);
    }

    pub(super) fn open(&mut self, datagram: &[u8]) -> Opened<'_> {
        // RFC 5761 4.
        let (Some(rtcp), [128..=191, 192..=223, ..]) = (self.rtcp.as_mut(), datagram) else { return Opened::Foreign };
        self.plain.clear();
        let Some(index) = rtcp.open_rtcp(datagram, &mut self.plain) else { return Opened::Refused };
        let source = self.plain.get(4..).and_then(number).unwrap_or_default();
        if self.seen.len() >= MOST_SOURCES && !self.seen.contains_key(&source) {
            self.seen.clear();
        }
        self.index = index;
        if self.seen.entry(source).or_default().insert(index) { Opened::Compound(&self.plain) } else { Opened::Refused }
    }

    /// What is left of the compound that was opened last without what is only for us, sealed again.
    pub(super) fn rest(&mut self, share: Share) -> Left {
        match share {
            Share::Nothing => Left::Nothing,
            Share::All => Left::All,
            Share::Some => {
                let (mut plain, mut sealed) = (Vec::with_capacity(self.plain.len()), Vec::new());
                for packet in packets(&self.plain).filter(|packet| !is_ours(packet)) {
                    plain.extend_from_slice(packet);
                }
                let is_sealed = self.peer.as_mut().is_some_and(|peer| peer.seal_rtcp(self.index, &plain, &mut sealed));
                if is_sealed { Left::Rest(sealed) } else { Left::Nothing }
            }
        }
    }
}

/// Numbers of the latest compounds (RFC 3711 3.3.2).
#[derive(Debug, Default)]
struct Seen {
    newest: u32,
    /// Bit n: the number n below the newest.
    window: u64,
}

impl Seen {
    fn insert(&mut self, number: u32) -> bool {
        if self.window == 0 || number > self.newest {
            let step = number.wrapping_sub(self.newest);
            self.window = if self.window == 0 { 1 } else { self.window.checked_shl(step).unwrap_or_default() | 1 };
            self.newest = number;
            return true;
        }
        let bit = 1_u64.checked_shl(self.newest - number).unwrap_or_default();
        let is_new = bit != 0 && self.window & bit == 0;
        self.window |= bit;
        is_new
    }
}

/// How much of a compound the engine is to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    Nothing,
    All,
    Some,
}

/// The packets of a compound, as far as it is well formed.
pub(super) fn packets(mut compound: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let &[_, _, high, low] = compound.first_chunk()?;
        let (packet, rest) = compound.split_at_checked((usize::from(u16::from_be_bytes([high, low])) + 1) * 4)?;
        compound = rest;
        Some(packet)
    })
}

/// What is said of packets that the engine did not send. It would believe it, and not all that can be said is true.
pub(super) fn is_ours(packet: &[u8]) -> bool {
    match packet {
        [first, TRANSPORT_FEEDBACK, ..] => matches!(first & 31, NACK | TRANSPORT_WIDE),
        [first, PAYLOAD_FEEDBACK, ..] => first & 31 == APPLICATION,
        _ => false,
    }
}

/// Tell `hear` of each thing that was said; answers how much there was that is not for us.
pub(super) fn read(compound: &[u8], mut hear: impl FnMut(Said<'_>)) -> Share {
    let (mut told, mut others) = (0, 0);
    for packet in packets(compound) {
        let (&[first, kind, ..], Some(body)) = (packet, packet.get(4..)) else { continue };
        let media = body.get(4..).and_then(number);
        let fci = body.get(8..).unwrap_or_default();
        if is_ours(packet) {
            match (kind, first & 31, media) {
                (TRANSPORT_FEEDBACK, NACK, Some(ssrc)) => hear(Said::Nack { ssrc, lost: fci }),
                (TRANSPORT_FEEDBACK, _, Some(_)) => hear(Said::Arrivals(fci)),
                (PAYLOAD_FEEDBACK, _, Some(_)) if fci.starts_with(&REMB) => {
                    if let Some(bps) = remb(fci) {
                        hear(Said::Limit(bps));
                    }
                }
                _ => {}
            }
            continue;
        }
        others += 1;
        told += packet.len();
        if matches!(kind, SENDER_REPORT | RECEIVER_REPORT) {
            let before = if kind == SENDER_REPORT { 24 } else { 4 };
            let blocks = body.get(before..).unwrap_or_default().chunks_exact(24).take(usize::from(first & 31));
            for ssrc in blocks.filter_map(number) {
                hear(Said::Heard { ssrc });
            }
        }
    }
    match others {
        0 => Share::Nothing,
        _ if told == compound.len() => Share::All,
        _ => Share::Some,
    }
}

/// The numbers that a NACK names.
pub(super) fn lost(fci: &[u8]) -> impl Iterator<Item = u16> + '_ {
    fci.chunks_exact(4).flat_map(|entry| {
        let entry = number(entry).unwrap_or_default();
        let (first, bits) = ((entry >> 16) as u16, u32::from(entry as u16) << 1 | 1);
        (0..17_u16).filter(move |place| bits >> place & 1 == 1).map(move |place| first.wrapping_add(place))
    })
}

/// A number of 18 bits that is shifted.
fn remb(fci: &[u8]) -> Option<u64> {
    let value = number(fci.get(4..)?)?;
    let (shift, mantissa) = (value >> 18 & 63, u64::from(value & 0x3_ffff));
    Some(if mantissa.leading_zeros() >= shift { mantissa << shift } else { u64::MAX })
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use str0m::crypto::dtls::SrtpProfile;

    use super::*;
    use crate::srtp::{Contexts, Material};

    fn feedback(kind: u8, format: u8, media: u32, fci: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x80 | format, kind, 0, (2 + fci.len() / 4) as u8, 0, 0, 0, 9];
        packet.extend(media.to_be_bytes());
        packet.extend(fci);
        packet
    }

    fn heard(compound: &[u8]) -> (Vec<String>, Share) {
        let mut said = Vec::new();
        let share = read(compound, |one| said.push(format!("{one:?}")));
        (said, share)
    }

    #[test]
    fn losses_arrivals_and_limits_are_ours_and_everything_else_is_not() {
        let nack = feedback(TRANSPORT_FEEDBACK, NACK, 7, &[0, 5, 0x80, 1]);
        assert_eq!(heard(&nack), (vec!["Nack { ssrc: 7, lost: [0, 5, 128, 1] }".to_owned()], Share::Nothing));
        let arrivals = feedback(TRANSPORT_FEEDBACK, TRANSPORT_WIDE, 7, &[1, 2, 3, 4]);
        assert_eq!(heard(&arrivals), (vec!["Arrivals([1, 2, 3, 4])".to_owned()], Share::Nothing));
        // 2 · 2^18 - 1 bits per second, of one stream.
        let limit = feedback(PAYLOAD_FEEDBACK, APPLICATION, 0, b"REMB\x01\x07\xff\xff\x00\x00\x00\x07");
        assert_eq!(heard(&limit), (vec![format!("Limit({})", 0x3_ffff_u64 << 1)], Share::Nothing));
        let mut report = vec![0x81, RECEIVER_REPORT, 0, 7, 0, 0, 0, 9, 0, 0, 0, 7];
        report.extend([0; 20]);
        assert_eq!(heard(&report), (vec!["Heard { ssrc: 7 }".to_owned()], Share::All));
        let pli = feedback(PAYLOAD_FEEDBACK, 1, 7, &[]);
        assert_eq!(heard(&pli), (vec![], Share::All));
        let together = [report, nack].concat();
        assert_eq!(heard(&together).0.len(), 2);
        assert_eq!(heard(&together).1, Share::Some);
    }

    #[test]
    fn a_compound_counts_once() {
        let mut seen = Seen::default();
        assert!(seen.insert(100) && !seen.insert(100));
        assert!(seen.insert(103) && seen.insert(101) && !seen.insert(101));
        assert!(seen.insert(1_000) && !seen.insert(900), "older than is remembered");
        assert!(seen.insert(937) && !seen.insert(936));
    }

    #[test]
    fn each_source_numbers_its_own_compounds() {
        let material = Material::new((0..56).collect(), SrtpProfile::AEAD_AES_128_GCM, true);
        let peer = Material::new((0..56).collect(), SrtpProfile::AEAD_AES_128_GCM, false);
        let mut inbox = Inbox::default();
        inbox.unlock(Contexts::derive(&material).expect("keys").rtcp_in, None);
        let mut seal = Contexts::derive(&peer).expect("keys").rtcp_out;
        for source in 1_u8..4 {
            let mut plain = feedback(TRANSPORT_FEEDBACK, NACK, 7, &[0, 5, 0, 0]);
            plain[7] = source;
            let mut datagram = Vec::new();
            assert!(seal.seal_rtcp(1, &plain, &mut datagram));
            assert_eq!(inbox.open(&datagram), Opened::Compound(&plain));
            assert_eq!(inbox.open(&datagram), Opened::Refused, "a copy");
            datagram[9] ^= 1;
            assert_eq!(inbox.open(&datagram), Opened::Refused, "a forgery");
        }
        assert_eq!(inbox.open(&[0x80, 96, 0, 0]), Opened::Foreign, "a picture");
    }

    #[test]
    fn the_engine_is_not_told_of_packets_that_it_did_not_send() {
        for (profile, bytes) in [(SrtpProfile::AEAD_AES_128_GCM, 56), (SrtpProfile::AES128_CM_SHA1_80, 60)] {
            let contexts = |is_client| Contexts::derive(&Material::new((0..bytes).collect(), profile, is_client));
            let (own, peer) = (contexts(true).expect("keys"), contexts(false).expect("keys"));
            let (mut inbox, mut seal, mut engine) = (Inbox::default(), peer.rtcp_out, own.rtcp_in);
            inbox.unlock(contexts(true).expect("keys").rtcp_in, contexts(false).map(|peer| peer.rtcp_out));
            let report = [&[0x81, RECEIVER_REPORT, 0, 7, 0, 0, 0, 9, 0, 0, 0, 7][..], &[0; 20]].concat();
            let pli = feedback(PAYLOAD_FEEDBACK, 1, 7, &[]);
            let ours = [
                feedback(TRANSPORT_FEEDBACK, NACK, 7, &[0, 5, 0, 0]),
                feedback(TRANSPORT_FEEDBACK, TRANSPORT_WIDE, 7, &[1, 2, 3, 4]),
                feedback(PAYLOAD_FEEDBACK, APPLICATION, 0, b"REMB\x01\x07\xff\xff\x00\x00\x00\x07"),
            ];
            let [nack, arrivals, limit] = &ours;
            let mixed = [&arrivals[..], &report, nack, &pli, limit, &[0x80, 200, 255, 255]].concat();
            let mut datagram = Vec::new();
            assert!(seal.seal_rtcp(5, &mixed, &mut datagram));
            let Opened::Compound(compound) = inbox.open(&datagram) else { panic!("the peer's") };
            let share = read(compound, |_| {});
            let Left::Rest(rest) = inbox.rest(share) else { panic!("{share:?}") };
            let mut plain = Vec::new();
            assert_eq!(engine.open_rtcp(&rest, &mut plain), Some(5));
            assert_eq!(plain, [report, pli].concat());
        }
    }

    #[test]
    fn a_nack_names_seventeen_numbers_at_most() {
        assert_eq!(lost(&[0xff, 0xff, 0x80, 1]).collect::<Vec<_>>(), [65_535, 0, 15]);
        assert_eq!(lost(&[0, 1, 0xff, 0xff]).count(), 17);
        assert_eq!(lost(&[0, 1, 0]).count(), 0);
    }

    proptest! {
        #[test]
        fn whatever_is_said_is_heard_without_harm(bytes: Vec<u8>) {
            read(&bytes, |said| if let Said::Nack { lost: fci, .. } = said { let _ = lost(fci).count(); });
        }
    }
}
