//! Makes packages and indexes, in both formats. The same input gives the same bytes.

mod database;
mod index;
mod sign;
mod tree;
mod v2;
mod v3;

pub use database::write_database;
pub use index::{Hash, IndexMaker};
pub use sign::{sign_adb, sign_v2};
pub use tree::{Owners, Tree, TreeOptions};
pub use v2::write_v2;
pub use v3::write_v3;

use crate::error::{Error, Result};
use crate::package::{Info, MAX_SCRIPT, Scripts};
use crate::version;

/// What a package is made of besides its files.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    /// The metadata. Name and version are needed, and an architecture; identity, size of the file and installed size
    /// are computed.
    pub info: Info,
    /// The scripts.
    pub scripts: Scripts,
}

impl Spec {
    /// Makes sure that a package can be made of it.
    ///
    /// # Errors
    /// [`Error::Make`].
    pub fn check(&self) -> Result<()> {
        let info = &self.info;
        let letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"._+-".contains(byte);
        let name = info.name.as_bytes();
        if !name.first().is_some_and(u8::is_ascii_alphanumeric) || !name.iter().all(letter) {
            return Err(Error::Make(format!(
                "{:?} is not a package's name",
                info.name
            )));
        }
        if !version::is_valid(info.version.as_str()) {
            let version = info.version.as_str();
            return Err(Error::Make(format!(
                "{}: {version:?} is not a version",
                info.name
            )));
        }
        if info.arch.is_empty() {
            return Err(Error::Make(format!("{}: no architecture", info.name)));
        }
        if self
            .scripts
            .values()
            .any(|script| script.len() > MAX_SCRIPT)
        {
            return Err(Error::Limit("a script"));
        }
        Ok(())
    }

    /// The installed size: of the files, but not 0 if there is anything to install, for that means that there is not.
    fn installed_size(&self, tree: Option<&Tree>) -> u64 {
        let bytes = tree.map_or(0, Tree::installed_size);
        let some = tree.is_some() || !self.scripts.is_empty();
        if bytes == 0 && some { 1 } else { bytes }
    }
}

/// The time that files get: that of `SOURCE_DATE_EPOCH`, if it is set.
pub fn source_date_epoch() -> Option<u64> {
    std::env::var("SOURCE_DATE_EPOCH").ok()?.parse().ok()
}
