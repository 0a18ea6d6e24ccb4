//! A container image of one layer, as an archive of an image layout (OCI Image Spec 1.1: image-layout.md, manifest.md,
//! config.md, annotations.md).
//!
//! Beside the layout stands `manifest.json`, the description that `docker load` reads where it is older than image
//! layouts (before Docker 25); it names the same blobs.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use alpenglow_builder::Arch;
use alpenglow_builder::debian::hex;
use oil::date::Date;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tar::EntryType;

use crate::cpio::Meta;
use crate::output::Output;
use crate::tarball::Layer;
use crate::tarball::write::{Head, Writer};
use crate::{Compression, Error, Result};

#[cfg(test)]
mod tests;

/// What programs find in their environment, as a login's has it (packages/base-files).
const PATH: &str = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
/// What is run where nothing else is said.
const COMMAND: &str = "/bin/sh";

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// With a compression's name behind it, of which there are gzip and zstd (OCI Image Spec 1.1, layer.md).
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// The media type of a layer that is compressed so.
fn layer_type(kind: Compression) -> String {
    match kind {
        Compression::None => LAYER.to_owned(),
        kind => format!("{LAYER}+{kind}"),
    }
}

/// What an image says of itself.
#[derive(Clone, Debug)]
pub struct About {
    /// The edition.
    pub edition: String,
    /// What the edition is, in one line.
    pub summary: String,
    /// The version.
    pub version: String,
    /// An SPDX expression that covers all that is in it.
    pub licenses: String,
    /// The architecture of its programs.
    pub arch: Arch,
    /// When it was made, in seconds since 1970; its archive's entries bear this time as well.
    pub time: u32,
}

/// Makes an image of a layer, which is the file at `archive`, and returns its length in bytes.
///
/// # Errors
/// [`Error::Read`], [`Error::Write`].
pub fn build(layer: &Layer, archive: &Path, about: &About, out: &Path) -> Result<u64> {
    let failed = |source: io::Error| Error::write(out)(source);
    let config = json(&about.config(layer));
    let manifest = json(&Manifest {
        schema_version: 2,
        media_type: MANIFEST,
        config: Descriptor::of(CONFIG, &config),
        layers: vec![Descriptor::new(
            layer_type(layer.kind),
            &layer.digest,
            layer.bytes,
        )],
        annotations: about.annotations(),
    });
    let mut described = Descriptor::of(MANIFEST, &manifest);
    described.platform = Some(about.platform());
    described.annotations = about.names();
    let index = json(&Index {
        schema_version: 2,
        media_type: INDEX,
        manifests: vec![described],
    });
    let docker = json(&[Docker {
        config: blob(&digest(&config)),
        repo_tags: vec![about.name()],
        layers: vec![blob(&layer.digest)],
    }]);
    let mut file = Output::new(out, 0o644)?;
    let mut writer = Writer::new(&mut file, about.time);
    let mut small = || {
        writer.bytes("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        writer.bytes("index.json", &index)?;
        writer.bytes("manifest.json", &docker)?;
        for folder in ["blobs/", "blobs/sha256/"] {
            let head = Head::new(folder.into(), EntryType::Directory, Meta::root(0o755));
            writer.head(&head)?;
        }
        writer.bytes(&blob(&digest(&manifest)), &manifest)?;
        writer.bytes(&blob(&digest(&config)), &config)
    };
    small().map_err(failed)?;
    let name = blob(&layer.digest).into_bytes();
    let head = Head::new(name, EntryType::Regular, Meta::root(0o644));
    writer.file(head, archive, layer.bytes, &failed)?;
    writer.finish().map_err(failed)?;
    file.finish()
}

/// Joins SPDX expressions to one that covers them all, each once, sorted.
pub fn all_licenses<'a>(licenses: impl IntoIterator<Item = &'a str>) -> String {
    let mut all = std::collections::BTreeSet::new();
    for license in licenses {
        // "A AND B" is two; what offers a choice stays together.
        if license.contains(" OR ") {
            all.insert(format!("({license})"));
        } else {
            all.extend(license.split(" AND ").map(str::to_owned));
        }
    }
    Vec::from_iter(all).join(" AND ")
}

impl About {
    /// What `docker run` and `podman run` call it.
    fn name(&self) -> String {
        format!("alpenglow-{}:latest", self.edition)
    }

    fn created(&self) -> String {
        let date = Date::of(self.time.into());
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            date.year, date.month, date.day, date.hour, date.minute, date.second
        )
    }

    /// The same as a manifest's annotations and as a container's labels.
    fn annotations(&self) -> BTreeMap<&'static str, String> {
        [
            ("org.opencontainers.image.title", "Alpenglow".to_owned()),
            ("org.opencontainers.image.description", self.summary.clone()),
            ("org.opencontainers.image.version", self.version.clone()),
            ("org.opencontainers.image.licenses", self.licenses.clone()),
            ("org.opencontainers.image.created", self.created()),
        ]
        .into()
    }

    /// By what it can be asked for of the archive: with the specification's own annotation, and containerd's, which wants
    /// a name with a host in front.
    fn names(&self) -> BTreeMap<&'static str, String> {
        [
            ("org.opencontainers.image.ref.name", self.name()),
            (
                "io.containerd.image.name",
                format!("docker.io/library/{}", self.name()),
            ),
        ]
        .into()
    }

    /// In the names of Go's compiler, as the specification asks.
    fn platform(&self) -> Platform {
        let (architecture, variant) = match self.arch {
            Arch::X86_64 => ("amd64", None),
            Arch::Aarch64 => ("arm64", Some("v8")),
            Arch::Riscv64 => ("riscv64", None),
        };
        Platform {
            architecture,
            variant,
            os: "linux",
        }
    }

    fn config(&self, layer: &Layer) -> Config {
        let created = self.created();
        Config {
            created: created.clone(),
            platform: self.platform(),
            config: Execution {
                env: [PATH],
                cmd: [COMMAND],
                working_dir: "/",
                labels: self.annotations(),
            },
            rootfs: Rootfs {
                kind: "layers",
                diff_ids: [format!("sha256:{}", layer.diff_id)],
            },
            history: [History {
                created,
                created_by: format!("alpenglow build --edition {}", self.edition),
            }],
        }
    }
}

/// Lower-case hexadecimal.
fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Where a blob is in a layout.
fn blob(digest: &str) -> String {
    format!("blobs/sha256/{digest}")
}

/// Fields come as they are declared, so that the bytes are always the same.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts and numbers can be written as JSON")
}

#[derive(Serialize)]
struct Descriptor {
    #[serde(rename = "mediaType")]
    media_type: String,
    digest: String,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Platform>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'static str, String>,
}

impl Descriptor {
    fn new(media_type: impl Into<String>, digest: &str, size: u64) -> Self {
        Self {
            media_type: media_type.into(),
            digest: format!("sha256:{digest}"),
            size,
            platform: None,
            annotations: BTreeMap::new(),
        }
    }

    fn of(media_type: &'static str, bytes: &[u8]) -> Self {
        Self::new(media_type, &digest(bytes), bytes.len() as u64)
    }
}

#[derive(Serialize)]
struct Platform {
    architecture: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'static str>,
    os: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u32,
    media_type: &'static str,
    config: Descriptor,
    layers: Vec<Descriptor>,
    annotations: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    schema_version: u32,
    media_type: &'static str,
    manifests: Vec<Descriptor>,
}

#[derive(Serialize)]
struct Config {
    created: String,
    #[serde(flatten)]
    platform: Platform,
    config: Execution,
    rootfs: Rootfs,
    history: [History; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Execution {
    env: [&'static str; 1],
    cmd: [&'static str; 1],
    working_dir: &'static str,
    labels: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Rootfs {
    #[serde(rename = "type")]
    kind: &'static str,
    diff_ids: [String; 1],
}

#[derive(Serialize)]
struct History {
    created: String,
    created_by: String,
}

/// An image of docker's own archives (its image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format").
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Docker {
    config: String,
    repo_tags: Vec<String>,
    layers: Vec<String>,
}
