//! Who has what, and what becomes of a message.

mod allocation;
mod challenges;
mod requests;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use self::allocation::Allocation;
use self::challenges::Challenges;
use crate::credentials::Secret;
use crate::framing::{self, CHANNEL_HEADER_BYTES};
use crate::message::{Builder, Class, Message, Transaction, attribute, method};

/// An allocation lasts so long, and so long again after each refresh.
pub(crate) const LIFETIME: Duration = Duration::from_secs(600);
/// Relayed addresses are those that RFC 7600 and RFC 6666 keep off every network: nobody can send from them, and nothing
/// that is sent to them by mistake arrives anywhere.
const RELAYED_IPV4: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 8);
const RELAYED_IPV6: Ipv6Addr = Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 8);
const FIRST_PORT: u16 = 1_024;

/// Is it an address that this module gives?
pub fn is_relayed(address: SocketAddr) -> bool {
    match address.ip() {
        IpAddr::V4(ip) => ip == RELAYED_IPV4,
        IpAddr::V6(ip) => ip == RELAYED_IPV6,
    }
}

/// How a client's messages come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// One a datagram. The address may be forged.
    Udp,
    /// One after the other on a connection, encrypted or not.
    Stream,
}

/// Where a client is: what RFC 8656 calls the five-tuple.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// How it comes.
    pub transport: Transport,
    /// To which of our addresses.
    pub local: SocketAddr,
    /// From where.
    pub remote: SocketAddr,
}

/// How much is given.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Allocations at a time.
    pub total: usize,
    /// Of one participant: two connections, by each way, before and after an ICE restart.
    pub per_user: usize,
    /// From one address: a school behind one router.
    pub per_address: usize,
    /// Bytes a second that one allocation relays, each way. What is above is lost, as on any narrow line.
    pub bytes_per_second: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { total: 4_096, per_user: 24, per_address: 1_024, bytes_per_second: 2_500_000 }
    }
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken<'a> {
    /// Nothing: not ours, not allowed, or too much.
    Nothing,
    /// An answer for where it came from.
    Answer(Vec<u8>),
    /// A datagram for one of the peers.
    Inward {
        /// The relayed address.
        from: SocketAddr,
        /// The peer.
        to: SocketAddr,
        /// What is to be handed over.
        datagram: &'a [u8],
    },
}

/// All allocations of one process.
pub struct Server {
    secret: Secret,
    /// The only ones that are reached.
    peers: Vec<SocketAddr>,
    limits: Limits,
    epoch: (Instant, u64),
    allocations: HashMap<Origin, Allocation>,
    by_relayed: HashMap<SocketAddr, Origin>,
    per_address: HashMap<IpAddr, usize>,
    challenges: Challenges,
    next_port: u16,
    next_transaction: u64,
    refused: u64,
}

impl Server {
    /// `peers` are the only ones that are reached; `unix_s` is the time of day at `now`.
    pub fn new(secret: Secret, mut peers: Vec<SocketAddr>, limits: Limits, now: Instant, unix_s: u64) -> Self {
        peers.sort_unstable();
        peers.dedup();
        Self {
            secret,
            peers,
            limits,
            epoch: (now, unix_s),
            allocations: HashMap::new(),
            by_relayed: HashMap::new(),
            per_address: HashMap::new(),
            challenges: Challenges::new(now),
            next_port: FIRST_PORT,
            next_transaction: 0,
            refused: 0,
        }
    }

    /// Allocations now.
    pub fn count(&self) -> usize {
        self.allocations.len()
    }

    /// Messages and datagrams that were not allowed, or too many.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Does somebody who proved his name come from there?
    pub fn knows(&self, origin: Origin) -> bool {
        self.allocations.contains_key(&origin)
    }

    /// One message, or one frame of a channel.
    pub fn receive<'a>(&mut self, now: Instant, from: Origin, bytes: &'a [u8]) -> Taken<'a> {
        let taken = match bytes.first() {
            Some(0x40..=0x4f) => self.take_from_channel(now, from, bytes),
            _ => match Message::read(bytes) {
                Some(message) if message.class == Class::Request => self.request(now, from, &message),
                Some(message) if (message.class, message.method) == (Class::Indication, method::SEND) => {
                    self.take_from_indication(now, from, &message)
                }
                // Indications of binding only keep a NAT's port open.
                Some(message) if message.class == Class::Indication => return Taken::Nothing,
                _ => Taken::Nothing,
            },
        };
        self.refused += u64::from(taken == Taken::Nothing);
        taken
    }

    /// A peer's datagram for a relayed address: to whom, and as what it goes into `out`.
    pub fn wrap(
        &mut self,
        now: Instant,
        relayed: SocketAddr,
        peer: SocketAddr,
        datagram: &[u8],
        out: &mut Vec<u8>,
    ) -> Option<Origin> {
        let origin = *self.by_relayed.get(&relayed)?;
        let allocation = self.living(now, origin)?;
        if !allocation.may_relay_outward(now, datagram.len()) {
            self.refused += 1;
            return None;
        }
        if let Some(channel) = allocation.channel_of(now, peer) {
            framing::write_channel(channel, datagram, origin.transport == Transport::Stream, out);
        } else if allocation.is_permitted(now, peer.ip()) {
            self.next_transaction += 1;
            let mut transaction = Transaction::default();
            transaction.iter_mut().zip(self.next_transaction.to_be_bytes()).for_each(|(to, from)| *to = from);
            let message = Builder::new(Class::Indication, method::DATA, transaction)
                .address(attribute::XOR_PEER_ADDRESS, peer)
                .add(attribute::DATA, datagram);
            out.extend_from_slice(&message.finish(None));
        } else {
            self.refused += 1;
            return None;
        }
        Some(origin)
    }

    /// A connection ended: what came by it goes with it.
    pub fn forget(&mut self, origin: Origin) {
        let Some(allocation) = self.allocations.remove(&origin) else { return };
        self.by_relayed.remove(&allocation.relayed);
        if let Some(count) = self.per_address.get_mut(&origin.remote.ip()) {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&origin.remote.ip());
            }
        }
    }

    /// Now and then: forget what nobody refreshed.
    pub fn sweep(&mut self, now: Instant) {
        let ended: Vec<Origin> =
            self.allocations.iter().filter(|(_, a)| a.expires_at <= now).map(|(origin, _)| *origin).collect();
        for origin in ended {
            self.forget(origin);
        }
    }

    fn unix_s(&self, now: Instant) -> u64 {
        let (epoch, unix_s) = self.epoch;
        unix_s + now.saturating_duration_since(epoch).as_secs()
    }

    fn living(&mut self, now: Instant, origin: Origin) -> Option<&mut Allocation> {
        self.allocations.get_mut(&origin).filter(|allocation| allocation.expires_at > now)
    }

    fn take_from_channel<'a>(&mut self, now: Instant, from: Origin, frame: &'a [u8]) -> Taken<'a> {
        let Some((channel, datagram)) = framing::read_channel(frame) else { return Taken::Nothing };
        let Some(allocation) = self.living(now, from) else { return Taken::Nothing };
        match allocation.peer_of(now, channel) {
            Some(to) if allocation.may_relay_inward(now, datagram.len() + CHANNEL_HEADER_BYTES) => {
                Taken::Inward { from: allocation.relayed, to, datagram }
            }
            _ => Taken::Nothing,
        }
    }

    fn take_from_indication<'a>(&mut self, now: Instant, from: Origin, message: &Message<'a>) -> Taken<'a> {
        let Some(Some(to)) = message.addresses(attribute::XOR_PEER_ADDRESS).next() else { return Taken::Nothing };
        let Some(datagram) = message.get(attribute::DATA) else { return Taken::Nothing };
        let is_peer = self.peers.contains(&to);
        let Some(allocation) = self.living(now, from) else { return Taken::Nothing };
        if is_peer && allocation.is_permitted(now, to.ip()) && allocation.may_relay_inward(now, message.len()) {
            Taken::Inward { from: allocation.relayed, to, datagram }
        } else {
            Taken::Nothing
        }
    }

    /// The next address that nobody has, long after it was somebody's.
    fn free_address(&mut self, is_ipv6: bool) -> Option<SocketAddr> {
        let ip = if is_ipv6 { IpAddr::V6(RELAYED_IPV6) } else { IpAddr::V4(RELAYED_IPV4) };
        for _ in FIRST_PORT..=u16::MAX {
            let address = SocketAddr::new(ip, self.next_port);
            self.next_port = self.next_port.checked_add(1).unwrap_or(FIRST_PORT);
            if !self.by_relayed.contains_key(&address) {
                return Some(address);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
