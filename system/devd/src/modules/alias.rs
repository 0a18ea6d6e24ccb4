//! The modules' own aliases: `modules.alias`, a pattern and a module in each line, tens of thousands of lines on a kernel with
//! everything.
//!
//! The file stays as it was read. An entry is known by the bytes before its first wildcard, and entries are in the order of
//! those: a device's alias is looked for by its first byte, its first two, and so on, each time among what is left. So only
//! patterns are compared whose beginning is the device's.

use super::name::normalize_bytes;
use common::glob;

pub struct Aliases {
    text: Vec<u8>,
    /// In the order of their literal beginnings, then of the file.
    entries: Vec<Entry>,
}

/// Places in the text.
#[derive(Clone, Copy)]
struct Entry {
    pattern: u32,
    module: u32,
    /// Lengths; patterns that are longer than they can say are no device's.
    literal: u16,
    length: u16,
    module_length: u16,
}

impl Entry {
    fn part<'t>(&self, text: &'t [u8], start: u32, length: u16) -> &'t [u8] {
        &text[start as usize..start as usize + usize::from(length)]
    }

    fn literal<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        self.part(text, self.pattern, self.literal)
    }

    fn pattern<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        self.part(text, self.pattern, self.length)
    }
}

impl Aliases {
    /// Takes the file; lines that are no alias are passed over (depmod writes a comment).
    pub fn new(mut text: Vec<u8>) -> Self {
        let mut entries = Vec::new();
        let mut start = 0;
        while start < text.len() {
            let end = text[start..].iter().position(|byte| *byte == b'\n');
            let end = end.map_or(text.len(), |length| start + length);
            entries.extend(entry(&mut text, start, end));
            start = end + 1;
        }
        entries.sort_by(|one: &Entry, other| {
            let literals = one.literal(&text).cmp(other.literal(&text));
            literals.then(one.pattern.cmp(&other.pattern))
        });
        Self { text, entries }
    }

    /// The modules whose pattern matches an alias, which has underscores alone; in the order of the file, none twice.
    pub fn find(&self, alias: &[u8]) -> Vec<&str> {
        let mut fitting: Vec<Entry> = Vec::new();
        let mut left = &self.entries[..];
        for length in 0..=alias.len() {
            // What is left begins as the alias does up to here; that which ends here stands first.
            let end = left.partition_point(|entry| usize::from(entry.literal) <= length);
            let here = left[..end].iter();
            fitting.extend(here.filter(|entry| {
                glob::matches(&entry.pattern(&self.text)[length..], &alias[length..])
            }));
            left = &left[end..];
            let Some(next) = alias.get(length) else {
                break;
            };
            let byte = |entry: &Entry| entry.literal(&self.text)[length];
            let start = left.partition_point(|entry| byte(entry) < *next);
            let end = left.partition_point(|entry| byte(entry) <= *next);
            left = &left[start..end];
            if left.is_empty() {
                break;
            }
        }
        fitting.sort_by_key(|entry| entry.pattern);
        let mut names: Vec<&str> = Vec::new();
        for entry in fitting {
            let name = entry.part(&self.text, entry.module, entry.module_length);
            if let Ok(name) = std::str::from_utf8(name)
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
        names
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// `alias PATTERN MODULE` between two places; the pattern gets underscores.
fn entry(text: &mut [u8], start: usize, end: usize) -> Option<Entry> {
    let line = &text[start..end];
    let rest = line.strip_prefix(b"alias ")?;
    let (pattern, module) = rest
        .iter()
        .position(|byte| *byte == b' ')
        .map(|at| (at, at + 1))?;
    let module_length = u16::try_from(rest.len() - module).ok()?;
    let first = start + b"alias ".len();
    normalize_bytes(&mut text[first..first + pattern]);
    let literal = glob::literal(&text[first..first + pattern]);
    Some(Entry {
        pattern: u32::try_from(first).ok()?,
        module: u32::try_from(first + module).ok()?,
        literal: u16::try_from(literal).ok()?,
        length: u16::try_from(pattern).ok()?,
        module_length,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn devices_find_their_modules() {
        let text = b"# comment\nalias pci:v00008086d00001533sv*sd*bc*sc*i* igb\nalias pci:v*d*sv*sd*bc0Csc03i30* xhci_pci\n\
            alias pci:v00008086d*sv*sd*bc*sc*i* any-intel\nalias of:N*T*Csnps,dw-uart dw\nalias\nalias x\nalias char-major-10-200 tun";
        let aliases = Aliases::new(text.to_vec());
        assert_eq!(aliases.len(), 5);
        let device = b"pci:v00008086d00001533sv00000000sd00000000bc02sc00i00";
        assert_eq!(aliases.find(device), ["igb", "any-intel"]);
        let device = b"pci:v00001912d00000014sv00000000sd00000000bc0Csc03i30";
        assert_eq!(aliases.find(device), ["xhci_pci"]);
        assert_eq!(aliases.find(b"of:NserialT<NULL>Csnps,dw_uart"), ["dw"]);
        assert_eq!(aliases.find(b"char_major_10_200"), ["tun"]);
        assert!(aliases.find(b"char_major_10_20").is_empty());
        assert!(aliases.find(b"").is_empty());
    }

    proptest! {
        /// Looking is as comparing with each.
        #[test]
        fn nothing_that_fits_is_missed(
            patterns in proptest::collection::vec("[ab]{0,4}[*?]?[ab*]{0,3}", 0..30),
            alias in "[ab]{0,6}",
        ) {
            let lines: Vec<String> = patterns.iter().enumerate().map(|(at, pattern)| format!("alias {pattern} m{at}\n")).collect();
            let aliases = Aliases::new(lines.concat().into_bytes());
            let expected: Vec<String> = patterns.iter().enumerate()
                .filter(|(_, pattern)| glob::matches(pattern.as_bytes(), alias.as_bytes()))
                .map(|(at, _)| format!("m{at}"))
                .collect();
            prop_assert_eq!(aliases.find(alias.as_bytes()), expected);
        }

        #[test]
        fn any_file_and_any_alias_will_do(text: Vec<u8>, lines in "(alias [ -~]{0,12}\n){0,6}", alias: Vec<u8>) {
            Aliases::new(text).find(&alias);
            Aliases::new(lines.into_bytes()).find(&alias);
        }
    }
}
