//! A file's contents on their way into an archive.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use crate::{Error, Result};

/// Bytes moved at once.
const CHUNK: usize = 1 << 17;

/// Writes the contents of the file at `path`, which had `length` bytes when it was found; `written` makes an error of one
/// in writing.
///
/// # Errors
/// [`Error::Read`]; [`Error::Entry`] when the file's length is another now.
pub(crate) fn copy(
    path: &Path,
    length: u64,
    out: &mut impl Write,
    written: &impl Fn(io::Error) -> Error,
) -> Result<()> {
    let mut file = File::open(path).map_err(Error::read(path))?;
    let mut buffer = vec![0; CHUNK];
    let mut left = length;
    loop {
        let n = match file.read(&mut buffer) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            read => read.map_err(Error::read(path))?,
        };
        if n as u64 > left || (n == 0 && left > 0) {
            return Err(Error::entry(
                path,
                "its length changed while the image was made: start again when nothing writes to the root",
            ));
        }
        if n == 0 {
            return Ok(());
        }
        out.write_all(&buffer[..n]).map_err(written)?;
        left -= n as u64;
    }
}
