//! Connections that peers open: ICE over TCP (RFC 6544), each datagram after its length (RFC 4571), and TURN.
//!
//! For people whose network lets no UDP through. Only listening: we never connect to anybody.

mod connection;
mod poller;
mod wire;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use palaver_session::{Path, Protocol};

pub(crate) use connection::Framing;
use connection::{Connection, Fate};
use poller::Poller;
use rustls::ServerConfig;
use wire::Wire;

/// Connections at a time. Each costs a descriptor and at most 100 KiB.
const MAX_CONNECTIONS: usize = 1_024;
/// Connections from one address: a school behind one router, twice.
const MAX_PER_ADDRESS: usize = 512;
/// Connections on which no check was answered yet. One more makes the oldest go.
const MAX_STRANGERS: usize = 128;
/// A stranger proves itself within this: browsers check at once.
const STRANGER_TIME: Duration = Duration::from_secs(10);
/// A silent connection goes after this: browsers check idle ones twice a minute.
const SILENCE: Duration = Duration::from_secs(90);
/// Who keeps an address at hand by TURN, and does not use it, refreshes it this often at least.
const TURN_SILENCE: Duration = Duration::from_secs(660);
/// Connections accepted before packets get their turn.
const MAX_ACCEPTED_PER_TURN: usize = 16;
/// After a failed accept (no descriptors left) nobody is let in for this long; the listener stays readable meanwhile.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);
/// Marks a listener among the tokens of connections.
const LISTENER: u64 = 1 << 63;

/// A listener, and with what it encrypts.
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) tls: Option<Arc<ServerConfig>>,
}

/// All listeners and connections of one thread.
pub(crate) struct TcpPort {
    framing: Framing,
    poller: Poller,
    listeners: Vec<Listener>,
    paused_until: Option<Instant>,
    connections: HashMap<u64, Connection>,
    by_path: HashMap<Path, u64>,
    per_address: HashMap<IpAddr, usize>,
    /// Those that have proved nothing yet, oldest first; some have meanwhile.
    strangers: VecDeque<u64>,
    next_token: u64,
    /// With something to write.
    waiting: Vec<u64>,
    /// Connections of TURN that ended: what came by them ends with them.
    ended: Vec<Path>,
    ready: Vec<(u64, bool)>,
    dropped: u64,
}

impl TcpPort {
    pub(crate) fn new(listeners: Vec<Listener>, framing: Framing) -> io::Result<Self> {
        let poller = Poller::new()?;
        for (token, listener) in (LISTENER..).zip(&listeners) {
            poller.add(listener.socket.as_raw_fd(), token)?;
        }
        Ok(Self {
            framing,
            poller,
            listeners,
            paused_until: None,
            connections: HashMap::new(),
            by_path: HashMap::new(),
            per_address: HashMap::new(),
            strangers: VecDeque::new(),
            next_token: 0,
            waiting: Vec::new(),
            ended: Vec::new(),
            ready: Vec::new(),
            dropped: 0,
        })
    }

    /// For poll: readable while something is to be done.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.poller.descriptor()
    }

    /// How many connections there are.
    pub(crate) fn count(&self) -> usize {
        self.connections.len()
    }

    /// Datagrams that a slow connection had no room for.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Let in who waits, read and write what can be. `announced` says which candidate a connection came to; `each` is
    /// called with every datagram.
    pub(crate) fn turn(
        &mut self,
        now: Instant,
        announced: impl Fn(SocketAddr, SocketAddr) -> Option<SocketAddr>,
        mut each: impl FnMut(Path, &[u8]),
    ) {
        let mut ready = std::mem::take(&mut self.ready);
        self.poller.wait(&mut ready);
        for (token, is_writable) in ready.drain(..) {
            if token >= LISTENER {
                self.accept(now, (token - LISTENER) as usize, &announced);
                continue;
            }
            let Some(connection) = self.connections.get_mut(&token) else { continue };
            let path = connection.path;
            let mut fate = connection.read(now, |bytes| each(path, bytes));
            if is_writable && fate == Fate::Stays {
                fate = connection.write();
            }
            self.follow(token, fate);
        }
        self.ready = ready;
    }

    /// Queue one datagram; [`TcpPort::flush`] writes. On a path without a connection it goes nowhere, as on any network.
    pub(crate) fn send(&mut self, path: &Path, datagram: &[u8]) {
        self.say(path, datagram, true);
    }

    /// As [`TcpPort::send`], and whether this shows that the other side is somebody we know.
    pub(crate) fn say(&mut self, path: &Path, datagram: &[u8], is_proof: bool) {
        let Some(token) = self.by_path.get(path) else { return };
        let Some(connection) = self.connections.get_mut(token) else { return };
        connection.is_proved |= is_proof;
        if connection.is_idle() {
            self.waiting.push(*token);
        }
        if !connection.queue(datagram) {
            self.dropped += 1;
        }
    }

    /// Write what was queued.
    pub(crate) fn flush(&mut self) {
        for token in std::mem::take(&mut self.waiting) {
            if let Some(connection) = self.connections.get_mut(&token) {
                let fate = connection.write();
                self.follow(token, fate);
            }
        }
    }

    /// A connection that was accepted elsewhere; what it sends is not encrypted any more. Not blocking.
    pub(crate) fn adopt(&mut self, now: Instant, descriptor: OwnedFd, path: Path) {
        let stream = TcpStream::from(descriptor);
        if stream.set_nonblocking(true).is_ok() {
            self.admit(now, Wire::Plain(stream), path);
        }
    }

    /// Who is gone since the last time.
    pub(crate) fn take_ended(&mut self) -> Vec<Path> {
        std::mem::take(&mut self.ended)
    }

    /// Encrypt with another certificate from the next connection on.
    pub(crate) fn set_tls(&mut self, config: &Arc<ServerConfig>) {
        for tls in self.listeners.iter_mut().filter_map(|listener| listener.tls.as_mut()) {
            tls.clone_from(config);
        }
    }

    /// Once a second: close who proved nothing in time, or fell silent, and let people in again after a failure.
    pub(crate) fn sweep(&mut self, now: Instant) {
        self.resume(now);
        let most = if self.framing == Framing::Turn { TURN_SILENCE } else { SILENCE };
        let over = |c: &Connection| {
            let silent = now.saturating_duration_since(c.heard_at);
            if c.is_proved { silent >= most } else { now.saturating_duration_since(c.opened_at) >= STRANGER_TIME }
        };
        let ended: Vec<u64> = self.connections.iter().filter(|(_, c)| over(c)).map(|(token, _)| *token).collect();
        for token in ended {
            self.close(token);
        }
        let connections = &self.connections;
        self.strangers.retain(|token| connections.get(token).is_some_and(|c| !c.is_proved));
    }

    fn follow(&mut self, token: u64, fate: Fate) {
        let Some(connection) = self.connections.get_mut(&token) else { return };
        match fate {
            Fate::Ends => self.close(token),
            Fate::Stays => {
                let wants = !connection.is_idle();
                if wants != connection.is_watched_for_room {
                    connection.is_watched_for_room = wants;
                    if self.poller.watch(connection.wire.descriptor(), token, wants).is_err() {
                        self.close(token);
                    }
                }
            }
        }
    }

    fn accept(
        &mut self,
        now: Instant,
        listener: usize,
        announced: &impl Fn(SocketAddr, SocketAddr) -> Option<SocketAddr>,
    ) {
        for _ in 0..MAX_ACCEPTED_PER_TURN {
            let Some(listener) = self.listeners.get(listener) else { return };
            match listener.socket.accept() {
                Ok((stream, remote)) => {
                    let local = stream.local_addr().ok().and_then(|to| announced(remote, to));
                    let is_ready = stream.set_nonblocking(true).and_then(|()| stream.set_nodelay(true)).is_ok();
                    if let (Some(local), true) = (local, is_ready)
                        && let Ok(wire) = Wire::new(stream, listener.tls.as_ref())
                    {
                        self.admit(now, wire, Path { protocol: Protocol::Tcp, local, remote });
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(_) => return self.pause(now),
            }
        }
    }

    /// Refused connections are closed by being dropped.
    fn admit(&mut self, now: Instant, wire: Wire, path: Path) {
        let from = self.per_address.get(&path.remote.ip()).copied().unwrap_or(0);
        if from >= MAX_PER_ADDRESS || self.by_path.contains_key(&path) {
            return;
        }
        let connections = &self.connections;
        self.strangers.retain(|token| connections.get(token).is_some_and(|c| !c.is_proved));
        if (self.strangers.len() >= MAX_STRANGERS || self.connections.len() >= MAX_CONNECTIONS)
            && let Some(oldest) = self.strangers.pop_front()
        {
            self.close(oldest);
        }
        if self.connections.len() >= MAX_CONNECTIONS {
            return;
        }
        let token = self.next_token;
        let Ok(connection) = Connection::new(wire, self.framing, path, now) else { return };
        if self.poller.add(connection.wire.descriptor(), token).is_err() {
            return;
        }
        self.next_token += 1;
        self.connections.insert(token, connection);
        self.by_path.insert(path, token);
        *self.per_address.entry(path.remote.ip()).or_default() += 1;
        self.strangers.push_back(token);
    }

    /// Closing the descriptor takes it out of the poller.
    fn close(&mut self, token: u64) {
        let Some(connection) = self.connections.remove(&token) else { return };
        self.by_path.remove(&connection.path);
        if self.framing == Framing::Turn {
            self.ended.push(connection.path);
        }
        let ip = connection.path.remote.ip();
        if let Some(count) = self.per_address.get_mut(&ip) {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&ip);
            }
        }
    }

    fn pause(&mut self, now: Instant) {
        self.paused_until = Some(now + ACCEPT_PAUSE);
        for listener in &self.listeners {
            self.poller.remove(listener.socket.as_raw_fd());
        }
    }

    fn resume(&mut self, now: Instant) {
        if self.paused_until.is_some_and(|until| until <= now) {
            self.paused_until = None;
            for (token, listener) in (LISTENER..).zip(&self.listeners) {
                // Without it nobody new comes in by TCP; those who are in stay.
                let _ = self.poller.add(listener.socket.as_raw_fd(), token);
            }
        }
    }
}

/// Listen on the address. An IPv6 listener takes IPv6 only, so that both families can share a port number.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    // SAFETY: socket takes no pointers; the result is checked before use.
    let raw = unsafe { libc::socket(family, libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK, 0) };
    if raw < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `raw` is an open descriptor that nobody else owns; a listener is a socket that listens, from below on.
    let listener = unsafe { TcpListener::from_raw_fd(raw) };
    // Connections of the run before must not keep the port.
    crate::socket::set_option(raw, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
    if address.is_ipv6() {
        crate::socket::set_option(raw, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 1)?;
    }
    let (name, length) = crate::socket::to_name(address);
    // SAFETY: `name` is a socket address of `length` valid bytes that outlives the call.
    if unsafe { libc::bind(raw, (&raw const name).cast(), length) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: listen takes no pointers.
    if unsafe { libc::listen(raw, 128) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(listener)
}

#[cfg(test)]
mod tests;
