//! Keys in the forms that openssl writes.

use oil::digest::{Algorithm, Digest};
use oil::keys::{PrivateKey, PublicKey};
use std::fs;
use std::process::Command;

#[test]
fn keys_are_those_of_openssl() {
    let place = tempfile::tempdir().unwrap();
    for (words, name) in [
        (
            &[
                "genpkey",
                "-algorithm",
                "RSA",
                "-pkeyopt",
                "rsa_keygen_bits:2048",
            ][..],
            "a",
        ),
        (&["ecparam", "-name", "prime256v1", "-genkey"], "b"),
        (
            &[
                "genpkey",
                "-algorithm",
                "EC",
                "-pkeyopt",
                "ec_paramgen_curve:P-384",
            ],
            "c",
        ),
    ] {
        let path = place.path().join(name);
        let run = |words: &[&str]| Command::new("openssl").args(words).output();
        let Ok(made) = run(&[words, &["-out", path.to_str().unwrap()]].concat()) else {
            eprintln!("skipped: no openssl");
            return;
        };
        assert!(made.status.success());
        let public = place.path().join(format!("{name}.pub"));
        let words = [
            "pkey",
            "-in",
            path.to_str().unwrap(),
            "-pubout",
            "-out",
            public.to_str().unwrap(),
        ];
        assert!(run(&words).unwrap().status.success());
        let key = PrivateKey::read(&path).unwrap();
        assert_eq!(
            key.public_pem().unwrap(),
            fs::read_to_string(&public).unwrap()
        );
        let public = PublicKey::from_pem("x", &fs::read(&public).unwrap()).unwrap();
        assert_eq!(public.id(), key.id().unwrap());
        let digest = Digest::of(Algorithm::Sha512, b"message");
        let signature = key.sign(Algorithm::Sha512, &digest).unwrap();
        assert!(public.verify(Algorithm::Sha512, &digest, &signature));
        assert!(!public.verify(
            Algorithm::Sha512,
            &Digest::of(Algorithm::Sha512, b""),
            &signature
        ));
    }
}
