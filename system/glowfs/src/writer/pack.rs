//! Tails, packed in blocks: like lies with like.

use super::Options;
use super::data::{Input, Placed, Tail};
use super::dictionary;
use super::out::Out;
use super::pool::How;
use crate::digest::digest;
use crate::error::{Error, Result};
use crate::tree::{Content, Tree};
use std::io::{Seek, Write};
use std::sync::Arc;

/// What a file looks like, coarsely.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Class {
    Text,
    Program,
    Script,
    Other,
}

fn class(begin: [u8; 4]) -> Class {
    match begin {
        [0x7f, b'E', b'L', b'F'] => Class::Program,
        [b'#', b'!', _, _] => Class::Script,
        _ if begin
            .iter()
            .all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..)) =>
        {
            Class::Text
        }
        _ => Class::Other,
    }
}

/// Reads all tails again, packs and writes them.
///
/// # Errors
/// Those of reading and writing; [`Error::Impossible`] for a file that is not as it was before.
pub fn pack<W: Write + Seek>(
    tree: &Tree,
    placed: &mut Placed,
    options: &Options,
    out: &mut Out<W>,
) -> Result<()> {
    let names = names(tree);
    let mut order: Vec<usize> = (0..placed.tails.len()).collect();
    // The tails are in the order of paths, and stay so where nothing else tells them apart.
    order.sort_by_cached_key(|index| {
        let tail = &placed.tails[*index];
        (class(tail.begin), extension(names[tail.file]))
    });
    let dictionary = train(tree, placed, &order, options)?;
    if let Some(dictionary) = &dictionary {
        out.add_dictionary(dictionary.to_vec())?;
    }
    let mut pack = Vec::new();
    let mut members: Vec<(usize, u32)> = Vec::new();
    let mut close = |pack: &mut Vec<u8>, members: &mut Vec<(usize, u32)>, placed: &mut Placed| {
        if pack.is_empty() {
            return Ok(());
        }
        let how = match &dictionary {
            Some(dictionary) => How::With(Arc::clone(dictionary)),
            None => How::Compress,
        };
        let block = out.add(std::mem::take(pack), how)?;
        for (tail, offset) in members.drain(..) {
            placed.tails[tail].packed = Some((block, offset));
        }
        Ok::<(), Error>(())
    };
    for index in order {
        let bytes = read(tree, &placed.tails[index], options)?;
        if pack.len() + bytes.len() > options.pack as usize {
            close(&mut pack, &mut members, placed)?;
        }
        members.push((index, pack.len() as u32));
        pack.extend_from_slice(&bytes);
    }
    close(&mut pack, &mut members, placed)
}

fn train(
    tree: &Tree,
    placed: &Placed,
    order: &[usize],
    options: &Options,
) -> Result<Option<Arc<[u8]>>> {
    if options.dictionary == 0 {
        return Ok(None);
    }
    let mut samples = Vec::new();
    let mut lengths = Vec::new();
    for index in order {
        samples.extend_from_slice(&read(tree, &placed.tails[*index], options)?);
        lengths.push(placed.tails[*index].length as usize);
    }
    let trained = dictionary::train(&samples, &lengths, options.dictionary as usize)?;
    Ok(trained.map(Arc::from))
}

/// Reads a tail once more, and sees whether it is what it was.
fn read(tree: &Tree, tail: &Tail, options: &Options) -> Result<Vec<u8>> {
    let Content::Regular(_, ref data) = tree.files[tail.file].content else {
        return Err(Error::Impossible("a tail of no file".to_owned()));
    };
    let bytes = Input::open(data, tail.at)?.read(tail.length as usize)?;
    if digest(options.digest, &bytes) != tail.digest {
        let what = "a file was changed while the image was made; make it again";
        return Err(Error::Impossible(what.to_owned()));
    }
    Ok(bytes)
}

/// A name of each file.
fn names(tree: &Tree) -> Vec<&[u8]> {
    let mut names: Vec<&[u8]> = vec![b""; tree.files.len()];
    for file in 0..tree.files.len() {
        for (name, of) in tree.entries(file).into_iter().flatten() {
            names[*of] = name;
        }
    }
    names
}

/// What is behind the last dot.
fn extension(name: &[u8]) -> &[u8] {
    match name.iter().rposition(|byte| *byte == b'.') {
        Some(dot) if dot > 0 => &name[dot + 1..],
        _ => b"",
    }
}
