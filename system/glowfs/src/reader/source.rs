//! What an image is read from.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes that can be read anywhere, by several threads.
pub trait Source: Send + Sync {
    /// How many there are.
    ///
    /// # Errors
    /// What the system answers.
    fn length(&self) -> Result<u64>;

    /// Fills `out` from offset `at` on.
    ///
    /// # Errors
    /// What the system answers; the end of the source is an error.
    fn read(&self, at: u64, out: &mut [u8]) -> Result<()>;
}

fn reading(error: io::Error) -> Error {
    Error::io(Path::new("image"), "reading", error)
}

impl Source for File {
    /// Also of a block device.
    fn length(&self) -> Result<u64> {
        let mut file = self;
        file.seek(SeekFrom::End(0)).map_err(reading)
    }

    fn read(&self, at: u64, out: &mut [u8]) -> Result<()> {
        self.read_exact_at(out, at).map_err(reading)
    }
}

impl Source for Vec<u8> {
    fn length(&self) -> Result<u64> {
        Ok(self.len() as u64)
    }

    fn read(&self, at: u64, out: &mut [u8]) -> Result<()> {
        let found = usize::try_from(at).ok().and_then(|at| {
            let end = at.checked_add(out.len())?;
            self.get(at..end)
        });
        out.copy_from_slice(found.ok_or_else(|| reading(io::ErrorKind::UnexpectedEof.into()))?);
        Ok(())
    }
}
