//! Writes v3 packages.

use super::{Spec, Tree};
use crate::digest::{Algorithm, Digest};
use crate::error::Result;
use crate::format::adb::Kind;
use crate::format::adb::block::{
    BlockKind, Signed, write_block, write_block_header, write_header, write_padding,
};
use crate::format::adb::build;
use crate::format::adb::reader::Value;
use crate::format::adb::schema::info as slot;
use crate::format::adb::writer::Writer;
use crate::format::compress::{Compression, Encoder};
use crate::keys::PrivateKey;
use crate::package::EntryKind;
use std::io::Write;

/// Writes a package of `spec` and the files of `tree`, signed with each of `keys`, and gives its identity: the
/// SHA-256 of its payload.
///
/// # Errors
/// [`crate::error::Error::Make`] if the metadata is not fit, [`crate::error::Error::Content`] if a file changed since
/// it was read, and those of writing.
pub fn write_v3(
    file: impl Write,
    spec: &Spec,
    tree: Option<&Tree>,
    keys: &[PrivateKey],
    compression: Compression,
) -> Result<Digest> {
    spec.check()?;
    let payload = payload(spec, tree)?;
    let mut out = Encoder::new(file, compression)?;
    write_header(&mut out, Kind::Package)?;
    write_block(&mut out, BlockKind::Adb, &payload)?;
    let mut signed = Signed::new(Kind::Package, &payload);
    for key in keys {
        write_block(&mut out, BlockKind::Signature, &signed.sign(key)?)?;
    }
    let folders = tree.map_or(&[][..], |tree| &tree.folders);
    for (tree, (path, folder)) in tree.iter().cycle().zip(folders.iter().enumerate()) {
        for (number, node) in folder.files.iter().enumerate() {
            let entry = &node.entry;
            if entry.kind != EntryKind::File || entry.size == 0 {
                continue;
            }
            let size = entry.size + 8;
            write_block_header(&mut out, BlockKind::Data, size)?;
            out.write_all(&(path as u32 + 1).to_le_bytes())?;
            out.write_all(&(number as u32 + 1).to_le_bytes())?;
            tree.content(entry, |piece| Ok(out.write_all(piece)?))?;
            write_padding(&mut out, size)?;
        }
    }
    out.finish()?.flush()?;
    Ok(Digest::of(Algorithm::Sha256, &payload))
}

/// The payload, with the identifier in it: the first 20 bytes of its SHA-256 as it is while they are zero.
fn payload(spec: &Spec, tree: Option<&Tree>) -> Result<Vec<u8>> {
    let mut writer = Writer::new();
    let mut info = spec.info.clone();
    info.identity = None;
    info.file_size = 0;
    info.installed_size = spec.installed_size(tree);
    let mut values = build::info(&mut writer, &info);
    let folders = tree.map_or(&[][..], |tree| &tree.folders);
    let paths: Vec<Value> = folders
        .iter()
        .map(|folder| {
            let files = folder.files.iter().map(|node| (&node.entry, node.linked));
            build::directory(&mut writer, &folder.entry, files)
        })
        .collect();
    let identifier = writer.own_blob(&[0; 20]);
    values[slot::HASHES - 1] = identifier;
    let info = writer.object(&values);
    let paths = writer.array(&paths);
    let scripts = build::scripts(&mut writer, &spec.scripts);
    let triggers: Vec<Value> = spec
        .info
        .triggers
        .iter()
        .map(|trigger| writer.blob(trigger.as_bytes()))
        .collect();
    let triggers = writer.array(&triggers);
    let priority = writer.some(u64::from(spec.info.replaces_priority));
    let root = writer.object(&[info, paths, scripts, triggers, priority]);
    let mut payload = writer.finish(root)?;
    let digest = Digest::of(Algorithm::Sha256Short, &payload);
    // After the byte that counts them.
    let begin = identifier.rest() as usize + 1;
    payload[begin..begin + 20].copy_from_slice(digest.as_bytes());
    Ok(payload)
}
