//! What the engine tells, in our words.

use std::sync::PoisonError;

use str0m::rtp::RtpPacket;
use str0m::{Event, IceConnectionState};

use super::{DATA_LABELS, DATA_LOW_WATER_BYTES, RtcSession, codecs, extensions};
use crate::api::{ReceivedRtp, SessionEvent};
use crate::srtp::Contexts;

impl RtcSession {
    /// The event worth telling, if any.
    pub(super) fn on_event(&mut self, event: Event) -> Option<SessionEvent> {
        match event {
            Event::Connected => {
                self.is_up = true;
                if let Some(material) = self.keys.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    self.egress.unlock(&material);
                    if let Some(Contexts { rtp_in, .. }) = Contexts::derive(&material) {
                        self.door.unlock(rtp_in);
                    }
                }
                Some(SessionEvent::Connected)
            }
            Event::IceConnectionStateChange(state) => self.on_ice_state(state),
            Event::RtpPacket(_) if self.door.is_crowded() => Some(SessionEvent::Closed),
            Event::RtpPacket(packet) => self.on_packet(packet).map(SessionEvent::Rtp),
            Event::MediaEgressStats(stats) => self.on_egress(&stats),
            Event::MediaIngressStats(stats) => self.on_ingress(&stats),
            // Whoever has sent nothing yet has no clock to tell of.
            Event::SenderFeedback(feedback) if feedback.sender_info.sender_packet_count == 0 => None,
            Event::SenderFeedback(feedback) => Some(SessionEvent::SenderReport {
                mid: codecs::own_mid(feedback.mid)?,
                rid: feedback.rid.and_then(codecs::own_rid),
                ntp: feedback.sender_info.ntp_time,
                timestamp: feedback.sender_info.rtp_time.numer() as u32,
            }),
            Event::KeyframeRequest(request) => {
                Some(SessionEvent::KeyframeRequest { mid: codecs::own_mid(request.mid)? })
            }
            Event::ChannelOpen(id, label) => {
                let label = *DATA_LABELS.iter().find(|known| **known == label)?;
                self.channels.insert(label, id);
                if let Some(mut channel) = self.rtc.channel(id) {
                    channel.set_buffered_amount_low_threshold(DATA_LOW_WATER_BYTES);
                }
                Some(SessionEvent::DataOpen { label })
            }
            Event::ChannelData(message) => {
                let (label, _) = self.channels.iter().find(|(_, id)| **id == message.id)?;
                Some(SessionEvent::Data { label, payload: message.data })
            }
            Event::ChannelClose(id) => {
                self.channels.retain(|_, open| *open != id);
                None
            }
            Event::ChannelBufferedAmountLow(_) => Some(SessionEvent::DataWritable),
            Event::PeerStats(stats) => Some(self.on_second(&stats)),
            Event::Closed => Some(SessionEvent::Closed),
            _ => None,
        }
    }

    fn on_ice_state(&mut self, state: IceConnectionState) -> Option<SessionEvent> {
        match state {
            IceConnectionState::Disconnected if self.is_up && !self.is_disconnected => {
                self.is_disconnected = true;
                Some(SessionEvent::Disconnected)
            }
            IceConnectionState::Connected | IceConnectionState::Completed if self.is_disconnected => {
                self.is_disconnected = false;
                Some(SessionEvent::Reconnected)
            }
            _ => None,
        }
    }

    fn on_packet(&mut self, packet: RtpPacket) -> Option<ReceivedRtp> {
        let ssrc = packet.header.ssrc;
        let (mid, rid) = if let Some(known) = self.streams.get(&*ssrc) {
            *known
        } else {
            let mut direct = self.rtc.direct_api();
            let stream = direct.stream_rx(&ssrc)?;
            let found = (codecs::own_mid(stream.mid())?, stream.rid().and_then(codecs::own_rid));
            self.streams.insert(*ssrc, found);
            found
        };
        Some(ReceivedRtp {
            mid,
            rid,
            codec: self.codecs.codec(packet.header.payload_type)?,
            seq: *packet.seq_no,
            timestamp: packet.header.timestamp,
            marker: packet.header.marker,
            extensions: extensions::read(&packet.header.ext_vals),
            payload: packet.payload,
        })
    }
}
