use aws_lc_rs::hmac;
use proptest::prelude::*;

use super::*;
use crate::credentials::REALM;

const SFU: &str = "203.0.113.5:7882";
const SFU_IPV6: &str = "[2001:db8::5]:7882";
const UNIX_S: u64 = 1_700_000_000;

fn address(text: &str) -> SocketAddr {
    text.parse().expect("address")
}

fn at(transport: Transport, port: u16) -> Origin {
    let remote = SocketAddr::new("198.51.100.7".parse().expect("ip"), port);
    Origin { transport, local: address("203.0.113.5:3478"), remote }
}

struct Stage {
    server: Server,
    now: Instant,
    turn: u8,
}

/// A client that has said who it is.
struct Client {
    origin: Origin,
    username: String,
    key: hmac::Key,
    nonce: Vec<u8>,
}

impl Stage {
    fn new(limits: Limits) -> Self {
        let now = Instant::now();
        let peers = vec![address(SFU), address(SFU_IPV6)];
        Self { server: Server::new(Secret::new(b"secret"), peers, limits, now, UNIX_S), now, turn: 0 }
    }

    fn ask(&mut self, from: Origin, builder: Builder, key: Option<&hmac::Key>) -> Option<Vec<u8>> {
        let bytes = builder.finish(key);
        match self.server.receive(self.now, from, &bytes) {
            Taken::Answer(answer) => Some(answer),
            Taken::Nothing => None,
            Taken::Inward { .. } => panic!("nothing was to be relayed"),
        }
    }

    fn transaction(&mut self) -> Transaction {
        self.turn = self.turn.wrapping_add(1);
        [self.turn; 12]
    }

    fn client(&mut self, origin: Origin, name: &str) -> Client {
        let username = format!("{}:{name}", UNIX_S + 300);
        let builder = Builder::new(Class::Request, method::ALLOCATE, self.transaction());
        let answer = self.ask(origin, builder, None).expect("a challenge");
        let message = Message::read(&answer).expect("a message");
        assert_eq!(error(&answer), 401);
        let nonce = message.get(attribute::NONCE).expect("nonce").to_vec();
        Client { origin, key: self.server.secret.key(&username), username, nonce }
    }

    fn request(&mut self, client: &Client, method: u16, fill: impl FnOnce(Builder) -> Builder) -> Vec<u8> {
        let transaction = self.transaction();
        self.repeat(client, method, transaction, fill)
    }

    fn repeat(
        &mut self,
        client: &Client,
        method: u16,
        transaction: Transaction,
        fill: impl FnOnce(Builder) -> Builder,
    ) -> Vec<u8> {
        let builder = fill(Builder::new(Class::Request, method, transaction))
            .add(attribute::USERNAME, client.username.as_bytes())
            .add(attribute::REALM, REALM.as_bytes())
            .add(attribute::NONCE, &client.nonce);
        let answer = self.ask(client.origin, builder, Some(&client.key)).expect("an answer");
        let message = Message::read(&answer).expect("a message");
        assert_eq!(message.transaction, transaction);
        answer
    }

    fn allocate(&mut self, client: &Client) -> SocketAddr {
        let answer = self.request(client, method::ALLOCATE, udp);
        let message = Message::read(&answer).expect("a message");
        assert!(message.class == Class::Success && message.is_made_with(&client.key), "{}", error(&answer));
        let mapped = message.addresses(attribute::XOR_MAPPED_ADDRESS).next().flatten();
        assert_eq!(mapped, Some(client.origin.remote));
        message.addresses(attribute::XOR_RELAYED_ADDRESS).next().flatten().expect("an address")
    }

    fn bind(&mut self, client: &Client, number: u16, peer: SocketAddr) -> u16 {
        let answer = self.request(client, method::CHANNEL_BIND, |b| {
            let [n0, n1] = number.to_be_bytes();
            b.add(attribute::CHANNEL_NUMBER, &[n0, n1, 0, 0]).address(attribute::XOR_PEER_ADDRESS, peer)
        });
        error(&answer)
    }

    fn permit(&mut self, client: &Client, peer: SocketAddr) -> u16 {
        let answer = self.request(client, method::CREATE_PERMISSION, |b| b.address(attribute::XOR_PEER_ADDRESS, peer));
        error(&answer)
    }

    fn send(&mut self, client: &Client, peer: SocketAddr, datagram: &[u8]) -> Option<(SocketAddr, SocketAddr)> {
        let message = Builder::new(Class::Indication, method::SEND, [3; 12])
            .address(attribute::XOR_PEER_ADDRESS, peer)
            .add(attribute::DATA, datagram)
            .finish(None);
        match self.server.receive(self.now, client.origin, &message) {
            Taken::Inward { from, to, datagram: relayed } => {
                assert_eq!(relayed, datagram);
                Some((from, to))
            }
            _ => None,
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.server.sweep(self.now);
    }
}

fn udp(builder: Builder) -> Builder {
    builder.add(attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0])
}

/// 0 for a success.
fn error(answer: &[u8]) -> u16 {
    let message = Message::read(answer).expect("a message");
    match message.get(attribute::ERROR_CODE) {
        Some([_, _, class, number, ..]) if message.class == Class::Error => {
            u16::from(*class) * 100 + u16::from(*number)
        }
        _ => 0,
    }
}

#[test]
fn datagrams_go_to_the_media_port_and_back_by_channel_and_by_indication() {
    for transport in [Transport::Udp, Transport::Stream] {
        let mut stage = Stage::new(Limits::default());
        let alice = stage.client(at(transport, 5_000), "PA_alice");
        let relayed = stage.allocate(&alice);
        assert!(is_relayed(relayed));
        let (now, mut out) = (stage.now, Vec::new());
        assert_eq!(stage.send(&alice, address(SFU), b"too early"), None);
        assert_eq!(stage.server.wrap(now, relayed, address(SFU), b"too early", &mut out), None);
        assert_eq!(stage.permit(&alice, address(SFU)), 0);
        assert_eq!(stage.send(&alice, address(SFU), b"there"), Some((relayed, address(SFU))));
        assert_eq!(stage.server.wrap(now, relayed, address(SFU), b"back", &mut out), Some(alice.origin));
        let message = Message::read(&out).expect("an indication");
        assert_eq!((message.class, message.method), (Class::Indication, method::DATA));
        assert_eq!(message.get(attribute::DATA), Some(&b"back"[..]));
        assert_eq!(message.addresses(attribute::XOR_PEER_ADDRESS).next(), Some(Some(address(SFU))));

        assert_eq!(stage.bind(&alice, 0x4001, address(SFU)), 0);
        let mut frame = Vec::new();
        framing::write_channel(0x4001, b"there", transport == Transport::Stream, &mut frame);
        let taken = stage.server.receive(now, alice.origin, &frame);
        assert_eq!(taken, Taken::Inward { from: relayed, to: address(SFU), datagram: b"there" });
        out.clear();
        assert_eq!(stage.server.wrap(now, relayed, address(SFU), b"back!", &mut out), Some(alice.origin));
        assert_eq!(framing::read_channel(&out), Some((0x4001, &b"back!"[..])));
        assert_eq!(out.len(), if transport == Transport::Stream { 12 } else { 9 }, "streams are filled up");
    }
}

#[test]
fn nobody_but_the_media_port_is_reached_however_the_address_is_spelt() {
    let mut stage = Stage::new(Limits::default());
    let alice = stage.client(at(Transport::Udp, 5_000), "PA_alice");
    stage.allocate(&alice);
    let hosts = [
        "0.0.0.0",
        "0.0.0.1",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.1.2.3",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.4",
        "203.0.113.6",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "8.8.8.8",
        "5.113.0.203",
        "203.0.113.255",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:203.0.113.5]",
        "[::203.0.113.5]",
        "[::ffff:0:203.0.113.5]",
        "[64:ff9b::cb00:7105]",
        "[64:ff9b::7f00:1]",
        "[2002:cb00:7105::1]",
        "[2001:db8::4]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd00::5]",
        "[ff02::1]",
        "[ff05::2]",
        "[100::8]",
        "[2001::1]",
        "[2001:db8:0:1::5]",
        "[2001:4860:4860::8888]",
    ]; // fmt: skip
    for host in hosts {
        for port in [7_882, 0, 80, 3_478] {
            let peer = address(&format!("{host}:{port}"));
            assert_eq!(stage.permit(&alice, peer), 403, "{peer}");
            assert_eq!(stage.bind(&alice, 0x4001, peer), 403, "{peer}");
            assert_eq!(stage.send(&alice, peer, b"x"), None, "{peer}");
        }
    }
    // The right machine, but not its media port.
    assert_eq!(stage.permit(&alice, address(SFU)), 0);
    for port in [0, 22, 80, 443, 3_478, 7_881, 7_883, 65_535] {
        let peer = SocketAddr::new(address(SFU).ip(), port);
        assert_eq!(stage.bind(&alice, 0x4002, peer), 403);
        assert_eq!(stage.send(&alice, peer, b"x"), None);
    }
    // One forbidden address spoils the request.
    let answer = stage.request(&alice, method::CREATE_PERMISSION, |b| {
        b.address(attribute::XOR_PEER_ADDRESS, address(SFU))
            .address(attribute::XOR_PEER_ADDRESS, address("127.0.0.1:7882"))
    });
    assert_eq!(error(&answer), 403);
    assert_eq!(stage.permit(&alice, address(SFU_IPV6)), 443, "of another family");
}

#[test]
fn who_has_no_valid_credentials_gets_nothing() {
    let mut stage = Stage::new(Limits::default());
    let mallory = stage.client(at(Transport::Udp, 5_000), "PA_mallory");
    let outsider = Client {
        key: Secret::new(b"guess").key(&mallory.username),
        username: mallory.username.clone(),
        nonce: mallory.nonce.clone(),
        ..mallory
    };
    let late = format!("{}:PA_mallory", UNIX_S - 1);
    let late = Client { key: stage.server.secret.key(&late), username: late, nonce: mallory.nonce.clone(), ..mallory };
    let nameless = Client {
        key: stage.server.secret.key("nobody"),
        username: "nobody".into(),
        nonce: mallory.nonce.clone(),
        ..mallory
    };
    let outdated = Client {
        nonce: b"AAAAAAAAAAAAAAAA".to_vec(),
        username: mallory.username.clone(),
        key: mallory.key.clone(),
        ..mallory
    };
    for (client, code) in [(&outsider, 401), (&late, 441), (&nameless, 401), (&outdated, 438)] {
        assert_eq!(error(&stage.request(client, method::ALLOCATE, udp)), code);
    }
    for method in [method::REFRESH, method::CREATE_PERMISSION, method::CHANNEL_BIND] {
        assert_eq!(error(&stage.request(&mallory, method, |b| b)), 437, "there is no allocation");
    }
    assert_eq!(stage.server.count(), 0);
}

#[test]
fn an_allocation_is_only_for_whom_it_was_made() {
    let mut stage = Stage::new(Limits::default());
    let alice = stage.client(at(Transport::Udp, 5_000), "PA_alice");
    stage.allocate(&alice);
    let bob = stage.client(alice.origin, "PA_bob");
    assert_eq!(error(&stage.request(&bob, method::REFRESH, |b| b.add(attribute::LIFETIME, &[0; 4]))), 441);
    assert_eq!(stage.permit(&bob, address(SFU)), 441);
    assert_eq!(stage.bind(&bob, 0x4001, address(SFU)), 441);
    assert_eq!(error(&stage.request(&bob, method::ALLOCATE, udp)), 437);
    // Nor does it work from anywhere else.
    let elsewhere = Client { origin: at(Transport::Udp, 5_001), ..alice };
    assert_eq!(stage.permit(&elsewhere, address(SFU)), 437);
    assert_eq!(stage.send(&elsewhere, address(SFU), b"x"), None);
    assert_eq!(stage.server.count(), 1);
}

#[test]
fn a_repeated_allocation_is_answered_alike_and_another_one_is_refused() {
    let mut stage = Stage::new(Limits::default());
    let alice = stage.client(at(Transport::Udp, 5_000), "PA_alice");
    let first = stage.repeat(&alice, method::ALLOCATE, [9; 12], udp);
    assert_eq!(stage.repeat(&alice, method::ALLOCATE, [9; 12], udp), first);
    assert_eq!(error(&stage.repeat(&alice, method::ALLOCATE, [8; 12], udp)), 437);
    assert_eq!(stage.server.count(), 1);
}

#[test]
fn what_is_not_offered_is_refused_by_its_code() {
    let mut stage = Stage::new(Limits::default());
    let alice = stage.client(at(Transport::Udp, 5_000), "PA_alice");
    let mut code = |fill: &dyn Fn(Builder) -> Builder| error(&stage.request(&alice, method::ALLOCATE, fill));
    assert_eq!(code(&|b| b), 400, "no transport");
    assert_eq!(code(&|b| b.add(attribute::REQUESTED_TRANSPORT, &[6, 0, 0, 0])), 442);
    assert_eq!(code(&|b| udp(b).add(attribute::EVEN_PORT, &[0x80])), 508);
    assert_eq!(code(&|b| udp(b).add(attribute::RESERVATION_TOKEN, &[0; 8])), 508);
    assert_eq!(code(&|b| udp(b).add(attribute::REQUESTED_ADDRESS_FAMILY, &[3, 0, 0, 0])), 440);
    assert_eq!(code(&|b| udp(b).add(0x7abc, &[])), 420);
    assert_eq!(code(&|b| udp(b).add(0x8abc, &[]).add(attribute::DONT_FRAGMENT, &[])), 0);
    assert_eq!(stage.bind(&alice, 0x3fff, address(SFU)), 400);
    assert_eq!(stage.bind(&alice, 0x5000, address(SFU)), 400);
    assert_eq!(stage.bind(&alice, 0x4000, address(SFU)), 0);
    assert_eq!(stage.bind(&alice, 0x4001, address(SFU)), 400, "the peer has a channel");
    assert_eq!(stage.bind(&alice, 0x4000, address(SFU)), 0, "again");
}

#[test]
fn an_ipv6_allocation_reaches_the_ipv6_candidate() {
    let mut stage = Stage::new(Limits::default());
    let alice = stage.client(at(Transport::Stream, 5_000), "PA_alice");
    let six = |b: Builder| udp(b).add(attribute::REQUESTED_ADDRESS_FAMILY, &[2, 0, 0, 0]);
    assert_eq!(error(&stage.request(&alice, method::ALLOCATE, six)), 0);
    assert_eq!(stage.permit(&alice, address(SFU)), 443);
    assert_eq!(stage.permit(&alice, address(SFU_IPV6)), 0);
    let (from, to) = stage.send(&alice, address(SFU_IPV6), b"x").expect("relayed");
    assert!(is_relayed(from) && to == address(SFU_IPV6));
}

#[test]
fn what_is_not_refreshed_ends_and_what_is_refreshed_stays_beyond_the_credentials() {
    let mut stage = Stage::new(Limits::default());
    let mut alice = stage.client(at(Transport::Udp, 5_000), "PA_alice");
    let relayed = stage.allocate(&alice);
    assert_eq!(stage.bind(&alice, 0x4001, address(SFU)), 0);
    stage.pass(301);
    assert_eq!(stage.send(&alice, address(SFU), b"x"), None, "a permission lasts five minutes");
    assert_eq!(stage.permit(&alice, address(SFU)), 0);
    let mut is_renewed = false;
    for _ in 0..5 {
        stage.pass(290);
        let answer = stage.request(&alice, method::REFRESH, |b| b);
        if error(&answer) == 438 {
            alice.nonce = Message::read(&answer).expect("message").get(attribute::NONCE).expect("nonce").to_vec();
            assert_eq!(error(&stage.request(&alice, method::REFRESH, |b| b)), 0);
            is_renewed = true;
        }
    }
    assert!(is_renewed && stage.server.count() == 1);
    let now = stage.now;
    assert_eq!(stage.server.wrap(now, relayed, address(SFU), b"x", &mut Vec::new()), None, "the channel ended");
    stage.pass(600);
    assert_eq!(stage.server.count(), 0);
    assert!(stage.server.by_relayed.is_empty() && stage.server.per_address.is_empty());
    let bob = stage.client(at(Transport::Stream, 5_001), "PA_bob");
    stage.pass(0);
    let other = Client { username: format!("{}:PA_bob", UNIX_S + 100_000), ..bob };
    let other = Client { key: stage.server.secret.key(&other.username), ..other };
    stage.allocate(&other);
    assert_eq!(error(&stage.request(&other, method::REFRESH, |b| b.add(attribute::LIFETIME, &[0; 4]))), 0);
    assert_eq!(stage.server.count(), 0, "given back");
    stage.allocate(&other);
    stage.server.forget(other.origin);
    assert_eq!(stage.server.count(), 0, "its connection ended");
}

#[test]
fn each_quota_holds() {
    let limits = Limits { total: 5, per_user: 2, per_address: 4, bytes_per_second: 1_000 };
    let mut stage = Stage::new(limits);
    let mut code = |port, name: &str, ip: &str| {
        let origin = Origin { remote: SocketAddr::new(ip.parse().expect("ip"), port), ..at(Transport::Udp, 0) };
        let client = stage.client(origin, name);
        error(&stage.request(&client, method::ALLOCATE, udp))
    };
    assert_eq!((code(1, "PA_a", "192.0.2.1"), code(2, "PA_a", "192.0.2.1")), (0, 0));
    assert_eq!(code(3, "PA_a", "192.0.2.2"), 486, "of one participant");
    assert_eq!((code(4, "PA_b", "192.0.2.1"), code(5, "PA_b", "192.0.2.1")), (0, 0));
    assert_eq!(code(6, "PA_c", "192.0.2.1"), 486, "from one address");
    assert_eq!((code(7, "PA_c", "192.0.2.2"), code(8, "PA_d", "192.0.2.2")), (0, 508));
}

#[test]
fn one_allocation_relays_only_so_much_a_second_each_way() {
    let mut stage = Stage::new(Limits { bytes_per_second: 10_000, ..Limits::default() });
    let alice = stage.client(at(Transport::Udp, 5_000), "PA_alice");
    let relayed = stage.allocate(&alice);
    assert_eq!(stage.bind(&alice, 0x4001, address(SFU)), 0);
    let datagram = [0; 996];
    let inward = (0..100).filter(|_| stage.send(&alice, address(SFU), &datagram).is_some()).count();
    assert_eq!(inward, 9, "ten with their headers are more");
    let now = stage.now;
    let mut outward = || stage.server.wrap(now, relayed, address(SFU), &datagram, &mut Vec::new()).is_some();
    assert_eq!((0..100).filter(|_| outward()).count(), 10);
    stage.pass(1);
    assert!(stage.send(&alice, address(SFU), &datagram).is_some());
}

#[test]
fn strangers_are_told_no_more_over_udp_than_they_say() {
    let mut stage = Stage::new(Limits::default());
    let from = at(Transport::Udp, 5_000);
    let ask = || Builder::new(Class::Request, method::BINDING, [1; 12]);
    assert_eq!(stage.ask(from, ask(), None), None, "the answer is longer than the question");
    let long = ask().add(0x8022, &[0; 8]);
    assert_eq!(stage.ask(from, long, None).map(|answer| answer.len()), Some(32));
    assert!(stage.ask(at(Transport::Stream, 5_000), ask(), None).is_some(), "who is connected is no forged address");
    // A challenge has to be longer; so there are few.
    let mut sums = (0, 0);
    for _ in 0..10_000 {
        let question = udp(Builder::new(Class::Request, method::ALLOCATE, [1; 12]));
        sums.0 += 28;
        sums.1 += stage.ask(from, question, None).map_or(0, |answer| answer.len());
    }
    assert!(sums.1 > 0 && sums.1 * 10 < sums.0, "{sums:?}");
    let other = Origin { remote: address("198.51.100.8:5000"), ..from };
    assert!(stage.ask(other, udp(Builder::new(Class::Request, method::ALLOCATE, [1; 12])), None).is_some());
}

proptest! {
    #[test]
    fn no_bytes_confuse_and_nothing_of_strangers_is_kept(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..20),
        kinds in prop::collection::vec((0..0x10_u16, any::<bool>()), 20),
    ) {
        let mut stage = Stage::new(Limits::default());
        let alice = stage.client(at(Transport::Udp, 5_000), "PA_alice");
        stage.allocate(&alice);
        for (bytes, (method, is_from_alice)) in messages.iter().zip(kinds) {
            let from = if is_from_alice { alice.origin } else { at(Transport::Stream, 6_000) };
            let is_relayed = matches!(stage.server.receive(stage.now, from, bytes), Taken::Inward { .. });
            prop_assert!(!is_relayed);
            // Proved, but with anything in it.
            let header = Builder::new(Class::Request, method, [5; 12])
                .add(attribute::USERNAME, alice.username.as_bytes())
                .add(attribute::REALM, REALM.as_bytes())
                .add(attribute::NONCE, &alice.nonce);
            let kind = bytes.first().map_or(0, |byte| u16::from(*byte) & 0x3f);
            let message = header.add(kind, bytes).finish(Some(&alice.key));
            let is_relayed = matches!(stage.server.receive(stage.now, from, &message), Taken::Inward { .. });
            prop_assert!(!is_relayed);
        }
        prop_assert!(stage.server.count() <= 2);
    }
}
