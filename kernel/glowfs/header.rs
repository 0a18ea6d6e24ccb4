// SPDX-License-Identifier: GPL-2.0-only

//! `glowfs.h` for Rust: the structures that both sides fill, what the C parts offer, and error numbers.

use super::format::Error;
use core::{ffi::c_void, fmt::Write, ptr};

/// What the C parts offer; `glowfs.h` says what each does.
pub(crate) mod c {
    use super::Page;
    use core::ffi::c_void;

    extern "C" {
        pub(crate) fn glowfs_meta_page(sb: *mut c_void, index: u64, page: *mut Page) -> i32;
        pub(crate) fn glowfs_page_put(folio: *mut c_void);
        pub(crate) fn glowfs_pages_take(sb: *mut c_void, pages: *mut Page);
        pub(crate) fn glowfs_pages_keep(sb: *mut c_void, pages: *const Page);
        pub(crate) fn glowfs_table_read(
            sb: *mut c_void,
            at: u64,
            out: *mut u8,
            length: usize,
        ) -> i32;
        pub(crate) fn glowfs_worker_get(pool: *mut c_void) -> *mut c_void;
        pub(crate) fn glowfs_worker_put(worker: *mut c_void);
        pub(crate) fn glowfs_worker_stored(worker: *mut c_void) -> *mut u8;
        pub(crate) fn glowfs_worker_plain(worker: *mut c_void) -> *mut u8;
        pub(crate) fn glowfs_pool_size(pool: *mut c_void, length: u32) -> i32;
        pub(crate) fn glowfs_pool_dictionary(
            pool: *mut c_void,
            data: *const u8,
            length: usize,
        ) -> i32;
        pub(crate) fn glowfs_pread(
            file: *mut c_void,
            offset: u64,
            out: *mut u8,
            length: usize,
        ) -> i32;
        pub(crate) fn glowfs_digest(kind: u32, data: *const u8, length: usize, out: *mut u8)
            -> i32;
        pub(crate) fn glowfs_unlz4(worker: *mut c_void, stored: u32, plain: u32) -> i32;
        pub(crate) fn glowfs_unzstd(
            worker: *mut c_void,
            stored: u32,
            plain: u32,
            dictionary: bool,
        ) -> i32;
    }
}

/// Error numbers as functions of C's return them.
pub(crate) mod errno {
    use kernel::bindings;

    macro_rules! negative {
        ($($name:ident)*) => {
            $(pub(crate) const $name: i32 = -(bindings::$name as i32);)*
        };
    }
    negative!(EINVAL EIO EKEYREJECTED ENODATA ENOENT ENOKEY ENOMEM ERANGE);
}

/// `struct glowfs_error`.
#[repr(C)]
pub(crate) struct ErrorText {
    text: [u8; 124],
}

impl ErrorText {
    /// Writes the words, cut to the room that there is, with a zero byte at the end.
    pub(crate) fn set(&mut self, error: &Error) {
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
pub(crate) struct Require {
    pub(crate) keys: [[u8; 32]; 8],
    pub(crate) key_count: u32,
    pub(crate) has_digest: bool,
    pub(crate) digest: [u8; 32],
}

/// `struct glowfs_about`.
#[repr(C)]
pub(crate) struct About {
    pub(crate) length: u64,
    pub(crate) metadata: u64,
    pub(crate) data: u64,
    pub(crate) table: u64,
    pub(crate) inodes: u32,
    pub(crate) blocks: u32,
    pub(crate) block_log: u8,
    pub(crate) meta_log: u8,
    pub(crate) is_signed: bool,
    pub(crate) digest: [u8; 32],
}

/// `struct glowfs_attr`.
#[repr(C)]
pub(crate) struct Attr {
    pub(crate) size: u64,
    pub(crate) mtime: i64,
    pub(crate) mtime_ns: u32,
    pub(crate) links: u32,
    pub(crate) user: u32,
    pub(crate) group: u32,
    pub(crate) major: u32,
    pub(crate) minor: u32,
    pub(crate) parent: u32,
    pub(crate) mode: u16,
    pub(crate) has_xattr: bool,
}

/// `struct glowfs_piece`.
#[repr(C)]
pub(crate) struct Piece {
    pub(crate) at: u64,
    pub(crate) block: u32,
    pub(crate) offset: u32,
    pub(crate) length: u32,
    pub(crate) place: u32,
}

/// `struct glowfs_plain`.
#[repr(C)]
pub(crate) struct Plain {
    pub(crate) worker: *mut c_void,
    pub(crate) data: *const u8,
    pub(crate) length: u32,
}

/// `GLOWFS_HELD`.
pub(crate) const HELD: usize = 3;

/// `struct glowfs_page`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Page {
    pub(crate) folio: *mut c_void,
    pub(crate) data: *const u8,
    pub(crate) index: u64,
}

impl Page {
    pub(crate) const NONE: Page = Page {
        folio: ptr::null_mut(),
        data: ptr::null(),
        index: u64::MAX,
    };
}

/// Takes an entry of a directory: its name and length, the inode's number, its type; whether it wants more.
pub(crate) type Emit = unsafe extern "C" fn(*mut c_void, *const u8, u32, u32, u8) -> bool;
