//! Looks at all of an image: what a reader would find wrong with any part of it, and what a reader would pass over.

mod blocks;
mod files;
mod metadata;
mod table;

use crate::error::{Error, Result};
use crate::format::{self, superblock};
use crate::reader::{Image, Source};
use std::fmt;

/// Problems that are told at most; one broken thing can have very many.
pub const PROBLEMS: usize = 1000;

/// Is told the stored bytes done and all there are, by one thread at a time.
pub type Progress<'p> = &'p mut (dyn FnMut(u64, u64) + Send);

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// What is wrong, one line each, at most [`PROBLEMS`].
    pub problems: Vec<String>,
    /// How many problems there are.
    pub count: u64,
    /// Whether blocks overlap, and nothing but the table was looked at.
    pub overlaps: bool,
    /// Inodes that were reached.
    pub inodes: u64,
    /// Blocks that were read.
    pub blocks: u64,
    /// Plain bytes of all blocks.
    pub plain: u64,
    /// Keys of right signatures.
    pub signers: Vec<[u8; 32]>,
}

impl Report {
    /// Notes a problem.
    #[cold]
    #[inline(never)]
    fn problem(&mut self, what: &dyn fmt::Display) {
        self.count += 1;
        if self.problems.len() < PROBLEMS {
            self.problems.push(what.to_string());
        }
    }

    /// Notes what is wrong with the image; what went wrong with reading it goes on up.
    fn note<T>(&mut self, found: Result<T>) -> Result<Option<T>> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(error) => self.take(error).map(|()| None),
        }
    }

    #[cold]
    #[inline(never)]
    fn take(&mut self, error: Error) -> Result<()> {
        match error.format() {
            Some(error) => {
                self.problem(error);
                Ok(())
            }
            None => Err(error),
        }
    }
}

/// What a block is used for, as far as that was seen.
#[derive(Clone, Copy, Debug, Default)]
struct Use(u8);

impl Use {
    const TOLD: u8 = 1;
    const USED: u8 = 2;

    fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    fn set(&mut self, bit: u8) {
        self.0 |= bit;
    }
}

/// Verifies an image with this many threads, and calls `progress` with the stored bytes done and all there are.
/// Needed are 8 bytes of memory an inode, 20 a block, and the caches of the [`Image`].
///
/// # Errors
/// Only those of reading the image; what is wrong with it is in the report.
pub fn verify<S: Source>(
    image: &Image<S>,
    threads: usize,
    progress: Progress<'_>,
) -> Result<Report> {
    let mut report = Report::default();
    signatures(image, &mut report);
    let entries = table::table(image, &mut report)?;
    if report.overlaps {
        // Few bytes could stand for any number of blocks: nothing that is made of them has a bound.
        return Ok(report);
    }
    let sound = blocks::blocks(image, threads, &entries, &mut report, progress)?;
    let mut uses = vec![Use::default(); entries.len()];
    for (block, entry) in entries.iter().enumerate() {
        if entry.is_none() || !sound[block] {
            // It was told already, and is not told once more for not being used.
            uses[block].set(Use::TOLD);
        }
    }
    files::files(image, &entries, &mut uses, &mut report)?;
    Ok(report)
}

fn signatures<S: Source>(image: &Image<S>, report: &mut Report) {
    let mut index = 0;
    while let Some(found) = superblock::signature(image.header(), index) {
        match superblock::verify(image.header(), &[found.key]) {
            Ok(_) if report.signers.contains(&found.key) => {
                report.problem(&format_args!(
                    "signature {index}: by the same key as another"
                ));
            }
            Ok(_) => report.signers.push(found.key),
            Err(_) => report.problem(&format_args!(
                "signature {index}, by key {}: {}",
                crate::digest::hex(&found.key),
                format::Error::Signature
            )),
        }
        index += 1;
    }
}
