//! Requests: who asks, may he, and the answer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;

use super::allocation::Allocation;
use super::{LIFETIME, Origin, Server, Taken, Transport};
use crate::credentials::{REALM, read_username};
use crate::message::{Builder, Class, Message, attribute, method};

const UDP: u8 = 17;
const IPV4: u8 = 1;
const IPV6: u8 = 2;

/// Error codes (RFC 8489 section 14.8, RFC 8656 section 19).
mod code {
    pub(super) const BAD_REQUEST: u16 = 400;
    pub(super) const UNAUTHENTICATED: u16 = 401;
    pub(super) const FORBIDDEN: u16 = 403;
    pub(super) const UNKNOWN_ATTRIBUTE: u16 = 420;
    pub(super) const ALLOCATION_MISMATCH: u16 = 437;
    pub(super) const STALE_NONCE: u16 = 438;
    pub(super) const FAMILY_NOT_SUPPORTED: u16 = 440;
    pub(super) const WRONG_CREDENTIALS: u16 = 441;
    pub(super) const TRANSPORT_NOT_SUPPORTED: u16 = 442;
    pub(super) const FAMILY_MISMATCH: u16 = 443;
    pub(super) const QUOTA_REACHED: u16 = 486;
    pub(super) const INSUFFICIENT_CAPACITY: u16 = 508;
}

/// What a proved request comes to: attributes of the answer, or why not.
type Outcome = Result<Builder, u16>;

struct Asker<'a> {
    username: &'a [u8],
    until: u64,
    whom: &'a str,
    key: hmac::Key,
}

impl Server {
    pub(super) fn request<'a>(&mut self, now: Instant, from: Origin, message: &Message<'_>) -> Taken<'a> {
        let handle = match message.method {
            method::BINDING => return self.binding(from, message),
            method::ALLOCATE => Self::allocate,
            method::REFRESH => Self::refresh,
            method::CREATE_PERMISSION => Self::create_permission,
            method::CHANNEL_BIND => Self::channel_bind,
            _ => return Taken::Nothing,
        };
        let asker = match self.asker(now, from, message) {
            Ok(asker) => asker,
            Err(code) => return self.challenge(now, from, message, code),
        };
        let unknown = unknown_attributes(message);
        let outcome =
            if unknown.is_empty() { handle(self, now, from, message, &asker) } else { Err(code::UNKNOWN_ATTRIBUTE) };
        let answer = outcome.unwrap_or_else(|code| {
            let refusal = Builder::new(Class::Error, message.method, message.transaction).error(code);
            if unknown.is_empty() { refusal } else { refusal.add(attribute::UNKNOWN_ATTRIBUTES, &unknown) }
        });
        Taken::Answer(answer.finish(Some(&asker.key)))
    }

    /// Everybody may ask for his address, but over UDP nobody is answered more than he said.
    fn binding<'a>(&self, from: Origin, message: &Message<'_>) -> Taken<'a> {
        let answer = Builder::new(Class::Success, method::BINDING, message.transaction)
            .address(attribute::XOR_MAPPED_ADDRESS, from.remote)
            .finish(None);
        let is_safe = from.transport == Transport::Stream || answer.len() <= message.len() || self.knows(from);
        if is_safe { Taken::Answer(answer) } else { Taken::Nothing }
    }

    fn challenge<'a>(&mut self, now: Instant, from: Origin, message: &Message<'_>, code: u16) -> Taken<'a> {
        let ip = from.remote.ip();
        if from.transport == Transport::Udp && !self.challenges.may_answer(now, ip) {
            return Taken::Nothing;
        }
        let refusal = Builder::new(Class::Error, message.method, message.transaction).error(code);
        let refusal = match code {
            code::BAD_REQUEST => refusal,
            _ => refusal
                .add(attribute::REALM, REALM.as_bytes())
                .add(attribute::NONCE, self.secret.nonce(self.unix_s(now), ip).as_bytes()),
        };
        Taken::Answer(refusal.finish(None))
    }

    /// Who proves that he is it.
    fn asker<'a>(&self, now: Instant, from: Origin, message: &Message<'a>) -> Result<Asker<'a>, u16> {
        if !message.has_integrity() {
            return Err(code::UNAUTHENTICATED);
        }
        let parts = (message.get(attribute::USERNAME), message.get(attribute::REALM), message.get(attribute::NONCE));
        let (Some(username), Some(realm), Some(nonce)) = parts else { return Err(code::BAD_REQUEST) };
        if !self.secret.is_fresh(nonce, self.unix_s(now), from.remote.ip()) {
            return Err(code::STALE_NONCE);
        }
        let Some((until, whom)) = read_username(username).filter(|_| realm == REALM.as_bytes()) else {
            return Err(code::UNAUTHENTICATED);
        };
        let known = self.allocations.get(&from).filter(|allocation| allocation.username == username);
        let key = match known {
            Some(allocation) => allocation.key.clone(),
            None => self.secret.key(std::str::from_utf8(username).unwrap_or_default()),
        };
        if !message.is_made_with(&key) {
            return Err(code::UNAUTHENTICATED);
        }
        Ok(Asker { username, until, whom, key })
    }

    fn allocate(&mut self, now: Instant, from: Origin, message: &Message<'_>, asker: &Asker<'_>) -> Outcome {
        if let Some(allocation) = self.living(now, from) {
            let is_repeated = allocation.transaction == message.transaction && allocation.username == asker.username;
            let relayed = allocation.relayed;
            return if is_repeated { Ok(allocated(from, message, relayed)) } else { Err(code::ALLOCATION_MISMATCH) };
        }
        self.forget(from);
        // Only here: who has an allocation keeps it by refreshing, however long the call lasts.
        if asker.until < self.unix_s(now) {
            return Err(code::WRONG_CREDENTIALS);
        }
        match message.get(attribute::REQUESTED_TRANSPORT) {
            Some([UDP, ..]) => {}
            Some(_) => return Err(code::TRANSPORT_NOT_SUPPORTED),
            None => return Err(code::BAD_REQUEST),
        }
        if message.get(attribute::EVEN_PORT).is_some() || message.get(attribute::RESERVATION_TOKEN).is_some() {
            return Err(code::INSUFFICIENT_CAPACITY);
        }
        let is_ipv6 = match message.get(attribute::REQUESTED_ADDRESS_FAMILY) {
            None | Some([IPV4, ..]) => false,
            Some([IPV6, ..]) => true,
            Some(_) => return Err(code::FAMILY_NOT_SUPPORTED),
        };
        let of_user = self.allocations.values().filter(|a| *a.whom == *asker.whom).count();
        let of_address = self.per_address.get(&from.remote.ip()).copied().unwrap_or(0);
        if of_user >= self.limits.per_user || of_address >= self.limits.per_address {
            return Err(code::QUOTA_REACHED);
        }
        if self.allocations.len() >= self.limits.total {
            return Err(code::INSUFFICIENT_CAPACITY);
        }
        let relayed = self.free_address(is_ipv6).ok_or(code::INSUFFICIENT_CAPACITY)?;
        let who = (asker.username, asker.whom, asker.key.clone());
        let mut allocation = Allocation::new(now, who, relayed, message.transaction, self.limits.bytes_per_second);
        allocation.expires_at = now + LIFETIME;
        self.allocations.insert(from, allocation);
        self.by_relayed.insert(relayed, from);
        *self.per_address.entry(from.remote.ip()).or_default() += 1;
        Ok(allocated(from, message, relayed))
    }

    fn refresh(&mut self, now: Instant, from: Origin, message: &Message<'_>, asker: &Asker<'_>) -> Outcome {
        let allocation = self.owned(now, from, asker)?;
        let wanted_s = match message.get(attribute::LIFETIME) {
            Some(value) => u32::from_be_bytes(value.try_into().map_err(|_| code::BAD_REQUEST)?),
            None => LIFETIME.as_secs() as u32,
        };
        let lifetime = if wanted_s == 0 { Duration::ZERO } else { LIFETIME };
        allocation.expires_at = now + lifetime;
        if lifetime.is_zero() {
            self.forget(from);
        }
        let answer = Builder::new(Class::Success, method::REFRESH, message.transaction);
        Ok(answer.add(attribute::LIFETIME, &(lifetime.as_secs() as u32).to_be_bytes()))
    }

    fn create_permission(&mut self, now: Instant, from: Origin, message: &Message<'_>, asker: &Asker<'_>) -> Outcome {
        let is_ipv4 = self.owned(now, from, asker)?.relayed.is_ipv4();
        let mut permitted = Vec::new();
        for peer in message.addresses(attribute::XOR_PEER_ADDRESS) {
            let peer = peer.ok_or(code::BAD_REQUEST)?;
            // A permission is for all ports of an address.
            self.check_peer(peer, is_ipv4, |known| known.ip() == peer.ip())?;
            permitted.push(peer.ip());
        }
        if permitted.is_empty() {
            return Err(code::BAD_REQUEST);
        }
        let allocation = self.owned(now, from, asker)?;
        for ip in permitted {
            allocation.permit(now, ip);
        }
        Ok(Builder::new(Class::Success, method::CREATE_PERMISSION, message.transaction))
    }

    fn channel_bind(&mut self, now: Instant, from: Origin, message: &Message<'_>, asker: &Asker<'_>) -> Outcome {
        let is_ipv4 = self.owned(now, from, asker)?.relayed.is_ipv4();
        let Some([n0, n1, _, _]) = message.get(attribute::CHANNEL_NUMBER) else { return Err(code::BAD_REQUEST) };
        let Some(Some(peer)) = message.addresses(attribute::XOR_PEER_ADDRESS).next() else {
            return Err(code::BAD_REQUEST);
        };
        let number = u16::from_be_bytes([*n0, *n1]);
        if !(0x4000..=0x4fff).contains(&number) {
            return Err(code::BAD_REQUEST);
        }
        self.check_peer(peer, is_ipv4, |known| *known == peer)?;
        if !self.owned(now, from, asker)?.bind(now, number, peer) {
            return Err(code::BAD_REQUEST);
        }
        Ok(Builder::new(Class::Success, method::CHANNEL_BIND, message.transaction))
    }

    fn owned(&mut self, now: Instant, from: Origin, asker: &Asker<'_>) -> Result<&mut Allocation, u16> {
        let allocation = self.living(now, from).ok_or(code::ALLOCATION_MISMATCH)?;
        if allocation.username == asker.username { Ok(allocation) } else { Err(code::WRONG_CREDENTIALS) }
    }

    /// Compared as they are: no other spelling of an address is another way to it.
    fn check_peer(&self, peer: SocketAddr, is_ipv4: bool, is_it: impl Fn(&SocketAddr) -> bool) -> Result<(), u16> {
        if !self.peers.iter().any(is_it) {
            return Err(code::FORBIDDEN);
        }
        if peer.is_ipv4() == is_ipv4 { Ok(()) } else { Err(code::FAMILY_MISMATCH) }
    }
}

fn allocated(from: Origin, message: &Message<'_>, relayed: SocketAddr) -> Builder {
    Builder::new(Class::Success, method::ALLOCATE, message.transaction)
        .address(attribute::XOR_RELAYED_ADDRESS, relayed)
        .add(attribute::LIFETIME, &(LIFETIME.as_secs() as u32).to_be_bytes())
        .address(attribute::XOR_MAPPED_ADDRESS, from.remote)
}

/// Those that must be understood and are not, as UNKNOWN-ATTRIBUTES lists them.
fn unknown_attributes(message: &Message<'_>) -> Vec<u8> {
    let is_unknown = |kind: &u16| {
        !matches!(
            *kind,
            attribute::USERNAME
                | attribute::CHANNEL_NUMBER
                | attribute::LIFETIME
                | attribute::XOR_PEER_ADDRESS
                | attribute::DATA
                | attribute::REALM
                | attribute::NONCE
                | attribute::REQUESTED_ADDRESS_FAMILY
                | attribute::EVEN_PORT
                | attribute::REQUESTED_TRANSPORT
                | attribute::DONT_FRAGMENT
                | attribute::RESERVATION_TOKEN
                | attribute::FIRST_OPTIONAL..
        )
    };
    message.attributes().map(|(kind, _)| kind).filter(is_unknown).take(16).flat_map(u16::to_be_bytes).collect()
}
