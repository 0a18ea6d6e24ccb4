//! Tails, packed in blocks, in the order of paths: what lies in one directory is alike more often than what has one
//! kind or one extension, which was measured.

use super::Options;
use super::base::Base;
use super::compress::{Codec, Encoder};
use super::data::{Placed, Tail};
use super::dictionary;
use super::hash::Key;
use super::input::Input;
use super::out::Out;
use super::pool::How;
use crate::error::{Error, Result};
use crate::tree::{Content, Tree};
use std::io::{Seek, Write};
use std::sync::Arc;

/// Bytes that a dictionary is trained with, for each of its own.
const SAMPLES: usize = 100;
/// Blocks that are compressed with and without a dictionary, to see whether it is worth it.
const TRIED: usize = 32;

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
    let mut pack = out.buffer();
    let mut members: Vec<(usize, u32)> = Vec::new();
    let mut close = |pack: &mut Vec<u8>, members: &mut Vec<(usize, u32)>, placed: &mut Placed| {
        if pack.is_empty() {
            return Ok(());
        }
        let how = match &dictionary {
            Some(dictionary) => How::With(Arc::clone(dictionary)),
            None => How::Compress,
        };
        let next = out.buffer();
        let block = out.add(std::mem::replace(pack, next), how)?;
        for (tail, offset) in members.drain(..) {
            placed.tails[tail].packed = Some((block, offset));
        }
        Ok::<(), Error>(())
    };
    for index in order {
        let tail = &placed.tails[index];
        if pack.len() + tail.length as usize > options.pack as usize {
            close(&mut pack, &mut members, placed)?;
        }
        members.push((index, pack.len() as u32));
        read(tree, &placed.tails[index], &placed.key, base, &mut pack)?;
    }
    close(&mut pack, &mut members, placed)
}

/// Trains a dictionary, if there is to be one, and writes it if it makes the image smaller.
fn train<W: Write + Seek>(
    tree: &Tree,
    placed: &Placed,
    order: &[usize],
    options: &Options,
    out: &mut Out<W>,
) -> Result<Option<Arc<[u8]>>> {
    if options.dictionary == 0 || !matches!(options.codec, Codec::Zstd(_)) {
        return Ok(None);
    }
    let mut samples = Vec::new();
    let mut lengths = Vec::new();
    // As many bytes as zstd's manual recommends, from everywhere.
    let wanted = SAMPLES * options.dictionary as usize;
    let all: usize = order
        .iter()
        .map(|tail| placed.tails[*tail].length as usize)
        .sum();
    for index in order.iter().step_by(all.div_ceil(wanted).max(1)) {
        read(tree, &placed.tails[*index], &placed.key, None, &mut samples)?;
        lengths.push(placed.tails[*index].length as usize);
    }
    let Some(trained) = dictionary::train(&samples, &lengths, options.dictionary as usize)? else {
        return Ok(None);
    };
    let shared = Arc::from(&trained[..]);
    if !pays(tree, placed, order, options, &shared)? {
        return Ok(None);
    }
    out.add_dictionary(trained)?;
    Ok(Some(shared))
}

/// Whether a dictionary saves more than it takes, by at most [`TRIED`] blocks that are compressed with and without.
fn pays(
    tree: &Tree,
    placed: &Placed,
    order: &[usize],
    options: &Options,
    dictionary: &Arc<[u8]>,
) -> Result<bool> {
    let mut packs: Vec<Vec<usize>> = vec![Vec::new()];
    let mut length = 0;
    for tail in order {
        let more = placed.tails[*tail].length as usize;
        if length + more > options.pack as usize {
            length = 0;
            packs.push(Vec::new());
        }
        length += more;
        if let Some(pack) = packs.last_mut() {
            pack.push(*tail);
        }
    }
    let step = packs.len().div_ceil(TRIED);
    let mut encoder = Encoder::new(options);
    let mut saved = 0;
    for pack in packs.iter().step_by(step) {
        let mut bytes = Vec::new();
        for tail in pack {
            read(tree, &placed.tails[*tail], &placed.key, None, &mut bytes)?;
        }
        let without = encoder.encode(bytes.clone(), None)?.bytes.len() as i64;
        let with = encoder.encode(bytes, Some(dictionary))?.bytes.len() as i64;
        saved += (without - with) * step as i64;
    }
    let takes = encoder.encode(dictionary.to_vec(), None)?.bytes.len() as i64;
    Ok(saved > takes)
}

/// Reads a tail once more, behind what `to` has, and sees whether it is what it was.
fn read(
    tree: &Tree,
    tail: &Tail,
    key: &Key,
    base: Option<&Base<'_>>,
    to: &mut Vec<u8>,
) -> Result<()> {
    let Content::Regular(_, ref data) = tree.files[tail.file].content else {
        return Err(Error::Impossible("a tail of no file".to_owned()));
    };
    let begin = to.len();
    Input::open(data, base, tail.at)?.append(to, tail.length as usize)?;
    if key.hash(&to[begin..]) != tail.hash {
        let what = "a file was changed while the image was made; make it again";
        return Err(Error::Impossible(what.to_owned()));
    }
    Ok(())
}
