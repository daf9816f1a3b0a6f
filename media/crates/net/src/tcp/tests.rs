use std::io::{Read, Write};
use std::net::Shutdown;

use proptest::prelude::*;

use super::connection::{TooLong, split as split_framed};
use super::*;

fn split(bytes: &[u8], each: impl FnMut(&[u8])) -> Result<&[u8], TooLong> {
    split_framed(Framing::Length, bytes, each)
}

fn framed(datagrams: &[Vec<u8>]) -> Vec<u8> {
    datagrams.iter().flat_map(|d| [(d.len() as u16).to_be_bytes().to_vec(), d.clone()].concat()).collect()
}

struct Stage {
    port: TcpPort,
    address: SocketAddr,
    seen: Vec<(Path, Vec<u8>)>,
}

impl Stage {
    fn new() -> Self {
        let listener = listen("127.0.0.1:0".parse().expect("address")).expect("listen");
        let address = listener.local_addr().expect("bound");
        let listener = Listener { socket: listener, tls: None };
        Self { port: TcpPort::new(vec![listener], Framing::Length).expect("epoll"), address, seen: Vec::new() }
    }

    fn connect(&mut self) -> TcpStream {
        let before = self.port.count();
        let client = TcpStream::connect(self.address).expect("connect");
        self.until(|stage| stage.port.count() > before);
        client
    }

    fn turn(&mut self, now: Instant) {
        let seen = &mut self.seen;
        self.port.turn(now, |_, to| Some(to), |path, bytes| seen.push((path, bytes.to_vec())));
    }

    fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        let patience = Instant::now() + Duration::from_secs(20);
        while !is_so(self) {
            assert!(Instant::now() < patience, "it never came");
            self.turn(Instant::now());
            std::thread::yield_now();
        }
    }
}

#[test]
fn datagrams_go_there_and_back_however_the_stream_is_cut() {
    let mut stage = Stage::new();
    let mut client = stage.connect();
    let sent: Vec<Vec<u8>> = (1..60_u16).map(|n| vec![n as u8; usize::from(n) * 20]).collect();
    for piece in framed(&sent).chunks(777) {
        client.write_all(piece).expect("write");
        stage.turn(Instant::now());
    }
    stage.until(|stage| stage.seen.len() == sent.len());
    assert!(stage.seen.iter().map(|(_, bytes)| bytes).eq(&sent));
    let (path, _) = stage.seen.first().cloned().expect("one");
    assert_eq!(path, Path::tcp(stage.address, client.local_addr().expect("bound")));
    for datagram in &sent {
        stage.port.send(&path, datagram);
    }
    stage.port.flush();
    let mut back = vec![0; framed(&sent).len()];
    client.read_exact(&mut back).expect("read");
    assert_eq!(back, framed(&sent));
    assert_eq!(stage.port.dropped(), 0);
    client.shutdown(Shutdown::Both).expect("shutdown");
    stage.until(|stage| stage.port.count() == 0);
    stage.port.send(&path, b"nobody is there");
    assert!(stage.port.by_path.is_empty() && stage.port.per_address.is_empty());
}

#[test]
fn a_reader_that_is_slow_loses_whole_datagrams_and_the_stream_stays_sound() {
    let mut stage = Stage::new();
    let mut client = stage.connect();
    client.write_all(&framed(&[vec![1]])).expect("write");
    stage.until(|stage| stage.seen.len() == 1);
    let path = stage.seen.first().map(|(path, _)| *path).expect("one");
    let datagrams: Vec<Vec<u8>> =
        (0..40_000_u32).map(|n| [n.to_be_bytes().to_vec(), vec![0; 1_000]].concat()).collect();
    for datagram in &datagrams {
        stage.port.send(&path, datagram);
        stage.port.flush();
    }
    let dropped = stage.port.dropped();
    assert!(dropped > 0, "forty megabytes fit nowhere");
    let expected = datagrams.len() - dropped as usize;
    let reader = std::thread::spawn(move || {
        let mut numbers = Vec::new();
        while numbers.len() < expected {
            let mut header = [0; 2];
            client.read_exact(&mut header).expect("read");
            let mut datagram = vec![0; usize::from(u16::from_be_bytes(header))];
            client.read_exact(&mut datagram).expect("read");
            numbers.push(u32::from_be_bytes(datagram[..4].try_into().expect("four")));
        }
        numbers
    });
    stage.until(|stage| stage.port.connections.values().all(Connection::is_idle));
    let numbers = reader.join().expect("reader");
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "in order, none twice");
}

#[test]
fn who_speaks_another_protocol_is_closed_at_once() {
    let mut stage = Stage::new();
    let mut client = stage.connect();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("write");
    stage.until(|stage| stage.port.count() == 0);
    assert!(stage.seen.is_empty());
}

#[test]
fn strangers_go_in_time_and_make_room_for_each_other_and_the_proved_stay() {
    let mut stage = Stage::new();
    let now = Instant::now();
    let mut proved = stage.connect();
    proved.write_all(&framed(&[vec![1]])).expect("write");
    stage.until(|stage| stage.seen.len() == 1);
    let path = stage.seen.first().map(|(path, _)| *path).expect("one");
    stage.port.send(&path, b"an answer");
    stage.port.flush();
    let strangers: Vec<TcpStream> = (0..MAX_STRANGERS).map(|_| stage.connect()).collect();
    assert_eq!(stage.port.count(), 1 + MAX_STRANGERS);
    let _one_more = TcpStream::connect(stage.address).expect("connect");
    let next = stage.port.next_token;
    stage.until(|stage| stage.port.next_token > next);
    assert_eq!(stage.port.count(), 1 + MAX_STRANGERS);
    let oldest = strangers.first().expect("one");
    assert_eq!(oldest.peek(&mut [0]).expect("closed"), 0);
    stage.port.sweep(now + STRANGER_TIME / 2);
    assert_eq!(stage.port.count(), 1 + MAX_STRANGERS);
    stage.port.sweep(Instant::now() + STRANGER_TIME);
    assert_eq!(stage.port.count(), 1, "only who was answered stays");
    stage.port.sweep(Instant::now() + SILENCE);
    assert_eq!(stage.port.count(), 0);
    assert!(stage.port.strangers.is_empty() && stage.port.per_address.is_empty());
}

proptest! {
    #[test]
    fn what_was_framed_is_split_again(
        datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 0..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let stream = framed(&datagrams);
        let (first, second) = stream.split_at(cut.index(stream.len() + 1));
        let mut seen = Vec::new();
        let rest = split(first, |d| seen.push(d.to_vec())).expect("short ones").to_vec();
        let whole = [rest, second.to_vec()].concat();
        prop_assert!(split(&whole, |d| seen.push(d.to_vec())).expect("short ones").is_empty());
        prop_assert_eq!(seen, datagrams);
    }

    #[test]
    fn no_bytes_confuse(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let mut total = 0;
        match split(&bytes, |d| total += d.len()) {
            Ok(rest) => prop_assert!(total + rest.len() <= bytes.len()),
            Err(TooLong) => prop_assert!(total < bytes.len()),
        }
    }
}
