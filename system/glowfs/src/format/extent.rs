// SPDX-License-Identifier: MIT

//! From a place in a file to the block that has it.

use super::inode::{Inode, Layout};
use super::superblock::{NONE, Superblock};
use super::{Error, Metadata};

/// Where a piece of a file, as long as a data block or what remains of it, is found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Extent {
    /// Nowhere: it reads as zeros.
    Hole,
    /// In the metadata, from this position on.
    Inline(u64),
    /// It is this whole block.
    Block(u32),
    /// In this block, which has others' tails too, from this offset on.
    Tail(u32, u32),
}

/// Where piece `index` of a file is, counted in data blocks from the file's begin, and how long it is in bytes.
/// After the end of the file it is a [`Extent::Hole`] of length 0.
///
/// # Errors
///
/// [`Error::Inode`] for a list with a block that is not there, and what `metadata` fails with.
pub fn locate<M: Metadata>(
    metadata: &M,
    superblock: &Superblock,
    number: u32,
    inode: &Inode,
    index: u64,
) -> Result<(Extent, u32), M::Error> {
    let size = u64::from(superblock.block_size());
    let Some(start) = index.checked_mul(size).filter(|start| *start < inode.size) else {
        return Ok((Extent::Hole, 0));
    };
    let length = (inode.size - start).min(size) as u32;
    let own = inode.own_blocks(superblock);
    let extent = match inode.layout {
        Layout::Nothing => Extent::Hole,
        Layout::Inline => Extent::Inline(inode.position + start),
        Layout::Run | Layout::List if index >= own => Extent::Tail(inode.tail, inode.tail_offset),
        // `Inode::parse` has seen that all of the run is there.
        Layout::Run => Extent::Block(inode.first + index as u32),
        Layout::List => {
            let mut block = [0; 4];
            metadata.read(inode.position + index * 4, &mut block)?;
            match u32::from_le_bytes(block) {
                NONE => Extent::Hole,
                block if block >= superblock.blocks => {
                    return Err(Error::Inode {
                        number,
                        what: "its list has a block that is not there",
                    }
                    .into());
                }
                block => Extent::Block(block),
            }
        }
    };
    Ok((extent, length))
}
