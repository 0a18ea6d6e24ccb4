//! Files written beside their place, made to last, and renamed; and the times that they carry.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use alpenglow_forge::tree::EPOCH;
use tempfile::TempPath;

use crate::{Error, Result};

/// The time that files in an initramfs carry, in seconds since 1970: `SOURCE_DATE_EPOCH`, or 0 where it is not set
/// (<https://reproducible-builds.org/specs/source-date-epoch/>). A cpio header has 32 bits for it.
pub fn source_date_epoch() -> Result<u32> {
    Ok(from_environment()?.unwrap_or(0))
}

/// The time that files in a container have, and the image itself: `SOURCE_DATE_EPOCH`, or that of all packaged files
/// ([`EPOCH`]) where it is not set.
pub fn packaged_time() -> Result<u32> {
    Ok(from_environment()?.unwrap_or(EPOCH as u32))
}

fn from_environment() -> Result<Option<u32>> {
    let Some(value) = std::env::var_os("SOURCE_DATE_EPOCH") else {
        return Ok(None);
    };
    match value.to_str().and_then(|text| text.parse().ok()) {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(Error::Epoch(value.to_string_lossy().into_owned())),
    }
}

/// A file that appears under its name when it is finished, and leaves nothing behind if it never is.
pub(crate) struct Output<'a> {
    path: &'a Path,
    file: BufWriter<File>,
    /// Removes the file when dropped.
    beside: TempPath,
}

impl<'a> Output<'a> {
    /// `mode`: the file's permission bits, exactly.
    pub(crate) fn new(path: &'a Path, mode: u32) -> Result<Output<'a>> {
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent).map_err(Error::write(parent))?;
        // Taken apart, because the whole one wraps what the system answers in text of its own.
        let (file, beside) = tempfile::Builder::new()
            .prefix(".tmp-")
            .tempfile_in(parent)
            .and_then(|file| {
                let permissions = fs::Permissions::from_mode(mode);
                file.as_file().set_permissions(permissions)?;
                Ok(file.into_parts())
            })
            .map_err(Error::write(path))?;
        Ok(Output {
            path,
            file: BufWriter::with_capacity(1 << 17, file),
            beside,
        })
    }

    /// Gives the file its name; it outlasts a power cut from here on. Returns its length in bytes.
    pub(crate) fn finish(self) -> Result<u64> {
        let failed = || Error::write(self.path);
        let file = self
            .file
            .into_inner()
            .map_err(|e| failed()(e.into_error()))?;
        file.sync_all().map_err(failed())?;
        let bytes = file.metadata().map_err(failed())?.len();
        self.beside
            .persist(self.path)
            .map_err(|e| failed()(e.error))?;
        if let Some(parent) = self.path.parent().filter(|p| !p.as_os_str().is_empty()) {
            File::open(parent)
                .and_then(|dir| dir.sync_all())
                .map_err(failed())?;
        }
        Ok(bytes)
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
