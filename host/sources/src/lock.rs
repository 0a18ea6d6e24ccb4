//! `sources.lock`: which files are acceptable for which source.
//!
//! ```toml
//! [[source]]
//! name = "musl"
//!
//! [[source.pin]]                                   # several: the first that answers is used
//! version = "1.2.6"
//! path = "pool/main/m/musl/musl_1.2.6.orig.tar.gz" # below a package mirror's address
//! upstream = "https://…/musl-1.2.6.tar.gz"         # optional: tried after the mirrors
//! sha256 = "…"                                     # of the file as fetched
//! bytes = 1082499
//! unpack = "usr/src/x.tar.xz"                      # optional: the member of a .deb that is the tarball
//!
//! [[source.pin]]                                   # or a crate, which the host's cargo fetches
//! version = "0.72.1"
//! crate = "bindgen-cli"                            # its name, in place of `path` and `upstream`
//! sha256 = "…"                                     # of the .crate file
//! bytes = 8668
//! ```

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

/// Every source that may be fetched, by name.
#[derive(Clone, Debug)]
pub struct Lock {
    file: PathBuf,
    sources: Vec<Source>,
}

/// One third-party source and the files that are acceptable for it, best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name that recipes use.
    pub name: String,
    /// At least one.
    pub pins: Vec<Pin>,
}

/// One acceptable file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The version, as the packager of the file writes it.
    pub version: String,
    /// The file below a package mirror's address.
    pub path: Option<String>,
    /// A whole address, tried after the mirrors.
    pub upstream: Option<String>,
    /// The crate of this name and version instead, from the registry that cargo is configured with.
    pub krate: Option<String>,
    /// Of the file as fetched; 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// The file's length.
    pub bytes: u64,
    /// The member of a `.deb` that is the tarball; without it the file itself is one.
    pub unpack: Option<String>,
}

impl Pin {
    /// The file's own name, without folders; "source" where the address has none.
    pub fn basename(&self) -> String {
        if let Some(name) = &self.krate {
            return format!("{name}-{}.crate", self.version);
        }
        self.path
            .as_deref()
            .or(self.upstream.as_deref())
            .and_then(|address| address.rsplit('/').next())
            .filter(|name| !name.is_empty())
            .unwrap_or("source")
            .to_owned()
    }
}

/// What is wrong with a lock file, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct LockError {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1; none when the file could not be read.
    pub line: Option<usize>,
    /// The problem, with the key's name in it, and what to write instead.
    pub problem: String,
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for LockError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLock {
    #[serde(default)]
    source: Vec<RawSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    name: Spanned<String>,
    #[serde(default)]
    pin: Vec<RawPin>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPin {
    version: Spanned<String>,
    path: Option<Spanned<String>>,
    upstream: Option<Spanned<String>>,
    #[serde(rename = "crate")]
    krate: Option<Spanned<String>>,
    sha256: Spanned<String>,
    bytes: Spanned<u64>,
    unpack: Option<Spanned<String>>,
}

impl Lock {
    /// Reads and checks a lock file.
    pub fn read(file: &Path) -> Result<Lock, LockError> {
        let text = std::fs::read_to_string(file).map_err(|e| LockError {
            file: file.to_owned(),
            line: None,
            problem: format!("cannot be read: {e}"),
        })?;
        Lock::parse(&text, file)
    }

    /// Checks a lock's text; `file` is for messages.
    pub fn parse(text: &str, file: &Path) -> Result<Lock, LockError> {
        let at = |span: Range<usize>, problem: String| LockError {
            file: file.to_owned(),
            line: Some(line_of(text, span.start)),
            problem,
        };
        let raw: RawLock = toml::from_str(text).map_err(|e| {
            let problem = e.message().replace('\n', ", ");
            match e.span() {
                Some(span) => at(span, problem),
                None => at(0..0, problem),
            }
        })?;

        let mut names = HashSet::new();
        let mut sources = Vec::new();
        for source in raw.source {
            let name = source.name.get_ref().clone();
            let name_at = source.name.span();
            if let Some(problem) = name_problem(&name) {
                return Err(at(name_at, format!("name '{name}': {problem}")));
            }
            if !names.insert(name.clone()) {
                return Err(at(
                    name_at,
                    format!(
                        "source '{name}' is named twice: give it one [[source]] with several [[source.pin]]"
                    ),
                ));
            }
            if source.pin.is_empty() {
                return Err(at(
                    name_at,
                    format!("source '{name}' has no [[source.pin]]"),
                ));
            }
            let mut hashes = HashSet::new();
            let mut pins = Vec::new();
            for raw in source.pin {
                let span = raw.sha256.span();
                let pin = raw.check().map_err(|(span, key, problem)| {
                    at(span, format!("source '{name}', key '{key}': {problem}"))
                })?;
                if !hashes.insert((pin.sha256.clone(), pin.unpack.clone())) {
                    return Err(at(
                        span,
                        format!("source '{name}', key 'sha256': the same file is pinned twice"),
                    ));
                }
                pins.push(pin);
            }
            sources.push(Source { name, pins });
        }
        Ok(Lock {
            file: file.to_owned(),
            sources,
        })
    }

    /// The file this came from.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Every source, in the file's order.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The pins of a source, best first; empty when the lock does not list it.
    pub fn pins(&self, name: &str) -> &[Pin] {
        self.sources
            .iter()
            .find(|source| source.name == name)
            .map_or(&[], |source| &source.pins)
    }
}

/// Where, which key, what.
type Problem = (Range<usize>, &'static str, String);

impl RawPin {
    fn check(self) -> Result<Pin, Problem> {
        let version = self.version.get_ref();
        if version.is_empty() || !version.chars().all(is_plain) || version.contains('/') {
            return Err((
                self.version.span(),
                "version",
                format!("'{version}' is not a version: letters, digits and + - . ~ : _ only"),
            ));
        }
        let sha256 = self.sha256.get_ref();
        let is_hash = sha256.len() == 64
            && sha256
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !is_hash {
            return Err((
                self.sha256.span(),
                "sha256",
                format!("'{sha256}' is not a SHA-256: 64 lower-case hexadecimal digits"),
            ));
        }
        if *self.bytes.get_ref() == 0 {
            return Err((self.bytes.span(), "bytes", "a file of 0 bytes".to_owned()));
        }
        for (key, value) in [("path", &self.path), ("unpack", &self.unpack)] {
            let Some(value) = value else { continue };
            let text = value.get_ref();
            if let Some(problem) = path_problem(text) {
                return Err((value.span(), key, format!("'{text}' {problem}")));
            }
        }
        if let Some(value) = &self.upstream {
            let text = value.get_ref();
            let rest = text
                .strip_prefix("https://")
                .or_else(|| text.strip_prefix("http://"));
            if !rest.is_some_and(|rest| rest.contains('/') && rest.chars().all(is_in_address)) {
                return Err((
                    value.span(),
                    "upstream",
                    format!("'{text}' is not an http:// or https:// address of a file"),
                ));
            }
        }
        if let Some(name) = &self.krate {
            self.check_crate(name)?;
        } else if self.path.is_none() && self.upstream.is_none() {
            return Err((
                self.version.span(),
                "path",
                format!("version {version} has neither a path nor an upstream address nor a crate"),
            ));
        }
        Ok(Pin {
            version: self.version.into_inner(),
            path: self.path.map(Spanned::into_inner),
            upstream: self.upstream.map(Spanned::into_inner),
            krate: self.krate.map(Spanned::into_inner),
            sha256: self.sha256.into_inner(),
            bytes: self.bytes.into_inner(),
            unpack: self.unpack.map(Spanned::into_inner),
        })
    }
}

impl RawPin {
    /// A crate has a name and a version that a registry can know, and no other address.
    fn check_crate(&self, name: &Spanned<String>) -> Result<(), Problem> {
        let text = name.get_ref();
        let good = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        if !good {
            return Err((
                name.span(),
                "crate",
                format!("'{text}' is not a crate's name: letters, digits and - _ only"),
            ));
        }
        let version = self.version.get_ref();
        if !version.starts_with(|c: char| c.is_ascii_digit()) || version.contains([':', '~', '_']) {
            return Err((
                self.version.span(),
                "version",
                format!("'{version}' is not a crate's version, like 1.2.3"),
            ));
        }
        for (key, value) in [
            ("path", &self.path),
            ("upstream", &self.upstream),
            ("unpack", &self.unpack),
        ] {
            if let Some(value) = value {
                let problem = format!("a crate comes through cargo: leave '{key}' out");
                return Err((value.span(), key, problem));
            }
        }
        Ok(())
    }
}

/// A character of versions and of paths in a pool.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+-.~:_/".contains(c)
}

fn is_in_address(c: char) -> bool {
    c.is_ascii_graphic() && !"\"'<>\\`{}|^".contains(c)
}

fn name_problem(name: &str) -> Option<&'static str> {
    let ok = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c));
    (!ok).then_some("lower-case letters, digits and + - . only, a letter or digit first")
}

fn path_problem(path: &str) -> Option<&'static str> {
    if path.starts_with('/') {
        Some("begins with '/': write it relative to the mirror's address or the archive's top")
    } else if path.split('/').any(|part| part == "..") {
        Some("has a '..' in it")
    } else if path.split('/').any(|part| part.is_empty() || part == ".") {
        Some("has an empty part or a '.' in it")
    } else if !path.chars().all(is_plain) {
        Some("has a character that no pool uses: letters, digits and + - . ~ : _ / only")
    } else {
        None
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

#[cfg(test)]
mod tests;
