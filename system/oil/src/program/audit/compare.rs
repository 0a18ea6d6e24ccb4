//! A file as it is, and as the database says.

use super::known::KnownFile;
use oil::database::record::Acl;
use oil::digest::{Algorithm, Digest, Hasher};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Owner, permissions and content.
#[derive(Clone, Copy, Debug)]
struct State {
    acl: Acl,
    hash: Option<Digest>,
}

/// What differs.
#[derive(Debug)]
pub struct Difference {
    known: Option<State>,
    found: Option<State>,
    /// Owner or permissions.
    pub acl: bool,
    /// Content or target.
    pub content: bool,
    /// Extended attributes.
    pub xattrs: bool,
}

fn acl(metadata: &Metadata) -> Acl {
    Acl {
        uid: metadata.uid(),
        gid: metadata.gid(),
        mode: metadata.mode() & 0o7777,
        xattrs: None,
    }
}

fn same(known: &Acl, found: &Acl) -> bool {
    (known.uid, known.gid, known.mode) == (found.uid, found.gid, found.mode)
}

/// The digest of a file's content or of a link's target, by SHA-256 if nothing else is asked for; none for what has
/// neither.
pub fn content(place: &Path, metadata: &Metadata, algorithm: Option<Algorithm>) -> Option<Digest> {
    let algorithm = algorithm.unwrap_or(Algorithm::Sha256);
    if metadata.is_symlink() {
        let target = fs::read_link(place).ok()?;
        return Some(Digest::of(algorithm, target.as_os_str().as_bytes()));
    }
    if !metadata.is_file() {
        return None;
    }
    let mut file = File::open(place).ok()?;
    let mut hasher = Hasher::new(algorithm);
    Hasher::update_from(std::slice::from_mut(&mut hasher), &mut file).ok()?;
    Some(hasher.finish())
}

/// The digest of a file's extended attributes as the database has it.
fn xattrs(place: &Path) -> Option<Digest> {
    let mut names = vec![0; 64 << 10];
    let length = rustix::fs::llistxattr(place, &mut names[..]).ok()?;
    let mut list: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for name in names[..length]
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
    {
        let mut value = vec![0; 64 << 10];
        let length = rustix::fs::lgetxattr(place, name, &mut value[..]).ok()?;
        value.truncate(length);
        list.push((name.to_vec(), value));
    }
    list.sort();
    let acl = oil::package::Acl {
        xattrs: list,
        ..oil::package::Acl::default()
    };
    acl.xattr_digest()
}

impl Difference {
    /// Of a directory of a package.
    pub fn of_directory(known: &Acl, metadata: &Metadata) -> Self {
        let found = acl(metadata);
        Self {
            acl: !same(known, &found),
            content: false,
            xattrs: false,
            known: Some(State {
                acl: *known,
                hash: None,
            }),
            found: Some(State {
                acl: found,
                hash: None,
            }),
        }
    }

    /// Of a file of a package.
    ///
    /// # Errors
    /// One that cannot be read.
    pub fn of_file(known: &KnownFile, place: &Path, metadata: &Metadata) -> io::Result<Self> {
        let found = acl(metadata);
        let algorithm = match known.flags.sha256 {
            true => Algorithm::Sha256Short,
            false => Algorithm::Sha1,
        };
        let hash = content(place, metadata, Some(algorithm));
        let readable = metadata.is_file() || metadata.is_symlink();
        if hash.is_none() && readable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        // A link's permissions are of no meaning.
        let differs = !metadata.is_symlink() && !same(&known.acl, &found);
        Ok(Self {
            acl: differs,
            content: known.digest.is_some() && known.digest != hash,
            xattrs: known
                .acl
                .xattrs
                .is_some_and(|digest| xattrs(place) != Some(digest)),
            known: Some(State {
                acl: known.acl,
                hash: known.digest,
            }),
            found: Some(State { acl: found, hash }),
        })
    }

    /// Of what no package has.
    pub fn added(metadata: &Metadata, hash: Option<Digest>) -> Self {
        Self {
            known: None,
            found: Some(State {
                acl: acl(metadata),
                hash,
            }),
            acl: false,
            content: false,
            xattrs: false,
        }
    }

    /// Of what is not there.
    pub fn gone(known: &KnownFile) -> Self {
        Self {
            known: Some(State {
                acl: known.acl,
                hash: known.digest,
            }),
            found: None,
            acl: false,
            content: false,
            xattrs: false,
        }
    }

    /// The lines of details.
    pub fn lines(&self) -> Vec<String> {
        let line = |sign: char, state: &State| {
            let Acl { uid, gid, mode, .. } = state.acl;
            let hash = state
                .hash
                .map_or(String::new(), |hash| format!(" hash={}", hash.hex()));
            format!("{sign} mode={mode:o} uid={uid} gid={gid}{hash}")
        };
        let known = self.known.iter().map(|state| line('-', state));
        known
            .chain(self.found.iter().map(|state| line('+', state)))
            .collect()
    }
}
