//! Who may send media: streams that a packet under the peer's keys has named.
//!
//! The engine finds out which section and layer a stream belongs to before it proves a packet, and lets the name in a
//! header move a layer to another stream. So it is not shown a packet of a stream that no proven packet came of yet: who
//! has the address of a peer but not its keys moves nothing, and leaves nothing behind. Of streams that are known a
//! header says nothing new.

use std::collections::HashSet;
use std::time::Instant;

use super::numbers::Numbers;
use crate::srtp::Context;

/// Streams (SSRCs) of a peer between two offers. A browser has two per layer; more each second is an attack on the
/// tables of streams, and ends the session …
const MAX_STREAMS: usize = 1_024;
/// … and in all, for the engine keeps a little of each.
const MOST_EVER: usize = 16_384;
/// Octets of a header without contributors and extensions (RFC 3550 5.1).
const FIXED_BYTES: usize = 12;

/// What has come in of one peer.
#[derive(Debug, Default)]
pub(super) struct Door {
    /// `None` until the handshake is done.
    rtp: Option<Context>,
    known: HashSet<u32>,
    /// How many were known at the last negotiation.
    negotiated: usize,
    numbers: Numbers,
    scratch: Vec<u8>,
}

impl Door {
    pub(super) fn unlock(&mut self, rtp: Context) {
        self.rtp = Some(rtp);
    }

    /// `number` is that of the header extension that numbers all packets.
    pub(super) fn on_negotiated(&mut self, number: Option<u8>) {
        self.negotiated = self.known.len();
        self.numbers.on_negotiated(number);
    }

    /// Nobody needs so many streams.
    pub(super) fn is_crowded(&self) -> bool {
        self.known.len() - self.negotiated >= MAX_STREAMS || self.known.len() >= MOST_EVER
    }

    /// Whether the engine may see a packet of RTP.
    pub(super) fn admits(&mut self, now: Instant, packet: &[u8]) -> bool {
        let Some((ssrc, extensions, bytes)) = header(packet) else { return false };
        if !self.known.contains(&ssrc) {
            if self.is_crowded() || !self.proves(ssrc, packet, bytes) {
                return false;
            }
            self.known.insert(ssrc);
        }
        self.numbers.pay(now, extensions)
    }

    fn proves(&mut self, ssrc: u32, packet: &[u8], header_bytes: usize) -> bool {
        let Self { rtp: Some(rtp), scratch, .. } = self else { return false };
        let (Some(&[_, _, high, low]), Some((header, sealed))) =
            (packet.first_chunk(), packet.split_at_checked(header_bytes))
        else {
            return false;
        };
        scratch.resize(packet.len(), 0);
        // The first of its stream, also to the engine: nothing has rolled over.
        rtp.open_rtp((ssrc, u16::from_be_bytes([high, low]).into()), header, sealed, scratch).is_some()
    }
}

/// The stream, the header extensions with their form and length, and the length of the whole header (RFC 3550 5.1).
fn header(packet: &[u8]) -> Option<(u32, &[u8], usize)> {
    let (&[first, .., s0, s1, s2, s3], rest) = packet.split_first_chunk::<FIXED_BYTES>()?;
    let ssrc = u32::from_be_bytes([s0, s1, s2, s3]);
    let contributors = 4 * usize::from(first & 15);
    if first & 0x10 == 0 {
        return Some((ssrc, &[], FIXED_BYTES + contributors));
    }
    let rest = rest.get(contributors..)?;
    let &[_, _, high, low] = rest.first_chunk()?;
    let bytes = 4 + 4 * usize::from(u16::from_be_bytes([high, low]));
    Some((ssrc, rest.get(..bytes)?, FIXED_BYTES + contributors + bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use str0m::crypto::dtls::SrtpProfile;

    use super::*;
    use crate::srtp::{Contexts, Material};

    const PROFILES: [(SrtpProfile, u8); 3] = [
        (SrtpProfile::AEAD_AES_128_GCM, 56),
        (SrtpProfile::AEAD_AES_256_GCM, 88),
        (SrtpProfile::AES128_CM_SHA1_80, 60),
    ];

    fn now() -> Instant {
        Instant::now()
    }

    /// A door, and the keys of the peer before it.
    fn ends((profile, bytes): (SrtpProfile, u8)) -> (Door, Context) {
        let end = |is_client| Contexts::derive(&Material::new((0..bytes).collect(), profile, is_client)).expect("keys");
        let mut door = Door::default();
        door.unlock(end(false).rtp_in);
        (door, end(true).rtp_out)
    }

    fn sealed(peer: &mut Context, ssrc: u32, seq: u16, extension: Option<u16>) -> Vec<u8> {
        let mut packet = vec![0x80, 96];
        packet.extend(seq.to_be_bytes());
        packet.extend([0; 4]);
        packet.extend(ssrc.to_be_bytes());
        if let Some(words) = extension {
            packet[0] |= 0x12;
            packet.extend([7; 8]);
            packet.extend([0xbe, 0xde]);
            packet.extend(words.to_be_bytes());
            packet.resize(packet.len() + 4 * usize::from(words), 0);
        }
        assert!(peer.seal_rtp(&mut packet, 0, (ssrc, seq.into()), &[&[1, 2, 3]]));
        packet
    }

    #[test]
    fn a_stream_is_known_by_a_packet_under_the_peers_keys() {
        for profile in PROFILES {
            let (mut door, mut peer) = ends(profile);
            for extension in [None, Some(0), Some(3)] {
                let ssrc = 7 + u32::from(extension.unwrap_or(9));
                let packet = sealed(&mut peer, ssrc, 65_535, extension);
                let mut forged = packet.clone();
                *forged.last_mut().expect("a byte") ^= 1;
                assert!(!door.admits(now(), &forged), "{profile:?}, not yet");
                assert!(door.admits(now(), &packet), "{profile:?}");
                assert!(door.admits(now(), &forged), "{profile:?}, the engine drops it");
            }
            assert_eq!(door.known.len(), 3);
        }
    }

    #[test]
    fn nobody_is_known_before_the_handshake() {
        let (_, mut peer) = ends(PROFILES[0]);
        assert!(!Door::default().admits(now(), &sealed(&mut peer, 7, 1, None)));
    }

    #[test]
    fn ever_new_streams_are_too_many_at_once_and_in_all() {
        let (mut door, mut peer) = ends(PROFILES[0]);
        let mut ssrc = 0;
        let mut until_crowded = |door: &mut Door| {
            for count in 0.. {
                ssrc += 1;
                if !door.admits(now(), &sealed(&mut peer, ssrc, 1, None)) {
                    return count;
                }
            }
            0
        };
        for _ in 0..MOST_EVER / MAX_STREAMS {
            assert_eq!(until_crowded(&mut door), MAX_STREAMS);
            assert!(door.is_crowded());
            door.on_negotiated(None);
        }
        assert!(door.is_crowded(), "a negotiation makes no more room");
        assert_eq!((until_crowded(&mut door), door.known.len()), (0, MOST_EVER));
    }

    proptest! {
        #[test]
        fn no_bytes_are_admitted_without_keys(bytes: Vec<u8>) {
            let (mut door, _) = ends(PROFILES[0]);
            prop_assert!(!door.admits(now(), &bytes));
            prop_assert!(door.known.is_empty());
        }
    }
}
