//! A reader for tests that follows the kernel's (init/initramfs.c): what it makes of a buffer of archives.

use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mtime: u32,
    pub(crate) rdev: (u32, u32),
    /// A file's contents or a link's target.
    pub(crate) data: Vec<u8>,
    /// The first name of the same file, for hard links.
    pub(crate) link: Option<Vec<u8>>,
}

pub(crate) type Tree = BTreeMap<Vec<u8>, Found>;

/// Reads archives and zeros between them; `names` gets every name in the order of reading.
pub(crate) fn read(buffer: &[u8], names: &mut Vec<Vec<u8>>) -> Result<Tree, String> {
    let mut tree = Tree::new();
    let mut links: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    let mut at = 0;
    while at < buffer.len() {
        if buffer[at] == 0 {
            at += 1;
            continue;
        }
        if at % 4 != 0 {
            return Err(format!("an entry at {at}"));
        }
        let header = buffer.get(at..at + 110).ok_or("a cut header")?;
        if &header[..6] != b"070701" {
            return Err(format!("no magic at {at}"));
        }
        let field = |n: usize| -> Result<u32, String> {
            let digits =
                std::str::from_utf8(&header[6 + 8 * n..14 + 8 * n]).map_err(|e| e.to_string())?;
            u32::from_str_radix(digits, 16).map_err(|e| e.to_string())
        };
        let (inode, mode, nlink, size, name_size) = (
            field(0)?,
            field(1)?,
            field(4)?,
            field(6)? as usize,
            field(11)? as usize,
        );
        let name = buffer
            .get(at + 110..at + 110 + name_size)
            .ok_or("a cut name")?;
        let name = name
            .strip_suffix(&[0])
            .ok_or("a name without end")?
            .to_vec();
        let start = (at + 110 + name_size).next_multiple_of(4);
        let data = buffer.get(start..start + size).ok_or("cut data")?.to_vec();
        let end = (start + size).next_multiple_of(4);
        if buffer
            .get(start + size..end)
            .is_none_or(|pad| pad.iter().any(|b| *b != 0))
        {
            return Err("padding".to_owned());
        }
        at = end;
        if name == b"TRAILER!!!" {
            links.clear();
            continue;
        }
        names.push(name.clone());
        let mut link = None;
        let is_dir = mode & 0o170_000 == 0o040_000;
        if nlink >= 2 && !is_dir {
            match links.get(&inode) {
                None => {
                    links.insert(inode, name.clone());
                }
                Some(first) => {
                    link = Some(first.clone());
                    if !data.is_empty() {
                        tree.get_mut(first).ok_or("a link to nothing")?.data = data.clone();
                    }
                }
            }
        }
        tree.insert(
            name,
            Found {
                mode,
                uid: field(2)?,
                gid: field(3)?,
                mtime: field(5)?,
                rdev: (field(9)?, field(10)?),
                data,
                link,
            },
        );
    }
    Ok(tree)
}
