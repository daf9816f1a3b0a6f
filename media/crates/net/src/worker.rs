//! The media thread: polls sockets and commands, drives the switchboard, never waits for anybody.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::RawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use palaver_session::{Endpoint, Path, Protocol, SessionFactory};

use crate::command::Command;
use crate::event::{Event, EventQueue};
use crate::load::LoadMeter;
use crate::negotiation::Negotiation;
use crate::relay::{Inlet, Link};
use crate::sending::send_all;
use crate::socket::{Batch, Departing, UdpSocket, poll_readable};
use crate::switchboard::{Counters, Datagram, Switchboard, panic_text};
use crate::tcp::TcpPort;
use crate::wake::Wake;

/// Commands that may wait. A burst of 4 000 is a thousand people whose server restarts.
const MAX_WAITING_COMMANDS: usize = 8_192;
/// Those that may not be refused: a bound for the sake of the memory, far beyond what rooms can cause.
const MAX_WAITING_ORDERS: usize = 16 * MAX_WAITING_COMMANDS;
/// Bytes of messages that may wait.
const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;
/// Commands done before packets get their turn: opening a peer takes about half a millisecond, the dearest of all.
const MAX_COMMANDS_PER_TURN: usize = 16;
/// Rounds of reading a socket before everything else gets its turn.
const MAX_READ_ROUNDS: usize = 4;

/// The mailbox of a worker: commands in, figures out.
pub(crate) struct Mailbox {
    waiting: Mutex<Waiting>,
    wake: Wake,
    is_closing: AtomicBool,
    totals: Mutex<Totals>,
    /// The zero of the next one.
    made: Instant,
    /// When the worker began what it does now, in microseconds; 0 while it waits.
    busy_since: AtomicU64,
    /// Set once, where there is a relay.
    pub(crate) relay: OnceLock<Arc<Link>>,
    /// What comes from there.
    pub(crate) inlet: Inlet,
}

#[derive(Default)]
struct Waiting {
    commands: VecDeque<Command>,
    /// Of the messages among them.
    bytes: usize,
}

/// What the worker publishes about itself once a second.
#[derive(Debug, Clone, Copy, Default)]
pub struct Totals {
    /// The switchboard's.
    pub switchboard: Counters,
    /// All routers'.
    pub router: palaver_forward::Counters,
    /// Peers now.
    pub peers: usize,
    /// Rooms now.
    pub rooms: usize,
    /// Datagrams handed to the kernel, lost ones included.
    pub datagrams_out: u64,
    /// Datagrams that the kernel had no room for.
    pub send_dropped: u64,
    /// Connections of peers that have no UDP, and those not yet proved to be a peer's.
    pub tcp_connections: usize,
    /// Failures of the worker as a whole.
    pub worker_panics: u64,
    /// Share of the last second that the thread worked, in thousandths.
    pub busy_permille: u64,
}

impl Mailbox {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            waiting: Mutex::default(),
            wake: Wake::new()?,
            is_closing: AtomicBool::new(false),
            totals: Mutex::default(),
            made: Instant::now(),
            busy_since: AtomicU64::new(0),
            relay: OnceLock::new(),
            inlet: Inlet::default(),
        })
    }

    /// `false` when full.
    pub(crate) fn post(&self, command: Command) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let most = if command.is_refusable() { MAX_WAITING_COMMANDS } else { MAX_WAITING_ORDERS };
        let bytes = waiting.bytes.saturating_add(command.payload_bytes());
        if waiting.commands.len() >= most || (command.is_refusable() && bytes > MAX_WAITING_BYTES) {
            return false;
        }
        waiting.bytes = bytes;
        waiting.commands.push_back(command);
        drop(waiting);
        self.wake.notify();
        true
    }

    pub(crate) fn close(&self) {
        self.is_closing.store(true, Ordering::Release);
        self.wake.notify();
    }

    /// Something waits that is no command.
    pub(crate) fn nudge(&self) {
        self.wake.notify();
    }

    pub(crate) fn totals(&self) -> Totals {
        *self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the worker has been at what it does now: next to nothing, unless it hangs.
    pub(crate) fn stalled(&self, now: Instant) -> Duration {
        match self.busy_since.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => now.saturating_duration_since(self.made + Duration::from_micros(since)),
        }
    }

    fn rest(&self) {
        self.busy_since.store(0, Ordering::Relaxed);
    }

    fn begin(&self, now: Instant) {
        let since = now.saturating_duration_since(self.made).as_micros() as u64;
        self.busy_since.store(since.max(1), Ordering::Relaxed);
    }

    /// One command, so that those behind it outlive a failure of it. The wake stays readable while some wait.
    fn take(&self) -> Option<Command> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let command = waiting.commands.pop_front();
        waiting.bytes = waiting.bytes.saturating_sub(command.as_ref().map_or(0, Command::payload_bytes));
        if waiting.commands.is_empty() {
            self.wake.clear();
        }
        command
    }
}

/// Everything that the media thread owns besides the switchboard.
pub(crate) struct Worker {
    pub(crate) sockets: Vec<UdpSocket>,
    /// `None` where no listener could be had.
    pub(crate) tcp: Option<TcpPort>,
    pub(crate) candidates: Vec<SocketAddr>,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) events: Arc<EventQueue>,
    pub(crate) negotiation: Negotiation,
    /// What is waited for: the sockets, then the mailbox, then TCP.
    polled: Vec<libc::pollfd>,
    /// Announced addresses that are this machine's own; others are those of a NAT in front of it.
    own_addresses: Vec<IpAddr>,
    datagrams_out: u64,
    send_dropped: u64,
    /// Of those, the ones whose fault it is not who they were for.
    no_room: u64,
    panics: u64,
}

impl Worker {
    pub(crate) fn new(
        sockets: Vec<UdpSocket>,
        tcp: Option<TcpPort>,
        candidates: Vec<SocketAddr>,
        mailbox: Arc<Mailbox>,
        events: Arc<EventQueue>,
        negotiation: Negotiation,
    ) -> Self {
        let is_own = |ip: &IpAddr| std::net::UdpSocket::bind((*ip, 0)).is_ok();
        let own_addresses = candidates.iter().map(SocketAddr::ip).filter(is_own).collect();
        let descriptors = sockets.iter().map(UdpSocket::descriptor).chain([mailbox.wake.descriptor()]);
        let polled = readable(descriptors.chain(tcp.as_ref().map(TcpPort::descriptor)));
        Self {
            polled,
            sockets,
            tcp,
            candidates,
            mailbox,
            events,
            negotiation,
            own_addresses,
            datagrams_out: 0,
            send_dropped: 0,
            no_room: 0,
            panics: 0,
        }
    }

    /// Until the mailbox is closed. A panic outside a peer's step costs all rooms of the worker, but not the process.
    pub(crate) fn run<F: SessionFactory + Clone>(&mut self, factory: &F) {
        let mut load = LoadMeter::default();
        let mut counted = (Counters::default(), palaver_forward::Counters::default());
        loop {
            let mut switchboard = Switchboard::new(factory.clone(), self.endpoints(), Instant::now());
            switchboard.count_on(counted.0, counted.1);
            match catch_unwind(AssertUnwindSafe(|| self.serve(&mut switchboard, &mut load))) {
                Ok(()) => return,
                Err(panic) => {
                    self.panics += 1;
                    let rooms = catch_unwind(AssertUnwindSafe(|| switchboard.room_names())).unwrap_or_default();
                    let sum = || (switchboard.counters(), switchboard.router_counters());
                    counted = catch_unwind(AssertUnwindSafe(sum)).unwrap_or(counted);
                    self.events.push(load.reset().map(Event::Load));
                    self.events.push([Event::WorkerLost(panic_text(panic.as_ref()), rooms)]);
                    // Dropping half-changed peers may panic again.
                    let _ = catch_unwind(AssertUnwindSafe(|| drop(switchboard)));
                }
            }
        }
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        let tcp = self.tcp.iter().flat_map(|_| self.candidates.iter().copied().map(Endpoint::tcp));
        self.candidates.iter().copied().map(Endpoint::udp).chain(tcp).collect()
    }

    fn serve<F: SessionFactory>(&mut self, switchboard: &mut Switchboard<F>, load: &mut LoadMeter) {
        let mut batch = Batch::default();
        let mut next_totals = Instant::now();
        loop {
            let deadline = switchboard.next_deadline();
            self.mailbox.rest();
            poll_readable(&mut self.polled, deadline.saturating_duration_since(Instant::now()));
            let now = Instant::now();
            self.mailbox.begin(now);
            // Who has nothing is not asked. The mailbox stays readable while commands wait.
            if self.is_readable(self.sockets.len()) {
                for _ in 0..MAX_COMMANDS_PER_TURN {
                    let Some(command) = self.mailbox.take() else { break };
                    switchboard.command(now, command);
                }
            }
            self.read(switchboard, &mut batch);
            if self.is_readable(self.sockets.len() + 1) {
                self.read_tcp(switchboard);
            }
            for (path, datagram) in self.mailbox.inlet.take() {
                switchboard.receive(now, path, &datagram);
            }
            let now = Instant::now();
            switchboard.flush(now);
            if self.mailbox.is_closing.load(Ordering::Acquire) {
                switchboard.close(now);
                self.carry_out(switchboard);
                self.mailbox.rest();
                return;
            }
            self.carry_out(switchboard);
            if now >= next_totals {
                next_totals = now + Duration::from_secs(1);
                if let Some(tcp) = &mut self.tcp {
                    tcp.sweep(now);
                }
                if let Some(load) = load.look(now, (self.datagrams_out, self.no_room)) {
                    switchboard.set_load(now, load);
                }
                self.publish_totals(switchboard, load);
            }
        }
    }

    fn read<F: SessionFactory>(&self, switchboard: &mut Switchboard<F>, batch: &mut Batch) {
        for (place, socket) in self.sockets.iter().enumerate() {
            if !self.is_readable(place) {
                continue;
            }
            for _ in 0..MAX_READ_ROUNDS {
                let now = Instant::now();
                let read = socket.receive(batch, |arrived| {
                    let port = socket.local().port();
                    let Some(local) = announced(&self.candidates, port, arrived.from, arrived.to) else {
                        return;
                    };
                    switchboard.receive(now, Path::udp(local, arrived.from), arrived.bytes);
                });
                // Errors are those of earlier sends (ICMP) or "nothing there"; the next poll tells.
                if !matches!(read, Ok(count) if count == crate::socket::BATCH) {
                    break;
                }
            }
        }
    }

    fn read_tcp<F: SessionFactory>(&mut self, switchboard: &mut Switchboard<F>) {
        let Some(tcp) = &mut self.tcp else { return };
        let (now, candidates) = (Instant::now(), &self.candidates);
        let announced = |from, to: SocketAddr| announced(candidates, to.port(), from, Some(to.ip()));
        tcp.turn(now, announced, |path, bytes| switchboard.receive(now, path, bytes));
    }

    fn carry_out<F: SessionFactory>(&mut self, switchboard: &mut Switchboard<F>) {
        let outbox = &mut switchboard.outbox;
        for text in outbox.texts.drain(..) {
            self.negotiation.print(text);
        }
        if !outbox.events.is_empty() {
            self.events.push(outbox.events.drain(..));
        }
        let datagrams = std::mem::take(&mut outbox.datagrams);
        let all = || datagrams.iter().map(Datagram::parts).chain(outbox.sealed.iter());
        if let Some(tcp) = self.tcp.as_mut().filter(|tcp| tcp.count() > 0) {
            for (path, bytes) in all().filter(|(path, _)| path.protocol == Protocol::Tcp) {
                tcp.send(&path, bytes);
            }
            tcp.flush();
        }
        let is_relayed = |(path, _): &(Path, &[u8])| palaver_turn::is_relayed(path.remote);
        if let Some(relay) = self.mailbox.relay.get() {
            relay.push_outward(all().filter(is_relayed));
        }
        for socket in &self.sockets {
            let is_ipv4 = socket.local().is_ipv4();
            let departing: Vec<Departing<'_>> = all()
                .filter(|(path, _)| path.protocol == Protocol::Udp)
                .filter(|way| way.0.remote.is_ipv4() == is_ipv4 && !is_relayed(way))
                .map(|(path, bytes)| self.departing(&path, bytes, socket.local().ip()))
                .collect();
            if !departing.is_empty() {
                self.datagrams_out += departing.len() as u64;
                let lost = send_all(socket, &departing);
                self.send_dropped += lost.total();
                self.no_room += lost.no_room;
            }
        }
        outbox.sealed.clear();
    }

    fn departing<'a>(&self, path: &Path, bytes: &'a [u8], bound: IpAddr) -> Departing<'a> {
        let from = path.local.ip();
        // A socket that is bound to one address sends from it anyway, and the kernel knows best behind a NAT.
        let from = (bound.is_unspecified() && self.own_addresses.contains(&from)).then_some(from);
        Departing { to: path.remote, from, bytes }
    }

    fn publish_totals<F: SessionFactory>(&self, switchboard: &Switchboard<F>, load: &LoadMeter) {
        let totals = Totals {
            switchboard: switchboard.counters(),
            router: switchboard.router_counters(),
            peers: switchboard.peer_count(),
            rooms: switchboard.room_names().len(),
            datagrams_out: self.datagrams_out,
            send_dropped: self.send_dropped + self.tcp.as_ref().map_or(0, TcpPort::dropped),
            tcp_connections: self.tcp.as_ref().map_or(0, TcpPort::count),
            worker_panics: self.panics,
            busy_permille: load.busy_permille(),
        };
        *self.mailbox.totals.lock().unwrap_or_else(PoisonError::into_inner) = totals;
    }

    /// What `poll_readable` said of the one at this place.
    fn is_readable(&self, place: usize) -> bool {
        self.polled.get(place).is_some_and(|polled| polled.revents != 0)
    }
}

/// To be polled.
pub(crate) fn readable(descriptors: impl Iterator<Item = RawFd>) -> Vec<libc::pollfd> {
    descriptors.map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 }).collect()
}

/// The announced candidate that a datagram came to. The kernel's word where we announce that address, else (NAT,
/// several addresses) the first candidate of the family.
fn announced(candidates: &[SocketAddr], port: u16, from: SocketAddr, to: Option<IpAddr>) -> Option<SocketAddr> {
    let of_family = || candidates.iter().filter(|c| c.is_ipv4() == from.is_ipv4() && c.port() == port);
    of_family().find(|candidate| Some(candidate.ip()) == to).or_else(|| of_family().next()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|text| text.parse().expect("address")).collect()
    }

    #[test]
    fn a_datagram_came_to_the_address_that_the_kernel_names_if_we_announce_it() {
        let ours = addresses(&["192.0.2.1:7", "192.0.2.2:7", "[2001:db8::1]:7"]);
        let from = "198.51.100.9:5000".parse().expect("address");
        let to = |ip: &str| announced(&ours, 7, from, Some(ip.parse().expect("ip")));
        assert_eq!(to("192.0.2.2"), ours.get(1).copied());
        assert_eq!(to("10.0.0.5"), ours.first().copied(), "behind NAT");
        let from = "[2001:db8::9]:5000".parse().expect("address");
        assert_eq!(announced(&ours, 7, from, None), ours.get(2).copied());
        assert_eq!(announced(&ours, 8, from, None), None);
    }

    #[test]
    fn a_full_mailbox_refuses_what_clients_ask_and_never_what_protects() {
        let mailbox = Mailbox::new().expect("eventfd");
        let message =
            |bytes| Command::SendData { peers: vec!["bob".into()], label: "_reliable", payload: vec![7; bytes].into() };
        let large = MAX_WAITING_BYTES / 4;
        assert_eq!((0..10).filter(|_| mailbox.post(message(large))).count(), 4, "as many as fit into the memory");
        assert!(mailbox.take().is_some() && mailbox.post(message(large)), "what was taken makes room");
        while mailbox.post(Command::AddCandidate { peer: "bob".into(), candidate: String::new() }) {}
        assert!(!mailbox.post(Command::OpenPeer { room: "room".into(), peer: "carol".into() }));
        assert!(mailbox.post(Command::ClosePeer { peer: "bob".into() }));
        assert!(mailbox.post(Command::SetTrackMuted { track: "TR".into(), is_muted: true }));
        assert!(mailbox.post(Command::DropSubscription { peer: "bob".into(), track: "TR".into() }));
    }

    /// Makes nothing until it may.
    #[derive(Clone)]
    struct Hanging(Arc<Mutex<()>>);

    impl SessionFactory for Hanging {
        type Session = palaver_session::RtcSession;

        fn make(&self, now: Instant, candidates: &[Endpoint]) -> Self::Session {
            drop(self.0.lock());
            palaver_session::RtcFactory::new().make(now, candidates)
        }
    }

    #[test]
    fn a_worker_that_hangs_is_seen_to_and_one_that_waits_is_not() {
        let mailbox = Arc::new(Mailbox::new().expect("eventfd"));
        let events = Arc::new(EventQueue::new().expect("eventfd"));
        let (negotiation, _thread) = crate::negotiation::negotiation();
        let mut worker = Worker::new(Vec::new(), None, Vec::new(), Arc::clone(&mailbox), events, negotiation);
        let gate = Arc::new(Mutex::new(()));
        let held = gate.lock().expect("unpoisoned");
        let factory = Hanging(Arc::clone(&gate));
        let thread = std::thread::spawn(move || worker.run(&factory));
        let start = Instant::now();
        let until = |is_it: &dyn Fn(Duration) -> bool| {
            while !is_it(mailbox.stalled(Instant::now())) {
                assert!(start.elapsed() < Duration::from_secs(20));
                std::thread::yield_now();
            }
        };
        assert!(mailbox.post(Command::OpenPeer { room: "room".into(), peer: "alice".into() }));
        until(&|stalled| stalled > Duration::from_millis(100));
        drop(held);
        until(&|stalled| stalled.is_zero());
        mailbox.close();
        thread.join().expect("it goes on");
        assert_eq!(mailbox.stalled(Instant::now()), Duration::ZERO);
    }

    #[test]
    fn a_failure_of_the_whole_worker_names_the_lost_rooms_and_it_serves_on() {
        let mailbox = Arc::new(Mailbox::new().expect("eventfd"));
        let events = Arc::new(EventQueue::new().expect("eventfd"));
        let (negotiation, _thread) = crate::negotiation::negotiation();
        let mut worker =
            Worker::new(Vec::new(), None, Vec::new(), Arc::clone(&mailbox), Arc::clone(&events), negotiation);
        let open = |room: &str| mailbox.post(Command::OpenPeer { room: room.into(), peer: "alice".into() });
        assert!(open("lost") && mailbox.post(Command::FailWorker) && open("found"));
        assert!(mailbox.post(Command::ClosePeer { peer: "alice".into() }));
        let thread = std::thread::spawn(move || worker.run(&palaver_session::RtcFactory::new()));
        let mut seen = Vec::new();
        let start = Instant::now();
        while !seen.iter().any(|event| matches!(event, Event::Closed(..))) {
            assert!(start.elapsed() < Duration::from_secs(20), "{seen:?}");
            seen.extend(events.drain(16));
            std::thread::yield_now();
        }
        mailbox.close();
        thread.join().expect("the thread outlives the failure");
        assert_eq!(seen.first(), Some(&Event::WorkerLost("told to fail".to_owned(), vec!["lost".into()])));
    }
}
