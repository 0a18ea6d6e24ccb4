//! Linux without a C library: system calls, the program's entry, and the kernel's constants, for the few programs that
//! must be tiny (PID 1 and getty). Everything else in Alpenglow uses std and rustix, and from here only what those lack.
//!
//! What is deliberately absent: an allocator, writable statics, `errno`, buffered output, and any formatting machinery.
//! A call returns what the kernel returned: a value from -4095 to -1 is minus the error's number (errno(3)).

#![cfg_attr(not(test), no_std)]

pub mod abi;
pub mod arch;
pub mod console;
pub mod mounts;
pub mod sys;
pub mod text;

/// Makes `$main`, an `unsafe extern "C" fn(stack: *const usize) -> !`, the first code of the program.
///
/// `stack` is what the kernel left at the stack pointer: argc, then argv and envp, each ended by a null pointer
/// (System V ABI, "Process Initialization").
///
/// Nothing in such a program may panic. That is checked: a panic that the optimizer could not rule out calls a function
/// that does not exist, and the program does not link.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[cfg(not(test))]
        $crate::start!($main);

        #[cfg(not(test))]
        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo) -> ! {
            unsafe extern "C" {
                safe fn a_bare_program_must_not_panic() -> !;
            }
            a_bare_program_must_not_panic()
        }
    };
}
