//! What was done, in words and as JSON.

use crate::plan::{Problem, Step};
use document::json::Json;
use std::fmt::Write;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was done.
    Planned,
    /// Everything is as it is wanted.
    Applied,
    /// All is as it was before.
    Undone,
    /// Nothing was done, because it cannot be.
    Refused,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Applied => "applied",
            Self::Undone => "undone",
            Self::Refused => "refused",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub outcome: Outcome,
    pub steps: Vec<Step>,
    /// Why it could not be done.
    pub problems: Vec<String>,
    /// What could not be put back.
    pub left: Vec<String>,
    /// Seconds in which it must be confirmed; 0: it needs not be.
    pub confirm: u32,
}

impl Report {
    pub fn new(outcome: Outcome, steps: Vec<Step>) -> Self {
        Self {
            outcome,
            steps,
            problems: Vec::new(),
            left: Vec::new(),
            confirm: 0,
        }
    }

    pub fn refused(problems: &[Problem]) -> Self {
        Self {
            problems: problems.iter().map(ToString::to_string).collect(),
            ..Self::new(Outcome::Refused, Vec::new())
        }
    }

    pub fn failed(&self) -> bool {
        matches!(self.outcome, Outcome::Undone | Outcome::Refused)
    }

    /// A line for each step.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for step in &self.steps {
            let _ = write!(text, "{}", step.action.told());
            let _ = match &step.origin {
                Some(origin) => writeln!(text, "  ({origin})"),
                None => writeln!(text),
            };
        }
        for problem in &self.problems {
            let _ = writeln!(text, "error: {problem}");
        }
        for left in &self.left {
            let _ = writeln!(text, "error: not put back: {left}");
        }
        let steps = self.steps.len();
        let _ = match self.outcome {
            Outcome::Planned | Outcome::Applied if steps == 0 => {
                writeln!(text, "everything is as it is wanted")
            }
            Outcome::Planned => writeln!(text, "{steps} to do"),
            Outcome::Applied => writeln!(text, "{steps} done"),
            Outcome::Undone => writeln!(text, "all is as it was before"),
            Outcome::Refused => writeln!(text, "nothing was done"),
        };
        if self.confirm > 0 {
            let _ = writeln!(
                text,
                "all goes back in {} s, unless 'netd confirm' comes before",
                self.confirm
            );
        }
        text
    }

    pub fn json(&self) -> String {
        let mut json = Json::default();
        json.object();
        json.key("outcome");
        json.string(self.outcome.word());
        json.key("steps");
        json.array();
        for step in &self.steps {
            let told = step.action.told();
            json.object();
            told.write(&mut json);
            json.key("asked");
            let origin = step.origin.as_ref().map(ToString::to_string);
            json.text_or_null(origin.as_deref());
            json.end();
        }
        json.end();
        for (key, lines) in [("problems", &self.problems), ("left", &self.left)] {
            json.key(key);
            json.array();
            lines.iter().for_each(|line| json.string(line));
            json.end();
        }
        json.key("confirm");
        json.number(i64::from(self.confirm));
        json.end();
        json.finish() + "\n"
    }
}
