//! Makes a sidecar.

use super::hash::hash;
use super::{HEADER, MAGIC, binding, now, path};
use crate::database::installed::{self, Installed};
use crate::database::replace_with;
use crate::error::{Error, Result};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

fn path_hash(directory: &[u8], name: &[u8]) -> u64 {
    let mut path = Vec::with_capacity(directory.len() + name.len() + 1);
    path.extend_from_slice(directory);
    if !directory.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    hash(&path)
}

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
    let mut files: Vec<(u64, [u32; 3])> = Vec::new();
    installed.each_file(|package, directory, file, directory_path, name| {
        files.push((
            path_hash(directory_path, name),
            [package as u32, directory as u32, file as u32],
        ));
    });
    files.sort_unstable();
    let bits = (files.len() / 4).max(2).ilog2();
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
    let mut at = 0;
    for bucket in 0..=1_u64 << bits {
        while at < files.len() && files[at].0 >> (64 - bits) < bucket {
            at += 1;
        }
        out.extend_from_slice(&(at as u32).to_le_bytes());
    }
    for (hash, places) in files {
        out.extend_from_slice(&(hash as u32).to_le_bytes());
        places
            .iter()
            .for_each(|place| out.extend_from_slice(&place.to_le_bytes()));
    }
    replace_with(&path(root), &out, sync)
}
