//! System call numbers of the architectures that came after the table was made common
//! (`include/uapi/asm-generic/unistd.h`, or `scripts/syscall.tbl`).

pub const DUP3: usize = 24;
pub const FCNTL: usize = 25;
pub const IOCTL: usize = 29;
pub const IOPRIO_SET: usize = 30;
pub const MKDIRAT: usize = 34;
pub const UMOUNT2: usize = 39;
pub const MOUNT: usize = 40;
pub const FCHMOD: usize = 52;
pub const FCHOWN: usize = 55;
pub const OPENAT: usize = 56;
pub const CLOSE: usize = 57;
pub const READ: usize = 63;
pub const WRITE: usize = 64;
pub const FSTAT: usize = 80;
pub const SYNC: usize = 81;
pub const EXIT: usize = 93;
pub const SETITIMER: usize = 103;
pub const KILL: usize = 129;
pub const RT_SIGACTION: usize = 134;
pub const RT_SIGPROCMASK: usize = 135;
pub const RT_SIGTIMEDWAIT: usize = 137;
pub const REBOOT: usize = 142;
pub const SETSID: usize = 157;
pub const UNAME: usize = 160;
pub const SETHOSTNAME: usize = 161;
pub const CLONE: usize = 220;
pub const EXECVE: usize = 221;
pub const WAIT4: usize = 260;
pub const SECCOMP: usize = 277;
pub const CLONE3: usize = 435;
pub const MOUNT_SETATTR: usize = 442;
pub const LANDLOCK_CREATE_RULESET: usize = 444;
pub const LANDLOCK_ADD_RULE: usize = 445;
pub const LANDLOCK_RESTRICT_SELF: usize = 446;
