//! What the keys of a file mean.

use super::{Configuration, Rule, Which, size};
use crate::error::{Error, Result};
use crate::names::{self, FACILITIES, LEVELS};
use document::{Data, Table, Value};
use std::path::Path;

const TOP: [&str; 4] = ["file", "kernel", "rate", "burst"];
const KEYS: [&str; 10] = [
    "path", "level", "levels", "facility", "program", "except", "last", "size", "keep", "mode",
];

/// A table of a file, and what it is called.
struct Section<'a> {
    file: &'a str,
    name: String,
    table: &'a Table,
}

/// Adds what a file says.
///
/// # Errors
/// [`Error::Syntax`] with the file, the line and the key.
pub fn file(name: &str, table: &Table, all: &mut Configuration) -> Result<()> {
    let top = Section::new(name, String::new(), table, &TOP)?;
    if let Some(value) = top.get("kernel") {
        all.kernel = top.boolean("kernel", value)?;
    }
    if let Some(value) = top.get("rate") {
        all.allowance.rate = top.size("rate", value)?;
    }
    if let Some(value) = top.get("burst") {
        all.allowance.burst = top.size("burst", value)?;
        if all.allowance.burst < 4096 {
            return Err(top.wrong(
                "burst",
                value,
                "at least 4K is needed, or one message would be too much",
            ));
        }
    }
    let Some(files) = top.get("file") else {
        return Ok(());
    };
    let Some(files) = files.table() else {
        let told = "file is a table of tables: write [file.messages]";
        return Err(Error::syntax(name, files.line, told));
    };
    for (key, value) in &files.0 {
        let section = Section::new(
            name,
            format!("file.{}", key.name),
            of(name, key, value)?,
            &KEYS,
        )?;
        let rule = rule(&section, &key.name, key.line)?;
        if let Some(other) = all.rules.iter().find(|other| other.name == rule.name) {
            let told = format!(
                "file.{} stands in another file too: give one of them another name",
                other.name
            );
            return Err(Error::syntax(name, key.line, told));
        }
        if let Some(other) = all.rules.iter().find(|other| other.path == rule.path) {
            let told = format!(
                "file.{}.path: file.{} has {} already: say all of it in one, with levels by facility",
                rule.name,
                other.name,
                rule.path.display()
            );
            return Err(Error::syntax(name, key.line, told));
        }
        all.rules.push(rule);
    }
    Ok(())
}

fn of<'a>(file: &str, key: &document::Key, value: &'a Value) -> Result<&'a Table> {
    value.table().ok_or_else(|| {
        let told = format!("file.{} is {}: a table is expected", key.name, value.kind());
        Error::syntax(file, value.line, told)
    })
}

fn rule(section: &Section<'_>, name: &str, line: u32) -> Result<Rule> {
    let default = Configuration::default().rules.remove(0);
    let Some(path) = section.get("path") else {
        let told = format!("file.{name} needs a path, as in path = \"/var/log/logd/{name}\"");
        return Err(Error::syntax(section.file, line, told));
    };
    let text = section.text("path", path)?;
    if !text.starts_with('/') || text.ends_with('/') || Path::new(text).file_name().is_none() {
        return Err(section.wrong("path", path, "a file's whole path is expected, from / on"));
    }
    let mut rule = Rule {
        name: name.to_owned(),
        path: text.into(),
        which: Which {
            levels: levels(section)?,
            programs: section.texts("program")?,
            except: section.texts("except")?,
        },
        ..default
    };
    if let Some(value) = section.get("last") {
        rule.last = section.boolean("last", value)?;
    }
    if let Some(value) = section.get("size") {
        rule.size = section.size("size", value)?;
        if rule.size < 4096 {
            return Err(section.wrong("size", value, "at least 4K is needed"));
        }
    }
    if let Some(value) = section.get("keep") {
        let number = value
            .integer()
            .and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| (1..=99).contains(number));
        rule.keep = number
            .ok_or_else(|| section.wrong("keep", value, "a number from 1 to 99 is expected"))?;
    }
    if let Some(value) = section.get("mode") {
        let text = section.text("mode", value)?;
        let mode = u32::from_str_radix(text, 8).ok();
        let mode =
            mode.filter(|mode| *mode <= 0o666 && mode & 0o111 == 0 && !text.starts_with('+'));
        rule.mode = mode.ok_or_else(|| {
            section.wrong("mode", value, "permissions are expected, as in \"0640\"")
        })?;
    }
    Ok(rule)
}

/// The least urgent level of each facility.
fn levels(section: &Section<'_>) -> Result<[Option<u8>; FACILITIES.len()]> {
    let least = match section.get("level") {
        Some(value) => level(section, "level", value)?,
        None => Some(names::INFO),
    };
    let given = section.texts("facility")?;
    let mut levels = [if given.is_empty() { least } else { None }; FACILITIES.len()];
    for name in given {
        levels[facility(section, &name)?] = least;
    }
    let Some(value) = section.get("levels") else {
        return Ok(levels);
    };
    let Some(table) = value.table() else {
        return Err(section.wrong(
            "levels",
            value,
            "a table is expected, as in { kern = \"debug\", mail = \"none\" }",
        ));
    };
    for (key, value) in &table.0 {
        let at = facility(section, &key.name).map_err(|_| {
            unknown(
                section,
                key.line,
                &format!("levels.{}", key.name),
                &key.name,
            )
        })?;
        levels[at] = level(section, &format!("levels.{}", key.name), value)?;
    }
    Ok(levels)
}

fn facility(section: &Section<'_>, name: &str) -> Result<usize> {
    let line = section.get("facility").map_or(0, |value| value.line);
    names::facility(name)
        .map(usize::from)
        .ok_or_else(|| unknown(section, line, "facility", name))
}

fn unknown(section: &Section<'_>, line: u32, key: &str, name: &str) -> Error {
    let told = format!(
        "{}.{key}: there is no facility '{name}': there are {}",
        section.name,
        FACILITIES.join(", ")
    );
    Error::syntax(section.file, line, told)
}

fn level(section: &Section<'_>, key: &str, value: &Value) -> Result<Option<u8>> {
    match value.text() {
        Some("none") => Ok(None),
        Some(text) if names::level(text).is_some() => Ok(names::level(text)),
        _ => {
            let told = format!("one of {}, none is expected", LEVELS.join(", "));
            Err(section.wrong(key, value, &told))
        }
    }
}

impl<'a> Section<'a> {
    fn new(file: &'a str, name: String, table: &'a Table, keys: &[&str]) -> Result<Self> {
        let section = Self { file, name, table };
        for (key, _) in &table.0 {
            if !keys.contains(&&*key.name) {
                let told = format!(
                    "there is no key '{}': there are {}",
                    section.full(&key.name),
                    keys.join(", ")
                );
                return Err(Error::syntax(file, key.line, told));
            }
        }
        Ok(section)
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.table.get(key)
    }

    fn full(&self, key: &str) -> String {
        match &*self.name {
            "" => key.to_owned(),
            name => format!("{name}.{key}"),
        }
    }

    fn wrong(&self, key: &str, value: &Value, what: &str) -> Error {
        Error::syntax(self.file, value.line, format!("{}: {what}", self.full(key)))
    }

    fn boolean(&self, key: &str, value: &Value) -> Result<bool> {
        let told = format!("true or false is expected, not {}", value.kind());
        value.boolean().ok_or_else(|| self.wrong(key, value, &told))
    }

    fn text<'v>(&self, key: &str, value: &'v Value) -> Result<&'v str> {
        let told = format!("a string is expected, not {}", value.kind());
        value.text().ok_or_else(|| self.wrong(key, value, &told))
    }

    /// Bytes: a number, or a string as `"64K"`.
    fn size(&self, key: &str, value: &Value) -> Result<u64> {
        let size = match &value.data {
            Data::Text(text) => size::parse(text),
            Data::Integer(number) => u64::try_from(*number).ok(),
            _ => None,
        };
        size.ok_or_else(|| {
            self.wrong(
                key,
                value,
                "a size is expected, as in 4096, \"64K\" or \"1M\"",
            )
        })
    }

    /// A string or a list of them.
    fn texts(&self, key: &str) -> Result<Vec<String>> {
        let values: &[Value] = match self.get(key) {
            None => &[],
            Some(value) => value.array().unwrap_or(std::slice::from_ref(value)),
        };
        let text = |value: &Value| -> Result<String> { Ok(self.text(key, value)?.to_owned()) };
        values.iter().map(text).collect()
    }
}
