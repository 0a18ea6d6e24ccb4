//! The image that a new one is made from: which of its blocks are taken over, and as what.

use super::compress::Stored;
use super::number::Numbers;
use super::out::Out;
use crate::error::{Error, Result};
use crate::format::extent::{self, Extent};
use crate::format::filter::Filter;
use crate::format::inode::{Inode, Layout};
use crate::format::superblock::NONE;
use crate::format::table::Compression;
use crate::reader::Image;
use crate::tree::{Content, Data, Tree};
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{Seek, Write};
use std::sync::Arc;

/// Of the plain bytes of a block of tails so many of 4 must still be needed for it to be kept.
const NEEDED: u64 = 3;

/// The image, and what was taken over of it.
pub struct Base<'a> {
    image: &'a Image<File>,
    /// New numbers of blocks, by their old ones.
    taken: HashMap<u32, u32>,
    /// Blocks of tails that are kept as they are.
    kept: BTreeSet<u32>,
    /// The dictionary, which the new image has too.
    pub dictionary: Option<Arc<[u8]>>,
}

/// Where a piece of a file of the base is in the new image.
pub enum Piece {
    /// In this block, which may be a hole.
    Block(u32),
    /// In this block that has others' tails too, at this offset.
    Tail(u32, u32),
    /// Nowhere yet: these are its bytes.
    Bytes(Vec<u8>),
}

impl<'a> Base<'a> {
    /// Looks at what the tree still needs of the image, and takes its dictionary over.
    ///
    /// # Errors
    /// Those of reading the image and of writing.
    pub fn new<W: Write + Seek>(
        image: &'a Image<File>,
        tree: &Tree,
        numbers: &Numbers,
        out: &mut Out<W>,
    ) -> Result<Base<'a>> {
        let mut base = Base {
            image,
            taken: HashMap::new(),
            kept: BTreeSet::new(),
            dictionary: None,
        };
        base.keep(tree, numbers)?;
        if image.superblock().has_dictionary() {
            base.dictionary = Some(Arc::from(image.dictionary()));
            out.add_dictionary(image.dictionary().to_vec())?;
        }
        Ok(base)
    }

    fn keep(&mut self, tree: &Tree, numbers: &Numbers) -> Result<()> {
        let mask = u64::from(self.image.superblock().block_size() - 1);
        let mut needed: HashMap<u32, BTreeSet<(u32, u64)>> = HashMap::new();
        for file in &numbers.order {
            let Content::Regular(_, Data::Base(number)) = tree.files[*file].content else {
                continue;
            };
            let inode = self.image.inode(number)?;
            if inode.tail != NONE && matches!(inode.layout, Layout::Run | Layout::List) {
                let tails = needed.entry(inode.tail).or_default();
                tails.insert((inode.tail_offset, inode.size & mask));
            }
        }
        for (block, tails) in needed {
            let plain = u64::from(self.image.entry(block)?.plain());
            if tails.iter().map(|(_, length)| length).sum::<u64>() * 4 >= plain * NEEDED {
                self.kept.insert(block);
            }
        }
        Ok(())
    }

    /// Inode `number` of the image.
    ///
    /// # Errors
    /// Those of reading the image.
    pub fn inode(&self, number: u32) -> Result<Inode> {
        self.image.inode(number)
    }

    /// Bytes of a file of the image.
    ///
    /// # Errors
    /// Those of reading the image, and when they are not all there.
    pub fn bytes(&self, number: u32, at: u64, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.read(number, at, &mut bytes)?;
        Ok(bytes)
    }

    /// As many bytes of a file of the image as `bytes` has.
    ///
    /// # Errors
    /// Those of [`Base::bytes`].
    pub fn read(&self, number: u32, at: u64, bytes: &mut [u8]) -> Result<()> {
        let inode = self.image.inode(number)?;
        match self.image.read_at(number, &inode, at, bytes)? == bytes.len() {
            true => Ok(()),
            false => Err(Error::impossible(format_args!(
                "a file ended before its size"
            ))),
        }
    }

    /// Takes over piece `index` of a file, if it can be.
    ///
    /// # Errors
    /// Those of reading the image and of writing.
    pub fn piece<W: Write + Seek>(
        &mut self,
        number: u32,
        inode: &Inode,
        index: u64,
        out: &mut Out<W>,
    ) -> Result<Piece> {
        let sb = self.image.superblock();
        let (extent, length) = extent::locate(self.image, sb, number, inode, index)?;
        match extent {
            Extent::Hole => Ok(Piece::Block(NONE)),
            Extent::Block(block) if self.image.entry(block)?.plain() == length => {
                Ok(Piece::Block(self.take(block, out)?))
            }
            Extent::Tail(block, offset) if self.kept.contains(&block) => {
                Ok(Piece::Tail(self.take(block, out)?, offset))
            }
            _ => {
                let at = index << sb.block_log;
                Ok(Piece::Bytes(self.bytes(number, at, length as usize)?))
            }
        }
    }

    /// The new number of a block.
    fn take<W: Write + Seek>(&mut self, block: u32, out: &mut Out<W>) -> Result<u32> {
        if let Some(number) = self.taken.get(&block) {
            return Ok(*number);
        }
        let (entry, bytes) = self.image.stored(block)?;
        let number = out.add_stored(Stored {
            bytes,
            plain: entry.plain(),
            // An entry with another one was refused.
            compression: entry.compression().unwrap_or(Compression::None),
            filter: entry.filter().unwrap_or(Filter::None),
            digest: Some(entry.digest),
        })?;
        self.taken.insert(block, number);
        Ok(number)
    }
}
