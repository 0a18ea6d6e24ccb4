// SPDX-License-Identifier: GPL-2.0-only

//! A file of `/proc` that is a text, made anew whenever somebody reads it. Modules include it by
//! its path.

use core::marker::PhantomData;
use kernel::{
    bindings,
    prelude::*,
    seq_file::SeqFile,
    str::CStr, //
};

/// What a file says.
pub(crate) trait Show {
    fn show(file: &SeqFile);
}

/// The file, gone with this.
pub(crate) struct ProcFile<S: Show>(*mut bindings::proc_dir_entry, PhantomData<S>);

// SAFETY: The entry may be removed by any thread, and nothing else is done with it.
unsafe impl<S: Show> Send for ProcFile<S> {}
// SAFETY: As above.
unsafe impl<S: Show> Sync for ProcFile<S> {}

impl<S: Show> ProcFile<S> {
    /// Makes it in `/proc`, to be read by anyone.
    pub(crate) fn new(name: &'static CStr) -> Result<Self> {
        // SAFETY: The name is a C string, without a parent it is below /proc, and `show` is there
        // until the entry is removed.
        let entry = unsafe {
            bindings::proc_create_single_data(
                name.as_char_ptr(),
                0o444,
                core::ptr::null_mut(),
                Some(Self::show),
                core::ptr::null_mut(),
            )
        };
        // It says nothing more: the name is taken, or there is no memory.
        if entry.is_null() {
            return Err(ENOMEM);
        }
        Ok(Self(entry, PhantomData))
    }

    unsafe extern "C" fn show(file: *mut bindings::seq_file, _: *mut c_void) -> c_int {
        // SAFETY: seq_file gives its own, to this thread alone.
        S::show(unsafe { SeqFile::from_raw(file) });
        0
    }
}

impl<S: Show> Drop for ProcFile<S> {
    fn drop(&mut self) {
        // SAFETY: It is ours, and is removed once. This waits for whoever reads it.
        unsafe { bindings::proc_remove(self.0) };
    }
}
