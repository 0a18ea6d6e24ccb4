//! `verify`: looks at all of an image.

use super::progress::Progress;
use super::{open, value};
use crate::program::{DONE, FAILED, Given, Outcome, complain, print};
use glowfs::digest::hex;
use glowfs::verify::PROBLEMS;
use std::path::Path;

pub fn verify(given: &Given) -> Outcome {
    let path = Path::new(&given.words[0]);
    let threads = value::threads(given)?;
    let image = open(path)?;
    let mut progress = Progress::new("verify", given.has("quiet"));
    let report = glowfs::verify::verify(&image, threads, &mut |done, all| progress.show(done, all))
        .map_err(|error| error.of(path))?;
    drop(progress);
    for problem in &report.problems {
        complain(&format!("{}: {problem}", path.display()));
    }
    if report.count > PROBLEMS as u64 {
        let more = report.count - PROBLEMS as u64;
        complain(&format!("{}: and {more} more", path.display()));
    }
    if report.count > 0 {
        return Ok(FAILED);
    }
    if !given.has("quiet") {
        print(&format!(
            "{}\n{} files, {} blocks, {} bytes plain: all of it is right\n",
            hex(&image.identity()),
            report.inodes,
            report.blocks,
            report.plain
        ))?;
    }
    Ok(DONE)
}
