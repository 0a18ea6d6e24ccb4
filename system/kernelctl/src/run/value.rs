//! Reading and writing the value of a step, by its kind.

use super::advice;
use crate::cgroup;
use crate::error::{Result, told};
use crate::files::{self, Value};
use crate::step::{Kind, Step, has};
use crate::system::{modules, zram};
use common::Root;
use rustix::io::Errno;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Is(String),
    /// It cannot be read, only written.
    Hidden,
    /// There is no such file.
    Absent,
}

impl Found {
    pub fn into_text(self) -> Option<String> {
        match self {
            Self::Is(text) => Some(text),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Is(text) => Some(text),
            _ => None,
        }
    }
}

/// What is there now. The error says what to do.
pub fn read(root: &Root, step: &Step) -> Result<Found> {
    let path = root.at(&step.path);
    match step.kind {
        Kind::Group => {
            cgroup::usable(root)?;
            let there = if path.is_dir() {
                Kind::THERE
            } else {
                Kind::GONE
            };
            Ok(Found::Is(there.to_owned()))
        }
        Kind::Controllers => {
            let all = cgroup::controllers(root)?;
            let wanted = step
                .wanted
                .split(' ')
                .filter_map(|word| word.strip_prefix('+'));
            let mut lacking = wanted.filter(|name| !has(&all, name));
            match lacking.next() {
                Some(name) => Err(advice::no_controller(name, &all)),
                None => file(&path, step),
            }
        }
        Kind::Module => {
            let loaded = modules::is_loaded(root, step.module());
            let text = if loaded {
                Kind::LOADED
            } else {
                Kind::NOT_LOADED
            };
            Ok(Found::Is(text.to_owned()))
        }
        Kind::Own => match fs::read_to_string(&path) {
            Ok(text) => Ok(Found::Is(text.trim_end().to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Found::Is(String::new())),
            Err(error) => Err(told!("reading {}: {}", step.path, common::reason(&error))),
        },
        Kind::Zram => Ok(Found::Is(zram::read(root))),
        Kind::Device => {
            let (device, _) = step.wanted.split_once(' ').unwrap_or((&step.wanted, ""));
            let number = cgroup::device(root, device)?;
            let mut found = file(&path, step)?;
            if let Found::Is(text) = &mut found {
                *text = cgroup::of_device(text, device, &number, &step.path);
            }
            Ok(found)
        }
        _ => {
            let mut found = file(&path, step)?;
            if let Found::Is(text) = &mut found {
                *text = shown(step.kind, std::mem::take(text));
            }
            Ok(found)
        }
    }
}

/// The value in what a file of some kinds shows.
fn shown(kind: Kind, text: String) -> String {
    let value = match kind {
        Kind::Weight => default_weight(&text),
        Kind::Sys => files::chosen(&text),
        _ => return text,
    };
    value.to_owned()
}

fn file(path: &Path, step: &Step) -> Result<Found> {
    match files::read_value(path) {
        Ok(Some(text)) => Ok(Found::Is(text)),
        Ok(None) => Ok(Found::Hidden),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(Found::Absent),
        // Some can only be written: the kernel refuses reading in its own ways.
        Err(Errno::PERM | Errno::IO | Errno::INVAL) => Ok(Found::Hidden),
        Err(errno) => Err(advice::reading(step, errno)),
    }
}

/// Of `default 100` and a line for each device that has another.
fn default_weight(text: &str) -> &str {
    let line = text.lines().find_map(|line| line.strip_prefix("default "));
    line.unwrap_or(text).trim()
}

/// Writes `value` and reads it back; None: it cannot be read. The error says what to do.
pub fn write(root: &Root, step: &Step, value: &str) -> Result<Option<String>> {
    match step.kind {
        Kind::Group => group(&root.at(&step.path), step, value)?,
        Kind::Controllers => controllers(root, step, value)?,
        Kind::Module => match value.strip_prefix(Kind::LOADED) {
            Some(parameters) => modules::load(root, step.module(), parameters.trim())?,
            None => modules::unload(root, step.module())?,
        },
        Kind::Own => own(root, step, value)?,
        Kind::Zram => zram::write(root, value)?,
        Kind::Device => {
            let (device, limits) = value.split_once(' ').unwrap_or((value, ""));
            let number = cgroup::device(root, device)?;
            one(root, step, &format!("{number} {limits}"))?;
        }
        _ => {
            let got = one(root, step, value)?;
            return Ok(got.map(|got| shown(step.kind, got)));
        }
    }
    Ok(read(root, step)?.into_text())
}

fn one(root: &Root, step: &Step, value: &str) -> Result<Option<String>> {
    let failed = |errno| advice::writing(step, value, errno);
    let file = Value::open(&root.at(&step.path)).map_err(failed)?;
    file.write(value).map_err(failed)?;
    Ok(file.read().unwrap_or(None))
}

fn group(path: &Path, step: &Step, value: &str) -> Result<()> {
    let result = match value == Kind::THERE {
        true => fs::create_dir(path),
        false => fs::remove_dir(path),
    };
    match result {
        Ok(()) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound) && value != Kind::THERE => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && value == Kind::THERE => Ok(()),
        Err(error) => Err(advice::group(step, value, &error)),
    }
}

/// `+cpu +memory`: these are given on, beside those that are. `memory`: no others are, as it was before.
fn controllers(root: &Root, step: &Step, value: &str) -> Result<()> {
    let Found::Is(now) = file(&root.at(&step.path), step)? else {
        return Err(advice::absent(step));
    };
    let mut change = String::new();
    if value.starts_with('+') {
        for word in value.split(' ').filter(|word| !has(&now, &word[1..])) {
            change += word;
            change.push(' ');
        }
    } else {
        for word in now.split_ascii_whitespace() {
            if !has(value, word) {
                change += "-";
                change += word;
                change.push(' ');
            }
        }
    }
    if change.is_empty() {
        return Ok(());
    }
    let path = root.at(&step.path);
    let folder = path.parent().unwrap_or(&path);
    let inner = |name: &String| folder.join(name).is_dir();
    if change.starts_with('-') && common::names(folder).iter().any(inner) {
        return Err(told!(
            "left as it is: groups of others may use these controllers"
        ));
    }
    one(root, step, change.trim_end()).map(drop)
}

/// A file of ours that other programs read.
fn own(root: &Root, step: &Step, value: &str) -> Result<()> {
    let path = root.at(&step.path);
    if !value.is_empty() {
        let written = files::replace(&path, &step.path, &format!("{value}\n"));
        return written;
    }
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(told!("deleting {}: {}", step.path, common::reason(&error)))
        }
        _ => Ok(()),
    }
}
