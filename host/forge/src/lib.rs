//! The forge: recipes to packages.
//!
//! A recipe declares one package; its key is a hash over everything that goes into it (recipe,
//! source, dependencies' keys, build root, script), and the store keeps what was built under that
//! key. A package is built only when its key is not there. Builds run in a sandbox without a
//! network, as an unprivileged user, at fixed paths and a fixed time.

pub mod build;
pub mod compose;
pub mod edition;
mod error;
mod graph;
pub mod lint;
mod modules;
mod own;
pub mod pack;
mod provide;
pub mod recipe;
pub mod signer;
pub mod store;
mod style;
pub mod toolchain;
pub mod tree;

pub use edition::Edition;
pub use error::{Error, Result};
pub use graph::Forge;
pub use recipe::Recipe;
pub use store::{Built, Record};
