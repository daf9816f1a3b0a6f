//! The certificate of TURN over TLS, read again when its file changes.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Two PEM files.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    /// The certificate and those that lead to its authority.
    pub chain: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

pub(super) struct Certificate {
    files: CertificateFiles,
    changed_at: [SystemTime; 2],
    config: Arc<ServerConfig>,
}

impl Certificate {
    pub(super) fn load(files: CertificateFiles) -> io::Result<Self> {
        let changed_at = changed_at(&files)?;
        let config = read(&files)?;
        Ok(Self { files, changed_at, config })
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Whether there is another one now.
    pub(super) fn renew(&mut self) -> io::Result<bool> {
        let changed_at = changed_at(&self.files)?;
        if changed_at == self.changed_at {
            return Ok(false);
        }
        self.config = read(&self.files)?;
        self.changed_at = changed_at;
        Ok(true)
    }
}

fn changed_at(files: &CertificateFiles) -> io::Result<[SystemTime; 2]> {
    Ok([files.chain.metadata()?.modified()?, files.key.metadata()?.modified()?])
}

fn read(files: &CertificateFiles) -> io::Result<Arc<ServerConfig>> {
    let chain = CertificateDer::pem_file_iter(&files.chain).map_err(io::Error::other)?;
    let chain: Vec<CertificateDer<'static>> = chain.collect::<Result<_, _>>().map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(io::Error::other)?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(io::Error::other)?;
    Ok(Arc::new(config))
}
