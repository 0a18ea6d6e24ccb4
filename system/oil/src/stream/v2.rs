//! A v2 package: signatures, control and data, each a gzip member; together a tar archive.

use super::{Format, MAX_PATHS, Metadata, Trust, check_identity};
use crate::digest::{Algorithm, Digest, Hasher};
use crate::error::{Error, Result};
use crate::format::gzip::Members;
use crate::format::v2::pkginfo;
use crate::format::v2::tar::{self, Header};
use crate::keys::Keys;
use crate::package::{Acl, Entry, EntryKind, MAX_SCRIPT, ScriptKind, Scripts, check_path};
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

/// A signature or control member is at most this many bytes.
const MAX_CONTROL: u64 = 16 << 20;
/// The text of the metadata.
const MAX_PKGINFO: u64 = 1 << 20;
/// A signature.
const MAX_SIGNATURE: u64 = 64 << 10;
/// Signatures of one package.
const MAX_SIGNATURES: usize = 64;
/// Entries of one package.
const MAX_ENTRIES: usize = 1 << 22;

/// What can be signed with, and the digest that it takes.
const DIGESTS: [Algorithm; 3] = [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512];

/// A signature as its member names it.
pub struct Signature {
    algorithm: Algorithm,
    key: String,
    bytes: Vec<u8>,
}

/// What is read after the control member.
pub struct Body<R: Read> {
    tar: tar::Reader<Members<R>>,
    /// No data member.
    empty: bool,
    data_hash: Option<Digest>,
    /// What is verified at the end, of a package without a hash of its data.
    late: Option<(Vec<Signature>, Keys)>,
    /// What was given: a file's size and digest, or a directory, or something else.
    seen: HashMap<Vec<u8>, Seen>,
    /// Bytes of these paths.
    text: usize,
    acl: Arc<Acl>,
    content: Option<Content>,
    digest: Option<Digest>,
}

#[derive(Clone, Copy)]
enum Seen {
    Directory,
    File(u64, Option<Digest>),
    Other,
}

struct Content {
    path: Vec<u8>,
    /// None where the package says what it would say: the hash of all data vouches for that and for the content.
    hasher: Option<Hasher>,
    expected: Option<Digest>,
    taken: usize,
}

pub fn open<R: Read>(file: R, trust: &Trust, late: bool) -> Result<(Metadata, Body<R>)> {
    let mut members = Members::new(file);
    let (signatures, mut tar, first) = read_signatures(&mut members, MAX_CONTROL)?;
    let (info, scripts) = control(&mut tar, first)?;
    members.finish_member()?;
    let digests = members.digests();
    let identity = digests[0];
    check_identity(trust, &identity)?;
    let mut signer = None;
    let mut at_end = None;
    match (info.data_hash, trust) {
        (Some(_), Trust::Keys(keys)) => signer = Some(verify(&signatures, &digests, keys)?),
        (None, Trust::Keys(keys)) if late => {
            at_end = Some((signatures, (*keys).clone()));
        }
        (None, Trust::Keys(_) | Trust::Identity(_)) => return Err(Error::NoDataHash),
        _ => {}
    }
    if info.data_hash.is_some() {
        members.hash_with(vec![Hasher::new(Algorithm::Sha256)]);
    }
    let empty = !members.next_member(u64::MAX)?;
    let metadata = Metadata {
        info: crate::package::Info {
            identity: Some(identity),
            ..info.info
        },
        scripts,
        format: Format::V2,
        identity,
        unique_id: None,
        signer,
        data_hash: info.data_hash,
    };
    let body = Body {
        tar: tar::Reader::new(members),
        empty,
        data_hash: info.data_hash,
        late: at_end,
        seen: HashMap::new(),
        text: 0,
        acl: Arc::default(),
        content: None,
        digest: None,
    };
    Ok((metadata, body))
}

/// Signatures, the archive that they are over, and its first entry.
type Signatures<'a, R> = (Vec<Signature>, tar::Reader<&'a mut Members<R>>, Header);

/// Reads signature members up to the one that is signed, which is then being hashed and whose first entry has been
/// read.
pub fn read_signatures<R: Read>(members: &mut Members<R>, limit: u64) -> Result<Signatures<'_, R>> {
    let mut signatures = Vec::new();
    loop {
        members.hash_with(DIGESTS.map(Hasher::new).to_vec());
        if !members.next_member(limit)? {
            return Err(Error::Missing("a control member"));
        }
        let mut tar = tar::Reader::new(&mut *members);
        let Some(mut header) = tar.next_entry()? else {
            return Err(Error::Missing("a control member"));
        };
        if !header.path.starts_with(b".SIGN.") {
            // The borrow of what is returned must not begin before this is known.
            let tar = tar.detach();
            return Ok((signatures, tar.attach(members), header));
        }
        loop {
            let bytes = tar.read_all(MAX_SIGNATURE)?;
            if let Some((algorithm, key)) = signature_name(&header.path) {
                signatures.push(Signature {
                    algorithm,
                    key,
                    bytes,
                });
            }
            if signatures.len() > MAX_SIGNATURES {
                return Err(Error::Limit("the number of signatures"));
            }
            match tar.next_entry()? {
                Some(next) if next.path.starts_with(b".SIGN.") => header = next,
                Some(_) => return Err(Error::Missing("a control member of its own")),
                None => break,
            }
        }
    }
}

/// The algorithm and the key of an entry `.SIGN.ALG.KEY`; none if it is not for us.
fn signature_name(path: &[u8]) -> Option<(Algorithm, String)> {
    let rest = std::str::from_utf8(path).ok()?.strip_prefix(".SIGN.")?;
    let (algorithm, key) = rest.split_once('.')?;
    let algorithm = match algorithm {
        "RSA" => Algorithm::Sha1,
        "RSA256" => Algorithm::Sha256,
        "RSA512" => Algorithm::Sha512,
        _ => return None,
    };
    Some((algorithm, key.to_owned()))
}

/// The name of the first trusted key of the signatures over a message with these digests, in the order of [`DIGESTS`].
pub fn verify(signatures: &[Signature], digests: &[Digest], keys: &Keys) -> Result<String> {
    let trusted = |one: &&Signature| keys.by_name(&one.key).is_some_and(|key| key.is_rsa());
    let signature = signatures.iter().find(trusted).ok_or(Error::Untrusted)?;
    let digest = DIGESTS
        .iter()
        .zip(digests)
        .find(|(algorithm, _)| **algorithm == signature.algorithm)
        .map(|(_, digest)| *digest)
        .ok_or(Error::Untrusted)?;
    let key = keys.by_name(&signature.key).ok_or(Error::Untrusted)?;
    if key.verify(signature.algorithm, &digest, &signature.bytes) {
        Ok(signature.key.clone())
    } else {
        Err(Error::BadSignature)
    }
}

fn control<R: Read>(
    tar: &mut tar::Reader<&mut Members<R>>,
    first: Header,
) -> Result<(pkginfo::PkgInfo, Scripts)> {
    let mut info = None;
    let mut scripts = Scripts::new();
    let mut header = Some(first);
    while let Some(entry) = header {
        let Some(name) = entry.path.strip_prefix(b".") else {
            return Err(Error::Missing("a data member of its own"));
        };
        if name == b"PKGINFO" {
            if info.is_some() {
                return Err(Error::Missing("one .PKGINFO alone"));
            }
            info = Some(pkginfo::parse(&tar.read_all(MAX_PKGINFO)?)?);
        } else if name == b"INSTALL" {
            return Err(Error::Missing(
                "an end to .INSTALL, which nobody reads any more",
            ));
        } else if let Some(kind) = ScriptKind::from_name(name) {
            scripts.insert(kind, tar.read_all(MAX_SCRIPT as u64)?);
        }
        header = tar.next_entry()?;
    }
    tar.input().finish_member()?;
    Ok((info.ok_or(Error::Missing(".PKGINFO"))?, scripts))
}

impl<R: Read> Body<R> {
    pub fn next_entry(&mut self) -> Result<Option<Entry>> {
        self.digest = None;
        while !self.empty {
            let Some(header) = self.tar.next_entry()? else {
                self.empty = true;
                break;
            };
            if let Some(entry) = self.entry(header)? {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    fn entry(&mut self, header: Header) -> Result<Option<Entry>> {
        let path = header.path.strip_suffix(b"/").unwrap_or(&header.path);
        check_path(path)?;
        if path.starts_with(b".") {
            return Ok(None);
        }
        let path = path.to_vec();
        let mut digest = header.checksum;
        let mut size = header.size;
        let kind = match header.kind {
            b'0' | b'7' => EntryKind::File,
            b'1' => {
                check_path(&header.link)?;
                match self.seen.get(&header.link) {
                    Some(Seen::File(bytes, known)) => {
                        size = *bytes;
                        digest = digest.or(*known);
                    }
                    _ => {
                        return Err(Error::Orphan {
                            path,
                            what: "target",
                        });
                    }
                }
                EntryKind::HardLink(header.link)
            }
            b'2' => {
                if header.link.is_empty() || header.link.contains(&0) || header.link.len() > 4095 {
                    return Err(Error::Malicious(path));
                }
                digest = digest.or_else(|| Some(Digest::of(Algorithm::Sha1, &header.link)));
                EntryKind::Symlink(header.link)
            }
            b'3' => EntryKind::Character(device(header.device)),
            b'4' => EntryKind::Block(device(header.device)),
            b'5' => EntryKind::Directory,
            b'6' => EntryKind::Fifo,
            _ => return Ok(None),
        };
        self.place(&path, &kind, size, digest)?;
        let acl = Acl {
            mode: header.mode,
            user: header.user,
            group: header.group,
            uid: Some(header.uid),
            gid: Some(header.gid),
            xattrs: header.xattrs,
        };
        if acl != *self.acl {
            self.acl = Arc::new(acl);
        }
        if kind == EntryKind::File {
            self.content = Some(Content {
                path: path.clone(),
                hasher: (digest.is_none() || self.data_hash.is_none())
                    .then(|| Hasher::new(Algorithm::Sha1)),
                expected: digest,
                taken: 0,
            });
        }
        Ok(Some(Entry {
            path,
            kind,
            acl: self.acl.clone(),
            mtime: header.mtime,
            size,
            digest,
        }))
    }

    /// Sees to it that an entry has a place: directories above it, and nothing else where it goes.
    fn place(
        &mut self,
        path: &[u8],
        kind: &EntryKind,
        size: u64,
        digest: Option<Digest>,
    ) -> Result<()> {
        let directory = *kind == EntryKind::Directory;
        let mut above = path;
        let mut direct = true;
        while let Some(slash) = above.iter().rposition(|byte| *byte == b'/') {
            above = &above[..slash];
            match self.seen.get(above) {
                Some(Seen::Directory) => {}
                // Through a link in a directory's place files would land elsewhere.
                Some(_) => return Err(Error::Malicious(path.to_vec())),
                None if direct && !directory => {
                    let (path, what) = (path.to_vec(), "directory");
                    return Err(Error::Orphan { path, what });
                }
                None => {}
            }
            direct = false;
        }
        let seen = match kind {
            EntryKind::Directory => Seen::Directory,
            EntryKind::File => Seen::File(size, digest),
            _ => Seen::Other,
        };
        self.text += path.len();
        if self.seen.len() >= MAX_ENTRIES || self.text > MAX_PATHS {
            return Err(Error::Limit("the number of files"));
        }
        match self.seen.insert(path.to_vec(), seen) {
            None => Ok(()),
            Some(Seen::Directory) if directory => Ok(()),
            Some(_) => Err(Error::Malicious(path.to_vec())),
        }
    }

    pub fn chunk(&mut self) -> Result<Option<&[u8]>> {
        let Some(content) = &mut self.content else {
            return Ok(None);
        };
        self.tar.consume(std::mem::take(&mut content.taken));
        // Asked for twice, for the borrow of what is given must not reach the other way.
        if !self.tar.fill()?.is_empty() {
            let bytes = self.tar.fill()?;
            if let Some(hasher) = &mut content.hasher {
                hasher.update(bytes);
            }
            content.taken = bytes.len();
            return Ok(Some(bytes));
        }
        if let Some(content) = self.content.take() {
            let digest = content.hasher.map(Hasher::finish);
            if let (Some(expected), Some(found)) = (content.expected, digest)
                && expected != found
            {
                return Err(Error::Content(content.path));
            }
            self.digest = digest.or(content.expected);
            if let Some(Seen::File(_, known)) = self.seen.get_mut(&content.path) {
                *known = self.digest;
            }
        }
        Ok(None)
    }

    pub fn content_digest(&self) -> Option<Digest> {
        self.digest
    }

    pub fn finish(self) -> Result<()> {
        let mut members = self.tar.into_inner();
        members.finish_member()?;
        let digests = members.digests();
        if self.data_hash.is_some() && digests.first() != self.data_hash.as_ref() {
            return Err(Error::DataHash);
        }
        if let Some((signatures, keys)) = &self.late {
            verify(signatures, &digests, keys)?;
        }
        let end = members.position();
        match members.next_member(0) {
            Ok(false) => Ok(()),
            _ => Err(Error::Trailing(end)),
        }
    }
}

/// A device's number as the kernel's `st_rdev` has it.
fn device((major, minor): (u32, u32)) -> u64 {
    let (major, minor) = (u64::from(major), u64::from(minor));
    (major & 0xfff) << 8 | (major & !0xfff) << 32 | minor & 0xff | (minor & !0xff) << 12
}
