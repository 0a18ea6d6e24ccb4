//! The programs beside the daemon: dinitctl, dinit-monitor, shutdown and its names. They speak [`crate::protocol`] to it.
//!
//! Every program is a function from its arguments (without its own name) to its exit status: 0 done, 1 not. What a
//! program can be told is data ([`table`]): parsing, `--help` and shell completion all come from it.

pub mod address;
pub mod arguments;
pub mod check;
pub mod client;
pub mod ctl;
pub mod failure;
pub mod help;
pub mod monitor;
pub mod output;
pub mod shutdown;
pub mod table;

/// What `--version` says.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
