//! What the program does: a file a command.

mod info;
#[cfg(feature = "make")]
mod mkfs;
mod progress;
mod value;
mod verify;

use crate::program::{Failed, Given, Outcome};
use glowfs::reader::Image;
use glowfs::{Error, Result};
use std::fs::File;
use std::path::Path;

/// Runs the command that was given.
pub fn run(given: &Given) -> Outcome {
    match given.command.name {
        "info" => info::info(given),
        #[cfg(feature = "make")]
        "mkfs" => mkfs::mkfs(given),
        "verify" => verify::verify(given),
        other => Err(Failed::Usage(format!("there is no command '{other}'"))),
    }
}

/// Opens an image.
fn open(path: &Path) -> Result<Image<File>> {
    let file = File::open(path).map_err(Error::file(path, "opening"))?;
    Image::open(file).map_err(|error| error.of(path))
}
