//! [`NegotiatedSession`] by str0m: RTP mode, ICE-lite, DTLS 1.2. No type of str0m is public here.

mod codecs;
mod door;
mod egress;
mod events;
mod extensions;
mod figures;
mod handshake;
mod numbers;
mod offering;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use palaver_forward::Codec;
use str0m::change::{SdpAnswer, SdpOffer};
use str0m::channel::ChannelId;
use str0m::config::{DtlsCert, DtlsVersion};
use str0m::crypto::{CryptoProvider, from_feature_flags};
use str0m::error::RtcError;
use str0m::media::KeyframeRequestKind;
use str0m::net::{Protocol as StrProtocol, Receive, TcpType};
use str0m::rtp::{Extension, RtpWrite};
use str0m::{Candidate, Input, Rtc};

use self::codecs::{CodecTable, Wrappers};
use self::door::Door;
#[doc(hidden)]
pub use self::egress::exercise_reports;
use self::egress::{Egress, Left, Terms};
use self::handshake::Handshake;
use self::offering::Offering;
pub use self::offering::PreparedAnswer;
use crate::api::{
    DataOutcome, Endpoint, MadeOffer, NegotiatedSession, OfferPlan, OutgoingRtp, Output, Path, PlayoutDelay, Printed,
    Protocol, SessionError, SessionEvent, SessionFactory, Written,
};
use crate::ids::{Mid, Rid};
use crate::sdp::{self, Assignment};
use crate::srtp::{self, Slot};

/// The channel that loses nothing.
const RELIABLE: &str = "_reliable";
/// Labels that LiveKit clients open; messages on any other channel are dropped.
pub const DATA_LABELS: [&str; 3] = [RELIABLE, "_lossy", "_data_track"];
/// Below this many buffered bytes a full channel is writable again: half of the engine's 128 KiB.
const DATA_LOW_WATER_BYTES: usize = 64 * 1024;
const STATS_INTERVAL: Duration = Duration::from_secs(1);
/// Of sound as of pictures: a receiver puts the two together when it has two reports of each.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Deadlines this close are met at once: what the engine wants to do in a moment costs the worker no turn of its own.
const REPLAY: Duration = Duration::from_micros(250);
/// A deadline that stays in the past must not stop everybody else.
const MAX_REPLAYS: u32 = 256;

/// An offer that was read off the media thread.
#[derive(Debug)]
pub struct PreparedOffer {
    offer: SdpOffer,
    sections: Vec<Mid>,
    wrappers: Wrappers,
    fingerprint: Option<String>,
    ufrag: Option<String>,
}

impl PreparedOffer {
    /// Read a narrowed offer.
    pub fn parse(text: &str) -> Result<Self, sdp::SdpError> {
        let offer = SdpOffer::from_sdp_string(text).map_err(|e| sdp::SdpError::BadLine(e.to_string()))?;
        let sections = sdp::parse_offer(text)?;
        let wrappers = Wrappers::of(&sections);
        let sections = sections.iter().map(|section| section.mid).collect();
        Ok(Self { offer, sections, wrappers, fingerprint: sdp::fingerprint(text), ufrag: sdp::ufrag(text) })
    }
}

struct RawAnswer(SdpAnswer);

impl Printed for RawAnswer {
    fn print(&self) -> String {
        self.0.to_sdp_string()
    }
}

/// Makes [`RtcSession`]s that share one self-signed certificate: making one costs more than the rest of a session.
#[derive(Clone)]
pub struct RtcFactory {
    /// `None` lets each session make its own.
    certificate: Option<DtlsCert>,
}

impl RtcFactory {
    /// Make the certificate, about a millisecond of work.
    pub fn new() -> Self {
        Self { certificate: from_feature_flags().dtls_provider.generate_certificate() }
    }
}

impl Default for RtcFactory {
    fn default() -> Self {
        Self::new()
    }
}

impl SessionFactory for RtcFactory {
    type Session = RtcSession;

    fn make(&self, now: Instant, candidates: &[Endpoint]) -> RtcSession {
        RtcSession::new(now, candidates, self.certificate.clone())
    }
}

/// One peer on str0m.
#[derive(Debug)]
pub struct RtcSession {
    rtc: Rtc,
    codecs: CodecTable,
    /// Section and layer of each stream that the peer sends.
    streams: HashMap<u32, (Mid, Option<Rid>)>,
    channels: BTreeMap<&'static str, ChannelId>,
    offering: Offering,
    handshake: Handshake,
    fingerprint: Option<String>,
    /// Round trip by the peer's RTCP, which also those know whose packets nobody receives.
    reported_rtt: Option<Duration>,
    door: Door,
    egress: Egress,
    /// Where the keys of the handshake appear.
    keys: Slot,
    /// The latest time that we were told.
    now: Instant,
    /// Deadlines met since then without being told another.
    replays: u32,
    /// When the engine wants to be called; `None` while it has to be asked.
    idle_until: Option<Instant>,
    is_up: bool,
    is_disconnected: bool,
}

/// The engine's crypto, with our ear at its handshakes.
static CRYPTO: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(srtp::provider()));

impl RtcSession {
    fn new(now: Instant, candidates: &[Endpoint], certificate: Option<DtlsCert>) -> Self {
        let mut config = Rtc::builder()
            .set_crypto_provider(Arc::clone(&CRYPTO))
            .set_rtp_mode(true)
            .set_ice_lite(true)
            .clear_codecs()
            .enable_opus(true, true)
            .enable_vp8(true)
            .set_stats_interval(Some(STATS_INTERVAL))
            .set_rtcp_report_interval_audio(REPORT_INTERVAL)
            .set_dtls_version(DtlsVersion::Dtls12);
        codecs::add_pictures(&mut config);
        config.extension_map().set(5, Extension::AbsoluteCaptureTime);
        config.extension_map().set(6, Extension::PlayoutDelay);
        if let Some(certificate) = certificate {
            config = config.set_dtls_cert(certificate);
        }
        let mut rtc = config.build(now);
        let keys = srtp::latest_slot();
        for Endpoint { protocol, address } in candidates.iter().copied() {
            let candidate = match protocol {
                Protocol::Udp => Candidate::builder().udp().host(address).build(),
                Protocol::Tcp => Candidate::builder().tcp().host(address).tcptype(TcpType::Passive).build(),
            };
            if let Ok(candidate) = candidate {
                rtc.add_local_candidate(candidate);
            }
        }
        Self {
            rtc,
            codecs: CodecTable::default(),
            streams: HashMap::new(),
            channels: BTreeMap::new(),
            offering: Offering::default(),
            handshake: Handshake::default(),
            fingerprint: None,
            reported_rtt: None,
            door: Door::default(),
            egress: Egress::new(now),
            keys,
            now,
            replays: 0,
            idle_until: None,
            is_up: false,
            is_disconnected: false,
        }
    }

    /// RFC 8842 4: another certificate means another DTLS association, which an ICE restart is not.
    fn check_fingerprint(&self, fingerprint: Option<&String>) -> Result<(), SessionError> {
        if self.fingerprint.is_some() && self.fingerprint.as_ref() != fingerprint {
            return Err(SessionError::BadOffer("the DTLS fingerprint changed".to_owned()));
        }
        Ok(())
    }

    fn meet(&mut self, now: Instant) {
        (self.now, self.replays) = (now, 0);
    }

    /// Give a datagram to the engine. What does not parse is dropped: it costs its sender only.
    fn hand_in(&mut self, now: Instant, path: Path, datagram: &[u8]) -> Result<(), SessionError> {
        let protocol = match path.protocol {
            Protocol::Udp => StrProtocol::Udp,
            Protocol::Tcp => StrProtocol::Tcp,
        };
        let Ok(received) = Receive::new(protocol, path.remote, path.local, datagram) else {
            return Ok(());
        };
        match self.rtc.handle_input(Input::Receive(now, received)) {
            // A forged or broken datagram must not end a session that can go on (RFC 6347 4.1.2.7).
            Err(_) if self.rtc.is_alive() => Ok(()),
            result => result.map_err(engine_error),
        }
    }

    /// What has become of the sections after a negotiation.
    fn on_negotiated(&mut self, sections: &[Mid], wrappers: &Wrappers) {
        self.codecs = CodecTable::of(&self.rtc, sections, wrappers);
        let number = |mid: &Mid| {
            let media = self.rtc.media(codecs::engine_mid(*mid))?;
            media.remote_extmap().id_of(Extension::TransportSequenceNumber)
        };
        self.door.on_negotiated(sections.iter().find_map(number));
        let Self { rtc, codecs, egress, .. } = self;
        egress.negotiate(sections, |mid| Terms::of(rtc, codecs, mid));
    }

    /// Let the engine know a stream, by a packet that never leaves.
    fn introduce(&mut self, mid: Mid, packet: &OutgoingRtp<'_>) {
        let Some(payload_type) = self.codecs.payload_type(mid, packet.codec) else { return };
        let mut direct = self.rtc.direct_api();
        if let Some(stream) = direct.stream_tx_by_mid(codecs::engine_mid(mid), None) {
            let (seq, payload) = (packet.seq.into(), Arc::clone(packet.payload));
            let write = RtpWrite::new(payload_type, seq, packet.timestamp, self.now, payload);
            stream.write_rtp(write.nackable(false));
            self.idle_until = None;
        }
    }
}

impl NegotiatedSession for RtcSession {
    fn accept(&mut self, now: Instant, offer: PreparedOffer) -> Result<Box<dyn Printed>, SessionError> {
        self.check_fingerprint(offer.fingerprint.as_ref())?;
        self.advance(now)?;
        self.idle_until = None;
        let answer =
            self.rtc.sdp_api().accept_offer(offer.offer).map_err(|error| SessionError::BadOffer(error.to_string()))?;
        self.fingerprint = offer.fingerprint;
        self.handshake.describe(offer.ufrag);
        // A section may have changed hands: look streams up again.
        self.streams.clear();
        self.on_negotiated(&offer.sections, &offer.wrappers);
        Ok(Box::new(RawAnswer(answer)))
    }

    fn offer(&mut self, now: Instant, plan: &OfferPlan) -> Result<MadeOffer, SessionError> {
        self.advance(now)?;
        self.idle_until = None;
        self.offering.offer(&mut self.rtc, plan)
    }

    fn take_answer(&mut self, now: Instant, answer: PreparedAnswer) -> Result<BTreeMap<Mid, Assignment>, SessionError> {
        self.check_fingerprint(answer.fingerprint.as_ref())?;
        self.advance(now)?;
        self.idle_until = None;
        let assigned = self.offering.take_answer(&mut self.rtc, answer.answer)?;
        self.fingerprint = answer.fingerprint;
        self.handshake.describe(answer.ufrag);
        let sections = self.offering.mids();
        self.on_negotiated(&sections, &answer.wrappers);
        Ok(assigned)
    }

    fn local_ufrag(&mut self) -> String {
        self.rtc.direct_api().local_ice_credentials().ufrag
    }

    fn receive(&mut self, now: Instant, path: Path, datagram: &[u8]) -> Result<(), SessionError> {
        self.meet(now);
        if egress::is_rtp(datagram) && !self.door.admits(now, datagram) {
            return Ok(());
        }
        // What is said of our own packets is not the engine's, which did not send them.
        let rest = match self.egress.receive(now, datagram) {
            Left::Nothing => return Ok(()),
            Left::All => None,
            Left::Rest(rest) => Some(rest),
        };
        let datagram = rest.as_deref().unwrap_or(datagram);
        self.idle_until = None;
        let Self { rtc, handshake, .. } = self;
        if let Some(check) = handshake.check(datagram, || rtc.direct_api().local_ice_credentials()) {
            self.hand_in(now, path, &check)?;
        }
        self.hand_in(now, path, datagram)
    }

    fn advance(&mut self, now: Instant) -> Result<(), SessionError> {
        self.meet(now);
        self.egress.advance(now);
        if self.idle_until.is_some_and(|until| now < until) {
            return Ok(());
        }
        self.idle_until = None;
        self.rtc.handle_input(Input::Timeout(now)).map_err(engine_error)
    }

    fn poll(&mut self) -> Result<Output, SessionError> {
        loop {
            if let Some((path, bytes)) = self.egress.poll() {
                return Ok(Output::Transmit { path, bytes });
            }
            if let Some(bps) = self.egress.poll_estimate() {
                return Ok(Output::Event(SessionEvent::Estimate { bps }));
            }
            if let Some(until) = self.idle_until {
                return Ok(Output::Idle(self.egress.deadline().map_or(until, |at| at.min(until))));
            }
            match self.rtc.poll_output().map_err(engine_error)? {
                str0m::Output::Transmit(transmit) => {
                    let protocol = match transmit.proto {
                        StrProtocol::Udp => Protocol::Udp,
                        _ => Protocol::Tcp,
                    };
                    let path = Path { protocol, local: transmit.source, remote: transmit.destination };
                    let mut bytes: Vec<u8> = transmit.contents.into();
                    if self.handshake.is_answer(&bytes) {
                        continue;
                    }
                    if self.egress.on_transmit(path, &mut bytes, self.now) {
                        return Ok(Output::Transmit { path, bytes });
                    }
                }
                str0m::Output::Timeout(deadline) => {
                    if deadline > self.now + REPLAY || self.replays >= MAX_REPLAYS {
                        self.idle_until = Some(deadline);
                        continue;
                    }
                    self.replays += 1;
                    self.rtc.handle_input(Input::Timeout(deadline.max(self.now))).map_err(engine_error)?;
                }
                str0m::Output::Event(event) => {
                    if let Some(event) = self.on_event(event) {
                        return Ok(Output::Event(event));
                    }
                }
            }
        }
    }

    fn send_rtp(&mut self, now: Instant, mid: Mid, packet: &OutgoingRtp<'_>, out: &mut Vec<u8>) -> Written {
        if !self.is_up {
            return Written::Refused;
        }
        let Some(sent) = self.egress.send(now, mid, packet, out) else { return Written::Refused };
        if sent.is_introduction {
            self.introduce(mid, packet);
        }
        Written::Sealed(sent.path)
    }

    fn set_playout_delay(&mut self, delay: Option<PlayoutDelay>) {
        self.egress.set_playout_delay(delay);
    }

    fn can_send(&self, mid: Mid, codec: Codec) -> bool {
        self.codecs.payload_type(mid, codec).is_some()
    }

    fn request_keyframe(&mut self, mid: Mid, rid: Option<Rid>) -> bool {
        let mut direct = self.rtc.direct_api();
        let rid = rid.map(|rid| str0m::media::Rid::from(rid.as_str()));
        let Some(stream) = direct.stream_rx_by_mid(codecs::engine_mid(mid), rid) else {
            return false;
        };
        stream.request_keyframe(KeyframeRequestKind::Pli);
        self.idle_until = None;
        true
    }

    fn set_desired_bitrate(&mut self, desired_bps: Option<u64>) {
        self.egress.set_desired(self.now, desired_bps);
    }

    fn send_data(&mut self, label: &str, payload: &[u8]) -> Result<DataOutcome, SessionError> {
        let Some(mut channel) = self.channels.get(label).and_then(|id| self.rtc.channel(*id)) else {
            return Ok(DataOutcome::NoChannel);
        };
        self.idle_until = None;
        match channel.write(true, payload) {
            Ok(true) => Ok(DataOutcome::Sent),
            Ok(false) => Ok(DataOutcome::Full),
            Err(error) => Err(engine_error(error)),
        }
    }

    fn add_candidate(&mut self, candidate: &str) -> bool {
        // Read and left: an ICE-lite agent sends no checks, and learns where the peer is from the peer's own (RFC 8445
        // 7.3.1.3). The engine would keep every candidate, and walk through them at each check.
        Candidate::from_sdp_string(candidate.trim().trim_start_matches("a=")).is_ok()
    }

    fn close(&mut self) {
        self.egress.lock();
        self.idle_until = None;
        // An error means that there is nothing left to say goodbye with.
        if self.rtc.close().is_err() {
            self.rtc.disconnect();
        }
    }
}

fn engine_error(error: RtcError) -> SessionError {
    match error {
        RtcError::Dtls(error) => SessionError::Dtls(error.to_string()),
        // str0m reports a certificate that does not match the offer's fingerprint this way.
        RtcError::RemoteSdp(text) => SessionError::Dtls(text),
        other => SessionError::Engine(other.to_string()),
    }
}
