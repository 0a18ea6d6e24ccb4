//! The program; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    // The kernel starts an initramfs by this name, with its own words behind it.
    let own = words.next().unwrap_or_default();
    let words = match own.rsplit('/').next() {
        Some("init") => vec!["root".to_owned()],
        _ => words.collect(),
    };
    ExitCode::from(early::program::main(words))
}
