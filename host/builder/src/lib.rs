//! The computer that builds: its cache, the Debian roots that packages are built and machines are
//! run in, and the sandbox that enters such a root without being able to hurt the host.
//!
//! Every mount is made in a mount namespace of its own, so deleting a root can never reach the
//! host's `/dev`; a program inside is ended with the process that asked for it.

pub mod apt;
pub mod arch;
pub mod cache;
pub mod debian;
pub mod enter;
mod error;
pub mod progress;
pub mod sandbox;

pub use arch::Arch;
pub use cache::Cache;
pub use debian::Root;
pub use error::{Error, Result};
pub use sandbox::{Mount, Sandbox, Usage};
