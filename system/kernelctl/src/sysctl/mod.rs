//! Sysctls as sysctl.d(5) has them: files with precedence, assignments, patterns and what they leave out.

mod directories;
mod expand;
mod file;
mod name;

pub use directories::read;
pub use expand::steps;
pub use file::{Assignment, parse};
pub use name::{dotted, path};
