//! Extended attributes of what cannot be opened for them: links, devices, directories that are held open as paths.

use crate::package::Acl;
use rustix::fs::XattrFlags;
use rustix::io::Errno;
use std::ffi::OsString;
use std::os::fd::{AsFd, AsRawFd as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

/// Names and values, in the order of names.
pub type Xattrs = Vec<(Vec<u8>, Vec<u8>)>;

/// What belongs to the system that a file is on, not to the file.
const FOREIGN: [&[u8]; 3] = [b"security.selinux", b"security.ima", b"security.evm"];

/// Bytes of a list of names or of a value at most (`XATTR_LIST_MAX`, `XATTR_SIZE_MAX` of Linux).
const LARGEST: usize = 64 << 10;

/// A path to a name in an open directory. The calls for attributes take no directory before Linux 6.13.
fn path(directory: impl AsFd, name: &[u8]) -> PathBuf {
    let mut path = format!("/proc/self/fd/{}/", directory.as_fd().as_raw_fd()).into_bytes();
    path.extend_from_slice(name);
    PathBuf::from(OsString::from_vec(path))
}

/// Sets attributes; a link at `name` is not followed. Unless `all`, only those that need no privilege.
pub fn set(directory: impl AsFd, name: &[u8], xattrs: &Xattrs, all: bool) -> Result<(), Errno> {
    if xattrs.is_empty() {
        return Ok(());
    }
    let path = path(directory, name);
    xattrs
        .iter()
        .filter(|(name, _)| all || name.starts_with(b"user."))
        .try_for_each(|(name, value)| {
            rustix::fs::lsetxattr(&path, name.as_slice(), value, XattrFlags::empty())
        })
}

/// The attributes of what is at `name`, which is not followed; none where the file system has none.
pub fn get(directory: impl AsFd, name: &[u8]) -> Result<Xattrs, Errno> {
    let path = path(directory, name);
    let none = |error| match error {
        Errno::NOTSUP | Errno::NOENT => Ok(0),
        error => Err(error),
    };
    let mut names = vec![0; LARGEST];
    let length = rustix::fs::llistxattr(&path, &mut names[..]).or_else(none)?;
    let mut all = Xattrs::new();
    let named = names[..length]
        .split(|&byte| byte == 0)
        .filter(|name| !name.is_empty() && !FOREIGN.contains(name));
    for name in named {
        let mut value = vec![0; LARGEST];
        let length = rustix::fs::lgetxattr(&path, name, &mut value[..])?;
        value.truncate(length);
        all.push((name.to_vec(), value));
    }
    all.sort();
    Ok(all)
}

/// Whether an open file has none, as far as can be told.
pub fn has_none(file: impl AsFd) -> bool {
    // What is the system's own fits; what does not is something else.
    let mut names = [0; 64];
    match rustix::fs::flistxattr(file, &mut names[..]) {
        Ok(length) => names[..length]
            .split(|&byte| byte == 0)
            .all(|name| name.is_empty() || FOREIGN.contains(&name)),
        Err(error) => error == Errno::NOTSUP,
    }
}

/// Their digest as the database has it.
pub fn digest(xattrs: &Xattrs) -> Option<crate::digest::Digest> {
    let acl = Acl {
        xattrs: xattrs.clone(),
        ..Acl::default()
    };
    acl.xattr_digest()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;

    #[test]
    fn set_and_seen() {
        let folder = tempfile::tempdir().expect("a directory");
        fs::create_dir(folder.path().join("d")).expect("a directory");
        symlink("d", folder.path().join("link")).expect("a link");
        let open = File::open(folder.path()).expect("there");
        let xattrs = vec![
            (b"user.a".to_vec(), b"1".to_vec()),
            (b"user.b".to_vec(), Vec::new()),
        ];
        match set(&open, b"d", &xattrs, false) {
            // A file system that has none.
            Err(Errno::NOTSUP) => return,
            other => other.expect("set"),
        }
        assert_eq!(get(&open, b"d"), Ok(xattrs.clone()));
        // Not through the link.
        assert_eq!(get(&open, b"link"), Ok(Xattrs::new()));
        assert_eq!(set(&open, b"link", &xattrs, false), Err(Errno::PERM));
        assert_eq!(get(&open, b"nothing"), Ok(Xattrs::new()));
        let refused = vec![(b"trusted.x".to_vec(), b"1".to_vec())];
        assert_eq!(set(&open, b"d", &refused, false), Ok(()));
        assert_eq!(get(&open, b"d"), Ok(xattrs));
        if rustix::process::geteuid().is_root() {
            assert_eq!(set(&open, b"link", &refused, true), Ok(()));
            assert_eq!(get(&open, b"link"), Ok(refused));
        }
    }
}
