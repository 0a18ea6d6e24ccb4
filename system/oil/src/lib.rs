//! Oil: a package manager for packages in Alpine's formats, v2 and v3.
//!
//! Data flows one way: bytes of a file are read by [`format`] and checked by [`keys`]; what they say is a
//! [`package::Info`]; [`index`] finds packages by name; [`solve`] decides which of them a world needs; and
//! [`database`] is what the root is. [`transact`] brings the root from one to the other, and [`history`] knows the way back.
//!
//! `context` opens a system with its settings, repositories and cache; `fetch` gets what is not there. The program
//! (`main.rs` and `program/`) is what users meet. These are behind the feature `program`, which is on unless it is
//! turned off: without it nothing knows of networks, and packages are made, solved for and installed from files.
//!
//! Nothing in the library prints.

#![deny(unsafe_code)]

pub mod arch;
#[cfg(feature = "program")]
pub mod context;
pub mod database;
pub mod date;
pub mod dependency;
pub mod digest;
pub mod error;
#[cfg(feature = "program")]
pub mod fetch;
pub mod format;
pub mod history;
pub mod http_date;
pub mod index;
pub mod inside;
pub mod keys;
pub mod make;
mod map;
pub mod package;
pub mod package_name;
pub mod protected_paths;
pub mod repositories;
pub mod solve;
pub mod stream;
pub mod transact;
pub mod version;
pub mod world;
