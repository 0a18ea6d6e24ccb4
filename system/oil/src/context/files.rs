//! The files of installed packages: from the sidecar where it fits, else from the whole text.

use super::Context;
use crate::database::installed::{Installed, path};
use crate::database::record::Record;
use crate::database::sidecar::Sidecar;
use crate::error::{Error, Result};

impl Context {
    /// The record of an installed package with its files.
    ///
    /// # Errors
    /// [`Error::File`] and [`Error::Database`].
    pub fn record(&self, number: u32) -> Result<Record> {
        if let Some(text) =
            Sidecar::open(self.root()).and_then(|one| one.record_text(number as usize))
        {
            return Record::parse(&text).map_err(|fault| Error::Database {
                path: path(self.root()),
                line: fault.line + 1,
                reason: fault.reason,
            });
        }
        Installed::read(self.root())?.record(number as usize)
    }

    /// The number of the installed package that has a file or directory; `path` with or without its first slash.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn owner(&self, path: &str) -> Result<Option<u32>> {
        let path = path
            .trim_start_matches('/')
            .trim_end_matches('/')
            .as_bytes();
        if let Some(Some(owner)) = Sidecar::open(self.root()).and_then(|one| one.owner(path)) {
            return Ok(Some(owner.package as u32));
        }
        let installed = Installed::read(self.root())?;
        if let Some(owner) = installed.owner(path) {
            return Ok(Some(owner.package as u32));
        }
        // A directory is of the first package that has it.
        for number in 0..installed.places().len() {
            let place = installed.places()[number];
            let text = &installed.text()[place.head_end..place.end];
            let line = [b"F:", path, b"\n"].concat();
            if memchr::memmem::find_iter(text, &line).any(|at| at == 0 || text[at - 1] == b'\n') {
                return Ok(Some(number as u32));
            }
        }
        Ok(None)
    }
}
