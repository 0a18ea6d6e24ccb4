//! What differs between two images, by path.

use crate::error::Result;
use crate::format::extent::{self, Extent};
use crate::format::inode::{Inode, Kind, ROOT};
use crate::reader::{Image, Source};
use std::cmp::Ordering;

/// What is different about a path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// Only the second image has it.
    Added,
    /// Only the first image has it.
    Removed,
    /// Both have it, and these things differ: `type`, `content`, `target`, `device`, `permissions`, `owner`, `time`, `attributes`.
    Changed(Vec<&'static str>),
}

/// A file of an image: its number and what it is.
type At = (u32, Inode);

/// Calls `tell` for each path that differs, in the order of paths. What is below a directory that only one image has is told too.
///
/// # Errors
/// Those of reading the images.
pub fn diff<S: Source>(
    a: &Image<S>,
    b: &Image<S>,
    tell: &mut dyn FnMut(&[u8], Change) -> Result<()>,
) -> Result<()> {
    let roots = ((ROOT, a.inode(ROOT)?), (ROOT, b.inode(ROOT)?));
    compare(a, b, &[], roots.0, roots.1, tell)?;
    let mut waiting = vec![(Vec::new(), roots.0, roots.1)];
    while let Some((path, in_a, in_b)) = waiting.pop() {
        let (left, right) = (a.list(in_a.0, &in_a.1)?, b.list(in_b.0, &in_b.1)?);
        let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
        let mut below = Vec::new();
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((left, ..)), Some((right, ..))) => left.cmp(right),
            };
            let old = left.next_if(|_| order != Ordering::Greater);
            let new = right.next_if(|_| order != Ordering::Less);
            let Some((name, ..)) = old.as_ref().or(new.as_ref()) else {
                break;
            };
            let path = match &*path {
                [] => name.clone(),
                path => [path, b"/", name].concat(),
            };
            match (old, new) {
                (Some((_, old, _)), Some((_, new, _))) => {
                    let (old, new) = ((old, a.inode(old)?), (new, b.inode(new)?));
                    compare(a, b, &path, old, new, tell)?;
                    match (old.1.kind(), new.1.kind()) {
                        (Kind::Directory, Kind::Directory) => below.push((path, old, new)),
                        (Kind::Directory, _) => all(a, &path, false, &Change::Removed, tell)?,
                        (_, Kind::Directory) => all(b, &path, false, &Change::Added, tell)?,
                        _ => (),
                    }
                }
                (Some(_), None) => all(a, &path, true, &Change::Removed, tell)?,
                (None, _) => all(b, &path, true, &Change::Added, tell)?,
            }
        }
        waiting.extend(below.into_iter().rev());
    }
    Ok(())
}

/// Tells the same of a file and all below it; of the file itself only if so asked.
fn all<S: Source>(
    image: &Image<S>,
    path: &[u8],
    itself: bool,
    change: &Change,
    tell: &mut dyn FnMut(&[u8], Change) -> Result<()>,
) -> Result<()> {
    image.walk(path, &mut |visit| match itself || visit.path != path {
        true => tell(visit.path, change.clone()),
        false => Ok(()),
    })
}

fn compare<S: Source>(
    a: &Image<S>,
    b: &Image<S>,
    path: &[u8],
    (in_a, old): At,
    (in_b, new): At,
    tell: &mut dyn FnMut(&[u8], Change) -> Result<()>,
) -> Result<()> {
    let mut different = Vec::new();
    if old.kind() != new.kind() {
        different.push("type");
    } else {
        match old.kind() {
            Kind::Regular if !same_content(a, b, (in_a, old), (in_b, new))? => {
                different.push("content");
            }
            Kind::Link if a.target(&old)? != b.target(&new)? => different.push("target"),
            Kind::Character | Kind::Block if old.device() != new.device() => {
                different.push("device");
            }
            _ => (),
        }
    }
    if old.mode & 0o7777 != new.mode & 0o7777 {
        different.push("permissions");
    }
    if (old.user, old.group) != (new.user, new.group) {
        different.push("owner");
    }
    if old.modified != new.modified {
        different.push("time");
    }
    if a.attributes(&old)? != b.attributes(&new)? {
        different.push("attributes");
    }
    match different.is_empty() {
        true => Ok(()),
        false => tell(path, Change::Changed(different)),
    }
}

fn same_content<S: Source>(
    a: &Image<S>,
    b: &Image<S>,
    (in_a, old): At,
    (in_b, new): At,
) -> Result<bool> {
    if old.size != new.size {
        return Ok(false);
    }
    let size = a.superblock().block_size();
    let comparable =
        size == b.superblock().block_size() && a.superblock().digest == b.superblock().digest;
    let (mut left, mut right) = (vec![0; size as usize], vec![0; size as usize]);
    for index in 0..old.size.div_ceil(u64::from(size)) {
        if comparable {
            let (left, _) = extent::locate(a, a.superblock(), in_a, &old, index)?;
            let (right, _) = extent::locate(b, b.superblock(), in_b, &new, index)?;
            if same_block(a, b, left, right)? {
                continue;
            }
        }
        let at = index * u64::from(size);
        let read = a.read_at(in_a, &old, at, &mut left)?;
        if b.read_at(in_b, &new, at, &mut right)? != read || left[..read] != right[..read] {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether both are the same bytes by what the tables say, without reading them.
fn same_block<S: Source>(a: &Image<S>, b: &Image<S>, left: Extent, right: Extent) -> Result<bool> {
    let (left, right) = match (left, right) {
        (Extent::Hole, Extent::Hole) => return Ok(true),
        (Extent::Block(left), Extent::Block(right)) => (left, right),
        (Extent::Tail(left, at), Extent::Tail(right, there)) if at == there => (left, right),
        _ => return Ok(false),
    };
    let (left, right) = (a.entry(left)?, b.entry(right)?);
    Ok(left.digest == right.digest
        && left.stored == right.stored
        && left.compression() == right.compression()
        && left.filter() == right.filter()
        && a.dictionary() == b.dictionary())
}
