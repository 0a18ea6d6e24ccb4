//! A tree of the files in a tar archive, which is uncompressed: files' content is read later, from where it lies in the archive.

use super::tar_header::{BLOCK, Extension, Header, parse};
use crate::error::{Error, Result};
use crate::reader::Source;
use crate::tree::{Content, Data, Node, Tree};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Bytes of an extended header at most.
const EXTENSION: u64 = 1 << 20;

/// Reads an archive's headers. Of entries with the same path the last one counts; directories that have no entry are root's, with 0755.
///
/// # Errors
/// [`Error::tar`] with what is wrong and where, and [`Error::file`].
pub fn tar(path: &Path) -> Result<Tree> {
    let file = File::open(path).map_err(Error::file(path, "opening"))?;
    let mut reader = Reader {
        name: path.display().to_string(),
        length: file.length()?,
        file: Arc::new(file),
        at: 0,
    };
    let mut tree = Tree::new();
    let mut global = Extension::default();
    let mut extension = Extension::default();
    while let Some(block) = reader.block()? {
        let begin = reader.at - BLOCK as u64;
        if block.iter().all(|byte| *byte == 0) {
            break;
        }
        let header = parse(&block, &extension).map_err(|what| reader.wrong(begin, what))?;
        match header.kind {
            b'x' => {
                let records = reader.extension(&header)?;
                extension
                    .pax(&records)
                    .map_err(|what| reader.wrong(begin, what))?;
            }
            b'g' => {
                let records = reader.extension(&header)?;
                global
                    .pax(&records)
                    .and_then(|()| extension.pax(&records))
                    .map_err(|what| reader.wrong(begin, what))?;
            }
            b'L' => extension.path = Some(reader.long(&header)?),
            b'K' => extension.link = Some(reader.long(&header)?),
            _ => {
                take(&mut tree, &mut reader, &header, begin)?;
                extension = global.clone();
            }
        }
    }
    Ok(tree)
}

struct Reader {
    name: String,
    file: Arc<File>,
    length: u64,
    at: u64,
}

impl Reader {
    fn wrong(&self, at: u64, what: impl Into<String>) -> Error {
        Error::tar(Path::new(&self.name), at, what.into())
    }

    /// The next block; none at the end of the file.
    fn block(&mut self) -> Result<Option<[u8; BLOCK]>> {
        let mut block = [0; BLOCK];
        if self.at >= self.length {
            return Ok(None);
        }
        if self.length - self.at < BLOCK as u64 {
            return Err(self.wrong(self.at, "it ends in the middle of a header"));
        }
        self.file.read(self.at, &mut block)?;
        self.at += BLOCK as u64;
        Ok(Some(block))
    }

    /// Passes over content; where it began.
    fn skip(&mut self, size: u64) -> Result<u64> {
        let begin = self.at;
        let end = size
            .checked_next_multiple_of(BLOCK as u64)
            .and_then(|size| begin.checked_add(size));
        // The last block need not be filled up.
        if begin.checked_add(size).is_none_or(|end| end > self.length) {
            return Err(self.wrong(begin, "it ends in the middle of a file"));
        }
        self.at = end.unwrap_or(self.length);
        Ok(begin)
    }

    /// The content of an extended header.
    fn extension(&mut self, header: &Header) -> Result<Vec<u8>> {
        if header.size > EXTENSION {
            return Err(self.wrong(self.at, "an extended header of more than 1 MiB"));
        }
        let begin = self.skip(header.size)?;
        let mut bytes = vec![0; header.size as usize];
        self.file.read(begin, &mut bytes)?;
        Ok(bytes)
    }

    /// GNU's long name, which ends with a zero byte.
    fn long(&mut self, header: &Header) -> Result<Vec<u8>> {
        let mut name = self.extension(header)?;
        let end = name.iter().position(|byte| *byte == 0);
        name.truncate(end.unwrap_or(name.len()));
        Ok(name)
    }
}

/// Takes an entry into the tree.
fn take(tree: &mut Tree, reader: &mut Reader, header: &Header, begin: u64) -> Result<()> {
    let file = matches!(header.kind, b'0' | 0 | b'7');
    // Old archives have directories as files whose names end with a slash.
    let directory = header.kind == b'5' || (file && header.path.ends_with(b"/"));
    let content = match header.kind {
        _ if directory => Content::Directory(BTreeMap::new()),
        b'0' | 0 | b'7' => {
            let at = reader.skip(header.size)?;
            Content::Regular(header.size, Data::Part(Arc::clone(&reader.file), at))
        }
        b'1' => {
            let target = tree.find(&header.link);
            let Some(target) = target.filter(|file| tree.entries(*file).is_none()) else {
                let link = String::from_utf8_lossy(&header.link);
                return Err(reader.wrong(
                    begin,
                    format!("a hard link to '{link}', which is no file before it"),
                ));
            };
            return place(tree, reader, header, begin, |_| target);
        }
        b'2' => Content::Link(header.link.clone()),
        b'3' => Content::Character(header.device.0, header.device.1),
        b'4' => Content::Block(header.device.0, header.device.1),
        b'6' => Content::Fifo,
        kind => {
            let kind = char::from(kind);
            return Err(reader.wrong(begin, format!("an entry of the unknown type '{kind}'")));
        }
    };
    if !file {
        reader.skip(header.size)?;
    }
    let node = Node {
        permissions: (header.mode & 0o7777) as u16,
        user: header.user,
        group: header.group,
        modified: header.modified,
        attributes: header.attributes.clone(),
        content,
    };
    if directory {
        let known = tree.find(&header.path);
        if let Some(known) = known.filter(|known| tree.entries(*known).is_some()) {
            let content = std::mem::replace(&mut tree.files[known].content, Content::Fifo);
            tree.files[known] = Node { content, ..node };
            return Ok(());
        }
    }
    place(tree, reader, header, begin, |tree| tree.add(node))
}

/// Puts a file at its path; directories on the way are made where they are not there.
fn place(
    tree: &mut Tree,
    reader: &Reader,
    header: &Header,
    begin: u64,
    file: impl FnOnce(&mut Tree) -> usize,
) -> Result<()> {
    let shown = || String::from_utf8_lossy(&header.path).into_owned();
    let names: Vec<&[u8]> = header
        .path
        .split(|byte| *byte == b'/')
        .filter(|name| !matches!(*name, b"" | b"."))
        .collect();
    let Some((last, above)) = names.split_last() else {
        return Err(reader.wrong(begin, "the root is no directory"));
    };
    let mut directory = 0;
    for name in above {
        let found = tree
            .entries(directory)
            .and_then(|entries| entries.get(*name));
        directory = match found.copied() {
            Some(found) => found,
            None => {
                let new = tree.add(Node::directory());
                tree.insert(directory, name, new);
                new
            }
        };
        if tree.entries(directory).is_none() {
            let what = format!("'{}' lies in what is no directory", shown());
            return Err(reader.wrong(begin, what));
        }
    }
    if names.contains(&&b".."[..]) {
        return Err(reader.wrong(begin, format!("'{}' leads out of the root", shown())));
    }
    let file = file(tree);
    tree.insert(directory, last, file);
    Ok(())
}
