//! The files of /etc/logd: which messages go to which files, and how much each sender may say.

mod read;
mod size;

use crate::error::{Error, Result};
use crate::limit::Allowance;
use crate::names::{FACILITIES, INFO, KERN};
use document::toml;
use std::path::{Path, PathBuf};

/// Where the files are.
pub const FOLDER: &str = "/etc/logd";
/// Where all is written if no file says otherwise.
pub const MESSAGES: &str = "/var/log/logd/messages";

/// What all files together say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// In the order of the files.
    pub rules: Vec<Rule>,
    pub allowance: Allowance,
    /// Whether the kernel's log is read.
    pub kernel: bool,
}

/// A file and what goes to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub name: String,
    pub path: PathBuf,
    pub which: Which,
    /// No later rule sees what this one takes.
    pub last: bool,
    /// Bytes; beyond them it is renamed to `PATH.1` and begun anew.
    pub size: u64,
    /// How many such files are kept.
    pub keep: u32,
    /// Permissions, as in chmod(2).
    pub mode: u32,
}

/// Which messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Which {
    /// By facility: the least urgent level that is taken; none takes nothing.
    pub levels: [Option<u8>; FACILITIES.len()],
    /// Only these, if there are any; `*` at the end stands for any rest.
    pub programs: Vec<String>,
    pub except: Vec<String>,
}

impl Which {
    /// Whether a message is one of them.
    pub fn takes(&self, facility: u8, level: u8, program: &[u8]) -> bool {
        let least = self.levels.get(usize::from(facility)).copied().flatten();
        let listed = |list: &[String]| list.iter().any(|pattern| fits(pattern, program));
        least.is_some_and(|least| level <= least)
            && (self.programs.is_empty() || listed(&self.programs))
            && !listed(&self.except)
    }
}

fn fits(pattern: &str, program: &[u8]) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => program.starts_with(beginning.as_bytes()),
        None => pattern.as_bytes() == program,
    }
}

impl Default for Configuration {
    /// One file with all from info on, and all of the kernel's.
    fn default() -> Self {
        let mut levels = [Some(INFO); FACILITIES.len()];
        levels[usize::from(KERN)] = Some(7);
        Self {
            rules: vec![Rule {
                name: "messages".to_owned(),
                path: MESSAGES.into(),
                which: Which {
                    levels,
                    programs: Vec::new(),
                    except: Vec::new(),
                },
                last: false,
                size: 1 << 20,
                keep: 4,
                mode: 0o640,
            }],
            allowance: Allowance {
                rate: 64 << 10,
                burst: 1 << 20,
            },
            kernel: true,
        }
    }
}

/// Reads `*.toml` of a folder, in the order of their names; the default if there is none with a rule.
///
/// # Errors
/// [`Error::Syntax`] for the first thing that is wrong; [`Error::File`].
pub fn read(folder: &Path) -> Result<Configuration> {
    let shown = folder.display().to_string();
    let paths = document::files(folder, &["toml"]).map_err(Error::file(&shown, "reading it"))?;
    let mut files = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        let text = std::fs::read(&path).map_err(Error::file(&name, "reading it"))?;
        files.push((name, text));
    }
    of_texts(&files)
}

/// Reads texts, each with the name of its file.
///
/// # Errors
/// [`Error::Syntax`].
pub fn of_texts(files: &[(String, Vec<u8>)]) -> Result<Configuration> {
    let default = Configuration::default();
    let mut all = Configuration {
        rules: Vec::new(),
        ..default.clone()
    };
    for (name, text) in files {
        let table =
            toml::parse(text).map_err(|error| Error::syntax(name, error.line, error.what))?;
        read::file(name, &table, &mut all)?;
    }
    if all.rules.is_empty() {
        all.rules = default.rules;
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
