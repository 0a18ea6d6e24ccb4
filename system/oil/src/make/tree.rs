//! A tree of files that a package is made of.

use crate::digest::{Algorithm, Digest, Hasher};
use crate::error::{Error, Result};
use crate::package::{Acl, Entry, EntryKind, check_path};
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Whose the files are said to be.
#[derive(Clone, Debug)]
pub enum Owners {
    /// Root's, all of them.
    Root,
    /// Those whose numbers they have, by name; a number without a name is `nobody`.
    Named {
        /// Names of users.
        users: HashMap<u32, Vec<u8>>,
        /// Names of groups.
        groups: HashMap<u32, Vec<u8>>,
    },
}

/// Names by number, of a file like `passwd(5)` or `group(5)`.
fn names(path: &Path) -> io::Result<HashMap<u32, Vec<u8>>> {
    let text = fs::read(path)?;
    let mut names = HashMap::new();
    for line in text.split(|byte| *byte == b'\n') {
        let mut fields = line.split(|byte| *byte == b':');
        let name = fields.next().unwrap_or_default().to_vec();
        let number = fields
            .nth(1)
            .and_then(|field| std::str::from_utf8(field).ok());
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            names.entry(number).or_insert(name);
        }
    }
    Ok(names)
}

impl Owners {
    /// Reads names from files like `/etc/passwd` and `/etc/group`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn read(passwd: &Path, group: &Path) -> Result<Self> {
        let (users, groups) = (names(passwd)?, names(group)?);
        Ok(Self::Named { users, groups })
    }

    /// The same, where a file may be missing and number 0 is root's whatever they say.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn read_existing(passwd: &Path, group: &Path) -> Result<Self> {
        let existing = |path: &Path| {
            let mut names = match names(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => HashMap::new(),
                other => other?,
            };
            names.entry(0).or_insert_with(|| b"root".to_vec());
            Ok::<_, io::Error>(names)
        };
        let (users, groups) = (existing(passwd)?, existing(group)?);
        Ok(Self::Named { users, groups })
    }

    /// The names of a user and a group.
    #[must_use]
    pub fn names(&self, uid: u32, gid: u32) -> (Vec<u8>, Vec<u8>) {
        let name = |names: &HashMap<u32, Vec<u8>>, number| {
            names
                .get(&number)
                .cloned()
                .unwrap_or_else(|| b"nobody".to_vec())
        };
        match self {
            Self::Root => (b"root".to_vec(), b"root".to_vec()),
            Self::Named { users, groups } => (name(users, uid), name(groups, gid)),
        }
    }

    fn acl(&self, metadata: &Metadata) -> Acl {
        let (user, group) = self.names(metadata.uid(), metadata.gid());
        let named = matches!(self, Self::Named { .. });
        Acl {
            mode: metadata.mode() & 0o7777,
            user,
            group,
            uid: Some(if named { metadata.uid() } else { 0 }),
            gid: Some(if named { metadata.gid() } else { 0 }),
            xattrs: Vec::new(),
        }
    }
}

/// How a tree is read.
#[derive(Clone, Debug)]
pub struct TreeOptions {
    /// Whose its files are.
    pub owners: Owners,
    /// The time that all files get; their own if there is none.
    pub mtime: Option<u64>,
    /// Whether to keep extended attributes.
    pub xattrs: bool,
}

impl Default for TreeOptions {
    /// Root's files, of the time of `SOURCE_DATE_EPOCH`, without extended attributes.
    fn default() -> Self {
        Self {
            owners: Owners::Root,
            mtime: super::source_date_epoch(),
            xattrs: false,
        }
    }
}

/// A file's other names come after this one.
pub(super) struct Node {
    pub entry: Entry,
    /// Others of the tree link to it. What is out of the tree has no say in what a package is, unlike with apk, which counts
    /// all links.
    pub linked: bool,
    /// For v2.
    pub sha1: Option<Digest>,
}

pub(super) struct Folder {
    pub entry: Entry,
    pub files: Vec<Node>,
}

/// Directories in the order of their paths, and their files in the order of their names, all content hashed.
pub struct Tree {
    root: PathBuf,
    pub(super) folders: Vec<Folder>,
}

impl Tree {
    /// Reads the tree below `root`.
    ///
    /// # Errors
    /// [`Error::Io`], and [`Error::Make`] for what no package can hold.
    pub fn read(root: &Path, options: &TreeOptions) -> Result<Self> {
        let mut folders = Vec::new();
        let mut pending = vec![Vec::new()];
        let mut all = Vec::new();
        while let Some(path) = pending.pop() {
            let place = root.join(OsStr::from_bytes(&path));
            let at = |error: io::Error| context(&place, error);
            let metadata = fs::symlink_metadata(&place).map_err(at)?;
            if !metadata.is_dir() {
                return Err(Error::Make(format!("{}: not a directory", place.display())));
            }
            let mut names: Vec<OsString> = fs::read_dir(&place)
                .map_err(at)?
                .map(|entry| entry.map(|entry| entry.file_name()))
                .collect::<io::Result<_>>()
                .map_err(at)?;
            names.sort();
            let mut files = Vec::new();
            for name in names {
                let below = match path.is_empty() {
                    true => name.clone().into_vec(),
                    false => [&path[..], b"/", name.as_bytes()].concat(),
                };
                check_path(&below)?;
                let metadata = fs::symlink_metadata(place.join(&name)).map_err(at)?;
                if metadata.is_dir() {
                    pending.push(below);
                } else {
                    files.push((below, metadata));
                }
            }
            let acl = acl(&place, &metadata, options)?;
            all.push((path, acl, files));
        }
        all.sort_by(|one, other| one.0.cmp(&other.0));
        let mut known = HashMap::new();
        let mut targets: HashSet<Vec<u8>> = HashSet::new();
        for (path, acl, files) in all {
            let files: Vec<Node> = files
                .into_iter()
                .map(|(path, metadata)| node(root, path, &metadata, options, &mut known))
                .collect::<Result<_>>()?;
            targets.extend(files.iter().filter_map(|node| match &node.entry.kind {
                EntryKind::HardLink(target) => Some(target.clone()),
                _ => None,
            }));
            let entry = Entry {
                path,
                kind: EntryKind::Directory,
                acl: Arc::new(acl),
                mtime: options.mtime.unwrap_or(0),
                size: 0,
                digest: None,
            };
            folders.push(Folder { entry, files });
        }
        for node in folders.iter_mut().flat_map(|folder| &mut folder.files) {
            node.linked = targets.contains(&node.entry.path);
        }
        let root = root.to_owned();
        Ok(Self { root, folders })
    }

    /// Bytes of all regular files, each counted once.
    pub fn installed_size(&self) -> u64 {
        self.nodes()
            .filter(|node| node.entry.kind == EntryKind::File)
            .map(|node| node.entry.size)
            .sum()
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.folders.iter().flat_map(|folder| &folder.files)
    }

    /// Gives a file's content piece by piece, and makes sure that it is still the one that was hashed.
    pub(super) fn content(
        &self,
        entry: &Entry,
        mut to: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let place = self.root.join(OsStr::from_bytes(&entry.path));
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut left = entry.size;
        each_piece(&place, |piece| {
            hasher.update(piece);
            left = left
                .checked_sub(piece.len() as u64)
                .ok_or_else(|| Error::Content(entry.path.clone()))?;
            to(piece)
        })?;
        if left > 0 || Some(hasher.finish()) != entry.digest {
            return Err(Error::Content(entry.path.clone()));
        }
        Ok(())
    }
}

fn context(place: &Path, error: io::Error) -> Error {
    Error::Io(io::Error::new(
        error.kind(),
        format!("{}: {error}", place.display()),
    ))
}

fn each_piece(place: &Path, mut to: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut file = File::open(place).map_err(|error| context(place, error))?;
    let mut buffer = vec![0; 128 << 10];
    loop {
        match file
            .read(&mut buffer)
            .map_err(|error| context(place, error))?
        {
            0 => return Ok(()),
            length => to(&buffer[..length])?,
        }
    }
}

type Known = HashMap<(u64, u64), (Vec<u8>, Digest, Digest)>;

fn node(
    root: &Path,
    path: Vec<u8>,
    metadata: &Metadata,
    options: &TreeOptions,
    known: &mut Known,
) -> Result<Node> {
    let place = root.join(OsStr::from_bytes(&path));
    let kind = metadata.file_type();
    let mut digest = None;
    let mut sha1 = None;
    let mut size = 0;
    let kind = if kind.is_file() {
        size = metadata.len();
        let inode = (metadata.dev(), metadata.ino());
        let first = known.get(&inode).filter(|_| metadata.nlink() > 1);
        if let Some((first, one, other)) = first {
            digest = Some(*one);
            sha1 = Some(*other);
            EntryKind::HardLink(first.clone())
        } else {
            let mut hashers = [Algorithm::Sha256, Algorithm::Sha1].map(Hasher::new);
            each_piece(&place, |piece| {
                hashers.iter_mut().for_each(|hasher| hasher.update(piece));
                Ok(())
            })?;
            let [one, other] = hashers.map(Hasher::finish);
            if metadata.nlink() > 1 {
                known.insert(inode, (path.clone(), one, other));
            }
            digest = Some(one);
            sha1 = Some(other);
            EntryKind::File
        }
    } else if kind.is_symlink() {
        let target = fs::read_link(&place).map_err(|error| context(&place, error))?;
        let target = target.into_os_string().into_vec();
        size = target.len() as u64;
        sha1 = Some(Digest::of(Algorithm::Sha1, &target));
        EntryKind::Symlink(target)
    } else if kind.is_char_device() {
        EntryKind::Character(metadata.rdev())
    } else if kind.is_block_device() {
        EntryKind::Block(metadata.rdev())
    } else if kind.is_fifo() {
        EntryKind::Fifo
    } else {
        return Err(Error::Make(format!(
            "{}: no package can hold it",
            place.display()
        )));
    };
    let mtime = u64::try_from(metadata.mtime()).unwrap_or(0);
    let entry = Entry {
        acl: Arc::new(acl(&place, metadata, options)?),
        path,
        kind,
        mtime: options.mtime.unwrap_or(mtime),
        size,
        digest,
    };
    Ok(Node {
        entry,
        linked: false,
        sha1,
    })
}

fn acl(place: &Path, metadata: &Metadata, options: &TreeOptions) -> Result<Acl> {
    let mut acl = options.owners.acl(metadata);
    if options.xattrs {
        let at = |error: rustix::io::Errno| context(place, error.into());
        let mut names = vec![0; 64 << 10];
        let length = match rustix::fs::llistxattr(place, &mut names) {
            Err(rustix::io::Errno::NOTSUP) => 0,
            other => other.map_err(at)?,
        };
        for name in names[..length].split(|byte| *byte == 0) {
            if name.is_empty() {
                continue;
            }
            let mut value = vec![0; 64 << 10];
            let length = rustix::fs::lgetxattr(place, name, &mut value).map_err(at)?;
            value.truncate(length);
            acl.xattrs.push((name.to_vec(), value));
        }
        acl.xattrs.sort();
    }
    Ok(acl)
}
