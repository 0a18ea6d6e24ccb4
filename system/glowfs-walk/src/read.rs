//! Reading a tree in ways that are compared: all of it, pieces at random, and only what its files are.

use rustix::fs::{Advice, fadvise};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Bytes of a piece that is read at random.
const PIECE: u64 = 4096;

/// What was done, in numbers; or why not.
pub fn told(outcome: io::Result<(usize, u64)>) -> ExitCode {
    match outcome {
        Ok((files, bytes)) => {
            println!("{files} files, {bytes} bytes");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("glowfs-walk: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Everything below a folder, in the order of names: paths and lengths of regular files.
fn files(folder: &Path, found: &mut Vec<(PathBuf, u64)>, all: &mut usize) -> io::Result<()> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()?;
    paths.sort();
    for path in paths {
        *all += 1;
        let about = fs::symlink_metadata(&path)?;
        if about.is_dir() {
            files(&path, found, all)?;
        } else if about.is_file() {
            found.push((path, about.len()));
        }
    }
    Ok(())
}

/// Looks at every file: how many there are, and how long they are together.
pub fn find(folder: &Path) -> io::Result<(usize, u64)> {
    let (mut found, mut all) = (Vec::new(), 0);
    files(folder, &mut found, &mut all)?;
    Ok((all, found.iter().map(|(_, length)| length).sum()))
}

/// Reads every file from its begin to its end.
pub fn all(folder: &Path) -> io::Result<(usize, u64)> {
    let (mut found, mut all) = (Vec::new(), 0);
    files(folder, &mut found, &mut all)?;
    let mut buffer = vec![0; 128 << 10];
    let mut bytes = 0;
    for (path, _) in &found {
        let mut file = File::open(path)?;
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                length => bytes += length as u64,
            }
        }
    }
    Ok((found.len(), bytes))
}

/// Reads so many pieces, each of any file that is at least as long as one, from any place in it: the same ones each time.
pub fn random(folder: &Path, count: usize) -> io::Result<(usize, u64)> {
    let (mut found, mut all) = (Vec::new(), 0);
    files(folder, &mut found, &mut all)?;
    found.retain(|(_, length)| *length >= PIECE);
    let total: u64 = found.iter().map(|(_, length)| length / PIECE).sum();
    let opened: Vec<(File, u64)> = found
        .iter()
        .map(|(path, length)| {
            let file = File::open(path)?;
            fadvise(&file, 0, None, Advice::Random)?;
            Ok((file, length / PIECE))
        })
        .collect::<io::Result<_>>()?;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut buffer = [0; PIECE as usize];
    for _ in 0..count {
        // xorshift64* (Vigna 2016).
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        let mut piece = state.wrapping_mul(0x2545_f491_4f6c_dd1d) % total.max(1);
        for (file, pieces) in &opened {
            if piece < *pieces {
                file.read_exact_at(&mut buffer, piece * PIECE)?;
                break;
            }
            piece -= pieces;
        }
    }
    Ok((opened.len(), count as u64 * PIECE))
}
