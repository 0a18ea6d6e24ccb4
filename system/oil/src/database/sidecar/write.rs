//! Makes a sidecar.

use super::hash::hash;
use super::{HEADER, MAGIC, binding, now, path};
use crate::database::installed::{self, Installed, join_into};
use crate::database::replace_with;
use crate::error::{Error, Result};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Writes the sidecar of what is installed below `root`. `installed` must be what the file holds. With `sync` its bytes
/// are on the disk when it is in its place.
///
/// # Errors
/// [`Error::File`]; without a sidecar everything works, more slowly.
pub fn write(root: &Path, installed: &Installed, sync: bool) -> Result<()> {
    let source = installed::path(root);
    let metadata = std::fs::metadata(&source).map_err(Error::file(&source))?;
    if metadata.size() != installed.text().len() as u64 || metadata.size() > u64::from(u32::MAX) {
        return Ok(());
    }
    let Files {
        bits,
        buckets,
        files,
    } = Files::of(installed);
    let mut out = Vec::with_capacity(HEADER + files.len() * 17 + installed.text().len() / 8);
    out.extend_from_slice(MAGIC);
    let heads: usize = installed
        .places()
        .iter()
        .map(|place| place.head_end - place.start)
        .sum();
    let mut words = binding(&metadata).to_vec();
    words.extend([hash(installed.text()), now()]);
    words.extend(
        [installed.places().len(), heads, files.len(), bits as usize].map(|count| count as u64),
    );
    words
        .iter()
        .for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
    out.resize(HEADER, 0);
    let mut number = |value: usize| out.extend_from_slice(&(value as u32).to_le_bytes());
    for place in installed.places() {
        [place.start, place.head_end, place.end]
            .into_iter()
            .for_each(&mut number);
    }
    for place in 0..installed.places().len() {
        out.extend_from_slice(installed.head(place));
    }
    for start in buckets {
        out.extend_from_slice(&start.to_le_bytes());
    }
    for (hash, places) in files {
        out.extend_from_slice(&(hash as u32).to_le_bytes());
        places
            .iter()
            .for_each(|place| out.extend_from_slice(&place.to_le_bytes()));
    }
    replace_with(&path(root), &out, sync)
}

/// The hash of a file's path; its package, and where its `F:` and `R:` lines begin.
type File = (u64, [u32; 3]);

/// All files, sorted by the hashes of their paths.
struct Files {
    /// How many bits of a hash, its highest, are the number of its bucket.
    bits: u32,
    /// Where each bucket begins, and the end of the last one.
    buckets: Vec<u32>,
    files: Vec<File>,
}

impl Files {
    fn of(installed: &Installed) -> Self {
        let mut all: Vec<File> = Vec::new();
        let mut path = Vec::new();
        installed.each_file(|package, directory, file, directory_path, name| {
            join_into(&mut path, directory_path, name);
            all.push((hash(&path), [package as u32, directory as u32, file as u32]));
        });
        let bits = (all.len() / 4).max(2).ilog2();
        let bucket = |file: &File| (file.0 >> (64 - bits)) as usize;
        let mut buckets = vec![0; (1 << bits) + 1];
        for file in &all {
            buckets[bucket(file) + 1] += 1;
        }
        for number in 1..buckets.len() {
            buckets[number] += buckets[number - 1];
        }
        let mut next = buckets.clone();
        let mut files = vec![(0, [0; 3]); all.len()];
        for file in all {
            let place = &mut next[bucket(&file)];
            files[*place as usize] = file;
            *place += 1;
        }
        for ends in buckets.windows(2) {
            files[ends[0] as usize..ends[1] as usize].sort_unstable();
        }
        Self {
            bits,
            buckets,
            files,
        }
    }
}
