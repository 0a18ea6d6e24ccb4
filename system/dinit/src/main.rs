//! All programs of dinit in one: the name that it is called by says which.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let called = arguments.next().unwrap_or_else(|| OsString::from("dinit"));
    let name = Path::new(&called).file_name().unwrap_or(&called);
    let done = match name.as_encoded_bytes() {
        b"dinit-check" => dinit::control::check::main(arguments),
        _ => false,
    };
    match done {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
