//! Paths that belong to the administrator (`apk-protected_paths(5)`).

use std::collections::BTreeSet;
use std::path::Path;

/// How a path is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Not at all (`-`).
    None,
    /// If it differs from what the database says (`+`).
    Changed,
    /// If it is a symbolic link that differs (`@`).
    ChangedLink,
    /// Always (`!`).
    Always,
}

/// Rules in their order; the last that fits decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedPaths {
    rules: Vec<(Protection, Vec<u8>)>,
}

impl Default for ProtectedPaths {
    /// The rules that always stand at the beginning: `+etc`, `@etc/init.d`, `!etc/apk`.
    fn default() -> Self {
        let rules = [
            (Protection::Changed, "etc"),
            (Protection::ChangedLink, "etc/init.d"),
            (Protection::Always, "etc/apk"),
        ];
        Self {
            rules: rules
                .map(|(how, path)| (how, path.as_bytes().to_vec()))
                .to_vec(),
        }
    }
}

impl ProtectedPaths {
    /// No rules at all.
    #[must_use]
    pub fn none() -> Self {
        Self { rules: Vec::new() }
    }

    /// Those of a root: the built-in ones and `etc/apk/protected_paths.d/*.list`.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn read(root: &Path) -> std::io::Result<Self> {
        let mut paths = Self::default();
        let directory = root.join("etc/apk/protected_paths.d");
        let entries = match std::fs::read_dir(&directory) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(paths),
            other => other?,
        };
        let mut files = BTreeSet::new();
        for entry in entries {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "list")
            {
                files.insert(path);
            }
        }
        for file in files {
            paths.add_text(&std::fs::read(file)?);
        }
        Ok(paths)
    }

    /// Adds the rules of a list.
    pub fn add_text(&mut self, text: &[u8]) {
        for line in text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii) {
            let (how, glob) = match line.first() {
                None | Some(b'#') => continue,
                Some(b'+') => (Protection::Changed, &line[1..]),
                Some(b'-') => (Protection::None, &line[1..]),
                Some(b'@') => (Protection::ChangedLink, &line[1..]),
                Some(b'!') => (Protection::Always, &line[1..]),
                Some(_) => (Protection::Changed, line),
            };
            let glob = glob.strip_prefix(b"/").unwrap_or(glob);
            let glob = glob.strip_suffix(b"/").unwrap_or(glob);
            if !glob.is_empty() {
                self.rules.push((how, glob.to_vec()));
            }
        }
    }

    /// How a path (relative to the root) is protected: a rule holds for what it names and for all below.
    #[must_use]
    pub fn of(&self, path: &[u8]) -> Protection {
        let mut found = Protection::None;
        for (how, glob) in &self.rules {
            // Most rules are about other directories.
            if !may_begin(glob, path) {
                continue;
            }
            let ends = path
                .iter()
                .enumerate()
                .filter(|&(_, &byte)| byte == b'/')
                .map(|(place, _)| place);
            if ends
                .chain(std::iter::once(path.len()))
                .any(|end| glob_matches(glob, &path[..end]))
            {
                found = *how;
            }
        }
        found
    }
}

/// Whether a glob may name what begins as a path does.
fn may_begin(glob: &[u8], path: &[u8]) -> bool {
    match glob.first() {
        Some(b'*' | b'?' | b'[' | b'\\') => true,
        first => first == path.first(),
    }
}

/// Whether a glob with `*`, `?`, `[…]` and `\` names a path, as fnmatch(3) with `FNM_PATHNAME` has it: none of them
/// stands for a slash.
#[must_use]
pub fn glob_matches(glob: &[u8], path: &[u8]) -> bool {
    // Where to go on when a star was too short: the glob behind it, and the path from where it is to take one more.
    let mut retry: Option<(&[u8], &[u8])> = None;
    let (mut pattern, mut text) = (glob, path);
    loop {
        let step = match pattern.first() {
            None if text.is_empty() => return true,
            Some(b'*') => {
                retry = Some((&pattern[1..], text));
                pattern = &pattern[1..];
                continue;
            }
            None => None,
            Some(_) => one_matches(pattern, text.first().copied()),
        };
        if let Some(length) = step {
            pattern = &pattern[length..];
            text = &text[1..];
            continue;
        }
        match retry {
            Some((after, from)) if from.first().is_some_and(|&byte| byte != b'/') => {
                retry = Some((after, &from[1..]));
                pattern = after;
                text = &from[1..];
            }
            _ => return false,
        }
    }
}

/// The length of the glob's first part if it stands for `byte`.
fn one_matches(glob: &[u8], byte: Option<u8>) -> Option<usize> {
    let byte = byte?;
    match glob[0] {
        b'?' => (byte != b'/').then_some(1),
        b'\\' if glob.len() > 1 => (glob[1] == byte).then_some(2),
        b'[' => set_matches(glob, byte).unwrap_or((byte == b'[').then_some(1)),
        own => (own == byte).then_some(1),
    }
}

/// The same for `[…]`; the outer none: there is no end to it, so that it is a letter as others.
fn set_matches(glob: &[u8], byte: u8) -> Option<Option<usize>> {
    let negated = matches!(glob.get(1), Some(b'!' | b'^'));
    let start = if negated { 2 } else { 1 };
    let end = start
        + 1
        + glob
            .get(start + 1..)?
            .iter()
            .position(|&byte| byte == b']')?;
    let set = &glob[start..end];
    let mut within = false;
    let mut at = 0;
    while at < set.len() {
        if at + 2 < set.len() && set[at + 1] == b'-' {
            within |= (set[at]..=set[at + 2]).contains(&byte);
            at += 3;
        } else {
            within |= set[at] == byte;
            at += 1;
        }
    }
    Some((within != negated && byte != b'/').then_some(end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        let mut paths = ProtectedPaths::default();
        paths.add_text(b"# comment\n\n-etc/ssl/certs/ca-cert-*.pem\nusr/share/x\n/srv/*/keep/\n");
        let of = |path: &str| paths.of(path.as_bytes());
        assert_eq!(of("etc/passwd"), Protection::Changed);
        assert_eq!(of("etc/init.d/x"), Protection::ChangedLink);
        assert_eq!(of("etc/apk/world"), Protection::Always);
        assert_eq!(of("etc/ssl/certs/ca-cert-a.pem"), Protection::None);
        assert_eq!(of("usr/share/x/y/z"), Protection::Changed);
        assert_eq!(of("srv/a/keep/f"), Protection::Changed);
        assert_eq!(
            (of("usr/bin/x"), of("etcetera")),
            (Protection::None, Protection::None)
        );
    }

    #[test]
    fn globs() {
        for (glob, path) in [
            ("*", "abc"),
            ("a*c", "abbc"),
            ("a?c", "abc"),
            ("[a-c]x", "bx"),
            ("[!a]x", "bx"),
            ("\\*", "*"),
            ("/usr/lib/*", "/usr/lib/x"),
            ("a*b*c", "aXbYbZc"),
            ("[", "["),
        ] {
            assert!(
                glob_matches(glob.as_bytes(), path.as_bytes()),
                "{glob} {path}"
            );
        }
        for (glob, path) in [
            ("*", "a/b"),
            ("a?c", "a/c"),
            ("[a-c]x", "dx"),
            ("[!a]x", "ax"),
            ("/usr/lib/*", "/usr/lib/x/y"),
            ("a*", "b"),
            ("", "a"),
            ("[!a]", "/"),
        ] {
            assert!(
                !glob_matches(glob.as_bytes(), path.as_bytes()),
                "{glob} {path}"
            );
        }
        assert!(!glob_matches(b"a*a*a*a*a*a*a*a*b", &[b'a'; 4000]));
    }
}
