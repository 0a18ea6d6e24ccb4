//! The table: every node's digest, and that blocks and nodes lie one after the other without gaps.

use super::Report;
use crate::error::Result;
use crate::format::Error;
use crate::format::filter::Filter;
use crate::format::superblock::{LENGTH, feature};
use crate::format::table::{self, Compression, ENTRY, Entry, FANOUT};
use crate::reader::{Image, Source};

/// Reads the whole table; an entry is `None` where it, or the node that has it, is wrong.
///
/// # Errors
/// Those of reading.
pub fn table<S: Source>(image: &Image<S>, report: &mut Report) -> Result<Vec<Option<Entry>>> {
    let sb = image.superblock();
    let mut above = vec![Some(sb.top)];
    let mut offset = None;
    let mut ends = Vec::new();
    for level in (0..sb.levels).rev() {
        let mut entries = Vec::with_capacity(table::entries(sb.blocks, level) as usize);
        for (node, entry) in (0..).zip(&above) {
            let count = table::node_length(sb.blocks, level, node) / ENTRY as u64;
            let bytes = match entry {
                Some(entry) => report.note(image.node(level, node, entry))?,
                None => None,
            };
            for slot in 0..count as u32 {
                let index = node * FANOUT + slot;
                let found = bytes.as_ref().map(|bytes| {
                    let entry = table::entry_of(bytes, slot, index)?;
                    entry.check(level, index, sb)?;
                    Ok::<Entry, crate::Error>(entry)
                });
                entries.push(match found {
                    Some(found) => report.note(found)?,
                    None => None,
                });
            }
        }
        ends.push(adjacent(level, &entries, report));
        if level + 1 == sb.levels {
            offset = Some(sb.top.offset);
        }
        above = entries;
    }
    order(image, &ends, offset, report)?;
    features(image, &above, report);
    Ok(above)
}

/// That each entry begins where the one before ends; where the first begins and the last ends.
fn adjacent(level: u8, entries: &[Option<Entry>], report: &mut Report) -> Option<(u64, u64)> {
    let mut expected = None;
    for (index, entry) in (0..).zip(entries) {
        let Some(entry) = entry else {
            expected = None;
            continue;
        };
        match expected {
            Some(end) if entry.offset < end => {
                report.overlaps = true;
                let what = "overlaps the one before";
                report.problem(&Error::Entry { level, index, what });
            }
            Some(end) if entry.offset > end => report.problem(&Error::Entry {
                level,
                index,
                what: "a gap before it",
            }),
            _ => (),
        }
        expected = Some(entry.offset + u64::from(entry.stored));
    }
    let first = entries.first().copied().flatten()?;
    Some((first.offset, expected?))
}

/// That blocks come first, then the levels of nodes, and zeros.
fn order<S: Source>(
    image: &Image<S>,
    ends: &[Option<(u64, u64)>],
    top: Option<u64>,
    report: &mut Report,
) -> Result<()> {
    let sb = image.superblock();
    // From the blocks up: what the entries of level n say is where blocks, or nodes of level n - 1, are.
    let mut expected = Some(LENGTH as u64);
    for (level, range) in (0_u8..).zip(ends.iter().rev()) {
        if let (Some((begin, _)), Some(expected)) = (range, expected)
            && *begin != expected
        {
            let what = "not where the part before it ends";
            report.problem(&Error::Entry {
                level,
                index: 0,
                what,
            });
        }
        expected = range.map(|(_, end)| end);
    }
    if let (Some(top), Some(expected)) = (top, expected)
        && top != expected
    {
        report.problem(&"table: the node on top does not follow the level below");
    }
    let end = sb.top.offset + u64::from(sb.top.stored);
    let rest = sb.length - end;
    if rest >= LENGTH as u64 {
        report.problem(&format_args!(
            "{rest} bytes after the table: at most 4095 belong there"
        ));
        return Ok(());
    }
    let mut zeros = vec![0; rest as usize];
    image.source().read(end, &mut zeros)?;
    if zeros.iter().any(|byte| *byte != 0) {
        report.problem(&"the bytes after the table are not zero");
    }
    Ok(())
}

/// That the bits of features say what there is, no more.
fn features<S: Source>(image: &Image<S>, entries: &[Option<Entry>], report: &mut Report) {
    let sb = image.superblock();
    if entries.iter().any(Option::is_none) {
        return;
    }
    let has = |wanted: &[Compression]| {
        let mut all = entries.iter().flatten();
        all.any(|entry| {
            entry
                .compression()
                .is_some_and(|found| wanted.contains(&found))
        })
    };
    let zstd = [Compression::Zstd, Compression::ZstdDictionary];
    if sb.features & feature::LZ4 != 0 && !has(&[Compression::Lz4]) {
        report.problem(&"superblock: the feature LZ4 without a block of it");
    }
    if (sb.features & feature::ZSTD != 0) != has(&zstd) {
        report.problem(&"superblock: the feature Zstandard does not say what there is");
    }
    let filtered = |entry: &Entry| entry.filter() != Some(Filter::None);
    if (sb.features & feature::FILTER != 0) != entries.iter().flatten().any(filtered) {
        report.problem(&"superblock: the feature of filters does not say what there is");
    }
    if sb.has_dictionary() && !has(&[Compression::ZstdDictionary]) {
        report.problem(&"superblock: a dictionary that no block uses");
    }
}
