// SPDX-License-Identifier: MIT

//! What can be wrong with an image.

use core::fmt;

/// What is wrong with an image, by the structure concerned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Error {
    /// The file does not begin as an image does.
    Magic,
    /// A version of the format that this reader does not know.
    Version(u16),
    /// Features, as bits, that this reader does not know.
    Features(u32),
    /// A field of the superblock.
    Superblock(&'static str),
    /// The file ends before the image does.
    Truncated {
        /// Bytes there are.
        found: u64,
        /// Bytes that the superblock says.
        length: u64,
    },
    /// The image's digest is not the one that was asked for.
    Identity,
    /// There is no signature by any of the keys that were asked for.
    Unsigned,
    /// A signature by one of these keys is there, and wrong.
    Signature,
    /// An entry of the table.
    Entry {
        /// 0 for blocks, more for nodes.
        level: u8,
        /// Its number in its level.
        index: u32,
        /// What is wrong.
        what: &'static str,
    },
    /// A node's bytes do not have the digest that the level above says.
    NodeDigest {
        /// The node's level.
        level: u8,
        /// Its number in its level.
        index: u32,
    },
    /// A block's bytes do not have the digest that the table says.
    BlockDigest(u32),
    /// A block does not decompress to what the table says.
    Compression(u32),
    /// A block that is not there, or not of the length that its user needs.
    Block(u32),
    /// A position at which there is no metadata.
    Metadata(u64),
    /// An inode.
    Inode {
        /// Its number.
        number: u32,
        /// What is wrong.
        what: &'static str,
    },
    /// A directory.
    Directory {
        /// Its inode's number.
        number: u32,
        /// What is wrong.
        what: &'static str,
    },
    /// A set of extended attributes.
    Attributes {
        /// Its position in the metadata.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Error::Magic => f.write_str("not a GlowFS image"),
            Error::Version(version) => write!(
                f,
                "version {version} of the format is unknown; this reads version 1"
            ),
            Error::Features(bits) => write!(
                f,
                "unknown features (bits {bits:#x}); a newer GlowFS made this image"
            ),
            Error::Superblock(what) => write!(f, "superblock: {what}"),
            Error::Truncated { found, length } => {
                write!(
                    f,
                    "truncated: {found} bytes are there, {length} belong to the image"
                )
            }
            Error::Identity => f.write_str("the image's digest is not the required one"),
            Error::Unsigned => f.write_str("not signed by any of the required keys"),
            Error::Signature => f.write_str(
                "the signature is wrong: the superblock was changed after it was signed",
            ),
            Error::Entry {
                level: 0,
                index,
                what,
            } => write!(f, "table: entry of block {index}: {what}"),
            Error::Entry { level, index, what } => {
                write!(f, "table: level {level}, entry {index}: {what}")
            }
            Error::NodeDigest { level, index } => {
                write!(f, "table: level {level}, node {index}: wrong digest")
            }
            Error::BlockDigest(block) => write!(f, "block {block}: wrong digest"),
            Error::Compression(block) => {
                write!(f, "block {block}: does not decompress to its length")
            }
            Error::Block(block) => write!(
                f,
                "block {block}: not there, or not of the length that is needed"
            ),
            Error::Metadata(at) => write!(f, "metadata: position {at} is outside"),
            Error::Inode { number, what } => write!(f, "inode {number}: {what}"),
            Error::Directory { number, what } => write!(f, "directory {number}: {what}"),
            Error::Attributes { at, what } => write!(f, "extended attributes at {at}: {what}"),
        }
    }
}

impl core::error::Error for Error {}
