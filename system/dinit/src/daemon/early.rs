//! The first things that process 1 does: a console, file systems, and what the kernel sends it.

use rustix::fs::{FileType, Mode, OFlags, open};
use std::os::fd::OwnedFd;

const CONSOLE: &str = "/dev/console";

/// Makes the console standard input, output and error.
pub fn take_console() {
    let Ok(console) = open(
        CONSOLE,
        OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
        Mode::empty(),
    ) else {
        return;
    };
    let _ = rustix::stdio::dup2_stdin(&console);
    let _ = rustix::stdio::dup2_stdout(&console);
    let _ = rustix::stdio::dup2_stderr(&console);
}

/// The console once more, for our own words: not waiting, while services that share ours may.
pub fn own_console(manager: bool) -> Option<OwnedFd> {
    // A file never makes anybody wait, and is to have one place for the next word, ours or another's.
    let is_file = rustix::fs::fstat(rustix::stdio::stdout())
        .is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::RegularFile);
    if is_file {
        return rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3).ok();
    }
    let flags =
        OFlags::WRONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::APPEND | OFlags::CLOEXEC;
    let path = if manager { CONSOLE } else { "/proc/self/fd/1" };
    open(path, flags, Mode::empty())
        .or_else(|_| rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3))
        .ok()
}

/// Mounts what is not mounted and services expect, as long as there is a place for it.
pub fn mount() {
    bare::mounts::mount_all(|_, _| ());
    // The unified hierarchy, where the kernel has one.
    let cgroup = "/sys/fs/cgroup";
    let mounted = rustix::fs::statfs(cgroup).is_ok_and(|fs| fs.f_type as u64 == CGROUP2);
    if !mounted {
        use rustix::mount::{MountFlags, mount};
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        let _ = mount("cgroup2", cgroup, "cgroup2", flags, c"nsdelegate");
    }
}

/// CGROUP2_SUPER_MAGIC (`include/uapi/linux/magic.h`).
const CGROUP2: u64 = 0x6367_7270;

/// Ctrl-Alt-Del becomes a signal, and the kernel's messages leave the console to the services.
pub fn claim_machine() {
    let _ = rustix::system::reboot(rustix::system::RebootCommand::CadOff);
    bare::sys::console_messages_off();
}
