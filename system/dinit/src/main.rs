//! All programs in one: which one it is says the name that it is called by, or the first argument when that name is
//! none of them.

use dinit::control::{check, client, ctl, monitor, shutdown};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let called = arguments.next().unwrap_or_default();
    let name = Path::new(&called).file_name().unwrap_or(&called);
    let status = run(name.as_bytes(), &mut arguments).or_else(|| {
        let named = arguments.next()?;
        run(named.as_bytes(), &mut arguments)
    });
    match status {
        Some(status) => ExitCode::from(u8::try_from(status).unwrap_or(1)),
        None => {
            eprintln!(
                "usage: PROGRAM [ARGUMENT]..., with one of: {}",
                PROGRAMS.join(" ")
            );
            ExitCode::FAILURE
        }
    }
}

const PROGRAMS: [&str; 10] = [
    "dinit",
    "init",
    "dinitctl",
    "dinit-check",
    "dinit-monitor",
    "shutdown",
    "halt",
    "poweroff",
    "reboot",
    "soft-reboot",
];

#[global_allocator]
static MEMORY: dinit::memory::Patient = dinit::memory::Patient;

/// Runs a program; `None`: there is none of that name.
fn run(name: &[u8], arguments: &mut dyn Iterator<Item = OsString>) -> Option<i32> {
    let name = *PROGRAMS.iter().find(|program| program.as_bytes() == name)?;
    if matches!(name, "dinit" | "init") {
        return Some(dinit::daemon::main(arguments.collect()));
    }
    if name == "dinit-check" {
        let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
        let well = check::run(arguments, &client::manager, &mut out, &mut err);
        return Some(i32::from(!well.unwrap_or(false)));
    }
    let words = arguments.map(OsString::into_vec).collect();
    Some(match name {
        "dinitctl" => ctl::main(words),
        "dinit-monitor" => monitor::main(words),
        _ => shutdown::main(name, words, dinit::daemon::final_steps),
    })
}
