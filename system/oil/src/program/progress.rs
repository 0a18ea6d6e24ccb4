//! A bar with bytes and rate, on a terminal only; and the same for programs, by `--progress-fd`.

use super::arguments::Arguments;
use super::size::human;
use oil::fetch;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long a bar stands still at least.
const STILL: Duration = Duration::from_millis(80);
/// Columns of the bar itself.
const WIDTH: usize = 24;

/// Progress of one piece of work, told by several threads.
pub struct Progress {
    state: Mutex<State>,
}

struct State {
    what: &'static str,
    done: u64,
    total: u64,
    begun: Instant,
    drawn: Option<Instant>,
    terminal: bool,
    descriptor: Option<File>,
    visible: bool,
}

impl Progress {
    /// Of `total` bytes.
    pub fn new(arguments: &Arguments, what: &'static str, total: u64, quiet: bool) -> Self {
        let able = io::stderr().is_terminal()
            && io::stdout().is_terminal()
            && std::env::var("TERM").is_ok_and(|term| term != "dumb");
        let terminal = match arguments.switch("progress") {
            Some(wanted) => wanted && io::stderr().is_terminal(),
            None => able && !quiet,
        };
        let descriptor = arguments
            .number("progress-fd")
            .ok()
            .flatten()
            .and_then(|number| {
                File::options()
                    .write(true)
                    .open(format!("/proc/self/fd/{number}"))
                    .ok()
            });
        Self {
            state: Mutex::new(State {
                what,
                done: 0,
                total,
                begun: Instant::now(),
                drawn: None,
                terminal,
                descriptor,
                visible: false,
            }),
        }
    }

    /// So many bytes more.
    pub fn add(&self, bytes: u64) {
        if let Ok(mut state) = self.state.lock() {
            state.done += bytes;
            state.draw();
        }
    }

    /// So many bytes in all.
    pub fn set(&self, done: u64, total: u64) {
        if let Ok(mut state) = self.state.lock() {
            (state.done, state.total) = (done, total);
            state.draw();
        }
    }

    /// Takes the bar away, for a line to be printed or because there is no more to do.
    pub fn clear(&self) {
        if let Ok(mut state) = self.state.lock()
            && std::mem::take(&mut state.visible)
        {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

impl fetch::Watch for Progress {
    fn received(&self, bytes: u64) {
        self.add(bytes);
    }

    fn came(&self, _: usize, _: bool) {}
}

impl State {
    fn draw(&mut self) {
        if !self.terminal && self.descriptor.is_none() {
            return;
        }
        if self.done < self.total && self.drawn.is_some_and(|drawn| drawn.elapsed() < STILL) {
            return;
        }
        self.drawn = Some(Instant::now());
        if let Some(file) = &mut self.descriptor {
            let _ = writeln!(file, "{}/{}", self.done, self.total);
        }
        if self.terminal {
            let line = bar(self.what, self.done, self.total, self.begun.elapsed());
            let _ = write!(io::stderr().lock(), "\r\x1b[K{line}");
            self.visible = true;
        }
    }
}

fn bar(what: &str, done: u64, total: u64, time: Duration) -> String {
    let total = total.max(done).max(1);
    let full = (done as u128 * WIDTH as u128 / u128::from(total)) as usize;
    let percent = done as u128 * 100 / u128::from(total);
    let rate = u128::from(done) * 1000 / time.as_millis().max(1);
    let rate = human(rate.try_into().unwrap_or(u64::MAX));
    format!(
        "{what} [{}{}] {percent:3}% {} of {}, {rate}/s",
        "#".repeat(full),
        ".".repeat(WIDTH - full),
        human(done),
        human(total)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars() {
        assert_eq!(
            bar("Downloading", 5000, 10_000, Duration::from_millis(500)),
            "Downloading [############............]  50% 5000 B of 9 KiB, 9 KiB/s"
        );
        assert!(bar("x", 0, 0, Duration::ZERO).contains("  0%"));
        assert!(bar("x", 9, 3, Duration::ZERO).contains("100%"));
    }
}
