// SPDX-License-Identifier: GPL-2.0-only

//! What the VFS's side calls for files: inodes, names, places of content, extended attributes.

use super::{
    format::{
        directory::{Directory, Entry, NAME_MAX},
        extent::{self, Extent},
        inode::{Inode, Kind},
        xattr::{Attribute, Set},
        Metadata,
    },
    header::{errno, Attr, Emit, ErrorText, Piece},
    window::Window,
    Failure, Image,
};
use core::{ffi::c_void, slice};
use kernel::prelude::*;

/// `GLOWFS_PARSED` words of `glowfs.h` are room enough.
const _: () = assert!(size_of::<Inode>() <= 72 && align_of::<Inode>() <= 8);

/// Opens the directory that this is.
fn directory(metadata: &Window<'_>, number: u32, inode: &Inode) -> Result<Directory, Failure> {
    Directory::open(metadata, metadata.superblock(), number, inode)
}

/// Reads an inode: for the calls below, and what of it the VFS's side needs.
///
/// # Safety
///
/// All pointers are valid; `parsed` has the room of an [`Inode`].
#[no_mangle]
unsafe extern "C" fn glowfs_image_inode(
    image: *const Image,
    number: u32,
    parsed: *mut Inode,
    attr: *mut Attr,
    error: *mut ErrorText,
) -> i32 {
    // SAFETY: The caller's promise.
    let (image, attr, error) = unsafe { (&*image, &mut *attr, &mut *error) };
    let outcome = Inode::read(&Window::new(image), &image.superblock, number);
    let inode = match outcome {
        Ok(inode) => inode,
        Err(failure) => return failure.into_code(error),
    };
    // SAFETY: The caller's promise.
    unsafe { parsed.write(inode) };
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
    inode: &Inode,
    name: &[u8],
    near: u32,
) -> Result<Option<(u32, Entry)>, Failure> {
    let metadata = Window::new(image);
    directory(&metadata, number, inode)?.find_near(&metadata, name, near)
}

/// Looks a name up: 0, or `-ENOENT` when there is none. `near` is the number of the entry to look at first, and becomes
/// that of the entry behind the one that was found.
///
/// # Safety
///
/// All pointers are valid, and `name` has `length` bytes.
#[no_mangle]
unsafe extern "C" fn glowfs_image_lookup(
    image: *const Image,
    number: u32,
    inode: *const Inode,
    name: *const u8,
    length: usize,
    near: *mut u32,
    found: *mut u32,
    kind: *mut u8,
    error: *mut ErrorText,
) -> i32 {
    // SAFETY: The caller's promise.
    let (image, inode, name, near, found, kind, error) = unsafe {
        (
            &*image,
            &*inode,
            slice::from_raw_parts(name, length),
            &mut *near,
            &mut *found,
            &mut *kind,
            &mut *error,
        )
    };
    match lookup(image, number, inode, name, *near) {
        Ok(Some((index, entry))) => {
            (*near, *found, *kind) = (index + 1, entry.inode, entry.kind as u8);
            0
        }
        Ok(None) => errno::ENOENT,
        Err(failure) => failure.into_code(error),
    }
}

fn entries(
    image: &Image,
    number: u32,
    inode: &Inode,
    from: u64,
    emit: impl Fn(&[u8], u32, Kind) -> bool,
) -> Result<(), Failure> {
    let metadata = Window::new(image);
    let directory = directory(&metadata, number, inode)?;
    let from = u32::try_from(from).unwrap_or(u32::MAX);
    let mut buffer = [0; NAME_MAX];
    for index in from..directory.len() {
        let entry = directory.entry(&metadata, index)?;
        let name = directory.name(&metadata, &entry, &mut buffer)?;
        if !emit(name, entry.inode, entry.kind) {
            break;
        }
    }
    Ok(())
}

/// Gives a directory's entries, from number `from` on, to `emit`, until there is none or it says that it is enough.
///
/// # Safety
///
/// All pointers are valid, and `emit` can be called with `opaque`.
#[no_mangle]
unsafe extern "C" fn glowfs_image_entries(
    image: *const Image,
    number: u32,
    inode: *const Inode,
    from: u64,
    emit: Emit,
    opaque: *mut c_void,
    error: *mut ErrorText,
) -> i32 {
    // SAFETY: The caller's promise.
    let (image, inode, error) = unsafe { (&*image, &*inode, &mut *error) };
    let give = |name: &[u8], entry: u32, kind: Kind| {
        // SAFETY: The caller's promise, and a name has at most 255 bytes.
        unsafe { emit(opaque, name.as_ptr(), name.len() as u32, entry, kind as u8) }
    };
    match entries(image, number, inode, from, give) {
        Ok(()) => 0,
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
    inode: *const Inode,
    index: u64,
    piece: *mut Piece,
    error: *mut ErrorText,
) -> i32 {
    // SAFETY: The caller's promise.
    let (image, inode, piece, error) = unsafe { (&*image, &*inode, &mut *piece, &mut *error) };
    let outcome = extent::locate(&Window::new(image), &image.superblock, number, inode, index);
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

/// The set of attributes of an inode, if it has one.
fn attributes(metadata: &Window<'_>, inode: &Inode) -> Result<Option<Set>, Failure> {
    match inode.attributes_at() {
        Some(at) => Ok(Some(Set::open(metadata, metadata.superblock(), at)?)),
        None => Ok(None),
    }
}

/// Copies an attribute's value, or says how long it is when there is no room at all.
fn value(metadata: &Window<'_>, attribute: &Attribute, out: &mut [u8]) -> Result<usize, Failure> {
    let length = usize::from(attribute.value);
    if !out.is_empty() {
        let Some(out) = out.get_mut(..length) else {
            return Err(Failure::Code(errno::ERANGE));
        };
        metadata.read(attribute.value_at(), out)?;
    }
    Ok(length)
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
    inode: *const Inode,
    name: *const u8,
    length: usize,
    out: *mut u8,
    room: usize,
    error: *mut ErrorText,
) -> isize {
    // SAFETY: The caller's promise.
    let (image, inode, name, out, error) = unsafe {
        (
            &*image,
            &*inode,
            slice::from_raw_parts(name, length),
            buffer(out, room),
            &mut *error,
        )
    };
    let metadata = Window::new(image);
    let outcome = attributes(&metadata, inode).and_then(|set| {
        let Some(set) = set else {
            return Err(Failure::Code(errno::ENODATA));
        };
        match set.find(&metadata, name)? {
            Some(attribute) => value(&metadata, &attribute, out),
            None => Err(Failure::Code(errno::ENODATA)),
        }
    });
    match outcome {
        Ok(length) => length as isize,
        Err(failure) => failure.into_code(error) as isize,
    }
}

fn list(image: &Image, inode: &Inode, out: &mut [u8], trusted: bool) -> Result<usize, Failure> {
    let metadata = Window::new(image);
    let Some(set) = attributes(&metadata, inode)? else {
        return Ok(0);
    };
    let is_counted = out.is_empty();
    let mut length = 0;
    let mut attribute = set.first(&metadata)?;
    for index in 0..set.len() {
        if index > 0 {
            attribute = set.after(&metadata, &attribute)?;
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
                metadata.read(attribute.name_at(), name)?;
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
    inode: *const Inode,
    out: *mut u8,
    room: usize,
    trusted: bool,
    error: *mut ErrorText,
) -> isize {
    // SAFETY: The caller's promise.
    let (image, inode, out, error) = unsafe { (&*image, &*inode, buffer(out, room), &mut *error) };
    match list(image, inode, out, trusted) {
        Ok(length) => length as isize,
        Err(failure) => failure.into_code(error) as isize,
    }
}
