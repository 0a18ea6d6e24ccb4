//! A v3 package: a payload, signatures, and files' content in the payload's order.

use super::{Format, MAX_PATHS, Metadata, Trust, check_identity};
use crate::digest::{Algorithm, Digest, Hasher};
use crate::error::{Error, Result};
use crate::format::adb::block::{
    Block, BlockKind, Blocks, MAX_PACKAGE, MAX_SIGNATURE, MAX_SIGNATURES, Signed,
};
use crate::format::adb::reader::{Payload, Slots, Value};
use crate::format::adb::schema::{self, Directory, File, MAX_ENTRIES, Target};
use crate::format::adb::{Kind, Reason, tag};
use crate::format::compress::{Compression, Decoder};
use crate::package::{Acl, Entry, EntryKind, MAX_SCRIPT, ScriptKind, Scripts, check_path};
use std::io::Read;
use std::sync::Arc;

/// A package's payload and what follows it.
pub struct Body<R: Read> {
    payload: Vec<u8>,
    blocks: Blocks<Decoder<R>>,
    /// The next block, whose header has been read.
    block: Option<Block>,
    walk: Walk,
    content: Option<Content>,
    digest: Option<Digest>,
}

struct Content {
    path: Vec<u8>,
    hasher: Hasher,
    expected: Digest,
    taken: usize,
}

pub fn open<R: Read>(
    decoder: Decoder<R>,
    compression: Compression,
    trust: &Trust,
) -> Result<(Metadata, Body<R>)> {
    let (mut blocks, kind) = Blocks::new(decoder)?;
    if kind != Kind::Package {
        return Err(Error::Unknown);
    }
    let payload = blocks.read_payload(MAX_PACKAGE)?;
    let identity = Digest::of(Algorithm::Sha256, &payload);
    check_identity(trust, &identity)?;
    let (block, signer) = signatures(&mut blocks, kind, &payload, trust)?;
    let root = schema::Package(Payload::new(&payload)?.root()?);
    let mut info = root.to_info()?;
    if info.name.is_empty() {
        return Err(Error::Missing("a name"));
    }
    let unique_id = info.identity.replace(identity);
    let mut scripts = Scripts::new();
    for kind in ScriptKind::ALL {
        let script = root.script(kind)?;
        if script.len() > MAX_SCRIPT {
            return Err(Error::Limit("a script"));
        }
        if !script.is_empty() {
            scripts.insert(kind, script.to_vec());
        }
    }
    let metadata = Metadata {
        info,
        scripts,
        format: Format::V3(compression),
        identity,
        unique_id,
        signer,
        data_hash: None,
    };
    let body = Body {
        payload,
        blocks,
        block,
        walk: Walk::default(),
        content: None,
        digest: None,
    };
    Ok((metadata, body))
}

/// Reads signature blocks until another follows, which it gives with the name of the trusted key.
pub fn signatures<R: std::io::BufRead>(
    blocks: &mut Blocks<R>,
    kind: Kind,
    payload: &[u8],
    trust: &Trust,
) -> Result<(Option<Block>, Option<String>)> {
    let mut signed = Signed::new(kind, payload);
    let mut signer = None;
    let mut bad = false;
    for _ in 0..=MAX_SIGNATURES {
        let block = blocks.next_block()?;
        if block.is_some_and(|block| block.kind == BlockKind::Signature) {
            let bytes = blocks.read_block(MAX_SIGNATURE)?;
            if let (Trust::Keys(keys), None) = (trust, &signer) {
                match signed.verify(&bytes, keys) {
                    Ok(name) => signer = name.map(str::to_owned),
                    Err(_) => bad = true,
                }
            }
            continue;
        }
        return match (trust, &signer) {
            (Trust::Keys(_), None) if bad => Err(Error::BadSignature),
            (Trust::Keys(_), None) => Err(Error::Untrusted),
            _ => Ok((block, signer)),
        };
    }
    Err(Error::Limit("the number of signatures"))
}

impl<R: Read> Body<R> {
    fn root(&self) -> Result<schema::Package<'_>> {
        Ok(schema::Package(Payload::new(&self.payload)?.root()?))
    }

    pub fn entries(&self) -> Result<Vec<Entry>> {
        let paths = self.root()?.paths()?;
        let mut walk = Walk::default();
        let mut all = Vec::new();
        while let Some(entry) = walk.next(&paths)? {
            all.push(entry);
        }
        Ok(all)
    }

    pub fn all_entries(&self, mut is_so: impl FnMut(&Entry) -> bool) -> Result<bool> {
        let paths = self.root()?.paths()?;
        let mut walk = Walk::default();
        while let Some(entry) = walk.next(&paths)? {
            if !is_so(&entry) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub fn next_entry(&mut self) -> Result<Option<Entry>> {
        let payload = Payload::new(&self.payload)?;
        let paths = schema::Package(payload.root()?).paths()?;
        self.digest = None;
        let Some(entry) = self.walk.next(&paths)? else {
            if self.block.is_some() {
                return Err(self.unexpected("more data than the package has files"));
            }
            return Ok(None);
        };
        if entry.kind != EntryKind::File {
            return Ok(Some(entry));
        }
        if entry.size == 0 {
            let empty = Digest::of(Algorithm::Sha256, b"");
            if entry.digest.is_some_and(|digest| digest != empty) {
                return Err(Error::Content(entry.path));
            }
            self.digest = Some(empty);
            return Ok(Some(entry));
        }
        let Some(expected) = entry.digest else {
            return Err(Error::Content(entry.path));
        };
        let Some(block) = self.block.take() else {
            return Err(Error::Truncated);
        };
        if block.kind != BlockKind::Data || block.size.checked_sub(8) != Some(entry.size) {
            return Err(self.unexpected("not the data of the file that is next"));
        }
        let mut head = [0; 8];
        self.blocks.read_exact(&mut head)?;
        let (path, file) = self.walk.place();
        if head != [path.to_le_bytes(), file.to_le_bytes()].as_flattened() {
            return Err(self.unexpected("data of another file than the one that is next"));
        }
        self.content = Some(Content {
            path: entry.path.clone(),
            hasher: Hasher::new(Algorithm::Sha256),
            expected,
            taken: 0,
        });
        Ok(Some(entry))
    }

    fn unexpected(&self, reason: &'static str) -> Error {
        Error::Block { offset: 0, reason }
    }

    pub fn chunk(&mut self) -> Result<Option<&[u8]>> {
        let Some(content) = &mut self.content else {
            return Ok(None);
        };
        self.blocks.consume(std::mem::take(&mut content.taken));
        // Asked for twice, for the borrow of what is given must not reach the other way.
        if !self.blocks.fill()?.is_empty() {
            let bytes = self.blocks.fill()?;
            content.hasher.update(bytes);
            content.taken = bytes.len();
            return Ok(Some(bytes));
        }
        if let Some(content) = self.content.take() {
            let digest = content.hasher.finish();
            if digest != content.expected {
                return Err(Error::Content(content.path));
            }
            self.digest = Some(digest);
        }
        if self.block.is_none() {
            self.block = self.blocks.next_block()?;
        }
        Ok(None)
    }

    pub fn content_digest(&self) -> Option<Digest> {
        self.digest
    }

    pub fn finish(self) -> Result<()> {
        self.blocks.into_inner().finish()
    }
}

/// Goes over the directories and their files.
#[derive(Default)]
struct Walk {
    path: usize,
    file: usize,
    files: usize,
    count: usize,
    /// Bytes of paths, targets and attributes that were given.
    text: usize,
    acl: Option<(Value, Arc<Acl>)>,
}

impl Walk {
    /// The places of the entry that was given last.
    fn place(&self) -> (u32, u32) {
        (self.path as u32, self.file as u32)
    }

    fn next(&mut self, paths: &Slots) -> Result<Option<Entry>> {
        self.count += 1;
        if self.count > MAX_ENTRIES {
            return Err(paths.error(Reason::Limit).into());
        }
        if self.file < self.files {
            self.file += 1;
            let directory = Directory(paths.object(self.path)?);
            return self.file_entry(paths, directory).map(Some);
        }
        if self.path >= paths.len() {
            return Ok(None);
        }
        let before = match self.path {
            0 => None,
            path => Some(Directory(paths.object(path)?).name()?),
        };
        self.path += 1;
        let directory = Directory(paths.object(self.path)?);
        let name = directory.name()?;
        if !name.is_empty() {
            check_path(name)?;
        }
        if before.is_some_and(|before| before >= name) {
            return Err(directory.0.error(Reason::Value).into());
        }
        self.take(name.len())?;
        self.file = 0;
        self.files = directory.files()?.len();
        Ok(Some(Entry {
            path: name.to_vec(),
            kind: EntryKind::Directory,
            acl: self.acl(directory.acl()?)?,
            mtime: 0,
            size: 0,
            digest: None,
        }))
    }

    fn file_entry(&mut self, paths: &Slots, directory: Directory) -> Result<Entry> {
        let files = directory.files()?;
        let file = File(files.object(self.file)?);
        let (folder, name) = (directory.name()?, file.name()?);
        let path = join(folder, name);
        self.take(path.len())?;
        check_path(&path)?;
        if name.contains(&b'/') {
            return Err(Error::Malicious(path));
        }
        if self.file > 1 && File(files.object(self.file - 1)?).name()? >= name {
            return Err(file.0.error(Reason::Value).into());
        }
        if is_directory(paths, &path)? {
            // Through a link in a directory's place files would land elsewhere.
            return Err(Error::Malicious(path));
        }
        let kind = match file.target()? {
            Target::None => EntryKind::File,
            Target::Symlink(target) => {
                if target.contains(&0) || target.len() > 4095 {
                    return Err(Error::Malicious(path));
                }
                self.take(target.len())?;
                EntryKind::Symlink(target.to_vec())
            }
            Target::HardLink(target) => {
                self.check_link(paths, &path, target)?;
                self.take(target.len())?;
                EntryKind::HardLink(target.to_vec())
            }
            Target::Character(number) => EntryKind::Character(number),
            Target::Block(number) => EntryKind::Block(number),
            Target::Fifo => EntryKind::Fifo,
        };
        let digest = match &kind {
            EntryKind::Symlink(target) => Some(Digest::of(Algorithm::Sha256, target)),
            _ => file.hash()?,
        };
        Ok(Entry {
            path,
            kind,
            acl: self.acl(file.acl()?)?,
            mtime: file.mtime()?,
            size: file.size()?,
            digest,
        })
    }

    /// A hard link leads to a file of the package that was there before.
    fn check_link(&self, paths: &Slots, path: &[u8], target: &[u8]) -> Result<()> {
        let orphan = || Error::Orphan {
            path: path.to_vec(),
            what: "target",
        };
        check_path(target)?;
        let slash = target.iter().rposition(|byte| *byte == b'/');
        let (folder, name) = match slash {
            Some(slash) => (&target[..slash], &target[slash + 1..]),
            None => (&[][..], target),
        };
        let at = lower_bound(paths, folder, |slots| Directory(slots).name())?;
        if at > paths.len() || Directory(paths.object(at)?).name()? != folder {
            return Err(orphan());
        }
        let files = Directory(paths.object(at)?).files()?;
        let found = lower_bound(&files, name, |slots| File(slots).name())?;
        if found > files.len() || (at, found) >= (self.path, self.file) {
            return Err(orphan());
        }
        let file = File(files.object(found)?);
        if file.name()? != name || file.target()? != Target::None {
            return Err(orphan());
        }
        Ok(())
    }

    /// Values may share their bytes: what is given is counted, not what was read.
    fn take(&mut self, bytes: usize) -> Result<()> {
        self.text += bytes;
        if self.text > MAX_PATHS {
            return Err(Error::Limit("the text of paths and attributes"));
        }
        Ok(())
    }

    fn acl(&mut self, view: schema::Acl) -> Result<Arc<Acl>> {
        if let Some((value, acl)) = &self.acl
            && *value == view.0.value()
        {
            return Ok(acl.clone());
        }
        let list = view.xattrs()?;
        let bytes = list.iter().map(|(name, value)| name.len() + value.len());
        self.take(bytes.sum::<usize>() + view.user()?.len() + view.group()?.len())?;
        let mut xattrs: Vec<_> = list
            .into_iter()
            .map(|(name, value)| (name.to_vec(), value.to_vec()))
            .collect();
        xattrs.sort();
        let acl = Arc::new(Acl {
            mode: view.mode()?,
            user: view.user()?.to_vec(),
            group: view.group()?.to_vec(),
            uid: None,
            gid: None,
            xattrs,
        });
        self.acl = Some((view.0.value(), acl.clone()));
        Ok(acl)
    }
}

fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() {
        return name.to_vec();
    }
    let mut path = Vec::with_capacity(folder.len() + name.len() + 1);
    path.extend_from_slice(folder);
    path.push(b'/');
    path.extend_from_slice(name);
    path
}

/// The first slot, counted from 1, whose name is not before `name`; one beyond the last if there is none.
fn lower_bound<'a>(
    slots: &Slots<'a>,
    name: &[u8],
    of: impl Fn(Slots<'a>) -> std::result::Result<&'a [u8], crate::format::adb::Error>,
) -> Result<usize> {
    let (mut low, mut high) = (1, slots.len() + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let value = slots.get(middle);
        if of(slots.payload().slots(value, tag::OBJECT)?)? < name {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Whether the package has a directory of this path, or one below it.
fn is_directory(paths: &Slots, path: &[u8]) -> Result<bool> {
    let name = |slots: Slots| -> Result<Vec<u8>> { Ok(Directory(slots).name()?.to_vec()) };
    let below = join(path, b"");
    for (wanted, exact) in [(path, true), (&below, false)] {
        let at = lower_bound(paths, wanted, |slots| Directory(slots).name())?;
        if at <= paths.len() {
            let found = name(paths.object(at)?)?;
            if (exact && found == wanted) || (!exact && found.starts_with(wanted)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
