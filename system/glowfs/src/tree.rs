//! A tree of files in memory: what an image is made of.

use crate::format::inode::Kind;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

/// A tree: its files, of which number 0 is the root. A file that several entries name is there once.
#[derive(Debug, Default)]
pub struct Tree {
    /// The files; entries of directories are places in here.
    pub files: Vec<Node>,
}

/// A file of any kind.
#[derive(Clone, Debug)]
pub struct Node {
    /// Permissions, with set-id bits and the sticky bit; no type.
    pub permissions: u16,
    /// Whose it is.
    pub user: u32,
    /// Whose group's it is.
    pub group: u32,
    /// Time of modification, seconds since 1970 and nanoseconds.
    pub modified: (i64, u32),
    /// Extended attributes: whole names and values.
    pub attributes: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What it is.
    pub content: Content,
}

/// What a file is.
#[derive(Clone, Debug)]
pub enum Content {
    /// A directory: names, and places in [`Tree::files`].
    Directory(BTreeMap<Vec<u8>, usize>),
    /// A regular file of this many bytes.
    Regular(u64, Data),
    /// A symbolic link.
    Link(Vec<u8>),
    /// A device, major and minor number.
    Character(u32, u32),
    /// A device, major and minor number.
    Block(u32, u32),
    /// A FIFO.
    Fifo,
    /// A socket.
    Socket,
}

/// Where a regular file's bytes are.
#[derive(Clone, Debug)]
pub enum Data {
    /// Here.
    Memory(Arc<[u8]>),
    /// In a file of its own.
    Path(PathBuf),
    /// In a file, from this offset on.
    Part(Arc<File>, u64),
    /// In the image that the new one is made from: this inode's.
    Base(u32),
    /// In a file of its own; much of it may be as this inode of the image that the new one is made from has it.
    Changed(PathBuf, u32),
}

impl Content {
    /// The kind of file.
    pub fn kind(&self) -> Kind {
        match self {
            Content::Directory(_) => Kind::Directory,
            Content::Regular(..) => Kind::Regular,
            Content::Link(_) => Kind::Link,
            Content::Character(..) => Kind::Character,
            Content::Block(..) => Kind::Block,
            Content::Fifo => Kind::Fifo,
            Content::Socket => Kind::Socket,
        }
    }
}

impl Node {
    /// An empty directory of root's that everybody may enter, of the beginning of 1970.
    pub fn directory() -> Node {
        Node {
            permissions: 0o755,
            user: 0,
            group: 0,
            modified: (0, 0),
            attributes: BTreeMap::new(),
            content: Content::Directory(BTreeMap::new()),
        }
    }

    /// `st_mode`.
    pub fn mode(&self) -> u16 {
        self.permissions & 0o7777 | (self.content.kind() as u16) << 12
    }
}

impl Tree {
    /// A tree of an empty root.
    pub fn new() -> Tree {
        Tree {
            files: vec![Node::directory()],
        }
    }

    /// The entries of a directory; none of what is no directory.
    pub fn entries(&self, file: usize) -> Option<&BTreeMap<Vec<u8>, usize>> {
        match &self.files.get(file)?.content {
            Content::Directory(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entries of a directory, to be changed.
    pub fn entries_mut(&mut self, file: usize) -> Option<&mut BTreeMap<Vec<u8>, usize>> {
        match &mut self.files.get_mut(file)?.content {
            Content::Directory(entries) => Some(entries),
            _ => None,
        }
    }

    /// Takes a file in, which no entry names yet; its place.
    pub fn add(&mut self, node: Node) -> usize {
        self.files.push(node);
        self.files.len() - 1
    }

    /// The file at a path; links on the way are not followed.
    pub fn find(&self, path: &[u8]) -> Option<usize> {
        path.split(|byte| *byte == b'/')
            .filter(|name| !matches!(*name, b"" | b"."))
            .try_fold(0, |file, name| self.entries(file)?.get(name).copied())
    }

    /// Has a directory name a file.
    pub fn insert(&mut self, directory: usize, name: &[u8], file: usize) {
        if let Some(entries) = self.entries_mut(directory) {
            entries.insert(name.to_vec(), file);
        }
    }
}
