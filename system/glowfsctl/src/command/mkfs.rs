//! `mkfs`: makes an image.

use super::progress::Progress;
use super::value;
use crate::program::{DONE, Failed, Given, Outcome, print};
use glowfs::Error;
use glowfs::digest::hex;
use glowfs::format::superblock::Digest;
use glowfs::source;
use glowfs::writer::{self, Codec, Options};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

pub fn mkfs(given: &Given) -> Outcome {
    let (from, to) = (Path::new(&given.words[0]), Path::new(&given.words[1]));
    let options = options(given)?;
    let tree = source::directory(from)?;
    let beside = Beside::new(to)?;
    let mut progress = Progress::new("mkfs", given.has("quiet"));
    let made = writer::write(
        &tree,
        &options,
        BufWriter::with_capacity(1 << 20, &beside.file),
        &mut |done, all| progress.show(done, all),
    )?;
    drop(progress);
    beside.rename(to)?;
    if !given.has("quiet") {
        let sb = made.superblock;
        print(&format!(
            "{}\n{} files, {} bytes of data, {} of them shared, {} in holes; {} bytes\n",
            hex(&made.identity),
            sb.inodes,
            sb.data,
            made.shared,
            made.holes,
            sb.length
        ))?;
    }
    Ok(DONE)
}

/// What the command line says about how to make an image.
pub fn options(given: &Given) -> Outcome<Options> {
    let mut options = Options {
        threads: value::threads(given)?,
        made: made(given)?,
        ..Options::default()
    };
    if let Some(codec) = given.value("compress") {
        options.codec = codec_of(codec)?;
    }
    if let Some(log) = value::log(given, "block-size")? {
        options.block_log = log;
        options.pack = 1 << log.min(31);
    }
    if let Some(log) = value::log(given, "meta-size")? {
        options.meta_log = log;
    }
    if let Some(pack) = value::bytes(given, "pack-size")? {
        options.pack = pack;
    }
    if let Some(inline) = value::bytes(given, "inline")? {
        options.inline = inline;
    }
    if let Some(dictionary) = value::bytes(given, "dictionary")? {
        options.dictionary = dictionary;
    }
    if let Some(digest) = given.value("digest") {
        options.digest = match digest.to_str() {
            Some("sha256") => Digest::Sha256,
            Some("blake2b") => Digest::Blake2b,
            _ => return Err(Failed::Usage("--digest is sha256 or blake2b".to_owned())),
        };
    }
    if let Some(label) = given.value("label") {
        let Some(label) = label.to_str() else {
            return Err(Failed::Usage("--label needs UTF-8".to_owned()));
        };
        options.label = label.to_owned();
    }
    Ok(options)
}

fn codec_of(text: &OsStr) -> Outcome<Codec> {
    let wrong = || {
        let what = "--compress is zstd, zstd:LEVEL with a level from 1 to 22, lz4, or none";
        Failed::Usage(what.to_owned())
    };
    match text.to_str().ok_or_else(wrong)? {
        "none" => Ok(Codec::None),
        "lz4" => Ok(Codec::Lz4),
        "zstd" => Ok(Codec::Zstd(19)),
        other => {
            let level = other
                .strip_prefix("zstd:")
                .and_then(|text| text.parse().ok());
            match level {
                Some(level @ 1..=22) => Ok(Codec::Zstd(level)),
                _ => Err(wrong()),
            }
        }
    }
}

/// The time of making: `--time`, `SOURCE_DATE_EPOCH` (reproducible-builds.org), now.
fn made(given: &Given) -> Outcome<(i64, u32)> {
    let epoch = std::env::var_os("SOURCE_DATE_EPOCH");
    let (name, text) = match (given.value("time"), &epoch) {
        (Some(text), _) => ("--time", text),
        (None, Some(text)) => ("SOURCE_DATE_EPOCH", &**text),
        (None, None) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            let now = now.unwrap_or_default();
            return Ok((now.as_secs() as i64, now.subsec_nanos()));
        }
    };
    match text.to_str().and_then(|text| text.parse().ok()) {
        Some(seconds) => Ok((seconds, 0)),
        None => Err(Failed::Usage(format!(
            "{name}: '{}' is no number of seconds since 1970",
            text.display()
        ))),
    }
}

/// A file that is written beside where it is to be, and renamed when it is whole. Dropped before that, it is deleted.
pub struct Beside {
    path: PathBuf,
    pub file: File,
    renamed: bool,
}

impl Beside {
    /// A new file beside `to`.
    pub fn new(to: &Path) -> Outcome<Beside> {
        let mut name = to.as_os_str().to_owned();
        name.push(format!(".new{}", std::process::id()));
        let path = PathBuf::from(name);
        let file = File::create_new(&path).map_err(Error::file(&path, "creating"))?;
        Ok(Beside {
            path,
            file,
            renamed: false,
        })
    }

    /// Puts it in its place, with all its bytes on the disk.
    pub fn rename(mut self, to: &Path) -> Outcome<()> {
        let folder = match to.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        self.file
            .sync_all()
            .map_err(Error::file(&self.path, "writing"))?;
        fs::rename(&self.path, to).map_err(Error::file(to, "replacing"))?;
        self.renamed = true;
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(Error::file(folder, "writing"))?;
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.renamed {
            let _ = fs::remove_file(&self.path);
        }
    }
}
