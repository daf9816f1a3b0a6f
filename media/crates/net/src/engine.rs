//! The engine: threads started, commands in, events out, threads joined. It has one media thread with a port of its own;
//! who wants more starts several.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use palaver_session::RtcFactory;

use crate::command::Command;
use crate::event::{Event, EventQueue, LogLevel};
use crate::negotiation::{Answer, Negotiate, Negotiation, negotiation};
use crate::relay::{Link, MediaPorts, Relay, RelaySettings, RelayTotals};
use crate::socket::UdpSocket;
use crate::tcp::{Framing, Listener, TcpPort, listen};
use crate::worker::{Mailbox, Totals, Worker};

/// Tries to find an ephemeral port that is free on all binds.
const PORT_TRIES: usize = 16;

/// What cannot be done.
#[derive(Debug)]
#[non_exhaustive]
pub enum EngineError {
    /// No bind address, or none of a family that is announced.
    NothingToBind,
    /// A bind failed.
    Bind(SocketAddr, io::Error),
    /// The port of TURN cannot be had, or its certificate cannot be read.
    Relay(SocketAddr, io::Error),
    /// TURN is spoken already.
    RelaysAlready,
    /// A thread or a descriptor could not be made.
    Resources(io::Error),
    /// The bounded queue is full.
    QueueFull,
    /// The engine was closed.
    Closed,
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingToBind => f.write_str("no address to bind"),
            Self::Bind(address, error) => write!(f, "cannot bind UDP {address}: {error}"),
            Self::Relay(address, error) => write!(f, "cannot serve TURN on {address}: {error}"),
            Self::RelaysAlready => f.write_str("TURN is served already"),
            Self::Resources(error) => write!(f, "cannot start: {error}"),
            Self::QueueFull => f.write_str("queue_full"),
            Self::Closed => f.write_str("the engine is closed"),
        }
    }
}

impl std::error::Error for EngineError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Bind(_, error) | Self::Relay(_, error) | Self::Resources(error) => Some(error),
            _ => None,
        }
    }
}

/// Running threads.
struct Running {
    negotiation: Negotiation,
    worker: JoinHandle<()>,
    negotiator: JoinHandle<()>,
    /// Disconnected when both threads have ended.
    ended: Receiver<Infallible>,
}

/// The media engine. All methods may be called from any thread and return at once, except [`Engine::close`].
pub struct Engine {
    port: u16,
    candidates: Vec<SocketAddr>,
    relaying: Mutex<Option<(Arc<Link>, JoinHandle<()>)>>,
    mailbox: Arc<Mailbox>,
    events: Arc<EventQueue>,
    running: Mutex<Option<Running>>,
}

impl Engine {
    /// Bind and start. `announce` are the candidate addresses; one port serves all, UDP and TCP. Port 0 means an ephemeral port,
    /// the same for all binds.
    pub fn start(binds: &[SocketAddr], announce: &[IpAddr]) -> Result<Self, EngineError> {
        let sockets = bind_all(binds)?;
        let port = sockets.first().map(|socket| socket.local().port()).ok_or(EngineError::NothingToBind)?;
        let is_served = |ip: &IpAddr| sockets.iter().any(|s| s.local().is_ipv4() == ip.is_ipv4());
        let candidates: Vec<SocketAddr> =
            announce.iter().filter(|ip| is_served(ip)).map(|ip| SocketAddr::new(*ip, port)).collect();
        if candidates.is_empty() {
            return Err(EngineError::NothingToBind);
        }
        let events = Arc::new(EventQueue::new().map_err(EngineError::Resources)?);
        let mailbox = Arc::new(Mailbox::new().map_err(EngineError::Resources)?);
        let (sender, negotiator) = negotiation();
        let tcp = listen_beside(&sockets).map_err(|error| {
            let text = format!("TCP port {port} cannot be had ({error}): who has no UDP stays out");
            events.push([Event::Log(LogLevel::Warning, text)]);
        });

        // Each thread holds a sender that goes with it.
        let (alive, ended) = std::sync::mpsc::channel();
        let alive_too = alive.clone();
        let (queue, commands) = (Arc::clone(&events), Arc::clone(&mailbox));
        let negotiator = std::thread::Builder::new()
            .name("palaver-sdp".to_owned())
            .spawn(move || {
                let _alive = alive;
                negotiator.run(&queue, |command| commands.post(command));
            })
            .map_err(EngineError::Resources)?;
        let peers = candidates.clone();
        let mut worker =
            Worker::new(sockets, tcp.ok(), candidates, Arc::clone(&mailbox), Arc::clone(&events), sender.clone());
        let worker = std::thread::Builder::new()
            .name("palaver-media".to_owned())
            .spawn(move || {
                let _alive = alive_too;
                worker.run(&RtcFactory::new());
            })
            .map_err(EngineError::Resources)?;
        let running = Mutex::new(Some(Running { negotiation: sender, worker, negotiator, ended }));
        Ok(Self { port, candidates: peers, relaying: Mutex::default(), mailbox, events, running })
    }

    /// Speak TURN as well, once. Its only peers are the candidates of this engine and of those `beside` it.
    pub fn relay(&self, settings: RelaySettings, beside: &[&Self]) -> Result<(), EngineError> {
        if self.lock().is_none() {
            return Err(EngineError::Closed);
        }
        let mut relaying = self.relaying.lock().unwrap_or_else(PoisonError::into_inner);
        let link = Arc::new(Link::new().map_err(EngineError::Resources)?);
        let mut peers = MediaPorts::new();
        for engine in [self].iter().chain(beside) {
            if engine.mailbox.relay.set(Arc::clone(&link)).is_err() {
                return Err(EngineError::RelaysAlready);
            }
            peers.extend(engine.candidates.iter().map(|candidate| (*candidate, Arc::clone(&engine.mailbox))));
        }
        let mut relay = Relay::bind(settings, peers, Arc::clone(&link), Arc::clone(&self.events))
            .map_err(|(address, error)| EngineError::Relay(address, error))?;
        let thread = std::thread::Builder::new().name("palaver-turn".to_owned()).spawn(move || relay.run());
        *relaying = Some((link, thread.map_err(EngineError::Resources)?));
        Ok(())
    }

    /// Speak TURN on a connection that somebody else accepted and decrypts; `remote` is at its other end. The caller
    /// keeps `descriptor`, which is duplicated.
    pub fn relay_connection(
        &self,
        descriptor: RawFd,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<(), EngineError> {
        let relaying = self.relaying.lock().unwrap_or_else(PoisonError::into_inner);
        let (link, _) = relaying.as_ref().ok_or(EngineError::Closed)?;
        // SAFETY: dup takes no pointers; the result is checked before use, and nobody else owns it.
        let descriptor = match unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 0) } {
            failed if failed < 0 => return Err(EngineError::Resources(io::Error::last_os_error())),
            // SAFETY: as above.
            copy => unsafe { OwnedFd::from_raw_fd(copy) },
        };
        if link.adopt(descriptor, local, remote) { Ok(()) } else { Err(EngineError::QueueFull) }
    }

    /// The bound port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Readable while events wait.
    pub fn descriptor(&self) -> std::os::fd::RawFd {
        self.events.descriptor()
    }

    /// Up to `max` events.
    pub fn drain(&self, max: usize) -> Vec<Event> {
        self.events.drain(max)
    }

    /// Give a command to the worker.
    pub fn command(&self, command: Command) -> Result<(), EngineError> {
        if self.lock().is_none() {
            return Err(EngineError::Closed);
        }
        if self.mailbox.post(command) { Ok(()) } else { Err(EngineError::QueueFull) }
    }

    /// Give an offer to the negotiation thread.
    pub fn negotiate(&self, negotiate: Negotiate) -> Result<(), EngineError> {
        match self.lock().as_ref() {
            None => Err(EngineError::Closed),
            Some(running) if running.negotiation.read(negotiate) => Ok(()),
            Some(_) => Err(EngineError::QueueFull),
        }
    }

    /// Give a peer's answer to the negotiation thread.
    pub fn take_answer(&self, answer: Answer) -> Result<(), EngineError> {
        match self.lock().as_ref() {
            None => Err(EngineError::Closed),
            Some(running) if running.negotiation.read_answer(answer) => Ok(()),
            Some(_) => Err(EngineError::QueueFull),
        }
    }

    /// Totals of the last second, and events dropped because nobody drained them.
    pub fn totals(&self) -> (Totals, u64) {
        (self.mailbox.totals(), self.events.dropped())
    }

    /// How long the media thread has been at what it does now: next to nothing, unless it hangs.
    pub fn stalled(&self) -> Duration {
        self.mailbox.stalled(Instant::now())
    }

    /// Totals of TURN in the last second; zeros where it is not spoken by this engine itself.
    pub fn relay_totals(&self) -> RelayTotals {
        let relaying = self.relaying.lock().unwrap_or_else(PoisonError::into_inner);
        relaying.as_ref().map(|(link, _)| link.totals()).unwrap_or_default()
    }

    /// Say goodbye to all peers and join the threads, for at most `timeout`. Again: nothing happens.
    pub fn close(&self, timeout: Duration) {
        let Some(running) = self.lock().take() else { return };
        self.mailbox.close();
        let relaying = self.relaying.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((link, thread)) = relaying {
            link.close();
            // It never waits for anybody, so this takes one turn of it.
            let _ = thread.join();
        }
        // The negotiation thread ends when both senders are gone: this one and the worker's.
        drop(running.negotiation);
        if running.ended.recv_timeout(timeout) == Err(RecvTimeoutError::Disconnected) {
            for thread in [running.worker, running.negotiator] {
                // A panic of the thread was reported already.
                let _ = thread.join();
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Engine {
    /// Asks the threads to end; never waits for them.
    fn drop(&mut self) {
        self.mailbox.close();
        if let Some((link, _)) = self.relaying.get_mut().unwrap_or_else(PoisonError::into_inner) {
            link.close();
        }
    }
}

/// The same addresses and port for TCP.
fn listen_beside(sockets: &[UdpSocket]) -> io::Result<TcpPort> {
    let listen = |socket: &UdpSocket| Ok(Listener { socket: listen(socket.local())?, tls: None });
    TcpPort::new(sockets.iter().map(listen).collect::<io::Result<_>>()?, Framing::Length)
}

/// Bind all addresses; where the port is 0 the first one chooses and the others follow.
fn bind_all(binds: &[SocketAddr]) -> Result<Vec<UdpSocket>, EngineError> {
    let first = binds.first().ok_or(EngineError::NothingToBind)?;
    let mut tries = if first.port() == 0 { PORT_TRIES } else { 1 };
    loop {
        tries -= 1;
        let leader = UdpSocket::bind(*first).map_err(|error| EngineError::Bind(*first, error))?;
        let port = leader.local().port();
        let mut sockets = vec![leader];
        let mut failure = None;
        for bind in binds.iter().skip(1) {
            let address = SocketAddr::new(bind.ip(), port);
            match UdpSocket::bind(address) {
                Ok(socket) => sockets.push(socket),
                // A machine without IPv6 serves IPv4.
                Err(error) if error.raw_os_error() == Some(libc::EAFNOSUPPORT) => {}
                Err(error) => failure = Some(EngineError::Bind(address, error)),
            }
        }
        match failure {
            None => return Ok(sockets),
            Some(error) if tries == 0 => return Err(error),
            Some(_) => {}
        }
    }
}
