//! The end of the machine, once no service runs: every other process is ended, file systems are unmounted, and the
//! kernel is told what to do. Each step has a limit, and none that fails keeps the next from being tried.

use super::program;
use crate::mounts;
use crate::text::Show;
use rustix::io::Errno;
use rustix::process::{WaitOptions, wait};
use rustix::time::Timespec;
use std::ffi::CStr;
use std::fmt;

/// What is to become of the machine, numbered as the control protocol numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Ending {
    /// The services stop and the daemon remains.
    Remain = 1,
    Halt = 2,
    PowerOff = 3,
    Reboot = 4,
    /// The daemon starts afresh, the kernel stays.
    SoftReboot = 5,
    Kexec = 6,
}

impl Ending {
    pub fn of(number: u8) -> Option<Self> {
        [
            Self::Remain,
            Self::Halt,
            Self::PowerOff,
            Self::Reboot,
            Self::SoftReboot,
            Self::Kexec,
        ]
        .into_iter()
        .find(|ending| *ending as u8 == number)
    }

    /// The word that a shutdown hook gets, and that messages use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Remain => "remain",
            Self::Halt => "halt",
            Self::PowerOff => "poweroff",
            Self::Reboot => "reboot",
            Self::SoftReboot => "soft",
            Self::Kexec => "kexec",
        }
    }
}

/// Programs of the administrator that unmount in our place, the first that is there (shutdown(8)).
const HOOKS: [&CStr; 2] = [c"/etc/dinit/shutdown-hook", c"/lib/dinit/shutdown-hook"];

/// Milliseconds for processes to end after TERM, and again after KILL.
const TERM_LIMIT: u64 = 2_000;
const KILL_LIMIT: u64 = 1_000;
/// Milliseconds for a hook.
const HOOK_LIMIT: u64 = 60_000;

/// Ends all other processes, unmounts, and halts, powers off or reboots. Comes back only from a soft reboot, or when
/// the kernel refused.
///
/// # Errors
/// That of reboot(2).
pub fn finish(ending: Ending, say: &mut dyn FnMut(fmt::Arguments<'_>)) -> Result<(), Errno> {
    end_processes(say);
    let unmounted = run_hook(ending, say);
    rustix::fs::sync();
    if ending == Ending::SoftReboot {
        return Ok(());
    }
    if !unmounted {
        for failure in mounts::swapoff_all() {
            say(format_args!("{failure}"));
        }
        for failure in mounts::unmount_all() {
            say(format_args!("{failure}"));
        }
        rustix::fs::sync();
    }
    use rustix::system::{RebootCommand, reboot};
    reboot(match ending {
        Ending::Halt => RebootCommand::Halt,
        Ending::Reboot => RebootCommand::Restart,
        Ending::Kexec => RebootCommand::Kexec,
        Ending::PowerOff | Ending::SoftReboot | Ending::Remain => RebootCommand::PowerOff,
    })
}

/// TERM to everybody else, and KILL to who is left after a while; who outlives that is named.
pub fn end_processes(say: &mut dyn FnMut(fmt::Arguments<'_>)) {
    if bare::sys::kill(-1, 15) < 0 || gone_within(TERM_LIMIT) {
        return;
    }
    bare::sys::kill(-1, 9);
    if !gone_within(KILL_LIMIT) {
        for (pid, name) in others() {
            say(format_args!("process {pid} ({}) does not end", Show(&name)));
        }
    }
}

/// Reaps until no other process is there that could get a signal; false when the time is over.
fn gone_within(milliseconds: u64) -> bool {
    let end = now() + milliseconds;
    loop {
        while matches!(wait(WaitOptions::NOHANG), Ok(Some(_))) {}
        if bare::sys::kill(-1, 0) < 0 {
            return true;
        }
        if now() >= end {
            return false;
        }
        pause(10);
    }
}

/// Processes of programs (not the kernel's threads) besides this one: id, name.
fn others() -> Vec<(i32, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let own = std::process::id() as i32;
    let mut others = Vec::new();
    for entry in entries.flatten() {
        let Some(id) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // A thread of the kernel has no command line.
        let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        if let Some(end) = line.iter().position(|byte| *byte == 0)
            && id != own
        {
            others.push((id, line[..end].to_vec()));
        }
    }
    others
}

/// Runs the administrator's hook; whether it said that it has unmounted.
fn run_hook(ending: Ending, say: &mut dyn FnMut(fmt::Arguments<'_>)) -> bool {
    let there = |path: &&&CStr| rustix::fs::access(**path, rustix::fs::Access::EXEC_OK).is_ok();
    let Some(hook) = HOOKS.iter().find(there) else {
        return false;
    };
    let name = Show(hook.to_bytes());
    let pid = match program::start(&[hook.to_bytes(), ending.word().as_bytes()], None) {
        Ok(pid) => pid,
        Err(error) => {
            let (stage, error) = (error.stage.text(), crate::text::Errno(error.errno));
            say(format_args!("{name} could not be run: {stage}: {error}"));
            return false;
        }
    };
    program::wait(pid, HOOK_LIMIT).unwrap_or_else(|| {
        say(format_args!(
            "{name} took more than {} s and was killed",
            HOOK_LIMIT / 1000
        ));
        false
    })
}

/// Milliseconds of CLOCK_MONOTONIC.
fn now() -> u64 {
    crate::clock::monotonic() / 1_000_000
}

fn pause(milliseconds: i64) {
    let time = Timespec {
        tv_sec: 0,
        tv_nsec: milliseconds * 1_000_000,
    };
    let _ = rustix::thread::nanosleep(&time);
}
