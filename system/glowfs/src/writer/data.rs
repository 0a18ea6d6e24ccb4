//! Files' data: full blocks are written, what remains waits to be packed.

use super::Options;
use super::base::{Base, Piece};
use super::compressed;
use super::hash::Key;
use super::input::{Input, baseless};
use super::number::Numbers;
use super::out::Out;
use super::pack::{self, Packer};
use super::placed::{Place, Placed, Rest, Tail};
use super::pool::How;
use crate::error::{Error, Result};
use crate::format::superblock::NONE;
use crate::tree::{Content, Data, Tree};
use std::collections::HashMap;
use std::io::{Seek, Write};

/// Reads all regular files and writes their full blocks, and what remains of them, packed; unless that waits for a dictionary ([`pack::waits`]).
/// Kept in memory are 32 bytes a different block and, of what is packed, where it is, not what.
///
/// # Errors
/// Those of reading and writing.
pub fn data<W: Write + Seek>(
    tree: &Tree,
    numbers: &Numbers,
    options: &Options,
    key: Key,
    base: &mut Option<Base<'_>>,
    out: &mut Out<W>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Placed> {
    let mut placed = Placed {
        places: vec![Place::Nothing; tree.files.len()],
        tails: Vec::new(),
        total: 0,
        shared: 0,
        holes: 0,
        key,
    };
    let size_of = |file: usize| match tree.files[file].content {
        Content::Regular(size, _) => size,
        _ => 0,
    };
    let all = numbers.order.iter().map(|file| size_of(*file)).sum();
    let mut known = Known::default();
    let dictionary = base.as_ref().and_then(|base| base.dictionary.clone());
    let mut packer = (!pack::waits(options)).then(|| Packer::new(options, dictionary));
    for &file in &numbers.order {
        let Content::Regular(size, ref data) = tree.files[file].content else {
            continue;
        };
        placed.total += size;
        if size > i64::MAX as u64 {
            let what = format!("a file of {size} bytes is too large");
            return Err(Error::impossible(format_args!("{what}")));
        }
        if size == 0 {
            continue;
        }
        placed.places[file] = if size <= u64::from(options.inline) {
            let mut input = Input::open(data, base.as_ref(), 0)?;
            Place::Inline(input.read(size as usize)?)
        } else {
            let mut file = Current {
                tree,
                file,
                size,
                block: 1 << options.block_log,
                pack: u64::from(options.pack),
                known: &mut known,
                packer: &mut packer,
                placed: &mut placed,
                blocks: Vec::new(),
                rest: Rest::None,
                compressed: false,
            };
            match data {
                Data::Base(number) => file.over(*number, None, base, out)?,
                Data::Changed(_, number) => {
                    let mut input = Input::open(data, None, 0)?;
                    file.over(*number, Some(&mut input), base, out)?;
                }
                _ => file.read(&mut Input::open(data, None, 0)?, base.as_ref(), out)?,
            }
            Place::Blocks(file.blocks, file.rest)
        };
        progress(placed.total, all);
    }
    if let Some(packer) = &mut packer {
        packer.close(&mut placed.tails, out)?;
    }
    Ok(placed)
}

/// What is there already, by hash; what has the hash of another is at the next number that is free.
#[derive(Default)]
struct Known {
    blocks: HashMap<u64, Block>,
    /// Places in [`Placed::tails`].
    tails: HashMap<u64, usize>,
}

/// A block, and where its bytes can be read again.
#[derive(Clone, Copy)]
struct Block {
    number: u32,
    file: usize,
    at: u64,
}

/// A file that is being placed.
struct Current<'a> {
    tree: &'a Tree,
    file: usize,
    size: u64,
    /// Size of data blocks.
    block: u64,
    /// Size of blocks of tails.
    pack: u64,
    known: &'a mut Known,
    /// None where tails wait.
    packer: &'a mut Option<Packer>,
    placed: &'a mut Placed,
    blocks: Vec<u32>,
    rest: Rest,
    /// Whether it says at its begin that it is compressed.
    compressed: bool,
}

impl Current<'_> {
    /// Places a file that is read.
    fn read<W: Write + Seek>(
        &mut self,
        input: &mut Input<'_>,
        base: Option<&Base<'_>>,
        out: &mut Out<W>,
    ) -> Result<()> {
        let mut at = 0;
        while at < self.size {
            let mut bytes = out.buffer();
            let length = (self.size - at).min(self.block);
            input.append(&mut bytes, length as usize)?;
            self.put(at, bytes, base, out)?;
            at += length;
        }
        Ok(())
    }

    /// Places a file of the base, or what changed of it: a piece that is read as the base has it is taken over from there.
    fn over<W: Write + Seek>(
        &mut self,
        number: u32,
        mut input: Option<&mut Input<'_>>,
        base: &mut Option<Base<'_>>,
        out: &mut Out<W>,
    ) -> Result<()> {
        let base = base.as_mut().ok_or_else(baseless)?;
        let inode = base.inode(number)?;
        let mut at = 0;
        while at < self.size {
            let length = (self.size - at).min(self.block) as usize;
            let same = match &mut input {
                None => None,
                Some(input) => {
                    let bytes = input.read(length)?;
                    // The piece must be as long there, or its block is another.
                    let there = inode.size.saturating_sub(at).min(self.block);
                    let same = there == length as u64 && base.bytes(number, at, length)? == bytes;
                    Some((bytes, same))
                }
            };
            match same {
                Some((bytes, false)) => self.put(at, bytes, Some(base), out)?,
                _ => match base.piece(number, &inode, at / self.block, out)? {
                    Piece::Block(NONE) => {
                        self.placed.holes += length as u64;
                        self.blocks.push(NONE);
                    }
                    Piece::Block(block) => self.blocks.push(block),
                    Piece::Tail(block, offset) => self.rest = Rest::Packed(block, offset),
                    Piece::Bytes(bytes) => self.put(at, bytes, Some(base), out)?,
                },
            }
            at += length as u64;
        }
        Ok(())
    }

    /// Places a piece that begins at `at`.
    fn put<W: Write + Seek>(
        &mut self,
        at: u64,
        bytes: Vec<u8>,
        base: Option<&Base<'_>>,
        out: &mut Out<W>,
    ) -> Result<()> {
        let length = bytes.len() as u64;
        if at == 0 {
            self.compressed = compressed::says_so(&bytes);
        }
        if is_zero(&bytes) {
            self.placed.holes += length;
            self.blocks.push(NONE);
            out.recycle(bytes);
            return Ok(());
        }
        if length < self.block && length <= self.pack {
            self.rest = Rest::Tail(self.remember(at, &bytes, base, out)?);
            out.recycle(bytes);
            return Ok(());
        }
        let mut hash = self.placed.key.hash(&bytes);
        while let Some(known) = self.known.blocks.get(&hash) {
            if self.is_at(known.file, known.at, &bytes, base)? {
                self.placed.shared += length;
                self.blocks.push(known.number);
                out.recycle(bytes);
                return Ok(());
            }
            hash = hash.wrapping_add(1);
        }
        let how = match self.compressed {
            true => How::Compressed,
            false => How::Compress,
        };
        let number = out.add(bytes, how)?;
        let file = self.file;
        let block = Block { number, file, at };
        self.known.blocks.insert(hash, block);
        self.blocks.push(number);
        Ok(())
    }

    /// Puts a tail to the others, and packs it unless it waits; its place there.
    fn remember<W: Write + Seek>(
        &mut self,
        at: u64,
        bytes: &[u8],
        base: Option<&Base<'_>>,
        out: &mut Out<W>,
    ) -> Result<usize> {
        let hash = self.placed.key.hash(bytes);
        let mut free = hash;
        while let Some(place) = self.known.tails.get(&free) {
            let tail = &self.placed.tails[*place];
            if tail.length as usize == bytes.len() && self.is_at(tail.file, tail.at, bytes, base)? {
                self.placed.shared += bytes.len() as u64;
                return Ok(*place);
            }
            free = free.wrapping_add(1);
        }
        let place = self.placed.tails.len();
        self.placed.tails.push(Tail {
            file: self.file,
            at,
            length: bytes.len() as u32,
            hash,
            packed: None,
        });
        self.known.tails.insert(free, place);
        if let Some(packer) = self.packer {
            packer.add(place, bytes, self.compressed, &mut self.placed.tails, out)?;
        }
        Ok(place)
    }

    /// Whether a file has these bytes at `at`.
    fn is_at(&self, file: usize, at: u64, bytes: &[u8], base: Option<&Base<'_>>) -> Result<bool> {
        let Content::Regular(size, ref data) = self.tree.files[file].content else {
            return Ok(false);
        };
        // Blocks of one hash can have different lengths, by chance.
        if size.saturating_sub(at) < bytes.len() as u64 {
            return Ok(false);
        }
        Ok(Input::open(data, base, at)?.read(bytes.len())? == bytes)
    }
}

/// Whether all bytes are zero, many at a time.
fn is_zero(bytes: &[u8]) -> bool {
    let (chunks, rest) = bytes.as_chunks::<16>();
    rest.iter().all(|byte| *byte == 0)
        && chunks.iter().all(|chunk| u128::from_ne_bytes(*chunk) == 0)
}

#[cfg(test)]
mod tests {
    use super::super::number::number;
    use super::super::pool::Pool;
    use super::*;
    use crate::tree::Node;
    use std::io::Cursor;

    fn node(content: Content) -> Node {
        Node {
            permissions: 0o755,
            user: 0,
            group: 0,
            modified: (0, 0),
            attributes: Default::default(),
            content,
        }
    }

    #[test]
    fn what_differs_is_kept_apart_though_all_has_one_hash() {
        let mut tree = Tree::default();
        tree.add(node(Content::Directory(Default::default())));
        // All have the same hash by this key: a factor of each product is zero.
        let key = Key::of_zeros();
        for (name, first, length) in [
            ("a", 1, 4096),
            ("b", 2, 4096),
            ("c", 1, 4096),
            ("d", 2, 4096),
            ("e", 1, 100),
            ("f", 2, 100),
            ("g", 1, 100),
        ] {
            let mut bytes = vec![0; length];
            bytes[0] = first;
            assert_eq!(key.hash(&bytes), 0);
            let file = tree.add(node(Content::Regular(
                length as u64,
                Data::Memory(bytes.into()),
            )));
            let entries = tree.entries_mut(0).unwrap();
            entries.insert(name.into(), file);
        }
        let options = Options {
            block_log: 12,
            pack: 4096,
            inline: 0,
            ..Options::default()
        };
        let numbers = number(&tree).unwrap();
        let placed = std::thread::scope(|scope| {
            let pool = Pool::new(scope, &options);
            let mut out = Out::new(pool, Cursor::new(Vec::new()), &options).unwrap();
            let mut none = None;
            data(
                &tree,
                &numbers,
                &options,
                key,
                &mut none,
                &mut out,
                &mut |_, _| (),
            )
            .unwrap()
        });
        let found: Vec<(Vec<u32>, Option<usize>)> = placed.places[1..]
            .iter()
            .map(|place| match place {
                Place::Blocks(blocks, Rest::Tail(tail)) => (blocks.clone(), Some(*tail)),
                Place::Blocks(blocks, _) => (blocks.clone(), None),
                _ => panic!("nowhere"),
            })
            .collect();
        let block = |number| (vec![number], None);
        let tail = |place| (Vec::new(), Some(place));
        assert_eq!(
            found,
            [
                block(0),
                block(1),
                block(0),
                block(1),
                tail(0),
                tail(1),
                tail(0)
            ]
        );
        assert_eq!(placed.shared, 4096 * 2 + 100);
    }
}
