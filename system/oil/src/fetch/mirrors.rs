//! `etc/apk/mirrors`: other servers that have what a repository has.
//!
//! ```text
//! # the address as in the repositories file, then those that have the same
//! https://one.example/packages https://two.example/packages https://three.example/mirror/packages
//! ```
//! apk knows nothing of this file and gets along without it.

use std::path::Path;

/// Which addresses stand for which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mirrors {
    lines: Vec<(String, Vec<String>)>,
}

impl Mirrors {
    /// Those of a root; none if it has no such file.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn read(root: &Path) -> std::io::Result<Self> {
        match std::fs::read_to_string(root.join("etc/apk/mirrors")) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// From the file's text.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut lines = Vec::new();
        for line in text
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with('#'))
        {
            let mut words = line
                .split_ascii_whitespace()
                .map(|word| word.trim_end_matches('/').to_owned());
            if let Some(first) = words.next() {
                lines.push((first, words.collect()));
            }
        }
        Self { lines }
    }

    /// An address and those that stand for it, in the order in which they are to be asked.
    #[must_use]
    pub fn of(&self, url: &str) -> Vec<String> {
        let mut all = vec![url.to_owned()];
        for (base, mirrors) in &self.lines {
            let rest = url
                .strip_prefix(base.as_str())
                .filter(|rest| rest.starts_with('/'));
            if let Some(rest) = rest {
                all.extend(mirrors.iter().map(|mirror| format!("{mirror}{rest}")));
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_for_each_other() {
        let mirrors = Mirrors::parse("# no\nhttp://a/p/ http://b http://c/x/\n\nhttp://z\n");
        assert_eq!(
            mirrors.of("http://a/p/x86_64/one.apk"),
            [
                "http://a/p/x86_64/one.apk",
                "http://b/x86_64/one.apk",
                "http://c/x/x86_64/one.apk"
            ]
        );
        assert_eq!(mirrors.of("http://a/pp/x"), ["http://a/pp/x"]);
    }
}
