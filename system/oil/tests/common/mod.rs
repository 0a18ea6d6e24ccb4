//! Scenarios: repositories, installed packages, a world and commands, as text; what Oil answers to them, and what a
//! reference `apk` does.
//!
//! ```text
//! repository [@tag]
//! NAME VERSION [D:dependency]… [P:provide]… [i:condition]… [k:priority] [A:arch] [S:size] [id:another build]
//! installed
//! NAME VERSION … [s:tag]
//! world a b=1
//! apk add -u c
//! ---
//! what is printed
//! exit 0
//! ```
//! Two lines that say the same of a package are the same package. A command's answer stands between `---` and the
//! next command.

#![allow(dead_code, reason = "each test uses a part")]

pub mod calm;
pub mod generate;
pub mod ours;
pub mod reference;

use std::fmt::Write as _;

/// A scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scenario {
    pub repositories: Vec<Repository>,
    pub installed: Vec<Line>,
    pub world: Vec<String>,
    pub commands: Vec<Command>,
}

/// A repository.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Repository {
    pub tag: Option<String>,
    pub packages: Vec<Line>,
}

/// A command line and its answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Command {
    pub words: Vec<String>,
    pub answer: Option<String>,
}

/// A package's line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    pub name: String,
    pub version: String,
    pub fields: Vec<(String, String)>,
}

impl Line {
    pub fn parse(text: &str) -> Self {
        let mut words = text.split_whitespace().map(str::to_owned);
        let name = words.next().expect("a name");
        let version = words.next().unwrap_or_else(|| panic!("{text}: no version"));
        let fields = words
            .map(|word| {
                let (key, value) = word
                    .split_once(':')
                    .unwrap_or_else(|| panic!("{text}: {word}"));
                (key.to_owned(), value.to_owned())
            })
            .collect();
        Self {
            name,
            version,
            fields,
        }
    }

    pub fn all<'l>(&'l self, key: &'l str) -> impl Iterator<Item = &'l str> {
        self.fields
            .iter()
            .filter(move |(own, _)| own == key)
            .map(|(_, value)| value.as_str())
    }

    pub fn one<'l>(&'l self, key: &'l str) -> Option<&'l str> {
        self.all(key).next()
    }

    /// Twenty bytes that tell builds apart.
    pub fn identity(&self) -> [u8; 20] {
        let mut plain = self.clone();
        plain.fields.retain(|(key, _)| key != "s");
        let mut bytes = [0; 20];
        for (place, chunk) in bytes.chunks_mut(8).enumerate() {
            let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ place as u64;
            for byte in plain.to_string().bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
            }
            chunk.copy_from_slice(&hash.to_le_bytes()[..chunk.len()]);
        }
        bytes
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.version)?;
        self.fields
            .iter()
            .try_for_each(|(key, value)| write!(f, " {key}:{value}"))
    }
}

impl Scenario {
    pub fn parse(text: &str) -> Self {
        enum Part {
            Repository,
            Installed,
            Answer,
        }
        let mut scenario = Self::default();
        let mut part = Part::Installed;
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match (words.first().copied(), &part) {
                (Some("apk"), _) => {
                    let words = words[1..].iter().map(|word| (*word).to_owned()).collect();
                    scenario.commands.push(Command {
                        words,
                        answer: None,
                    });
                    part = Part::Installed;
                }
                (Some("---"), _) => {
                    scenario.commands.last_mut().expect("a command").answer = Some(String::new());
                    part = Part::Answer;
                }
                (_, Part::Answer) => {
                    let answer = scenario
                        .commands
                        .last_mut()
                        .and_then(|command| command.answer.as_mut());
                    let _ = writeln!(answer.expect("begun"), "{line}");
                }
                (None, _) => {}
                (Some(word), _) if word.starts_with('#') => {}
                (Some("repository"), _) => {
                    let tag = words
                        .get(1)
                        .map(|tag| tag.trim_start_matches('@').to_owned());
                    scenario.repositories.push(Repository {
                        tag,
                        packages: Vec::new(),
                    });
                    part = Part::Repository;
                }
                (Some("installed"), _) => part = Part::Installed,
                (Some("world"), _) => {
                    scenario.world = words[1..].iter().map(|word| (*word).to_owned()).collect()
                }
                (_, Part::Repository) => {
                    scenario
                        .repositories
                        .last_mut()
                        .expect("begun")
                        .packages
                        .push(Line::parse(line));
                }
                (_, Part::Installed) => scenario.installed.push(Line::parse(line)),
            }
        }
        scenario
    }
}

impl std::fmt::Display for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for repository in &self.repositories {
            match &repository.tag {
                Some(tag) => writeln!(f, "repository @{tag}")?,
                None => writeln!(f, "repository")?,
            }
            repository
                .packages
                .iter()
                .try_for_each(|line| writeln!(f, "{line}"))?;
        }
        if !self.installed.is_empty() {
            writeln!(f, "installed")?;
            self.installed
                .iter()
                .try_for_each(|line| writeln!(f, "{line}"))?;
        }
        writeln!(f, "world {}", self.world.join(" "))?;
        for command in &self.commands {
            writeln!(f, "apk {}", command.words.join(" "))?;
            if let Some(answer) = &command.answer {
                write!(f, "---\n{answer}")?;
            }
        }
        Ok(())
    }
}

/// The name in a dependency of the world.
pub fn base_name(entry: &str) -> &str {
    let entry = entry.trim_start_matches('!');
    &entry[..entry.find(['=', '<', '>', '~', '@']).unwrap_or(entry.len())]
}
