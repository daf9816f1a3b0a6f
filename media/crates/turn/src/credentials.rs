//! Passwords that are valid for a while, and numbers against replay: both are computed, none is kept.

use std::net::IpAddr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use data_encoding::BASE64;
use md5::{Digest, Md5};

/// Where the passwords count.
pub(crate) const REALM: &str = "palaver";
/// How old a nonce may be. Whoever has an older one is given another and goes on.
const NONCE_S: u32 = 900;
const NONCE_MAC_BYTES: usize = 8;
/// RFC 8489 section 14.3.
const MAX_USERNAME_BYTES: usize = 508;

/// What passwords and nonces are made with.
pub struct Secret {
    passwords: hmac::Key,
    nonces: hmac::Key,
}

impl Secret {
    /// The control plane makes passwords with the same bytes.
    pub fn new(bytes: &[u8]) -> Self {
        let passwords = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, bytes);
        let nonces = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, bytes), b"nonces");
        Self { passwords, nonces: hmac::Key::new(hmac::HMAC_SHA256, nonces.as_ref()) }
    }

    /// The password of `<valid until>:<whom>`, as the TURN REST draft has it.
    pub fn password(&self, username: &str) -> String {
        BASE64.encode(hmac::sign(&self.passwords, username.as_bytes()).as_ref())
    }

    /// What a client proves its messages with.
    pub fn key(&self, username: &str) -> hmac::Key {
        let mut digest = Md5::new();
        for part in [username, ":", REALM, ":", &self.password(username)] {
            digest.update(part.as_bytes());
        }
        hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &digest.finalize())
    }

    /// A number for whoever asks from there.
    pub(crate) fn nonce(&self, unix_s: u64, ip: IpAddr) -> String {
        let stamp = (unix_s as u32).to_be_bytes();
        BASE64.encode(&[stamp.as_slice(), &self.nonce_mac(stamp, ip)].concat())
    }

    pub(crate) fn is_fresh(&self, nonce: &[u8], unix_s: u64, ip: IpAddr) -> bool {
        let Ok(bytes) = BASE64.decode(nonce) else { return false };
        let Some((stamp, mac)) = bytes.split_first_chunk::<4>() else { return false };
        verify_slices_are_equal(mac, &self.nonce_mac(*stamp, ip)).is_ok()
            && (unix_s as u32).wrapping_sub(u32::from_be_bytes(*stamp)) <= NONCE_S
    }

    fn nonce_mac(&self, stamp: [u8; 4], ip: IpAddr) -> [u8; NONCE_MAC_BYTES] {
        let tag = hmac::sign(&self.nonces, format!("{stamp:?} {ip}").as_bytes());
        tag.as_ref().first_chunk().copied().unwrap_or_default()
    }
}

/// Until when a name is valid, and whose it is.
pub(crate) fn read_username(username: &[u8]) -> Option<(u64, &str)> {
    if username.len() > MAX_USERNAME_BYTES {
        return None;
    }
    let (until, whom) = std::str::from_utf8(username).ok()?.split_once(':')?;
    Some((until.parse().ok()?, whom))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_what_every_maker_of_time_limited_ones_computes() {
        // Made with Python's hmac and base64.
        let secret = Secret::new(b"north");
        assert_eq!(secret.password("1700000000:PA_alice"), "mOJHh8ZD3X9PJoNMfxtROyvulYc=");
    }

    #[test]
    fn a_nonce_counts_for_its_time_and_its_address() {
        let secret = Secret::new(b"north");
        let (here, there) = ("192.0.2.1".parse().expect("ip"), "192.0.2.2".parse().expect("ip"));
        let nonce = secret.nonce(1_000, here);
        assert_eq!(nonce.len(), 16);
        assert!(secret.is_fresh(nonce.as_bytes(), 1_000 + u64::from(NONCE_S), here));
        assert!(!secret.is_fresh(nonce.as_bytes(), 1_001 + u64::from(NONCE_S), here));
        assert!(!secret.is_fresh(nonce.as_bytes(), 999, here), "from the future");
        assert!(!secret.is_fresh(nonce.as_bytes(), 1_000, there));
        assert!(!Secret::new(b"south").is_fresh(nonce.as_bytes(), 1_000, here));
        assert!(!secret.is_fresh(b"", 1_000, here) && !secret.is_fresh(&[0xff; 16], 1_000, here));
    }
}
