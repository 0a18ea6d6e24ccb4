//! x86_64: System V ABI, "Linux Conventions"; numbers from `arch/x86/entry/syscalls/syscall_64.tbl`.

use core::arch::asm;

/// System call numbers.
pub mod nr {
    pub const READ: usize = 0;
    pub const WRITE: usize = 1;
    pub const CLOSE: usize = 3;
    pub const FSTAT: usize = 5;
    pub const RT_SIGACTION: usize = 13;
    pub const RT_SIGPROCMASK: usize = 14;
    pub const IOCTL: usize = 16;
    pub const SETITIMER: usize = 38;
    pub const CLONE: usize = 56;
    pub const EXECVE: usize = 59;
    pub const EXIT: usize = 60;
    pub const WAIT4: usize = 61;
    pub const KILL: usize = 62;
    pub const UNAME: usize = 63;
    pub const FCNTL: usize = 72;
    pub const FCHMOD: usize = 91;
    pub const FCHOWN: usize = 93;
    pub const SYSLOG: usize = 103;
    pub const SETSID: usize = 112;
    pub const RT_SIGTIMEDWAIT: usize = 128;
    pub const SYNC: usize = 162;
    pub const MOUNT: usize = 165;
    pub const UMOUNT2: usize = 166;
    pub const SWAPOFF: usize = 168;
    pub const REBOOT: usize = 169;
    pub const SETHOSTNAME: usize = 170;
    pub const IOPRIO_SET: usize = 251;
    pub const OPENAT: usize = 257;
    pub const MKDIRAT: usize = 258;
    pub const SIGNALFD4: usize = 289;
    pub const DUP3: usize = 292;
    pub const SECCOMP: usize = 317;
    pub const CLONE3: usize = 435;
    pub const MOUNT_SETATTR: usize = 442;
    pub const LANDLOCK_CREATE_RULESET: usize = 444;
    pub const LANDLOCK_ADD_RULE: usize = 445;
    pub const LANDLOCK_RESTRICT_SELF: usize = 446;
}

/// What seccomp(2) calls this architecture (`AUDIT_ARCH_*` in `include/uapi/linux/audit.h`).
pub const AUDIT_ARCH: u32 = 0xc000_003e;

/// Offset of `st_uid` in `struct stat` (`arch/x86/include/uapi/asm/stat.h`).
pub const STAT_UID: usize = 28;

/// Makes the program start at `$main`. The kernel enters with a stack aligned to 16 bytes, as a call expects.
#[macro_export]
macro_rules! start {
    ($main:path) => {
        core::arch::global_asm!(
            ".globl _start",
            "_start:",
            "mov rdi, rsp",
            "call {main}",
            main = sym $main,
        );
    };
}

/// Defines a system call function for a number of arguments.
macro_rules! syscall {
    ($name:ident: $($arg:ident = $register:tt),*) => {
        /// A system call with as many arguments as its name says.
        ///
        /// # Safety
        /// As the call itself: pointers must be good for what the kernel does with them.
        #[inline(always)]
        pub unsafe fn $name(nr: usize, $($arg: usize),*) -> isize {
            let result;
            // SAFETY: the kernel keeps every register but those named as outputs; memory is the caller's promise.
            unsafe {
                asm!("syscall", inlateout("rax") nr as isize => result, $(in($register) $arg,)* out("rcx") _,
                    out("r11") _, options(nostack));
            }
            result
        }
    };
}

syscall!(syscall0:);
syscall!(syscall1: a = "rdi");
syscall!(syscall2: a = "rdi", b = "rsi");
syscall!(syscall3: a = "rdi", b = "rsi", c = "rdx");
syscall!(syscall4: a = "rdi", b = "rsi", c = "rdx", d = "r10");
syscall!(syscall5: a = "rdi", b = "rsi", c = "rdx", d = "r10", e = "r8");

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
        asm!("syscall", "test eax, eax", "jnz 2f", "and rsp, -16", "call {run}", "2:", run = sym C::run,
            inlateout("rax") nr as isize => child, in("rdi") first, in("rsi") second, in("rdx") job,
            out("rcx") _, out("r11") _);
    }
    child
}
