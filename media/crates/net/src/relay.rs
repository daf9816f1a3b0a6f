//! TURN: sockets and connections around [`palaver_turn`], on a thread of its own.
//!
//! What is relayed goes to the media threads and comes back through a [`Link`], without a socket between. Handshakes and
//! encryption cost this thread only: whoever floods it holds up those who have no other way, and nobody else.

mod certificate;
mod link;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use palaver_session::{Path, Protocol};
use palaver_turn::{Limits, Origin, Secret, Server, Taken, Transport};

use self::certificate::Certificate;
pub use self::certificate::CertificateFiles;
pub use self::link::RelayTotals;
pub(crate) use self::link::{Inlet, Link, MediaPorts};
use crate::event::{Event, EventQueue, LogLevel};
use crate::sending::send_all;
use crate::socket::{BATCH, Batch, Departing, UdpSocket, poll_readable};
use crate::switchboard::panic_text;
use crate::tcp::{Framing, Listener, TcpPort, listen};

/// The certificate is looked at this often: who renews it restarts nothing.
const CERTIFICATE_INTERVAL: Duration = Duration::from_secs(60);
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);
const MAX_READ_ROUNDS: usize = 4;

/// Where TURN is spoken, and with which credentials.
pub struct RelaySettings {
    /// What passwords are made with.
    pub secret: Vec<u8>,
    /// UDP and TCP.
    pub plain: Vec<SocketAddr>,
    /// TCP with TLS.
    pub encrypted: Vec<SocketAddr>,
    /// For the latter.
    pub certificate: Option<CertificateFiles>,
}

/// Everything that the thread owns.
pub(crate) struct Relay {
    secret: Vec<u8>,
    peers: MediaPorts,
    sockets: Vec<UdpSocket>,
    tcp: TcpPort,
    certificate: Option<Certificate>,
    link: Arc<Link>,
    events: Arc<EventQueue>,
}

/// What waits between a look at the sockets and the next.
#[derive(Default)]
struct Tray {
    inward: Vec<(Path, Vec<u8>)>,
    /// Answers by UDP.
    answers: Vec<(Origin, Vec<u8>)>,
    /// Answers on connections, and whether they show that the other side is known.
    said: Vec<(Path, Vec<u8>, bool)>,
}

impl Relay {
    /// Bind; `peers` are the only ones that are reached.
    pub(crate) fn bind(
        settings: RelaySettings,
        peers: MediaPorts,
        link: Arc<Link>,
        events: Arc<EventQueue>,
    ) -> Result<Self, (SocketAddr, io::Error)> {
        let mut sockets = Vec::new();
        let mut listeners = Vec::new();
        for address in settings.plain {
            sockets.push(UdpSocket::bind(address).map_err(|error| (address, error))?);
            let socket = listen(address).map_err(|error| (address, error))?;
            listeners.push(Listener { socket, tls: None });
        }
        let nowhere = SocketAddr::new(IpAddr::from([0; 4]), 0);
        let certificate = settings.certificate.map(Certificate::load).transpose();
        let certificate =
            certificate.map_err(|error| (settings.encrypted.first().copied().unwrap_or(nowhere), error))?;
        for address in settings.encrypted {
            let tls = certificate.as_ref().map(Certificate::config);
            let tls = Some(tls.ok_or_else(|| (address, io::Error::other("no certificate")))?);
            listeners.push(Listener { socket: listen(address).map_err(|error| (address, error))?, tls });
        }
        let tcp = TcpPort::new(listeners, Framing::Turn).map_err(|error| (nowhere, error))?;
        Ok(Self { secret: settings.secret, peers, sockets, tcp, certificate, link, events })
    }

    /// Until the link is closed. A panic costs all allocations: clients make new ones.
    pub(crate) fn run(&mut self) {
        loop {
            let secret = Secret::new(&self.secret);
            let peers = self.peers.keys().copied().collect();
            let mut server = Server::new(secret, peers, Limits::default(), Instant::now(), unix_s());
            match catch_unwind(AssertUnwindSafe(|| self.serve(&mut server))) {
                Ok(()) => return,
                Err(panic) => {
                    let text = format!("the relay failed: {}", panic_text(panic.as_ref()));
                    self.events.push([Event::Log(LogLevel::Error, text)]);
                }
            }
        }
    }

    fn serve(&mut self, server: &mut Server) {
        let mut batch = Batch::default();
        let mut tray = Tray::default();
        let mut outward = Vec::new();
        let mut next_sweep = Instant::now();
        let mut next_certificate = Instant::now() + CERTIFICATE_INTERVAL;
        while !self.link.is_closing() {
            self.wait(next_sweep.saturating_duration_since(Instant::now()));
            let now = Instant::now();
            for (descriptor, path) in self.link.take_adopted() {
                self.tcp.adopt(now, descriptor, path);
            }
            self.read(now, server, &mut batch, &mut tray);
            self.link.push_inward(&mut tray.inward, &self.peers);
            self.link.take_outward(&mut outward);
            wrap(now, server, &mut outward, &mut tray);
            self.write(&mut tray);
            for path in self.tcp.take_ended() {
                server.forget(stream_origin(&path));
            }
            if now >= next_sweep {
                next_sweep = now + SWEEP_INTERVAL;
                self.tcp.sweep(now);
                server.sweep(now);
                self.link.publish(RelayTotals {
                    allocations: server.count(),
                    connections: self.tcp.count(),
                    refused: server.refused(),
                    dropped: self.tcp.dropped() + self.link.dropped(),
                });
            }
            if now >= next_certificate {
                next_certificate = now + CERTIFICATE_INTERVAL;
                self.renew_certificate();
            }
        }
    }

    fn read(&mut self, now: Instant, server: &mut Server, batch: &mut Batch, tray: &mut Tray) {
        for socket in &self.sockets {
            for _ in 0..MAX_READ_ROUNDS {
                let read = socket.receive(batch, |arrived| {
                    let local = SocketAddr::new(arrived.to.unwrap_or(socket.local().ip()), socket.local().port());
                    let origin = Origin { transport: Transport::Udp, local, remote: arrived.from };
                    match server.receive(now, origin, arrived.bytes) {
                        Taken::Nothing => {}
                        Taken::Answer(answer) => tray.answers.push((origin, answer)),
                        Taken::Inward { from, to, datagram } => {
                            tray.inward.push((Path::udp(to, from), datagram.to_vec()));
                        }
                    }
                });
                if !matches!(read, Ok(count) if count == BATCH) {
                    break;
                }
            }
        }
        let came_to = |_from, to| Some(to);
        self.tcp.turn(now, came_to, |path, bytes| {
            let origin = stream_origin(&path);
            match server.receive(now, origin, bytes) {
                Taken::Nothing => {}
                Taken::Answer(answer) => tray.said.push((path, answer, server.knows(origin))),
                Taken::Inward { from, to, datagram } => tray.inward.push((Path::udp(to, from), datagram.to_vec())),
            }
        });
    }

    fn write(&mut self, tray: &mut Tray) {
        for socket in &self.sockets {
            let departing: Vec<Departing<'_>> = tray
                .answers
                .iter()
                .filter(|(origin, _)| {
                    origin.local.port() == socket.local().port() && origin.local.is_ipv4() == socket.local().is_ipv4()
                })
                .map(|(origin, bytes)| {
                    let from = Some(origin.local.ip()).filter(|ip| !ip.is_unspecified());
                    Departing { to: origin.remote, from, bytes }
                })
                .collect();
            if !departing.is_empty() {
                self.link.count_dropped(send_all(socket, &departing).total());
            }
        }
        tray.answers.clear();
        for (path, bytes, is_proof) in tray.said.drain(..) {
            self.tcp.say(&path, &bytes, is_proof);
        }
        self.tcp.flush();
    }

    fn renew_certificate(&mut self) {
        let Some(certificate) = &mut self.certificate else { return };
        match certificate.renew() {
            Ok(false) => {}
            Ok(true) => self.tcp.set_tls(&certificate.config()),
            Err(error) => {
                let text = format!("the certificate of TURN cannot be renewed, the old one stays: {error}");
                self.events.push([Event::Log(LogLevel::Warning, text)]);
            }
        }
    }

    fn wait(&self, at_most: Duration) {
        let descriptors = self.sockets.iter().map(UdpSocket::descriptor);
        let descriptors = descriptors.chain([self.tcp.descriptor(), self.link.descriptor()]);
        poll_readable(&mut crate::worker::readable(descriptors), at_most);
        self.link.clear_wake();
    }
}

fn stream_origin(path: &Path) -> Origin {
    Origin { transport: Transport::Stream, local: path.local, remote: path.remote }
}

#[allow(clippy::disallowed_methods, reason = "credentials end at a time of day")]
fn unix_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_secs())
}

fn wrap(now: Instant, server: &mut Server, outward: &mut Vec<(Path, Vec<u8>)>, tray: &mut Tray) {
    for (path, datagram) in outward.drain(..) {
        let mut frame = Vec::with_capacity(datagram.len() + 8);
        match server.wrap(now, path.remote, path.local, &datagram, &mut frame) {
            Some(origin) if origin.transport == Transport::Udp => tray.answers.push((origin, frame)),
            Some(origin) => {
                let path = Path { protocol: Protocol::Tcp, local: origin.local, remote: origin.remote };
                tray.said.push((path, frame, true));
            }
            None => {}
        }
    }
}
