//! Makes the tables of a compiled index.

use super::source::Source;
use super::table::{BROKEN, HEADER, Layout, NAME, Part, Stamp, hash};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::format::adb::reader::{Payload, Value};
use crate::format::adb::schema::{Index, info};
use crate::format::adb::tag;
use crate::version;
use std::collections::HashMap;

/// Entries of all lists together.
const MAX_LISTS: usize = 1 << 24;

/// Which list of a name.
#[derive(Clone, Copy)]
enum List {
    Packages = 0,
    Providers = 1,
    InstallIf = 2,
}

struct Names<'a> {
    payload: Payload<'a>,
    numbers: HashMap<&'a [u8], u32>,
    texts: Vec<(&'a [u8], Value)>,
    /// The name, the list and the package.
    entries: Vec<(u32, u8, u32)>,
}

impl Names<'_> {
    fn add(&mut self, text: Value, list: List, package: usize) -> Result<()> {
        let name = self.payload.blob(text)?;
        if name.is_empty() {
            return Ok(());
        }
        let texts = &mut self.texts;
        let number = *self.numbers.entry(name).or_insert_with(|| {
            texts.push((name, text));
            texts.len() as u32 - 1
        });
        if self.entries.len() >= MAX_LISTS {
            return Err(Error::Limit("the number of names in an index"));
        }
        self.entries.push((number, list as u8, package as u32));
        Ok(())
    }
}

/// A compiled file's parts, in their order.
pub struct Compiled {
    head: [u8; HEADER],
    payload: Vec<u8>,
    tables: Vec<u8>,
}

impl Compiled {
    /// The parts; zeros bring the payload to a multiple of eight bytes.
    pub fn parts(&self) -> [&[u8]; 4] {
        let pad = self.payload.len().next_multiple_of(8) - self.payload.len();
        [&self.head, &self.payload, &[0; 8][..pad], &self.tables]
    }
}

/// Makes a compiled file.
///
/// # Errors
/// [`Error::Adb`] and [`Error::Limit`].
pub fn compile(
    source: Source,
    stamp: &Stamp,
    hash_of_source: &Digest,
    keys: Option<Digest>,
) -> Result<Compiled> {
    let payload = Payload::new(&source.payload)?;
    let packages = Index(payload.root()?).packages()?;
    let mut names = Names {
        payload,
        numbers: HashMap::new(),
        texts: Vec::new(),
        entries: Vec::new(),
    };
    let mut flags = vec![0; packages.len()];
    for (place, flag) in flags.iter_mut().enumerate() {
        *flag = source.flags.get(place).copied().unwrap_or(0);
        let package = packages.object(place + 1)?;
        let version = package.blob(info::VERSION)?;
        let good = std::str::from_utf8(version).is_ok_and(version::is_valid);
        if !good || package.blob(info::NAME)?.is_empty() {
            *flag |= BROKEN;
        }
        names.add(package.get(info::NAME), List::Packages, place)?;
        for (slot, list) in [
            (info::PROVIDES, List::Providers),
            (info::INSTALL_IF, List::InstallIf),
        ] {
            for value in package.array(slot)?.values() {
                let name = payload.slots(value, tag::OBJECT)?.get(1);
                names.add(name, list, place)?;
            }
        }
    }
    // Names in their order; each name's lists one after another, in the packages' order.
    let mut order: Vec<u32> = (0..names.texts.len() as u32).collect();
    order.sort_unstable_by_key(|number| names.texts[*number as usize].0);
    let mut rank = vec![0; order.len()];
    for (place, number) in order.iter().enumerate() {
        rank[*number as usize] = place as u32;
    }
    for entry in &mut names.entries {
        entry.0 = rank[entry.0 as usize];
    }
    names.entries.sort_unstable();
    names.entries.dedup();
    let buckets = (names.texts.len() * 2).next_power_of_two().max(2);
    let mut at = HEADER;
    let mut part = |count: usize, size: usize| {
        let begin = at;
        at = (at + count * size).next_multiple_of(8);
        Part { begin, count }
    };
    let body = part(source.payload.len(), 1);
    let layout = Layout {
        stamp: *stamp,
        source: *hash_of_source,
        keys,
        payload: body.begin..body.begin + body.count,
        names: part(names.texts.len(), NAME),
        buckets: part(buckets, 4),
        lists: part(names.entries.len(), 4),
        packages: part(flags.len(), 1),
        untouched: true,
    };
    // Tables follow the payload: their places are counted from its end here.
    let end = layout.names.begin;
    let mut tables = vec![0; at - end];
    tables[layout.packages.begin - end..][..flags.len()].copy_from_slice(&flags);
    let mut put = |at: usize, number: u32| {
        tables[at - end..][..4].copy_from_slice(&number.to_le_bytes());
    };
    let mut filled = vec![0u32; buckets];
    for (place, number) in order.iter().enumerate() {
        let (name, text) = names.texts[*number as usize];
        let hash = hash(name);
        put(layout.names.begin + place * NAME, text.0);
        put(layout.names.begin + place * NAME + 4, hash);
        let mut bucket = hash as usize & (buckets - 1);
        while filled[bucket] != 0 {
            bucket = (bucket + 1) & (buckets - 1);
        }
        filled[bucket] = place as u32 + 1;
    }
    for (place, number) in filled.iter().enumerate() {
        put(layout.buckets.begin + 4 * place, *number);
    }
    let mut begin = 0;
    for list in names
        .entries
        .chunk_by(|one, other| (one.0, one.1) == (other.0, other.1))
    {
        let (name, which, _) = list[0];
        let at = layout.names.begin + name as usize * NAME + 8 + 8 * usize::from(which);
        put(at, begin as u32);
        put(at + 4, list.len() as u32);
        for (place, (_, _, package)) in list.iter().enumerate() {
            put(layout.lists.begin + 4 * (begin + place), *package);
        }
        begin += list.len();
    }
    Ok(Compiled {
        head: layout.header(),
        payload: source.payload,
        tables,
    })
}
