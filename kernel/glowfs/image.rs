// SPDX-License-Identifier: GPL-2.0-only

//! GlowFS: an image, verified. What the VFS's side calls, and how blocks and nodes are read.
//!
//! The format is the code that user space reads images with. Everything that leaves here was compared with its
//! digest, from a copy that nobody else can change.

use core::{ffi::c_void, fmt::Write, ptr, slice};
use format::{
    directory::{Directory, NAME_MAX},
    extent::{self, Extent},
    filter::Filter,
    inode::{self, Inode, Kind},
    superblock::{self, Superblock, DICTIONARY_MAX, LENGTH, NONE},
    table::{self, Compression, Entry, ENTRY, FANOUT, NODE},
    xattr::{Attribute, Set},
    Error, Metadata,
};
use kernel::prelude::*;

#[allow(dead_code, unreachable_pub, clippy::all)]
#[path = "../../system/glowfs/src/format/mod.rs"]
mod format;

/// What the C parts offer; `glowfs.h` says what each does.
mod c {
    use core::ffi::c_void;

    extern "C" {
        pub(super) fn glowfs_meta_read(
            sb: *mut c_void,
            at: u64,
            out: *mut u8,
            length: usize,
        ) -> i32;
        pub(super) fn glowfs_table_read(
            sb: *mut c_void,
            at: u64,
            out: *mut u8,
            length: usize,
        ) -> i32;
        pub(super) fn glowfs_worker_get(pool: *mut c_void) -> *mut c_void;
        pub(super) fn glowfs_worker_put(worker: *mut c_void);
        pub(super) fn glowfs_worker_stored(worker: *mut c_void) -> *mut u8;
        pub(super) fn glowfs_worker_plain(worker: *mut c_void) -> *mut u8;
        pub(super) fn glowfs_pool_size(pool: *mut c_void, length: u32) -> i32;
        pub(super) fn glowfs_pool_dictionary(
            pool: *mut c_void,
            data: *const u8,
            length: usize,
        ) -> i32;
        pub(super) fn glowfs_pread(
            file: *mut c_void,
            offset: u64,
            out: *mut u8,
            length: usize,
        ) -> i32;
        pub(super) fn glowfs_digest(kind: u32, data: *const u8, length: usize, out: *mut u8)
            -> i32;
        pub(super) fn glowfs_unlz4(worker: *mut c_void, stored: u32, plain: u32) -> i32;
        pub(super) fn glowfs_unzstd(
            worker: *mut c_void,
            stored: u32,
            plain: u32,
            dictionary: bool,
        ) -> i32;
    }
}

/// Error numbers as functions of C's return them.
mod errno {
    use kernel::bindings;

    macro_rules! negative {
        ($($name:ident)*) => {
            $(pub(super) const $name: i32 = -(bindings::$name as i32);)*
        };
    }
    negative!(EINVAL EIO EKEYREJECTED ENODATA ENOENT ENOKEY ENOMEM ERANGE);
}

/// `struct glowfs_error`.
#[repr(C)]
struct ErrorText {
    text: [u8; 124],
}

impl ErrorText {
    /// Writes the words, cut to the room that there is, with a zero byte at the end.
    fn set(&mut self, error: &Error) {
        struct Cursor<'a>(&'a mut [u8], usize);
        impl Write for Cursor<'_> {
            fn write_str(&mut self, text: &str) -> core::fmt::Result {
                let room = self.0.len().saturating_sub(self.1);
                let part = text.len().min(room);
                if let (Some(place), Some(bytes)) = (
                    self.0.get_mut(self.1..self.1 + part),
                    text.as_bytes().get(..part),
                ) {
                    place.copy_from_slice(bytes);
                    self.1 += part;
                }
                Ok(())
            }
        }
        self.text = [0; 124];
        let _ = write!(Cursor(&mut self.text[..123], 0), "{error}");
    }
}

/// `struct glowfs_require`.
#[repr(C)]
struct Require {
    keys: [[u8; 32]; 8],
    key_count: u32,
    has_digest: bool,
    digest: [u8; 32],
}

/// `struct glowfs_about`.
#[repr(C)]
struct About {
    length: u64,
    metadata: u64,
    data: u64,
    table: u64,
    inodes: u32,
    blocks: u32,
    block_log: u8,
    meta_log: u8,
    is_signed: bool,
    digest: [u8; 32],
}

/// `struct glowfs_attr`.
#[repr(C)]
struct Attr {
    size: u64,
    mtime: i64,
    mtime_ns: u32,
    links: u32,
    user: u32,
    group: u32,
    major: u32,
    minor: u32,
    parent: u32,
    mode: u16,
    has_xattr: bool,
}

/// `struct glowfs_piece`.
#[repr(C)]
struct Piece {
    at: u64,
    block: u32,
    offset: u32,
    length: u32,
    place: u32,
}

/// `struct glowfs_plain`.
#[repr(C)]
struct Plain {
    worker: *mut c_void,
    data: *const u8,
    length: u32,
}

/// Why something could not be done.
enum Failure {
    /// The image is wrong.
    Image(Error),
    /// Something else is, or it was said already where it was found.
    Code(i32),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Image(error)
    }
}

impl Failure {
    /// The error number, after the words were put where they belong.
    fn into_code(self, error: &mut ErrorText) -> i32 {
        match self {
            Failure::Code(number) => number,
            Failure::Image(what) => {
                error.set(&what);
                match what {
                    Error::Magic | Error::Version(_) | Error::Features(_) => errno::EINVAL,
                    Error::Unsigned => errno::ENOKEY,
                    Error::Identity | Error::Signature => errno::EKEYREJECTED,
                    _ => errno::EIO,
                }
            }
        }
    }
}

/// The result of a function of C's: 0 or an error number.
fn check(result: i32) -> Result<(), Failure> {
    if result == 0 {
        Ok(())
    } else {
        Err(Failure::Code(result))
    }
}

/// An image that is mounted.
struct Image {
    sb: *mut c_void,
    file: *mut c_void,
    pool: *mut c_void,
    superblock: Superblock,
}

/// A worker, given back when it goes.
struct Worker(*mut c_void);

impl Drop for Worker {
    fn drop(&mut self) {
        // SAFETY: It was got by `Image::worker`, and is given back once.
        unsafe { c::glowfs_worker_put(self.0) }
    }
}

impl Worker {
    /// Hands it over to C, with what it has.
    fn into_plain(self, is_stored: bool, length: u32) -> Plain {
        let worker = self.0;
        core::mem::forget(self);
        // SAFETY: The worker is held.
        let data = unsafe {
            if is_stored {
                c::glowfs_worker_stored(worker).cast_const()
            } else {
                c::glowfs_worker_plain(worker).cast_const()
            }
        };
        Plain {
            worker,
            data,
            length,
        }
    }
}

impl Metadata for Image {
    type Error = Failure;

    fn read(&self, at: u64, out: &mut [u8]) -> Result<(), Failure> {
        if at
            .checked_add(out.len() as u64)
            .is_none_or(|end| end > self.superblock.metadata)
        {
            return Err(Error::Metadata(at).into());
        }
        // SAFETY: `sb` lives as long as the image, and `out` has this length.
        check(unsafe { c::glowfs_meta_read(self.sb, at, out.as_mut_ptr(), out.len()) })
    }
}

impl Image {
    fn digest(&self, data: &[u8]) -> Result<[u8; 32], Failure> {
        digest(self.superblock.digest, data)
    }

    fn worker(&self) -> Result<Worker, Failure> {
        // SAFETY: The pool lives as long as the image.
        let worker = unsafe { c::glowfs_worker_get(self.pool) };
        if worker.is_null() {
            Err(Failure::Code(errno::ENOMEM))
        } else {
            Ok(Worker(worker))
        }
    }

    /// Nodes before those of `level`, counted as full ones.
    fn nodes_before(&self, level: u8) -> u64 {
        (0..level)
            .map(|level| u64::from(table::entries(self.superblock.blocks, level + 1)))
            .sum()
    }

    /// Entry `index` of a level, from the page cache's nodes or the superblock, checked.
    fn entry(&self, level: u8, index: u32) -> Result<Entry, Failure> {
        let top = self.superblock.levels;
        if level == top {
            return if index == 0 {
                Ok(self.superblock.top)
            } else {
                Err(Error::Block(index).into())
            };
        }
        if level > top || index >= table::entries(self.superblock.blocks, level) {
            return Err(Error::Block(index).into());
        }
        let node = self.nodes_before(level) + u64::from(index / FANOUT);
        let at = node * NODE as u64 + u64::from(index % FANOUT) * ENTRY as u64;
        let mut bytes = [0; ENTRY];
        // SAFETY: `sb` lives as long as the image, and `bytes` has this length.
        check(unsafe { c::glowfs_table_read(self.sb, at, bytes.as_mut_ptr(), ENTRY) })?;
        let entry = Entry::decode(&bytes);
        entry.check(level, index, &self.superblock)?;
        Ok(entry)
    }

    /// Reads what an entry says into a worker and compares it; `wrong` is what to say when it differs.
    fn stored(&self, entry: &Entry, wrong: Error) -> Result<Worker, Failure> {
        if entry.plain() > self.longest() {
            return Err(wrong.into());
        }
        let worker = self.worker()?;
        // SAFETY: A worker's buffer has `longest` bytes, nobody else uses it while the worker is held, and the file lives as
        // long as the image.
        let data = unsafe {
            let buffer = c::glowfs_worker_stored(worker.0);
            check(c::glowfs_pread(
                self.file,
                entry.offset,
                buffer,
                entry.stored as usize,
            ))?;
            slice::from_raw_parts(buffer, entry.stored as usize)
        };
        if self.digest(data)? != entry.digest {
            return Err(wrong.into());
        }
        Ok(worker)
    }

    /// Bytes that a worker's buffers have.
    fn longest(&self) -> u32 {
        longest(&self.superblock)
    }

    /// Block `block`, plain.
    fn block(&self, block: u32) -> Result<Plain, Failure> {
        let entry = self.entry(0, block)?;
        let worker = self.stored(&entry, Error::BlockDigest(block))?;
        let (stored, plain) = (entry.stored, entry.plain());
        // SAFETY: The worker is held and its first `stored` bytes are filled; both lengths are within its buffers.
        let result = unsafe {
            match entry.compression() {
                Some(Compression::None) => return Ok(worker.into_plain(true, plain)),
                Some(Compression::Lz4) => c::glowfs_unlz4(worker.0, stored, plain),
                Some(Compression::Zstd) => c::glowfs_unzstd(worker.0, stored, plain, false),
                Some(Compression::ZstdDictionary) => {
                    c::glowfs_unzstd(worker.0, stored, plain, true)
                }
                None => errno::EIO,
            }
        };
        if result == errno::ENOMEM {
            return Err(Failure::Code(result));
        }
        if result != 0 {
            return Err(Error::Compression(block).into());
        }
        match entry.filter() {
            Some(Filter::None) => {}
            // SAFETY: The worker is held, and `plain` bytes of its buffer are filled.
            Some(filter) => filter.decode(unsafe {
                slice::from_raw_parts_mut(c::glowfs_worker_plain(worker.0), plain as usize)
            }),
            None => return Err(Error::Compression(block).into()),
        }
        Ok(worker.into_plain(false, plain))
    }

    /// Node `index` of all nodes, counted from level 0 on.
    fn node(&self, index: u64) -> Result<Plain, Failure> {
        let mut before = 0;
        for level in 0..self.superblock.levels {
            let nodes = u64::from(table::entries(self.superblock.blocks, level + 1));
            if index < before + nodes {
                let node = (index - before) as u32;
                let wrong = Error::NodeDigest { level, index: node };
                let entry = self.entry(level + 1, node)?;
                if u64::from(entry.stored)
                    != table::node_length(self.superblock.blocks, level, node)
                {
                    return Err(Error::Entry {
                        level: level + 1,
                        index: node,
                        what: "length of the node",
                    }
                    .into());
                }
                let worker = self.stored(&entry, wrong)?;
                return Ok(worker.into_plain(true, entry.stored));
            }
            before += nodes;
        }
        Err(Failure::Code(errno::EIO))
    }

    /// The set of attributes of an inode, if it has one.
    fn attributes(
        &self,
        number: u32,
        record: &[u8; inode::LENGTH],
    ) -> Result<Option<Set>, Failure> {
        let inode = Inode::parse(record, number, &self.superblock)?;
        match inode.attributes_at() {
            Some(at) => Ok(Some(Set::open(self, &self.superblock, at)?)),
            None => Ok(None),
        }
    }

    /// Copies an attribute's value, or says how long it is when there is no room at all.
    fn value(&self, attribute: &Attribute, out: &mut [u8]) -> Result<usize, Failure> {
        let length = usize::from(attribute.value);
        if !out.is_empty() {
            let Some(out) = out.get_mut(..length) else {
                return Err(Failure::Code(errno::ERANGE));
            };
            self.read(attribute.value_at(), out)?;
        }
        Ok(length)
    }
}

fn digest(kind: superblock::Digest, data: &[u8]) -> Result<[u8; 32], Failure> {
    let mut out = [0; 32];
    // SAFETY: Both are as long as is said.
    check(unsafe { c::glowfs_digest(kind as u32, data.as_ptr(), data.len(), out.as_mut_ptr()) })?;
    Ok(out)
}

fn longest(superblock: &Superblock) -> u32 {
    let dictionary = if superblock.has_dictionary() {
        DICTIONARY_MAX
    } else {
        0
    };
    superblock
        .block_size()
        .max(superblock.meta_size())
        .max(NODE as u32)
        .max(dictionary)
}

/// Reads and checks a superblock.
fn open(
    file: *mut c_void,
    size: u64,
    require: &Require,
    about: &mut About,
) -> Result<Superblock, Failure> {
    if size < LENGTH as u64 {
        return Err(Error::Magic.into());
    }
    let mut bytes = KBox::new([0; LENGTH], GFP_KERNEL).map_err(|_| Failure::Code(errno::ENOMEM))?;
    // SAFETY: The file is open, and there is room for this length.
    check(unsafe { c::glowfs_pread(file, 0, bytes.as_mut_ptr(), LENGTH) })?;
    let found = Superblock::parse(&bytes)?;
    let signed = bytes.get(..superblock::SIGNED).unwrap_or(&[]);
    let digest = digest(found.digest, signed)?;
    if require.has_digest && digest != require.digest {
        return Err(Error::Identity.into());
    }
    let keys = require
        .keys
        .get(..require.key_count as usize)
        .unwrap_or(&[]);
    if !keys.is_empty() {
        superblock::verify(&bytes, keys)?;
    }
    if size < found.length {
        return Err(Error::Truncated {
            found: size,
            length: found.length,
        }
        .into());
    }
    let nodes: u64 = (0..found.levels)
        .map(|level| u64::from(table::entries(found.blocks, level + 1)))
        .sum();
    *about = About {
        length: found.length,
        metadata: found.metadata,
        data: found.data,
        table: nodes * NODE as u64,
        inodes: found.inodes,
        blocks: found.blocks,
        block_log: found.block_log,
        meta_log: found.meta_log,
        is_signed: !keys.is_empty(),
        digest,
    };
    Ok(found)
}

/// Opens an image.
///
/// # Safety
///
/// All pointers are valid; `sb`, `file` and `pool` for as long as the image is open.
#[no_mangle]
unsafe extern "C" fn glowfs_image_open(
    sb: *mut c_void,
    file: *mut c_void,
    size: u64,
    pool: *mut c_void,
    require: *const Require,
    image: *mut *mut Image,
    about: *mut About,
    error: *mut ErrorText,
) -> i32 {
    // SAFETY: The caller's promise.
    let (require, about, error) = unsafe { (&*require, &mut *about, &mut *error) };
    let outcome = open(file, size, require, about).and_then(|superblock| {
        // SAFETY: The caller's promise.
        check(unsafe { c::glowfs_pool_size(pool, longest(&superblock)) })?;
        let opened = Image {
            sb,
            file,
            pool,
            superblock,
        };
        KBox::new(opened, GFP_KERNEL).map_err(|_| Failure::Code(errno::ENOMEM))
    });
    match outcome {
        Ok(opened) => {
            // SAFETY: The caller's promise.
            unsafe { *image = KBox::into_raw(opened) };
            0
        }
        Err(failure) => failure.into_code(error),
    }
}

/// Closes an image.
///
/// # Safety
///
/// It came from [`glowfs_image_open`], or is null, and is not used any more.
#[no_mangle]
unsafe extern "C" fn glowfs_image_close(image: *mut Image) {
    if !image.is_null() {
        // SAFETY: The caller's promise.
        drop(unsafe { KBox::from_raw(image) });
    }
}

/// Reads the dictionary, if there is one, and gives it to the pool.
///
/// # Safety
///
/// Both pointers are valid.
#[no_mangle]
unsafe extern "C" fn glowfs_image_dictionary(image: *const Image, error: *mut ErrorText) -> i32 {
    // SAFETY: The caller's promise.
    let (image, error) = unsafe { (&*image, &mut *error) };
    if image.superblock.dictionary == NONE {
        return 0;
    }
    let plain = match image.block(image.superblock.dictionary) {
        Ok(plain) => plain,
        Err(failure) => return failure.into_code(error),
    };
    let _worker = Worker(plain.worker);
    if plain.length > DICTIONARY_MAX {
        return Failure::Image(Error::Block(image.superblock.dictionary)).into_code(error);
    }
    // SAFETY: The worker is held, and has this many bytes.
    unsafe { c::glowfs_pool_dictionary(image.pool, plain.data, plain.length as usize) }
}

/// Reads an inode's record.
///
/// # Safety
///
/// All pointers are valid.
#[no_mangle]
unsafe extern "C" fn glowfs_image_inode(
    image: *const Image,
    number: u32,
    record: *mut [u8; inode::LENGTH],
    attr: *mut Attr,
    error: *mut ErrorText,
) -> i32 {
    // SAFETY: The caller's promise.
    let (image, record, attr, error) = unsafe { (&*image, &mut *record, &mut *attr, &mut *error) };
    let outcome = Inode::read(image, &image.superblock, number);
    let inode = match outcome {
        Ok(inode) => inode,
        Err(failure) => return failure.into_code(error),
    };
    *record = inode.encode();
    let (major, minor) = inode.device();
    *attr = Attr {
        size: inode.size,
        mtime: inode.modified.0,
        mtime_ns: inode.modified.1,
        links: inode.links,
        user: inode.user,
        group: inode.group,
        major,
        minor,
        parent: inode.first,
        mode: inode.mode,
        has_xattr: inode.attributes != 0,
    };
    0
}

fn lookup(
    image: &Image,
    number: u32,
    record: &[u8; inode::LENGTH],
    name: &[u8],
) -> Result<Option<(u32, Kind)>, Failure> {
    let inode = Inode::parse(record, number, &image.superblock)?;
    let directory = Directory::open(image, &image.superblock, number, &inode)?;
    Ok(directory
        .find(image, name)?
        .map(|entry| (entry.inode, entry.kind)))
}

/// Looks a name up: 0, or `-ENOENT` when there is none.
///
/// # Safety
///
/// All pointers are valid, and `name` has `length` bytes.
#[no_mangle]
unsafe extern "C" fn glowfs_image_lookup(
    image: *const Image,
    number: u32,
    record: *const [u8; inode::LENGTH],
    name: *const u8,
    length: usize,
    found: *mut u32,
    kind: *mut u8,
    error: *mut ErrorText,
) -> i32 {
    // SAFETY: The caller's promise.
    let (image, record, name, found, kind, error) = unsafe {
        (
            &*image,
            &*record,
            slice::from_raw_parts(name, length),
            &mut *found,
            &mut *kind,
            &mut *error,
        )
    };
    match lookup(image, number, record, name) {
        Ok(Some((inode, of))) => {
            (*found, *kind) = (inode, of as u8);
            0
        }
        Ok(None) => errno::ENOENT,
        Err(failure) => failure.into_code(error),
    }
}

fn entry(
    image: &Image,
    number: u32,
    record: &[u8; inode::LENGTH],
    index: u64,
    name: &mut [u8; NAME_MAX],
) -> Result<Option<(u32, Kind, usize)>, Failure> {
    let inode = Inode::parse(record, number, &image.superblock)?;
    let directory = Directory::open(image, &image.superblock, number, &inode)?;
    let Some(index) = u32::try_from(index)
        .ok()
        .filter(|index| *index < directory.len())
    else {
        return Ok(None);
    };
    let entry = directory.entry(image, index)?;
    let length = directory.name(image, &entry, name)?.len();
    Ok(Some((entry.inode, entry.kind, length)))
}

/// Entry `index` of a directory: the length of its name, or `-ENOENT` after the last one.
///
/// # Safety
///
/// All pointers are valid.
#[no_mangle]
unsafe extern "C" fn glowfs_image_entry(
    image: *const Image,
    number: u32,
    record: *const [u8; inode::LENGTH],
    index: u64,
    found: *mut u32,
    kind: *mut u8,
    name: *mut [u8; NAME_MAX],
    error: *mut ErrorText,
) -> i32 {
    // SAFETY: The caller's promise.
    let (image, record, found, kind, name, error) = unsafe {
        (
            &*image,
            &*record,
            &mut *found,
            &mut *kind,
            &mut *name,
            &mut *error,
        )
    };
    match entry(image, number, record, index, name) {
        Ok(Some((inode, of, length))) => {
            (*found, *kind) = (inode, of as u8);
            length as i32
        }
        Ok(None) => errno::ENOENT,
        Err(failure) => failure.into_code(error),
    }
}

/// Where a piece of a file is.
///
/// # Safety
///
/// All pointers are valid.
#[no_mangle]
unsafe extern "C" fn glowfs_image_piece(
    image: *const Image,
    number: u32,
    record: *const [u8; inode::LENGTH],
    index: u64,
    piece: *mut Piece,
    error: *mut ErrorText,
) -> i32 {
    // SAFETY: The caller's promise.
    let (image, record, piece, error) = unsafe { (&*image, &*record, &mut *piece, &mut *error) };
    let outcome = Inode::parse(record, number, &image.superblock)
        .map_err(Failure::from)
        .and_then(|inode| extent::locate(image, &image.superblock, number, &inode, index));
    let (extent, length) = match outcome {
        Ok(found) => found,
        Err(failure) => return failure.into_code(error),
    };
    *piece = match extent {
        Extent::Hole => Piece {
            at: 0,
            block: 0,
            offset: 0,
            length,
            place: 0,
        },
        Extent::Inline(at) => Piece {
            at,
            block: 0,
            offset: 0,
            length,
            place: 1,
        },
        Extent::Block(block) => Piece {
            at: 0,
            block,
            offset: 0,
            length,
            place: 2,
        },
        Extent::Tail(block, offset) => Piece {
            at: 0,
            block,
            offset,
            length,
            place: 3,
        },
    };
    0
}

/// Hands what was read over, or its error.
fn give(outcome: Result<Plain, Failure>, plain: &mut Plain, error: &mut ErrorText) -> i32 {
    match outcome {
        Ok(found) => {
            *plain = found;
            0
        }
        Err(failure) => {
            *plain = Plain {
                worker: ptr::null_mut(),
                data: ptr::null(),
                length: 0,
            };
            failure.into_code(error)
        }
    }
}

/// A block of data, plain: at most as long as blocks of data are.
///
/// # Safety
///
/// All pointers are valid. The worker is to be given back.
#[no_mangle]
unsafe extern "C" fn glowfs_image_block(
    image: *const Image,
    block: u32,
    plain: *mut Plain,
    error: *mut ErrorText,
) -> i32 {
    // SAFETY: The caller's promise.
    let (image, plain, error) = unsafe { (&*image, &mut *plain, &mut *error) };
    let outcome = image.block(block).and_then(|found| {
        if found.length > image.superblock.block_size() {
            drop(Worker(found.worker));
            return Err(Error::Block(block).into());
        }
        Ok(found)
    });
    give(outcome, plain, error)
}

/// A block of the metadata, plain, counted from its first.
///
/// # Safety
///
/// All pointers are valid. The worker is to be given back.
#[no_mangle]
unsafe extern "C" fn glowfs_image_meta_block(
    image: *const Image,
    index: u64,
    plain: *mut Plain,
    error: *mut ErrorText,
) -> i32 {
    // SAFETY: The caller's promise.
    let (image, plain, error) = unsafe { (&*image, &mut *plain, &mut *error) };
    let superblock = &image.superblock;
    let outcome = if index < superblock.meta_blocks() {
        // `Superblock::parse` has seen that all of these are there.
        let block = superblock.first_meta + index as u32;
        image.block(block).and_then(|found| {
            if u64::from(found.length) != superblock.meta_length(index) {
                drop(Worker(found.worker));
                return Err(Error::Block(block).into());
            }
            Ok(found)
        })
    } else {
        Err(Error::Metadata(index << superblock.meta_log).into())
    };
    give(outcome, plain, error)
}

/// A node of the table, counted from level 0 on.
///
/// # Safety
///
/// All pointers are valid. The worker is to be given back.
#[no_mangle]
unsafe extern "C" fn glowfs_image_node(
    image: *const Image,
    index: u64,
    plain: *mut Plain,
    error: *mut ErrorText,
) -> i32 {
    // SAFETY: The caller's promise.
    let (image, plain, error) = unsafe { (&*image, &mut *plain, &mut *error) };
    give(image.node(index), plain, error)
}

/// A buffer of C's; none when it has no length.
///
/// # Safety
///
/// `out` has `room` bytes.
unsafe fn buffer<'a>(out: *mut u8, room: usize) -> &'a mut [u8] {
    if room == 0 || out.is_null() {
        return &mut [];
    }
    // SAFETY: The caller's promise.
    unsafe { slice::from_raw_parts_mut(out, room) }
}

/// An attribute's value: its length, `-ENODATA`, or `-ERANGE`.
///
/// # Safety
///
/// All pointers are valid, and have the lengths beside them.
#[no_mangle]
unsafe extern "C" fn glowfs_image_xattr(
    image: *const Image,
    number: u32,
    record: *const [u8; inode::LENGTH],
    name: *const u8,
    length: usize,
    out: *mut u8,
    room: usize,
    error: *mut ErrorText,
) -> isize {
    // SAFETY: The caller's promise.
    let (image, record, name, out, error) = unsafe {
        (
            &*image,
            &*record,
            slice::from_raw_parts(name, length),
            buffer(out, room),
            &mut *error,
        )
    };
    let outcome = image.attributes(number, record).and_then(|set| {
        let Some(set) = set else {
            return Err(Failure::Code(errno::ENODATA));
        };
        match set.find(image, name)? {
            Some(attribute) => image.value(&attribute, out),
            None => Err(Failure::Code(errno::ENODATA)),
        }
    });
    match outcome {
        Ok(length) => length as isize,
        Err(failure) => failure.into_code(error) as isize,
    }
}

fn list(
    image: &Image,
    number: u32,
    record: &[u8; inode::LENGTH],
    out: &mut [u8],
    trusted: bool,
) -> Result<usize, Failure> {
    let Some(set) = image.attributes(number, record)? else {
        return Ok(0);
    };
    let is_counted = out.is_empty();
    let mut length = 0;
    let mut attribute = set.first(image)?;
    for index in 0..set.len() {
        if index > 0 {
            attribute = set.after(image, &attribute)?;
        }
        if attribute.prefix == 2 && !trusted {
            continue;
        }
        let prefix = attribute.prefix();
        let end = length + prefix.len() + usize::from(attribute.name) + 1;
        if !is_counted {
            let Some(place) = out.get_mut(length..end) else {
                return Err(Failure::Code(errno::ERANGE));
            };
            let (first, rest) = place.split_at_mut(prefix.len());
            first.copy_from_slice(prefix);
            if let Some((last, name)) = rest.split_last_mut() {
                image.read(attribute.name_at(), name)?;
                *last = 0;
            }
        }
        length = end;
    }
    Ok(length)
}

/// All names, each with a zero byte behind it: their length, or `-ERANGE`.
///
/// # Safety
///
/// All pointers are valid, and have the lengths beside them.
#[no_mangle]
unsafe extern "C" fn glowfs_image_xattr_list(
    image: *const Image,
    number: u32,
    record: *const [u8; inode::LENGTH],
    out: *mut u8,
    room: usize,
    trusted: bool,
    error: *mut ErrorText,
) -> isize {
    // SAFETY: The caller's promise.
    let (image, record, out, error) =
        unsafe { (&*image, &*record, buffer(out, room), &mut *error) };
    match list(image, number, record, out, trusted) {
        Ok(length) => length as isize,
        Err(failure) => failure.into_code(error) as isize,
    }
}
