//! The engine's figures as ours: totals of streams, and of the peer each second.

use str0m::stats::{MediaEgressStats, MediaIngressStats, PeerStats};

use super::{RtcSession, codecs};
use crate::api::{SessionEvent, SessionStats, StreamStats};

impl RtcSession {
    /// A receiver report tells of what we send, an extended report (RFC 3611 4.5) of what we receive.
    pub(super) fn on_egress(&mut self, stats: &MediaEgressStats) -> Option<SessionEvent> {
        self.reported_rtt = stats.rtt.or(self.reported_rtt);
        let mut told = StreamStats {
            mid: codecs::own_mid(stats.mid)?,
            rid: stats.rid.and_then(codecs::own_rid),
            is_ours: true,
            bytes: stats.bytes,
            packets: stats.packets,
            nacks: stats.nacks,
            loss: stats.loss,
        };
        self.egress.on_figures(stats, &mut told);
        Some(SessionEvent::Stream(told))
    }

    pub(super) fn on_ingress(&mut self, stats: &MediaIngressStats) -> Option<SessionEvent> {
        self.reported_rtt = stats.rtt.or(self.reported_rtt);
        Some(SessionEvent::Stream(StreamStats {
            mid: codecs::own_mid(stats.mid)?,
            rid: stats.rid.and_then(codecs::own_rid),
            is_ours: false,
            bytes: stats.bytes,
            packets: stats.packets,
            nacks: stats.nacks,
            loss: stats.loss,
        }))
    }

    pub(super) fn on_second(&mut self, stats: &PeerStats) -> SessionEvent {
        let (sealed, loss) = self.egress.on_second(self.now);
        SessionEvent::Stats(SessionStats {
            rtt: self.egress.rtt().or(stats.rtt).or(self.reported_rtt),
            loss_in: stats.ingress_loss_fraction.unwrap_or(0.0),
            loss_out: loss.unwrap_or(0.0),
            bytes_in: stats.peer_bytes_rx,
            bytes_out: stats.peer_bytes_tx + sealed,
        })
    }
}
