//! Where a peer is now: the way that everything takes which is sent to it.
//!
//! The engine picks the way of the highest priority among those that the peer has nominated, and leaves it only when no
//! check has come by it for 15 s. But the two ends of a rebinding (a phone that leaves the house, a NAT that forgets)
//! have the same priority, so that the peer would hear nothing for as long. The controlling side decides (RFC 8445
//! 8.1.1), and can change its mind: the newest nomination counts.

use std::time::{Duration, Instant};

use palaver_session::Path;

use super::demux::{Check, Transaction};

/// Clients that nominate once and then only ask for consent do that every 5 s (RFC 7675); twice that without a word on
/// the way, and words on another one, say enough.
const SILENCE: Duration = Duration::from_secs(10);
/// Nominations remembered: a copy of one that comes from elsewhere moves nobody.
const REMEMBERED: usize = 8;

/// The way of one peer; none until it has nominated one.
#[derive(Debug)]
pub(super) struct Route {
    path: Option<Path>,
    heard_at: Instant,
    nominations: [Transaction; REMEMBERED],
    next: usize,
}

impl Route {
    pub(super) fn new(now: Instant) -> Self {
        Self { path: None, heard_at: now, nominations: [Transaction::default(); REMEMBERED], next: 0 }
    }

    /// A check that came by `path` was proved to be the peer's.
    pub(super) fn follow(&mut self, path: Path, check: &Check<'_>, now: Instant) {
        if self.path == Some(path) {
            self.heard_at = now;
            return self.remember(check);
        }
        let is_copy = self.nominations.contains(&check.transaction);
        let is_silent = self.path.is_some() && now.saturating_duration_since(self.heard_at) >= SILENCE;
        if (check.is_nominating && !is_copy) || is_silent {
            self.path = Some(path);
            self.heard_at = now;
            self.remember(check);
        }
    }

    fn remember(&mut self, check: &Check<'_>) {
        if !check.is_nominating || self.nominations.contains(&check.transaction) {
            return;
        }
        if let Some(slot) = self.nominations.get_mut(self.next) {
            *slot = check.transaction;
        }
        self.next = (self.next + 1) % REMEMBERED;
    }

    /// Which way a datagram goes that the engine would send by `path`. Checks are answered where they came from.
    pub(super) fn of(&self, path: Path, datagram: &[u8]) -> Path {
        let is_stun = datagram.first().is_some_and(|byte| *byte < 4);
        if is_stun { path } else { self.of_media(path) }
    }

    /// The same, of what is known to be media.
    pub(super) fn of_media(&self, path: Path) -> Path {
        self.path.unwrap_or(path)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    const MEDIA: [u8; 2] = [0x80, 96];

    fn path(port: u16) -> Path {
        let local = SocketAddr::from(([192, 0, 2, 1], 7_882));
        Path::udp(local, SocketAddr::from(([198, 51, 100, 7], port)))
    }

    fn check(number: u8, is_nominating: bool) -> Check<'static> {
        Check { local_ufrag: "ours", transaction: [number; 12], is_nominating }
    }

    #[test]
    fn the_newest_nomination_decides_and_checks_are_answered_where_they_came_from() {
        let now = Instant::now();
        let mut route = Route::new(now);
        assert_eq!(route.of(path(9), &MEDIA), path(9), "the engine decides until then");
        route.follow(path(1), &check(1, true), now);
        route.follow(path(2), &check(2, false), now);
        assert_eq!(route.of(path(9), &MEDIA), path(1));
        route.follow(path(2), &check(3, true), now);
        assert_eq!(route.of(path(1), &MEDIA), path(2));
        assert_eq!(route.of(path(1), &[0x01, 0x01]), path(1));
        route.follow(path(1), &check(4, true), now);
        assert_eq!(route.of(path(2), &MEDIA), path(1), "and back");
    }

    #[test]
    fn a_copy_of_a_nomination_from_elsewhere_moves_nobody() {
        let now = Instant::now();
        let mut route = Route::new(now);
        for number in 1..5 {
            route.follow(path(1), &check(number, true), now);
        }
        for number in 1..5 {
            route.follow(path(2), &check(number, true), now);
        }
        assert_eq!(route.of(path(9), &MEDIA), path(1));
    }

    #[test]
    fn a_client_that_nominates_once_is_followed_when_its_way_is_silent() {
        let now = Instant::now();
        let mut route = Route::new(now);
        route.follow(path(1), &check(1, true), now);
        route.follow(path(2), &check(2, false), now + Duration::from_millis(9_999));
        assert_eq!(route.of(path(9), &MEDIA), path(1));
        route.follow(path(2), &check(3, false), now + SILENCE);
        assert_eq!(route.of(path(9), &MEDIA), path(2));
    }
}
