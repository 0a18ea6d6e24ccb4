//! Tails, packed in blocks, in the order of paths: what lies in one directory is alike more often than what has one
//! kind or one extension, which was measured.

use super::Options;
use super::compress::{Codec, Encoder};
use super::dictionary;
use super::hash::Key;
use super::input::Input;
use super::out::Out;
use super::placed::{Placed, Tail};
use super::pool::How;
use crate::error::{Error, Result};
use crate::tree::{Content, Tree};
use std::io::{Seek, Write};
use std::sync::Arc;

/// Bytes that a dictionary is trained with, for each of its own.
const SAMPLES: usize = 100;
/// Blocks that are compressed with and without a dictionary, to see whether it is worth it.
const TRIED: usize = 32;

/// Packs tails, in the order in which it is given them.
pub struct Packer {
    /// Plain bytes of a block at most.
    limit: usize,
    /// What blocks are compressed with, if with any.
    dictionary: Option<Arc<[u8]>>,
    /// The block that is being filled.
    block: Vec<u8>,
    /// What is in it: places in [`Placed::tails`], and offsets.
    members: Vec<(usize, u32)>,
    /// Whether all of it is compressed already, as the files say.
    compressed: bool,
}

impl Packer {
    pub fn new(options: &Options, dictionary: Option<Arc<[u8]>>) -> Packer {
        Packer {
            limit: options.pack as usize,
            dictionary,
            block: Vec::new(),
            members: Vec::new(),
            compressed: true,
        }
    }

    /// Packs `bytes`, which are the tail at `place` of `tails`, of a file that says whether it is compressed already.
    ///
    /// # Errors
    /// Those of writing the block that has no room for them.
    pub fn add<W: Write + Seek>(
        &mut self,
        place: usize,
        bytes: &[u8],
        compressed: bool,
        tails: &mut [Tail],
        out: &mut Out<W>,
    ) -> Result<()> {
        if self.block.len() + bytes.len() > self.limit {
            self.close(tails, out)?;
        }
        if self.block.capacity() == 0 {
            self.block = out.buffer();
        }
        self.members.push((place, self.block.len() as u32));
        self.block.extend_from_slice(bytes);
        self.compressed &= compressed;
        Ok(())
    }

    /// Hands out the block that is being filled, if there is something in it.
    ///
    /// # Errors
    /// Those of writing.
    pub fn close<W: Write + Seek>(&mut self, tails: &mut [Tail], out: &mut Out<W>) -> Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let how = match &self.dictionary {
            Some(dictionary) => How::With(Arc::clone(dictionary)),
            None if self.compressed => How::Compressed,
            None => How::Compress,
        };
        self.compressed = true;
        let block = out.add(std::mem::take(&mut self.block), how)?;
        for (place, offset) in self.members.drain(..) {
            tails[place].packed = Some((block, offset));
        }
        Ok(())
    }
}

/// Whether tails wait for a dictionary that is trained with them.
pub fn waits(options: &Options) -> bool {
    options.dictionary != 0 && matches!(options.codec, Codec::Zstd(_))
}

/// Trains a dictionary with all tails, which wait for it, reads them again, packs and writes them.
///
/// # Errors
/// Those of reading and writing; [`Error::impossible`] for a file that is not as it was before.
pub fn pack<W: Write + Seek>(
    tree: &Tree,
    placed: &mut Placed,
    options: &Options,
    out: &mut Out<W>,
) -> Result<()> {
    let dictionary = train(tree, placed, options, out)?;
    let mut packer = Packer::new(options, dictionary);
    let mut bytes = Vec::new();
    for place in 0..placed.tails.len() {
        bytes.clear();
        read(tree, &placed.tails[place], &placed.key, &mut bytes)?;
        packer.add(place, &bytes, false, &mut placed.tails, out)?;
    }
    packer.close(&mut placed.tails, out)
}

/// Trains a dictionary, if there is to be one, and writes it if it makes the image smaller.
fn train<W: Write + Seek>(
    tree: &Tree,
    placed: &Placed,
    options: &Options,
    out: &mut Out<W>,
) -> Result<Option<Arc<[u8]>>> {
    let mut samples = Vec::new();
    let mut lengths = Vec::new();
    // As many bytes as zstd's manual recommends, from everywhere.
    let wanted = SAMPLES * options.dictionary as usize;
    let each = || placed.tails.iter().map(|tail| tail.length as usize);
    let step = each().sum::<usize>().div_ceil(wanted).max(1);
    for tail in placed.tails.iter().step_by(step) {
        read(tree, tail, &placed.key, &mut samples)?;
        lengths.push(tail.length as usize);
    }
    let Some(trained) = dictionary::train(&samples, &lengths, options.dictionary as usize)? else {
        return Ok(None);
    };
    let shared = Arc::from(&trained[..]);
    if !pays(tree, placed, options, &shared)? {
        return Ok(None);
    }
    out.add_dictionary(trained)?;
    Ok(Some(shared))
}

/// Whether a dictionary saves more than it takes, by at most [`TRIED`] blocks that are compressed with and without.
fn pays(tree: &Tree, placed: &Placed, options: &Options, dictionary: &Arc<[u8]>) -> Result<bool> {
    let mut packs: Vec<Vec<&Tail>> = vec![Vec::new()];
    let mut length = 0;
    for tail in &placed.tails {
        let more = tail.length as usize;
        if length + more > options.pack as usize {
            length = 0;
            packs.push(Vec::new());
        }
        length += more;
        if let Some(pack) = packs.last_mut() {
            pack.push(tail);
        }
    }
    let step = packs.len().div_ceil(TRIED);
    let mut encoder = Encoder::new(options);
    let mut saved = 0;
    for pack in packs.iter().step_by(step) {
        let mut bytes = Vec::new();
        for tail in pack {
            read(tree, tail, &placed.key, &mut bytes)?;
        }
        let without = encoder.encode(bytes.clone(), None)?.bytes.len() as i64;
        let with = encoder.encode(bytes, Some(dictionary))?.bytes.len() as i64;
        saved += (without - with) * step as i64;
    }
    let takes = encoder.encode(dictionary.to_vec(), None)?.bytes.len() as i64;
    Ok(saved > takes)
}

/// Reads a tail once more, behind what `to` has, and sees whether it is what it was.
fn read(tree: &Tree, tail: &Tail, key: &Key, to: &mut Vec<u8>) -> Result<()> {
    let Content::Regular(_, ref data) = tree.files[tail.file].content else {
        return Err(Error::impossible(format_args!("a tail of no file")));
    };
    let begin = to.len();
    Input::open(data, None, tail.at)?.append(to, tail.length as usize)?;
    if key.hash(&to[begin..]) != tail.hash {
        let what = "a file was changed while the image was made; make it again";
        return Err(Error::impossible(format_args!("{what}")));
    }
    Ok(())
}
