//! One line: nothing, a variable, or an entry.

use super::field::{DAY, Field, HOUR, MINUTE, MONTH, WEEKDAY};
use super::{Entry, Kind};
use crate::when::{Calendar, When};

pub enum Line {
    Nothing,
    Variable(String, String),
    Entry(Entry),
}

/// The column from 1, and what is wrong there.
pub type Wrong = (usize, String);

/// A line as it is read from left to right.
pub struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The column of what comes next.
    fn column(&self) -> usize {
        self.at + 1
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches([' ', '\t']).len();
    }

    /// The next word and its column; empty at the end.
    fn word(&mut self) -> (usize, &'a str) {
        self.skip_blanks();
        let column = self.column();
        let rest = self.rest();
        let word = &rest[..rest.find([' ', '\t']).unwrap_or(rest.len())];
        self.at += word.len();
        self.skip_blanks();
        (column, word)
    }
}

pub fn parse(text: &str, kind: Kind) -> Result<Line, Wrong> {
    let text = text.strip_suffix('\r').unwrap_or(text);
    let mut scan = Scan::new(text);
    scan.skip_blanks();
    if scan.rest().is_empty() || scan.rest().starts_with('#') {
        return Ok(Line::Nothing);
    }
    if let Some(at) = text.find('\0') {
        return Err((at + 1, "text is expected, not a zero byte".to_owned()));
    }
    if let Some((name, value)) = variable(scan.rest()) {
        return Ok(Line::Variable(name, value));
    }
    let when = when(&mut scan)?;
    let user = match kind {
        Kind::Users => None,
        Kind::Systems => match scan.word() {
            (column, "") => return Err((column, "the name of a user is expected".to_owned())),
            (_, name) => Some(name.to_owned()),
        },
    };
    if scan.rest().is_empty() {
        return Err((scan.column(), "a command is expected".to_owned()));
    }
    let (command, input) = command(scan.rest());
    Ok(Line::Entry(Entry {
        line: 0,
        when,
        user,
        command,
        input,
        variables: Vec::new(),
    }))
}

/// `NAME = value`, the value in quotes of either kind if it has blanks at its ends.
fn variable(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    let name = name.trim_end_matches([' ', '\t']);
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.starts_with(first) || !name.chars().all(inside) {
        return None;
    }
    let value = value.trim_matches([' ', '\t']);
    let quoted = ['"', '\''].iter().find_map(|quote| {
        let inside = value.strip_prefix(*quote)?.strip_suffix(*quote)?;
        Some(inside)
    });
    Some((name.to_owned(), quoted.unwrap_or(value).to_owned()))
}

/// The five fields, or a word that stands for them.
pub fn when(scan: &mut Scan<'_>) -> Result<When, Wrong> {
    scan.skip_blanks();
    if scan.rest().starts_with('@') {
        let (column, word) = scan.word();
        let fields = match word {
            "@reboot" => return Ok(When::Reboot),
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            _ => {
                let what = format!(
                    "one of @reboot, @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly is expected, not '{word}'"
                );
                return Err((column, what));
            }
        };
        return fields_of(&mut Scan::new(fields));
    }
    fields_of(scan)
}

fn fields_of(scan: &mut Scan<'_>) -> Result<When, Wrong> {
    const FIELDS: [&Field; 5] = [&MINUTE, &HOUR, &DAY, &MONTH, &WEEKDAY];
    scan.skip_blanks();
    let begin = scan.column();
    let mut sets = [0; 5];
    let mut starred = [false; 5];
    for ((field, set), starred) in FIELDS.iter().zip(&mut sets).zip(&mut starred) {
        let (column, word) = scan.word();
        if word.is_empty() {
            return Err((column, format!("{} is expected", field.name)));
        }
        *set = field
            .parse(word)
            .map_err(|(within, what)| (column + within, what))?;
        *starred = word.starts_with('*');
    }
    let [minutes, hours, days, months, weekdays] = sets;
    let calendar = Calendar {
        minutes,
        hours,
        days,
        months,
        weekdays,
        follows_clock: starred[0] || starred[1],
        either_day: !starred[2] && !starred[4],
    };
    match calendar.next_after(0) {
        Some(_) => Ok(When::Calendar(calendar)),
        None => Err((
            begin,
            "a day that ever comes is expected, not one as 31 February".to_owned(),
        )),
    }
}

/// A command and what it reads: the first `%` ends it, each further one is an end of line; `\%` is a `%`.
fn command(text: &str) -> (String, String) {
    let (mut command, mut input) = (String::new(), String::new());
    let (mut behind, mut escaped) = (false, false);
    for character in text.chars() {
        let into = if behind { &mut input } else { &mut command };
        match character {
            '%' if escaped => {
                // The backslash before it goes.
                into.pop();
                into.push('%');
            }
            '%' if behind => into.push('\n'),
            '%' => behind = true,
            other => into.push(other),
        }
        escaped = character == '\\' && !escaped;
    }
    if behind && !input.is_empty() && !input.ends_with('\n') {
        input.push('\n');
    }
    (command.trim_end_matches([' ', '\t']).to_owned(), input)
}
