//! The certificate authority that the emulator makes, and the certificate for the names it answers to.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::Offset};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The names on the certificate.
const NAMES: [&str; 5] = [
    "localhost",
    "*.dropboxapi.com",
    "*.dropbox.com",
    "dropboxapi.com",
    "dropbox.com",
];

/// An authority of its own for each emulator: whoever trusts it trusts nothing else.
pub(super) struct Authority {
    /// The certificate that clients are to trust, in PEM.
    pub(super) pem: String,
    /// Speaks TLS as any of the names.
    pub(super) acceptor: TlsAcceptor,
}

impl Authority {
    pub(super) fn new() -> io::Result<Authority> {
        let issuer = issuer().map_err(io::Error::other)?;
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let leaf = leaf().map_err(io::Error::other)?;
        let leaf = leaf.signed_by(&key, &issuer).map_err(io::Error::other)?;
        let chain = vec![leaf.der().clone(), issuer.der().clone()];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Authority {
            pem: issuer.pem(),
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }
}

fn issuer() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = params("dropscript emulator CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn leaf() -> Result<CertificateParams, rcgen::Error> {
    let mut params = params("dropscript emulator");
    let addresses: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    params.subject_alt_names = addresses.map(SanType::IpAddress).into();
    for name in NAMES {
        params
            .subject_alt_names
            .push(SanType::DnsName(name.try_into()?));
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Verifiers that are strict about RFC 5280, such as Python's from 3.13 on, insist on it.
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// Valid from yesterday, for clocks that differ, and for a year: some verifiers take no longer ones.
fn params(name: &str) -> CertificateParams {
    let today = Offset::UTC.to_datetime(Timestamp::now()).date();
    let date = |date: Date| {
        let part = |part: i8| part.unsigned_abs();
        rcgen::date_time_ymd(date.year().into(), part(date.month()), part(date.day()))
    };
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date(today.saturating_sub(1.day()));
    params.not_after = date(today.saturating_add(1.year()));
    params
}
