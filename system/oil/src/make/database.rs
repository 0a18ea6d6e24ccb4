//! Writes the installed database in the form of v3 (`idb`), which is for reading and moving alone.

use super::Owners;
use crate::database::installed::Installed;
use crate::database::record::{Acl, Directory, File, Record};
use crate::error::Result;
use crate::format::adb::Kind;
use crate::format::adb::block::{BlockKind, Signed, write_block, write_header};
use crate::format::adb::build;
use crate::format::adb::reader::Value;
use crate::format::adb::writer::Writer;
use crate::format::compress::{Compression, Encoder};
use crate::keys::PrivateKey;
use std::io::Write;
use std::path::Path;

/// Writes what is `installed` below `root`, where names of users and groups are looked up, signed with each of `keys`.
///
/// # Errors
/// Those of records, of the keys and of writing.
pub fn write_database(
    file: impl Write,
    root: &Path,
    installed: &Installed,
    keys: &[PrivateKey],
    compression: Compression,
) -> Result<()> {
    let owners = Owners::read_existing(&root.join("etc/passwd"), &root.join("etc/group"))?;
    let mut writer = Writer::new();
    let mut packages = Vec::new();
    for number in 0..installed.places().len() {
        let payload = package(&installed.record(number)?, &owners)?;
        packages.push(writer.nested(&payload));
    }
    let packages = writer.array(&packages);
    let root = writer.object(&[packages]);
    let payload = writer.finish(root)?;
    let mut out = Encoder::new(file, compression)?;
    write_header(&mut out, Kind::Database)?;
    write_block(&mut out, BlockKind::Adb, &payload)?;
    let mut signed = Signed::new(Kind::Database, &payload);
    for key in keys {
        write_block(&mut out, BlockKind::Signature, &signed.sign(key)?)?;
    }
    Ok(out.finish()?.flush()?)
}

/// A package, laid in apk's order: its fields, its directories, and then what leads to them.
fn package(record: &Record, owners: &Owners) -> Result<Vec<u8>> {
    let mut writer = Writer::new();
    build::lay_as_installed(&mut writer, &record.info);
    let info = build::info(&mut writer, &record.info);
    let paths: Vec<Value> = record
        .directories
        .iter()
        .map(|one| directory(&mut writer, one, owners))
        .collect();
    let info = writer.object(&info);
    let paths = writer.array(&paths);
    let root = writer.object(&[info, paths]);
    // A block of its own, with its header and padding.
    let mut block = Vec::new();
    write_block(&mut block, BlockKind::Adb, &writer.finish(root)?)?;
    Ok(block)
}

/// Owner and permissions, where they are not the usual ones.
fn acl(writer: &mut Writer, acl: &Acl, usual: u32, owners: &Owners) -> Value {
    if *acl == Acl::of_root(usual) {
        return Value::NULL;
    }
    let (user, group) = owners.names(acl.uid, acl.gid);
    let values = [
        writer.int(u64::from(acl.mode)),
        writer.blob(&user),
        writer.blob(&group),
    ];
    writer.object(&values)
}

fn directory(writer: &mut Writer, directory: &Directory, owners: &Owners) -> Value {
    let name = writer.blob(&directory.path);
    let acl = acl(writer, &directory.acl, 0o755, owners);
    let files: Vec<Value> = directory
        .files
        .iter()
        .map(|one| file(writer, one, owners))
        .collect();
    let files = writer.array(&files);
    writer.object(&[name, acl, files])
}

fn file(writer: &mut Writer, file: &File, owners: &Owners) -> Value {
    let hash = file
        .digest
        .as_ref()
        .map_or(&[][..], |digest| digest.as_bytes());
    let name = writer.blob(&file.name);
    let acl = acl(writer, &file.acl, 0o644, owners);
    let hash = writer.blob(hash);
    writer.object(&[name, acl, Value::NULL, Value::NULL, hash])
}
