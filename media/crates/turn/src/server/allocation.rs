//! What one client has.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;

use crate::bucket::Bucket;
use crate::message::Transaction;

/// RFC 8656 section 9 and 12.
const PERMISSION: Duration = Duration::from_secs(300);
const CHANNEL: Duration = Duration::from_secs(600);

pub(super) struct Allocation {
    /// Whose: the name it was asked for with, which all later requests must have.
    pub(super) username: Vec<u8>,
    /// The participant in it.
    pub(super) whom: Arc<str>,
    pub(super) key: hmac::Key,
    pub(super) relayed: SocketAddr,
    /// Of the request that made it; it may come twice.
    pub(super) transaction: Transaction,
    pub(super) expires_at: Instant,
    inward: Bucket,
    outward: Bucket,
    /// At most as many as there are peers; so are the channels.
    permissions: Vec<(IpAddr, Instant)>,
    channels: Vec<Channel>,
}

struct Channel {
    number: u16,
    peer: SocketAddr,
    expires_at: Instant,
}

impl Allocation {
    pub(super) fn new(
        now: Instant,
        (username, whom, key): (&[u8], &str, hmac::Key),
        relayed: SocketAddr,
        transaction: Transaction,
        bytes_per_second: u32,
    ) -> Self {
        let bucket = Bucket::new(now, bytes_per_second, bytes_per_second);
        Self {
            username: username.to_vec(),
            whom: whom.into(),
            key,
            relayed,
            transaction,
            expires_at: now,
            inward: bucket,
            outward: bucket,
            permissions: Vec::new(),
            channels: Vec::new(),
        }
    }

    pub(super) fn may_relay_inward(&mut self, now: Instant, bytes: usize) -> bool {
        self.inward.take(now, bytes as u32)
    }

    pub(super) fn may_relay_outward(&mut self, now: Instant, bytes: usize) -> bool {
        self.outward.take(now, bytes as u32)
    }

    pub(super) fn permit(&mut self, now: Instant, ip: IpAddr) {
        self.permissions.retain(|(known, _)| *known != ip);
        self.permissions.push((ip, now + PERMISSION));
    }

    pub(super) fn is_permitted(&self, now: Instant, ip: IpAddr) -> bool {
        self.permissions.iter().any(|(known, until)| *known == ip && *until > now)
    }

    /// Bind a channel, or keep it. `false` where the number or the peer has another one.
    pub(super) fn bind(&mut self, now: Instant, number: u16, peer: SocketAddr) -> bool {
        self.channels.retain(|channel| channel.expires_at > now);
        if self.channels.iter().any(|c| (c.number == number) != (c.peer == peer)) {
            return false;
        }
        self.channels.retain(|channel| channel.number != number);
        self.channels.push(Channel { number, peer, expires_at: now + CHANNEL });
        self.permit(now, peer.ip());
        true
    }

    pub(super) fn channel_of(&self, now: Instant, peer: SocketAddr) -> Option<u16> {
        self.channels.iter().find(|c| c.peer == peer && c.expires_at > now).map(|c| c.number)
    }

    pub(super) fn peer_of(&self, now: Instant, number: u16) -> Option<SocketAddr> {
        self.channels.iter().find(|c| c.number == number && c.expires_at > now).map(|c| c.peer)
    }
}
