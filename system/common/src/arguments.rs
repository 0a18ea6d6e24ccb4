//! Command lines: options by a letter or a name, perhaps with a value, and words, in any order.
//!
//! Which options there are, a program's help says: its lines that begin with them are the table that is read by ([`Program`]).

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// It was done.
pub const DONE: u8 = 0;
/// Something could not be done, or is not so.
pub const FAILED: u8 = 1;
/// The command line says nothing that there is.
pub const WRONG: u8 = 2;

/// An option: `-l` or `--long`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opt {
    /// A space: it has no letter.
    pub letter: char,
    pub long: &'static str,
    /// What its value is called, which is the next word or stands behind `=`; empty: it takes none.
    pub value: &'static str,
}

/// An option that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub option: Opt,
    /// As it was written, without a value.
    pub name: String,
    /// Empty where it takes none.
    pub value: OsString,
}

impl Taken {
    /// The value as text.
    pub fn text(&self) -> String {
        self.value.to_string_lossy().into_owned()
    }

    /// The value as a number.
    pub fn number(&self) -> Option<u32> {
        self.value.to_str()?.parse().ok()
    }
}

/// A command line that was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// In the order in which they were given.
    pub options: Vec<Taken>,
    pub words: Vec<OsString>,
}

impl Given {
    pub fn has(&self, long: &str) -> bool {
        self.taken(long).is_some()
    }

    /// An option as it was given last.
    pub fn taken(&self, long: &str) -> Option<&Taken> {
        let mut given = self.options.iter().rev();
        given.find(|taken| taken.option.long == long)
    }

    /// The value given last.
    pub fn value(&self, long: &str) -> Option<&OsStr> {
        Some(&self.taken(long)?.value)
    }

    /// The same as a path, or what it is unless it is given.
    pub fn path(&self, long: &str, usual: &str) -> PathBuf {
        self.value(long).unwrap_or(OsStr::new(usual)).into()
    }

    /// The same as text.
    pub fn text(&self, long: &str) -> Option<String> {
        Some(self.taken(long)?.text())
    }

    /// The command, which is the first word, and what follows it.
    ///
    /// # Errors
    /// [`Stop::Wrong`] where there is none.
    pub fn command(&self) -> Result<(String, Vec<String>), Stop> {
        let mut words = self.texts();
        match words.is_empty() {
            true => Err(wrong(format_args!("a command is needed"))),
            false => Ok((words.remove(0), words)),
        }
    }

    /// The words as text.
    pub fn texts(&self) -> Vec<String> {
        let words = self.words.iter();
        words
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }
}

/// Why there is nothing to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    Help,
    Version,
    Wrong(String),
}

/// [`Stop::Wrong`] of a text as for `format!`.
#[cold]
#[inline(never)]
pub fn wrong(what: fmt::Arguments<'_>) -> Stop {
    Stop::Wrong(std::fmt::format(what))
}

/// Returns with [`wrong`] of a text as for `format!`.
#[macro_export]
macro_rules! wrong {
    ($($text:tt)*) => {
        return Err($crate::arguments::wrong(format_args!($($text)*)))
    };
}

/// How an option is named.
#[derive(Clone, Copy)]
pub enum Name<'n> {
    Letter(char),
    Long(&'n str),
}

impl Opt {
    pub fn is(&self, name: Name<'_>) -> bool {
        match name {
            Name::Letter(letter) => self.letter == letter && letter != ' ',
            Name::Long(long) => self.long == long,
        }
    }

    /// The option that a line of a help begins with: `-l, --long VALUE  what it does`, or `--long`.
    pub fn in_line(line: &'static str) -> Option<Self> {
        let line = line.trim_start();
        let (letter, line) = match line.strip_prefix("--") {
            Some(line) => (' ', line),
            None => {
                let letter = line.strip_prefix('-')?.chars().next()?;
                (
                    letter,
                    line.get(1 + letter.len_utf8()..)?.strip_prefix(", --")?,
                )
            }
        };
        let (long, rest) = line.split_once(' ').unwrap_or((line, ""));
        let value = rest.split(' ').next().unwrap_or("");
        Some(Self {
            letter,
            long,
            value,
        })
    }
}

/// The option of that name in a text of help.
pub fn in_help(help: &'static str, name: Name<'_>) -> Option<Opt> {
    let mut options = help.lines().filter_map(Opt::in_line);
    options.find(|option| option.is(name))
}

/// Reads the words behind a program's name. `find`: the options that there are; `grouped`: several letters may stand behind one dash, the last one with its
/// value.
///
/// # Errors
/// [`Stop`], for the first option that is wrong, or that asks for help or the version.
pub fn read(
    words: Vec<OsString>,
    find: &dyn Fn(Name<'_>) -> Option<Opt>,
    grouped: bool,
) -> Result<Given, Stop> {
    let mut given = Given::default();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let bytes = word.as_bytes();
        if bytes.first() != Some(&b'-') || bytes == b"-" {
            given.words.push(word);
            continue;
        }
        if bytes == b"--" {
            given.words.extend(words);
            break;
        }
        // As it was written, the option, and the value in the same word.
        let mut written = word.to_string_lossy().into_owned();
        let (mut found, mut behind) = (None, None);
        if let Some(long) = bytes.strip_prefix(b"--") {
            let end = long.iter().position(|byte| *byte == b'=');
            if let Some(end) = end {
                behind = Some(long[end + 1..].to_vec());
                written = String::from_utf8_lossy(&bytes[..2 + end]).into_owned();
            }
            let long = std::str::from_utf8(&long[..end.unwrap_or(long.len())]);
            found = long.ok().and_then(|long| find(Name::Long(long)));
        } else {
            let mut letters = written[1..].chars();
            let letter = letters.next().unwrap_or(' ');
            let rest = letters.as_str();
            if grouped || rest.is_empty() {
                found = find(Name::Letter(letter));
            }
            if grouped && !rest.is_empty() {
                let takes = found.is_some_and(|option| !option.value.is_empty());
                let rest = rest.as_bytes();
                match takes {
                    true => behind = Some(rest.to_vec()),
                    false => {
                        // The others, as if they stood by themselves.
                        let others = [b"-", rest].concat();
                        let mut all = vec![OsString::from_vec(others)];
                        all.extend(words);
                        words = all.into_iter();
                    }
                }
                written = format!("-{letter}");
            }
        }
        let Some(option) = found else {
            return Err(wrong(format_args!("there is no option '{written}'")));
        };
        match option.long {
            "help" => return Err(Stop::Help),
            "version" => return Err(Stop::Version),
            _ => {}
        }
        let value = match (option.value, behind) {
            ("", Some(_)) => return Err(wrong(format_args!("{written} takes no value"))),
            ("", None) => OsString::new(),
            (_, Some(value)) => OsString::from_vec(value),
            (what, None) => match words.next() {
                Some(value) => value,
                None => return Err(wrong(format_args!("{written} needs a {what}"))),
            },
        };
        given.options.push(Taken {
            option,
            name: written,
            value,
        });
    }
    Ok(given)
}

/// What a program says of itself.
pub struct Program {
    pub name: &'static str,
    pub version: &'static str,
    pub help: &'static str,
}

impl Program {
    /// Reads the words behind its name, by its help.
    ///
    /// # Errors
    /// [`Stop`]
    pub fn read(&self, words: Vec<String>) -> Result<Given, Stop> {
        let words = words.into_iter().map(OsString::from).collect();
        read(words, &|name| in_help(self.help, name), false)
    }

    /// Says why nothing is done; the exit status.
    #[cold]
    pub fn stop(&self, stop: Stop) -> u8 {
        match stop {
            Stop::Help => print(self.help),
            Stop::Version => print(&format!("{} {}\n", self.name, self.version)),
            Stop::Wrong(what) => {
                self.complain(&format_args!("{what} (--help tells what there is)"));
                return WRONG;
            }
        }
        DONE
    }

    /// A line to standard error.
    #[cold]
    pub fn complain(&self, what: &dyn fmt::Display) {
        let _ = std::io::stderr().write_all(format!("{}: {what}\n", self.name).as_bytes());
    }

    /// The exit status of what was done, or not, which it says.
    pub fn status<E: fmt::Display>(&self, done: Result<u8, E>) -> u8 {
        match done {
            Ok(status) => status,
            Err(error) => {
                self.complain(&error);
                FAILED
            }
        }
    }
}

/// To standard output; a reader that went away is no error.
pub fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELP: &str = "x: does it

Options:
    -c, --config FOLDER the files
    -F, --ready-fd NUMBER
                        run: write to that descriptor
    -j, --json          as JSON
    --deep              all of it
    --size BYTES        so much
    -h, --help          this
    -V, --version       that

Exit status: 0 done.
";

    fn shown(line: &str, grouped: bool) -> Result<String, Stop> {
        let words = line.split_whitespace().map(OsString::from).collect();
        let given = read(words, &|name| in_help(HELP, name), grouped)?;
        let options = given.options.iter();
        let options = options.map(|taken| format!("{}={}", taken.option.long, taken.text()));
        let options: Vec<String> = options.collect();
        Ok(format!("{} {}", options.join(","), given.texts().join(",")))
    }

    #[test]
    fn options_and_words_are_understood() {
        for (line, expected) in [
            ("", " "),
            ("a -c b c", "config=b a,c"),
            ("--config=b=c -j --deep", "config=b=c,json=,deep= "),
            ("-F 3 --size 5 - -- -j --", "ready-fd=3,size=5 -,-j,--"),
            ("--config= x", "config= x"),
        ] {
            for grouped in [false, true] {
                assert_eq!(shown(line, grouped).as_deref(), Ok(expected), "{line}");
            }
        }
        assert_eq!(
            shown("-jcx -jF 3 -j", true).as_deref(),
            Ok("json=,config=x,json=,ready-fd=3,json= ")
        );
        assert_eq!(shown("a -h --nope", true), Err(Stop::Help));
        assert_eq!(shown("--version", false), Err(Stop::Version));
    }

    #[test]
    fn what_there_is_not_is_refused() {
        for (line, grouped, told) in [
            ("-x", false, "there is no option '-x'"),
            ("-jc x", false, "there is no option '-jc'"),
            ("-jx", true, "there is no option '-x'"),
            ("--conf x", false, "there is no option '--conf'"),
            ("--nope=1", true, "there is no option '--nope'"),
            ("---j", false, "there is no option '---j'"),
            ("- -  -c", false, "-c needs a FOLDER"),
            ("--ready-fd", true, "--ready-fd needs a NUMBER"),
            ("--json=1", false, "--json takes no value"),
            ("-\u{20ac}", true, "there is no option '-\u{20ac}'"),
        ] {
            assert_eq!(
                shown(line, grouped),
                Err(Stop::Wrong(told.to_owned())),
                "{line}"
            );
        }
        let odd = OsString::from_vec(b"--\xff=x".to_vec());
        let found = read(vec![odd], &|name| in_help(HELP, name), true);
        assert!(matches!(found, Err(Stop::Wrong(_))));
    }
}
