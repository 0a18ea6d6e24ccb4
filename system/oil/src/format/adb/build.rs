//! Writes the objects that [`super::schema`] reads, in the order that apk writes them (seen in its output), so that
//! the same package has the same identity whoever made it.

use super::reader::Value;
use super::writer::Writer;
use crate::dependency::{Dependency, Op};
use crate::digest::{Digest, from_hex};
use crate::package::{Acl, Entry, EntryKind, Info, ScriptKind, Scripts};

/// A dependency.
fn dependency(writer: &mut Writer, one: &Dependency) -> Value {
    let version = one.version.as_str();
    // Its default is not written.
    let default = if version.is_empty() {
        Op::ANY
    } else {
        Op::EQUAL
    };
    let values = [
        writer.blob(one.name.as_bytes()),
        writer.blob(version.as_bytes()),
        if one.op == default {
            Value::NULL
        } else {
            writer.int(u64::from(one.op.bits()))
        },
    ];
    writer.object(&values)
}

/// A list of dependencies: written as given, listed by name, each once.
pub fn dependencies(writer: &mut Writer, list: &[Dependency]) -> Value {
    let mut values: Vec<(&Dependency, Value)> = list
        .iter()
        .map(|one| (one, dependency(writer, one)))
        .collect();
    values.sort_by(|(one, _), (other, _)| {
        (&one.name, one.version.as_str(), one.op.bits()).cmp(&(
            &other.name,
            other.version.as_str(),
            other.op.bits(),
        ))
    });
    values.dedup_by_key(|(_, value)| *value);
    let values: Vec<Value> = values.into_iter().map(|(_, value)| value).collect();
    writer.array(&values)
}

/// Metadata's fields, ready for [`Writer::object`].
pub fn info(writer: &mut Writer, info: &Info) -> Vec<Value> {
    info_with(writer, info, info.identity)
}

/// The same with another identity.
pub fn info_with(writer: &mut Writer, info: &Info, identity: Option<Digest>) -> Vec<Value> {
    let commit = from_hex(info.commit.as_bytes()).unwrap_or_default();
    let identity = identity.as_ref().map_or(&[][..], |one| one.as_bytes());
    let mut values = vec![
        writer.blob(info.name.as_bytes()),
        writer.blob(info.version.as_str().as_bytes()),
        writer.blob(identity),
        writer.blob(info.description.as_bytes()),
        writer.blob(info.arch.as_bytes()),
        writer.blob(info.license.as_bytes()),
        writer.blob(info.origin.as_bytes()),
        writer.blob(info.maintainer.as_bytes()),
        writer.blob(info.url.as_bytes()),
        writer.blob(&commit),
        writer.some(info.build_time),
        // apk always says it.
        writer.int(info.installed_size),
        writer.some(info.file_size),
        writer.some(u64::from(info.provider_priority)),
    ];
    for list in [
        &info.depends,
        &info.provides,
        &info.replaces,
        &info.install_if,
        &info.recommends,
    ] {
        values.push(dependencies(writer, list));
    }
    values.push(writer.some(u64::from(info.layer)));
    values.push(tags(writer, info));
    values
}

/// Lays the fields' values in the order in which the installed database has them, so that they are where apk has them.
pub fn lay_as_installed(writer: &mut Writer, info: &Info) {
    let identity = info.identity.as_ref();
    writer.blob(identity.map_or(&[][..], |one| one.as_bytes()));
    for text in [&info.name, info.version.as_str(), &info.arch] {
        writer.blob(text.as_bytes());
    }
    writer.int(info.file_size);
    writer.int(info.installed_size);
    for text in [
        &info.description,
        &info.url,
        &info.license,
        &info.origin,
        &info.maintainer,
    ] {
        writer.blob(text.as_bytes());
    }
    writer.int(info.build_time);
    writer.blob(&from_hex(info.commit.as_bytes()).unwrap_or_default());
    for list in [&info.depends, &info.provides, &info.install_if] {
        dependencies(writer, list);
    }
    tags(writer, info);
    dependencies(writer, &info.replaces);
}

fn tags(writer: &mut Writer, info: &Info) -> Value {
    let tags = info.tags.iter();
    let tags: Vec<Value> = tags.map(|tag| writer.blob(tag.as_bytes())).collect();
    writer.array(&tags)
}

/// Owner, mode and extended attributes.
fn acl(writer: &mut Writer, acl: &Acl) -> Value {
    let mut values = vec![
        writer.int(u64::from(acl.mode)),
        writer.blob(&acl.user),
        writer.blob(&acl.group),
    ];
    let xattrs: Vec<Value> = acl
        .xattrs
        .iter()
        .map(|(name, value)| writer.blob_of(&[name, b"\0", value]))
        .collect();
    values.push(writer.marked_array(&xattrs));
    writer.object(&values)
}

/// A file of a directory.
fn file(writer: &mut Writer, entry: &Entry) -> Value {
    let name = entry
        .path
        .rsplit(|byte| *byte == b'/')
        .next()
        .unwrap_or_default();
    let name = writer.blob(name);
    let target = match &entry.kind {
        EntryKind::Directory | EntryKind::File => Value::NULL,
        EntryKind::Symlink(target) => writer.blob_of(&[&0o120_000u16.to_le_bytes(), target]),
        EntryKind::HardLink(target) => hard_link(writer, target),
        EntryKind::Character(number) => device(writer, 0o020_000, *number),
        EntryKind::Block(number) => device(writer, 0o060_000, *number),
        EntryKind::Fifo => device(writer, 0o010_000, 0),
    };
    let hash = entry
        .digest
        .as_ref()
        .map_or(&[][..], |digest| digest.as_bytes());
    let hash = writer.blob(hash);
    let size = writer.int(entry.size);
    let mtime = writer.int(entry.mtime);
    let acl = acl(writer, &entry.acl);
    writer.object(&[name, acl, size, mtime, hash, target])
}

/// The target of a hard link to the file of this path.
pub fn hard_link(writer: &mut Writer, path: &[u8]) -> Value {
    writer.blob_of(&[&0o100_000u16.to_le_bytes(), path])
}

fn device(writer: &mut Writer, kind: u16, number: u64) -> Value {
    writer.blob_of(&[&kind.to_le_bytes(), &number.to_le_bytes()])
}

/// A directory with its files, whose names are in order, each with whether others link to it.
pub fn directory<'a>(
    writer: &mut Writer,
    entry: &Entry,
    files: impl Iterator<Item = (&'a Entry, bool)>,
) -> Value {
    let files: Vec<Value> = files
        .map(|(one, linked)| {
            if linked {
                // For those that follow.
                hard_link(writer, &one.path);
            }
            file(writer, one)
        })
        .collect();
    let name = writer.blob(&entry.path);
    let acl = acl(writer, &entry.acl);
    let files = writer.array(&files);
    writer.object(&[name, acl, files])
}

/// A package's scripts.
pub fn scripts(writer: &mut Writer, scripts: &Scripts) -> Value {
    let values: Vec<Value> = ScriptKind::ALL
        .iter()
        .map(|kind| writer.blob(scripts.get(kind).map_or(&[], |script| script)))
        .collect();
    writer.object(&values)
}
