//! Environments: a list of `NAME=VALUE`, and the files that change one.

use super::error::Problem;
use super::files;
use super::lines::is_space;
use crate::codec::{Codec, Reader, record};
use crate::memory::Room;
use crate::protocol::OutOfMemory;

/// Bytes that an environment file may have: many times what is usual.
const LIMIT: usize = 1 << 16;

/// Variables, in no particular order, each name once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment(Vec<Box<[u8]>>);

impl Environment {
    /// That of this process.
    pub fn of_process() -> Self {
        use std::os::unix::ffi::OsStringExt;
        let join = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            let mut entry = name.into_vec();
            entry.push(b'=');
            entry.extend_from_slice(&value.into_vec());
            entry.into_boxed_slice()
        };
        Self(std::env::vars_os().map(join).collect())
    }

    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.0
            .iter()
            .find_map(|entry| entry.strip_prefix(name)?.strip_prefix(b"="))
    }

    /// Sets `NAME=VALUE`.
    pub fn set(&mut self, entry: &[u8]) {
        self.put(entry.into());
    }

    fn put(&mut self, entry: Box<[u8]>) {
        let end = entry
            .iter()
            .position(|byte| *byte == b'=')
            .map_or(entry.len(), |at| at + 1);
        match self
            .0
            .iter_mut()
            .find(|other| other.starts_with(&entry[..end]))
        {
            Some(other) => *other = entry,
            None => self.0.push(entry),
        }
    }

    /// The same where the entry is a stranger's.
    ///
    /// # Errors
    /// There is no memory for it; nothing is changed.
    pub fn try_set(&mut self, entry: &[u8]) -> Result<(), OutOfMemory> {
        let mut copy = Vec::new();
        self.0
            .room(1)
            .and(copy.room_exact(entry.len()))
            .map_err(|_| OutOfMemory)?;
        copy.extend_from_slice(entry);
        self.put(copy.into());
        Ok(())
    }

    pub fn unset(&mut self, name: &[u8]) {
        self.0.retain(|entry| {
            entry
                .strip_prefix(name)
                .is_none_or(|rest| !rest.starts_with(b"="))
        });
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|entry| &**entry)
    }
}

impl Codec for Environment {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Codec::read(from).map(Self)
    }
}

/// What a file or a description changes in an environment that it is given later: dinit's own can change after the
/// description is read (`dinitctl setenv`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// `!clear` was said: only `imported` is taken over.
    cleared: bool,
    imported: Vec<Box<[u8]>>,
    unset: Vec<Box<[u8]>>,
    set: Environment,
}

record!(Changes {
    cleared,
    imported,
    unset,
    set
});

/// A line of an environment file that is passed over, by its number from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLine {
    /// Not `NAME=VALUE`.
    Setting(u32),
    /// Not `!clear`, `!unset` or `!import`.
    Command(u32),
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes over what a file says; false if there is no such file.
    pub fn read_file(
        &mut self,
        path: &[u8],
        bad: &mut dyn FnMut(BadLine),
    ) -> Result<bool, Problem> {
        let Some(file) = files::read(path)? else {
            return Ok(false);
        };
        if file.text.len() > LIMIT {
            return Err(Problem::TooLarge(path.into(), LIMIT));
        }
        self.read(&file.text, bad);
        Ok(true)
    }

    /// The environment that results.
    pub fn apply(&self, parent: &Environment) -> Environment {
        let mut made = Environment::default();
        for entry in parent.iter() {
            let end = entry.iter().position(|byte| *byte == b'=');
            if self.passes(&entry[..end.unwrap_or(entry.len())]) {
                made.0.push(entry.into());
            }
        }
        for entry in self.set.iter() {
            made.set(entry);
        }
        made
    }

    /// One variable of the environment that results.
    pub fn get<'a>(&'a self, name: &[u8], parent: &'a Environment) -> Option<&'a [u8]> {
        let inherited = || parent.get(name).filter(|_| self.passes(name));
        self.set.get(name).or_else(inherited)
    }

    /// Whether the parent's variable is kept.
    fn passes(&self, name: &[u8]) -> bool {
        let named = |names: &[Box<[u8]>]| names.iter().any(|other| **other == *name);
        match self.cleared {
            true => named(&self.imported),
            false => !named(&self.unset),
        }
    }

    /// Sets `NAME=VALUE`.
    pub fn set(&mut self, entry: &[u8]) {
        let end = entry.iter().position(|byte| *byte == b'=');
        self.forget(&entry[..end.unwrap_or(entry.len())]);
        self.set.set(entry);
    }

    fn forget(&mut self, name: &[u8]) {
        self.imported.retain(|other| **other != *name);
        self.unset.retain(|other| **other != *name);
        self.set.unset(name);
    }

    /// Takes over what an environment file says (dinit(8), ENVIRONMENT FILES). Lines that say nothing known are told
    /// and passed over.
    pub fn read(&mut self, text: &[u8], bad: &mut dyn FnMut(BadLine)) {
        for (line, number) in text.split(|byte| *byte == b'\n').zip(1..) {
            let blanks = line.iter().take_while(|byte| is_space(**byte)).count();
            let line = &line[blanks..];
            match line {
                [] | [b'#', ..] => {}
                [b'!', command @ ..] if self.command(command) => {}
                [b'!', ..] => bad(BadLine::Command(number)),
                _ if line.contains(&0) || !self.assignment(line) => bad(BadLine::Setting(number)),
                _ => {}
            }
        }
    }

    fn command(&mut self, command: &[u8]) -> bool {
        let mut words = command
            .split(|byte| is_space(*byte))
            .filter(|word| !word.is_empty());
        match words.next() {
            Some(b"clear") => {
                *self = Self::default();
                self.cleared = true;
            }
            Some(b"unset") => words.for_each(|name| {
                self.forget(name);
                if !self.cleared {
                    self.unset.push(name.into());
                }
            }),
            Some(b"import") => words.for_each(|name| {
                self.forget(name);
                if self.cleared {
                    self.imported.push(name.into());
                }
            }),
            _ => return false,
        }
        true
    }

    /// `NAME=VALUE`, blanks allowed before the equals sign; the value is the rest of the line as it stands.
    fn assignment(&mut self, line: &[u8]) -> bool {
        let Some(at) = line.iter().position(|byte| *byte == b'=') else {
            return false;
        };
        let name = line[..at].trim_ascii_end();
        if name.is_empty() || name.iter().any(|byte| is_space(*byte)) {
            return false;
        }
        self.set(&[name, &line[at..]].concat());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(entries: &[&str]) -> Environment {
        let mut made = Environment::default();
        entries.iter().for_each(|entry| made.set(entry.as_bytes()));
        made
    }

    fn sorted(environment: &Environment) -> Vec<String> {
        let text = |entry: &[u8]| String::from_utf8_lossy(entry).into_owned();
        let mut entries: Vec<_> = environment.iter().map(text).collect();
        entries.sort();
        entries
    }

    fn changed(text: &str) -> (Vec<String>, Vec<BadLine>) {
        let parent = environment(&["A=a", "B=b", "AB=ab"]);
        let (mut changes, mut bad) = (Changes::default(), Vec::new());
        changes.read(text.as_bytes(), &mut |line| bad.push(line));
        let made = changes.apply(&parent);
        for name in ["A", "B", "AB", "C", "X"] {
            let name = name.as_bytes();
            assert_eq!(changes.get(name, &parent), made.get(name), "{text}");
        }
        (sorted(&made), bad)
    }

    #[test]
    fn assignments() {
        let (made, bad) = changed("# x\n\n  C = d e # f\nA=\nB=x=y\nC=1\nAB");
        assert_eq!(made, ["A=", "AB=ab", "B=x=y", "C=1"]);
        assert_eq!(bad, [BadLine::Setting(7)]);
        let (made, bad) = changed("C = d \nA b=c\n=x\nX=\u{0}\n");
        assert_eq!(made, ["A=a", "AB=ab", "B=b", "C= d "]);
        let wrong = [2, 3, 4].map(BadLine::Setting);
        assert_eq!(bad, wrong);
    }

    #[test]
    fn commands() {
        assert_eq!(changed("!unset A X\nC=c").0, ["AB=ab", "B=b", "C=c"]);
        assert_eq!(changed("!clear\n!import A X\nB=x").0, ["A=a", "B=x"]);
        assert_eq!(
            changed("A=x\n!unset A\n!import A").0,
            ["A=a", "AB=ab", "B=b"]
        );
        assert_eq!(changed("A=x\n!import A").0, ["A=a", "AB=ab", "B=b"]);
        assert_eq!(changed("!clear\n!import A\n!unset A").0, [""; 0]);
        assert_eq!(changed("!unset A\nA=x\n").0, ["A=x", "AB=ab", "B=b"]);
        let (_, bad) = changed("!\n!clean\nA=b\n!import");
        assert_eq!(bad, [BadLine::Command(1), BadLine::Command(2)]);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(text: Vec<u8>) {
            let mut changes = Changes::default();
            changes.read(&text, &mut |_| ());
            changes.apply(&environment(&["A=a"]));
        }
    }
}
