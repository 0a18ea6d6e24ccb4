//! System calls that neither rustix nor std has a safe form of.

#![allow(unsafe_code)]

use crate::users::User;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Seconds that local time is before UTC at a moment, by TZ or /etc/localtime as the C library reads them.
pub fn offset(moment: i64) -> i64 {
    let mut fields = MaybeUninit::<libc::tm>::uninit();
    // SAFETY: the time is read and the fields are written; where they are not, nothing of them is read.
    unsafe {
        if libc::localtime_r(&raw const moment, fields.as_mut_ptr()).is_null() {
            return 0;
        }
        fields.assume_init().tm_gmtoff
    }
}

/// Has a command run as a user, with its groups, in a session of its own.
///
/// Whoever is no root becomes nobody: the command runs as whoever we are.
pub fn run_as(command: &mut Command, user: &User) {
    let (uid, gid, groups) = (user.uid, user.gid, user.groups.clone());
    let become_user = rustix::process::geteuid().is_root();
    let good = |result: i32| match result {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    };
    let child = move || {
        // SAFETY: system calls alone, which is all that may be done between fork and exec; the list was made before.
        unsafe {
            good(libc::setsid())?;
            if become_user {
                good(libc::setgroups(groups.len() as _, groups.as_ptr()))?;
                good(libc::setgid(gid))?;
                good(libc::setuid(uid))?;
            }
        }
        Ok(())
    };
    // SAFETY: the closure makes system calls alone.
    unsafe {
        command.pre_exec(child);
    }
}
