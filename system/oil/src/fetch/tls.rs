//! Whose certificates are believed.

mod curves;
mod provider;
mod x25519;

use super::socket::Socket;
use crate::error::{Error, Result};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, StreamOwned};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let bytes = std::fs::read(path).map_err(Error::file(path))?;
    Ok(CertificateDer::pem_slice_iter(&bytes).flatten().collect())
}

/// The client's own certificate, if the root has one.
fn own(root: &Path, provider: &CryptoProvider) -> Result<Option<CertifiedKey>> {
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
    let private = PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| bad(error.to_string()))?;
    // Also whether it is that of the first certificate.
    let whole = CertifiedKey::from_der(certificates(&certificate)?, private, provider)
        .map_err(|error| bad(format!("with {}: {error}", certificate.display())))?;
    Ok(Some(whole))
}

/// How connections are made secret, and with whom.
pub struct Secure(Arc<ClientConfig>);

impl Secure {
    /// As the root and the environment say; whoever answers is believed unless `check` is set.
    ///
    /// # Errors
    /// What is wrong with files of certificates and keys.
    pub fn new(root: &Path, check: bool) -> Result<Self> {
        let provider = Arc::new(provider::provider());
        let own = own(root, &provider)?;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Make(error.to_string()))?;
        let builder = if check {
            let mut roots = RootCertStore::empty();
            // One that cannot be read makes nobody believed.
            roots.add_parsable_certificates(certificates(&store(root)?)?);
            builder.with_root_certificates(roots)
        } else {
            let all = Arc::new(Anybody(provider));
            builder.dangerous().with_custom_certificate_verifier(all)
        };
        let config = match own {
            Some(own) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own))),
            None => builder.with_no_client_auth(),
        };
        Ok(Self(Arc::new(config)))
    }

    /// Begins with a server; what follows is done as something is written and read.
    ///
    /// # Errors
    /// That its name cannot be one.
    pub fn begin(
        &self,
        host: &str,
        socket: Socket,
    ) -> Result<StreamOwned<ClientConnection, Socket>, String> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| format!("{host:?} is no name of a server"))?;
        let connection =
            ClientConnection::new(Arc::clone(&self.0), name).map_err(|error| error.to_string())?;
        Ok(StreamOwned::new(connection, socket))
    }
}

/// Whoever holds the key of the certificate that is shown, whosever that is: `--no-check-certificate`.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
