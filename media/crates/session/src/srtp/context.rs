//! What seals and opens one direction of RTP or RTCP.

use std::fmt;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use str0m::crypto::dtls::SrtpProfile;
use str0m::crypto::{
    AeadAes128Gcm, Aes128CmSha1_80, Aes128CmSha1_80Cipher, Sha1HmacProvider, SrtpProvider, from_feature_flags,
};

use super::keys::Material;

const LABEL_RTP_KEY: u8 = 0;
const LABEL_RTP_AUTH: u8 = 1;
const LABEL_RTP_SALT: u8 = 2;
const LABEL_RTCP_KEY: u8 = 3;
const LABEL_RTCP_AUTH: u8 = 4;
const LABEL_RTCP_SALT: u8 = 5;

/// The most that a seal adds to a packet, and the room that counter mode may want behind its output.
const TAG_BYTES: usize = AeadAes128Gcm::TAG_LEN;
/// What stays in the clear of an RTCP compound: its first header and sender.
const RTCP_CLEAR_BYTES: usize = 8;
const RTCP_NUMBER_BYTES: usize = 4;
const IS_ENCRYPTED: u32 = 0x8000_0000;

enum Cipher {
    /// Of either length of key. The engine's own wrapper of the same library copies each packet before it seals it.
    Gcm { key: LessSafeKey, salt: [u8; 12] },
    /// Counter mode does not seal in place: `scratch` holds what is sealed.
    Cm {
        cipher: Box<dyn Aes128CmSha1_80Cipher>,
        salt: [u8; 14],
        auth: [u8; 20],
        hmac: &'static dyn Sha1HmacProvider,
        scratch: Vec<u8>,
    },
}

/// One direction of RTP or of RTCP.
pub struct Context {
    cipher: Cipher,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

/// All of one association.
#[derive(Debug)]
pub struct Contexts {
    /// Seals what we send.
    pub rtp_out: Context,
    /// Seals our reports.
    pub rtcp_out: Context,
    /// Opens what the peer sends.
    pub rtp_in: Context,
    /// Opens the peer's reports.
    pub rtcp_in: Context,
}

impl Contexts {
    /// `None` for a profile that is none of the three that browsers speak.
    pub fn derive(material: &Material) -> Option<Self> {
        let (key_bytes, salt_bytes) = match material.profile {
            SrtpProfile::AEAD_AES_128_GCM => (16, 12),
            SrtpProfile::AEAD_AES_256_GCM => (32, 12),
            SrtpProfile::AES128_CM_SHA1_80 => (16, 14),
            _ => return None,
        };
        let (keys, salts) = material.bytes.split_at_checked(2 * key_bytes)?;
        let ((client_key, server_key), (client_salt, server_salt)) =
            (keys.split_at_checked(key_bytes)?, salts.get(..2 * salt_bytes)?.split_at_checked(salt_bytes)?);
        let (client, server) = ((client_key, client_salt), (server_key, server_salt));
        let (own, peer) = if material.is_client { (client, server) } else { (server, client) };
        let of_media = (LABEL_RTP_KEY, LABEL_RTP_AUTH, LABEL_RTP_SALT);
        let of_reports = (LABEL_RTCP_KEY, LABEL_RTCP_AUTH, LABEL_RTCP_SALT);
        Some(Self {
            rtp_out: Context::derive(material.profile, own, of_media, true)?,
            rtcp_out: Context::derive(material.profile, own, of_reports, true)?,
            rtp_in: Context::derive(material.profile, peer, of_media, false)?,
            rtcp_in: Context::derive(material.profile, peer, of_reports, false)?,
        })
    }
}

impl Context {
    fn derive(profile: SrtpProfile, master: (&[u8], &[u8]), labels: (u8, u8, u8), seals: bool) -> Option<Self> {
        let crypto = from_feature_flags();
        let provider = crypto.srtp_provider;
        let key = derive(provider, master, labels.0, master.0.len());
        let salt = derive(provider, master, labels.2, master.1.len());
        let cipher = match profile {
            SrtpProfile::AES128_CM_SHA1_80 => Cipher::Cm {
                cipher: provider.aes_128_cm_sha1_80().create_cipher(key.try_into().ok()?, seals),
                salt: salt.try_into().ok()?,
                auth: derive(provider, master, labels.1, Aes128CmSha1_80::HMAC_KEY_LEN).try_into().ok()?,
                hmac: crypto.sha1_hmac_provider,
                scratch: Vec::new(),
            },
            _ => Cipher::gcm(&key, salt.try_into().ok()?)?,
        };
        Some(Self { cipher })
    }

    #[cfg(test)]
    pub(super) fn with_gcm_128(key: [u8; 16], salt: [u8; 12]) -> Self {
        Self { cipher: Cipher::gcm(&key, salt).expect("16 bytes") }
    }

    /// Finish the packet whose header is all that is in `out` from `start` on: append the sealed form of `plain`, which
    /// may come in pieces. `index` is the extended sequence number. `false`, with `out` cut off at `start`, if the cipher
    /// fails.
    pub fn seal_rtp(&mut self, out: &mut Vec<u8>, start: usize, (ssrc, index): (u32, u64), plain: &[&[u8]]) -> bool {
        let body = out.len();
        let (roc, seq) = ((index >> 16) as u32, index as u16);
        for piece in plain {
            out.extend_from_slice(piece);
        }
        let done = match &mut self.cipher {
            Cipher::Gcm { key, salt } => {
                let nonce = Nonce::assume_unique_for_key(AeadAes128Gcm::rtp_iv(*salt, ssrc, roc, seq));
                let packet = out.get_mut(start..).and_then(|packet| packet.split_at_mut_checked(body - start));
                packet
                    .and_then(|(header, text)| key.seal_in_place_separate_tag(nonce, Aad::from(&*header), text).ok())
                    .map(|tag| out.extend_from_slice(tag.as_ref()))
            }
            Cipher::Cm { cipher, salt, auth, hmac, scratch } => {
                scratch.clear();
                scratch.extend_from_slice(out.get(body..).unwrap_or_default());
                let end = out.len();
                out.resize(end + TAG_BYTES, 0);
                let iv = Aes128CmSha1_80::rtp_iv(*salt, ssrc, index);
                let done = cipher.encrypt(&iv, scratch, out.get_mut(body..).unwrap_or_default()).ok();
                out.truncate(end);
                let tag = hmac.sha1_hmac(auth, &[out.get(start..).unwrap_or_default(), &roc.to_be_bytes()]);
                out.extend(tag.iter().take(Aes128CmSha1_80::HMAC_TAG_LEN));
                done
            }
        };
        if done.is_none() {
            out.truncate(start);
        }
        done.is_some()
    }

    /// Open a packet of this extended sequence number into `out`. `None` for what is not the peer's.
    pub fn open_rtp<'a>(
        &mut self,
        (ssrc, index): (u32, u64),
        header: &[u8],
        sealed: &[u8],
        out: &'a mut [u8],
    ) -> Option<&'a [u8]> {
        let (roc, seq) = ((index >> 16) as u32, index as u16);
        let count = sealed.len().checked_sub(self.tag_bytes())?;
        match &mut self.cipher {
            Cipher::Gcm { key, salt } => {
                let iv = AeadAes128Gcm::rtp_iv(*salt, ssrc, roc, seq);
                open_gcm(key, iv, header, sealed, out.get_mut(..count)?)?;
            }
            Cipher::Cm { cipher, salt, auth, hmac, .. } => {
                let (text, tag) = sealed.split_at_checked(count)?;
                let expected = hmac.sha1_hmac(auth, &[header, text, &roc.to_be_bytes()]);
                if !is_same(expected.get(..tag.len())?, tag) {
                    return None;
                }
                cipher.decrypt(&Aes128CmSha1_80::rtp_iv(*salt, ssrc, index), text, out.get_mut(..)?).ok()?;
            }
        }
        out.get(..count)
    }

    /// Append the sealed form of a compound of RTCP under a number that is used once.
    pub fn seal_rtcp(&mut self, number: u32, compound: &[u8], out: &mut Vec<u8>) -> bool {
        let Some((&clear, plain)) = compound.split_first_chunk::<RTCP_CLEAR_BYTES>() else { return false };
        let start = out.len();
        let trailer = (number | IS_ENCRYPTED).to_be_bytes();
        let ssrc = sender(clear);
        let done = match &mut self.cipher {
            Cipher::Gcm { key, salt } => {
                out.extend_from_slice(compound);
                let nonce = Nonce::assume_unique_for_key(AeadAes128Gcm::rtcp_iv(*salt, ssrc, number));
                let text = out.get_mut(start + RTCP_CLEAR_BYTES..).unwrap_or_default();
                let tag = key.seal_in_place_separate_tag(nonce, Aad::from(associated(clear, trailer)), text).ok();
                tag.map(|tag| out.extend_from_slice(tag.as_ref()))
            }
            Cipher::Cm { cipher, salt, .. } => {
                out.extend_from_slice(&clear);
                out.resize(start + compound.len() + TAG_BYTES, 0);
                let iv = Aes128CmSha1_80::rtp_iv(*salt, ssrc, number.into());
                let sealed = out.get_mut(start + RTCP_CLEAR_BYTES..).unwrap_or_default();
                let done = cipher.encrypt(&iv, plain, sealed).ok();
                out.truncate(start + compound.len());
                done
            }
        };
        out.extend_from_slice(&trailer);
        if let Cipher::Cm { auth, hmac, .. } = &self.cipher {
            let tag = hmac.sha1_hmac(auth, &[out.get(start..).unwrap_or_default()]);
            out.extend(tag.iter().take(Aes128CmSha1_80::HMAC_TAG_LEN));
        }
        if done.is_none() {
            out.truncate(start);
        }
        done.is_some()
    }

    /// Append a compound of RTCP that was sealed with the keys of this direction; answers its number.
    pub fn open_rtcp(&mut self, packet: &[u8], out: &mut Vec<u8>) -> Option<u32> {
        let clear = *packet.first_chunk::<RTCP_CLEAR_BYTES>()?;
        // GCM has its tag before the number, counter mode behind it.
        let behind = if matches!(self.cipher, Cipher::Cm { .. }) { self.tag_bytes() } else { 0 };
        let at = packet.len().checked_sub(RTCP_NUMBER_BYTES + behind)?;
        let trailer = *packet.get(at..)?.first_chunk::<RTCP_NUMBER_BYTES>()?;
        let number = u32::from_be_bytes(trailer) & !IS_ENCRYPTED;
        let sealed = packet.get(RTCP_CLEAR_BYTES..at)?;
        let ssrc = sender(clear);
        let start = out.len();
        out.extend_from_slice(&clear);
        out.resize(start + RTCP_CLEAR_BYTES + sealed.len(), 0);
        let plain = out.get_mut(start + RTCP_CLEAR_BYTES..)?;
        let count = match &mut self.cipher {
            Cipher::Gcm { key, salt } => {
                let (iv, count) = (AeadAes128Gcm::rtcp_iv(*salt, ssrc, number), sealed.len().checked_sub(TAG_BYTES)?);
                open_gcm(key, iv, &associated(clear, trailer), sealed, plain.get_mut(..count)?)?;
                count
            }
            Cipher::Cm { cipher, salt, auth, hmac, .. } => {
                let (signed, tag) = packet.split_at_checked(at + RTCP_NUMBER_BYTES)?;
                if !is_same(hmac.sha1_hmac(auth, &[signed]).get(..tag.len())?, tag) {
                    return None;
                }
                cipher.decrypt(&Aes128CmSha1_80::rtp_iv(*salt, ssrc, number.into()), sealed, plain).ok()?;
                sealed.len()
            }
        };
        out.truncate(start + RTCP_CLEAR_BYTES + count);
        Some(number)
    }

    fn tag_bytes(&self) -> usize {
        if matches!(self.cipher, Cipher::Cm { .. }) { Aes128CmSha1_80::HMAC_TAG_LEN } else { TAG_BYTES }
    }
}

impl Cipher {
    /// `None` for a key of no known length.
    fn gcm(key: &[u8], salt: [u8; 12]) -> Option<Self> {
        let algorithm = if key.len() == AES_128_GCM.key_len() { &AES_128_GCM } else { &AES_256_GCM };
        Some(Self::Gcm { key: LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?), salt })
    }
}

/// `out` has room for what is sealed without its tag.
fn open_gcm(key: &LessSafeKey, iv: [u8; 12], clear: &[u8], sealed: &[u8], out: &mut [u8]) -> Option<()> {
    let (text, tag) = sealed.split_at_checked(out.len())?;
    key.open_separate_gather(Nonce::assume_unique_for_key(iv), Aad::from(clear), text, tag, out).ok()
}

/// RFC 7714 9.2.
fn associated(clear: [u8; RTCP_CLEAR_BYTES], trailer: [u8; RTCP_NUMBER_BYTES]) -> [u8; 12] {
    let mut associated = [0; 12];
    copy(&mut associated, clear.iter().chain(&trailer));
    associated
}

fn sender([_, _, _, _, ssrc @ ..]: [u8; RTCP_CLEAR_BYTES]) -> u32 {
    u32::from_be_bytes(ssrc)
}

fn copy<'a>(to: &mut [u8], from: impl Iterator<Item = &'a u8>) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// Without telling by the time it takes where they differ.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

/// RFC 3711 4.3: AES in counter mode of the master salt with a label.
pub(super) fn derive(provider: &dyn SrtpProvider, (key, salt): (&[u8], &[u8]), label: u8, bytes: usize) -> Vec<u8> {
    let mut derived = Vec::with_capacity(bytes + 16);
    for round in 0..bytes.div_ceil(16) as u16 {
        let mut input = [0; 16];
        copy(&mut input, salt.iter());
        if let Some(byte) = input.get_mut(7) {
            *byte ^= label;
        }
        for (to, from) in input.iter_mut().skip(14).zip(round.to_be_bytes()) {
            *to = from;
        }
        let mut output = [0; 32];
        if key.len() == 16 {
            provider.srtp_aes_128_ecb_round(key, &input, &mut output);
        } else {
            provider.srtp_aes_256_ecb_round(key, &input, &mut output);
        }
        derived.extend(output.iter().take(16));
    }
    derived.truncate(bytes);
    derived
}
