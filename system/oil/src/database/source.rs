//! The installed packages as the solver sees them: their metadata as text, and where in it names and lists are.

use super::sidecar::Heads;
use crate::dependency::{Op, split};
use crate::digest::Digest;
use crate::solve::{Candidate, Relation, Source};
use std::ops::Range;

/// The metadata of installed packages.
#[derive(Debug, Default)]
pub struct InstalledSource {
    text: String,
    packages: Vec<Package>,
    /// Sorted.
    providers: Vec<Named>,
    /// Names in `install_if`, sorted.
    install_if: Vec<Named>,
}

/// Where a package's fields are in the text.
#[derive(Debug, Default)]
struct Package {
    whole: Range<usize>,
    name: Range<usize>,
    version: Range<usize>,
    arch: Range<usize>,
    depends: Range<usize>,
    provides: Range<usize>,
    install_if: Range<usize>,
    tag: Option<Range<usize>>,
    identity: Option<Digest>,
    installed_size: u64,
    provider_priority: u32,
}

/// A name that a package has or waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    hash: u32,
    package: u32,
    start: usize,
    length: usize,
}

fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |sum, byte| {
        (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// The names in a list of dependencies, with where they begin.
fn names(list: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    list.split(' ').filter_map(move |part| {
        let start = at + usize::from(part.starts_with('!'));
        at += part.len() + 1;
        let text = part.strip_prefix('!').unwrap_or(part);
        let end = text
            .bytes()
            .position(|byte| matches!(byte, b'<' | b'>' | b'=' | b'~'))
            .unwrap_or(text.len());
        (end > 0).then(|| (start, &text[..end]))
    })
}

impl InstalledSource {
    /// Of these.
    #[must_use]
    pub fn new(heads: Heads) -> Self {
        // Bytes that are no text would move the places; they become something of their own length.
        let text = String::from_utf8(heads.text).unwrap_or_else(|error| {
            error
                .into_bytes()
                .iter()
                .map(|&byte| {
                    if byte.is_ascii() {
                        char::from(byte)
                    } else {
                        '?'
                    }
                })
                .collect()
        });
        let mut source = Self {
            text,
            ..Self::default()
        };
        for (start, end) in heads.places {
            source.add(start, end);
        }
        for list in [&mut source.providers, &mut source.install_if] {
            list.sort_unstable();
            list.dedup_by_key(|named| (named.hash, named.package, named.length));
        }
        source
    }

    fn add(&mut self, start: usize, end: usize) {
        let number = self.packages.len() as u32;
        let mut package = Package {
            whole: start..end,
            ..Package::default()
        };
        let mut at = start;
        while at < end {
            let line_end = memchr::memchr(b'\n', &self.text.as_bytes()[at..end])
                .map_or(end, |length| at + length);
            let bytes = &self.text.as_bytes()[at..line_end];
            if bytes.get(1) == Some(&b':') {
                let range = at + 2..line_end;
                let value = &self.text[range.clone()];
                let named = |(place, name): (usize, &str)| Named {
                    hash: hash(name),
                    package: number,
                    start: range.start + place,
                    length: name.len(),
                };
                match bytes[0] {
                    b'C' => package.identity = Digest::parse(value.as_bytes()),
                    b'P' => {
                        self.providers.push(named((0, value)));
                        package.name = range;
                    }
                    b'V' => package.version = range,
                    b'A' => package.arch = range,
                    b'I' => package.installed_size = value.parse().unwrap_or(0),
                    b'k' => package.provider_priority = value.parse().unwrap_or(0),
                    b's' => package.tag = Some(range),
                    b'D' => package.depends = range,
                    b'p' => {
                        self.providers.extend(names(value).map(named));
                        package.provides = range;
                    }
                    b'i' => {
                        self.install_if.extend(names(value).map(named));
                        package.install_if = range;
                    }
                    _ => {}
                }
            }
            at = line_end + 1;
        }
        self.packages.push(package);
    }

    /// A package's metadata, as text.
    #[must_use]
    pub fn head(&self, number: u32) -> &str {
        &self.text[self.packages[number as usize].whole.clone()]
    }

    /// A package's identity.
    #[must_use]
    pub fn identity(&self, number: u32) -> Option<&Digest> {
        self.packages[number as usize].identity.as_ref()
    }

    /// The package with this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<u32> {
        let mut found = None;
        self.each(&self.providers, name, &mut |number| {
            if self.text[self.packages[number as usize].name.clone()] == *name {
                found = Some(number);
            }
        });
        found
    }

    fn each(&self, list: &[Named], name: &str, found: &mut dyn FnMut(u32)) {
        let hash = hash(name);
        let start = list.partition_point(|named| named.hash < hash);
        let mut last = None;
        for named in list[start..].iter().take_while(|named| named.hash == hash) {
            if last != Some(named.package)
                && self.text[named.start..named.start + named.length] == *name
            {
                found(named.package);
                last = Some(named.package);
            }
        }
    }
}

impl Source for InstalledSource {
    fn count(&self) -> u32 {
        self.packages.len() as u32
    }

    fn providers(&self, name: &str, found: &mut dyn FnMut(u32)) {
        self.each(&self.providers, name, found);
    }

    fn install_if(&self, name: &str, found: &mut dyn FnMut(u32)) {
        self.each(&self.install_if, name, found);
    }

    fn package(&self, number: u32) -> Candidate<'_> {
        let package = &self.packages[number as usize];
        let text = |range: &Range<usize>| &self.text[range.clone()];
        Candidate {
            name: text(&package.name),
            version: text(&package.version),
            arch: text(&package.arch),
            identity: package
                .identity
                .as_ref()
                .map_or(&[], |digest| digest.as_bytes()),
            installed_size: package.installed_size,
            provider_priority: package.provider_priority,
            broken: false,
            tag: package.tag.as_ref().map(text),
        }
    }

    fn relations<'s>(
        &'s self,
        number: u32,
        relation: Relation,
        each: &mut dyn FnMut(&'s str, &'s str, Op),
    ) {
        let package = &self.packages[number as usize];
        let range = match relation {
            Relation::Depends => &package.depends,
            Relation::Provides => &package.provides,
            Relation::InstallIf => &package.install_if,
        };
        for (name, version, op) in self.text[range.clone()].split(' ').filter_map(split) {
            each(name, version, op);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::installed::Installed;

    #[test]
    fn finds_by_name_and_provide() {
        let text = "P:a\nV:1\nI:5\nk:3\np:x=2 y\ni:q !r\nD:b>1 !c\ns:edge\n\nP:b\nV:2\nF:etc\n\n";
        let installed = Installed::from_text("installed".into(), text.into());
        let source = InstalledSource::new(Heads::of(&installed));
        let found = |name: &str| {
            let mut list = Vec::new();
            source.providers(name, &mut |number| list.push(number));
            list
        };
        assert_eq!(
            (found("a"), found("x"), found("y"), found("b"), found("c")),
            (vec![0], vec![0], vec![0], vec![1], vec![])
        );
        assert_eq!((source.find("x"), source.find("b")), (None, Some(1)));
        let mut waiting = Vec::new();
        source.install_if("r", &mut |number| waiting.push(number));
        assert_eq!(waiting, [0]);
        let package = source.package(0);
        assert_eq!(
            (package.version, package.installed_size, package.tag),
            ("1", 5, Some("edge"))
        );
        let mut depends = Vec::new();
        source.relations(0, Relation::Depends, &mut |name, version, op| {
            depends.push((name, version, op.bits()))
        });
        assert_eq!(depends, [("b", "1", 4), ("c", "", 23)]);
    }
}
