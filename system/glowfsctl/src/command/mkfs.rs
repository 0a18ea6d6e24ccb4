//! `mkfs`: makes an image.

use super::beside::Beside;
use super::progress::Progress;
use super::value;
use crate::program::{DONE, Failed, Given, Outcome, print};
use document::json::Json;
use glowfs::Error;
use glowfs::digest::hex;
use glowfs::format::superblock::Digest;
use glowfs::source;
use glowfs::writer::{self, Codec, Made, Options};
use std::ffi::OsStr;
use std::io::BufWriter;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

pub fn mkfs(given: &Given) -> Outcome {
    let (from, to) = (Path::new(&given.words[0]), Path::new(&given.words[1]));
    let options = options(given)?;
    let found = std::fs::metadata(from).map_err(Error::file(from, "opening"))?;
    let tree = match found.is_dir() {
        true => source::directory(from)?,
        false => source::tar(from)?,
    };
    let beside = Beside::new(to)?;
    let mut progress = Progress::new("mkfs", given.has("quiet"));
    let made = writer::write(
        &tree,
        &options,
        BufWriter::new(&beside.file),
        &mut |done, all| progress.show(done, all),
    )?;
    drop(progress);
    beside.rename(to)?;
    tell(given, &made)
}

/// Tells what was made.
///
/// # Errors
/// When that cannot be written.
pub fn tell(given: &Given, made: &Made) -> Outcome {
    let sb = &made.superblock;
    let numbers = [
        ("files", u64::from(sb.inodes)),
        ("data", sb.data),
        ("inline", made.inline),
        ("shared", made.shared),
        ("holes", made.holes),
        ("length", sb.length),
    ];
    if given.has("json") {
        let mut json = Json::default();
        json.object();
        json.key("digest");
        json.string(&hex(&made.identity));
        for (name, number) in numbers {
            json.key(name);
            json.number(number as i64);
        }
        json.end();
        return print(&(json.finish() + "\n"));
    }
    if given.has("quiet") {
        return Ok(DONE);
    }
    print(&format!(
        "{}\n{} files, {} bytes of data ({} inline, {} there twice, {} zeros); {} bytes\n",
        hex(&made.identity),
        sb.inodes,
        sb.data,
        made.inline,
        made.shared,
        made.holes,
        sb.length
    ))
}

/// What the command line says about how to make an image.
pub fn options(given: &Given) -> Outcome<Options> {
    let mut options = Options {
        threads: value::threads(given)?,
        made: made(given)?,
        filter: !given.has("no-filter"),
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
            Some("blake2b") => Digest::Blake2b,
            Some("sha256") => Digest::Sha256,
            _ => return Err(Failed::Usage("--digest is blake2b or sha256".to_owned())),
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
        let what = "--compress is zstd, zstd:LEVEL with a level from 1 to 23, lz4, lz4hc, lz4:LEVEL with a level from 2 to 12, or none";
        Failed::Usage(what.to_owned())
    };
    match text.to_str().ok_or_else(wrong)? {
        "none" => Ok(Codec::None),
        "lz4" => Ok(Codec::Lz4),
        "lz4hc" => Ok(Codec::Lz4Hc(12)),
        "zstd" => Ok(Codec::Zstd(19)),
        other => {
            let (name, level) = other.split_once(':').ok_or_else(wrong)?;
            match (name, level.parse().ok()) {
                ("zstd", Some(level @ 1..=23)) => Ok(Codec::Zstd(level)),
                ("lz4", Some(level @ 2..=12)) => Ok(Codec::Lz4Hc(level)),
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

#[cfg(test)]
mod tests {
    use super::codec_of;
    use glowfs::writer::Codec;

    #[test]
    fn levels_are_taken_up_to_their_ends_and_no_others() {
        for (text, codec) in [
            ("none", Codec::None),
            ("lz4", Codec::Lz4),
            ("lz4:2", Codec::Lz4Hc(2)),
            ("lz4hc", Codec::Lz4Hc(12)),
            ("zstd", Codec::Zstd(19)),
            ("zstd:1", Codec::Zstd(1)),
            ("zstd:23", Codec::Zstd(23)),
        ] {
            assert!(
                matches!(codec_of(text.as_ref()), Ok(found) if found == codec),
                "{text}"
            );
        }
        for text in [
            "", "zstd:", "zstd:0", "zstd:24", "zstd:-1", "lz4:1", "lz4:13", "lz4hc:3", "xz",
        ] {
            assert!(codec_of(text.as_ref()).is_err(), "{text}");
        }
    }
}
