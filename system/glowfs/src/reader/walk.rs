//! Files of an image: paths, content, attributes.

use super::{Image, Source};
use crate::error::{Error, Result};
use crate::format::directory::{Directory, NAME_MAX};
use crate::format::extent::{self, Extent};
use crate::format::inode::{Inode, Kind, ROOT};
use crate::format::xattr::Set;
use crate::format::{self, Metadata};

/// Extended attributes: whole names and values, sorted by name.
pub type Attributes = Vec<(Vec<u8>, Vec<u8>)>;

/// A file that [`Image::walk`] comes to.
pub struct Visit<'a> {
    /// Its path from the root on, without a slash at either end; empty for where the walk began, if that is the root.
    pub path: &'a [u8],
    /// Its number.
    pub number: u32,
    /// What it is.
    pub inode: Inode,
}

impl<S: Source> Image<S> {
    /// Inode `number`.
    ///
    /// # Errors
    /// [`format::Error::Inode`] and those of reading the metadata.
    pub fn inode(&self, number: u32) -> Result<Inode> {
        Inode::read(self, self.superblock(), number)
    }

    /// The directory that inode `number` is.
    ///
    /// # Errors
    /// [`format::Error::Directory`] and those of reading the metadata.
    pub fn directory(&self, number: u32, inode: &Inode) -> Result<Directory> {
        Directory::open(self, self.superblock(), number, inode)
    }

    /// Names and inodes of a directory, in the order of names.
    ///
    /// # Errors
    /// [`format::Error::Directory`] and those of reading the metadata.
    pub fn list(&self, number: u32, inode: &Inode) -> Result<Vec<(Vec<u8>, u32, Kind)>> {
        let directory = self.directory(number, inode)?;
        let mut buffer = [0; NAME_MAX];
        // The header's number of entries was compared with the size, and the size with the metadata: it is bounded.
        let mut all = Vec::new();
        for index in 0..directory.len() {
            let entry = directory.entry(self, index)?;
            let name = directory.name(self, &entry, &mut buffer)?;
            all.push((name.to_vec(), entry.inode, entry.kind));
        }
        Ok(all)
    }

    /// The inode of a path; links on the way are not followed.
    ///
    /// # Errors
    /// [`Error::impossible`] when there is none, and those of reading.
    pub fn lookup(&self, path: &[u8]) -> Result<(u32, Inode)> {
        let missing = || {
            let path = String::from_utf8_lossy(path);
            Error::impossible(format_args!(
                "/{}: not in the image (links are not followed)",
                path.trim_start_matches('/')
            ))
        };
        let mut number = ROOT;
        let mut inode = self.inode(ROOT)?;
        for name in path.split(|byte| *byte == b'/') {
            match name {
                b"" | b"." => continue,
                b".." => return Err(missing()),
                _ if inode.kind() != Kind::Directory => return Err(missing()),
                _ => {
                    let found = self.directory(number, &inode)?.find(self, name)?;
                    let found = found.ok_or_else(missing)?;
                    number = found.inode;
                    inode = self.entry_inode(number, found.kind)?;
                }
            }
        }
        Ok((number, inode))
    }

    /// The inode that an entry of this kind names.
    fn entry_inode(&self, number: u32, kind: Kind) -> Result<Inode> {
        let inode = self.inode(number)?;
        if inode.kind() != kind {
            let what = "its type is not the one its entry says";
            return Err(format::Error::Inode { number, what }.into());
        }
        Ok(inode)
    }

    /// Calls `visit` for a file and all below it: a directory before what is in it, entries in the order of names.
    ///
    /// # Errors
    /// What `visit` returns, and those of reading. A directory that is reached twice is one:
    /// all of it would be there again.
    pub fn walk(&self, path: &[u8], visit: &mut dyn FnMut(Visit<'_>) -> Result<()>) -> Result<()> {
        let (number, inode) = self.lookup(path)?;
        let mut whole: Vec<u8> = Vec::new();
        for name in path
            .split(|byte| *byte == b'/')
            .filter(|name| !matches!(*name, b"" | b"."))
        {
            if !whole.is_empty() {
                whole.push(b'/');
            }
            whole.extend_from_slice(name);
        }
        visit(Visit {
            path: &whole,
            number,
            inode,
        })?;
        if inode.kind() != Kind::Directory {
            return Ok(());
        }
        // No recursion: directories may lie in each other as deep as there are inodes.
        let mut stack = vec![(
            number,
            inode,
            self.directory(number, &inode)?,
            0,
            whole.len(),
        )];
        let mut buffer = [0; NAME_MAX];
        while let Some((parent, _, directory, next, length)) = stack.last_mut() {
            whole.truncate(*length);
            if *next >= directory.len() {
                stack.pop();
                continue;
            }
            let entry = directory.entry(self, *next)?;
            *next += 1;
            if !whole.is_empty() {
                whole.push(b'/');
            }
            whole.extend_from_slice(directory.name(self, &entry, &mut buffer)?);
            let inode = self.entry_inode(entry.inode, entry.kind)?;
            if inode.kind() == Kind::Directory && inode.first != *parent {
                let what = "a directory in it says that it lies elsewhere";
                return Err(format::Error::Directory {
                    number: *parent,
                    what,
                }
                .into());
            }
            visit(Visit {
                path: &whole,
                number: entry.inode,
                inode,
            })?;
            if inode.kind() == Kind::Directory {
                let directory = self.directory(entry.inode, &inode)?;
                stack.push((entry.inode, inode, directory, 0, whole.len()));
            }
        }
        Ok(())
    }

    /// Fills `out` with a regular file's bytes from `at` on; how many they are: fewer than asked for at the end of the file.
    ///
    /// # Errors
    /// Those of reading blocks, and [`format::Error::Block`] for one of another length than the file needs.
    pub fn read_at(&self, number: u32, inode: &Inode, at: u64, out: &mut [u8]) -> Result<usize> {
        let size = u64::from(self.superblock().block_size());
        let wanted = (out.len() as u64).min(inode.size.saturating_sub(at)) as usize;
        let mut done = 0;
        while let Some(rest) = out.get_mut(done..wanted).filter(|rest| !rest.is_empty()) {
            let at = at + done as u64;
            done += self.piece(number, inode, at / size, (at % size) as usize, rest)?;
        }
        Ok(done)
    }

    /// Bytes of one piece of a file, from `from` in it on; how many they are, at least one.
    fn piece(
        &self,
        number: u32,
        inode: &Inode,
        index: u64,
        from: usize,
        out: &mut [u8],
    ) -> Result<usize> {
        let (extent, length) = extent::locate(self, self.superblock(), number, inode, index)?;
        let count = out.len().min((length as usize).saturating_sub(from));
        let out = &mut out[..count];
        match extent {
            Extent::Hole => out.fill(0),
            Extent::Inline(position) => self.read(position + from as u64, out)?,
            Extent::Block(block) => {
                let plain = self.block(block)?;
                if plain.len() != length as usize {
                    return Err(format::Error::Block(block).into());
                }
                out.copy_from_slice(&plain[from..from + count]);
            }
            Extent::Tail(block, offset) => {
                let plain = self.block(block)?;
                let start = offset as usize;
                let whole = plain.get(start..start.saturating_add(length as usize));
                let whole = whole.ok_or(format::Error::Block(block))?;
                out.copy_from_slice(&whole[from..from + count]);
            }
        }
        match count {
            0 => Err(format::Error::Inode {
                number,
                what: "its content ends before its size",
            }
            .into()),
            _ => Ok(count),
        }
    }

    /// A symbolic link's target.
    ///
    /// # Errors
    /// Those of reading the metadata.
    pub fn target(&self, inode: &Inode) -> Result<Vec<u8>> {
        // `Inode::parse` has seen that a link's size is at most 4,095.
        let mut target = vec![0; inode.size as usize];
        self.read(inode.position, &mut target)?;
        Ok(target)
    }

    /// The extended attributes of a file.
    ///
    /// # Errors
    /// [`format::Error::Attributes`] and those of reading the metadata.
    pub fn attributes(&self, inode: &Inode) -> Result<Attributes> {
        let Some(at) = inode.attributes_at() else {
            return Ok(Attributes::new());
        };
        let set = Set::open(self, self.superblock(), at)?;
        let mut attributes = Attributes::new();
        let mut next = set.first(self)?;
        for index in 0..set.len() {
            if index > 0 {
                next = set.after(self, &next)?;
            }
            let mut name = next.prefix().to_vec();
            let start = name.len();
            name.resize(start + usize::from(next.name), 0);
            self.read(next.name_at(), &mut name[start..])?;
            let mut value = vec![0; usize::from(next.value)];
            self.read(next.value_at(), &mut value)?;
            match attributes.binary_search_by(|(before, _)| before.cmp(&name)) {
                Ok(_) => {
                    let what = "a name is there twice";
                    return Err(format::Error::Attributes { at, what }.into());
                }
                Err(place) => attributes.insert(place, (name, value)),
            }
        }
        Ok(attributes)
    }
}
