//! The engine with its threads and sockets, and a client on a real socket of the loopback interface.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use palaver_net::command::Command;
use palaver_net::event::{CloseReason, Event};
use palaver_net::{Engine, Negotiate};
use str0m::change::SdpAnswer;
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
    fn new() -> Self {
        let socket = UdpSocket::bind((LOCALHOST, 0)).expect("a port");
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

fn meet(bind: &str, announce: IpAddr) {
    let bind: SocketAddr = bind.parse().expect("address");
    let engine = Engine::start(&[bind], &[announce], 1).expect("it starts");
    engine.command(Command::OpenPeer { room: "room".into(), peer: "alice".into() }).expect("posted");
    let mut client = Client::new();
    let mut api = client.rtc.sdp_api();
    api.add_channel("_reliable".to_owned());
    api.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
    let (offer, pending) = api.apply().expect("an offer");
    let offer = Negotiate {
        peer: "alice".to_owned(),
        offer_id: 3,
        offer: offer.to_sdp_string(),
        publish: BTreeMap::new(),
        microphones: std::collections::BTreeSet::new(),
        subscribe: BTreeMap::new(),
    };
    engine.negotiate(offer).expect("posted");
    let answer = wait_for(&engine, "an answer", |event| matches!(event, Event::Answer { offer_id: 3, .. }));
    let Event::Answer { sdp, .. } = answer else { panic!("an answer") };
    client.rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&sdp).expect("an answer")).expect("it fits");
    client.turn_until("connected", |client| client.is_connected);
    let mut is_open = false;
    client.turn_until("channel open", |_| {
        is_open |= engine.drain(256).contains(&Event::DataOpen("alice".into(), "_reliable"));
        is_open
    });
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
