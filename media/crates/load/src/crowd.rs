//! All participants, their sockets and the one loop that serves them.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use palaver_net::socket::{Arrived, BATCH, Batch, Departing, UdpSocket};
use str0m::media::MediaKind;

use crate::packets::{Due, Kind};
use crate::person::{Got, Person};
use crate::shape::{Content, Shape};
use crate::stamp::{STAMP_AT, Stamp};
use crate::switching::Switching;
use crate::tally::{Tally, quantiles};
use crate::{LINE_END, say};

/// Participants share these; each has an address of its own in 127.0.0.0/8, so that a server can tell them apart. Where
/// a server does not talk to those, all share one, and the server has a port for each.
const SOCKETS: usize = 8;
/// How often a participant says what it got, as browsers do.
const FEEDBACK_INTERVAL: Duration = Duration::from_millis(100);
/// A wish for another size that is older than this was not met.
const LONG_WISH_US: u64 = 2_000_000;
/// The longest sleep: commands wait as long.
const NAP: Duration = Duration::from_millis(2);

/// A datagram in the buffer of what is to be sent.
struct Queued {
    person: usize,
    to: SocketAddr,
    end: usize,
}

/// What is to be sent at the end of a turn.
#[derive(Default)]
struct Outgoing {
    bytes: Vec<u8>,
    queued: Vec<Queued>,
}

/// All participants.
pub(crate) struct Crowd {
    /// The zero of all times in packets, on the clock that the kernel says arrivals by.
    epoch: SystemTime,
    sockets: Vec<UdpSocket>,
    people: BTreeMap<usize, Person>,
    /// All participants have this address instead of one each; told apart by the port of the server that they talk to.
    shared: Option<Ipv4Addr>,
    /// Who talks to which address of the server; only where they share theirs.
    partners: HashMap<SocketAddr, usize>,
    shape: Option<Shape>,
    /// When each publisher sends next.
    due: BTreeMap<usize, Instant>,
    next_feedback: BTreeMap<usize, Instant>,
    outgoing: Outgoing,
    tally: Tally,
    switching: Switching,
    /// Each burst is followed by a datagram to here: what the way takes without a server.
    mirror: UdpSocket,
    /// The state of a generator of random numbers (xorshift).
    random: u64,
}

impl Crowd {
    pub(crate) fn new() -> io::Result<Self> {
        let bind = |address: Ipv4Addr| {
            let socket = UdpSocket::bind((address, 0).into())?;
            socket.ask_for_times()?;
            Ok(socket)
        };
        Ok(Self {
            epoch: wall_clock(),
            sockets: (0..SOCKETS).map(|_| bind(Ipv4Addr::UNSPECIFIED)).collect::<io::Result<_>>()?,
            people: BTreeMap::new(),
            shared: None,
            partners: HashMap::new(),
            shape: None,
            due: BTreeMap::new(),
            next_feedback: BTreeMap::new(),
            outgoing: Outgoing::default(),
            tally: Tally::default(),
            switching: Switching::default(),
            mirror: bind(Ipv4Addr::LOCALHOST)?,
            random: 0x9e37_79b9_7f4a_7c15,
        })
    }

    /// Until the input ends.
    pub(crate) fn run(mut self, commands: &Receiver<String>) -> io::Result<()> {
        let mut batch = Batch::default();
        let mut scratch = vec![0; 65_536];
        loop {
            loop {
                match commands.try_recv() {
                    Ok(line) => self.command(&line),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return Ok(()),
                }
            }
            self.receive(&mut batch, &mut scratch);
            self.receive_own(&mut batch);
            let now = Instant::now();
            self.send_due(now);
            self.drive_due(now);
            self.feed_back(now);
            self.flush();
            let next = self.due.values().chain(self.next_feedback.values()).min().copied();
            let nap = next.map_or(NAP, |next| next.saturating_duration_since(Instant::now()).min(NAP));
            if !nap.is_zero() {
                UdpSocket::wait_any(&self.sockets, nap);
            }
        }
    }

    fn micros(&self) -> u64 {
        micros_since(self.epoch, wall_clock())
    }

    fn command(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let words: Vec<&str> = rest.split(' ').collect();
        let number = |place: usize| words.get(place).and_then(|word| word.parse::<usize>().ok()).unwrap_or(0);
        let now = Instant::now();
        match word {
            "open" => {
                let mut person = Person::new(number(0), self.address_of(number(0)), now);
                let publishes = words.get(1).copied().and_then(published);
                let offer =
                    person.open(publishes, number(2), words.get(3).copied().and_then(kind).unwrap_or(MediaKind::Video));
                if publishes.is_some() {
                    self.due.insert(number(0), now);
                }
                self.people.insert(number(0), person);
                tell_offer(number(0), offer);
            }
            "more" => {
                let kind = words.get(2).copied().and_then(kind).unwrap_or(MediaKind::Video);
                let offer = self.people.get_mut(&number(0)).and_then(|person| person.more(number(1), kind));
                tell_offer(number(0), offer);
            }
            "share" => self.shared = rest.parse().ok(),
            "accept" => {
                let mut person = Person::new(number(0), self.address_of(number(0)), now);
                let sdp = rest.split_once(' ').map_or("", |(_, sdp)| sdp).replace(LINE_END, "\r\n");
                match person.accept(&sdp) {
                    Ok(answer) => say(&format!("answer {} {}", number(0), answer.replace("\r\n", LINE_END))),
                    Err(error) => say(&format!("failed {} {error}", number(0))),
                }
                self.people.insert(number(0), person);
            }
            "answer" => {
                let sdp = rest.split_once(' ').map_or("", |(_, sdp)| sdp).replace(LINE_END, "\r\n");
                if let Some(person) = self.people.get_mut(&number(0)) {
                    if let Err(error) = person.answer(&sdp) {
                        say(&format!("failed {} {error}", number(0)));
                    }
                    person.deadline = now;
                }
            }
            "candidate" => {
                if let Some(person) = self.people.get_mut(&number(0)) {
                    person.candidate(rest.split_once(' ').map_or("", |(_, text)| text));
                    person.deadline = now;
                }
            }
            "close" => {
                self.people.clear();
                self.partners.clear();
                self.shared = None;
                self.due.clear();
                self.next_feedback.clear();
                self.switching.clear();
                self.shape = None;
            }
            "send" => {
                self.shape = Shape::parse(&words);
                let interval_us = self.shape.map_or(0, |shape| shape.interval_us);
                // Spread over the interval: people do not speak in step.
                let spacing = Duration::from_micros(interval_us) / self.due.len().max(1) as u32;
                for (place, due) in self.due.values_mut().enumerate() {
                    *due = now + spacing * place as u32;
                }
            }
            "wish" => {
                let asked = UNIX_EPOCH + Duration::from_micros(number(3) as u64);
                let at_us = micros_since(self.epoch, asked);
                self.switching.wish((number(0), number(1) as u16), number(2) as u8, at_us);
            }
            "mark" => {
                self.tally = Tally::default();
                self.switching.times_us.clear();
                self.people.values_mut().for_each(Person::mark);
            }
            "report" => self.report(),
            _ => say(&format!("failed {line}")),
        }
    }

    /// The shared address, or 127.64.0.1 and onwards; the sockets in turn.
    fn address_of(&self, number: usize) -> SocketAddr {
        let ip = self.shared.unwrap_or_else(|| own_address(number));
        let port = self.sockets.get(number % SOCKETS).map_or(0, |socket| socket.local().port());
        (ip, port).into()
    }

    fn receive(&mut self, batch: &mut Batch, scratch: &mut [u8]) {
        let is_switching = self.shape.is_some_and(|shape| shape.content == Content::Layers);
        for socket in &self.sockets {
            loop {
                let now = Instant::now();
                let epoch = self.epoch;
                let (people, tally, switching) = (&mut self.people, &mut self.tally, &mut self.switching);
                let (is_shared, partners) = (self.shared.is_some(), &self.partners);
                let read = socket.receive(batch, |arrived| {
                    let Some(IpAddr::V4(to)) = arrived.to else { return };
                    let partner = if is_shared { partners.get(&arrived.from).copied() } else { Some(number_of(to)) };
                    let Some(number) = partner else { return };
                    let Some(person) = people.get_mut(&number) else { return };
                    // What a busy machine adds until we come to read it is no delay of the server.
                    let now_us = arrived_us(epoch, &arrived);
                    match person.receive((now, now_us), arrived.from, arrived.bytes, scratch) {
                        Ok(Got::Media(stamp, begins_key_frame)) => {
                            tally.receive(stamp, now_us);
                            if is_switching {
                                let pair = (number, stamp.publisher);
                                switching.see(pair, stamp.class, begins_key_frame, now_us);
                            }
                        }
                        Ok(Got::Other) => person.deadline = person.deadline.min(now),
                        Err(error) => say(&format!("failed {number} {error}")),
                    }
                });
                if !matches!(read, Ok(count) if count == BATCH) {
                    break;
                }
            }
        }
    }

    /// The datagrams that went past the server.
    fn receive_own(&mut self, batch: &mut Batch) {
        let (epoch, tally) = (self.epoch, &mut self.tally);
        let mut each = |arrived: Arrived<'_>| {
            if let Some(stamp) = Stamp::read(arrived.bytes) {
                tally.mirror(stamp, arrived_us(epoch, &arrived));
            }
        };
        while matches!(self.mirror.receive(batch, &mut each), Ok(count) if count == BATCH) {}
    }

    fn send_due(&mut self, now: Instant) {
        let Some(shape) = self.shape else { return };
        let now_us = self.micros();
        for (place, (number, due)) in self.due.iter_mut().enumerate() {
            if *due > now {
                continue;
            }
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            // Late bursts are not made up for: the rate is what it is.
            *due = (*due + shape.step(self.random)).max(now);
            let Some(person) = self.people.get_mut(number) else { continue };
            let Outgoing { bytes, queued } = &mut self.outgoing;
            let (before, tally) = (queued.len(), &mut self.tally);
            let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
            let burst = Due { content: shape.content, interval_us: shape.interval_us, now_us, place };
            let sent = person.burst(burst, bytes, |end, stamp| {
                tally.send(stamp);
                queued.push(Queued { person: *number, to: nowhere, end });
            });
            for entry in queued.iter_mut().skip(before) {
                entry.to = sent.unwrap_or(nowhere);
            }
            if queued.len() > before {
                bytes.resize(bytes.len() + STAMP_AT, 0);
                Stamp { sent_us: now_us, publisher: 0, class: 0, is_last: false }.write(bytes);
                queued.push(Queued { person: *number, to: self.mirror.local(), end: bytes.len() });
            }
        }
    }

    fn drive_due(&mut self, now: Instant) {
        for (number, person) in &mut self.people {
            if person.deadline > now {
                continue;
            }
            let was_ready = person.is_up && person.has_media();
            let Outgoing { bytes, queued } = &mut self.outgoing;
            let (is_shared, partners) = (self.shared.is_some(), &mut self.partners);
            let driven = person.drive(now, &mut |to, datagram| {
                if is_shared {
                    partners.insert(to, *number);
                }
                bytes.extend_from_slice(datagram);
                queued.push(Queued { person: *number, to, end: bytes.len() });
            });
            if let Err(error) = driven {
                say(&format!("failed {number} {error}"));
            }
            if !was_ready && person.is_up && person.has_media() {
                self.next_feedback.insert(*number, now);
                say(&format!("up {number}"));
            }
        }
    }

    fn feed_back(&mut self, now: Instant) {
        let now_us = self.micros();
        for (number, due) in &mut self.next_feedback {
            if *due > now {
                continue;
            }
            *due = now + FEEDBACK_INTERVAL;
            let Outgoing { bytes, queued } = &mut self.outgoing;
            if let Some(to) = self.people.get_mut(number).and_then(|person| person.feedback(now_us, bytes)) {
                queued.push(Queued { person: *number, to, end: bytes.len() });
            }
        }
    }

    fn flush(&mut self) {
        let Outgoing { bytes, queued } = &mut self.outgoing;
        let shared = self.shared;
        for (index, socket) in self.sockets.iter().enumerate() {
            let mut start = 0;
            let mut departing = Vec::new();
            for entry in queued.iter() {
                let from = start;
                start = entry.end;
                if entry.person % SOCKETS == index
                    && let Some(bytes) = bytes.get(from..entry.end)
                {
                    let ip = shared.unwrap_or_else(|| own_address(entry.person));
                    departing.push(Departing { to: entry.to, from: Some(ip.into()), bytes });
                }
            }
            // What the kernel has no room for is lost, and seen in the delivered share.
            let _ = socket.send(&departing);
        }
        bytes.clear();
        queued.clear();
    }

    fn report(&mut self) {
        let faults = self.people.values().map(Person::faults);
        let (holes, torn) = faults.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let unmet = self.switching.unmet_since(self.micros().saturating_sub(LONG_WISH_US));
        let mut words = self.tally.words();
        words.push(format!("holes={holes} torn={torn} unmet={unmet}"));
        words.push(quantiles("switch", &mut self.switching.times_us));
        say(&format!("report {}", words.join(" ")));
    }
}

fn own_address(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 64, (number / 250) as u8, (number % 250 + 1) as u8)
}

/// The participant whose own address that is.
fn number_of(address: Ipv4Addr) -> usize {
    let [_, _, high, low] = address.octets();
    usize::from(high) * 250 + usize::from(low).saturating_sub(1)
}

#[allow(clippy::disallowed_methods, reason = "the kernel tells arrivals by it")]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}

fn micros_since(epoch: SystemTime, at: SystemTime) -> u64 {
    at.duration_since(epoch).unwrap_or_default().as_micros() as u64
}

fn arrived_us(epoch: SystemTime, arrived: &Arrived<'_>) -> u64 {
    micros_since(epoch, arrived.at.map_or_else(wall_clock, |at| UNIX_EPOCH + at))
}

fn published(word: &str) -> Option<Kind> {
    match word {
        "audio" => Some(Kind::Audio),
        "video" => Some(Kind::Video),
        "layers" => Some(Kind::Layers),
        _ => None,
    }
}

fn kind(word: &str) -> Option<MediaKind> {
    match word {
        "audio" => Some(MediaKind::Audio),
        "video" => Some(MediaKind::Video),
        _ => None,
    }
}

fn tell_offer(number: usize, offer: Option<String>) {
    match offer {
        Some(sdp) => say(&format!("offer {number} {}", sdp.replace("\r\n", LINE_END))),
        None => say(&format!("failed {number} no offer")),
    }
}
