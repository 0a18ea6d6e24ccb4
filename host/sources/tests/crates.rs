//! Crates by lock: from a registry on the loopback, by the real cargo, and what can go wrong on the way.

mod common;

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use alpenglow_sources::{Crates, Error, Pin, Sources, silent};
use common::{Mirror, Reply, again_with_cargo, files, inner, lock, sha256};

/// The cargo that is tested.
fn cargo() -> std::ffi::OsString {
    std::env::var_os("ALPENGLOW_CARGO").unwrap_or_else(|| "cargo".into())
}

/// A `.crate` file: a gzipped tarball with one top folder.
fn packed(name: &str, version: &str) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    let manifest =
        format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\n");
    for (path, text) in [("Cargo.toml", &*manifest), ("src/lib.rs", "")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        header.set_cksum();
        let path = format!("{name}-{version}/{path}");
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// A registry that has the crate `leaf` 1.2.3, and a cargo home that is configured with it.
fn registry(dir: &Path) -> (Mirror, Vec<u8>) {
    let bytes = packed("leaf", "1.2.3");
    let line = format!(
        "{{\"name\":\"leaf\",\"vers\":\"1.2.3\",\"deps\":[],\"cksum\":\"{}\",\"features\":{{}},\"yanked\":false}}\n",
        sha256(&bytes)
    );
    let mirror = Mirror::new(&[
        ("le/af/leaf", Reply::File(line.into_bytes())),
        ("dl/leaf/1.2.3/download", Reply::File(bytes.clone())),
    ]);
    let config = format!("{{\"dl\":\"{}dl\"}}", mirror.address);
    mirror.set("config.json", Reply::File(config.into_bytes()));
    configure(dir, &mirror.address);
    (mirror, bytes)
}

fn configure(dir: &Path, address: &str) {
    let text = format!(
        "[source.crates-io]\nreplace-with = \"here\"\n[source.here]\nregistry = \"sparse+{address}\"\n"
    );
    fs::write(dir.join("cargo/config.toml"), text).unwrap();
}

/// A project that depends on `leaf`, with the lock that cargo writes, and in it another hash if one is given.
fn project(dir: &Path, hash: Option<&str>) -> PathBuf {
    let folder = dir.join("project");
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("src/lib.rs"), "").unwrap();
    fs::write(
        folder.join("Cargo.toml"),
        "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nleaf = \"1\"\n",
    )
    .unwrap();
    let mut command = Command::new(cargo());
    let status = command
        .args(["generate-lockfile", "--quiet"])
        .current_dir(&folder)
        .status();
    assert!(status.unwrap().success());
    if let Some(hash) = hash {
        let lock = fs::read_to_string(folder.join("Cargo.lock")).unwrap();
        let right = sha256(&packed("leaf", "1.2.3"));
        assert!(lock.contains(&right), "{lock}");
        fs::write(folder.join("Cargo.lock"), lock.replace(&right, hash)).unwrap();
    }
    folder
}

fn crates(dir: &Path) -> Crates {
    Crates::new(&dir.join("cache"), rustix::process::geteuid().as_raw())
}

#[test]
fn a_lock_becomes_a_directory_source() {
    let Some(dir) = inner() else {
        return again_with_cargo("a_lock_becomes_a_directory_source");
    };
    let (mirror, bytes) = registry(&dir);
    let folder = project(&dir, None);
    let set = crates(&dir).ensure(&folder, &silent).unwrap().unwrap();
    assert_eq!(files(&set).len(), 3);
    let sums = fs::read_to_string(set.join("leaf-1.2.3/.cargo-checksum.json")).unwrap();
    assert!(sums.contains(&sha256(&bytes)), "{sums}");
    // Whatever mode the tarball and the umask give, the build's own user must read it.
    assert_eq!(set.metadata().unwrap().mode() & 0o777, 0o755);

    // The set is complete: cargo needs no registry beside it.
    let vendored = format!(
        "[source.crates-io]\nreplace-with = \"set\"\n[source.set]\ndirectory = \"{}\"\n",
        set.display()
    );
    fs::create_dir(dir.join("other")).unwrap();
    fs::write(dir.join("other/config.toml"), vendored).unwrap();
    let status = Command::new(cargo())
        .args(["metadata", "--locked", "--offline", "--format-version=1"])
        .env("CARGO_HOME", dir.join("other"))
        .current_dir(&folder)
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success());

    // A second time nobody is asked.
    let asked = mirror.count();
    let again = crates(&dir).ensure(&folder, &silent).unwrap();
    assert_eq!((again, mirror.count()), (Some(set), asked));
}

#[test]
fn a_lock_without_crates_needs_no_cargo() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("Cargo.lock"), "version = 4\n").unwrap();
    let none = crates(dir.path()).ensure(dir.path(), &silent).unwrap();
    assert_eq!(none, None);
}

#[test]
fn a_changed_crate_is_refused() {
    let Some(dir) = inner() else {
        return again_with_cargo("a_changed_crate_is_refused");
    };
    let (_mirror, bytes) = registry(&dir);
    let folder = project(&dir, None);
    // What lies in cargo's own cache is taken by cargo as it is.
    crates(&dir).ensure(&folder, &silent).unwrap();
    for entry in fs::read_dir(dir.join("cargo/registry/cache")).unwrap() {
        let _ = fs::write(entry.unwrap().path().join("leaf-1.2.3.crate"), "changed");
    }
    fs::remove_dir_all(dir.join("cache")).unwrap();
    let error = crates(&dir).ensure(&folder, &silent).unwrap_err();
    assert!(matches!(error, Error::Crate { .. }), "{error}");
    let text = error.to_string();
    for part in [
        "crate leaf 1.2.3 of ",
        "project/Cargo.lock",
        "leaf-1.2.3.crate has the wrong hash",
        &sha256(&bytes),
        "Delete that file",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(files(&dir.join("cache")), Vec::<PathBuf>::new());
}

#[test]
fn a_registry_with_another_file_is_refused() {
    let Some(dir) = inner() else {
        return again_with_cargo("a_registry_with_another_file_is_refused");
    };
    let _mirror = registry(&dir);
    let folder = project(&dir, Some(&"ab".repeat(32)));
    let text = crates(&dir)
        .ensure(&folder, &silent)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("project/Cargo.lock") && text.contains("leaf"),
        "{text}"
    );
}

#[test]
fn a_silent_registry_is_told_in_cargos_words() {
    let Some(dir) = inner() else {
        return again_with_cargo("a_silent_registry_is_told_in_cargos_words");
    };
    let _mirror = registry(&dir);
    let folder = project(&dir, None);
    configure(&dir, "http://127.0.0.1:9/");
    let text = crates(&dir)
        .ensure(&folder, &silent)
        .unwrap_err()
        .to_string();
    // How cargo's libcurl writes the port depends on its version.
    for part in ["project/Cargo.lock", "127.0.0.1", "config.toml"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

fn crate_pin(version: &str, bytes: &[u8]) -> Pin {
    Pin {
        path: None,
        krate: Some("leaf".to_owned()),
        ..common::pin(version, "", bytes)
    }
}

#[test]
fn a_source_can_be_a_crate() {
    let Some(dir) = inner() else {
        return again_with_cargo("a_source_can_be_a_crate");
    };
    let (_mirror, bytes) = registry(&dir);
    let (gone, there) = (crate_pin("1.2.4", b"gone"), crate_pin("1.2.3", &bytes));
    let sources = Sources::new(
        &dir.join("cache"),
        lock("leaf", [&gone, &there]),
        Vec::new(),
    );
    let (pin, path) = sources.fetch_first("leaf", &silent).unwrap();
    assert_eq!(pin, &there);
    assert!(path.ends_with(format!("{}-leaf-1.2.3.crate", there.sha256)));
    assert_eq!(fs::read(path).unwrap(), bytes);

    let sources = Sources::new(&dir.join("other"), lock("leaf", [&gone]), Vec::new());
    let text = sources
        .fetch_first("leaf", &silent)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("1.2.4 at the registry") && text.contains("sources.lock"),
        "{text}"
    );
}

#[test]
fn a_crate_with_another_hash_than_the_lock_is_refused() {
    let Some(dir) = inner() else {
        return again_with_cargo("a_crate_with_another_hash_than_the_lock_is_refused");
    };
    let (_mirror, bytes) = registry(&dir);
    let pin = crate_pin("1.2.3", b"other bytes");
    let sources = Sources::new(&dir.join("cache"), lock("leaf", [&pin]), Vec::new());
    let text = sources
        .fetch_first("leaf", &silent)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains(&pin.sha256) && text.contains(&sha256(&bytes)),
        "{text}"
    );
    assert_eq!(files(&dir.join("cache")), Vec::<PathBuf>::new());
}
