//! The program; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(glowfsctl::program::main(
        std::env::args_os().skip(1).collect(),
    ))
}
