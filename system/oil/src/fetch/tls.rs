//! Whose certificates are believed.

mod curves;
mod provider;

use crate::error::{Error, Result};
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
fn own(root: &Path) -> Result<Option<ClientCert>> {
    let named = |variable: &str, place: &str| {
        std::env::var_os(variable).map_or_else(|| root.join(place), PathBuf::from)
    };
    let certificate = named("SSL_CLIENT_CERT_FILE", "etc/apk/cert.pem");
    let key = named("SSL_CLIENT_KEY_FILE", "etc/apk/cert.key");
    if !certificate.exists() || !key.exists() {
        return Ok(None);
    }
    let bytes = std::fs::read(&key).map_err(Error::file(&key))?;
    let private = PrivateKey::from_pem(&bytes).map_err(|error| Error::Key {
        name: key.display().to_string(),
        reason: error.to_string(),
    })?;
    Ok(Some(ClientCert::new_with_certs(
        &certificates(&certificate)?,
        private,
    )))
}

/// The settings of TLS.
pub fn config(root: &Path, check: bool) -> Result<TlsConfig> {
    let roots = match check {
        true => certificates(&store(root)?)?,
        false => Vec::new(),
    };
    let provider = Arc::new(provider::provider());
    let config = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(RootCerts::new_with_certs(&roots))
        .client_cert(own(root)?)
        .disable_verification(!check);
    Ok(config.build())
}
