//! A crontab, as crontab(5) has it.

mod field;
mod line;

use crate::error::Mistake;
use crate::when::{Calendar, When};
use line::{Line, Scan};

/// Which of the two kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of one user, below /etc/crontabs.
    Users,
    /// Of the system, below /etc/cron.d: each line names its user.
    Systems,
}

/// A command and when it is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands, from 1.
    pub line: usize,
    pub when: When,
    /// Who runs it; none in a user's own table.
    pub user: Option<String>,
    pub command: String,
    /// What it reads: what stands behind a `%`.
    pub input: String,
    /// What the lines before it set, later ones winning.
    pub variables: Vec<(String, String)>,
}

/// Reads a table: its entries, or all that is wrong with it.
///
/// # Errors
/// Each mistake with its line and column.
pub fn parse(text: &[u8], kind: Kind) -> Result<Vec<Entry>, Vec<Mistake>> {
    let (mut entries, mut mistakes) = (Vec::new(), Vec::new());
    let mut variables: Vec<(String, String)> = Vec::new();
    for (at, bytes) in text.split(|byte| *byte == b'\n').enumerate() {
        let number = at + 1;
        let wrong = |(column, what)| Mistake {
            line: number,
            column,
            what,
        };
        let shown = match std::str::from_utf8(bytes) {
            Ok(shown) => shown,
            Err(error) => {
                let what = "a line of UTF-8 is expected".to_owned();
                mistakes.push(wrong((error.valid_up_to() + 1, what)));
                continue;
            }
        };
        match line::parse(shown, kind) {
            Ok(Line::Nothing) => {}
            Ok(Line::Variable(name, value)) => {
                variables.retain(|(other, _)| *other != name);
                variables.push((name, value));
            }
            Ok(Line::Entry(mut entry)) => {
                entry.line = number;
                entry.variables = variables.clone();
                entries.push(entry);
            }
            Err(mistake) => mistakes.push(wrong(mistake)),
        }
    }
    match mistakes.is_empty() {
        true => Ok(entries),
        false => Err(mistakes),
    }
}

/// The calendar of the five fields or of a word as `@daily`; none for anything else.
pub fn schedule(text: &str) -> Option<Calendar> {
    let mut scan = Scan::new(text);
    match line::when(&mut scan).ok()? {
        When::Calendar(calendar) if scan.rest().is_empty() => Some(calendar),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
