//! Whose certificates are believed.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_platform_verifier::Verifier;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme,
};

use crate::error::{Error, ErrorKind, Result};

/// A file of certificates is not larger than this.
const LARGEST_FILE: u64 = 4 << 20;

/// Whose certificates are believed: by default those that the system believes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trust {
    /// A PEM file of authorities that are believed besides.
    pub(crate) ca_file: Option<PathBuf>,
    /// Whether any certificate will do: nobody then knows who answers.
    pub(crate) accept_invalid: bool,
}

impl Trust {
    /// The TLS of all connections, to servers and to proxies.
    ///
    /// # Errors
    /// `not_found` or `local_io` where the file cannot be read; `invalid_argument` where it is not one of certificates.
    pub(super) fn tls(&self) -> Result<ClientConfig> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        // Read even where it does not count, so that a bad one is found.
        let own = match &self.ca_file {
            None => Vec::new(),
            Some(file) => authorities(file)?,
        };
        let verifier: Arc<dyn ServerCertVerifier> = if self.accept_invalid {
            Arc::new(Anyone(Arc::clone(&provider)))
        } else {
            let verifier = Verifier::new_with_extra_roots(own, Arc::clone(&provider));
            Arc::new(verifier.map_err(|cause| self.unusable(cause))?)
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|cause| self.unusable(cause))?;
        Ok(config
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth())
    }

    fn unusable(&self, cause: TlsError) -> Error {
        match &self.ca_file {
            Some(file) => no_certificates(file).with_source(cause),
            None => Error::new(
                ErrorKind::LocalIo,
                "cannot use the certificates of this system",
            )
            .with_hint("install the package `ca-certificates`, or name a PEM file as `ca_file`")
            .with_source(cause),
        }
    }
}

fn authorities(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let mut text = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(LARGEST_FILE).read_to_end(&mut text))
        .map_err(|source| Error::io("read", file, source))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(no_certificates(file)),
        Err(cause) => Err(no_certificates(file).with_source(cause)),
    }
}

fn no_certificates(file: &Path) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("the file `{}` does not hold certificates", file.display()),
    )
    .with_hint("`ca_file` takes PEM: blocks that begin with `-----BEGIN CERTIFICATE-----`")
}

/// Believes every certificate. That the other side holds the key to it is still checked.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
