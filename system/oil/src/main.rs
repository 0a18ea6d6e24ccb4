//! `oil`, also called as `apk`.

#![deny(unsafe_code)]

mod program;

fn main() -> std::process::ExitCode {
    program::run(std::env::args_os())
}
