//! What is known of a package without its files: the same record for v2 and v3, for indexes, package files and the
//! installed database.

use crate::dependency::Dependency;
use crate::digest::Digest;
use crate::version::Version;

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
