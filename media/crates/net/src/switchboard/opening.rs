//! Packets of nothing, by which programs on Pion learn that a track is there.

use std::sync::Arc;
use std::time::Instant;

use palaver_forward::{Codec, Kind, PayloadPatch};
use palaver_session::{CarriedExtensions, NegotiatedSession, OutgoingRtp, SessionFactory, Written};

use super::{PeerIx, Step, Switchboard, guarded};

/// 20 ms of nothing (RFC 6716 section 3.1: CELT, full band, no signal).
const SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];
/// Any that the section takes will do.
const PICTURES: [Codec; 4] = [Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1];

impl<F: SessionFactory> Switchboard<F> {
    pub(super) fn open_tracks(&mut self, peer: &str) {
        let Some(peer) = self.by_name.get(peer).and_then(|ix| self.peers.get(*ix)) else { return };
        if let (Some(subscriber), Some(room)) = (peer.subscriber, self.rooms.get_mut(&peer.room)) {
            room.router.set_needs_opening(subscriber);
        }
    }

    pub(super) fn send_opening(&mut self, now: Instant, target: u64, kind: Kind, (seq, timestamp): (u64, u32)) {
        let (ix, slot) = ((target >> 32) as PeerIx, target as u32 as usize);
        let Some(peer) = self.peers.get_mut(ix) else { return };
        let Some(mid) = peer.sections.get(slot).map(|section| section.mid) else { return };
        let (codecs, payload): (&[Codec], Arc<[u8]>) = match kind {
            Kind::Audio => (&[Codec::Opus], Arc::new(SILENCE)),
            Kind::Video => (&PICTURES, Arc::new([])),
        };
        let sealed = &mut self.outbox.sealed;
        let (out, start) = sealed.buffer();
        let sent = guarded(|| {
            let codec = codecs.iter().copied().find(|codec| peer.session.can_send(mid, *codec));
            Ok(codec.map_or(Written::Refused, |codec| {
                let packet = OutgoingRtp {
                    codec,
                    seq,
                    timestamp,
                    marker: true,
                    payload: &payload,
                    patch: PayloadPatch::None,
                    extensions: &CarriedExtensions::default(),
                    captured_at: None,
                };
                peer.session.send_rtp(now, mid, &packet, out)
            }))
        });
        match sent {
            Step::Done(Written::Sealed(path)) => sealed.keep(peer.route.of_media(path), start),
            Step::Done(Written::Refused) => self.totals.unsendable_packets += 1,
            Step::Failed(reason, text) => {
                sealed.undo(start);
                self.fail(now, ix, reason, &text);
            }
        }
    }
}
