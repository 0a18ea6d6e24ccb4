//! The metadata's bytes: nothing overlaps, and what belongs to nothing is zero.

use super::Report;
use crate::error::Result;
use crate::format::Error;
use crate::format::Metadata;
use crate::format::xattr::Set;
use crate::reader::{Image, Source};

/// Ranges of metadata that things take, by their begin.
#[derive(Default)]
pub struct Ranges {
    taken: Vec<(u64, u64, &'static str)>,
    sets: Vec<u64>,
}

impl Ranges {
    pub fn add(&mut self, at: u64, length: u64, what: &'static str) {
        if length > 0 {
            self.taken.push((at, at.saturating_add(length), what));
        }
    }

    /// That a file has a set of attributes; others may have the same.
    pub fn set(&mut self, at: u64) {
        self.sets.push(at);
    }

    /// Reads all sets of attributes; whether that could be done.
    ///
    /// # Errors
    /// Those of reading.
    pub fn sets<S: Source>(&mut self, image: &Image<S>, report: &mut Report) -> Result<bool> {
        let mut sets = std::mem::take(&mut self.sets);
        sets.sort_unstable();
        sets.dedup();
        let mut whole = true;
        for at in sets {
            match report.note(set(image, at))? {
                Some(length) => self.add(at, length, "extended attributes"),
                None => whole = false,
            }
        }
        Ok(whole)
    }

    /// That ranges do not overlap, and that what is between them is zero.
    ///
    /// # Errors
    /// Those of reading.
    pub fn check<S: Source>(&mut self, image: &Image<S>, report: &mut Report) -> Result<()> {
        self.taken.sort_unstable();
        let mut end = 0;
        let mut before = "";
        for &(from, to, what) in &self.taken {
            if from < end {
                report.problem(&format_args!(
                    "metadata: {what} at {from} overlaps what is before it ({before})"
                ));
            } else {
                gap(image, end, from, report)?;
            }
            if to > end {
                (end, before) = (to, what);
            }
        }
        gap(image, end, image.superblock().metadata, report)
    }
}

/// Fewer than 8 bytes, which are zero.
fn gap<S: Source>(image: &Image<S>, from: u64, to: u64, report: &mut Report) -> Result<()> {
    let length = to.saturating_sub(from);
    if length >= 8 {
        report.problem(&format_args!(
            "metadata: {length} bytes at {from} belong to nothing"
        ));
        return Ok(());
    }
    let mut bytes = [0; 8];
    let bytes = &mut bytes[..length as usize];
    if report.note(image.read(from, bytes))?.is_some() && bytes.iter().any(|byte| *byte != 0) {
        report.problem(&format_args!(
            "metadata: the bytes at {from} that belong to nothing are not zero"
        ));
    }
    Ok(())
}

/// Reads a set of attributes; its length.
///
/// # Errors
/// [`Error::Attributes`] and those of reading.
fn set<S: Source>(image: &Image<S>, at: u64) -> Result<u64> {
    let wrong = |what| crate::Error::from(Error::Attributes { at, what });
    if at & 7 != 0 {
        return Err(wrong("position"));
    }
    let set = Set::open(image, image.superblock(), at)?;
    let mut next = set.first(image)?;
    let mut before: Option<(u8, Vec<u8>)> = None;
    for index in 0..set.len() {
        if index > 0 {
            next = set.after(image, &next)?;
        }
        let mut name = vec![0; usize::from(next.name)];
        image.read(next.name_at(), &mut name)?;
        if name.contains(&0) {
            return Err(wrong("a zero byte in a name"));
        }
        let found = (next.prefix, name);
        if before.as_ref().is_some_and(|before| *before >= found) {
            return Err(wrong("names are not sorted, or there twice"));
        }
        before = Some(found);
    }
    let length = next.value_at() + u64::from(next.value) - at;
    if length != set.length() {
        return Err(wrong("bytes after the last attribute"));
    }
    Ok(length)
}
