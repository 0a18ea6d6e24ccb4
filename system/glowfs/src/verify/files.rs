//! The tree: every inode is reached, as often as it says; what files need is there; nothing is there that nothing needs.

use super::metadata::Ranges;
use super::{Report, Use};
use crate::error::Result;
use crate::format;
use crate::format::directory::{self, Directory, NAME_MAX};
use crate::format::extent::{self, Extent};
use crate::format::inode::{Inode, Kind, Layout, ROOT};
use crate::format::superblock::{INODE, feature};
use crate::format::table::Entry;
use crate::reader::{Image, Source};

/// Looks at all inodes and what they point to.
///
/// # Errors
/// Those of reading.
pub fn files<S: Source>(
    image: &Image<S>,
    entries: &[Option<Entry>],
    uses: &mut [Use],
    report: &mut Report,
) -> Result<()> {
    let sb = *image.superblock();
    if sb.has_dictionary() {
        mark(uses, sb.dictionary);
    }
    for block in sb.first_meta..sb.first_meta.saturating_add(sb.meta_blocks() as u32) {
        mark(uses, block);
        let length = sb.meta_length(u64::from(block - sb.first_meta));
        if let Some(Some(entry)) = entries.get(block as usize)
            && u64::from(entry.plain()) != length
        {
            report.problem(&format::Error::Block(block));
        }
    }
    let mut found = Found {
        kinds: vec![0; sb.inodes as usize + 1],
        links: vec![0; sb.inodes as usize + 1],
        ranges: Ranges::default(),
        data: 0,
        attributes: false,
        whole: true,
    };
    found
        .ranges
        .add(0, u64::from(sb.inodes) * INODE, "the inodes");
    for number in ROOT..=sb.inodes {
        match report.note(image.inode(number))? {
            Some(inode) => found.inode(image, number, &inode, entries, uses, report)?,
            None => found.whole = false,
        }
    }
    found.whole &= found.ranges.sets(image, report)?;
    found.links(image, report)?;
    found.ranges.check(image, report)?;
    if found.whole {
        if found.data != sb.data {
            report.problem(&format_args!(
                "superblock: files have {} bytes, it says {}",
                found.data, sb.data
            ));
        }
        if found.attributes != (sb.features & feature::XATTR != 0) {
            report.problem(
                &"superblock: the feature of extended attributes does not say what there is",
            );
        }
        for (block, used) in uses.iter().enumerate() {
            if !used.has(Use::USED) && !used.has(Use::TOLD) {
                report.problem(&format_args!("block {block}: nothing uses it"));
            }
        }
    }
    Ok(())
}

fn mark(uses: &mut [Use], block: u32) {
    if let Some(found) = uses.get_mut(block as usize) {
        found.set(Use::USED);
    }
}

struct Found {
    /// By number: the type, 0 for what could not be read.
    kinds: Vec<u8>,
    /// By number: what is still to be found of its links.
    links: Vec<i64>,
    ranges: Ranges,
    data: u64,
    attributes: bool,
    /// Whether all inodes and directories could be read.
    whole: bool,
}

impl Found {
    fn inode<S: Source>(
        &mut self,
        image: &Image<S>,
        number: u32,
        inode: &Inode,
        entries: &[Option<Entry>],
        uses: &mut [Use],
        report: &mut Report,
    ) -> Result<()> {
        report.inodes += 1;
        self.kinds[number as usize] = inode.kind() as u8;
        self.links[number as usize] += i64::from(inode.links);
        if let Some(at) = inode.attributes_at() {
            self.attributes = true;
            self.ranges.set(at);
        }
        match inode.kind() {
            Kind::Directory => {
                self.ranges.add(inode.position, inode.size, "a directory");
            }
            Kind::Link => {
                self.ranges
                    .add(inode.position, inode.size, "a link's target");
                if let Some(target) = report.note(image.target(inode))?
                    && target.contains(&0)
                {
                    let what = "a zero byte in a link's target";
                    report.problem(&format::Error::Inode { number, what });
                }
            }
            Kind::Regular => {
                self.data += inode.size;
                self.content(image, number, inode, entries, uses, report)?;
            }
            _ => (),
        }
        Self::unused(number, inode, report);
        Ok(())
    }

    /// Fields that an inode of this layout does not use must be zero, or none.
    fn unused(number: u32, inode: &Inode, report: &mut Report) {
        let device = matches!(inode.kind(), Kind::Character | Kind::Block);
        let position = match inode.layout {
            Layout::Inline | Layout::List => true,
            Layout::Nothing => device,
            Layout::Run => false,
        };
        let first = inode.layout == Layout::Run || inode.kind() == Kind::Directory;
        let tail = inode.tail != format::superblock::NONE;
        let blocks = matches!(inode.layout, Layout::Run | Layout::List);
        if (!position && inode.position != 0)
            || (!first && inode.first != 0)
            || (!tail && inode.tail_offset != 0)
            || (tail && !blocks)
        {
            let what = "a field that it does not use has a value";
            report.problem(&format::Error::Inode { number, what });
        }
    }

    fn content<S: Source>(
        &mut self,
        image: &Image<S>,
        number: u32,
        inode: &Inode,
        entries: &[Option<Entry>],
        uses: &mut [Use],
        report: &mut Report,
    ) -> Result<()> {
        let sb = image.superblock();
        let own = inode.own_blocks(sb);
        match inode.layout {
            Layout::Inline => self.ranges.add(inode.position, inode.size, "a small file"),
            Layout::List => self.ranges.add(inode.position, own * 4, "a list of blocks"),
            _ => (),
        }
        if !matches!(inode.layout, Layout::Run | Layout::List) {
            return Ok(());
        }
        let pieces = inode.size.div_ceil(u64::from(sb.block_size()));
        for index in 0..pieces {
            let Some((extent, length)) =
                report.note(extent::locate(image, sb, number, inode, index))?
            else {
                continue;
            };
            let (block, fits): (u32, &dyn Fn(u32) -> bool) = match extent {
                Extent::Hole | Extent::Inline(_) => continue,
                Extent::Block(block) => (block, &|plain| plain == length),
                Extent::Tail(block, offset) => (block, &move |plain| {
                    plain <= sb.block_size()
                        && offset.checked_add(length).is_some_and(|end| end <= plain)
                }),
            };
            mark(uses, block);
            if let Some(Some(entry)) = entries.get(block as usize)
                && !fits(entry.plain())
            {
                let what = "a block that it uses has another length";
                report.problem(&format::Error::Inode { number, what });
            }
        }
        Ok(())
    }

    /// Goes through all directories and takes off their entries from what inodes say of their links.
    fn links<S: Source>(&mut self, image: &Image<S>, report: &mut Report) -> Result<()> {
        for number in ROOT..=image.superblock().inodes {
            if self.kinds[number as usize] != Kind::Directory as u8 {
                continue;
            }
            let inode = image.inode(number)?;
            // `.`, and the root's `..`.
            self.links[number as usize] -= if number == ROOT { 2 } else { 1 };
            match report.note(image.directory(number, &inode))? {
                Some(directory) => self.directory(image, number, &directory, report)?,
                None => self.whole = false,
            }
        }
        if !self.whole {
            // What could not be read may have the links that are missed.
            return Ok(());
        }
        for (number, left) in self.links.iter().enumerate().skip(1) {
            let what = match left {
                0 => continue,
                1.. => "fewer entries name it than it says it has links",
                _ => "more entries name it than it says it has links",
            };
            let number = number as u32;
            report.problem(&format::Error::Inode { number, what });
        }
        Ok(())
    }

    fn directory<S: Source>(
        &mut self,
        image: &Image<S>,
        number: u32,
        directory: &Directory,
        report: &mut Report,
    ) -> Result<()> {
        let wrong = |what| format::Error::Directory { number, what };
        let mut buffer = [0; NAME_MAX];
        let mut before: Vec<u8> = Vec::new();
        let mut names = 0;
        for index in 0..directory.len() {
            let Some(entry) = report.note(directory.entry(image, index))? else {
                self.whole = false;
                continue;
            };
            let Some(name) = report.note(directory.name(image, &entry, &mut buffer))? else {
                self.whole = false;
                continue;
            };
            match (*before).cmp(name) {
                std::cmp::Ordering::Less => (),
                std::cmp::Ordering::Equal => report.problem(&wrong("a name is there twice")),
                std::cmp::Ordering::Greater => report.problem(&wrong("names are not sorted")),
            }
            if entry.name_at() != names {
                report.problem(&wrong("names do not follow each other"));
            }
            names = entry.name_at() + name.len() as u32;
            before.clear();
            before.extend_from_slice(name);
            let (kind, child) = (self.kinds[entry.inode as usize], entry.inode);
            self.links[child as usize] -= 1;
            if kind != 0 && kind != entry.kind as u8 {
                let what = "its type is not the one its entry says";
                report.problem(&format::Error::Inode {
                    number: child,
                    what,
                });
            }
            if kind == Kind::Directory as u8 {
                // Its `..` counts here.
                self.links[number as usize] -= 1;
                if image.inode(child)?.first != number {
                    report.problem(&wrong("a directory in it says that it lies elsewhere"));
                }
            }
        }
        if names != directory.names_length() {
            report.problem(&wrong("bytes among the names that are no name"));
        }
        if directory.is_indexed() {
            index(image, directory, &wrong, report)?;
        }
        Ok(())
    }
}

/// That the index is sorted, has every entry once, and the right hashes.
fn index<S: Source>(
    image: &Image<S>,
    directory: &Directory,
    wrong: &dyn Fn(&'static str) -> format::Error,
    report: &mut Report,
) -> Result<()> {
    let mut buffer = [0; NAME_MAX];
    let mut before = None;
    let mut seen = vec![false; directory.len() as usize];
    for place in 0..directory.len() {
        let Some((hash, number)) = report.note(directory.indexed_hash(image, place))? else {
            continue;
        };
        match seen.get_mut(number as usize) {
            None => {
                report.problem(&wrong("its index has an entry that is not there"));
                continue;
            }
            Some(true) => report.problem(&wrong("its index has an entry twice")),
            Some(seen) => *seen = true,
        }
        if before.is_some_and(|before| before > (hash, number)) {
            report.problem(&wrong("its index is not sorted"));
        }
        before = Some((hash, number));
        // What is wrong with an entry was told before.
        if let Ok(entry) = directory.entry(image, number)
            && let Ok(name) = directory.name(image, &entry, &mut buffer)
            && directory::hash(name) != hash
        {
            report.problem(&wrong("its index has a wrong hash"));
        }
    }
    Ok(())
}
