//! The file of a generation.
//!
//! Lines `key value`, of them `tree NAME PATH` for a directory that is kept whole in the store; then the records of the
//! packages that went, as the database had them, each behind a line `record NAME BYTES`, their scripts behind
//! `script NAME KIND BYTES`, paths of devices behind `node NAME MODE DEVICE MTIME BYTES`, and path, name and value of
//! extended attributes behind `xattr NAME BYTES BYTES BYTES`.

use super::special::{Node, Specials};
use super::store::{self, Content};
use super::{Build, Change, Generation, Kept};
use crate::database::installed::Installed;
use crate::database::record::Record;
use crate::database::scripts::Scripts;
use crate::database::triggers::Triggers;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::package::ScriptKind;
use crate::protected_paths::{ProtectedPaths, Protection};
use crate::transact::area::{Area, DIRECTORY};
use crate::transact::place::{Root, split};
use crate::transact::trees::{self, Trees};
use crate::transact::{Line, Plan, manifest};
use rustix::fs::{AtFlags, Dir, Mode, OFlags};
use rustix::io::Errno;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

const MARK: &str = "oil generation 1";

/// A file, read.
#[derive(Clone, Debug, Default)]
pub struct File {
    pub generation: Generation,
    /// What went, by name.
    pub kept: BTreeMap<String, Kept>,
    /// Directories that went whole: their names in the store, and where they were.
    pub trees: Vec<(String, String)>,
}

fn directory(root: &Path) -> PathBuf {
    root.join("lib/apk/oil/history")
}

/// The numbers of those that are there, in order.
pub fn numbers(root: &Path) -> Result<Vec<u64>> {
    let directory = directory(root);
    let entries = match fs::read_dir(&directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(Error::file(&directory))?,
    };
    let mut numbers: Vec<u64> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Reads one.
pub fn read(root: &Path, number: u64) -> Result<File> {
    let path = directory(root).join(number.to_string());
    let bytes = fs::read(&path).map_err(Error::file(&path))?;
    let content = parse(&bytes, number);
    content.ok_or(Error::Database {
        path,
        line: 1,
        reason: "not a generation of Oil's history".to_owned(),
    })
}

fn parse(bytes: &[u8], number: u64) -> Option<File> {
    let mut rest = bytes;
    let mut content = File::default();
    content.generation.number = number;
    let mut marked = false;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest)?;
        let line = std::str::from_utf8(&rest[..end]).ok()?;
        rest = &rest[end + 1..];
        if !marked {
            marked = line == MARK;
            marked.then_some(())?;
            continue;
        }
        let (key, value) = line.split_once(' ')?;
        let mut words = value.split(' ');
        let mut block = |length: &str| {
            let (block, after) = rest.split_at_checked(length.parse().ok()?)?;
            rest = after;
            Some(block)
        };
        let generation = &mut content.generation;
        match key {
            "time" => generation.time = value.parse().ok()?,
            "command" => value.clone_into(&mut generation.command),
            "world" => {
                let (before, after) = (block(words.next()?)?, block(words.next()?)?);
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                generation.world = (text(before), text(after));
            }
            "change" => {
                let name = words.next()?.to_owned();
                let before = build(words.next()?, words.next()?)?;
                let after = build(words.next()?, words.next()?)?;
                generation.changes.push(Change {
                    name,
                    before,
                    after,
                });
            }
            "tree" => {
                let (name, path) = value.split_once(' ')?;
                content.trees.push((name.to_owned(), path.to_owned()));
            }
            "triggers" => {
                let kept = content.kept.entry(words.next()?.to_owned()).or_default();
                kept.record.info.triggers = words.map(str::to_owned).collect();
            }
            "record" => {
                let name = words.next()?.to_owned();
                let record = Record::parse(block(words.next()?)?).ok()?;
                let kept = content.kept.entry(name).or_default();
                let triggers = std::mem::take(&mut kept.record.info.triggers);
                kept.record = record;
                kept.record.info.triggers = triggers;
            }
            "script" => {
                let name = words.next()?.to_owned();
                let kind = ScriptKind::from_name(words.next()?.as_bytes())?;
                let text = block(words.next()?)?.to_vec();
                let kept = content.kept.entry(name).or_default();
                kept.scripts.insert(kind, text);
            }
            "node" => {
                let name = words.next()?.to_owned();
                let node = Node {
                    mode: words.next()?.parse().ok()?,
                    device: words.next()?.parse().ok()?,
                    mtime: words.next()?.parse().ok()?,
                };
                let path = block(words.next()?)?.to_vec();
                let kept = content.kept.entry(name).or_default();
                kept.specials.nodes.insert(path, node);
            }
            "xattr" => {
                let name = words.next()?.to_owned();
                let path = block(words.next()?)?.to_vec();
                let pair = (
                    block(words.next()?)?.to_vec(),
                    block(words.next()?)?.to_vec(),
                );
                let kept = content.kept.entry(name).or_default();
                kept.specials.xattrs.entry(path).or_default().push(pair);
            }
            _ => return None,
        }
    }
    marked.then_some(content)
}

/// The outer none: it is none.
#[expect(
    clippy::option_option,
    reason = "there may be nothing, and that may be said wrongly"
)]
fn build(version: &str, identity: &str) -> Option<Option<Build>> {
    if version == "-" {
        return Some(None);
    }
    let identity = match identity {
        "-" => None,
        text => Some(Digest::parse(text.as_bytes())?),
    };
    let version = version.to_owned();
    Some(Some(Build { version, identity }))
}

/// Writes the file of a transaction, its steps and the directories that they keep whole, into its area; the number that it
/// will have.
pub fn prepare(
    area: &Area,
    plan: &Plan,
    lines: &[Line],
    whole: &Trees,
    installed: &Installed,
    scripts: &Scripts,
    triggers: &Triggers,
) -> Result<u64> {
    let root = area.root().path();
    let number = numbers(root)?.last().map_or(1, |last| last + 1);
    let world = crate::database::read_if_there(&root.join("etc/apk/world"))?.unwrap_or_default();
    let time = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let side = |side: &Option<(String, Option<Digest>)>| match side {
        Some((version, Some(identity))) => format!("{version} {}", identity.short()),
        Some((version, None)) => format!("{version} -"),
        None => "- -".to_owned(),
    };
    let command = plan.command.replace('\n', " ");
    let (before, after) = (world.len(), plan.world.len());
    let mut text = format!("{MARK}\ntime {time}\ncommand {command}\nworld {before} {after}\n");
    let mut out = std::mem::take(&mut text).into_bytes();
    out.extend_from_slice(&world);
    out.extend_from_slice(plan.world.as_bytes());
    for step in 0..lines.len() {
        let paths = whole.get(&step).into_iter().flatten();
        for (place, path) in paths.enumerate() {
            let (name, path) = (
                trees::name(number, step, place),
                String::from_utf8_lossy(path),
            );
            let _ = writeln!(text, "tree {name} {path}");
        }
    }
    // Writing to memory does not fail.
    for line in lines.iter().filter(|line| !line.pinned) {
        let _ = writeln!(
            text,
            "change {} {} {}",
            line.name,
            side(&line.old),
            side(&line.new)
        );
    }
    out.extend_from_slice(text.as_bytes());
    for line in lines
        .iter()
        .filter(|line| line.old.is_some() && !line.pinned)
    {
        let Some(place) = installed.find(&line.name) else {
            continue;
        };
        let record = [installed.head(place), installed.files(place)].concat();
        out.extend_from_slice(format!("record {} {}\n", line.name, record.len()).as_bytes());
        out.extend_from_slice(&record);
        Specials::read(area.root(), manifest::of_installed(installed, place))?
            .write(&line.name, &mut out);
        let Some(identity) = line.old.as_ref().and_then(|old| old.1) else {
            continue;
        };
        if let Some(globs) = triggers.of(&identity.short()) {
            let text = format!("triggers {} {}\n", line.name, globs.join(" "));
            out.extend_from_slice(text.as_bytes());
        }
        for script in scripts.of(&identity) {
            let (kind, length) = (script.kind.name(), script.content.len());
            out.extend_from_slice(format!("script {} {kind} {length}\n", line.name).as_bytes());
            out.extend_from_slice(&script.content);
        }
    }
    area.write("generation", &out)?;
    Ok(number)
}

/// Puts it among the others; it may have been done before.
pub fn place(area: &Area, number: u64) -> Result<()> {
    let root = area.root();
    let at = |error: Errno| root.error(DIRECTORY, error);
    let above = root.directory(DIRECTORY).map_err(at)?;
    match rustix::fs::mkdirat(&above, "history", Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(at(error)),
    }
    let to = format!("history/{number}");
    match rustix::fs::renameat(&above, "transaction/generation", &above, &to) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(at(error)),
    }
}

/// Forgets all but the newest `keep` generations, and then what nothing remembers any more or what is in its place
/// again.
pub fn forget(root: &Root, keep: usize, installed: &Installed, restored: bool) -> Result<()> {
    let numbers = numbers(root.path())?;
    let old = numbers.len().saturating_sub(keep);
    if old == 0 && !restored {
        return Ok(());
    }
    let directory = directory(root.path());
    for number in &numbers[..old] {
        let path = directory.join(number.to_string());
        fs::remove_file(&path).map_err(Error::file(&path))?;
    }
    let mut wanted = HashSet::new();
    let digests = |record: &Record, all: &mut HashSet<Content>| {
        let files = record.directories.iter().flat_map(|one| &one.files);
        all.extend(files.filter_map(|file| Content::of(file.digest, file.acl.mode)));
    };
    let mut remembered = Vec::new();
    for number in &numbers[old..] {
        let file = read(root.path(), *number)?;
        for kept in file.kept.values() {
            digests(&kept.record, &mut wanted);
        }
        if restored && !file.trees.is_empty() {
            remembered.push(file);
        }
    }
    if !wanted.is_empty() {
        let protected = ProtectedPaths::read(root.path()).map_err(Error::file(root.path()))?;
        for place in 0..installed.places().len() {
            let mut live = HashSet::new();
            let mut record = installed.record(place)?;
            // Of what the administrator may change the database says only what it once was.
            record
                .directories
                .retain(|one| protected.of(&one.path) == Protection::None);
            digests(&record, &mut live);
            wanted.retain(|content| !live.contains(content));
        }
    }
    let at = |error: Errno| root.error(store::DIRECTORY, error);
    for file in &remembered {
        thin(root, file, &wanted).map_err(at)?;
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let fd = match root.open_at(store::DIRECTORY, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(()),
        other => other.map_err(at)?,
    };
    for entry in Dir::read_from(&fd).map_err(at)? {
        let entry = entry.map_err(at)?;
        let name = entry.file_name();
        if let Some(generation) = trees::generation_of(name.to_bytes()) {
            if !numbers[old..].contains(&generation) {
                trees::delete(&fd, name.to_bytes()).map_err(at)?;
            }
            continue;
        }
        let known = Content::from_name(name.to_bytes());
        let ours = !matches!(name.to_bytes(), b"." | b"..");
        if ours && known.is_none_or(|content| !wanted.contains(&content)) {
            rustix::fs::unlinkat(&fd, name, AtFlags::empty()).map_err(at)?;
        }
    }
    Ok(())
}

/// Deletes what is not wanted from the directories that went whole in a generation, and those that are empty then.
fn thin(root: &Root, file: &File, wanted: &HashSet<Content>) -> Result<(), Errno> {
    for (name, top) in &file.trees {
        let mut directories = Vec::new();
        for kept in file.kept.values() {
            for one in &kept.record.directories {
                let Some(place) = trees::place(name, top, &one.path) else {
                    continue;
                };
                let fd = match root.directory(&place) {
                    Err(Errno::NOENT) => continue,
                    other => other?,
                };
                for file in &one.files {
                    if Content::of(file.digest, file.acl.mode)
                        .is_some_and(|content| !wanted.contains(&content))
                    {
                        match rustix::fs::unlinkat(&fd, file.name.as_slice(), AtFlags::empty()) {
                            Ok(()) | Err(Errno::NOENT) => {}
                            Err(error) => return Err(error),
                        }
                    }
                }
                directories.push(place);
            }
        }
        // What is below comes first.
        directories.sort_by(|one, other| other.cmp(one));
        for place in directories {
            let (above, name) = split(&place);
            match rustix::fs::unlinkat(root.directory(above)?, name, AtFlags::REMOVEDIR) {
                Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}
