//! A table of a file, asked for its keys: each answer is of the kind that is expected, or an error with file, line and key.

use crate::error::{Error, Result};
use document::{Data, Table, Value};
use std::str::FromStr;

/// A table and what it is called.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    pub file: &'a str,
    pub name: String,
    pub line: u32,
    pub table: &'a Table,
}

impl<'a> Section<'a> {
    /// # Errors
    /// The value is no table, or has a key that there is not.
    pub fn new(file: &'a str, name: String, value: &'a Value, keys: &[&str]) -> Result<Self> {
        let Data::Table(table) = &value.data else {
            return Err(syntax(
                file,
                value.line,
                format!("{name} is {}: a table is expected", value.kind()),
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
                let told = format!("there is no key '{name}': there are {}", keys.join(", "));
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
    pub fn wrong(&self, key: &str, value: &Value, what: &str) -> Box<Error> {
        syntax(self.file, value.line, format!("{}: {what}", self.full(key)))
    }

    fn expected(&self, key: &str, value: &Value, what: &str) -> Box<Error> {
        let told = format!("{what} is expected, not {}", value.kind());
        self.wrong(key, value, &told)
    }

    pub fn boolean(&self, key: &str) -> Result<Option<bool>> {
        self.get(key)
            .map(|value| {
                value
                    .boolean()
                    .ok_or_else(|| self.expected(key, value, "true or false"))
            })
            .transpose()
    }

    pub fn text(&self, key: &str) -> Result<Option<&'a str>> {
        self.get(key)
            .map(|value| {
                value
                    .text()
                    .ok_or_else(|| self.expected(key, value, "a string"))
            })
            .transpose()
    }

    /// A number of this range.
    pub fn number(&self, key: &str, range: std::ops::RangeInclusive<u32>) -> Result<Option<u32>> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let number = value
            .integer()
            .ok_or_else(|| self.expected(key, value, "a number"))?;
        match u32::try_from(number) {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                let (least, most) = (range.start(), range.end());
                let told = format!("{number} is not between {least} and {most}");
                Err(self.wrong(key, value, &told))
            }
        }
    }

    /// Something written as a string.
    pub fn parsed<T: FromStr>(&self, key: &str, what: &str) -> Result<Option<T>> {
        self.get(key)
            .map(|value| self.parse(key, value, what))
            .transpose()
    }

    pub fn parse<T: FromStr>(&self, key: &str, value: &Value, what: &str) -> Result<T> {
        let text = value
            .text()
            .ok_or_else(|| self.expected(key, value, &format!("a string with {what}")))?;
        text.parse()
            .map_err(|_| self.wrong(key, value, &format!("'{text}' is not {what}")))
    }

    /// A word of a list; its place.
    pub fn word(&self, key: &str, words: &[&str]) -> Result<Option<usize>> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let given = value.text().unwrap_or("");
        match words.iter().position(|word| *word == given) {
            Some(at) => Ok(Some(at)),
            None => {
                let told = format!("one of {} is expected", words.join(", "));
                Err(self.wrong(key, value, &told))
            }
        }
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
pub fn syntax(file: &str, line: u32, what: impl Into<String>) -> Box<Error> {
    Box::new(Error::Syntax {
        file: file.to_owned(),
        line,
        what: what.into(),
    })
}
