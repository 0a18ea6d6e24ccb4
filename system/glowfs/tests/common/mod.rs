//! Trees, images of them, and what makes digests right again after bytes were changed.

#![allow(dead_code, reason = "each test uses some of it")]

pub mod change;
pub mod reading;

use glowfs::digest::digest;
use glowfs::format::superblock::{LENGTH, Superblock};
use glowfs::format::table::{self, ENTRY, Entry, FANOUT};
use glowfs::reader::Image;
use glowfs::tree::{Content, Data, Node, Tree};
use glowfs::verify::verify;
use glowfs::writer::{Codec, Options, write};
use std::collections::BTreeMap;
use std::io::Cursor;

/// Small blocks, no compression: everything lies open.
pub fn plain_options() -> Options {
    Options {
        codec: Codec::None,
        block_log: 12,
        meta_log: 12,
        pack: 4096,
        inline: 64,
        ..Options::default()
    }
}

pub fn image(tree: &Tree, options: &Options) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    write(tree, options, &mut file, &mut |_, _| ()).expect("the tree fits");
    file.into_inner()
}

/// Adds a file at a path whose directories are there.
pub fn add(tree: &mut Tree, path: &str, content: Content) -> usize {
    let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
    let directory = tree.find(above.as_bytes()).expect("a directory");
    let file = tree.add(Node {
        permissions: 0o644,
        user: 1,
        group: 2,
        modified: (1_000_000_000, 5),
        attributes: BTreeMap::new(),
        content,
    });
    tree.insert(directory, name.as_bytes(), file);
    file
}

pub fn regular(bytes: Vec<u8>) -> Content {
    Content::Regular(bytes.len() as u64, Data::Memory(bytes.into()))
}

/// Bytes that do not repeat.
pub fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .collect()
}

/// A tree with something of everything.
pub fn sample() -> Tree {
    let mut tree = Tree::new();
    add(&mut tree, "d", Content::Directory(BTreeMap::new()));
    add(&mut tree, "d/deep", Content::Directory(BTreeMap::new()));
    add(&mut tree, "many", Content::Directory(BTreeMap::new()));
    let run = add(&mut tree, "d/run", regular(noise(10_000, 1)));
    let mut holey = noise(4096, 2);
    holey.extend_from_slice(&[0; 8192]);
    holey.extend_from_slice(&noise(700, 3));
    add(&mut tree, "d/holey", regular(holey));
    add(&mut tree, "d/inline", regular(b"few bytes".to_vec()));
    add(&mut tree, "d/tail", regular(noise(300, 4)));
    add(&mut tree, "d/empty", regular(Vec::new()));
    add(&mut tree, "d/deep/link", Content::Link(b"../run".to_vec()));
    add(&mut tree, "d/null", Content::Character(1, 3));
    add(&mut tree, "d/disk", Content::Block(259, 70_000));
    add(&mut tree, "d/fifo", Content::Fifo);
    add(&mut tree, "d/socket", Content::Socket);
    for number in 0..200 {
        add(&mut tree, &format!("many/{number:03}"), Content::Fifo);
    }
    let other = tree.find(b"d/deep").expect("it was made");
    tree.insert(other, b"hard", run);
    let attributes = &mut tree.files[run].attributes;
    attributes.insert(b"user.a".to_vec(), b"value".to_vec());
    attributes.insert(b"security.capability".to_vec(), vec![1; 20]);
    tree
}

pub fn superblock(bytes: &[u8]) -> Superblock {
    let header = bytes[..LENGTH].try_into().expect("a superblock");
    Superblock::parse(header).expect("it is right")
}

fn entry_at(bytes: &[u8], at: usize) -> Option<Entry> {
    let record = bytes.get(at..at.checked_add(ENTRY)?)?;
    Some(Entry::decode(record.try_into().ok()?))
}

/// Where the entry of a block lies in the image.
pub fn entry_offset(bytes: &[u8], block: u32) -> usize {
    let sb = superblock(bytes);
    let mut entry = sb.top;
    for level in (1..sb.levels).rev() {
        let (_, slot) = table::place(block, level);
        let at = entry.offset as usize + slot as usize * ENTRY;
        entry = entry_at(bytes, at).expect("a node");
    }
    entry.offset as usize + (block % FANOUT) as usize * ENTRY
}

/// Where the metadata of an image without compression lies.
pub fn metadata_offset(bytes: &[u8]) -> usize {
    let at = entry_offset(bytes, superblock(bytes).first_meta);
    entry_at(bytes, at).expect("an entry").offset as usize
}

/// Makes all digests those of the bytes, from blocks up to the superblock: what is left to be found wrong is what the bytes say. Whatever
/// lies outside is left as it is.
pub fn repair(bytes: &mut [u8]) {
    let Some(header) = bytes.first_chunk::<LENGTH>() else {
        return;
    };
    let Ok(sb) = Superblock::parse(header) else {
        return;
    };
    let top = repair_node(bytes, &sb, sb.levels - 1, 0, sb.top);
    bytes[104..104 + ENTRY].copy_from_slice(&top.encode());
}

fn repair_node(bytes: &mut [u8], sb: &Superblock, level: u8, node: u32, entry: Entry) -> Entry {
    let count = table::node_length(sb.blocks, level, node) as usize / ENTRY;
    for slot in 0..count {
        let Some(at) = (entry.offset as usize).checked_add(slot * ENTRY) else {
            continue;
        };
        let Some(below) = entry_at(bytes, at) else {
            continue;
        };
        let below = match level {
            0 => digested(bytes, sb, below),
            _ => repair_node(bytes, sb, level - 1, node * FANOUT + slot as u32, below),
        };
        bytes[at..at + ENTRY].copy_from_slice(&below.encode());
    }
    digested(bytes, sb, entry)
}

fn digested(bytes: &[u8], sb: &Superblock, mut entry: Entry) -> Entry {
    let begin = usize::try_from(entry.offset).unwrap_or(usize::MAX);
    let end = begin.saturating_add(entry.stored as usize);
    if let Some(stored) = bytes.get(begin..end) {
        entry.digest = digest(sb.digest, stored);
    }
    entry
}

/// What `verify` says.
pub fn problems(bytes: Vec<u8>) -> Vec<String> {
    match Image::open(bytes).and_then(|image| verify(&image, 2, &mut |_, _| ())) {
        Ok(report) => report.problems,
        Err(error) => vec![error.to_string()],
    }
}
