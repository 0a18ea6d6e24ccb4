//! What programs print. A reader that went away is no error: what cannot be written is lost.

use std::fmt;
use std::io::{IsTerminal, Write};

/// Where a program's words go.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// Begins every error.
    pub program: &'static str,
    /// Say nothing but what was asked for and errors.
    pub quiet: bool,
}

impl Output {
    /// What was asked for, to standard output.
    pub fn print(self, text: fmt::Arguments<'_>) {
        let _ = std::io::stdout().write_fmt(text);
    }

    /// The same, for what need not be text.
    pub fn bytes(self, bytes: &[u8]) {
        let _ = std::io::stdout().write_all(bytes);
    }

    /// What is done, to standard output, unless `quiet`.
    pub fn say(self, text: fmt::Arguments<'_>) {
        if !self.quiet {
            self.print(text);
        }
    }

    /// One line to standard error, behind the program's name.
    pub fn error(self, text: fmt::Arguments<'_>) {
        let _ = std::io::stdout().flush();
        let _ = std::io::stderr().write_fmt(format_args!("{}: {text}\n", self.program));
    }
}

/// Whether standard output is a terminal that wants colour (<https://no-color.org>).
pub fn colour() -> bool {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_none_or(|terminal| terminal == "dumb");
    !plain && std::io::stdout().is_terminal()
}

pub use crate::text::Errno;

/// An input or output error, without its number.
pub fn reason(error: &std::io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => Errno(number).to_string(),
        None => error.to_string(),
    }
}

/// Nanoseconds as people read them: `12.345s`, `678ms`, `90us`.
pub struct Span(pub u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            nanos if nanos >= 1_000_000_000 => {
                let millis = nanos / 1_000_000;
                write!(f, "{}.{:03}s", millis / 1000, millis % 1000)
            }
            nanos if nanos >= 1_000_000 => write!(f, "{}ms", nanos / 1_000_000),
            nanos => write!(f, "{}us", nanos / 1000),
        }
    }
}
