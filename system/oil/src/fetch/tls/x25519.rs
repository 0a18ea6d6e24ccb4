//! The group X25519 in TLS (RFC 7748, RFC 8446), calculated by the crate of the curve that it is on: without the table for the base point, which
//! is 24 KB of ring, for some 0.1 ms of a connection.

use crate::keys::random::System;
use curve25519_dalek::MontgomeryPoint;
use curve25519_dalek::constants::X25519_BASEPOINT;
use rsa::rand_core::TryRng as _;
use rustls::crypto::{ActiveKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup, PeerMisbehaved};
use zeroize::Zeroizing;

/// The exchange of keys.
#[derive(Debug)]
pub struct Group;

impl SupportedKxGroup for Group {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let mut secret = Zeroizing::new([0; 32]);
        System
            .try_fill_bytes(&mut *secret)
            .map_err(|_| Error::FailedToGetRandomBytes)?;
        let public = X25519_BASEPOINT.mul_clamped(*secret);
        Ok(Box::new(Exchange { secret, public }))
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

struct Exchange {
    secret: Zeroizing<[u8; 32]>,
    public: MontgomeryPoint,
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        let peer: [u8; 32] = peer
            .try_into()
            .map_err(|_| PeerMisbehaved::InvalidKeyShare)?;
        let shared = Zeroizing::new(MontgomeryPoint(peer).mul_clamped(*self.secret).to_bytes());
        // A point of small order makes a secret that everybody knows (RFC 7748, 6.1; RFC 8446, 7.4.2).
        match shared.iter().all(|byte| *byte == 0) {
            true => Err(PeerMisbehaved::InvalidKeyShare.into()),
            false => Ok(SharedSecret::from(&shared[..])),
        }
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }

    fn pub_key(&self) -> &[u8] {
        self.public.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(digits: &str) -> [u8; 32] {
        crate::digest::from_hex(digits.as_bytes())
            .unwrap()
            .try_into()
            .unwrap()
    }

    fn exchange(secret: &str) -> Box<Exchange> {
        let secret = Zeroizing::new(bytes(secret));
        let public = X25519_BASEPOINT.mul_clamped(*secret);
        Box::new(Exchange { secret, public })
    }

    /// Alice and Bob (RFC 7748, 6.1).
    #[test]
    fn secrets_are_those_of_the_standard() {
        let alice = || exchange("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        let bob = exchange("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
        let public = bytes("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
        let shared = bytes("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
        assert_eq!(bob.pub_key(), public);
        assert_eq!(
            bob.complete(alice().pub_key()).unwrap().secret_bytes(),
            shared
        );
        assert_eq!(alice().complete(&public).unwrap().secret_bytes(), shared);
        for bad in [&[0; 32][..], &[1; 31], &[]] {
            assert!(alice().complete(bad).is_err());
        }
    }

    #[test]
    fn each_exchange_has_a_secret_of_its_own() {
        let (one, two) = (Group.start().unwrap(), Group.start().unwrap());
        assert_ne!(one.pub_key(), two.pub_key());
        let public = (one.pub_key().to_vec(), two.pub_key().to_vec());
        let shared = (
            one.complete(&public.1).unwrap(),
            two.complete(&public.0).unwrap(),
        );
        assert_eq!(shared.0.secret_bytes(), shared.1.secret_bytes());
    }
}
