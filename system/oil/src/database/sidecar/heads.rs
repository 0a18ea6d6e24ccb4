//! What the database says of packages but for their files.

use super::Sidecar;
use crate::database::installed::Installed;
use crate::error::Result;
use std::path::Path;

/// Metadata of all packages, one behind the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heads {
    /// The text.
    pub text: Vec<u8>,
    /// Where each package's begins and ends in it.
    pub places: Vec<(usize, usize)>,
}

impl Heads {
    /// The metadata below `root`, from the sidecar if it fits, else from `installed`.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn read(root: &Path) -> Result<Self> {
        if let Some(heads) = Sidecar::open(root).and_then(|sidecar| sidecar.heads()) {
            return Ok(heads);
        }
        Ok(Self::of(&Installed::read(root)?))
    }

    /// The metadata in an `installed`.
    #[must_use]
    pub fn of(installed: &Installed) -> Self {
        let mut heads = Self::default();
        for number in 0..installed.places().len() {
            let start = heads.text.len();
            heads.text.extend_from_slice(installed.head(number));
            heads.places.push((start, heads.text.len()));
        }
        heads
    }
}
