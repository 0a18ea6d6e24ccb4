//! Third-party sources: named by `sources.lock`, taken from the package mirror that the host's own apt is
//! configured with, trusted by their SHA-256 alone, and unpacked once per cache.
//!
//! ```text
//! sources.lock ──Lock──▶ Sources::fetch_first ──▶ CACHE/sources/SHA256-NAME ──Unpack──▶ CACHE/unpacked/…/
//! Cargo.lock ──Crates::ensure──▶ CACHE/crates/…/NAME-VERSION/
//! ```
//!
//! Crates come through the host's cargo, from the registry that it is configured with.
//!
//! Nothing here trusts a name, an address or a tarball's contents: a file with another hash is removed, and a
//! member that would leave the folder it is unpacked into is refused. Several processes may share a cache.
#![forbid(unsafe_code)]

mod apt;
mod archive;
mod cargo;
mod cargo_lock;
mod crates;
mod digest;
mod error;
mod fetch;
mod links;
mod lock;
mod progress;
mod scratch;
mod tree;
mod unpack;
pub mod update;

pub use crates::Crates;
pub use error::{Attempt, Error, Outcome, Result, WrongHash};
pub use fetch::Sources;
pub use lock::{Lock, LockError, Pin, Source};
pub use progress::{Progress, Step, silent};
pub use unpack::Unpack;
