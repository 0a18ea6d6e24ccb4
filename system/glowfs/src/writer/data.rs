//! Files' data: full blocks are written, what remains waits to be packed.

use super::Options;
use super::number::Numbers;
use super::out::Out;
use super::pool::How;
use crate::digest::digest;
use crate::error::{Error, Result};
use crate::format::superblock::NONE;
use crate::tree::{Content, Data, Tree};
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Where a file's content is to be found in the image.
#[derive(Clone, Debug, Default)]
pub enum Place {
    /// Nowhere: it is empty, or no regular file.
    #[default]
    Nothing,
    /// In the metadata.
    Inline(Vec<u8>),
    /// In these blocks, or holes, and then in that tail.
    Blocks(Vec<u32>, Option<usize>),
}

/// What remains of a file after its full blocks.
#[derive(Clone, Debug)]
pub struct Tail {
    /// The file, as a place in [`Tree::files`].
    pub file: usize,
    /// Where it begins in the file.
    pub at: u64,
    /// Its length.
    pub length: u32,
    /// Its digest.
    pub digest: [u8; 32],
    /// What it looks like: the first bytes of the file.
    pub begin: [u8; 4],
    /// Block and offset, once it is packed.
    pub packed: Option<(u32, u32)>,
}

/// All data, by file.
pub struct Placed {
    /// By place in [`Tree::files`].
    pub places: Vec<Place>,
    /// The tails, each different from the others.
    pub tails: Vec<Tail>,
    /// Bytes of all files.
    pub total: u64,
    /// Bytes that were there already.
    pub shared: u64,
    /// Bytes of holes.
    pub holes: u64,
}

/// A file's bytes, one piece after the other.
pub enum Input<'a> {
    Memory(&'a [u8]),
    File(File, &'a Path),
    Part(&'a File, u64),
}

impl Input<'_> {
    pub fn open(data: &Data, at: u64) -> Result<Input<'_>> {
        Ok(match data {
            Data::Memory(bytes) => {
                Input::Memory(bytes.get(at as usize..).ok_or_else(changed_memory)?)
            }
            Data::Path(path) => {
                let mut file = File::open(path).map_err(Error::file(path, "opening"))?;
                if at > 0 {
                    file.seek(SeekFrom::Start(at))
                        .map_err(Error::file(path, "seeking"))?;
                }
                Input::File(file, path)
            }
            Data::Part(file, begin) => Input::Part(file, begin + at),
        })
    }

    /// The next `length` bytes.
    pub fn read(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        match self {
            Input::Memory(from) => {
                let (now, later) = from.split_at_checked(length).ok_or_else(changed_memory)?;
                bytes.copy_from_slice(now);
                *from = later;
            }
            Input::File(file, path) => {
                let path: &Path = path;
                file.read_exact(&mut bytes).map_err(Error::file(
                    path,
                    "reading (was it cut while the image was made?)",
                ))?;
            }
            Input::Part(file, at) => {
                file.read_exact_at(&mut bytes, *at)
                    .map_err(Error::file(Path::new("archive"), "reading"))?;
                *at += length as u64;
            }
        }
        Ok(bytes)
    }
}

fn changed_memory() -> Error {
    Error::Impossible("a file in memory is shorter than its size".to_owned())
}

/// Reads all regular files and writes their full blocks. Kept in memory are 36 bytes a different block and, for the pieces that are packed later,
/// where they are, not what.
///
/// # Errors
/// Those of reading and writing.
pub fn data<W: Write + Seek>(
    tree: &Tree,
    numbers: &Numbers,
    options: &Options,
    out: &mut Out<W>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Placed> {
    let mut placed = Placed {
        places: vec![Place::Nothing; tree.files.len()],
        tails: Vec::new(),
        total: 0,
        shared: 0,
        holes: 0,
    };
    let size_of = |file: usize| match tree.files[file].content {
        Content::Regular(size, _) => size,
        _ => 0,
    };
    let all = numbers.order.iter().map(|file| size_of(*file)).sum();
    let mut known = Known::default();
    for &file in &numbers.order {
        let Content::Regular(size, ref data) = tree.files[file].content else {
            continue;
        };
        placed.total += size;
        if size > i64::MAX as u64 {
            let what = format!("a file of {size} bytes is too large");
            return Err(Error::Impossible(what));
        }
        if size == 0 {
            continue;
        }
        let mut input = Input::open(data, 0)?;
        placed.places[file] = if size <= u64::from(options.inline) {
            Place::Inline(input.read(size as usize)?)
        } else {
            blocks(
                file,
                size,
                &mut input,
                options,
                out,
                &mut known,
                &mut placed,
            )?
        };
        progress(placed.total, all);
    }
    Ok(placed)
}

/// What is there already, by digest.
#[derive(Default)]
struct Known {
    blocks: HashMap<[u8; 32], u32>,
    tails: HashMap<[u8; 32], usize>,
}

fn blocks<W: Write + Seek>(
    file: usize,
    size: u64,
    input: &mut Input<'_>,
    options: &Options,
    out: &mut Out<W>,
    known: &mut Known,
    placed: &mut Placed,
) -> Result<Place> {
    let block = 1 << options.block_log;
    let mut blocks = Vec::new();
    let mut tail = None;
    let mut begin = [0; 4];
    let mut at = 0;
    while at < size {
        let length = (size - at).min(block) as usize;
        let bytes = input.read(length)?;
        if at == 0 {
            let count = length.min(4);
            begin[..count].copy_from_slice(&bytes[..count]);
        }
        if is_zero(&bytes) {
            placed.holes += length as u64;
            blocks.push(NONE);
        } else if (length as u64) < block && length <= options.pack as usize {
            tail = Some(remember(file, at, &bytes, begin, options, known, placed));
        } else {
            let digest = digest(options.digest, &bytes);
            let number = match known.blocks.get(&digest) {
                Some(number) => {
                    placed.shared += length as u64;
                    *number
                }
                None => {
                    let number = out.add(bytes, How::Compress)?;
                    known.blocks.insert(digest, number);
                    number
                }
            };
            blocks.push(number);
        }
        at += length as u64;
    }
    Ok(Place::Blocks(blocks, tail))
}

/// Puts a tail to those that are packed later; its place there.
fn remember(
    file: usize,
    at: u64,
    bytes: &[u8],
    begin: [u8; 4],
    options: &Options,
    known: &mut Known,
    placed: &mut Placed,
) -> usize {
    let digest = digest(options.digest, bytes);
    if let Some(tail) = known.tails.get(&digest) {
        placed.shared += bytes.len() as u64;
        return *tail;
    }
    let tail = placed.tails.len();
    placed.tails.push(Tail {
        file,
        at,
        length: bytes.len() as u32,
        digest,
        begin,
        packed: None,
    });
    known.tails.insert(digest, tail);
    tail
}

/// Whether all bytes are zero, many at a time.
fn is_zero(bytes: &[u8]) -> bool {
    let (chunks, rest) = bytes.as_chunks::<16>();
    rest.iter().all(|byte| *byte == 0)
        && chunks.iter().all(|chunk| u128::from_ne_bytes(*chunk) == 0)
}
