//! The kernel's constants, each group under the header (in `include/uapi/`) that defines it. The same on x86_64,
//! aarch64 and riscv64.

// linux/fcntl.h, asm-generic/fcntl.h
/// Paths are taken from the current directory; all of ours are absolute.
pub const AT_FDCWD: isize = -100;
pub const O_RDONLY: usize = 0;
pub const O_RDWR: usize = 2;
pub const O_NOCTTY: usize = 0o400;
pub const O_NONBLOCK: usize = 0o4000;
pub const O_CLOEXEC: usize = 0o2000000;
pub const F_SETFL: usize = 4;

// linux/mount.h, linux/fs.h
pub const MS_NOSUID: u8 = 2;
pub const MS_NODEV: u8 = 4;
pub const MS_NOEXEC: u8 = 8;
pub const MNT_DETACH: usize = 2;

// asm-generic/signal.h
pub const SIGHUP: usize = 1;
pub const SIGINT: usize = 2;
pub const SIGQUIT: usize = 3;
pub const SIGKILL: usize = 9;
pub const SIGUSR1: usize = 10;
pub const SIGUSR2: usize = 12;
pub const SIGPIPE: usize = 13;
pub const SIGALRM: usize = 14;
pub const SIGTERM: usize = 15;
pub const SIGCHLD: usize = 17;
pub const SIGTSTP: usize = 20;
pub const SIGTTIN: usize = 21;
pub const SIGTTOU: usize = 22;
pub const SIG_SETMASK: usize = 2;
/// Bytes of a signal set.
pub const SIGSET_SIZE: usize = 8;

// linux/sched.h, linux/wait.h, linux/time.h
pub const CLONE_VM: usize = 0x100;
pub const CLONE_FILES: usize = 0x400;
pub const CLONE_PIDFD: usize = 0x1000;
pub const CLONE_VFORK: usize = 0x4000;
pub const CLONE_THREAD: usize = 0x10000;
pub const CLONE_SETTLS: usize = 0x80000;
pub const CLONE_CLEAR_SIGHAND: u64 = 1 << 32;
pub const CLONE_INTO_CGROUP: u64 = 1 << 33;
pub const WNOHANG: usize = 1;
pub const ITIMER_REAL: usize = 0;

// linux/reboot.h
pub const LINUX_REBOOT_MAGIC1: u32 = 0xfee1_dead;
pub const LINUX_REBOOT_MAGIC2: u32 = 672_274_793;
pub const LINUX_REBOOT_CMD_CAD_OFF: u32 = 0;
pub const LINUX_REBOOT_CMD_RESTART: u32 = 0x0123_4567;
pub const LINUX_REBOOT_CMD_HALT: u32 = 0xcdef_0123;
pub const LINUX_REBOOT_CMD_POWER_OFF: u32 = 0x4321_fedc;

// asm-generic/errno-base.h
pub const EBADF: isize = 9;
pub const ECHILD: isize = 10;
pub const EBUSY: isize = 16;

// asm-generic/errno.h
pub const ENAMETOOLONG: isize = 36;

// asm-generic/ioctls.h
pub const TCGETS: usize = 0x5401;
pub const TCSETS: usize = 0x5402;
pub const TIOCSCTTY: usize = 0x540e;
pub const TIOCVHANGUP: usize = 0x5437;

// asm-generic/termbits-common.h, asm-generic/termbits.h
pub const ICRNL: u32 = 0x100;
pub const IXON: u32 = 0x400;
pub const IUTF8: u32 = 0x4000;
pub const OPOST: u32 = 1;
pub const ONLCR: u32 = 4;
pub const CS8: u32 = 0x30;
pub const CREAD: u32 = 0x80;
pub const CLOCAL: u32 = 0x800;
pub const ISIG: u32 = 1;
pub const ICANON: u32 = 2;
pub const ECHO: u32 = 8;
pub const ECHOE: u32 = 0x10;
pub const ECHOK: u32 = 0x20;
pub const ECHOCTL: u32 = 0x200;
pub const ECHOKE: u32 = 0x800;
pub const IEXTEN: u32 = 0x8000;
pub const VINTR: usize = 0;
pub const VQUIT: usize = 1;
pub const VERASE: usize = 2;
pub const VKILL: usize = 3;
pub const VEOF: usize = 4;
pub const VTIME: usize = 5;
pub const VMIN: usize = 6;
pub const VSWTC: usize = 7;
pub const VSTART: usize = 8;
pub const VSTOP: usize = 9;
pub const VSUSP: usize = 10;
pub const VEOL: usize = 11;
pub const VREPRINT: usize = 12;
pub const VDISCARD: usize = 13;
pub const VWERASE: usize = 14;
pub const VLNEXT: usize = 15;
pub const VEOL2: usize = 16;
