//! What the kernel asks, and what the image says. Nothing changes, so the kernel may keep all of it for as long as it likes.

use super::Told;
use super::attributes;
use fuser::{
    Errno, FileAttr, FileHandle, Filesystem, FopenFlags, Generation, INodeNo, InitFlags,
    KernelConfig, LockOwner, OpenFlags, ReplyAttr, ReplyData, ReplyDirectory, ReplyDirectoryPlus,
    ReplyEntry, ReplyOpen, ReplyStatfs, ReplyXattr, Request,
};
use glowfs::format::directory::{Directory, NAME_MAX};
use glowfs::format::inode::{Inode, Kind};
use glowfs::reader::{Attributes, Image};
use glowfs::{Error, Result};
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// For as long as the kernel can count.
const FOR_EVER: Duration = Duration::from_secs(u32::MAX as u64);
/// Not at all.
const NEVER: Duration = Duration::ZERO;
/// Numbers of inodes are used once.
const GENERATION: Generation = Generation(0);
/// Offsets of the first entry of the image in a directory: `.` and `..` come before.
const FIRST: u64 = 2;
/// Bytes of a block of statfs(3).
const PIECE: u32 = 4096;

/// An image, mounted.
pub struct Files {
    image: Image<File>,
    path: PathBuf,
    told: Arc<Told>,
    /// What the kernel does without being told for each file that is opened.
    no_open: bool,
    no_opendir: bool,
}

/// Why a question has no answer.
enum Not {
    /// The image, or what is below it.
    Error(Error),
    /// The question.
    Code(Errno),
}

impl From<Error> for Not {
    fn from(error: Error) -> Not {
        Not::Error(error)
    }
}

impl Files {
    pub fn new(image: Image<File>, path: PathBuf, told: Arc<Told>) -> Files {
        Files {
            image,
            path,
            told,
            no_open: false,
            no_opendir: false,
        }
    }

    /// Tells what is wrong with which file; what the kernel is answered.
    fn failed(&self, number: INodeNo, not: Not) -> Errno {
        match not {
            Not::Code(code) => code,
            Not::Error(error) => {
                let path = self.path.display();
                self.told.tell(match self.directory_path(number) {
                    Some(name) => format!("{path}: /{name}: {error}"),
                    None => format!("{path}: inode {number}: {error}"),
                });
                Errno::EIO
            }
        }
    }

    /// The path of a directory: each says which one it lies in. Of other files nobody knows it, as they may have several.
    fn directory_path(&self, number: INodeNo) -> Option<String> {
        let mut names = Vec::new();
        let mut number = u32::try_from(number.0).ok()?;
        while number != 1 {
            let inode = self.image.inode(number).ok()?;
            if inode.kind() != Kind::Directory {
                return None;
            }
            let above = self.image.inode(inode.first).ok()?;
            let list = self.image.list(inode.first, &above).ok()?;
            let (name, ..) = list.into_iter().find(|(_, child, _)| *child == number)?;
            names.push(String::from_utf8_lossy(&name).into_owned());
            // A directory's number is greater than that of the one it lies in: this ends.
            number = inode.first;
        }
        names.reverse();
        Some(names.join("/"))
    }

    fn inode(&self, number: INodeNo) -> Result<(u32, Inode), Not> {
        // The kernel knows no numbers but those that it was told.
        let number = u32::try_from(number.0).map_err(|_| Not::Code(Errno::ESTALE))?;
        Ok((number, self.image.inode(number)?))
    }

    fn directory(&self, number: INodeNo) -> Result<(Inode, Directory), Not> {
        let (number, inode) = self.inode(number)?;
        match inode.kind() {
            Kind::Directory => Ok((inode, self.image.directory(number, &inode)?)),
            _ => Err(Not::Code(Errno::ENOTDIR)),
        }
    }

    fn attributes(&self, number: u32, inode: &Inode) -> Result<FileAttr, Not> {
        let block = self.image.superblock().block_size();
        attributes::of(number, inode, block).ok_or(Not::Code(Errno::EOVERFLOW))
    }

    /// The file that an entry of this kind names.
    fn entry(&self, number: u32, kind: Kind) -> Result<FileAttr, Not> {
        let inode = self.image.inode(number)?;
        if inode.kind() != kind {
            let what = "its type is not the one its entry says";
            return Err(Error::from(glowfs::format::Error::Inode { number, what }).into());
        }
        self.attributes(number, &inode)
    }

    /// What a name in a directory is; none when there is no such name.
    fn find(&self, parent: INodeNo, name: &OsStr) -> Result<Option<FileAttr>, Not> {
        let (_, directory) = self.directory(parent)?;
        let found = directory.find(&self.image, name.as_bytes())?;
        found
            .map(|entry| self.entry(entry.inode, entry.kind))
            .transpose()
    }

    /// Hands entries of a directory to `add`, from offset `from` on, until it says that there is no place: the entry's inode and kind, the offset
    /// of the next one, the name.
    fn entries(
        &self,
        number: INodeNo,
        from: u64,
        add: &mut dyn FnMut(u32, Kind, u64, &OsStr) -> bool,
    ) -> Result<(), Not> {
        let (inode, directory) = self.directory(number)?;
        let mut buffer = [0; NAME_MAX];
        for offset in from..FIRST + u64::from(directory.len()) {
            let full = match offset {
                0 => add(number.0 as u32, Kind::Directory, 1, OsStr::new(".")),
                1 => add(inode.first, Kind::Directory, 2, OsStr::new("..")),
                _ => {
                    let read = directory
                        .entry(&self.image, (offset - FIRST) as u32)
                        .and_then(|entry| {
                            Ok((entry, directory.name(&self.image, &entry, &mut buffer)?))
                        });
                    match read {
                        Ok((entry, name)) => {
                            let name = OsStr::from_bytes(name);
                            add(entry.inode, entry.kind, offset + 1, name)
                        }
                        // What came before is told first; the kernel asks again from here on.
                        Err(_) if offset > from => return Ok(()),
                        Err(error) => return Err(error.into()),
                    }
                }
            };
            if full {
                break;
            }
        }
        Ok(())
    }

    fn content(&self, number: INodeNo, offset: u64, size: u32) -> Result<Vec<u8>, Not> {
        let (number, inode) = self.inode(number)?;
        if inode.kind() != Kind::Regular {
            return Err(Not::Code(Errno::EINVAL));
        }
        let rest = inode.size.saturating_sub(offset);
        let mut bytes = vec![0; rest.min(size.into()) as usize];
        let read = self.image.read_at(number, &inode, offset, &mut bytes)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    fn extended(&self, number: INodeNo) -> Result<Attributes, Not> {
        let (_, inode) = self.inode(number)?;
        Ok(self.image.attributes(&inode)?)
    }
}

/// Answers with bytes, or how many there are, or that they do not fit.
fn sized(bytes: &[u8], size: u32, reply: ReplyXattr) {
    match size {
        // A set has at most 335,872 bytes.
        0 => reply.size(bytes.len() as u32),
        _ if bytes.len() > size as usize => reply.error(Errno::ERANGE),
        _ => reply.data(bytes),
    }
}

impl Filesystem for Files {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        let mut wanted = |flag| config.add_capabilities(flag).is_ok();
        wanted(InitFlags::FUSE_DO_READDIRPLUS);
        wanted(InitFlags::FUSE_READDIRPLUS_AUTO);
        wanted(InitFlags::FUSE_PARALLEL_DIROPS);
        wanted(InitFlags::FUSE_CACHE_SYMLINKS);
        // Lists of access are among the attributes: the kernel asks for them, and does as they say.
        wanted(InitFlags::FUSE_POSIX_ACL);
        self.no_open = wanted(InitFlags::FUSE_NO_OPEN_SUPPORT);
        self.no_opendir = wanted(InitFlags::FUSE_NO_OPENDIR_SUPPORT);
        Ok(())
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        match self.find(parent, name) {
            Ok(Some(attributes)) => reply.entry(&FOR_EVER, &attributes, GENERATION),
            // Number 0: there is none, and there will be none.
            Ok(None) => reply.entry(
                &FOR_EVER,
                &attributes::unknown(0, Kind::Regular),
                GENERATION,
            ),
            Err(not) => reply.error(self.failed(parent, not)),
        }
    }

    fn getattr(&self, _: &Request, number: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        let found = self.inode(number);
        match found.and_then(|(number, inode)| self.attributes(number, &inode)) {
            Ok(attributes) => reply.attr(&FOR_EVER, &attributes),
            Err(not) => reply.error(self.failed(number, not)),
        }
    }

    fn readlink(&self, _: &Request, number: INodeNo, reply: ReplyData) {
        let found = self
            .inode(number)
            .and_then(|(_, inode)| match inode.kind() {
                Kind::Link => Ok(self.image.target(&inode)?),
                _ => Err(Not::Code(Errno::EINVAL)),
            });
        match found {
            Ok(target) => reply.data(&target),
            Err(not) => reply.error(self.failed(number, not)),
        }
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        match self.no_open {
            // It does not ask again, and keeps what it has.
            true => reply.error(Errno::ENOSYS),
            false => reply.opened(
                FileHandle(0),
                FopenFlags::FOPEN_KEEP_CACHE | FopenFlags::FOPEN_NOFLUSH,
            ),
        }
    }

    fn read(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.content(number, offset, size) {
            Ok(bytes) => reply.data(&bytes),
            Err(not) => reply.error(self.failed(number, not)),
        }
    }

    fn opendir(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        match self.no_opendir {
            true => reply.error(Errno::ENOSYS),
            false => reply.opened(
                FileHandle(0),
                FopenFlags::FOPEN_KEEP_CACHE | FopenFlags::FOPEN_CACHE_DIR,
            ),
        }
    }

    fn readdir(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let listed = self.entries(number, offset, &mut |inode, kind, next, name| {
            let kind = attributes::file_type(kind);
            reply.add(INodeNo(inode.into()), next, kind, name)
        });
        match listed {
            Ok(()) => reply.ok(),
            Err(not) => reply.error(self.failed(number, not)),
        }
    }

    fn readdirplus(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectoryPlus,
    ) {
        let listed = self.entries(number, offset, &mut |inode, kind, next, name| {
            // A file that cannot be looked at is listed, and asked for again when somebody looks at it.
            let (known, attributes) = match self.entry(inode, kind) {
                Ok(attributes) => (FOR_EVER, attributes),
                Err(_) => (NEVER, attributes::unknown(inode.into(), kind)),
            };
            reply.add(
                INodeNo(inode.into()),
                next,
                name,
                &known,
                &attributes,
                GENERATION,
            )
        });
        match listed {
            Ok(()) => reply.ok(),
            Err(not) => reply.error(self.failed(number, not)),
        }
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let sb = self.image.superblock();
        let blocks = sb.length.div_ceil(PIECE.into());
        let name = NAME_MAX as u32;
        reply.statfs(blocks, 0, 0, sb.inodes.into(), 0, PIECE, name, PIECE);
    }

    fn getxattr(&self, _: &Request, number: INodeNo, name: &OsStr, size: u32, reply: ReplyXattr) {
        match self.extended(number) {
            Ok(attributes) => match attributes.iter().find(|(own, _)| own == name.as_bytes()) {
                Some((_, value)) => sized(value, size, reply),
                None => reply.error(Errno::ENODATA),
            },
            Err(not) => reply.error(self.failed(number, not)),
        }
    }

    fn listxattr(&self, request: &Request, number: INodeNo, size: u32, reply: ReplyXattr) {
        match self.extended(number) {
            Ok(attributes) => {
                let mut names = Vec::new();
                for (name, _) in &attributes {
                    // As with file systems of the kernel, only root sees these.
                    if request.uid() == 0 || !name.starts_with(b"trusted.") {
                        names.extend_from_slice(name);
                        names.push(0);
                    }
                }
                sized(&names, size, reply);
            }
            Err(not) => reply.error(self.failed(number, not)),
        }
    }
}
