//! The handshake begins before the peer has nominated a way.
//!
//! The engine, which is an ICE-lite agent, sends nothing but answers to checks until one nominates a way. But a browser
//! begins its handshake as soon as a check was answered, and nominates with its next one, 50 ms later. Until then a full
//! agent may use any way that it has checked itself (RFC 8445 12.1.1), and a lite one none, because it cannot know that its
//! answers arrive. Here it knows: the peer has proved the way by which its handshake comes, and began it because it had our
//! answer. So that way becomes the engine's. It knows only one manner of being told: a check that nominates, as the peer
//! will send it.

use str0m::IceCreds;
use str0m::ice::{StunMessage, TransId};

use super::CRYPTO;

/// Room for a check: its user name, at most 513 bytes (RFC 8489 14.3), is by far the longest in it.
const CHECK_BYTES: usize = 640;
/// Counts only for pairs that no check has made yet, of which there are none.
const PRIORITY: u32 = 1;

/// What it takes to begin.
#[derive(Debug, Default)]
pub(super) struct Handshake {
    /// The peer's name in checks.
    peer: Option<String>,
    /// That of the one check of ours, which the engine answers.
    transaction: Option<[u8; 12]>,
}

impl Handshake {
    /// The peer described itself.
    pub(super) fn describe(&mut self, ufrag: Option<String>) {
        self.peer = ufrag;
    }

    /// A datagram came by a way that the peer has proved. If it is the first of a handshake: the check that the engine
    /// has to see before it.
    pub(super) fn check(&mut self, datagram: &[u8], own: impl FnOnce() -> IceCreds) -> Option<Vec<u8>> {
        if self.transaction.is_some() || !is_dtls(datagram) {
            return None;
        }
        let IceCreds { ufrag, pass } = own();
        let name = format!("{ufrag}:{}", self.peer.as_ref()?);
        let check = StunMessage::binding_request(&name, TransId::new(), true, 0, PRIORITY, true);
        let mut bytes = vec![0; CHECK_BYTES];
        let sign = |key: &[u8], parts: &[&[u8]]| CRYPTO.sha1_hmac_provider.sha1_hmac(key, parts);
        let length = check.to_bytes(Some(pass.as_bytes()), &mut bytes, sign).ok()?;
        bytes.truncate(length);
        self.transaction = transaction(&bytes);
        Some(bytes)
    }

    /// Whether this is the engine's answer to it, which nobody waits for.
    pub(super) fn is_answer(&self, datagram: &[u8]) -> bool {
        let is_stun = datagram.first().is_some_and(|first| *first < 4);
        is_stun && self.transaction.is_some() && transaction(datagram) == self.transaction
    }
}

/// RFC 7983.
fn is_dtls(datagram: &[u8]) -> bool {
    matches!(datagram.first(), Some(20..=63))
}

fn transaction(datagram: &[u8]) -> Option<[u8; 12]> {
    datagram.get(8..20)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECK: [u8; 20] = [0x00, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7];
    const HELLO: [u8; 3] = [22, 0xfe, 0xfd];

    fn own() -> IceCreds {
        IceCreds { ufrag: "ours".to_owned(), pass: "a-password-of-twenty-two".to_owned() }
    }

    #[test]
    fn only_the_first_datagram_of_a_handshake_needs_a_check() {
        let mut handshake = Handshake::default();
        handshake.describe(Some("theirs".to_owned()));
        for other in [&CHECK[..], &[0x80, 96], &[]] {
            assert_eq!(handshake.check(other, own), None);
        }
        let check = handshake.check(&HELLO, own);
        let name = check.as_ref().is_some_and(|bytes| bytes.windows(11).any(|word| word == b"ours:theirs"));
        assert!(name, "{check:?}");
        assert_eq!(handshake.check(&HELLO, own), None);
    }

    #[test]
    fn a_peer_that_has_not_described_itself_begins_nothing() {
        assert_eq!(Handshake::default().check(&HELLO, own), None);
    }

    #[test]
    fn the_answer_to_our_own_check_is_known_from_those_to_the_peers() {
        let mut handshake = Handshake::default();
        assert!(!handshake.is_answer(&CHECK), "nothing was asked");
        handshake.describe(Some("theirs".to_owned()));
        let mut answer = handshake.check(&HELLO, own).unwrap_or_default();
        if let Some(class) = answer.first_mut() {
            *class = 0x01;
        }
        assert!(handshake.is_answer(&answer));
        assert!(!handshake.is_answer(&CHECK));
        assert!(!handshake.is_answer(&HELLO));
    }
}
