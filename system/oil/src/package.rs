//! What is known of a package without its files: the same record for v2 and v3, for indexes, package files and the
//! installed database.

use crate::dependency::Dependency;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::error::{Error, Result};
use crate::version::Version;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A package's metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// Its identity: SHA-1 of a v2 package's control member, SHA-256 (or its first 20 bytes) of a v3 package's
    /// ADB payload. Absent for one that is being made.
    pub identity: Option<Digest>,
    /// One line of what it is.
    pub description: String,
    /// Architecture, or `noarch`.
    pub arch: String,
    /// SPDX expression.
    pub license: String,
    /// The source package that it was made from.
    pub origin: String,
    /// Who made it.
    pub maintainer: String,
    /// Its home.
    pub url: String,
    /// Commit of the repository of recipes, as its text of hexadecimal digits.
    pub commit: String,
    /// Seconds since 1970.
    pub build_time: u64,
    /// Bytes when installed.
    pub installed_size: u64,
    /// Bytes of the package's file.
    pub file_size: u64,
    /// Which provider is preferred among equals.
    pub provider_priority: u32,
    /// Which owner of a file wins.
    pub replaces_priority: u32,
    /// What it needs, and (with `!`) what it cannot be with.
    pub depends: Vec<Dependency>,
    /// What it is besides its name.
    pub provides: Vec<Dependency>,
    /// Whose files it may overwrite.
    pub replaces: Vec<Dependency>,
    /// What brings it in by itself, when all of it is there.
    pub install_if: Vec<Dependency>,
    /// What is suggested beside it.
    pub recommends: Vec<Dependency>,
    /// Layer: 0 root, 1 uvol.
    pub layer: u32,
    /// Free words.
    pub tags: Vec<String>,
    /// Directories (globs) on whose change its trigger runs.
    pub triggers: Vec<String>,
}

/// When a script runs; the numbers are those of v3's slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScriptKind {
    /// When a watched directory changed.
    Trigger = 1,
    /// Before the package's files are there.
    PreInstall = 2,
    /// After that.
    PostInstall = 3,
    /// Before they go.
    PreDeinstall = 4,
    /// After that.
    PostDeinstall = 5,
    /// Before those of another version are in their place.
    PreUpgrade = 6,
    /// After that.
    PostUpgrade = 7,
}

impl ScriptKind {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Trigger,
        Self::PreInstall,
        Self::PostInstall,
        Self::PreDeinstall,
        Self::PostDeinstall,
        Self::PreUpgrade,
        Self::PostUpgrade,
    ];

    /// As files and options call it: `pre-install`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::PreInstall => "pre-install",
            Self::PostInstall => "post-install",
            Self::PreDeinstall => "pre-deinstall",
            Self::PostDeinstall => "post-deinstall",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().as_bytes() == name)
    }
}

/// A package's scripts.
pub type Scripts = BTreeMap<ScriptKind, Vec<u8>>;

/// A script is at most this many bytes.
pub const MAX_SCRIPT: usize = 256 << 10;

/// What an entry of a package is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// Bytes, [`Entry::size`] of them.
    File,
    /// A symbolic link to this.
    Symlink(Vec<u8>),
    /// A further name of an earlier file of the package.
    HardLink(Vec<u8>),
    /// A character device of this number (as in `st_rdev`).
    Character(u64),
    /// A block device.
    Block(u64),
    /// A named pipe.
    Fifo,
}

/// Who owns an entry, and who may do what with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Acl {
    /// Permission bits, with those of set-user-id and its like.
    pub mode: u32,
    /// The user's name.
    pub user: Vec<u8>,
    /// The group's name.
    pub group: Vec<u8>,
    /// The user's number where the package says it (v2): for when the root does not know the name.
    pub uid: Option<u32>,
    /// The group's number.
    pub gid: Option<u32>,
    /// Extended attributes in the order of their names.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Acl {
    /// The digest of the extended attributes that the installed database keeps, of v2 and v3 packages alike: SHA-1 over
    /// each name and each value, with its length in 32 bits, big-endian, before it (seen in apk's database).
    pub fn xattr_digest(&self) -> Option<Digest> {
        if self.xattrs.is_empty() {
            return None;
        }
        let mut hasher = Hasher::new(Algorithm::Sha1);
        for part in self.xattrs.iter().flat_map(|(name, value)| [name, value]) {
            hasher.update(&(part.len() as u32).to_be_bytes());
            hasher.update(part);
        }
        Some(hasher.finish())
    }
}

/// A directory, a file, a link or a device of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the root, without a slash at its beginning or end; empty for the root itself.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// Shared with its neighbours where it is the same.
    pub acl: Arc<Acl>,
    /// Seconds since 1970.
    pub mtime: u64,
    /// Bytes of its content.
    pub size: u64,
    /// Of the content or of a symbolic link's target: in a v3 package SHA-256; in a v2 one SHA-1, of content only
    /// where the package says it.
    pub digest: Option<Digest>,
}

/// Makes sure that a path stays below the root and looks like one: relative, no empty, `.` or `..` part and no control
/// character.
///
/// # Errors
/// [`Error::Malicious`].
pub fn check_path(path: &[u8]) -> Result<()> {
    let part = |part: &[u8]| !matches!(part, b"" | b"." | b"..");
    let good = !path.iter().any(u8::is_ascii_control)
        && path.len() < 4096
        && path.split(|byte| *byte == b'/').all(part);
    if good {
        Ok(())
    } else {
        Err(Error::Malicious(path.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xattr_digest_is_that_of_apk() {
        let xattrs = [("user.aaa", "bar2"), ("user.foo", "bar")]
            .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
        let acl = Acl {
            xattrs: xattrs.to_vec(),
            ..Acl::default()
        };
        let digest = acl.xattr_digest().map(|digest| digest.to_string());
        assert_eq!(digest.as_deref(), Some("Q14NeGT+3EO7SmS3x6NJpVX42FL20="));
        assert_eq!(Acl::default().xattr_digest(), None);
    }

    #[test]
    fn paths() {
        for good in ["a", "usr/bin/a b", "...", "a/.b", "\u{e9}"] {
            assert!(check_path(good.as_bytes()).is_ok(), "{good}");
        }
        for bad in [
            "", "/", "/a", "a/", "a//b", ".", "..", "a/..", "./a", "a\tb", "a\0",
        ] {
            assert!(check_path(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
