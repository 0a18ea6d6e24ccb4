//! `delta` and `patch`: what one image has that another has not.

use super::beside::Beside;
use super::open;
use crate::program::{DONE, Given, Outcome, print};
use glowfs::digest::hex;
use glowfs::{Error, delta};
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

pub fn delta(given: &Given) -> Outcome {
    let [old, new, to] = [0, 1, 2].map(|word| Path::new(&given.words[word]));
    let (a, b) = (open(old)?, open(new)?);
    let beside = Beside::new(to)?;
    let made = delta::make(&a, &b, BufWriter::with_capacity(1 << 20, &beside.file))?;
    beside.rename(to)?;
    if !given.has("quiet") {
        print(&format!(
            "{} blocks are there, {} are new; {} bytes\n",
            made.old, made.new, made.length
        ))?;
    }
    Ok(DONE)
}

pub fn patch(given: &Given) -> Outcome {
    let [old, from, to] = [0, 1, 2].map(|word| Path::new(&given.words[word]));
    let image = open(old)?;
    let file = File::open(from).map_err(Error::file(from, "opening"))?;
    let beside = Beside::new(to)?;
    let identity = delta::apply(
        &image,
        BufReader::with_capacity(1 << 20, file),
        BufWriter::with_capacity(1 << 20, &beside.file),
    )?;
    beside.rename(to)?;
    if !given.has("quiet") {
        print(&format!("{}\n", hex(&identity)))?;
    }
    Ok(DONE)
}
