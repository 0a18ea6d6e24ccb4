//! The upper layer of an overlay (Linux, Documentation/filesystems/overlayfs.rst), folded into the tree of what is below it.

use crate::error::{Error, Result};
use crate::format::inode::{Inode, Kind, ROOT};
use crate::reader::{Image, Source};
use crate::source::{Folder, attributes};
use crate::tree::{Content, Data, Node, Tree};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// The tree of an image, whose regular files are [`Data::Base`]. Inode `n` is file `n - 1`.
///
/// # Errors
/// Those of reading the image.
pub fn tree_of<S: Source>(image: &Image<S>) -> Result<Tree> {
    let mut tree = Tree::default();
    for number in ROOT..=image.superblock().inodes {
        let inode = image.inode(number)?;
        tree.add(node_of(image, number, &inode)?);
    }
    Ok(tree)
}

fn node_of<S: Source>(image: &Image<S>, number: u32, inode: &Inode) -> Result<Node> {
    let (major, minor) = inode.device();
    let content = match inode.kind() {
        Kind::Directory => {
            let list = image.list(number, inode)?.into_iter();
            let list = list.map(|(name, child, _)| (name, child as usize - 1));
            Content::Directory(list.collect())
        }
        Kind::Regular => Content::Regular(inode.size, Data::Base(number)),
        Kind::Link => Content::Link(image.target(inode)?),
        Kind::Character => Content::Character(major, minor),
        Kind::Block => Content::Block(major, minor),
        Kind::Fifo => Content::Fifo,
        Kind::Socket => Content::Socket,
    };
    Ok(Node {
        permissions: inode.mode & 0o7777,
        user: inode.user,
        group: inode.group,
        modified: inode.modified,
        attributes: image.attributes(inode)?.into_iter().collect(),
        content,
    })
}

/// What the overlay says of a file in its attributes, which are taken from it.
#[derive(Default)]
struct Marks {
    /// The file stands for none.
    whiteout: bool,
    /// A directory that hides what is below it.
    opaque: bool,
    /// A directory with files of no content that stand for none.
    has_whiteouts: bool,
}

/// Takes the overlay's own attributes off a file.
fn marks(path: &Path, attributes: &mut BTreeMap<Vec<u8>, Vec<u8>>) -> Result<Marks> {
    let mut marks = Marks::default();
    let mut kept = BTreeMap::new();
    for (name, value) in std::mem::take(attributes) {
        let ours = [&b"trusted.overlay."[..], b"user.overlay."];
        let Some(prefix) = ours.into_iter().find(|prefix| name.starts_with(prefix)) else {
            kept.insert(name, value);
            continue;
        };
        let rest = &name[prefix.len()..];
        // An overlay in an overlay: one level is taken off.
        if let Some(inner) = rest.strip_prefix(b"overlay.") {
            kept.insert([prefix, inner].concat(), value);
            continue;
        }
        match rest {
            b"whiteout" => marks.whiteout = true,
            b"opaque" => {
                marks.opaque |= value == b"y";
                marks.has_whiteouts |= value == b"x";
            }
            b"redirect" | b"metacopy" => {
                let what = String::from_utf8_lossy(rest);
                return Err(Error::impossible(format_args!(
                    "{}: has the attribute overlay.{what}; only layers that were mounted with redirect_dir=off,metacopy=off can be committed",
                    path.display()
                )));
            }
            // Where it came from, and what speeds the kernel up.
            b"origin" | b"impure" | b"nlink" | b"upper" | b"uuid" | b"protattr" => (),
            _ => {
                let what = String::from_utf8_lossy(&name);
                return Err(Error::impossible(format_args!(
                    "{}: the attribute {what} is unknown; a newer overlayfs made it",
                    path.display()
                )));
            }
        }
    }
    *attributes = kept;
    Ok(marks)
}

/// Folds the layer in the directory `upper` into `tree`, which is what was below it.
///
/// # Errors
/// [`Error::file`], and [`Error::impossible`] for a layer that says more than is understood.
pub fn fold(tree: &mut Tree, upper: &Path) -> Result<()> {
    let opened = Folder::root(upper)?;
    let mut root = opened.itself()?;
    let root_marks = marks(upper, &mut root.attributes)?;
    replace_directory(tree, 0, root, root_marks.opaque);
    let mut linked: HashMap<(u64, u64), usize> = HashMap::new();
    let mut next = Some((0, opened, root_marks.has_whiteouts));
    let mut waiting: Vec<(usize, PathBuf, bool)> = Vec::new();
    while let Some((directory, folder, has_whiteouts)) = next {
        for name in folder.names()? {
            let found = folder.find(&name)?;
            let mut new = folder.node(&name, &found)?;
            new.attributes = attributes(&found.path)?;
            let marks = marks(&found.path, &mut new.attributes)?;
            let device = matches!(new.content, Content::Character(0, 0));
            let marked =
                marks.whiteout && has_whiteouts && matches!(new.content, Content::Regular(0, _));
            let old = tree
                .entries(directory)
                .and_then(|entries| entries.get(&name))
                .copied();
            if device || marked {
                if let Some(entries) = tree.entries_mut(directory) {
                    entries.remove(&name);
                }
                continue;
            }
            if matches!(new.content, Content::Directory(_)) {
                let file = match old.filter(|old| tree.entries(*old).is_some()) {
                    Some(old) => {
                        replace_directory(tree, old, new, marks.opaque);
                        old
                    }
                    None => tree.add(new),
                };
                tree.insert(directory, &name, file);
                waiting.push((file, found.path, marks.has_whiteouts));
                continue;
            }
            let file = match linked.get(&found.key()) {
                Some(file) => *file,
                None => {
                    changed(tree, old, &mut new, &found.path);
                    let file = tree.add(new);
                    if found.is_linked() {
                        linked.insert(found.key(), file);
                    }
                    file
                }
            };
            tree.insert(directory, &name, file);
        }
        next = match waiting.pop() {
            Some((file, path, has_whiteouts)) => Some((file, Folder::open(path)?, has_whiteouts)),
            None => None,
        };
    }
    Ok(())
}

/// Where a regular file was before, much of what it has may have been there too.
fn changed(tree: &Tree, old: Option<usize>, new: &mut Node, path: &Path) {
    let old = old.and_then(|old| tree.files.get(old));
    if let (Some(Content::Regular(_, Data::Base(number))), Content::Regular(_, data)) =
        (old.map(|old| &old.content), &mut new.content)
    {
        *data = Data::Changed(path.to_owned(), *number);
    }
}

/// A directory with the attributes of the upper one and, unless it is opaque, the entries of the lower one.
fn replace_directory(tree: &mut Tree, file: usize, upper: Node, opaque: bool) {
    let Some(lower) = tree.files.get_mut(file) else {
        return;
    };
    let content = std::mem::replace(&mut lower.content, Content::Fifo);
    *lower = match opaque {
        true => upper,
        false => Node { content, ..upper },
    };
}
