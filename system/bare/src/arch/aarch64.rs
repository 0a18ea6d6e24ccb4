//! aarch64: the number in x8, arguments in x0 to x5, `svc 0`.

use core::arch::asm;

/// What seccomp(2) calls this architecture (`AUDIT_ARCH_*` in `include/uapi/linux/audit.h`).
pub const AUDIT_ARCH: u32 = 0xc000_00b7;

/// Offset of `st_uid` in `struct stat` (`include/uapi/asm-generic/stat.h`).
pub const STAT_UID: usize = 24;

/// Makes the program start at `$main`.
#[macro_export]
macro_rules! start {
    ($main:path) => {
        core::arch::global_asm!(
            ".globl _start",
            "_start:",
            "mov x0, sp",
            "b {main}",
            main = sym $main,
        );
    };
}

/// Defines a system call function for a number of arguments; the first shares its register with the result.
macro_rules! syscall {
    ($name:ident: $($arg:ident = $register:tt),*) => {
        /// A system call with as many arguments as its name says (at least one).
        ///
        /// # Safety
        /// As the call itself: pointers must be good for what the kernel does with them.
        #[inline(always)]
        pub unsafe fn $name(nr: usize, first: usize, $($arg: usize),*) -> isize {
            let result;
            // SAFETY: the kernel keeps every register but that of the result; memory is the caller's promise.
            unsafe {
                asm!("svc 0", in("x8") nr, inlateout("x0") first as isize => result, $(in($register) $arg,)*
                    options(nostack));
            }
            result
        }
    };
}

syscall!(syscall1:);
syscall!(syscall2: b = "x1");
syscall!(syscall3: b = "x1", c = "x2");
syscall!(syscall4: b = "x1", c = "x2", d = "x3");
syscall!(syscall5: b = "x1", c = "x2", d = "x3", e = "x4");

/// A system call without arguments.
///
/// # Safety
/// As the call itself.
#[inline(always)]
pub unsafe fn syscall0(nr: usize) -> isize {
    // SAFETY: the caller's promise; an argument more is not looked at.
    unsafe { syscall1(nr, 0) }
}

/// Starts a child that shares this program's memory, and waits until it has run another program or ended (vfork(2)).
/// The child runs `C::run(_, _, job)` on the stack below this function's, which nobody else uses meanwhile. `nr` is
/// clone(2)'s number, with flags and 0, or clone3(2)'s, with its structure and that structure's size.
///
/// # Safety
/// The flags must hold `CLONE_VM` and `CLONE_VFORK` and name no stack, and `job` must be what `C::run` expects.
#[inline(always)]
pub unsafe fn vfork<C: crate::sys::Child>(
    nr: usize,
    first: usize,
    second: usize,
    job: &mut C,
) -> isize {
    let child;
    // SAFETY: without `nostack` the compiler keeps nothing below the stack pointer; the parent sleeps while the child
    // is there, and the child leaves by execve or exit alone. The arguments reach the child in their registers.
    unsafe {
        asm!("svc 0", "cbnz x0, 2f", "b {run}", "2:", run = sym C::run, in("x8") nr,
            inlateout("x0") first as isize => child, in("x1") second, in("x2") job);
    }
    child
}
