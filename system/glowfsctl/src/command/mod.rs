//! What the program does: a file a command.

mod beside;
mod cat;
#[cfg(feature = "make")]
mod commit;
mod delta;
mod diff;
mod extract;
mod info;
mod key;
mod list;
#[cfg(feature = "make")]
mod mkfs;
#[cfg(feature = "mount")]
mod mount;
mod progress;
#[cfg(feature = "sign")]
mod sign;
mod value;
mod verify;

use crate::program::{Failed, Given, Outcome};
use glowfs::reader::Image;
use glowfs::{Error, Result};
use std::fs::File;
use std::path::Path;

/// Runs the command that was given.
///
/// # Errors
/// Why it ended early.
pub fn run(given: &Given) -> Outcome {
    match given.command.name {
        "cat" => cat::cat(given),
        #[cfg(feature = "make")]
        "commit" => commit::commit(given),
        "delta" => delta::delta(given),
        "diff" => diff::diff(given),
        "extract" => extract::extract(given),
        "info" => info::info(given),
        #[cfg(feature = "sign")]
        "keygen" => sign::keygen(given),
        "ls" => list::list(given),
        #[cfg(feature = "make")]
        "mkfs" => mkfs::mkfs(given),
        #[cfg(feature = "mount")]
        "mount" => mount::mount(given),
        "patch" => delta::patch(given),
        #[cfg(feature = "sign")]
        "sign" => sign::sign(given),
        "verify" => verify::verify(given),
        other => Err(Failed::Usage(format!("there is no command '{other}'"))),
    }
}

/// Opens an image.
fn open(path: &Path) -> Result<Image<File>> {
    let file = File::open(path).map_err(Error::file(path, "opening"))?;
    Image::open(file).map_err(|error| error.of(path))
}
