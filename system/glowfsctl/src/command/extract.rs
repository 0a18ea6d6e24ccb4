//! `extract`: writes files of an image to a directory.

use super::open;
use crate::program::{DONE, Given, Outcome, complain};
use glowfs::extract::{Keep, extract as unpack};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub fn extract(given: &Given) -> Outcome {
    let (path, to) = (Path::new(&given.words[0]), Path::new(&given.words[1]));
    let image = open(path)?;
    let inside = given.words.get(2).map_or(&b""[..], |word| word.as_bytes());
    let keep = Keep {
        privileged: rustix::process::geteuid().is_root() && !given.has("plain"),
    };
    let mut left = 0;
    unpack(&image, inside, to, keep, &mut |path, what| {
        left += 1;
        if left <= 10 {
            complain(&format!("{}: left out: {what}", path.display()));
        }
    })
    .map_err(|error| error.of(path))?;
    if left > 10 {
        complain(&format!("and {} more were left out", left - 10));
    }
    Ok(DONE)
}
