//! A table of a file, asked for its keys: each answer is of the kind that is expected, or an error with file, line and key.

use crate::error::{Error, Result};
use document::{Data, Table, Value};
use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

/// A file's name, and the first thing in it that was of another kind than expected. Whoever asks for a value need not go back for
/// that: it reads on as if there were none, and the whole is refused in the end.
#[derive(Debug)]
pub struct File {
    name: String,
    wrong: RefCell<Option<Box<Error>>>,
}

impl File {
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            wrong: RefCell::default(),
        }
    }

    fn note(&self, error: Box<Error>) {
        self.wrong.borrow_mut().get_or_insert(error);
    }

    /// What became of reading it: what was noted came before what ended it.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn end(self, read: Result<()>) -> Result<()> {
        self.wrong.into_inner().map_or(read, Err)
    }
}

impl Deref for File {
    type Target = str;

    fn deref(&self) -> &str {
        &self.name
    }
}

/// A table and what it is called.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    pub file: &'a File,
    pub name: String,
    pub line: u32,
    pub table: &'a Table,
}

impl<'a> Section<'a> {
    /// # Errors
    /// The value is no table, or has a key that there is not.
    pub fn new(file: &'a File, name: String, value: &'a Value, keys: &[&str]) -> Result<Self> {
        let Data::Table(table) = &value.data else {
            return Err(syntax(
                file,
                value.line,
                format_args!("{name} is {}: a table is expected", value.kind()),
            ));
        };
        let section = Self {
            file,
            name,
            line: value.line,
            table,
        };
        section.only(keys)?;
        Ok(section)
    }

    /// # Errors
    /// There is a key of another name.
    pub fn only(&self, keys: &[&str]) -> Result<()> {
        for (key, _) in &self.table.0 {
            if !keys.contains(&&*key.name) {
                let name = match &*self.name {
                    "" => key.name.clone(),
                    name => format!("{name}.{}", key.name),
                };
                let told = format_args!("there is no key '{name}': there are {}", keys.join(", "));
                return Err(syntax(self.file, key.line, told));
            }
        }
        Ok(())
    }

    pub fn get(&self, key: &str) -> Option<&'a Value> {
        self.table.get(key)
    }

    pub fn full(&self, key: &str) -> String {
        format!("{}.{key}", self.name)
    }

    /// An error about a key.
    #[cold]
    #[inline(never)]
    pub fn wrong(&self, key: &str, value: &Value, what: fmt::Arguments<'_>) -> Box<Error> {
        syntax(
            self.file,
            value.line,
            format_args!("{}: {what}", self.full(key)),
        )
    }

    fn expected(&self, key: &str, value: &Value, what: &str) {
        let told = format_args!("{what} is expected, not {}", value.kind());
        self.file.note(self.wrong(key, value, told));
    }

    pub fn boolean(&self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        let boolean = value.boolean();
        if boolean.is_none() {
            self.expected(key, value, "true or false");
        }
        boolean
    }

    pub fn text(&self, key: &str) -> Option<&'a str> {
        let value = self.get(key)?;
        let text = value.text();
        if text.is_none() {
            self.expected(key, value, "a string");
        }
        text
    }

    /// As [`Section::text`], to keep.
    pub fn string(&self, key: &str) -> Option<String> {
        self.text(key).map(str::to_owned)
    }

    /// A number of this range.
    pub fn number(&self, key: &str, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let value = self.get(key)?;
        let Some(number) = value.integer() else {
            self.expected(key, value, "a number");
            return None;
        };
        let fits = u32::try_from(number).ok();
        let fits = fits.filter(|number| range.contains(number));
        if fits.is_none() {
            let (least, most) = (range.start(), range.end());
            let told = format_args!("{number} is not between {least} and {most}");
            self.file.note(self.wrong(key, value, told));
        }
        fits
    }

    /// Something written as a string.
    pub fn parsed<T: FromStr>(&self, key: &str, what: &str) -> Option<T> {
        self.parse(key, self.get(key)?, what)
    }

    pub fn parse<T: FromStr>(&self, key: &str, value: &Value, what: &str) -> Option<T> {
        let parsed = value.text().and_then(|text| text.parse().ok());
        if parsed.is_none() {
            self.unparsed(key, value, what);
        }
        parsed
    }

    /// That a value is not what is written as a string.
    fn unparsed(&self, key: &str, value: &Value, what: &str) {
        match value.text() {
            Some(text) => {
                let told = format_args!("'{text}' is not {what}");
                self.file.note(self.wrong(key, value, told));
            }
            None => self.expected(key, value, &format!("a string with {what}")),
        }
    }

    /// A word of a list; its place.
    pub fn word(&self, key: &str, words: &[&str]) -> Option<usize> {
        let value = self.get(key)?;
        let given = value.text().unwrap_or("");
        let at = words.iter().position(|word| *word == given);
        if at.is_none() {
            let told = format_args!("one of {} is expected", words.join(", "));
            self.file.note(self.wrong(key, value, told));
        }
        at
    }

    /// What may be one or a list of them.
    pub fn list(&self, key: &str) -> &'a [Value] {
        match self.get(key) {
            None => &[],
            Some(Value {
                data: Data::Array(values),
                ..
            }) => values,
            Some(value) => std::slice::from_ref(value),
        }
    }
}

/// An error of a line.
pub fn syntax(file: &str, line: u32, what: fmt::Arguments<'_>) -> Box<Error> {
    Error::syntax(file, line, what)
}
