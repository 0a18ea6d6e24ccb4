use std::collections::HashSet;

use sha_crypt::PasswordVerifier as _;

use super::*;
use crate::cpio::read::read;

const SHADOW: &str = "daemon:*:1:0:99999:7:::\nroot:*:20000:0:99999:7:::\nrooty:!:1::::::\n";

const KNOWN: &str = "$6$abcdefghijklmnop$J/AWykHqo2Tx5UtavGnFc3ytI33la50JpzLTarSWVhkIXK6wOjNwwZjsrIw2UgmrER2EKrSHCeQyAINEEXAk1/";

#[test]
fn a_known_hash() {
    // `openssl passwd -6 -salt abcdefghijklmnop secret` and mkpasswd(1) agree on it.
    let salt = base64("abcdefghijklmnop");
    let hash = hash("secret", &salt).unwrap();
    assert!(hash.starts_with("$6$abcdefghijklmnop$"), "{hash}");
    assert_eq!(hash, KNOWN);
}

/// 16 characters of crypt's alphabet as the 12 bytes they stand for.
fn base64(text: &str) -> Vec<u8> {
    let digit = |c: u8| {
        b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
            .iter()
            .position(|d| *d == c)
            .unwrap() as u32
    };
    text.as_bytes()
        .chunks(4)
        .flat_map(|four| {
            let bits = four.iter().rev().fold(0, |bits, c| bits << 6 | digit(*c));
            bits.to_le_bytes()[..3].to_vec()
        })
        .collect()
}

#[test]
fn every_one_is_another() {
    let some: Vec<Credential> = (0..8).map(|_| Credential::random().unwrap()).collect();
    let passwords: HashSet<&str> = some.iter().map(Credential::password).collect();
    let salts: HashSet<&str> = some
        .iter()
        .map(|c| c.hash().split('$').nth(2).unwrap())
        .collect();
    assert_eq!((passwords.len(), salts.len()), (8, 8));
    for credential in &some {
        assert_eq!(credential.password().len(), LENGTH);
        assert!(credential.password().bytes().all(|c| ALPHABET.contains(&c)));
        assert!(
            ShaCrypt::SHA512
                .verify_password(credential.password().as_bytes(), credential.hash())
                .is_ok()
        );
        assert!(
            ShaCrypt::SHA512
                .verify_password(b"secret", credential.hash())
                .is_err()
        );
        assert!(!format!("{credential:?}").contains(credential.password()));
    }
}

#[test]
fn the_alphabet_has_each_character_once() {
    let distinct: HashSet<&u8> = ALPHABET.iter().collect();
    assert_eq!(distinct.len(), ALPHABET.len());
    assert!(ALPHABET.iter().all(u8::is_ascii_alphanumeric));
    assert!(b"0O1Il".iter().all(|c| !ALPHABET.contains(c)));
}

#[test]
fn the_archive_holds_one_private_file() {
    let credential = Credential::random().unwrap();
    let mut names = Vec::new();
    let tree = read(&credential.archive(SHADOW, None, None).unwrap(), &mut names).unwrap();
    assert_eq!(names, [b"etc/shadow"]);
    let file = &tree[&b"etc/shadow"[..]];
    assert_eq!((file.mode, file.uid, file.gid), (0o100_600, 0, 0));
    let text = String::from_utf8(file.data.clone()).unwrap();
    let expected = SHADOW.replace("root:*:", &format!("root:{}:", credential.hash()));
    assert_eq!(text, expected);
}

#[test]
fn it_may_lie_below_the_folder_of_a_layer() {
    let credential = Credential::random().unwrap();
    let mut names = Vec::new();
    let archive = credential
        .archive(SHADOW, Some("a key"), Some("upper"))
        .unwrap();
    let tree = read(&archive, &mut names).unwrap();
    let paths = [
        "upper",
        "upper/etc",
        "upper/etc/shadow",
        "upper/root",
        "upper/root/.ssh",
        "upper/root/.ssh/authorized_keys",
    ];
    assert_eq!(names, paths.map(str::as_bytes));
    assert_eq!(tree[&b"upper/root"[..]].mode & 0o777, 0o700);
    assert_eq!(tree[&b"upper/root/.ssh/authorized_keys"[..]].data, b"a key");
}

#[test]
fn every_other_line_stays() {
    assert_eq!(
        replace("root:!:1:0:99999:7:::", "H").unwrap(),
        "root:H:1:0:99999:7:::\n"
    );
    assert_eq!(replace("root::", "H").unwrap(), "root:H:\n");
    assert_eq!(
        replace("\na:b\nroot:x:0\n", "H").unwrap(),
        "\na:b\nroot:H:0\n"
    );
}

#[test]
fn a_shadow_file_that_is_no_base() {
    for (shadow, part) in [
        ("", "no line for root"),
        ("rooty:x:1\n", "no line for root"),
        ("root:x\n", "fewer fields"),
        ("root:x:1\nroot:y:1\n", "several lines"),
    ] {
        let text = replace(shadow, "H").unwrap_err().to_string();
        assert!(text.contains(part), "{text}");
    }
}
