//! A bar on a terminal.

use std::io::{IsTerminal, Write};

const WIDTH: usize = 40;

/// A bar that shows how much is done, on standard error if that is a terminal.
pub struct Progress {
    shown: Option<usize>,
    what: &'static str,
}

impl Progress {
    pub fn new(what: &'static str, quiet: bool) -> Progress {
        Progress {
            shown: (!quiet && std::io::stderr().is_terminal()).then_some(usize::MAX),
            what,
        }
    }

    /// Shows that so much of so much is done, when that makes a difference.
    pub fn show(&mut self, done: u64, all: u64) {
        let Some(shown) = &mut self.shown else {
            return;
        };
        let hundredth = (done.saturating_mul(100) / all.max(1)) as usize;
        if hundredth == *shown {
            return;
        }
        *shown = hundredth;
        let full = hundredth.min(100) * WIDTH / 100;
        let bar = format!(
            "\r{} [{}{}] {hundredth:3} %",
            self.what,
            "#".repeat(full),
            " ".repeat(WIDTH - full)
        );
        let _ = std::io::stderr().write_all(bar.as_bytes());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some_and(|shown| shown != usize::MAX) {
            let _ = std::io::stderr().write_all(b"\r\x1b[K");
        }
    }
}
