//! Tails, packed in blocks, in the order of paths: what lies in one directory is alike more often than what has one
//! kind or one extension, which was measured.

use super::Options;
use super::base::Base;
use super::data::{Input, Placed, Tail};
use super::dictionary;
use super::out::Out;
use super::pool::How;
use crate::digest::digest;
use crate::error::{Error, Result};
use crate::tree::{Content, Tree};
use std::io::{Seek, Write};
use std::sync::Arc;

/// Reads all tails again, packs and writes them.
///
/// # Errors
/// Those of reading and writing; [`Error::Impossible`] for a file that is not as it was before.
pub fn pack<W: Write + Seek>(
    tree: &Tree,
    placed: &mut Placed,
    options: &Options,
    base: Option<&Base<'_>>,
    out: &mut Out<W>,
) -> Result<()> {
    let order: Vec<usize> = (0..placed.tails.len()).collect();
    let dictionary = match base.and_then(|base| base.dictionary.clone()) {
        Some(dictionary) => Some(dictionary),
        None => train(tree, placed, &order, options, out)?,
    };
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
        let bytes = read(tree, &placed.tails[index], options, base)?;
        if pack.len() + bytes.len() > options.pack as usize {
            close(&mut pack, &mut members, placed)?;
        }
        members.push((index, pack.len() as u32));
        pack.extend_from_slice(&bytes);
    }
    close(&mut pack, &mut members, placed)
}

/// Trains a dictionary, if there is to be one.
fn train<W: Write + Seek>(
    tree: &Tree,
    placed: &Placed,
    order: &[usize],
    options: &Options,
    out: &mut Out<W>,
) -> Result<Option<Arc<[u8]>>> {
    if options.dictionary == 0 {
        return Ok(None);
    }
    let mut samples = Vec::new();
    let mut lengths = Vec::new();
    for index in order {
        samples.extend_from_slice(&read(tree, &placed.tails[*index], options, None)?);
        lengths.push(placed.tails[*index].length as usize);
    }
    let trained = dictionary::train(&samples, &lengths, options.dictionary as usize)?;
    if let Some(trained) = &trained {
        out.add_dictionary(trained.clone())?;
    }
    Ok(trained.map(Arc::from))
}

/// Reads a tail once more, and sees whether it is what it was.
fn read(tree: &Tree, tail: &Tail, options: &Options, base: Option<&Base<'_>>) -> Result<Vec<u8>> {
    let Content::Regular(_, ref data) = tree.files[tail.file].content else {
        return Err(Error::Impossible("a tail of no file".to_owned()));
    };
    let bytes = Input::open(data, base, tail.at)?.read(tail.length as usize)?;
    if digest(options.digest, &bytes) != tail.digest {
        let what = "a file was changed while the image was made; make it again";
        return Err(Error::Impossible(what.to_owned()));
    }
    Ok(bytes)
}
