//! System calls with Rust's types, a family a file. Results are the kernel's: from -4095 to -1 it is minus an error number.

mod file;
mod process;
mod signal;
mod system;
mod terminal;

pub use file::*;
pub use process::*;
pub use signal::*;
pub use system::*;
pub use terminal::*;
