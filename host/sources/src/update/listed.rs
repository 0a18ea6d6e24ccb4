//! From a pin to what an index calls it, and from an index's entries to pins.
//!
//! Entries are paragraphs of `Field: value` lines, with continued lines indented (deb822(5)); a package's are described
//! in deb-control(5) and the repository format's "Packages" and "Sources" indices.

use crate::Pin;

/// How an index calls what a pin's file is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A package: the pin is a `.deb`.
    Binary(String),
    /// A source package: the pin is its upstream tarball.
    Source(String),
    /// A crate.
    Crate(String),
}

impl Asked {
    /// None for a file that no index lists: one with an upstream address alone.
    pub fn of(pin: &Pin) -> Option<Asked> {
        if let Some(name) = &pin.krate {
            return Some(Asked::Crate(name.clone()));
        }
        let path = pin.path.as_deref()?;
        let file = path.rsplit('/').next()?;
        let (name, _) = file.split_once('_')?;
        if file.ends_with(".deb") {
            return Some(Asked::Binary(name.to_owned()));
        }
        Some(Asked::Source(name.to_owned()))
    }
}

/// The fields of each entry of an index, as text.
fn entries(index: &str) -> impl Iterator<Item = &str> {
    index.split("\n\n").filter(|entry| !entry.trim().is_empty())
}

/// A field's value, with its continued lines.
fn field<'a>(entry: &'a str, name: &str) -> Option<&'a str> {
    let mut at = 0;
    for line in entry.split_inclusive('\n') {
        let rest = line
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(':'));
        if let Some(rest) = rest {
            let start = at + line.len() - rest.len();
            let mut end = at + line.len();
            for next in entry[end..].split_inclusive('\n') {
                if !next.starts_with([' ', '\t']) {
                    break;
                }
                end += next.len();
            }
            return Some(entry[start..end].trim());
        }
        at += line.len();
    }
    None
}

fn pin(version: &str, path: String, sha256: &str, bytes: u64) -> Pin {
    Pin {
        version: version.to_owned(),
        path: Some(path),
        upstream: None,
        krate: None,
        sha256: sha256.to_owned(),
        bytes,
        unpack: None,
    }
}

/// The pins of a package's versions.
pub(super) fn binaries(index: &str, package: &str) -> Vec<Pin> {
    let of_entry = |entry| {
        (field(entry, "Package")? == package).then_some(())?;
        Some(pin(
            field(entry, "Version")?,
            field(entry, "Filename")?.to_owned(),
            field(entry, "SHA256")?,
            field(entry, "Size")?.parse().ok()?,
        ))
    };
    entries(index).filter_map(of_entry).collect()
}

/// The pins of a source package's upstream tarballs: `NAME_VERSION.orig.tar.*`, or what a native package has instead.
pub(super) fn sources(index: &str, source: &str, pinned: &Pin) -> Vec<Pin> {
    let orig = pinned.basename().contains(".orig.tar.");
    let mut pins = Vec::new();
    for entry in entries(index) {
        if field(entry, "Package") != Some(source) {
            continue;
        }
        let (Some(folder), Some(sums)) =
            (field(entry, "Directory"), field(entry, "Checksums-Sha256"))
        else {
            continue;
        };
        for line in sums.lines() {
            let mut words = line.split_whitespace();
            let (Some(sha256), Some(bytes), Some(file)) =
                (words.next(), words.next(), words.next())
            else {
                continue;
            };
            let marker = if orig { ".orig.tar." } else { ".tar." };
            let version = file
                .strip_prefix(source)
                .and_then(|rest| rest.strip_prefix('_'))
                .and_then(|rest| rest.split_once(marker))
                .filter(|(version, end)| !end.contains('.') && !version.contains(".orig"))
                .map(|(version, _)| version);
            if let (Some(version), Ok(bytes)) = (version, bytes.parse()) {
                pins.push(pin(version, format!("{folder}/{file}"), sha256, bytes));
            }
        }
    }
    pins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str) -> Pin {
        pin("1", path.to_owned(), "", 1)
    }

    #[test]
    fn a_pins_file_tells_what_to_ask_for() {
        for (path, expected) in [
            (
                "pool/main/l/linux/linux-source-7.2_7.2.13-1_all.deb",
                Asked::Binary("linux-source-7.2".into()),
            ),
            (
                "pool/main/m/musl/musl_1.2.6.orig.tar.gz",
                Asked::Source("musl".into()),
            ),
        ] {
            assert_eq!(Asked::of(&at(path)), Some(expected));
        }
        let upstream = Pin {
            path: None,
            upstream: Some("https://a.example/x-1.tar.gz".into()),
            ..at("")
        };
        assert_eq!(Asked::of(&upstream), None);
    }

    const PACKAGES: &str = "Package: linux-source-7.2\nVersion: 7.2.13-1\nDescription: kernel\n long text\n .\n more\n\
        Filename: pool/l/linux-source-7.2_7.2.13-1_all.deb\nSize: 12\nSHA256: aa\n\nPackage: other\nVersion: 1\n\n\
        Package: linux-source-7.2\nVersion: 7.2.12-1\nFilename: pool/l/x.deb\nSize: many\nSHA256: bb\n";

    #[test]
    fn packages_become_pins_and_odd_entries_do_not() {
        let pins = binaries(PACKAGES, "linux-source-7.2");
        assert_eq!(pins.len(), 1);
        assert_eq!((&*pins[0].version, pins[0].bytes), ("7.2.13-1", 12));
    }

    const SOURCES: &str = "Package: musl\nBinary: musl, musl-dev\nVersion: 1.2.6-2\nDirectory: pool/main/m/musl\nFiles:\n cc 5 musl_1.2.6.orig.tar.gz\n\
        Checksums-Sha256:\n aa 5 musl_1.2.6.orig.tar.gz\n bb 6 musl_1.2.6-2.debian.tar.xz\n dd 7 musl_1.2.6-2.dsc\n\
        \x20ee 8 musl_1.2.6.orig-extra.tar.gz\n ff 9 musl_1.2.6.orig.tar.gz.asc\nFormat: 3.0\n\n";

    #[test]
    fn only_the_upstream_tarball_of_a_source_is_one() {
        let pins = sources(
            SOURCES,
            "musl",
            &at("pool/main/m/musl/musl_1.2.5.orig.tar.gz"),
        );
        assert_eq!(pins.len(), 1, "{pins:?}");
        assert_eq!(pins[0].version, "1.2.6");
        assert_eq!(
            pins[0].path.as_deref(),
            Some("pool/main/m/musl/musl_1.2.6.orig.tar.gz")
        );
        assert_eq!((&*pins[0].sha256, pins[0].bytes), ("aa", 5));
        assert!(sources(SOURCES, "mus", &at("pool/mus_1.orig.tar.gz")).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "[A-Za-z: \n._-]{0,200}") {
            let _ = binaries(&text, "a");
            let _ = sources(&text, "a", &at("pool/a_1.orig.tar.gz"));
            let _ = field(&text, "a");
        }
    }
}
