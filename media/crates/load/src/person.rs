//! One participant: set up by str0m, its media by our own hands.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use palaver_session::srtp::{Contexts, Slot, latest_slot, provider};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid, Rid, Simulcast, SimulcastLayer};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcError};

use crate::feedback::{Arrivals, Stream, receiver_reports, sender_report};
use crate::packets::{Due, Header, Kind, Source};
use crate::pictures::{Description, LAYERS, Watched};
use crate::requests::key_frames;
use crate::stamp::Stamp;

/// What a browser calls the track that it publishes; the caller says the same to the server.
pub(crate) const TRACK: &str = "load-track";
/// Receiver reports come with every so many feedbacks.
const FEEDBACKS_PER_REPORT: u32 = 10;

/// What became of a datagram.
pub(crate) enum Got {
    /// Media, and whether a key frame of a camera begins with it.
    Media(Stamp, bool),
    /// Anything else.
    Other,
}

/// One participant.
pub(crate) struct Person {
    number: usize,
    rtc: Rtc,
    local: SocketAddr,
    pending: Option<SdpPendingOffer>,
    slot: Slot,
    publishes: Option<(Kind, Mid)>,
    /// A section that nobody needs.
    spare: Option<Mid>,
    /// The sections to receive in.
    sections: Vec<Mid>,
    pub(crate) deadline: Instant,
    pub(crate) is_up: bool,
    /// Where the last datagram of the set-up went.
    remote: Option<SocketAddr>,
    media: Option<Media>,
}

/// The steady state.
struct Media {
    contexts: Contexts,
    remote: SocketAddr,
    source: Option<Source>,
    streams: Vec<Stream>,
    /// Of cameras in several sizes: the same places as in `streams`.
    watched: Vec<Option<Watched>>,
    /// Packets since the mark that a decoder could not go on with.
    torn: u32,
    compound: Vec<u8>,
    arrivals: Arrivals,
    own_ssrc: u32,
    rtcp_number: u32,
    feedbacks: u32,
}

impl Person {
    pub(crate) fn new(number: usize, local: SocketAddr, now: Instant) -> Self {
        let mut rtc = Rtc::builder().set_rtp_mode(true).set_crypto_provider(Arc::new(provider())).build(now);
        let slot = latest_slot();
        if let Ok(candidate) = Candidate::host(local, "udp") {
            rtc.add_local_candidate(candidate);
        }
        Self {
            number,
            rtc,
            local,
            pending: None,
            slot,
            publishes: None,
            spare: None,
            sections: Vec::new(),
            deadline: now,
            is_up: false,
            remote: None,
            media: None,
        }
    }

    /// A first offer: what is published, sections to receive, and the channels that every client opens.
    pub(crate) fn open(&mut self, publishes: Option<Kind>, sections: usize, kind: MediaKind) -> Option<String> {
        let mut api = self.rtc.sdp_api();
        if let Some(published) = publishes {
            let media = if published == Kind::Audio { MediaKind::Audio } else { MediaKind::Video };
            let layers = LAYERS.iter().map(|layer| SimulcastLayer::new(layer.rid));
            let sizes = (published == Kind::Layers).then(|| Simulcast { send: layers.collect(), recv: Vec::new() });
            let mid = api.add_media(media, Direction::SendOnly, Some("load".into()), Some(TRACK.into()), sizes);
            self.publishes = Some((published, mid));
        }
        for _ in 0..sections {
            self.sections.push(api.add_media(kind, Direction::RecvOnly, None, None, None));
        }
        let other = if kind == MediaKind::Audio { MediaKind::Video } else { MediaKind::Audio };
        let spare = api.add_media(other, Direction::RecvOnly, None, None, None);
        self.spare = Some(spare);
        api.add_channel("_reliable".to_owned());
        let made = api.apply();
        self.offer(made)
    }

    /// Another offer: all sections may receive again, whatever was answered before. str0m makes one only of a change;
    /// where nothing else changes, a section that nobody needs does.
    pub(crate) fn more(&mut self, sections: usize, kind: MediaKind) -> Option<String> {
        let direction = |rtc: &Rtc, mid: &Mid| rtc.media(*mid).map(str0m::media::Media::direction);
        let closed = |mid: &&Mid| direction(&self.rtc, mid) == Some(Direction::Inactive);
        let again: Vec<Mid> = self.sections.iter().filter(closed).copied().collect();
        let spare = self.spare.and_then(|mid| Some((mid, direction(&self.rtc, &mid)?)));
        let mut api = self.rtc.sdp_api();
        for mid in &again {
            api.set_direction(*mid, Direction::RecvOnly);
        }
        for _ in 0..sections {
            self.sections.push(api.add_media(kind, Direction::RecvOnly, None, None, None));
        }
        if let Some((mid, direction)) = spare.filter(|_| sections == 0 && again.is_empty()) {
            let other = if direction == Direction::RecvOnly { Direction::Inactive } else { Direction::RecvOnly };
            api.set_direction(mid, other);
        }
        let made = api.apply();
        self.offer(made)
    }

    fn offer(&mut self, made: Option<(str0m::change::SdpOffer, SdpPendingOffer)>) -> Option<String> {
        let (offer, pending) = made?;
        self.pending = Some(pending);
        Some(offer.to_sdp_string())
    }

    pub(crate) fn answer(&mut self, sdp: &str) -> Result<(), RtcError> {
        let answer = SdpAnswer::from_sdp_string(sdp).map_err(|error| RtcError::RemoteSdp(error.to_string()))?;
        match self.pending.take() {
            Some(pending) => self.rtc.sdp_api().accept_answer(pending, answer),
            None => Ok(()),
        }
    }

    /// Where the server offers: what it sends, and nothing of ours.
    pub(crate) fn accept(&mut self, sdp: &str) -> Result<String, RtcError> {
        let offer = SdpOffer::from_sdp_string(sdp).map_err(|error| RtcError::RemoteSdp(error.to_string()))?;
        Ok(self.rtc.sdp_api().accept_offer(offer)?.to_sdp_string())
    }

    pub(crate) fn candidate(&mut self, text: &str) {
        if let Ok(candidate) = Candidate::from_sdp_string(text) {
            self.rtc.add_remote_candidate(candidate);
        }
    }

    /// A datagram. Once it is up, str0m sees only checks and DTLS.
    pub(crate) fn receive(
        &mut self,
        now: (Instant, u64),
        from: SocketAddr,
        bytes: &[u8],
        scratch: &mut [u8],
    ) -> Result<Got, RtcError> {
        if matches!(bytes.first(), Some(128..=191)) {
            let media = self.media.as_mut();
            let got = media.and_then(|media| media.receive(now.1, bytes, scratch));
            return Ok(got.map_or(Got::Other, |(stamp, begins_key_frame)| Got::Media(stamp, begins_key_frame)));
        }
        if let Ok(received) = Receive::new(Protocol::Udp, from, self.local, bytes) {
            self.rtc.handle_input(Input::Receive(now.0, received))?;
        }
        Ok(Got::Other)
    }

    /// Let time pass, and collect what is to be sent.
    pub(crate) fn drive(&mut self, now: Instant, out: &mut impl FnMut(SocketAddr, &[u8])) -> Result<(), RtcError> {
        self.rtc.handle_input(Input::Timeout(now))?;
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(deadline) => {
                    self.deadline = deadline;
                    if let Some(remote) = self.remote.filter(|_| self.media.is_none()) {
                        self.begin(remote);
                    }
                    return Ok(());
                }
                // Of media we speak ourselves.
                Output::Transmit(transmit) if matches!(transmit.contents.first(), Some(128..=191)) => {}
                Output::Transmit(transmit) => {
                    self.remote = Some(transmit.destination);
                    if let Some(media) = &mut self.media {
                        media.remote = transmit.destination;
                    }
                    out(transmit.destination, &transmit.contents);
                }
                Output::Event(Event::Connected) => self.is_up = true,
                Output::Event(_) => {}
            }
        }
    }

    /// Once the handshake has told the keys.
    fn begin(&mut self, remote: SocketAddr) {
        let material = self.slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(contexts) = material.as_ref().and_then(Contexts::derive) else { return };
        let source = self.publishes.map(|(kind, mid)| {
            let mut direct = self.rtc.direct_api();
            let mut ssrc = |rid| direct.stream_tx_by_mid(mid, rid).map(|stream| *stream.ssrc());
            let ssrcs: Vec<u32> = match kind {
                Kind::Layers => LAYERS.iter().filter_map(|layer| ssrc(Some(Rid::from(layer.rid)))).collect(),
                Kind::Audio | Kind::Video => ssrc(None).into_iter().collect(),
            };
            Source::new(kind, self.number as u16, &ssrcs, &mid)
        });
        let own_ssrc = source.as_ref().and_then(|source| source.lanes.first()).map_or(1, |lane| lane.ssrc);
        self.media = Some(Media {
            contexts,
            remote,
            source,
            streams: Vec::new(),
            watched: Vec::new(),
            torn: 0,
            compound: Vec::new(),
            arrivals: Arrivals::default(),
            own_ssrc,
            rtcp_number: 0,
            feedbacks: 0,
        });
    }

    /// Whether the handshake has told keys that can be used.
    pub(crate) fn has_media(&self) -> bool {
        self.media.is_some()
    }

    /// One burst of what it publishes. Answers where it goes.
    pub(crate) fn burst(&mut self, due: Due, out: &mut Vec<u8>, each: impl FnMut(usize, Stamp)) -> Option<SocketAddr> {
        let media = self.media.as_mut().filter(|_| self.is_up)?;
        let source = media.source.as_mut()?;
        source.burst(&mut media.contexts.rtp_out, due, out, each);
        Some(media.remote)
    }

    /// What a client says about its media from time to time.
    pub(crate) fn feedback(&mut self, now_us: u64, out: &mut Vec<u8>) -> Option<SocketAddr> {
        let media = self.media.as_mut().filter(|_| self.is_up)?;
        media.feedbacks += 1;
        let mut compound = Vec::new();
        let is_full = media.feedbacks.is_multiple_of(FEEDBACKS_PER_REPORT);
        let lanes = media.source.as_ref().filter(|_| is_full).map_or(&[][..], |source| &source.lanes);
        for lane in lanes.iter().filter(|lane| lane.packets > 0) {
            sender_report(lane.ssrc, now_us, lane.timestamp, lane.packets, &mut compound);
        }
        if is_full && !media.streams.is_empty() {
            receiver_reports(media.own_ssrc, &media.streams, &mut compound);
        }
        let heard = media.streams.first().map_or(0, |stream| stream.ssrc);
        media.arrivals.report(media.own_ssrc, heard, &mut compound);
        if compound.is_empty() {
            return None;
        }
        media.rtcp_number += 1;
        media.contexts.rtcp_out.seal_rtcp(media.rtcp_number, &compound, out);
        Some(media.remote)
    }

    /// Begin to count.
    pub(crate) fn mark(&mut self) {
        if let Some(media) = &mut self.media {
            media.streams.iter_mut().for_each(Stream::mark);
            media.torn = 0;
        }
    }

    /// What was wrong since the mark: numbers that never came, and packets that a decoder could not go on with.
    pub(crate) fn faults(&self) -> (u32, u32) {
        let Some(media) = &self.media else { return (0, 0) };
        (media.streams.iter().map(Stream::holes).sum(), media.torn)
    }
}

impl Media {
    /// Somebody else's media, and whether a key frame of a camera begins with it.
    fn receive(&mut self, now_us: u64, packet: &[u8], scratch: &mut [u8]) -> Option<(Stamp, bool)> {
        // RTCP shares the range (RFC 5761 4).
        if matches!(packet.get(1), Some(192..=223)) {
            let source = self.source.as_mut()?;
            self.compound.clear();
            self.contexts.rtcp_in.open_rtcp(packet, &mut self.compound)?;
            key_frames(&self.compound, |ssrc| source.want_key_frame(ssrc));
            return None;
        }
        let header = Header::parse(packet)?;
        let (head, sealed) = packet.split_at_checked(header.bytes)?;
        let place = self.streams.iter().position(|stream| stream.ssrc == header.ssrc);
        let place = place.unwrap_or_else(|| {
            self.streams.push(Stream::new(header.ssrc, header.seq));
            self.watched.push(None);
            self.streams.len() - 1
        });
        let stream = self.streams.get_mut(place)?;
        let extended = stream.extend(header.seq);
        let number = (header.ssrc, u64::from(extended));
        let payload = self.contexts.rtp_in.open_rtp(number, head, sealed, scratch)?;
        stream.receive(extended);
        if let Some(number) = header.transport_number {
            self.arrivals.note(number, now_us);
        }
        let stamp = Stamp::read(payload)?;
        let description = Description::parse(payload).filter(|_| header.is_video);
        let watched = self.watched.get_mut(place)?;
        match (description, watched) {
            (Some(description), Some(watched)) => {
                self.torn += u32::from(!watched.follow(stamp.class, description));
            }
            (Some(description), watched) => *watched = Some(Watched::new(stamp.class, description)),
            (None, _) => {}
        }
        Some((stamp, description.is_some_and(|description| description.is_key)))
    }
}
