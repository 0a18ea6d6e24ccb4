//! `glowfsctl`: makes, shows, verifies, signs and changes GlowFS images.

#![forbid(unsafe_code)]

mod command;
#[cfg(feature = "mount")]
mod fuse;
mod program;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(program::main(std::env::args_os().skip(1).collect()))
}
