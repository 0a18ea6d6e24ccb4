//! Extended attributes that belong to a root, as opposed to those that the building computer gives files by itself.

use std::path::Path;

use rustix::fs::{lgetxattr, llistxattr};
use rustix::io::Errno;

use crate::{Error, Result};

/// Bytes of all names of a file and of one value, at most (xattr(7): XATTR_LIST_MAX, XATTR_SIZE_MAX).
const MOST: usize = 65_536;

/// Whether an attribute goes into an image. Labels of security modules (`security.selinux`, `security.ima`) and what file
/// systems keep for themselves (`trusted.overlay.`) are the computer's.
fn belongs(name: &str) -> bool {
    name.starts_with("user.")
        || name.starts_with("system.posix_acl_")
        || name == "security.capability"
}

/// Those of one file, sorted by name; none where the file system has none.
///
/// # Errors
/// [`Error::Read`]; [`Error::Entry`] for a name that an archive cannot hold.
pub(super) fn of(place: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let failed = |e: Errno| Error::read(place)(e.into());
    let mut names = vec![0; MOST];
    let length = match llistxattr(place, &mut names[..]) {
        Ok(length) => length,
        Err(Errno::NOTSUP) => 0,
        Err(e) => return Err(failed(e)),
    };
    let mut attributes = Vec::new();
    for name in names[..length].split(|b| *b == 0) {
        let name = String::from_utf8_lossy(name).into_owned();
        if !belongs(&name) {
            continue;
        }
        if name.contains(['=', char::REPLACEMENT_CHARACTER]) {
            return Err(Error::entry(
                place,
                format!(
                    "the name of its extended attribute '{name}' has a '=' in it, or is no UTF-8: rename the attribute"
                ),
            ));
        }
        let mut value = vec![0; MOST];
        let length = lgetxattr(place, &*name, &mut value[..]).map_err(failed)?;
        value.truncate(length);
        attributes.push((name, value));
    }
    attributes.sort();
    Ok(attributes)
}
