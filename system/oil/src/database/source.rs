//! The installed packages as the solver sees them: their metadata, read line by line when it asks.

use super::sidecar::Heads;
use crate::dependency::{Op, split};
use crate::digest::Digest;
use crate::solve::{Candidate, Relation, Source};

/// The metadata of installed packages.
#[derive(Debug, Default)]
pub struct InstalledSource {
    text: String,
    places: Vec<(usize, usize)>,
    identities: Vec<Option<Digest>>,
    /// (hash of a name, package), sorted.
    providers: Vec<(u32, u32)>,
    /// The same for names in `install_if`.
    install_if: Vec<(u32, u32)>,
}

fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |sum, byte| {
        (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// The name in a dependency's text.
fn name(text: &str) -> &str {
    let text = text.strip_prefix('!').unwrap_or(text);
    text.split(['<', '>', '=', '~']).next().unwrap_or_default()
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
        let (mut providers, mut install_if, mut identities) = (Vec::new(), Vec::new(), Vec::new());
        for (number, &(start, end)) in (0..).zip(&heads.places) {
            let mut identity = None;
            for line in text[start..end].lines() {
                let value = line.get(2..).unwrap_or_default();
                match line.as_bytes().first() {
                    Some(b'C') => identity = Digest::parse(value.as_bytes()),
                    Some(b'P') => providers.push((hash(value), number)),
                    Some(b'p') => {
                        providers.extend(value.split(' ').map(|text| (hash(name(text)), number)))
                    }
                    Some(b'i') => {
                        install_if.extend(value.split(' ').map(|text| (hash(name(text)), number)))
                    }
                    _ => {}
                }
            }
            identities.push(identity);
        }
        for list in [&mut providers, &mut install_if] {
            list.sort_unstable();
            list.dedup();
        }
        Self {
            text,
            places: heads.places,
            identities,
            providers,
            install_if,
        }
    }

    /// A package's metadata, as text.
    #[must_use]
    pub fn head(&self, number: u32) -> &str {
        let (start, end) = self.places[number as usize];
        &self.text[start..end]
    }

    /// A field's value.
    #[must_use]
    pub fn field(&self, number: u32, letter: char) -> Option<&str> {
        let found = |line: &str| line.starts_with(letter) && line.as_bytes().get(1) == Some(&b':');
        self.head(number)
            .lines()
            .find(|line| found(line))
            .and_then(|line| line.get(2..))
    }

    /// A package's identity.
    #[must_use]
    pub fn identity(&self, number: u32) -> Option<&Digest> {
        self.identities[number as usize].as_ref()
    }

    /// The package with this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<u32> {
        let mut found = None;
        each(&self.providers, name, &mut |number| {
            if self.field(number, 'P') == Some(name) {
                found = Some(number);
            }
        });
        found
    }
}

fn each(list: &[(u32, u32)], name: &str, found: &mut dyn FnMut(u32)) {
    let hash = hash(name);
    let start = list.partition_point(|&(own, _)| own < hash);
    list[start..]
        .iter()
        .take_while(|&&(own, _)| own == hash)
        .for_each(|&(_, number)| found(number));
}

impl Source for InstalledSource {
    fn count(&self) -> u32 {
        self.places.len() as u32
    }

    fn providers(&self, wanted: &str, found: &mut dyn FnMut(u32)) {
        each(&self.providers, wanted, &mut |number| {
            let provides = |text: &str| name(text) == wanted;
            if self.field(number, 'P') == Some(wanted)
                || self
                    .field(number, 'p')
                    .is_some_and(|list| list.split(' ').any(provides))
            {
                found(number);
            }
        });
    }

    fn install_if(&self, wanted: &str, found: &mut dyn FnMut(u32)) {
        each(&self.install_if, wanted, &mut |number| {
            if self
                .field(number, 'i')
                .is_some_and(|list| list.split(' ').any(|text| name(text) == wanted))
            {
                found(number);
            }
        });
    }

    fn package(&self, number: u32) -> Candidate<'_> {
        let mut candidate = Candidate {
            identity: self
                .identity(number)
                .map_or(&[], |digest| digest.as_bytes()),
            ..Candidate::default()
        };
        for line in self.head(number).lines() {
            let value = line.get(2..).unwrap_or_default();
            match line.as_bytes().first() {
                Some(b'P') => candidate.name = value,
                Some(b'V') => candidate.version = value,
                Some(b'A') => candidate.arch = value,
                Some(b'I') => candidate.installed_size = value.parse().unwrap_or(0),
                Some(b'k') => candidate.provider_priority = value.parse().unwrap_or(0),
                Some(b's') => candidate.tag = Some(value),
                _ => {}
            }
        }
        candidate
    }

    fn relations<'s>(
        &'s self,
        number: u32,
        relation: Relation,
        each: &mut dyn FnMut(&'s str, &'s str, Op),
    ) {
        let letter = match relation {
            Relation::Depends => 'D',
            Relation::Provides => 'p',
            Relation::InstallIf => 'i',
        };
        let list = self.field(number, letter).unwrap_or_default();
        for (name, version, op) in list.split(' ').filter_map(split) {
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
