//! What is being done, on the terminal: a bar a step with its name and time. Where nobody
//! watches, a line when a step has ended.

use alpenglow_builder::progress::{Outcome, Progress, StepId};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Bars on stderr, or lines where that is no terminal.
pub struct Bars {
    screen: Option<MultiProgress>,
    steps: Mutex<Steps>,
}

#[derive(Default)]
struct Steps {
    next: u64,
    running: BTreeMap<u64, (String, Instant, Option<ProgressBar>)>,
}

impl Bars {
    /// Bars if stderr is a terminal.
    pub fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self {
            screen: terminal.then(MultiProgress::new),
            steps: Mutex::new(Steps::default()),
        }
    }

    /// A line for the person, above the bars.
    pub fn say(&self, line: &str) {
        let running = !self
            .steps
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .running
            .is_empty();
        match &self.screen {
            Some(screen) if running => drop(screen.println(line)),
            _ => drop(writeln!(std::io::stderr(), "{line}")),
        }
    }

    fn bar(&self, name: &str) -> Option<ProgressBar> {
        let style = ProgressStyle::with_template("  {spinner} {msg:28} {elapsed:>5}").ok()?;
        let bar = self.screen.as_ref()?.add(ProgressBar::new_spinner());
        bar.set_style(style);
        bar.set_message(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Some(bar)
    }
}

impl Progress for Bars {
    fn begin(&self, name: &str) -> StepId {
        let bar = self.bar(name);
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let id = steps.next;
        steps.next += 1;
        steps
            .running
            .insert(id, (name.to_owned(), Instant::now(), bar));
        StepId(id)
    }

    fn advance(&self, step: StepId, done: u64, total: u64) {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((_, _, Some(bar))) = steps.running.get(&step.0) else {
            return;
        };
        if total > 0 && bar.length().is_none() {
            let template = "  {spinner} {msg:28} {elapsed:>5} [{bar:30}] {percent:>3}%";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
        }
        if total > 0 {
            bar.set_length(total);
        }
        bar.set_position(done);
    }

    fn end(&self, step: StepId, outcome: Outcome) {
        let ended = self
            .steps
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .running
            .remove(&step.0);
        let Some((name, begin, bar)) = ended else {
            return;
        };
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        let mark = match outcome {
            Outcome::Done => "ok",
            Outcome::Failed => "FAILED",
        };
        self.say(&format!(
            "  {mark:6} {name:28} {:>6.1} s",
            begin.elapsed().as_secs_f64()
        ));
    }
}
