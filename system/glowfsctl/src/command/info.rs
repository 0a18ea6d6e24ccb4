//! `info`: what an image is.

use super::open;
use crate::program::{Given, Outcome, print};
use document::json::Json;
use glowfs::digest::hex;
use glowfs::format::superblock::{self, Digest};
use glowfs::format::table::Compression;
use glowfs::reader::Image;
use glowfs::{Result, sign};
use std::fs::File;
use std::path::Path;

/// Stored and plain bytes of blocks, and how many they are.
#[derive(Clone, Copy, Default)]
struct Sum {
    blocks: i64,
    stored: i64,
    plain: i64,
}

const KINDS: [(Compression, &str); 4] = [
    (Compression::None, "none"),
    (Compression::Lz4, "lz4"),
    (Compression::Zstd, "zstd"),
    (Compression::ZstdDictionary, "zstd with the dictionary"),
];

fn sums(image: &Image<File>) -> Result<[Sum; 4]> {
    let mut sums = [Sum::default(); 4];
    for block in 0..image.superblock().blocks {
        let entry = image.entry(block)?;
        let kind = KINDS
            .iter()
            .position(|(kind, _)| entry.compression() == Some(*kind));
        let sum = &mut sums[kind.unwrap_or(0)];
        sum.blocks += 1;
        sum.stored += i64::from(entry.stored);
        sum.plain += i64::from(entry.plain());
    }
    Ok(sums)
}

pub fn info(given: &Given) -> Outcome {
    let path = Path::new(&given.words[0]);
    let image = open(path)?;
    let sums = sums(&image).map_err(|error| error.of(path))?;
    print(&match given.has("json") {
        true => json(&image, &sums) + "\n",
        false => text(&image, &sums),
    })
}

fn digest_name(image: &Image<File>) -> &'static str {
    match image.superblock().digest {
        Digest::Sha256 => "sha256",
        Digest::Blake2b => "blake2b",
    }
}

/// The keys that signed, and whether what they signed is right.
fn signers(image: &Image<File>) -> Vec<(String, bool)> {
    let all = sign::signatures(image.header()).into_iter();
    all.map(|found| {
        let right = superblock::verify(image.header(), &[found.key]).is_ok();
        (hex(&found.key), right)
    })
    .collect()
}

fn text(image: &Image<File>, sums: &[Sum; 4]) -> String {
    let sb = image.superblock();
    let mut text = format!(
        "digest      {} ({})\nlength      {}\nfiles       {}\ndata        {}\nmetadata    {}\n",
        hex(&image.identity()),
        digest_name(image),
        sb.length,
        sb.inodes,
        sb.data,
        sb.metadata
    );
    text += &format!(
        "made        {}\nblock size  {} data, {} metadata\n",
        super::list::date(sb.made.0),
        sb.block_size(),
        sb.meta_size()
    );
    if !sb.label().is_empty() {
        text += &format!("label       {}\n", String::from_utf8_lossy(sb.label()));
    }
    for ((_, name), sum) in KINDS.iter().zip(sums).filter(|(_, sum)| sum.blocks > 0) {
        text += &format!(
            "blocks      {} {name}: {} bytes, {} plain\n",
            sum.blocks, sum.stored, sum.plain
        );
    }
    if sb.has_dictionary() {
        text += &format!("dictionary  {}\n", image.dictionary().len());
    }
    for (key, right) in signers(image) {
        let wrong = if right {
            ""
        } else {
            ": the signature is wrong"
        };
        text += &format!("signed by   {key}{wrong}\n");
    }
    text
}

fn json(image: &Image<File>, sums: &[Sum; 4]) -> String {
    let sb = image.superblock();
    let mut json = Json::default();
    json.object();
    json.key("digest");
    json.string(&hex(&image.identity()));
    json.key("digest-kind");
    json.string(digest_name(image));
    json.key("label");
    json.bytes(sb.label());
    for (name, number) in [
        ("length", sb.length as i64),
        ("files", i64::from(sb.inodes)),
        ("data", sb.data as i64),
        ("metadata", sb.metadata as i64),
        ("made", sb.made.0),
        ("block-size", i64::from(sb.block_size())),
        ("metadata-block-size", i64::from(sb.meta_size())),
        ("dictionary", image.dictionary().len() as i64),
    ] {
        json.key(name);
        json.number(number);
    }
    json.key("blocks");
    json.array();
    for ((_, name), sum) in KINDS.iter().zip(sums).filter(|(_, sum)| sum.blocks > 0) {
        json.object();
        json.key("compression");
        json.string(name);
        for (name, number) in [
            ("blocks", sum.blocks),
            ("stored", sum.stored),
            ("plain", sum.plain),
        ] {
            json.key(name);
            json.number(number);
        }
        json.end();
    }
    json.end();
    json.key("signatures");
    json.array();
    for (key, right) in signers(image) {
        json.object();
        json.key("key");
        json.string(&key);
        json.key("right");
        json.bool(right);
        json.end();
    }
    json.end();
    json.end();
    json.finish()
}
