//! What a peer says beside its engine, under its own keys: whatever it likes.

use std::sync::PoisonError;

use palaver_session::Path;
use palaver_session::srtp::Contexts;
use str0m::media::{Direction, MediaKind};

use super::{SERVER, World};

/// Numbers of the header extensions that the stand-ins offer.
pub(crate) const EXT_LEVEL: u8 = 1;
pub(crate) const EXT_NUMBER: u8 = 3;
pub(crate) const EXT_MID: u8 = 4;
pub(crate) const EXT_RID: u8 = 10;
pub(crate) const EXT_REPAIRED: u8 = 11;

/// Who says that something came, or did not: nobody's stream.
pub(crate) const NOBODY: u32 = 0xbad;

/// The keys of a peer, in its own hands.
pub(crate) struct Bare {
    who: usize,
    contexts: Contexts,
    compounds: u32,
}

/// A packet of any shape.
#[derive(Debug, Clone)]
pub(crate) struct Rtp {
    pub(crate) payload_type: u8,
    /// Extended: the rollover is in it.
    pub(crate) seq: u64,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    pub(crate) marker: bool,
    /// In the one-byte form.
    pub(crate) extensions: Vec<(u8, Vec<u8>)>,
    pub(crate) payload: Vec<u8>,
}

impl Rtp {
    pub(crate) fn new(payload_type: u8, ssrc: u32, payload: &[u8]) -> Self {
        let (seq, timestamp, extensions) = (1_000, 90_000, Vec::new());
        Self { payload_type, seq, timestamp, ssrc, marker: true, extensions, payload: payload.to_vec() }
    }

    pub(crate) fn with(mut self, extension: u8, value: impl AsRef<[u8]>) -> Self {
        self.extensions.push((extension, value.as_ref().to_vec()));
        self
    }

    pub(crate) fn numbered(mut self, seq: u64) -> Self {
        self.seq = seq;
        self
    }

    pub(crate) fn header(&self) -> Vec<u8> {
        let mut header = vec![0x80, self.payload_type | u8::from(self.marker) << 7];
        header.extend((self.seq as u16).to_be_bytes());
        header.extend(self.timestamp.to_be_bytes());
        header.extend(self.ssrc.to_be_bytes());
        if self.extensions.is_empty() {
            return header;
        }
        header[0] |= 0x10;
        let mut elements = Vec::new();
        for (id, value) in &self.extensions {
            elements.push(id << 4 | (value.len() as u8 - 1));
            elements.extend(value);
        }
        elements.resize(elements.len().next_multiple_of(4), 0);
        header.extend([0xbe, 0xde]);
        header.extend(((elements.len() / 4) as u16).to_be_bytes());
        header.extend(elements);
        header
    }
}

/// A packet of feedback (RFC 4585 6.1).
pub(crate) fn feedback(kind: u8, format: u8, sender: u32, media: u32, fci: &[u8]) -> Vec<u8> {
    let mut body = media.to_be_bytes().to_vec();
    body.extend(fci);
    rtcp(kind, format, sender, &body)
}

/// Any packet of RTCP. What does not fill a word is filled up.
pub(crate) fn rtcp(kind: u8, count: u8, sender: u32, body: &[u8]) -> Vec<u8> {
    let words = 1 + body.len().div_ceil(4);
    let mut packet = vec![0x80 | count & 31, kind];
    packet.extend((words as u16).to_be_bytes());
    packet.extend(sender.to_be_bytes());
    packet.extend(body);
    packet.resize(4 + 4 * words, 0);
    packet
}

impl Bare {
    /// Seal a packet whose header is as it is.
    pub(crate) fn seal(&mut self, header: &[u8], ssrc: u32, seq: u64, payload: &[u8]) -> Vec<u8> {
        let mut datagram = header.to_vec();
        assert!(self.contexts.rtp_out.seal_rtp(&mut datagram, 0, (ssrc, seq), &[payload]));
        datagram
    }

    /// Send a packet.
    pub(crate) fn send(&mut self, world: &mut World, packet: &Rtp) {
        let datagram = self.seal(&packet.header(), packet.ssrc, packet.seq, &packet.payload);
        self.throw(world, &datagram);
    }

    /// Send a compound.
    pub(crate) fn report(&mut self, world: &mut World, compound: &[u8]) {
        self.compounds += 1;
        let mut datagram = Vec::new();
        assert!(self.contexts.rtcp_out.seal_rtcp(self.compounds, compound, &mut datagram));
        self.throw(world, &datagram);
    }

    /// Send a datagram as it is, and let nothing come of it yet.
    pub(crate) fn throw(&self, world: &mut World, datagram: &[u8]) {
        let path = Path::udp(SERVER.parse().expect("address"), world.clients[self.who].seen_at);
        world.board.receive(world.now, path, datagram);
    }
}

impl World {
    /// Whether the peer's own handshake is done.
    pub(crate) fn has_keys(&self, who: usize) -> bool {
        self.clients[who].keys.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Take a peer's keys.
    pub(crate) fn bare(&mut self, who: usize) -> Bare {
        let material = self.clients[who].keys.lock().unwrap_or_else(PoisonError::into_inner).take();
        let contexts = material.as_ref().and_then(Contexts::derive).expect("keys that were not taken yet");
        Bare { who, contexts, compounds: 0 }
    }

    /// Somebody who publishes, and whose certificate is not the one that the offer names.
    pub(crate) fn join_with_another_certificate(&mut self, name: &'static str) -> usize {
        let who = self.enter(name);
        let client = &mut self.clients[who];
        let mut api = client.rtc.sdp_api();
        api.add_channel("_reliable".to_owned());
        let mid = api.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
        let (offer, pending) = api.apply().expect("an offer");
        client.publish.insert(mid.to_string(), (format!("TR_{name}"), Vec::new()));
        let offer = offer.to_sdp_string();
        let (_, rest) = offer.split_once("a=fingerprint:sha-256 ").expect("a fingerprint");
        let digest = rest.lines().next().expect("a digest");
        let other = format!("{}{}", if digest.starts_with('0') { '1' } else { '0' }, &digest[1..]);
        self.answer(who, offer.replace(digest, &other), pending);
        who
    }

    /// Throw a datagram under a peer's address, without its keys.
    pub(crate) fn forge(&mut self, who: usize, datagram: &[u8]) {
        let path = Path::udp(SERVER.parse().expect("address"), self.clients[who].seen_at);
        self.board.receive(self.now, path, datagram);
    }
}
