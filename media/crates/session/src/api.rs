//! The seam between our code and a WebRTC engine: one peer, negotiated by descriptions, sans-IO.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use palaver_forward::{Codec, PayloadPatch};

use crate::ids::{Mid, Rid};
use crate::rtc::{PreparedAnswer, PreparedOffer};
use crate::sdp::Assignment;

/// How datagrams travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// As they are.
    Udp,
    /// Each after its length, on a connection that the peer opened (RFC 6544 passive, RFC 4571 framing).
    Tcp,
}

/// One end of a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// How it is reached.
    pub protocol: Protocol,
    /// Where it is.
    pub address: SocketAddr,
}

impl Endpoint {
    /// Of UDP.
    pub fn udp(address: SocketAddr) -> Self {
        Self { protocol: Protocol::Udp, address }
    }

    /// Of TCP.
    pub fn tcp(address: SocketAddr) -> Self {
        Self { protocol: Protocol::Tcp, address }
    }
}

/// The way a datagram took: which of our announced candidates, and the peer's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Path {
    /// How it travelled.
    pub protocol: Protocol,
    /// The candidate of ours that it was sent to.
    pub local: SocketAddr,
    /// Where it came from.
    pub remote: SocketAddr,
}

impl Path {
    /// Over UDP.
    pub fn udp(local: SocketAddr, remote: SocketAddr) -> Self {
        Self { protocol: Protocol::Udp, local, remote }
    }

    /// Over TCP.
    pub fn tcp(local: SocketAddr, remote: SocketAddr) -> Self {
        Self { protocol: Protocol::Tcp, local, remote }
    }

    /// The peer's end.
    pub fn origin(&self) -> Endpoint {
        Endpoint { protocol: self.protocol, address: self.remote }
    }
}

/// Why a session cannot go on, or refused an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionError {
    /// The offer contradicts what was negotiated before, or cannot be used. The session goes on.
    BadOffer(String),
    /// The DTLS handshake failed, or the certificate is not the one that the offer named.
    Dtls(String),
    /// Anything else in the engine: the session is unusable.
    Engine(String),
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadOffer(text) => write!(f, "offer refused: {text}"),
            Self::Dtls(text) => write!(f, "DTLS failed: {text}"),
            Self::Engine(text) => write!(f, "engine failed: {text}"),
        }
    }
}

impl std::error::Error for SessionError {}

/// RFC 6464, 3GPP, abs-capture-time and AV1 values that travel from publisher to subscriber. All other header extensions
/// belong to one connection only (mid, rid, transport-wide numbers, send times) and are never copied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CarriedExtensions {
    /// Audio level in −dBov: 0 loudest, 127 silence.
    pub minus_dbov: Option<u8>,
    /// Voice activity bit beside the level.
    pub has_voice: Option<bool>,
    /// Clockwise turns of 90 degrees, 0 to 3.
    pub quarter_turns: Option<u8>,
    /// When the frame was captured by the capturer's clock, and that clock's offset (Q32.32 seconds).
    pub captured: Option<(SystemTime, Option<i64>)>,
    /// Which frames this one needs, and what the layers are: the dependency descriptor, as the sender wrote it. Only
    /// AV1 has one, which browsers do not decode without.
    pub dependencies: Option<Arc<[u8]>>,
}

/// An RTP packet from the peer, decrypted, un-wrapped from RTX.
#[derive(Debug, Clone)]
pub struct ReceivedRtp {
    /// Section it arrived in.
    pub mid: Mid,
    /// Simulcast layer, if the section has layers.
    pub rid: Option<Rid>,
    /// Codec of its payload type.
    pub codec: Codec,
    /// Extended sequence number.
    pub seq: u64,
    /// RTP timestamp, 32 bits.
    pub timestamp: u32,
    /// Marker bit.
    pub marker: bool,
    /// Payload without header, shared by all who get it.
    pub payload: Arc<[u8]>,
    /// Extensions that travel on.
    pub extensions: CarriedExtensions,
}

/// An RTP packet to the peer.
#[derive(Debug)]
pub struct OutgoingRtp<'a> {
    /// Codec, mapped to the peer's own payload type.
    pub codec: Codec,
    /// Extended sequence number of the section's stream; below 65 536 for the first packet.
    pub seq: u64,
    /// RTP timestamp of the section's stream.
    pub timestamp: u32,
    /// Marker bit.
    pub marker: bool,
    /// The publisher's payload, shared.
    pub payload: &'a Arc<[u8]>,
    /// Replacement of the payload's first bytes for this section.
    pub patch: PayloadPatch,
    /// Extensions that travel on.
    pub extensions: &'a CarriedExtensions,
    /// When the content was captured, on the caller's clock: sender reports are made of it. `None` if that is not known;
    /// then they go on from what was known before, or wait.
    pub captured_at: Option<Instant>,
}

/// Figures of one peer over the last second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SessionStats {
    /// Round trip, if the peer reports made it known.
    pub rtt: Option<Duration>,
    /// Share of the peer's packets that did not arrive, 0 to 1.
    pub loss_in: f32,
    /// Share of our packets that did not arrive, 0 to 1.
    pub loss_out: f32,
    /// Bytes received so far.
    pub bytes_in: u64,
    /// Bytes sent so far.
    pub bytes_out: u64,
}

/// Figures of one stream, totals since its beginning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StreamStats {
    /// Its section.
    pub mid: Mid,
    /// Its layer.
    pub rid: Option<Rid>,
    /// We send it, or else the peer does.
    pub is_ours: bool,
    /// Bytes of payload, with what was sent again.
    pub bytes: u64,
    /// Packets, with what was sent again.
    pub packets: u64,
    /// Packets that the receiver asked for again.
    pub nacks: u64,
    /// Share lost lately as the receiver reports it, 0 to 1; `None` without a report since the last figures.
    pub loss: Option<f32>,
}

/// What happened in a session.
#[derive(Debug)]
#[non_exhaustive]
pub enum SessionEvent {
    /// ICE and DTLS are up: RTP may be written.
    Connected,
    /// No connectivity check for a while; the peer may come back.
    Disconnected,
    /// Connectivity checks came back after [`SessionEvent::Disconnected`].
    Reconnected,
    /// The peer closed the connection.
    Closed,
    /// A packet.
    Rtp(ReceivedRtp),
    /// A sender report: at `ntp` the stream's clock showed `timestamp`.
    SenderReport {
        /// Section of the stream.
        mid: Mid,
        /// Layer of the stream.
        rid: Option<Rid>,
        /// The sender's wall clock.
        ntp: SystemTime,
        /// The stream's RTP clock.
        timestamp: u32,
    },
    /// The peer asks for a key frame in a section that we send.
    KeyframeRequest {
        /// The section.
        mid: Mid,
    },
    /// A data channel of a known label opened.
    DataOpen {
        /// `_reliable`, `_lossy` or `_data_track`.
        label: &'static str,
    },
    /// A message on a data channel.
    Data {
        /// Label of the channel.
        label: &'static str,
        /// The message.
        payload: Vec<u8>,
    },
    /// A data channel can take queued messages again.
    DataWritable,
    /// Figures, once a second.
    Stats(SessionStats),
    /// Figures of a stream, once a second while it flows.
    Stream(StreamStats),
    /// What the way to the peer is estimated to carry, sound included. Comes only of peers that give the feedback which
    /// it is made of.
    Estimate {
        /// Bits per second.
        bps: u64,
    },
}

/// What [`NegotiatedSession::poll`] answers.
#[derive(Debug)]
pub enum Output {
    /// Send this datagram.
    Transmit {
        /// From which candidate, to whom.
        path: Path,
        /// The datagram.
        bytes: Vec<u8>,
    },
    /// Something happened.
    Event(SessionEvent),
    /// Nothing until this moment.
    Idle(Instant),
}

/// An answer that is still to be printed, which costs too much for the media thread.
pub trait Printed: Send + 'static {
    /// The description.
    fn print(&self) -> String;
}

/// A track that an offer of ours is to carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedTrack {
    /// Which, and whose.
    pub assignment: Assignment,
    /// Sound, or a picture.
    pub is_audio: bool,
}

/// What to offer: these tracks and no others, with data channels beside them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfferPlan {
    /// In order of their age.
    pub tracks: Vec<OfferedTrack>,
    /// With new ICE credentials: the peer's address has changed.
    pub restarts_ice: bool,
}

/// An offer of ours.
pub struct MadeOffer {
    /// To be printed.
    pub text: Box<dyn Printed>,
    /// What its sections carry once it is answered.
    pub assigned: BTreeMap<Mid, Assignment>,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The section does not send, or the peer cannot decode the codec.
    Refused,
    /// It was appended to the caller's buffer as a whole datagram, to be sent this way; the session need not be advanced.
    Sealed(Path),
}

/// What became of a data message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataOutcome {
    /// Handed to SCTP.
    Sent,
    /// The send buffer is full: try again at [`SessionEvent::DataWritable`].
    Full,
    /// There is no such open channel.
    NoChannel,
}

/// One peer.
pub trait NegotiatedSession {
    /// Apply an offer.
    ///
    /// # Errors
    /// [`SessionError::BadOffer`] leaves the session as it was, as far as the engine allows.
    fn accept(&mut self, now: Instant, offer: PreparedOffer) -> Result<Box<dyn Printed>, SessionError>;

    /// Make an offer, which replaces one that is not answered yet.
    ///
    /// # Errors
    /// [`SessionError::BadOffer`] when there is nothing to offer.
    fn offer(&mut self, now: Instant, plan: &OfferPlan) -> Result<MadeOffer, SessionError>;

    /// Apply the peer's answer to the latest offer; says what the sections carry from now on.
    ///
    /// # Errors
    /// [`SessionError::BadOffer`] when it does not fit.
    fn take_answer(&mut self, now: Instant, answer: PreparedAnswer) -> Result<BTreeMap<Mid, Assignment>, SessionError>;

    /// The local ICE user fragment of the latest description in force: STUN requests that name it are for this session.
    fn local_ufrag(&mut self) -> String;

    /// A datagram from the network. Unusable ones are dropped.
    fn receive(&mut self, now: Instant, path: Path, datagram: &[u8]) -> Result<(), SessionError>;

    /// Let time pass, and let queued packets go.
    fn advance(&mut self, now: Instant) -> Result<(), SessionError>;

    /// Drain.
    fn poll(&mut self) -> Result<Output, SessionError>;

    /// Send a packet in a sending section: by the session, or as a datagram at the end of `out`.
    fn send_rtp(&mut self, now: Instant, mid: Mid, packet: &OutgoingRtp<'_>, out: &mut Vec<u8>) -> Written;

    /// Whether the peer can take a codec in a sending section, as negotiated.
    fn can_send(&self, mid: Mid, codec: Codec) -> bool;

    /// Ask the peer for a key frame of a stream that it sends. `false` if no packet of it was seen yet.
    fn request_keyframe(&mut self, mid: Mid, rid: Option<Rid>) -> bool;

    /// Say how much could be used of the way to the peer, in bits per second: more than the estimate is looked for, by
    /// padding where the pictures do not suffice. Zero looks for nothing; `None`, the state at birth, lets the
    /// estimation rest, because no pictures are sent.
    fn set_desired_bitrate(&mut self, desired_bps: Option<u64>) {
        let _ = desired_bps;
    }

    /// Say with each picture how long it shall be held back, if the peer can be told; `None`, the state at birth, leaves it
    /// to the peer.
    fn set_playout_delay(&mut self, delay: Option<PlayoutDelay>) {
        let _ = delay;
    }

    /// Send a message on an open data channel.
    fn send_data(&mut self, label: &str, payload: &[u8]) -> Result<DataOutcome, SessionError>;

    /// A candidate that the peer trickled: only read, for the peer's checks say where it is. `false` if the text is
    /// unusable.
    fn add_candidate(&mut self, candidate: &str) -> bool;

    /// Say goodbye (RTCP BYE, DTLS `close_notify`); drain once more to get the datagrams.
    fn close(&mut self);
}

/// How long a receiver shall hold a picture back before it shows it, in hundredths of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayoutDelay {
    /// At least …
    pub min: u16,
    /// … and at most.
    pub max: u16,
}

/// Makes sessions; tests make fakes.
pub trait SessionFactory {
    /// What is made.
    type Session: NegotiatedSession;

    /// A new session that announces these as its host candidates; those of TCP are passive.
    fn make(&self, now: Instant, candidates: &[Endpoint]) -> Self::Session;
}
