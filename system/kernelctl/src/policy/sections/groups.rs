//! `[groups.NAME]`: control groups and their limits (`Documentation/admin-guide/cgroup-v2.rst`).

use super::sysctl::plain;
use super::{dash, first};
use crate::cgroup::{self, FILES, File, Group, Limit, Takes};
use crate::error::Result;
use crate::policy::read::{Reading, wrong};
use crate::policy::units;
use crate::step::Kind;
use document::{Data, Key, Table, Value};
use std::fmt::Write;

/// What the peer's JSON calls them.
const FOREIGN: &[(&str, &str)] = &[
    ("cpu_weight", "cpu.weight"),
    ("io_weight", "io.weight"),
    ("memory_high", "memory.high"),
    ("memory_max", "memory.max"),
    ("pids_max", "pids.max"),
];

pub fn groups(reading: &mut Reading<'_>, key: &Key, value: &Value) -> Result<()> {
    for (key, value) in &reading.table(key, value)?.0 {
        let table = reading.table(key, value)?;
        let group = begin(reading, &key.name, key.line)?;
        for (key, value) in &table.0 {
            let (optional, name) = dash(&key.name);
            if name == "controllers" {
                let mut names = reading.texts(key, value)?;
                reading.policy.groups[group].controllers.append(&mut names);
            } else {
                limit(reading, group, name, optional, key, value)?;
            }
        }
    }
    Ok(())
}

/// `cgroup_root`: the group that all of them are in.
pub fn root(reading: &mut Reading<'_>, key: &Key, value: &Value) -> Result<()> {
    let text = reading.text(key, value)?;
    let inner = text.strip_prefix("/sys/fs/cgroup").unwrap_or(text);
    let inner = cgroup::plain(inner);
    if !inner.is_empty() && !is_name(inner) {
        return wrong!(reading, value.line, "'{text}' is no path of a group");
    }
    inner.clone_into(&mut reading.policy.cgroup_root);
    Ok(())
}

/// A list of tables with `path`, or a table of them by name.
pub fn foreign(reading: &mut Reading<'_>, key: &Key, value: &Value) -> Result<()> {
    match &value.data {
        Data::Array(values) => {
            let unnamed = Key {
                name: String::new(),
                line: key.line,
            };
            for value in values {
                foreign_group(reading, &unnamed, value)?;
            }
        }
        Data::Table(table) => {
            for (key, value) in &table.0 {
                foreign_group(reading, key, value)?;
            }
        }
        _ => return Err(reading.other(key, value, "a list or an object")),
    }
    Ok(())
}

fn foreign_group(reading: &mut Reading<'_>, key: &Key, value: &Value) -> Result<()> {
    let table = reading.table(key, value)?;
    let is_name = |key: &Key| matches!(&*key.name, "path" | "name");
    let group = match table.0.iter().find(|(key, _)| is_name(key)) {
        Some((path, value)) => {
            let name = cgroup::plain(reading.text(path, value)?);
            begin(reading, name, path.line)?
        }
        None => begin(reading, &key.name, key.line)?,
    };
    for (key, value) in &table.0 {
        if is_name(key) || value.data == Data::Null {
            continue;
        }
        let Some((_, name)) = FOREIGN.iter().find(|(foreign, _)| *foreign == key.name) else {
            return Err(reading.unknown(key, "a group", &first(FOREIGN)));
        };
        limit(reading, group, name, false, key, value)?;
    }
    Ok(())
}

/// Letters that make no trouble anywhere; `cgroup.…` and the like are the kernel's own files.
pub fn is_name(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.contains(|c: char| c.is_control() || c.is_whitespace())
            && !["cgroup.", "cpu.", "memory.", "io.", "pids.", "cpuset."]
                .iter()
                .any(|own| part.starts_with(own))
    };
    name.split('/').all(part)
}

/// The place of a group, which may be there already: what comes later counts.
fn begin(reading: &mut Reading<'_>, name: &str, line: u32) -> Result<usize> {
    let origin = reading.origin(line);
    if !is_name(name) {
        return wrong!(
            reading,
            line,
            "'{name}' is no name of a group: write it as 'batch' or 'web/workers'"
        );
    }
    let groups = &mut reading.policy.groups;
    let at = groups.iter().position(|group| group.name == name);
    Ok(at.unwrap_or_else(|| {
        groups.push(Group {
            name: name.to_owned(),
            origin,
            controllers: Vec::new(),
            limits: Vec::new(),
        });
        groups.len() - 1
    }))
}

/// A limit, or a table of limits whose names go on.
fn limit(
    reading: &mut Reading<'_>,
    group: usize,
    name: &str,
    optional: bool,
    key: &Key,
    value: &Value,
) -> Result<()> {
    let further = || {
        FILES.iter().any(|file| {
            file.name
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('.'))
        })
    };
    let file = FILES.iter().find(|file| file.name == name);
    let by_device = file.is_some_and(|file| matches!(file.takes, Takes::Devices(_)));
    if let Some(table) = value.table().filter(|_| !by_device && further()) {
        return inner(reading, group, name, optional, table);
    }
    let Some(file) = file else {
        let mut known = Vec::new();
        for file in FILES {
            known.push(file.name);
        }
        let key = Key {
            name: name.to_owned(),
            line: key.line,
        };
        return Err(reading.unknown(&key, "a group", &known));
    };
    let push = |reading: &mut Reading<'_>, key: String, kind, wanted: String, line| {
        let origin = reading.origin(line);
        let limits = &mut reading.policy.groups[group].limits;
        limits.retain(|earlier| earlier.key != key);
        limits.push(Limit {
            file: file.name,
            key,
            kind,
            wanted,
            optional,
            origin,
        });
    };
    if let Takes::Devices(names) = file.takes {
        for (device, value) in &reading.table(key, value)?.0 {
            let text = devices(reading, device, value, names)?;
            push(
                reading,
                format!("{name}[{}]", device.name),
                Kind::Device,
                format!("{} {text}", device.name),
                device.line,
            );
        }
        return Ok(());
    }
    match one(file, value) {
        Ok((kind, wanted)) => {
            push(reading, name.to_owned(), kind, wanted, key.line);
            Ok(())
        }
        Err(expected) => wrong!(reading, value.line, "'{name}' is {expected}"),
    }
}

fn inner(
    reading: &mut Reading<'_>,
    group: usize,
    before: &str,
    optional: bool,
    table: &Table,
) -> Result<()> {
    for (key, value) in &table.0 {
        let name = format!("{before}.{}", key.name);
        limit(reading, group, &name, optional, key, value)?;
    }
    Ok(())
}

/// The value of a file with one value; the error says what it is.
fn one(file: &File, value: &Value) -> Result<(Kind, String), &'static str> {
    let text = plain(value).filter(|text| !text.contains(char::is_control));
    let text = text.as_deref();
    match file.takes {
        Takes::Bytes => {
            let bytes = text.and_then(units::bytes_or_max);
            Ok((Kind::Bytes, bytes.ok_or("a size ('512M', 4096), or 'max'")?))
        }
        Takes::Number(least, most) => {
            let number = value
                .integer()
                .filter(|number| (least..=most).contains(number));
            let number = number.ok_or(file.expected)?;
            let weight = file.name == "io.weight";
            let kind = if weight { Kind::Weight } else { Kind::File };
            Ok((kind, number.to_string()))
        }
        Takes::Count => {
            let count = value.integer().filter(|number| *number >= 0);
            let count = count.map(|number| number.to_string());
            let count = count.or(text.filter(|text| *text == "max").map(str::to_owned));
            Ok((Kind::File, count.ok_or("a number, or 'max'")?))
        }
        Takes::Boolean => match value.data {
            Data::Boolean(boolean) => Ok((Kind::File, u8::from(boolean).to_string())),
            _ => Err("true or false"),
        },
        Takes::CpuMax => {
            let time = text.and_then(units::cpu_max);
            let time =
                time.ok_or("'50%' of one processor, 'QUOTA PERIOD' in microseconds, or 'max'")?;
            Ok((Kind::File, time))
        }
        Takes::List => {
            let list = text.filter(|text| units::is_list(text));
            let list = list.ok_or("a list of numbers and ranges: '0-3,6'")?;
            Ok((Kind::List, list.to_owned()))
        }
        Takes::Word(words) => {
            let word = text
                .filter(|text| words.contains(text))
                .ok_or(file.expected)?;
            Ok((Kind::File, word.to_owned()))
        }
        Takes::Devices(_) => Err("a table by device"),
    }
}

/// `"rbps=1M wiops=100"`, or a table of these.
fn devices(reading: &Reading<'_>, key: &Key, value: &Value, names: &[&str]) -> Result<String> {
    let mut text = String::new();
    let mut right = true;
    let mut part = |name: &str, amount: Option<&str>| match amount.and_then(units::bytes_or_max) {
        Some(amount) if names.contains(&name) => {
            let space = if text.is_empty() { "" } else { " " };
            let _ = write!(text, "{space}{name}={amount}");
        }
        _ => right = false,
    };
    match &value.data {
        Data::Table(table) => {
            for (key, value) in &table.0 {
                part(&key.name, plain(value).as_deref());
            }
        }
        Data::Text(text) => {
            for word in text.split_ascii_whitespace() {
                let (name, amount) = word.split_once('=').unwrap_or((word, ""));
                part(name, Some(amount));
            }
        }
        _ => {}
    }
    let apart = |c: char| c == '/' || c.is_whitespace() || c.is_control();
    let device = &*key.name;
    let named = !device.is_empty() && !device.starts_with('.') && !device.contains(apart);
    if text.is_empty() || !right || !named {
        return wrong!(
            reading,
            value.line,
            "'{device}' is limits of a device: {}=N, N a size, or 'max'",
            names.join("=N ")
        );
    }
    Ok(text)
}
