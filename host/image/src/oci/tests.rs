use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::PathBuf;

use flate2::read::GzDecoder;
use serde_json::Value;

use super::*;
use crate::tarball;

/// An image's files by name, and where it lies.
struct Image {
    dir: tempfile::TempDir,
    files: BTreeMap<String, Vec<u8>>,
}

impl Image {
    fn path(&self) -> PathBuf {
        self.dir.path().join("oci")
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.files[name]).unwrap()
    }

    /// What a descriptor describes, which must have its length and digest.
    fn described(&self, descriptor: &Value) -> &[u8] {
        let digest = descriptor["digest"].as_str().unwrap();
        let bytes = &self.files[&blob(digest.strip_prefix("sha256:").unwrap())];
        assert_eq!(descriptor["size"], bytes.len());
        assert_eq!(digest, format!("sha256:{}", super::digest(bytes)));
        bytes
    }
}

fn image(arch: Arch) -> Image {
    image_by(arch, Compression::Gzip)
}

fn image_by(arch: Arch, kind: Compression) -> Image {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    fs::create_dir_all(root.join("bin")).unwrap();
    fs::write(root.join("bin/sh"), "shell").unwrap();
    let archive = dir.path().join("tar");
    let about = About {
        edition: "small".into(),
        summary: "A \"small\" one".into(),
        version: "1.2".into(),
        licenses: all_licenses(["MIT OR Apache-2.0", "0BSD"]),
        arch,
        time: 1_767_225_600,
    };
    let layer = tarball::build(&root, &archive, about.time, kind).unwrap();
    let out = dir.path().join("oci");
    let bytes = build(&layer, &archive, &about, &out).unwrap();
    let whole = fs::read(&out).unwrap();
    assert_eq!(bytes, whole.len() as u64);
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(&whole[..]).entries().unwrap() {
        let mut entry = entry.unwrap();
        assert_eq!(entry.header().mtime().unwrap(), u64::from(about.time));
        let name = entry.path().unwrap().display().to_string();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        assert!(files.insert(name, bytes).is_none());
    }
    Image { dir, files }
}

#[test]
fn an_index_leads_to_the_root() {
    let image = image(Arch::X86_64);
    assert_eq!(image.json("oci-layout")["imageLayoutVersion"], "1.0.0");
    let index = image.json("index.json");
    assert_eq!(
        (&index["schemaVersion"], &index["mediaType"]),
        (&2.into(), &INDEX.into())
    );
    let first = &index["manifests"][0];
    assert_eq!(first["platform"]["architecture"], "amd64");
    assert_eq!(
        first["annotations"]["org.opencontainers.image.ref.name"],
        "alpenglow-small:latest"
    );
    let manifest: Value = serde_json::from_slice(image.described(first)).unwrap();
    assert_eq!(manifest["mediaType"], MANIFEST);
    assert_eq!(manifest["schemaVersion"], 2);
    let config: Value = serde_json::from_slice(image.described(&manifest["config"])).unwrap();
    for (key, value) in [
        ("created", "2026-01-01T00:00:00Z"),
        ("architecture", "amd64"),
        ("os", "linux"),
    ] {
        assert_eq!(config[key], value);
    }
    assert!(config.get("variant").is_none());
    assert_eq!(config["config"]["Env"][0], PATH);
    assert_eq!(config["config"]["Cmd"][0], "/bin/sh");
    for (key, value) in [
        ("title", "Alpenglow"),
        ("version", "1.2"),
        ("licenses", "(MIT OR Apache-2.0) AND 0BSD"),
        ("description", "A \"small\" one"),
    ] {
        let key = format!("org.opencontainers.image.{key}");
        assert_eq!(config["config"]["Labels"][&key], value);
        assert_eq!(manifest["annotations"][&key], value);
    }
    let layer = image.described(&manifest["layers"][0]);
    let mut plain = Vec::new();
    GzDecoder::new(layer).read_to_end(&mut plain).unwrap();
    let diff_id = format!("sha256:{}", digest(&plain));
    assert_eq!(config["rootfs"]["diff_ids"], serde_json::json!([diff_id]));
    let mut archive = tar::Archive::new(&plain[..]);
    let paths = archive.entries().unwrap().map(|entry| {
        let entry = entry.unwrap();
        String::from_utf8(entry.path_bytes().into_owned()).unwrap()
    });
    let paths: Vec<String> = paths.filter(|path| path != "./").collect();
    assert_eq!(paths, ["bin/", "bin/sh"]);
}

#[test]
fn a_layer_is_described_as_it_is_compressed() {
    let media = |kind| {
        let image = image_by(Arch::X86_64, kind);
        let first = image.json("index.json")["manifests"][0].clone();
        let manifest: Value = serde_json::from_slice(image.described(&first)).unwrap();
        let layer = &manifest["layers"][0];
        let start = image.described(layer)[..2].to_vec();
        (layer["mediaType"].as_str().unwrap().to_owned(), start)
    };
    let (gzip, start) = media(Compression::Gzip);
    assert!(gzip.ends_with(".v1.tar+gzip") && start == [0x1f, 0x8b]);
    let (zstd, start) = media(Compression::Zstd);
    assert!(zstd.ends_with(".v1.tar+zstd") && start == [0x28, 0xb5]);
}

#[test]
fn dockers_own_description_names_the_same_blobs() {
    let image = image(Arch::X86_64);
    let docker = image.json("manifest.json");
    let first = image.json("index.json")["manifests"][0].clone();
    let manifest: Value = serde_json::from_slice(image.described(&first)).unwrap();
    let place = |descriptor: &Value| {
        let digest = descriptor["digest"].as_str().unwrap();
        blob(digest.strip_prefix("sha256:").unwrap())
    };
    assert_eq!(
        docker,
        serde_json::json!([{
            "Config": place(&manifest["config"]),
            "RepoTags": ["alpenglow-small:latest"],
            "Layers": [place(&manifest["layers"][0])],
        }])
    );
    // And there is no blob that nothing names.
    let blobs = image.files.keys().filter(|name| name.len() > 20);
    assert_eq!(blobs.count(), 3);
}

#[test]
fn architectures_are_called_as_go_calls_them() {
    for (arch, name, variant) in [
        (Arch::X86_64, "amd64", Value::Null),
        (Arch::Aarch64, "arm64", "v8".into()),
        (Arch::Riscv64, "riscv64", Value::Null),
    ] {
        let platform = &image(arch).json("index.json")["manifests"][0]["platform"];
        assert_eq!(
            (&platform["architecture"], &platform["variant"]),
            (&name.into(), &variant)
        );
    }
}

#[test]
fn an_image_is_always_the_same() {
    let [one, other] = [(); 2].map(|()| fs::read(image(Arch::X86_64).path()).unwrap());
    assert!(one == other);
}

#[test]
fn licences_are_each_there_once() {
    assert_eq!(
        all_licenses([
            "MirOS AND ISC",
            "MIT OR Apache-2.0",
            "0BSD",
            "ISC",
            "MIT OR Apache-2.0"
        ]),
        "(MIT OR Apache-2.0) AND 0BSD AND ISC AND MirOS"
    );
}

#[test]
fn an_image_that_cannot_be_written_leaves_nothing() {
    let image = image(Arch::X86_64);
    let layer = Layer {
        digest: String::new(),
        bytes: 1,
        diff_id: String::new(),
        kind: Compression::Gzip,
    };
    let about = About {
        edition: "small".into(),
        summary: String::new(),
        version: String::new(),
        licenses: String::new(),
        arch: Arch::X86_64,
        time: 0,
    };
    let out = image.dir.path().join("new/oci");
    let text = build(&layer, &image.dir.path().join("tar"), &about, &out).unwrap_err();
    assert!(text.to_string().contains("length changed"), "{text}");
    assert_eq!(fs::read_dir(out.parent().unwrap()).unwrap().count(), 0);
}
