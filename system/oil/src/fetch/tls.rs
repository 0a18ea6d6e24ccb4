//! Whose certificates are believed.

mod curves;
mod provider;

use crate::error::{Error, Result};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use ureq::tls::{
    Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, TlsProvider, parse_pem,
};

/// Files with the certificates of authorities, the first that is there; before them `etc/apk/ca.pem` of the root.
const STORES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
];

fn store(root: &Path) -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("SSL_CERT_FILE") {
        return Ok(named.into());
    }
    let own = root.join("etc/apk/ca.pem");
    let places = std::iter::once(own).chain(STORES.map(PathBuf::from));
    places.into_iter().find(|place| place.exists()).ok_or_else(|| {
        Error::Make(
            "no certificates of authorities: install ca-certificates, or put them into etc/apk/ca.pem".to_owned(),
        )
    })
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>> {
    let bytes = std::fs::read(path).map_err(Error::file(path))?;
    let items = parse_pem(&bytes).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    Ok(items.collect())
}

/// The client's own certificate, if the root has one.
fn own(root: &Path, provider: &CryptoProvider) -> Result<Option<ClientCert>> {
    let named = |variable: &str, place: &str| {
        std::env::var_os(variable).map_or_else(|| root.join(place), PathBuf::from)
    };
    let certificate = named("SSL_CLIENT_CERT_FILE", "etc/apk/cert.pem");
    let key = named("SSL_CLIENT_KEY_FILE", "etc/apk/cert.key");
    if !certificate.exists() || !key.exists() {
        return Ok(None);
    }
    let bytes = std::fs::read(&key).map_err(Error::file(&key))?;
    let bad = |reason| Error::Key {
        name: key.display().to_string(),
        reason,
    };
    let private = PrivateKey::from_pem(&bytes).map_err(|error| bad(error.to_string()))?;
    let chain = certificates(&certificate)?;
    check(&chain, &bytes, provider)
        .map_err(|error| bad(format!("with {}: {error}", certificate.display())))?;
    Ok(Some(ClientCert::new_with_certs(&chain, private)))
}

/// Whether a key in PEM can be used, and is that of the first certificate: the client of HTTP takes this for granted, and
/// would end the program.
fn check(
    chain: &[Certificate],
    key: &[u8],
    provider: &CryptoProvider,
) -> Result<(), rustls::Error> {
    let chain = chain.iter();
    let chain = chain.map(|one| CertificateDer::from(one.der()).into_owned());
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    CertifiedKey::from_der(chain.collect(), key, provider).map(|_| ())
}

/// The settings of TLS.
pub fn config(root: &Path, check: bool) -> Result<TlsConfig> {
    let roots = match check {
        true => certificates(&store(root)?)?,
        false => Vec::new(),
    };
    let provider = Arc::new(provider::provider());
    let own = own(root, &provider)?;
    let config = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(RootCerts::new_with_certs(&roots))
        .client_cert(own)
        .disable_verification(!check);
    Ok(config.build())
}
