//! Packages split off another: the `[split]` tables of a recipe, and the usual `parts`.

use serde::Deserialize;
use std::path::Path;

/// A package split off another.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// One line that says what it is.
    pub summary: String,
    /// Paths that go to it: a file, or a folder with what is below it. A `*` in the last part of one stands for anything.
    pub files: Vec<String>,
    /// Whether one of its paths is enough: those of `parts` are the same for all recipes.
    #[serde(skip)]
    pub any: bool,
}

/// The usual parts, which a recipe names in `parts`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// `NAME-dev`: what is needed to build with it.
    Dev,
    /// `NAME-doc`: manuals.
    Doc,
}

impl Part {
    /// The package's name and what goes to it, for a recipe of this name and summary.
    pub(super) fn of(self, name: &str, summary: &str) -> (String, Split) {
        let (suffix, what, files): (_, _, &[&str]) = match self {
            Self::Dev => (
                "dev",
                "to build with",
                &[
                    "usr/include",
                    "usr/lib/*.a",
                    "usr/lib/*.o",
                    "usr/lib/pkgconfig",
                    "usr/lib/cmake",
                    "usr/share/pkgconfig",
                    "usr/share/aclocal",
                    "usr/bin/*-config",
                ],
            ),
            Self::Doc => (
                "doc",
                "manuals",
                &["usr/share/doc", "usr/share/man", "usr/share/info"],
            ),
        };
        let split = Split {
            summary: format!("{summary}: {what}"),
            files: files.iter().map(ToString::to_string).collect(),
            any: true,
        };
        (format!("{name}-{suffix}"), split)
    }
}

/// Whether a path is the one that a `split` names, or below it.
pub fn owns(pattern: &str, path: &Path) -> bool {
    let mut names = path.iter().map(|name| name.to_string_lossy());
    pattern
        .split('/')
        .all(|part| names.next().is_some_and(|name| fits(part, &name)))
}

/// Whether a name is the one of a pattern, where `*` stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return pattern == name;
    };
    name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_own_what_they_name_and_what_is_below() {
        for (pattern, path, expected) in [
            ("usr/include", "usr/include/x/y.h", true),
            ("usr/include", "usr/include2", false),
            ("usr/lib/*.a", "usr/lib/libz.a", true),
            ("usr/lib/*.a", "usr/lib/x/libz.a", false),
            ("usr/lib/*.a", "usr/lib/libz.so", false),
            ("usr/lib/*.a", "usr/lib/.a", true),
            ("usr/bin/*-config", "usr/bin/curl-config", true),
            ("usr/bin/a*a", "usr/bin/a", false),
            ("usr/share/l*", "usr/share/locale/de/x.mo", true),
            ("l*", "lib", true),
            (
                "lib/modules/*/kernel/fs",
                "lib/modules/7.2/kernel/fs/x.ko",
                true,
            ),
            (
                "lib/modules/*/kernel/fs",
                "lib/modules/kernel/fs/x.ko",
                false,
            ),
            ("lib/modules/*/kernel/fs", "lib/modules/7.2", false),
        ] {
            assert_eq!(owns(pattern, Path::new(path)), expected, "{pattern} {path}");
        }
    }
}
