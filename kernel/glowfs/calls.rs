// SPDX-License-Identifier: GPL-2.0-only

//! What the VFS's side calls for a mount, and for what fills the page cache.

use super::{
    check,
    format::{
        superblock::{DICTIONARY_MAX, NONE},
        Error,
    },
    header::{c, errno, About, ErrorText, Plain, Require},
    longest, open, Failure, Image, Worker,
};
use core::{ffi::c_void, ptr};
use kernel::prelude::*;

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
