//! The program, under both of its names; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let name = words.next().unwrap_or_default();
    let words = words.collect();
    ExitCode::from(match name.rsplit('/').next() {
        Some("logctl") => logd::ctl::main(words),
        _ => logd::program::main(words),
    })
}
