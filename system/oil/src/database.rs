//! What is installed: `lib/apk/db` below the root, in apk's own files, so that apk and Oil can take turns.
//!
//! [`installed`] is the text of all packages and their files, [`record`] one package of it; [`sidecar`] is our own
//! file beside it, from which a path's owner and the metadata of packages are had without reading the text;
//! [`scripts`], [`triggers`] and [`lock`] are the other files there; [`root`] makes a new database, and takes one away.

pub mod installed;
pub mod lock;
pub mod record;
pub mod root;
pub mod scripts;
pub mod sidecar;
pub mod source;
pub mod triggers;

use crate::error::{Error, Result};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The database's directory, below the root.
pub const DIRECTORY: &str = "lib/apk/db";

/// Reads a file; none if it is not there.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file(path)(error)),
    }
}

/// Writes a file beside itself and puts it in its place, with its bytes on the disk before that.
///
/// # Errors
/// [`Error::File`]; the file is as it was then.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    replace_with(path, bytes, true)
}

/// The same; without `sync` the bytes may reach the disk later.
pub(crate) fn replace_with(path: &Path, bytes: &[u8], sync: bool) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let write = || -> io::Result<()> {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        if sync {
            file.sync_all()?;
        }
        std::fs::rename(&beside, path)
    };
    write().map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        Error::file(path)(error)
    })
}
