//! The C library's part in naming threads.

#![allow(unsafe_code)]

/// In place of musl's, which makes the name of a file of another thread by snprintf(3): that is all of printf, with floating point, 14 KB in a program.
/// Rust's library gives a thread its name from within it, and the kernel has a call for that (prctl(2), PR_SET_NAME).
///
/// # Safety
/// `name` is a string that ends in a zero byte.
#[cfg(all(target_env = "musl", not(test)))]
#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_setname_np(
    thread: libc::pthread_t,
    name: *const libc::c_char,
) -> libc::c_int {
    // SAFETY: of the first, none is needed; the second is given the string, as the caller has it.
    unsafe {
        if thread != libc::pthread_self() {
            return libc::ENOSYS;
        }
        match libc::prctl(libc::PR_SET_NAME, name) {
            0 => 0,
            _ => *libc::__errno_location(),
        }
    }
}
