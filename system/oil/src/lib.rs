//! Oil: a package manager for packages in Alpine's formats, v2 and v3.
//!
//! Data flows one way: bytes of a file are read by [`format`] and checked by [`keys`]; what they say is a
//! [`package::Info`]; [`index`] finds packages by name; [`solve`] decides which of them a world needs; a
//! transaction brings the root from what it is to what was decided, and [`database`] is what it is.
//!
//! Nothing here prints: [`command`] and the program above it do.

#![forbid(unsafe_code)]

pub mod arch;
pub mod database;
pub mod dependency;
pub mod digest;
pub mod error;
pub mod format;
pub mod keys;
pub mod package;
pub mod package_name;
pub mod protected_paths;
pub mod repositories;
pub mod solve;
pub mod version;
pub mod world;
