//! What became of each value, as text or JSON.

use super::value::Found;
use crate::error::Error;
use crate::now;
use crate::step::Step;
use common::State;
use document::json::Json;
use std::fmt::Write;
use std::rc::Rc;

/// What became of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was so already.
    Held,
    /// It was written, and read back as wanted.
    Changed,
    /// It would be written.
    Would,
    /// It was put back to what it was before kernelctl.
    Reverted,
    /// It was written, and put back because something else failed.
    Undone,
    /// Nothing was done with it because something else failed.
    Untouched,
    /// Somebody else has changed it since; who and how, if that is known.
    Drifted(String),
    /// It failed, and does not count: it is optional.
    Ignored(String),
    Failed(String),
}

impl Outcome {
    /// A failure, that counts unless the step is optional.
    pub fn failed(step: &Step, error: String) -> Self {
        match step.optional {
            true => Self::Ignored(error),
            false => Self::Failed(error),
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Changed => "changed",
            Self::Would => "would change",
            Self::Reverted => "reverted",
            Self::Undone => "undone",
            Self::Untouched => "untouched",
            Self::Drifted(_) => "drifted",
            Self::Ignored(_) => "ignored",
            Self::Failed(_) => "failed",
        }
    }

    /// Of a value that no longer holds, who changed it.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Drifted(why) if !why.is_empty() => Some(why),
            _ => None,
        }
    }

    pub fn error(&self) -> Option<&str> {
        match self {
            Self::Ignored(error) | Self::Failed(error) => Some(error),
            _ => None,
        }
    }
}

/// One value's line.
#[derive(Clone, Debug)]
pub struct Entry {
    pub step: Rc<Step>,
    pub old: Found,
    pub got: Option<String>,
    pub outcome: Outcome,
}

impl Entry {
    /// What fails before anything was written.
    pub fn fail(step: Rc<Step>, old: Found, error: &Error) -> Self {
        Self {
            outcome: Outcome::failed(&step, error.to_string()),
            step,
            old,
            got: None,
        }
    }
}

/// All lines.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub profile: String,
    pub policy: String,
    pub entries: Vec<Entry>,
    /// How the system is, where that is asked for.
    pub system: Option<State>,
}

impl Report {
    pub fn failed(&self) -> bool {
        let mut outcomes = self.entries.iter().map(|entry| &entry.outcome);
        outcomes.any(|outcome| matches!(outcome, Outcome::Failed(_)))
    }

    /// Whether all is as it should be.
    pub fn holds(&self) -> bool {
        let mut outcomes = self.entries.iter().map(|entry| &entry.outcome);
        !outcomes.any(|outcome| matches!(outcome, Outcome::Failed(_) | Outcome::Drifted(_)))
    }

    /// A line a value; `quiet`: only what failed or has drifted.
    pub fn text(&self, quiet: bool) -> String {
        let mut text = match &self.system {
            Some(state) if !quiet => now::text(state),
            _ => String::new(),
        };
        for entry in &self.entries {
            let notable = matches!(
                entry.outcome,
                Outcome::Failed(_) | Outcome::Ignored(_) | Outcome::Drifted(_)
            );
            if quiet && !notable {
                continue;
            }
            line(&mut text, entry);
        }
        if quiet {
            return text;
        }
        let mut counted: Vec<(&str, usize)> = Vec::new();
        for entry in &self.entries {
            let name = entry.outcome.name();
            match counted.iter_mut().find(|(other, _)| *other == name) {
                Some((_, count)) => *count += 1,
                None => counted.push((name, 1)),
            }
        }
        if counted.is_empty() {
            text += "nothing to do";
        }
        let mut before = "";
        for (name, count) in counted {
            let _ = write!(text, "{before}{count} {name}");
            before = ", ";
        }
        text.push('\n');
        text
    }

    pub fn json(&self) -> String {
        let mut json = Json::default();
        json.object();
        json.key("policy");
        json.string(&self.policy);
        json.key("profile");
        json.string(&self.profile);
        json.key("failed");
        json.bool(self.failed());
        if let Some(state) = &self.system {
            now::json(state, &mut json);
        }
        json.key("entries");
        json.array();
        for entry in &self.entries {
            json.object();
            let step = &entry.step;
            members(
                &mut json,
                &[
                    ("key", Some(&step.key)),
                    ("path", Some(&step.path)),
                    ("file", Some(&step.origin.file)),
                ],
            );
            json.key("line");
            json.number(step.origin.line);
            members(
                &mut json,
                &[
                    ("outcome", Some(entry.outcome.name())),
                    ("old", entry.old.text()),
                    ("wanted", Some(&step.wanted)),
                    ("got", entry.got.as_deref()),
                    ("error", entry.outcome.error()),
                    ("why", entry.outcome.why()),
                ],
            );
            json.end();
        }
        json.end();
        json.end();
        json.finish()
    }
}

/// Members of an object that are text, or null.
fn members(json: &mut Json, members: &[(&str, Option<&str>)]) {
    for (name, value) in members {
        json.key(name);
        json.text_or_null(*value);
    }
}

fn line(text: &mut String, entry: &Entry) {
    let step = &entry.step;
    let old = match &entry.old {
        Found::Is(old) => old,
        Found::Hidden => "(not readable)",
        Found::Absent => "(none)",
    };
    let _ = write!(text, "{:<12} {}", entry.outcome.name(), step.key);
    let (old, wanted) = (one_line(old), one_line(&step.wanted));
    let _ = match &entry.outcome {
        Outcome::Held => writeln!(text, " = {old}"),
        Outcome::Changed | Outcome::Would | Outcome::Reverted => {
            writeln!(text, ": {old} -> {wanted}")
        }
        Outcome::Undone | Outcome::Untouched => writeln!(text, " = {old}"),
        Outcome::Drifted(why) => {
            let why = if why.is_empty() {
                String::new()
            } else {
                format!(" ({why})")
            };
            writeln!(
                text,
                ": {old} where {wanted} was set by {}{why}",
                step.origin
            )
        }
        Outcome::Ignored(error) | Outcome::Failed(error) => {
            writeln!(text, " ({}): {error}", step.origin)
        }
    };
}

/// A value as one line; nothing is shown as nothing.
fn one_line(value: &str) -> String {
    match value.is_empty() {
        true => "''".to_owned(),
        false => value.replace('\n', "; "),
    }
}
