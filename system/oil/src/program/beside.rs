//! Files that are written beside their place, and are there only when all of them is.

use super::outcome::{Failure, reason_of};
use oil::error::Result;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// A name for a file that is not ready to have its own.
pub fn beside(place: &Path) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    name.into()
}

/// Writes to a file, which is there only when all of it is.
pub fn write_file(
    path: &str,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<()>,
) -> Result<(), Failure> {
    let place = Path::new(path);
    let beside = beside(place);
    let all = || -> Result<()> {
        let mut out = BufWriter::with_capacity(128 << 10, File::create(&beside)?);
        write(&mut out)?;
        out.flush()?;
        Ok(fs::rename(&beside, place)?)
    };
    all().map_err(|error| {
        let _ = fs::remove_file(&beside);
        Failure::of(path, reason_of(&error))
    })
}
