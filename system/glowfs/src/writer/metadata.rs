//! The metadata: inodes, then what they point to.

use super::number::Numbers;
use super::placed::{Place, Placed, Rest};
use crate::error::{Error, Result};
use crate::format::directory::{self, INDEX_FROM};
use crate::format::inode::{Inode, Layout, TARGET_MAX};
use crate::format::superblock::{INODE, NONE};
use crate::format::xattr;
use crate::tree::{Content, Node, Tree};
use std::collections::{BTreeMap, HashMap};

/// The metadata, plain.
pub struct Metadata {
    pub bytes: Vec<u8>,
    pub has_attributes: bool,
    /// Bytes of files in it.
    pub inline: u64,
}

/// Lays out the metadata of all files.
///
/// # Errors
/// [`Error::impossible`] for what the format cannot hold.
pub fn build(tree: &Tree, numbers: &Numbers, placed: &Placed) -> Result<Metadata> {
    let mut bytes = vec![0; numbers.order.len() * INODE as usize];
    let mut inodes = Vec::with_capacity(numbers.order.len());
    for &file in &numbers.order {
        inodes.push(plain(tree, numbers, file));
    }
    let each = || numbers.order.iter().copied().zip(0..);
    for (file, index) in each() {
        let inode: &mut Inode = &mut inodes[index];
        if let Content::Directory(entries) = &tree.files[file].content {
            align(&mut bytes);
            inode.position = bytes.len() as u64;
            directory(tree, numbers, entries, &mut bytes)?;
            inode.size = bytes.len() as u64 - inode.position;
        }
    }
    for (file, index) in each() {
        let inode = &mut inodes[index];
        if let Content::Link(target) = &tree.files[file].content {
            if target.is_empty() || target.len() as u64 > TARGET_MAX || target.contains(&0) {
                let what = "a symbolic link's target has 1 to 4095 bytes, none of them zero";
                return Err(Error::impossible(format_args!("{what}")));
            }
            inode.position = bytes.len() as u64;
            bytes.extend_from_slice(target);
        }
    }
    let mut inline = 0;
    for (file, index) in each() {
        let inode = &mut inodes[index];
        if let Place::Inline(content) = &placed.places[file] {
            inode.position = bytes.len() as u64;
            bytes.extend_from_slice(content);
            inline += content.len() as u64;
        }
    }
    for (file, index) in each() {
        if let Place::Blocks(blocks, rest) = &placed.places[file] {
            content(&mut inodes[index], blocks, *rest, placed, &mut bytes);
        }
    }
    let mut sets: HashMap<Vec<u8>, u32> = HashMap::new();
    for (file, index) in each() {
        if tree.files[file].attributes.is_empty() {
            continue;
        }
        let set = set(&tree.files[file])?;
        inodes[index].attributes = match sets.get(&set) {
            Some(at) => *at,
            None => {
                align(&mut bytes);
                let at = u32::try_from(bytes.len() as u64 / 8 + 1).map_err(|_| {
                    let what = "more metadata than extended attributes can lie in";
                    Error::impossible(format_args!("{what}"))
                })?;
                bytes.extend_from_slice(&set);
                sets.insert(set, at);
                at
            }
        };
    }
    for (inode, record) in inodes.iter().zip(bytes.chunks_mut(INODE as usize)) {
        record.copy_from_slice(&inode.encode());
    }
    Ok(Metadata {
        bytes,
        has_attributes: !sets.is_empty(),
        inline,
    })
}

fn align(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}

/// An inode without the positions of what it points to.
fn plain(tree: &Tree, numbers: &Numbers, file: usize) -> Inode {
    let node = &tree.files[file];
    let (layout, size, position) = match &node.content {
        Content::Directory(_) => (Layout::Inline, 0, 0),
        Content::Link(target) => (Layout::Inline, target.len() as u64, 0),
        Content::Regular(size, _) => (Layout::Nothing, *size, 0),
        Content::Character(major, minor) | Content::Block(major, minor) => (
            Layout::Nothing,
            0,
            u64::from(*major) << 32 | u64::from(*minor),
        ),
        Content::Fifo | Content::Socket => (Layout::Nothing, 0, 0),
    };
    Inode {
        mode: node.mode(),
        layout: match size {
            1.. if matches!(node.content, Content::Regular(..)) => Layout::Inline,
            _ => layout,
        },
        links: numbers.links[file],
        user: node.user,
        group: node.group,
        modified: node.modified,
        attributes: 0,
        size,
        position,
        first: numbers.parent[file],
        tail: NONE,
        tail_offset: 0,
    }
}

/// Where a file's blocks are: a run if they follow each other, a list else.
fn content(inode: &mut Inode, blocks: &[u32], rest: Rest, placed: &Placed, bytes: &mut Vec<u8>) {
    let packed = match rest {
        Rest::None => None,
        Rest::Tail(tail) => placed.tails[tail].packed,
        Rest::Packed(block, offset) => Some((block, offset)),
    };
    if let Some((block, offset)) = packed {
        (inode.tail, inode.tail_offset) = (block, offset);
    }
    let first = blocks.first().copied().unwrap_or(0);
    let follow = |pair: &[u32]| pair[1].checked_sub(pair[0]) == Some(1);
    let run = !blocks.contains(&NONE) && blocks.windows(2).all(follow);
    if run {
        (inode.layout, inode.first) = (Layout::Run, first);
    } else {
        align(bytes);
        (inode.layout, inode.position) = (Layout::List, bytes.len() as u64);
        bytes.extend(blocks.iter().flat_map(|block| block.to_le_bytes()));
    }
}

fn directory(
    tree: &Tree,
    numbers: &Numbers,
    entries: &BTreeMap<Vec<u8>, usize>,
    bytes: &mut Vec<u8>,
) -> Result<()> {
    let large = || Error::impossible(format_args!("a directory with more than 4 GiB of names"));
    let names: usize = entries.keys().map(Vec::len).sum();
    let names = u32::try_from(names).map_err(|_| large())?;
    let count = u32::try_from(entries.len()).map_err(|_| large())?;
    let indexed = count >= INDEX_FROM;
    bytes.extend_from_slice(&directory::encode_header(count, indexed, names));
    let mut at = 0;
    for (name, file) in entries {
        let kind = tree.files[*file].content.kind();
        // `number` has seen that names have at most 255 bytes.
        let entry = directory::encode_entry(numbers.of[*file], kind, at, name.len() as u8);
        bytes.extend_from_slice(&entry);
        at += name.len() as u32;
    }
    if indexed {
        let hashes = entries
            .keys()
            .map(|name| directory::hash(name))
            .zip(0_u32..);
        let mut index: Vec<(u32, u32)> = hashes.collect();
        index.sort_unstable();
        for (hash, number) in index {
            bytes.extend_from_slice(&hash.to_le_bytes());
            bytes.extend_from_slice(&number.to_le_bytes());
        }
    }
    entries
        .keys()
        .for_each(|name| bytes.extend_from_slice(name));
    Ok(())
}

/// The bytes of a set of extended attributes.
fn set(node: &Node) -> Result<Vec<u8>> {
    let large = |what: &str| Error::impossible(format_args!("extended attributes: {what}"));
    let mut sorted: Vec<_> = node
        .attributes
        .iter()
        .map(|(name, value)| (xattr::split(name), &value[..]))
        .collect();
    sorted.sort_unstable();
    if sorted.len() > xattr::COUNT_MAX as usize {
        return Err(large("more than 1024 of one file"));
    }
    let mut bytes = vec![0; xattr::HEADER];
    for ((prefix, name), value) in &sorted {
        let whole = xattr::PREFIXES[usize::from(*prefix)].len() + name.len();
        if whole == 0 || whole > 255 {
            return Err(large("a name has 1 to 255 bytes"));
        }
        let Ok(length) = u16::try_from(value.len()) else {
            return Err(large("a value has at most 65535 bytes"));
        };
        bytes.extend_from_slice(&[name.len() as u8, *prefix]);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(value);
    }
    if bytes.len() > xattr::SET_MAX as usize {
        return Err(large("more than 335872 bytes of one file"));
    }
    let length = bytes.len() as u32;
    bytes[..4].copy_from_slice(&(sorted.len() as u32).to_le_bytes());
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}
