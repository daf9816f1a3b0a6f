//! The keys of a DTLS association, overheard.

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use str0m::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, ProtocolVersion, SrtpProfile,
};
use str0m::crypto::{CryptoError, CryptoProvider, from_feature_flags};

/// Where the material of an association appears when its handshake is done.
pub type Slot = Arc<Mutex<Option<Material>>>;

/// What both directions are derived from.
#[derive(Clone)]
pub struct Material {
    pub(super) bytes: Vec<u8>,
    pub(super) profile: SrtpProfile,
    pub(super) is_client: bool,
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Material").field("profile", &self.profile).finish_non_exhaustive()
    }
}

impl Material {
    /// As a handshake exports it (RFC 5764 4.2), and which end we were.
    pub fn new(bytes: Vec<u8>, profile: SrtpProfile, is_client: bool) -> Self {
        Self { bytes, profile, is_client }
    }

    /// As the other end has it.
    pub(crate) fn of_peer(&self) -> Self {
        Self { is_client: !self.is_client, ..self.clone() }
    }
}

thread_local! {
    static LATEST: RefCell<Slot> = RefCell::new(Slot::default());
}

/// The slot of the association that this thread made last.
pub fn latest_slot() -> Slot {
    LATEST.with(|latest| Arc::clone(&latest.borrow()))
}

/// The engine's own provider, but for the ear at its associations.
pub fn provider() -> CryptoProvider {
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
        #[cfg(test)]
        let output = forced(output);
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

#[cfg(test)]
thread_local! {
    static FORCED: std::cell::Cell<Option<SrtpProfile>> = const { std::cell::Cell::new(None) };
}

/// Let handshakes of this thread end with a profile, whatever was negotiated.
#[cfg(test)]
pub(crate) fn force(profile: Option<SrtpProfile>) {
    FORCED.set(profile);
}

#[cfg(test)]
fn forced(output: DtlsOutput<'_>) -> DtlsOutput<'_> {
    use str0m::crypto::dtls::KeyingMaterial;
    let DtlsOutput::KeyingMaterial(material, negotiated) = output else { return output };
    let profile = FORCED.get().unwrap_or(negotiated);
    let bytes = match profile {
        SrtpProfile::AEAD_AES_128_GCM => 56,
        SrtpProfile::AES128_CM_SHA1_80 => 60,
        _ => 88,
    };
    DtlsOutput::KeyingMaterial(KeyingMaterial::new(material.get(..bytes).unwrap_or(&material)), profile)
}
