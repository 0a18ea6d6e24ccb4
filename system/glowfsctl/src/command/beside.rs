//! Files that are there whole, or not at all.

use crate::program::Outcome;
use glowfs::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// A file that is written beside where it is to be, and renamed when it is whole. Dropped before that, it is deleted.
pub struct Beside {
    path: PathBuf,
    pub file: File,
    renamed: bool,
}

impl Beside {
    /// A new file beside `to`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(to: &Path) -> Outcome<Beside> {
        let mut name = to.as_os_str().to_owned();
        name.push(format!(".new{}", std::process::id()));
        let path = PathBuf::from(name);
        let file = File::create_new(&path).map_err(Error::file(&path, "creating"))?;
        Ok(Beside {
            path,
            file,
            renamed: false,
        })
    }

    /// Puts it in its place, with all its bytes on the disk: a power cut leaves what was there before, or it.
    ///
    /// # Errors
    /// When that cannot be done.
    pub fn rename(mut self, to: &Path) -> Outcome<()> {
        let folder = match to.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        self.file
            .sync_all()
            .map_err(Error::file(&self.path, "writing"))?;
        fs::rename(&self.path, to).map_err(Error::file(to, "replacing"))?;
        self.renamed = true;
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(Error::file(folder, "writing"))?;
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.renamed {
            let _ = fs::remove_file(&self.path);
        }
    }
}
