//! A session against a client of str0m, which opens and reads with code of its own.

mod pictures;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use palaver_forward::{Codec, PayloadPatch};
use str0m::change::SdpAnswer;
use str0m::crypto::dtls::SrtpProfile;
use str0m::media::{Direction, MediaKind, SenderFeedback};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpPacket;
use str0m::{Candidate, Event, Input, Rtc};

use crate::api::{CarriedExtensions, Endpoint, NegotiatedSession, OutgoingRtp, Output, Path, SessionEvent, Written};
use crate::ids::Mid;
use crate::srtp::{force, provider};
use crate::{PreparedOffer, RtcFactory, RtcSession, SessionFactory, StreamStats};

const FRAME: Duration = Duration::from_millis(20);

struct Call {
    now: Instant,
    path: Path,
    session: RtcSession,
    client: Rtc,
    mid: Mid,
    is_up: bool,
    out: Vec<u8>,
    packets: Vec<RtpPacket>,
    reports: Vec<(Instant, SenderFeedback)>,
    streams: Vec<StreamStats>,
    sealed: usize,
    keyframes: usize,
}

impl Call {
    /// A client that wants to hear one microphone, or see one camera.
    fn new(profile: SrtpProfile, kind: MediaKind) -> Self {
        force(Some(profile));
        let now = Instant::now();
        let (local, remote) = (SocketAddr::from(([192, 0, 2, 1], 7_882)), SocketAddr::from(([10, 0, 0, 1], 5_000)));
        let mut client = Rtc::builder()
            .set_rtp_mode(true)
            .set_crypto_provider(Arc::new(provider()))
            .set_rtcp_report_interval_audio(Duration::from_secs(1))
            .build(now);
        client.add_local_candidate(Candidate::host(remote, "udp").expect("an address"));
        let mut api = client.sdp_api();
        let mid = api.add_media(kind, Direction::RecvOnly, None, None, None);
        let (offer, pending) = api.apply().expect("a change");
        let mut session = RtcFactory::new().make(now, &[Endpoint::udp(local)]);
        let offer = PreparedOffer::parse(&offer.to_sdp_string()).expect("an offer");
        let answer = session.accept(now, offer).expect("accepted").print();
        client.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&answer).expect("text")).expect("an answer");
        let mut call = Self {
            now,
            path: Path::udp(local, remote),
            session,
            client,
            mid: Mid::new(&mid).expect("a name"),
            is_up: false,
            out: Vec::new(),
            packets: Vec::new(),
            reports: Vec::new(),
            streams: Vec::new(),
            sealed: 0,
            keyframes: 0,
        };
        for _ in 0..500 {
            call.pass();
        }
        force(None);
        assert!(call.is_up);
        call
    }

    /// Twenty milliseconds, and all that they bring.
    fn pass(&mut self) {
        self.now += FRAME;
        self.session.advance(self.now).expect("alive");
        self.client.handle_input(Input::Timeout(self.now)).expect("alive");
        loop {
            let (to_client, to_session) = (self.drain_session(), self.drain_client());
            if to_client.is_empty() && to_session.is_empty() {
                return;
            }
            for bytes in to_session {
                self.session.receive(self.now, self.path, &bytes).expect("alive");
                let more = self.drain_session();
                self.deliver(&more);
            }
            self.deliver(&to_client);
        }
    }

    fn deliver(&mut self, datagrams: &[Vec<u8>]) {
        for bytes in datagrams {
            let received = Receive::new(Protocol::Udp, self.path.local, self.path.remote, bytes).expect("no garbage");
            self.client.handle_input(Input::Receive(self.now, received)).expect("alive");
            for bytes in self.drain_client() {
                self.session.receive(self.now, self.path, &bytes).expect("alive");
            }
        }
    }

    fn drain_session(&mut self) -> Vec<Vec<u8>> {
        let mut datagrams = Vec::new();
        loop {
            match self.session.poll().expect("alive") {
                Output::Transmit { bytes, .. } => datagrams.push(bytes),
                Output::Event(SessionEvent::KeyframeRequest { .. }) => self.keyframes += 1,
                Output::Event(SessionEvent::Connected) => self.is_up = true,
                Output::Event(SessionEvent::Stream(stats)) => self.streams.push(stats),
                Output::Event(_) => {}
                Output::Idle(_) => return datagrams,
            }
        }
    }

    fn drain_client(&mut self) -> Vec<Vec<u8>> {
        let mut datagrams = Vec::new();
        loop {
            match self.client.poll_output().expect("alive") {
                str0m::Output::Transmit(transmit) => datagrams.push(transmit.contents.into()),
                str0m::Output::Event(Event::RtpPacket(packet)) => self.packets.push(packet),
                str0m::Output::Event(Event::SenderFeedback(report)) => self.reports.push((self.now, report)),
                str0m::Output::Event(_) => {}
                str0m::Output::Timeout(_) => return datagrams,
            }
        }
    }

    fn say(&mut self, seq: u64, timestamp: u32, extensions: &CarriedExtensions) {
        let payload: Arc<[u8]> = vec![seq as u8; 40 + (seq % 50) as usize].into();
        let packet = OutgoingRtp {
            codec: Codec::Opus,
            seq,
            timestamp,
            marker: seq.is_multiple_of(10),
            payload: &payload,
            patch: PayloadPatch::None,
            extensions,
            captured_at: Some(self.now),
        };
        let datagram = self.seal(&packet);
        self.deliver(&[datagram]);
        self.pass();
    }

    fn seal(&mut self, packet: &OutgoingRtp<'_>) -> Vec<u8> {
        self.out.clear();
        let written = self.session.send_rtp(self.now, self.mid, packet, &mut self.out);
        assert_eq!(written, Written::Sealed(self.path));
        self.sealed += 1;
        std::mem::take(&mut self.out)
    }
}

fn level(minus_dbov: u8) -> CarriedExtensions {
    CarriedExtensions { minus_dbov: Some(minus_dbov), has_voice: Some(true), ..CarriedExtensions::default() }
}

fn speaks_over_the_end_of_the_numbers(profile: SrtpProfile) {
    let mut call = Call::new(profile, MediaKind::Audio);
    let first = 65_400;
    for place in 0..400_u32 {
        call.say(first + u64::from(place), 960 * place, &level((place % 128) as u8));
    }
    assert_eq!(call.sealed, 400);
    let numbers: Vec<u64> = call.packets.iter().map(|packet| *packet.seq_no).collect();
    assert_eq!(numbers, (first..first + 400).collect::<Vec<_>>());
    for (place, packet) in call.packets.iter().enumerate() {
        let seq = first + place as u64;
        assert_eq!(packet.header.timestamp, 960 * place as u32);
        assert_eq!(packet.header.marker, seq.is_multiple_of(10));
        assert_eq!(&packet.payload[..], vec![seq as u8; 40 + (seq % 50) as usize]);
        assert_eq!(packet.header.ext_vals.audio_level, Some(-((place % 128) as i8)));
        assert_eq!(packet.header.ext_vals.voice_activity, Some(true));
    }
    let named = |packet: &RtpPacket| packet.header.ext_vals.mid.is_some();
    assert!(named(&call.packets[0]), "until the receiver has reported the stream");
    assert!(!named(&call.packets[399]));
    let told = call.streams.last().expect("figures each second");
    assert_eq!((told.mid, told.is_ours, told.loss), (call.mid, true, Some(0.0)));
    assert!(told.packets > 300 && told.bytes > 300 * 40, "{told:?}");
}

#[test]
fn a_voice_is_whole_with_gcm_256() {
    speaks_over_the_end_of_the_numbers(SrtpProfile::AEAD_AES_256_GCM);
}

#[test]
fn a_voice_is_whole_with_gcm_128() {
    speaks_over_the_end_of_the_numbers(SrtpProfile::AEAD_AES_128_GCM);
}

#[test]
fn a_voice_is_whole_with_counter_mode() {
    speaks_over_the_end_of_the_numbers(SrtpProfile::AES128_CM_SHA1_80);
}

#[test]
fn sender_reports_know_the_clock_and_count_what_the_engine_did_not_send() {
    for profile in [SrtpProfile::AEAD_AES_256_GCM, SrtpProfile::AES128_CM_SHA1_80] {
        let mut call = Call::new(profile, MediaKind::Audio);
        let (start, mut octets) = (call.now, 0);
        for place in 0..600_u32 {
            call.say(u64::from(place), 1_000 + 960 * place, &CarriedExtensions::default());
            octets += 40 + place % 50;
        }
        let (at, report) = call.reports.last().expect("one each five seconds");
        let elapsed_ms = at.duration_since(start).as_millis() as i64;
        let info = &report.sender_info;
        let clock = i64::from(info.rtp_time.numer() as u32) - 1_000;
        assert!((clock - elapsed_ms * 48).abs() <= 48 * 25, "{clock} after {elapsed_ms} ms");
        assert!(info.sender_packet_count > 200 && u64::from(info.sender_packet_count) <= 600, "{info:?}");
        assert!(info.sender_octet_count > 200 * 40 && info.sender_octet_count <= octets, "{info:?}");
    }
}
