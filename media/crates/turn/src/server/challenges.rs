//! How many answers go to addresses that may be forged.
//!
//! A challenge (401, 438) has to carry a realm and a nonce, and so is longer than the shortest question. Over UDP
//! somebody could use that to send more to a third party than he sends himself; so each address gets few of them, all
//! together get few, and what is above is left without an answer. Nothing grows: addresses share places by a keyed hash.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::Instant;

use crate::bucket::Bucket;

const PLACES: usize = 4_096;
/// A class behind one router that joins at once, each with two connections; then one every quarter of a second.
const AT_ONCE: u32 = 128;
const PER_SECOND: u32 = 4;
const AT_ONCE_IN_ALL: u32 = 1_024;
const PER_SECOND_IN_ALL: u32 = 256;

pub(super) struct Challenges {
    places: Vec<Bucket>,
    all: Bucket,
    hasher: RandomState,
}

impl Challenges {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            places: vec![Bucket::new(now, AT_ONCE, PER_SECOND); PLACES],
            all: Bucket::new(now, AT_ONCE_IN_ALL, PER_SECOND_IN_ALL),
            hasher: RandomState::new(),
        }
    }

    pub(super) fn may_answer(&mut self, now: Instant, ip: IpAddr) -> bool {
        let network = match ip {
            IpAddr::V4(ip) => u64::from(ip.to_bits()),
            // Whoever has one address of such a network usually has all.
            IpAddr::V6(ip) => (ip.to_bits() >> 64) as u64,
        };
        let place = self.hasher.hash_one(network) as usize % PLACES;
        self.places.get_mut(place).is_some_and(|place| place.take(now, 1)) && self.all.take(now, 1)
    }
}
