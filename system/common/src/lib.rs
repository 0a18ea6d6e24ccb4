//! What the daemons share: command lines, signals and descriptors, clocks, errors in words, patterns, the root below which a program looks, how the system is.

pub mod arguments;
pub mod clock;
pub mod descriptor;
pub mod glob;
pub mod page;
pub mod reason;
pub mod root;
pub mod signals;
pub mod state;
#[cfg(target_env = "musl")]
mod thread;

pub use descriptor::handed_over;
pub use page::page_size;
pub use reason::{reason, words};
pub use root::{Root, names};
pub use signals::Signals;
pub use state::State;
