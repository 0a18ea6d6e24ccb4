//! The subjects: images of one tree by several programs, with and without a hash tree below them.

use crate::{Error, Result};
use alpenglow_builder::sandbox::{Sandbox, Usage};
use glowfs::format::superblock::Digest;
use glowfs::writer::{self, Codec, Options};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// An image of a tree.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its name: letters, digits and `-`.
    pub name: String,
    /// Type of the file system.
    pub kind: &'static str,
    /// The image, with the hash tree behind it if it has one.
    pub image: PathBuf,
    /// The target of device-mapper that compares it, of which `DEVICE` is the disk.
    pub verity: Option<String>,
    /// What making took.
    pub usage: Option<Usage>,
}

/// Programs that make images.
pub struct Makers<'a> {
    /// Ours.
    pub glowfsctl: &'a Path,
    /// Debian's root with mksquashfs, mkfs.erofs and veritysetup.
    pub root: &'a Path,
    /// A folder of the host with an `mkfs.erofs` that is newer (1.8 has Zstandard), and the libraries it needs in `lib`.
    pub erofs: Option<&'a Path>,
}

/// How a file system without digests is made.
struct Way {
    name: &'static str,
    kind: &'static str,
    words: Vec<&'static str>,
    newer: bool,
}

fn ways() -> Vec<Way> {
    let way = |name, kind, words: &[&'static str], newer| Way {
        name,
        kind,
        words: words.to_vec(),
        newer,
    };
    vec![
        way(
            "squashfs-zstd",
            "squashfs",
            &[
                "mksquashfs",
                "TREE",
                "IMAGE",
                "-noappend",
                "-quiet",
                "-no-progress",
                "-processors",
                "2",
                "-comp",
                "zstd",
                "-Xcompression-level",
                "19",
                "-mkfs-time",
                "0",
            ],
            false,
        ),
        way(
            "erofs-lz4hc",
            "erofs",
            &[
                "mkfs.erofs",
                "-zlz4hc,12",
                "-C65536",
                "-T0",
                "IMAGE",
                "TREE",
            ],
            false,
        ),
        way(
            "erofs-zstd",
            "erofs",
            &[
                "mkfs.erofs",
                "-zzstd,level=19",
                "-C131072",
                "-Efragments,dedupe,ztailpacking",
                "-T0",
                "--workers=2",
                "IMAGE",
                "TREE",
            ],
            true,
        ),
        way(
            "erofs-lzma",
            "erofs",
            &[
                "mkfs.erofs",
                "-zlzma,level=6",
                "-C131072",
                "-Efragments,dedupe,ztailpacking",
                "-T0",
                "--workers=2",
                "IMAGE",
                "TREE",
            ],
            true,
        ),
    ]
}

impl Makers<'_> {
    /// All images of `tree` in `folder`.
    ///
    /// # Errors
    /// [`Error::FileSystem`] with the program that failed and what it said.
    pub fn all(&self, tree: &Path, folder: &Path, prefix: &str) -> Result<Vec<Subject>> {
        let mut subjects = Vec::new();
        for (name, codec, digest, filter) in [
            ("glowfs-zstd", Codec::Zstd(19), Digest::Blake2b, true),
            ("glowfs-zstd-sha256", Codec::Zstd(19), Digest::Sha256, true),
            ("glowfs-zstd-plain", Codec::Zstd(19), Digest::Blake2b, false),
            ("glowfs-lz4hc", Codec::Lz4Hc(12), Digest::Blake2b, false),
        ] {
            let image = folder.join(format!("{prefix}{name}"));
            let usage = self.own(tree, &image, codec, digest, filter)?;
            subjects.push(Subject {
                name: format!("{prefix}{name}"),
                kind: "glowfs",
                image,
                verity: None,
                usage,
            });
        }
        for way in ways() {
            if way.newer && self.erofs.is_none() {
                continue;
            }
            let name = format!("{prefix}{}", way.name);
            let image = folder.join(&name);
            let usage = self.peer(&way, tree, folder, &name)?;
            let plain = Subject {
                name,
                kind: way.kind,
                image,
                verity: None,
                usage: Some(usage),
            };
            subjects.push(plain.clone());
            subjects.push(self.with_verity(plain, folder)?);
        }
        Ok(subjects)
    }

    /// One of ours, by the program itself where its time is told, by its library otherwise.
    fn own(
        &self,
        tree: &Path,
        image: &Path,
        codec: Codec,
        digest: Digest,
        filter: bool,
    ) -> Result<Option<Usage>> {
        let wrong = |e: String| Error::FileSystem {
            maker: "glowfs".into(),
            why: e,
        };
        if codec == Codec::Zstd(19) && digest == Digest::Blake2b && filter {
            let folder = image.parent().unwrap_or(Path::new("/"));
            let own = self.glowfsctl.parent().unwrap_or(Path::new("/"));
            let sandbox = self.sandbox(tree, folder).bind(own, "/mnt/own", false);
            let words = [
                "/mnt/own/glowfsctl",
                "mkfs",
                "--quiet",
                "--threads",
                "2",
                "--time",
                "0",
                "/mnt/tree",
                "/mnt/images/IMAGE",
            ];
            return self.run(sandbox, &words, folder, image).map(Some);
        }
        let tree = glowfs::source::directory(tree).map_err(|e| wrong(e.to_string()))?;
        let options = Options {
            codec,
            digest,
            filter,
            threads: 2,
            ..Options::default()
        };
        let file = File::create(image).map_err(|e| wrong(e.to_string()))?;
        writer::write(&tree, &options, file, &mut |_, _| ()).map_err(|e| wrong(e.to_string()))?;
        Ok(None)
    }

    fn sandbox(&self, tree: &Path, folder: &Path) -> Sandbox {
        Sandbox::new(self.root)
            .tmpfs("/mnt")
            .tmpfs("/tmp")
            .bind(tree, "/mnt/tree", false)
            .bind(folder, "/mnt/images", true)
    }

    fn peer(&self, way: &Way, tree: &Path, folder: &Path, name: &str) -> Result<Usage> {
        let mut sandbox = self.sandbox(tree, folder);
        let mut words: Vec<&str> = Vec::new();
        if let (true, Some(erofs)) = (way.newer, self.erofs) {
            sandbox = sandbox.bind(erofs, "/mnt/newer", false);
            words.extend([
                "/mnt/newer/lib/ld-linux-x86-64.so.2",
                "--library-path",
                "/mnt/newer/lib",
                "/mnt/newer/mkfs.erofs",
            ]);
            words.extend(&way.words[1..]);
        } else {
            words.extend(&way.words);
        }
        self.run(sandbox, &words, folder, &folder.join(name))
    }

    /// Runs a program whose words are to have TREE and IMAGE put in.
    fn run(
        &self,
        mut sandbox: Sandbox,
        words: &[&str],
        folder: &Path,
        image: &Path,
    ) -> Result<Usage> {
        let file = folder.join("usage");
        sandbox.usage = Some(file.clone());
        let name = image
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let put = |word: &str| {
            word.replace("TREE", "/mnt/tree")
                .replace("/mnt/images/IMAGE", "IMAGE")
                .replace("IMAGE", &format!("/mnt/images/{name}"))
        };
        let words: Vec<String> = words.iter().map(|word| put(word)).collect();
        let failed = |why: String| Error::FileSystem {
            maker: words[0].clone(),
            why,
        };
        let output = sandbox
            .command(&words[0])
            .args(&words[1..])
            .output()
            .map_err(|e| failed(e.to_string()))?;
        if !output.status.success() {
            return Err(failed(
                String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            ));
        }
        Ok(Usage::read(&file))
    }

    /// The same with a hash tree behind it, for which it is filled up to whole blocks.
    fn with_verity(&self, plain: Subject, folder: &Path) -> Result<Subject> {
        let name = format!("{}-verity", plain.name);
        let image = folder.join(&name);
        let failed = |why: String| Error::FileSystem {
            maker: "veritysetup".into(),
            why,
        };
        let length = fs::copy(&plain.image, &image)
            .map_err(|e| failed(e.to_string()))?
            .next_multiple_of(4096);
        File::options()
            .write(true)
            .open(&image)
            .and_then(|file| file.set_len(length))
            .map_err(|e| failed(e.to_string()))?;
        let blocks = length / 4096;
        let sandbox = self.sandbox(folder, folder);
        let output = sandbox
            .command("veritysetup")
            .args([
                "format",
                "--no-superblock",
                "--salt=-",
                "--hash=sha256",
                "--data-block-size=4096",
                "--hash-block-size=4096",
            ])
            .args([
                format!("--data-blocks={blocks}"),
                format!("--hash-offset={length}"),
            ])
            .args([format!("/mnt/images/{name}"), format!("/mnt/images/{name}")])
            .output()
            .map_err(|e| failed(e.to_string()))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let digest = said
            .lines()
            .find_map(|line| line.strip_prefix("Root hash:"))
            .map(str::trim);
        let Some(digest) = digest.filter(|_| output.status.success()) else {
            return Err(failed(
                String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            ));
        };
        let table = format!(
            "0 {} verity 1 DEVICE DEVICE 4096 4096 {blocks} {blocks} sha256 {digest} -",
            blocks * 8
        );
        Ok(Subject {
            name,
            image,
            verity: Some(table),
            usage: None,
            ..plain
        })
    }
}
