//! The keys of a DTLS association, overheard, and the ciphers made of them (RFC 3711, RFC 7714).

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use str0m::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, ProtocolVersion, SrtpProfile,
};
use str0m::crypto::{
    AeadAes128Gcm, AeadAes128GcmCipher, AeadAes256GcmCipher, CryptoError, CryptoProvider, SrtpProvider,
    from_feature_flags,
};

const LABEL_RTP_KEY: u8 = 0;
const LABEL_RTP_SALT: u8 = 2;
const LABEL_RTCP_KEY: u8 = 3;
const LABEL_RTCP_SALT: u8 = 5;

/// Length of what GCM adds.
pub(crate) const TAG_BYTES: usize = AeadAes128Gcm::TAG_LEN;

/// Where the material of an association appears when its handshake is done.
pub(crate) type Slot = Arc<Mutex<Option<Material>>>;

/// What both directions are derived from.
#[derive(Debug, Clone)]
pub(crate) struct Material {
    bytes: Vec<u8>,
    profile: SrtpProfile,
    is_client: bool,
}

#[cfg(test)]
impl Material {
    pub(crate) fn new(bytes: Vec<u8>, profile: SrtpProfile, is_client: bool) -> Self {
        Self { bytes, profile, is_client }
    }
}

thread_local! {
    static LATEST: RefCell<Slot> = RefCell::new(Slot::default());
}

/// The slot of the association that this thread made last.
pub(crate) fn latest_slot() -> Slot {
    LATEST.with(|latest| Arc::clone(&latest.borrow()))
}

/// The engine's own provider, but for the ear at its associations.
pub(crate) fn provider() -> CryptoProvider {
    static EAR: Ear = Ear;
    CryptoProvider { dtls_provider: &EAR, ..from_feature_flags() }
}

#[derive(Debug)]
struct Ear;

impl DtlsProvider for Ear {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        from_feature_flags().dtls_provider.generate_certificate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let inner = from_feature_flags().dtls_provider.new_dtls(cert, now, version, mtu)?;
        let slot = Slot::default();
        LATEST.with(|latest| latest.replace(Arc::clone(&slot)));
        Ok(Box::new(Overheard { inner, slot }))
    }
}

#[derive(Debug)]
struct Overheard {
    inner: Box<dyn DtlsInstance>,
    slot: Slot,
}

impl DtlsInstance for Overheard {
    fn set_active(&mut self, active: bool) {
        self.inner.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.inner.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        let is_client = self.inner.is_active();
        let output = self.inner.poll_output(buf);
        if let DtlsOutput::KeyingMaterial(material, profile) = &output {
            let heard = Material { bytes: material.to_vec(), profile: *profile, is_client };
            *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(heard);
        }
        output
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.inner.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.inner.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.inner.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.inner.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.inner.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.inner.close()
    }
}

enum Aead {
    Short(Box<dyn AeadAes128GcmCipher>),
    Long(Box<dyn AeadAes256GcmCipher>),
}

/// One direction of RTP or of RTCP.
pub(crate) struct Context {
    aead: Aead,
    salt: [u8; 12],
}

/// What a participant needs for its media.
pub(crate) struct Contexts {
    pub(crate) rtp_out: Context,
    pub(crate) rtcp_out: Context,
    pub(crate) rtp_in: Context,
}

impl Contexts {
    /// `None` unless AES-GCM was negotiated, as every browser and both servers prefer.
    pub(crate) fn derive(material: &Material) -> Option<Self> {
        let key_bytes = match material.profile {
            SrtpProfile::AEAD_AES_128_GCM => 16,
            SrtpProfile::AEAD_AES_256_GCM => 32,
            _ => return None,
        };
        let (keys, salts) = material.bytes.split_at_checked(2 * key_bytes)?;
        let ((client_key, server_key), (client_salt, server_salt)) =
            (keys.split_at_checked(key_bytes)?, salts.split_at_checked(12)?);
        let (client, server) = ((client_key, client_salt), (server_key, server_salt));
        let (own, peer) = if material.is_client { (client, server) } else { (server, client) };
        Some(Self {
            rtp_out: Context::derive(own, LABEL_RTP_KEY, LABEL_RTP_SALT, true)?,
            rtcp_out: Context::derive(own, LABEL_RTCP_KEY, LABEL_RTCP_SALT, true)?,
            rtp_in: Context::derive(peer, LABEL_RTP_KEY, LABEL_RTP_SALT, false)?,
        })
    }
}

impl Context {
    fn derive(master: (&[u8], &[u8]), key: u8, salt: u8, seals: bool) -> Option<Self> {
        let provider = from_feature_flags().srtp_provider;
        let derived = derive(provider, master, key, master.0.len());
        let aead = match master.0.len() {
            16 => Aead::Short(provider.aead_aes_128_gcm().create_cipher(derived.try_into().ok()?, seals)),
            _ => Aead::Long(provider.aead_aes_256_gcm().create_cipher(derived.try_into().ok()?, seals)),
        };
        Some(Self { aead, salt: derive(provider, master, salt, 12).try_into().ok()? })
    }

    /// Append the sealed form of `header` and `plain`.
    pub(crate) fn seal(&mut self, iv: &[u8; 12], header: &[u8], plain: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(header);
        let start = out.len();
        out.resize(start + plain.len() + TAG_BYTES, 0);
        let sealed = out.get_mut(start..).unwrap_or_default();
        let done = match &mut self.aead {
            Aead::Short(cipher) => cipher.encrypt(iv, header, plain, sealed),
            Aead::Long(cipher) => cipher.encrypt(iv, header, plain, sealed),
        };
        debug_assert!(done.is_ok(), "sealing has no way to fail");
    }

    /// Seal a compound of RTCP (RFC 7714 9.2) under a number that is used once.
    pub(crate) fn seal_rtcp(&mut self, number: u32, ssrc: u32, compound: &[u8], out: &mut Vec<u8>) {
        let Some((header, plain)) = compound.split_at_checked(8) else { return };
        let trailer = (number | 0x8000_0000).to_be_bytes();
        let mut associated = [0; 12];
        let (first, last) = associated.split_at_mut(8);
        first.copy_from_slice(header);
        last.copy_from_slice(&trailer);
        let mut sealed = Vec::with_capacity(12 + plain.len() + TAG_BYTES);
        self.seal(&AeadAes128Gcm::rtcp_iv(self.salt, ssrc, number), &associated, plain, &mut sealed);
        out.extend_from_slice(header);
        out.extend_from_slice(sealed.get(12..).unwrap_or_default());
        out.extend_from_slice(&trailer);
    }

    /// `None` for what is not the peer's.
    pub(crate) fn open<'a>(
        &mut self,
        iv: &[u8; 12],
        header: &[u8],
        sealed: &[u8],
        out: &'a mut [u8],
    ) -> Option<&'a [u8]> {
        let count = sealed.len().checked_sub(TAG_BYTES)?;
        let plain = out.get_mut(..count)?;
        match &mut self.aead {
            Aead::Short(cipher) => cipher.decrypt(iv, &[header], sealed, plain).ok()?,
            Aead::Long(cipher) => cipher.decrypt(iv, &[header], sealed, plain).ok()?,
        };
        Some(plain)
    }

    /// The nonce of a packet with this extended sequence number.
    pub(crate) fn rtp_iv(&self, ssrc: u32, extended: u32) -> [u8; 12] {
        AeadAes128Gcm::rtp_iv(self.salt, ssrc, extended >> 16, extended as u16)
    }
}

/// RFC 3711 4.3: AES in counter mode of the master salt with a label.
fn derive(provider: &dyn SrtpProvider, (key, salt): (&[u8], &[u8]), label: u8, bytes: usize) -> Vec<u8> {
    let mut derived = Vec::with_capacity(bytes + 16);
    for round in 0..bytes.div_ceil(16) as u16 {
        let mut input = [0; 16];
        for (to, from) in input.iter_mut().zip(salt) {
            *to = *from;
        }
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
