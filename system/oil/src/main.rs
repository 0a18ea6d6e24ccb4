//! `oil`, also called as `apk`.

#![deny(unsafe_code)]

mod program;

/// Its way to name threads takes the place of the C library's, which brings all of printf.
#[cfg(target_env = "musl")]
use common as _;

/// musl's own allocator gives every page back at once, asks for it again, and has one lock for all threads.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> std::process::ExitCode {
    program::run(std::env::args_os())
}
