//! Whose datagram is it? By the user fragment for connectivity checks, by a verified address for all else.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use palaver_session::Endpoint;

use super::PeerIx;

/// Whoever proved an address lately keeps it for this long. Browsers check every 2 to 5 s.
const ADDRESS_OWNED: Duration = Duration::from_secs(10);
/// Peers that may own one address at a time. One is the rule; a second one is a new tenant of a NAT's port, or somebody
/// who forges the source address of his own valid checks. Everything from the address is given to all its owners, and
/// each session keeps what its keys fit: so that nobody can take an address away from somebody else.
pub(super) const MAX_OWNERS: usize = 4;
/// Addresses remembered per peer: each network interface of the client times each candidate of ours.
const MAX_ADDRESSES: usize = 16;
/// Addresses that a peer may prove at once, and how often it may prove another one. The engine keeps each until the
/// next ICE restart, and walks through all of them at each check: whoever owns valid credentials could otherwise check
/// from ever new ports. A phone that changes its network or its NAT's port does so every few minutes.
const MAX_NEW_ADDRESSES: u32 = 64;
const NEW_ADDRESS_EVERY: Duration = Duration::from_secs(10);
/// User fragments remembered per peer: the one before an ICE restart still arrives for a while.
pub(super) const MAX_UFRAGS: usize = 2;

#[derive(Debug)]
struct Owner {
    peer: PeerIx,
    proved_at: Instant,
}

/// What is known of a peer's addresses.
#[derive(Debug)]
struct Known {
    /// Each with the moment of its last proof.
    addresses: Vec<(Endpoint, Instant)>,
    /// How many more it may prove; they come back with time.
    credit: u32,
    credited_at: Instant,
}

impl Known {
    fn new(now: Instant) -> Self {
        Self { addresses: Vec::new(), credit: MAX_NEW_ADDRESSES, credited_at: now }
    }

    fn has(&self, address: Endpoint) -> bool {
        self.addresses.iter().any(|(known, _)| *known == address)
    }

    /// Where the address stands that makes room for another one: proved longest ago, and not lately. Where the peer is
    /// now stays, however many others are proved: checks can be replayed from anywhere.
    fn stale(&self, now: Instant) -> Option<usize> {
        let is_stale = |at: &Instant| now.saturating_duration_since(*at) >= ADDRESS_OWNED;
        let stalest = self.addresses.iter().enumerate().min_by_key(|(_, (_, at))| *at);
        stalest.filter(|(_, (_, at))| is_stale(at)).map(|(position, _)| position)
    }

    fn has_room(&self, now: Instant) -> bool {
        self.addresses.len() < MAX_ADDRESSES || self.stale(now).is_some()
    }

    fn earn(&mut self, now: Instant) {
        let earned = now.saturating_duration_since(self.credited_at).as_secs() / NEW_ADDRESS_EVERY.as_secs();
        if let Ok(earned @ 1..) = u32::try_from(earned) {
            self.credit = self.credit.saturating_add(earned).min(MAX_NEW_ADDRESSES);
            self.credited_at = now;
        }
    }
}

/// The two tables.
#[derive(Debug, Default)]
pub(super) struct Demux {
    ufrags: HashMap<String, PeerIx>,
    addresses: HashMap<Endpoint, Vec<Owner>>,
    by_peer: HashMap<PeerIx, Known>,
}

impl Demux {
    pub(super) fn by_ufrag(&self, ufrag: &str) -> Option<PeerIx> {
        self.ufrags.get(ufrag).copied()
    }

    /// The owner at this position, if the address has that many.
    pub(super) fn owner(&self, address: Endpoint, position: usize) -> Option<PeerIx> {
        self.addresses.get(&address)?.get(position).map(|owner| owner.peer)
    }

    pub(super) fn has_address(&self, peer: PeerIx) -> bool {
        self.by_peer.get(&peer).is_some_and(|known| !known.addresses.is_empty())
    }

    /// Whether a check from there may be looked at: the peer's own address, or one more than it has. Only proof costs
    /// credit, so that forged checks cannot use it up.
    pub(super) fn may_prove(&mut self, address: Endpoint, peer: PeerIx, now: Instant) -> bool {
        let Some(known) = self.by_peer.get_mut(&peer) else { return true };
        known.earn(now);
        known.has(address) || (known.credit > 0 && known.has_room(now))
    }

    pub(super) fn add_ufrag(&mut self, ufrag: String, peer: PeerIx) {
        self.ufrags.insert(ufrag, peer);
    }

    pub(super) fn remove_ufrag(&mut self, ufrag: &str) {
        self.ufrags.remove(ufrag);
    }

    /// A check from this address was proved to be the peer's.
    pub(super) fn learn(&mut self, address: Endpoint, peer: PeerIx, now: Instant) -> Learned {
        let owners = self.addresses.entry(address).or_default();
        let known = self.by_peer.entry(peer).or_insert_with(|| Known::new(now));
        if let Some(owner) = owners.iter_mut().find(|owner| owner.peer == peer) {
            owner.proved_at = now;
            if let Some((_, at)) = known.addresses.iter_mut().find(|(a, _)| *a == address) {
                *at = now;
            }
            return Learned::Known;
        }
        known.credit = known.credit.saturating_sub(1);
        let mut former = Vec::new();
        owners.retain(|owner| {
            let is_fresh = now.saturating_duration_since(owner.proved_at) < ADDRESS_OWNED;
            if !is_fresh {
                former.push(owner.peer);
            }
            is_fresh
        });
        let learned = match owners.len() {
            0 if known.has_room(now) => Learned::New,
            MAX_OWNERS.. => Learned::Refused,
            _ if !known.has_room(now) => Learned::Refused,
            _ => Learned::Shared,
        };
        if learned != Learned::Refused {
            owners.push(Owner { peer, proved_at: now });
            let stale = if known.addresses.len() < MAX_ADDRESSES { None } else { known.stale(now) };
            let forgotten = stale.map(|position| known.addresses.swap_remove(position).0);
            known.addresses.push((address, now));
            if let Some(forgotten) = forgotten {
                self.disown(forgotten, peer);
            }
        } else if owners.is_empty() {
            self.addresses.remove(&address);
        }
        for peer in former {
            if let Some(known) = self.by_peer.get_mut(&peer) {
                known.addresses.retain(|(a, _)| *a != address);
            }
        }
        learned
    }

    pub(super) fn forget_peer(&mut self, peer: PeerIx) {
        self.ufrags.retain(|_, owner| *owner != peer);
        for (address, _) in self.by_peer.remove(&peer).map(|known| known.addresses).unwrap_or_default() {
            self.disown(address, peer);
        }
    }

    fn disown(&mut self, address: Endpoint, peer: PeerIx) {
        if let Some(owners) = self.addresses.get_mut(&address) {
            owners.retain(|owner| owner.peer != peer);
            if owners.is_empty() {
                self.addresses.remove(&address);
            }
        }
    }
}

/// What came of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Learned {
    /// The peer owned it before.
    Known,
    /// Nobody else owns it.
    New,
    /// Somebody else owns it too.
    Shared,
    /// Too many others own it.
    Refused,
}

/// The number of a STUN request and its response.
pub(super) type Transaction = [u8; 12];

/// A STUN binding request, as far as routing needs it (RFC 8489 5, RFC 8445 7.2.2).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Check<'a> {
    /// The receiver's half of the username.
    pub(super) local_ufrag: &'a str,
    pub(super) transaction: Transaction,
    /// The controlling side wants this way (RFC 8445 7.1.1).
    pub(super) is_nominating: bool,
}

impl Check<'_> {
    /// Is this datagram the success response to the request?
    pub(super) fn is_answered_by(&self, datagram: &[u8]) -> bool {
        datagram.get(..2) == Some(&[0x01, 0x01]) && datagram.get(8..20) == Some(&self.transaction)
    }
}

const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const USERNAME: u16 = 0x0006;
const USE_CANDIDATE: u16 = 0x0025;

/// `None` for everything that is not a well-formed binding request with a username.
pub(super) fn binding_request(datagram: &[u8]) -> Option<Check<'_>> {
    if datagram.get(..2)? != [0x00, 0x01] || datagram.get(4..8)? != MAGIC_COOKIE {
        return None;
    }
    let transaction = datagram.get(8..20)?.try_into().ok()?;
    let mut attributes = datagram.get(20..)?;
    let (mut local_ufrag, mut is_nominating) = (None, false);
    while let [t0, t1, l0, l1, rest @ ..] = attributes {
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        let value = rest.get(..length)?;
        match u16::from_be_bytes([*t0, *t1]) {
            // The first one counts (RFC 8489 14).
            USERNAME if local_ufrag.is_none() => {
                local_ufrag = Some(std::str::from_utf8(value).ok()?.split_once(':')?.0);
            }
            USE_CANDIDATE => is_nominating = true,
            _ => {}
        }
        attributes = rest.get(length.next_multiple_of(4)..)?;
    }
    Some(Check { local_ufrag: local_ufrag?, transaction, is_nominating })
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn request(username: &str) -> Vec<u8> {
        let mut bytes = vec![0x00, 0x01, 0, 0];
        bytes.extend(MAGIC_COOKIE);
        bytes.extend([7; 12]);
        // An attribute with padding before the username.
        bytes.extend([0x80, 0x22, 0, 3, b'a', b'b', b'c', 0]);
        bytes.extend([0, 6, 0, username.len() as u8]);
        bytes.extend(username.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn the_username_names_the_receiver_first() {
        let bytes = request("ours:theirs");
        assert_eq!(binding_request(&bytes).map(|c| c.local_ufrag), Some("ours"));
    }

    #[test]
    fn no_prefix_of_a_request_confuses() {
        let bytes = request("ours:theirs");
        let end_of_username = bytes.len() - 1;
        for length in 0..end_of_username {
            let check = bytes.get(..length).and_then(binding_request);
            assert_eq!(check, None, "cut at {length}");
        }
    }

    #[test]
    fn a_nomination_is_seen_wherever_it_stands() {
        let mut bytes = request("ours:theirs");
        assert_eq!(binding_request(&bytes).map(|check| check.is_nominating), Some(false));
        bytes.extend([0x00, 0x25, 0, 0]);
        assert_eq!(binding_request(&bytes).map(|check| check.is_nominating), Some(true));
        let mut before = request("")[..20].to_vec();
        before.extend([0x00, 0x25, 0, 0]);
        before.extend(&request("ours:theirs")[20..]);
        assert_eq!(binding_request(&before).map(|check| check.is_nominating), Some(true));
    }

    #[test]
    fn only_the_success_response_to_the_same_transaction_answers() {
        let bytes = request("ours:theirs");
        let check = binding_request(&bytes).expect("a request");
        let mut response = bytes.clone();
        assert!(!check.is_answered_by(&response), "a request is no response");
        response[0] = 1;
        assert!(check.is_answered_by(&response));
        response[9] ^= 1;
        assert!(!check.is_answered_by(&response));
    }

    fn owners(demux: &Demux, address: Endpoint) -> Vec<PeerIx> {
        (0..MAX_OWNERS).filter_map(|position| demux.owner(address, position)).collect()
    }

    #[test]
    fn a_lately_proved_address_cannot_be_taken_only_shared() {
        let mut demux = Demux::default();
        let address = Endpoint::udp(SocketAddr::from(([192, 0, 2, 1], 5_000)));
        let start = Instant::now();
        assert_eq!(demux.learn(address, 1, start), Learned::New);
        assert_eq!(demux.learn(address, 2, start + Duration::from_secs(9)), Learned::Shared);
        assert_eq!(owners(&demux, address), [1, 2], "1 was seen 9 s ago");
        assert_eq!(demux.learn(address, 3, start + Duration::from_secs(11)), Learned::Shared);
        assert_eq!(owners(&demux, address), [2, 3], "1 has not been seen for 11 s");
        demux.forget_peer(1);
        demux.forget_peer(2);
        assert_eq!(owners(&demux, address), [3]);
        demux.forget_peer(3);
        assert!(demux.addresses.is_empty() && demux.by_peer.is_empty(), "nothing is left behind");
    }

    #[test]
    fn many_identities_cannot_push_an_owner_out() {
        let mut demux = Demux::default();
        let address = Endpoint::udp(SocketAddr::from(([192, 0, 2, 1], 5_000)));
        let now = Instant::now();
        for peer in 0..20 {
            demux.learn(address, peer, now);
        }
        assert_eq!(owners(&demux, address), [0, 1, 2, 3]);
    }

    #[test]
    fn ever_new_addresses_run_out_of_credit_and_where_the_peer_is_stays() {
        let mut demux = Demux::default();
        let address = |port: u16| Endpoint::udp(SocketAddr::from(([192, 0, 2, 1], port)));
        let (home, start) = (address(9_999), Instant::now());
        assert_eq!(demux.learn(home, 1, start), Learned::New);
        let mut proved = 0;
        for round in 0..60_u16 {
            let now = start + Duration::from_secs(u64::from(round));
            assert!(demux.may_prove(home, 1, now));
            assert_eq!(demux.learn(home, 1, now), Learned::Known);
            for port in 0..100 {
                let next = address(round * 100 + port);
                if demux.may_prove(next, 1, now) {
                    assert_eq!(demux.learn(next, 1, now), Learned::New);
                    proved += 1;
                }
            }
        }
        assert!((60..=64 + 6).contains(&proved), "{proved} of 6000");
        assert_eq!(owners(&demux, home), [1]);
        assert!(demux.may_prove(address(7), 2, start), "another peer has its own credit");
        assert!(demux.addresses.len() <= MAX_ADDRESSES, "nothing is left behind");
    }

    #[test]
    fn an_address_that_was_not_proved_lately_makes_room_for_another() {
        let mut demux = Demux::default();
        let address = |port: u16| Endpoint::udp(SocketAddr::from(([192, 0, 2, 1], port)));
        let start = Instant::now();
        for port in 0..MAX_ADDRESSES as u16 {
            demux.learn(address(port), 1, start);
        }
        assert_eq!(demux.learn(address(100), 1, start), Learned::Refused);
        let later = start + ADDRESS_OWNED;
        demux.learn(address(0), 1, later);
        assert_eq!(demux.learn(address(100), 1, later), Learned::New);
        assert_eq!((demux.owner(address(0), 0), demux.owner(address(1), 0)), (Some(1), None));
    }
}
