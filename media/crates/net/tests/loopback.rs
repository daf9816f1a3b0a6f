//! The engine with its threads and sockets, and a client on a real socket of the loopback interface.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use palaver_net::command::Command;
use palaver_net::event::{CloseReason, Event};
use palaver_net::{Engine, EngineError, Negotiate, RelaySettings};
use str0m::change::SdpAnswer;
use str0m::channel::ChannelConfig;
use str0m::channel::Reliability::{self, MaxRetransmits};
use str0m::media::{Direction, MediaKind};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Input, Output, Rtc};

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PATIENCE: Duration = Duration::from_secs(20);

struct Client {
    rtc: Rtc,
    socket: UdpSocket,
    is_connected: bool,
    is_closed: bool,
    messages: Vec<Vec<u8>>,
}

impl Client {
    fn new(address: IpAddr) -> Self {
        let socket = UdpSocket::bind((address, 0)).expect("a port");
        let mut rtc = Rtc::builder().set_rtp_mode(true).build(Instant::now());
        rtc.add_local_candidate(Candidate::host(socket.local_addr().expect("bound"), "udp").expect("candidate"));
        Self { rtc, socket, is_connected: false, is_closed: false, messages: Vec::new() }
    }

    /// Send what is to be sent, then wait for a datagram or the deadline, at most 20 ms.
    fn turn(&mut self) {
        let deadline = loop {
            match self.rtc.poll_output().expect("the client lives") {
                Output::Timeout(at) => break at,
                Output::Transmit(t) => {
                    self.socket.send_to(&t.contents, t.destination).expect("sent");
                }
                Output::Event(str0m::Event::Connected) => self.is_connected = true,
                Output::Event(str0m::Event::Closed) => self.is_closed = true,
                Output::Event(str0m::Event::ChannelData(message)) => self.messages.push(message.data),
                Output::Event(_) => {}
            }
        };
        let span = deadline.saturating_duration_since(Instant::now());
        let span = span.clamp(Duration::from_millis(1), Duration::from_millis(20));
        self.socket.set_read_timeout(Some(span)).expect("a time-out");
        let mut buffer = [0; 2_000];
        let local = self.socket.local_addr().expect("bound");
        let input = match self.socket.recv_from(&mut buffer) {
            Ok((length, from)) => {
                let bytes = buffer.get(..length).expect("received");
                Input::Receive(Instant::now(), Receive::new(Protocol::Udp, from, local, bytes).expect("no garbage"))
            }
            Err(_) => Input::Timeout(Instant::now()),
        };
        self.rtc.handle_input(input).expect("the client lives");
    }

    fn turn_until(&mut self, what: &str, mut is_done: impl FnMut(&mut Self) -> bool) {
        let start = Instant::now();
        while !is_done(self) {
            assert!(start.elapsed() < PATIENCE, "did not happen: {what}");
            self.turn();
        }
    }
}

fn wait_for(engine: &Engine, what: &str, is_it: impl Fn(&Event) -> bool) -> Event {
    let start = Instant::now();
    loop {
        if let Some(event) = engine.drain(256).into_iter().find(|event| is_it(event)) {
            return event;
        }
        assert!(start.elapsed() < PATIENCE, "did not happen: {what}");
        std::thread::yield_now();
    }
}

/// A client of this name that has offered, got its answer and is connected, with a channel that is open.
fn join(engine: &Engine, peer: &'static str, channel: &'static str) -> Client {
    join_from(LOCALHOST, engine, peer, channel)
}

fn join_from(address: IpAddr, engine: &Engine, peer: &'static str, channel: &'static str) -> Client {
    engine.command(Command::OpenPeer { room: "room".into(), peer: peer.into() }).expect("posted");
    let mut client = Client::new(address);
    let mut api = client.rtc.sdp_api();
    // What is lost stays lost: only then it shows.
    let reliability = if channel == "_lossy" { MaxRetransmits { retransmits: 0 } } else { Reliability::Reliable };
    api.add_channel_with_config(ChannelConfig { label: channel.to_owned(), reliability, ..ChannelConfig::default() });
    api.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
    let (offer, pending) = api.apply().expect("an offer");
    let offer = Negotiate {
        peer: peer.to_owned(),
        offer_id: 3,
        offer: offer.to_sdp_string(),
        publish: BTreeMap::new(),
        microphones: std::collections::BTreeSet::new(),
        subscribe: BTreeMap::new(),
    };
    engine.negotiate(offer).expect("posted");
    let answer = wait_for(engine, "an answer", |event| matches!(event, Event::Answer { offer_id: 3, .. }));
    let Event::Answer { sdp, .. } = answer else { panic!("an answer") };
    client.rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&sdp).expect("an answer")).expect("it fits");
    client.turn_until("connected", |client| client.is_connected);
    let mut is_open = false;
    client.turn_until("channel open", |_| {
        is_open |= engine.drain(256).contains(&Event::DataOpen(peer.into(), channel));
        is_open
    });
    client
}

fn meet(bind: &str, announce: IpAddr) {
    let bind: SocketAddr = bind.parse().expect("address");
    let engine = Engine::start(&[bind], &[announce]).expect("it starts");
    let mut client = join_from(announce, &engine, "alice", "_reliable");
    let payload = b"welcome".as_slice().into();
    engine.command(Command::SendData { peers: vec!["alice".into()], label: "_reliable", payload }).expect("posted");
    client.turn_until("a message", |client| client.messages == [b"welcome"]);
    engine.close(PATIENCE);
    wait_for(&engine, "closed", |event| *event == Event::Closed("alice".into(), CloseReason::Requested));
    client.turn_until("goodbye", |client| client.is_closed);
    assert!(engine.command(Command::ClosePeer { peer: "alice".into() }).is_err());
}

#[test]
fn a_client_connects_talks_and_is_told_goodbye() {
    meet("127.0.0.1:0", LOCALHOST);
}

#[test]
fn a_wildcard_bind_answers_from_the_announced_address() {
    meet("0.0.0.0:0", LOCALHOST);
}

#[test]
fn a_client_connects_and_talks_over_ipv6() {
    let localhost = Ipv6Addr::LOCALHOST;
    if UdpSocket::bind((localhost, 0)).is_err() {
        return; // A machine without it.
    }
    meet("[::1]:0", localhost.into());
    meet("[::]:0", localhost.into());
}

#[test]
fn a_media_thread_that_fails_begins_again_on_its_port_and_another_loses_nothing() {
    let bind: SocketAddr = "127.0.0.1:0".parse().expect("address");
    let [failing, other] = [(); 2].map(|()| Engine::start(&[bind], &[LOCALHOST]).expect("it starts"));
    let port = failing.port();
    assert_ne!(port, other.port());
    let _lost = join(&failing, "alice", "_lossy");
    let mut bob = join(&other, "bob", "_lossy");
    let packets: Vec<Vec<u8>> = (0..100).map(|number| vec![number; 200]).collect();
    for packet in &packets {
        if packet.first() == Some(&50) {
            failing.command(Command::FailWorker).expect("posted");
        }
        let payload = packet.as_slice().into();
        other.command(Command::SendData { peers: vec!["bob".into()], label: "_lossy", payload }).expect("posted");
        let count = usize::from(packet.first().copied().unwrap_or_default()) + 1;
        bob.turn_until("the packet", |bob| bob.messages.len() == count);
    }
    assert_eq!(bob.messages, packets);
    let is_loss = |event: &Event| matches!(event, Event::WorkerLost(..));
    let lost = wait_for(&failing, "the failure is told", is_loss);
    assert_eq!(lost, Event::WorkerLost("told to fail".to_owned(), vec!["room".into()]));
    join(&failing, "alice again", "_lossy");
    assert_eq!(failing.port(), port);
    assert!(!other.drain(256).iter().any(|event| is_loss(event) || matches!(event, Event::Disconnected(_))));
}

#[test]
fn a_relay_is_shared_by_engines_once() {
    let bind: SocketAddr = "127.0.0.1:0".parse().expect("address");
    let [first, second] = [(); 2].map(|()| Engine::start(&[bind], &[LOCALHOST]).expect("it starts"));
    let settings = || RelaySettings { secret: vec![7; 32], plain: vec![], encrypted: vec![], certificate: None };
    first.relay(settings(), &[&second]).expect("it relays");
    assert!(matches!(second.relay(settings(), &[]), Err(EngineError::RelaysAlready)));
}
