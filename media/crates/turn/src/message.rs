//! STUN messages (RFC 8489 section 5 and 14): read without copying, written whole.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

/// Bytes before the attributes.
pub const HEADER_BYTES: usize = 20;
/// In every message.
pub const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// Bytes of MESSAGE-INTEGRITY with its own header.
const INTEGRITY_BYTES: usize = 24;

/// Methods.
pub mod method {
    /// What is my address?
    pub const BINDING: u16 = 0x001;
    /// Give me a relayed address.
    pub const ALLOCATE: u16 = 0x003;
    /// Keep it, or take it back.
    pub const REFRESH: u16 = 0x004;
    /// A datagram for a peer.
    pub const SEND: u16 = 0x006;
    /// A datagram of a peer.
    pub const DATA: u16 = 0x007;
    /// Let a peer's datagrams through.
    pub const CREATE_PERMISSION: u16 = 0x008;
    /// A short name for a peer.
    pub const CHANNEL_BIND: u16 = 0x009;
}

/// Attributes.
pub mod attribute {
    /// Who asks.
    pub const USERNAME: u16 = 0x0006;
    /// Proof of the password.
    pub const MESSAGE_INTEGRITY: u16 = 0x0008;
    /// Why not.
    pub const ERROR_CODE: u16 = 0x0009;
    /// What was not understood.
    pub const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
    /// A channel.
    pub const CHANNEL_NUMBER: u16 = 0x000c;
    /// Seconds.
    pub const LIFETIME: u16 = 0x000d;
    /// A peer.
    pub const XOR_PEER_ADDRESS: u16 = 0x0012;
    /// A datagram.
    pub const DATA: u16 = 0x0013;
    /// Where the password counts.
    pub const REALM: u16 = 0x0014;
    /// Against replay.
    pub const NONCE: u16 = 0x0015;
    /// The address that was given.
    pub const XOR_RELAYED_ADDRESS: u16 = 0x0016;
    /// IPv4 or IPv6.
    pub const REQUESTED_ADDRESS_FAMILY: u16 = 0x0017;
    /// A wish for a port and its neighbour.
    pub const EVEN_PORT: u16 = 0x0018;
    /// UDP.
    pub const REQUESTED_TRANSPORT: u16 = 0x0019;
    /// Nothing of ours is ever fragmented.
    pub const DONT_FRAGMENT: u16 = 0x001a;
    /// The address that was seen.
    pub const XOR_MAPPED_ADDRESS: u16 = 0x0020;
    /// A neighbour that was kept.
    pub const RESERVATION_TOKEN: u16 = 0x0022;
    /// From here on what is not known may be left aside.
    pub const FIRST_OPTIONAL: u16 = 0x8000;
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Wants an answer.
    Request,
    /// Wants none.
    Indication,
    /// The answer yes.
    Success,
    /// The answer no.
    Error,
}

impl Class {
    fn bits(self) -> u16 {
        match self {
            Self::Request => 0x000,
            Self::Indication => 0x010,
            Self::Success => 0x100,
            Self::Error => 0x110,
        }
    }
}

/// Tells a message from its repetition.
pub type Transaction = [u8; 12];

/// A message that is well formed as a whole; its attributes are not looked into.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    bytes: &'a [u8],
    /// What it is.
    pub class: Class,
    /// Which method.
    pub method: u16,
    /// Which transaction.
    pub transaction: Transaction,
    /// Where MESSAGE-INTEGRITY begins. What follows it is not believed.
    integrity_at: Option<usize>,
}

impl<'a> Message<'a> {
    /// `None` for what is no message.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = bytes.split_first_chunk::<HEADER_BYTES>()?;
        let [t0, t1, l0, l1, c0, c1, c2, c3, transaction @ ..] = *header;
        let kind = u16::from_be_bytes([t0, t1]);
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        if kind & 0xc000 != 0 || [c0, c1, c2, c3] != MAGIC_COOKIE || length != rest.len() || length % 4 != 0 {
            return None;
        }
        let class = match kind & 0x110 {
            0x000 => Class::Request,
            0x010 => Class::Indication,
            0x100 => Class::Success,
            _ => Class::Error,
        };
        let method = (kind & 0x000f) | (kind & 0x00e0) >> 1 | (kind & 0x3e00) >> 2;
        let mut message = Self { bytes, class, method, transaction, integrity_at: None };
        let mut walked = HEADER_BYTES;
        for (at, kind, value) in Attributes::new(rest) {
            if kind == attribute::MESSAGE_INTEGRITY && message.integrity_at.is_none() {
                if value.len() != INTEGRITY_BYTES - 4 {
                    return None;
                }
                message.integrity_at = Some(at);
            }
            walked = at + 4 + padded(value.len());
        }
        // An attribute that does not fit into the message ends the walk early.
        (walked == bytes.len()).then_some(message)
    }

    /// The whole of it.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// A message has a header.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Attributes that are believed if the message is: those before MESSAGE-INTEGRITY.
    pub fn attributes(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let end = self.integrity_at.unwrap_or(self.bytes.len());
        Attributes::new(self.bytes.get(HEADER_BYTES..end).unwrap_or_default()).map(|(_, kind, value)| (kind, value))
    }

    /// The first of its kind.
    pub fn get(&self, wanted: u16) -> Option<&'a [u8]> {
        self.attributes().find(|(kind, _)| *kind == wanted).map(|(_, value)| value)
    }

    /// All addresses of a kind; `None` is one that cannot be read.
    pub fn addresses(&self, wanted: u16) -> impl Iterator<Item = Option<SocketAddr>> + use<'a> {
        let transaction = self.transaction;
        self.attributes()
            .filter(move |(kind, _)| *kind == wanted)
            .map(move |(_, value)| read_address(value, &transaction))
    }

    /// Is there a proof at all?
    pub fn has_integrity(&self) -> bool {
        self.integrity_at.is_some()
    }

    /// Was it made by somebody who has the key?
    pub fn is_made_with(&self, key: &hmac::Key) -> bool {
        let Some(at) = self.integrity_at else { return false };
        let (Some(signed), Some(tag)) = (self.bytes.get(4..at), self.bytes.get(at + 4..at + INTEGRITY_BYTES)) else {
            return false;
        };
        // The length counts as if nothing came after the proof.
        let length = (at + INTEGRITY_BYTES - HEADER_BYTES) as u16;
        let mut context = hmac::Context::with_key(key);
        context.update(self.bytes.get(..2).unwrap_or_default());
        context.update(&length.to_be_bytes());
        context.update(signed);
        verify_slices_are_equal(context.sign().as_ref(), tag).is_ok()
    }
}

/// Position in the message, kind and value.
struct Attributes<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Attributes<'a> {
    fn new(rest: &'a [u8]) -> Self {
        Self { rest, at: HEADER_BYTES }
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (usize, u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let [k0, k1, l0, l1, rest @ ..] = self.rest else { return None };
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        let value = rest.get(..length)?;
        self.rest = rest.get(padded(length)..)?;
        let at = self.at;
        self.at += 4 + padded(length);
        Some((at, u16::from_be_bytes([*k0, *k1]), value))
    }
}

/// Attributes begin at multiples of four.
pub(crate) fn padded(length: usize) -> usize {
    length.next_multiple_of(4)
}

fn read_address(value: &[u8], transaction: &Transaction) -> Option<SocketAddr> {
    let [_, family, p0, p1, ip @ ..] = value else { return None };
    let port = u16::from_be_bytes([p0 ^ MAGIC_COOKIE[0], p1 ^ MAGIC_COOKIE[1]]);
    let ip = match family {
        1 => IpAddr::V4(Ipv4Addr::from(masked(<[u8; 4]>::try_from(ip).ok()?, transaction))),
        2 => IpAddr::V6(Ipv6Addr::from(masked(<[u8; 16]>::try_from(ip).ok()?, transaction))),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// Back and forth alike.
fn masked<const N: usize>(mut bytes: [u8; N], transaction: &Transaction) -> [u8; N] {
    for (byte, mask) in bytes.iter_mut().zip(MAGIC_COOKIE.iter().chain(transaction)) {
        *byte ^= mask;
    }
    bytes
}

/// A message in the making.
#[derive(Debug)]
pub struct Builder {
    bytes: Vec<u8>,
    transaction: Transaction,
}

impl Builder {
    /// Without attributes.
    pub fn new(class: Class, method: u16, transaction: Transaction) -> Self {
        let kind = (method & 0x000f) | (method & 0x0070) << 1 | (method & 0x0f80) << 2 | class.bits();
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(&kind.to_be_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&MAGIC_COOKIE);
        bytes.extend_from_slice(&transaction);
        Self { bytes, transaction }
    }

    /// One attribute more.
    #[must_use]
    pub fn add(mut self, kind: u16, value: &[u8]) -> Self {
        self.bytes.extend_from_slice(&kind.to_be_bytes());
        self.bytes.extend_from_slice(&(value.len() as u16).to_be_bytes());
        self.bytes.extend_from_slice(value);
        self.bytes.resize(padded(self.bytes.len()), 0);
        self
    }

    /// One address more.
    #[must_use]
    pub fn address(self, kind: u16, address: SocketAddr) -> Self {
        let [p0, p1] = address.port().to_be_bytes();
        let mut value = vec![0, if address.is_ipv4() { 1 } else { 2 }, p0 ^ MAGIC_COOKIE[0], p1 ^ MAGIC_COOKIE[1]];
        match address.ip() {
            IpAddr::V4(ip) => value.extend_from_slice(&masked(ip.octets(), &self.transaction)),
            IpAddr::V6(ip) => value.extend_from_slice(&masked(ip.octets(), &self.transaction)),
        }
        self.add(kind, &value)
    }

    /// Why not; without words, which would only make it longer.
    #[must_use]
    pub fn error(self, code: u16) -> Self {
        self.add(attribute::ERROR_CODE, &[0, 0, (code / 100) as u8, (code % 100) as u8])
    }

    /// The message, proved if there is a key.
    pub fn finish(mut self, key: Option<&hmac::Key>) -> Vec<u8> {
        self.set_length(if key.is_some() { INTEGRITY_BYTES } else { 0 });
        if let Some(key) = key {
            let tag = hmac::sign(key, &self.bytes);
            self.bytes.extend_from_slice(&attribute::MESSAGE_INTEGRITY.to_be_bytes());
            self.bytes.extend_from_slice(&((INTEGRITY_BYTES - 4) as u16).to_be_bytes());
            self.bytes.extend_from_slice(tag.as_ref());
        }
        self.bytes
    }

    fn set_length(&mut self, more: usize) {
        let length = ((self.bytes.len() + more - HEADER_BYTES) as u16).to_be_bytes();
        if let Some(field) = self.bytes.get_mut(2..4) {
            field.copy_from_slice(&length);
        }
    }
}

#[cfg(test)]
mod tests;
