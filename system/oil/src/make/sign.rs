//! Signs files that are there already.

use super::v2::signature;
use crate::error::{Error, Result};
use crate::format::adb::block::{
    BlockKind, Blocks, MAX_INDEX, MAX_SIGNATURE, MAX_SIGNATURES, Signed, write_block,
    write_block_header, write_header, write_padding,
};
use crate::format::compress::{Compression, Decoder, Encoder};
use crate::format::gzip::Members;
use crate::format::v2::tar;
use crate::keys::PrivateKey;
use std::io::{Read, Seek, SeekFrom, Write};

/// A member that is signed is at most this many bytes.
const MAX_MEMBER: u64 = 256 << 20;

/// Copies a v3 package or index with signatures by `keys` added. Signatures that are there stay, except those of the
/// same keys, or all if `reset`. It is compressed as before if `compression` says nothing.
///
/// # Errors
/// Those of the format, the keys and of writing.
pub fn sign_adb(
    from: impl Read,
    to: impl Write,
    keys: &[PrivateKey],
    reset: bool,
    compression: Option<Compression>,
) -> Result<()> {
    let from: Box<dyn Read + '_> = Box::new(from);
    let (decoder, before) = Decoder::new(from)?;
    let (mut blocks, kind) = Blocks::new(decoder)?;
    let payload = blocks.read_payload(MAX_INDEX)?;
    let mut out = Encoder::new(to, compression.unwrap_or(before))?;
    write_header(&mut out, kind)?;
    write_block(&mut out, BlockKind::Adb, &payload)?;
    let mut signed = Signed::new(kind, &payload);
    let fresh: Vec<Vec<u8>> = keys
        .iter()
        .map(|key| signed.sign(key))
        .collect::<Result<_>>()?;
    let mut next = blocks.next_block()?;
    let mut count = 0;
    while next.is_some_and(|block| block.kind == BlockKind::Signature) {
        let old = blocks.read_block(MAX_SIGNATURE)?;
        count += 1;
        if count > MAX_SIGNATURES {
            return Err(Error::Limit("the number of signatures"));
        }
        let again = fresh.iter().any(|new| new.get(2..18) == old.get(2..18));
        if !reset && !again {
            write_block(&mut out, BlockKind::Signature, &old)?;
        }
        next = blocks.next_block()?;
    }
    for signature in &fresh {
        write_block(&mut out, BlockKind::Signature, signature)?;
    }
    while let Some(block) = next {
        write_block_header(&mut out, block.kind, block.size)?;
        loop {
            let bytes = blocks.fill()?;
            let length = bytes.len();
            if length == 0 {
                break;
            }
            out.write_all(bytes)?;
            blocks.consume(length);
        }
        write_padding(&mut out, block.size)?;
        next = blocks.next_block()?;
    }
    blocks.into_inner().finish()?;
    Ok(out.finish()?.flush()?)
}

/// Copies a v2 package or index with signature members by `keys` before it, which must be for RSA. Those that are
/// there stay, except those of the same keys, or all if `reset`. Nothing else changes.
///
/// # Errors
/// Those of the format, the keys and of writing.
pub fn sign_v2(
    mut from: impl Read + Seek,
    mut to: impl Write,
    keys: &[PrivateKey],
    reset: bool,
) -> Result<()> {
    let mut kept = Vec::new();
    let mut members = Members::new(&mut from);
    let (begin, end) = loop {
        let begin = members.position();
        if !members.next_member(MAX_MEMBER)? {
            return Err(Error::Missing("a member to sign"));
        }
        let first = tar::Reader::new(&mut members).next_entry()?;
        let path = first.ok_or(Error::Missing("a member to sign"))?.path;
        members.finish_member()?;
        let end = members.position();
        let Some(name) = path.strip_prefix(b".SIGN.") else {
            break (begin, end);
        };
        let again = keys
            .iter()
            .any(|key| name.ends_with(format!(".{}", key.name()).as_bytes()));
        if !reset && !again {
            kept.push((begin, end));
        }
        if kept.len() > MAX_SIGNATURES {
            return Err(Error::Limit("the number of signatures"));
        }
    };
    let mut piece = |begin: u64, end: u64| -> Result<Vec<u8>> {
        from.seek(SeekFrom::Start(begin))?;
        let mut bytes = Vec::new();
        from.by_ref().take(end - begin).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let signed = piece(begin, end)?;
    for key in keys {
        to.write_all(&signature(key, &signed)?)?;
    }
    for (begin, end) in kept {
        to.write_all(&piece(begin, end)?)?;
    }
    from.seek(SeekFrom::Start(begin))?;
    std::io::copy(&mut from, &mut to)?;
    Ok(to.flush()?)
}
