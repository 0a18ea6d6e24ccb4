//! The text, character by character, and what has no structure of its own: white space, comments, keys, numbers.

use super::strings;
use crate::{Data, Key};
use std::cell::Cell;

/// So deep may tables and lists lie in each other.
const DEEPEST: u32 = 64;

pub struct Scan<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    /// A place, and the line that it is in: from there on lines are counted.
    counted: Cell<(usize, u32)>,
}

impl<'a> Scan<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            counted: Cell::new((0, 1)),
        }
    }

    /// The line that is being read.
    pub fn line(&self) -> u32 {
        let (place, line) = self.counted.get();
        let since = self.text.as_bytes().get(place..self.at).unwrap_or(&[]);
        let more = since.iter().filter(|byte| **byte == b'\n').count();
        let line = line.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
        self.counted.set((self.at, line));
        line
    }

    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Passes over a text if it stands here.
    pub fn take(&mut self, text: &str) -> bool {
        let there = self.rest().starts_with(text);
        self.at += if there { text.len() } else { 0 };
        there
    }

    pub fn expect(&mut self, text: &str) -> Result<(), String> {
        match self.take(text) {
            true => Ok(()),
            false => Err(format!("'{text}' is expected {}", self.here())),
        }
    }

    /// Where it stands, for messages.
    pub fn here(&self) -> String {
        match self.peek() {
            None => "at the end".to_owned(),
            Some('\n' | '\r') => "at the end of the line".to_owned(),
            Some(other) => format!("before '{}'", other.escape_default()),
        }
    }

    pub fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        match self.depth > DEEPEST {
            true => Err(format!("tables and lists lie more than {DEEPEST} deep")),
            false => Ok(()),
        }
    }

    pub fn back(&mut self) {
        self.depth -= 1;
    }

    /// Blanks and tabs.
    pub fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    /// Blanks, ends of lines and comments.
    pub fn space(&mut self) -> Result<(), String> {
        loop {
            self.blanks();
            self.comment()?;
            if !self.newline() {
                return Ok(());
            }
        }
    }

    pub fn newline(&mut self) -> bool {
        self.take("\n") || self.take("\r\n")
    }

    fn comment(&mut self) -> Result<(), String> {
        if self.peek() != Some('#') {
            return Ok(());
        }
        let rest = self.rest();
        let line = rest.split('\n').next().unwrap_or(rest);
        let line = match rest[line.len()..].is_empty() {
            true => line,
            false => line.strip_suffix('\r').unwrap_or(line),
        };
        if line.chars().any(|c| strings::is_control(c) && c != '\t') {
            return Err("a comment has a control character".to_owned());
        }
        self.at += line.len();
        Ok(())
    }

    /// Passes over what may follow a statement in its line.
    pub fn end_of_line(&mut self) -> Result<(), String> {
        self.blanks();
        self.comment()?;
        match self.rest().is_empty() || self.newline() {
            true => Ok(()),
            false => Err(format!("the line should end {}", self.here())),
        }
    }

    /// `a.b."c d"`
    pub fn keys(&mut self) -> Result<Vec<Key>, String> {
        let mut keys = Vec::new();
        loop {
            self.blanks();
            let line = self.line();
            let name = self.key()?;
            keys.push(Key { name, line });
            self.blanks();
            if !self.take(".") {
                return Ok(keys);
            }
        }
    }

    fn key(&mut self) -> Result<String, String> {
        match self.peek() {
            Some('"') => strings::basic(self),
            Some('\'') => strings::literal(self),
            _ => {
                let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
                let rest = self.rest();
                let length = rest.find(|c| !part(c)).unwrap_or(rest.len());
                if length == 0 {
                    return Err(format!(
                        "a key is expected {}; one with other characters than letters, digits, '_' and '-' stands in quotes",
                        self.here()
                    ));
                }
                self.at += length;
                Ok(rest[..length].to_owned())
            }
        }
    }

    /// A value that is neither string nor list nor table.
    pub fn word(&mut self) -> Result<Data, String> {
        let rest = self.rest();
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '.' | ':');
        let length = rest.find(|c| !part(c)).unwrap_or(rest.len());
        let word = &rest[..length];
        let data = match word {
            "" => return Err(format!("a value is expected {}", self.here())),
            "true" => Data::Boolean(true),
            "false" => Data::Boolean(false),
            _ => Data::Integer(integer(word).ok_or_else(|| {
                format!("'{word}' is no value: a string stands in quotes, a number is whole and has 64 bits")
            })?),
        };
        self.at += length;
        Ok(data)
    }
}

/// A whole number: decimal with a sign, or 0x…, 0o…, 0b…; `_` between digits.
fn integer(word: &str) -> Option<i64> {
    let (digits, radix, negative) = match word.get(..2) {
        Some("0x") => (&word[2..], 16, false),
        Some("0o") => (&word[2..], 8, false),
        Some("0b") => (&word[2..], 2, false),
        _ => {
            let digits = word.strip_prefix(['+', '-']).unwrap_or(word);
            if digits.len() > 1 && digits.starts_with('0') {
                return None;
            }
            (digits, 10, word.starts_with('-'))
        }
    };
    let apart = digits.split('_').all(|part| !part.is_empty());
    if !apart || digits.contains(['+', '-']) {
        return None;
    }
    let number = u64::from_str_radix(&digits.replace('_', ""), radix).ok()?;
    match negative {
        true => 0i64.checked_sub_unsigned(number),
        false => i64::try_from(number).ok(),
    }
}
