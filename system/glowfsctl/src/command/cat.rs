//! `cat`: a file's content.

use super::open;
use crate::program::{DONE, Given, Outcome, write};
use glowfs::Error;
use glowfs::format::inode::Kind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub fn cat(given: &Given) -> Outcome {
    let path = Path::new(&given.words[0]);
    let image = open(path)?;
    for word in &given.words[1..] {
        let of = |error: Error| error.of(path);
        let (number, inode) = image.lookup(word.as_bytes()).map_err(of)?;
        if inode.kind() != Kind::Regular {
            let what = format!("{}: no regular file", word.display());
            return Err(Error::impossible(format_args!("{what}")).into());
        }
        let mut buffer = vec![0; (1 << 20).min(inode.size as usize)];
        let mut at = 0;
        while at < inode.size {
            let read = image.read_at(number, &inode, at, &mut buffer).map_err(of)?;
            write(&buffer[..read])?;
            at += read as u64;
        }
    }
    Ok(DONE)
}
