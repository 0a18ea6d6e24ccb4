//! What the child does until it becomes the service's program. It runs on the parent's memory while the parent sleeps:
//! it allocates nothing, frees nothing, cannot panic and makes system calls only. How far it came is left in the job.
//!
//! The order is the reference's, because later steps take away what earlier ones need: files, session, limits,
//! priorities, cgroup, then user, capabilities, signals; the sandbox where it fits in between.

use super::descriptors::check;
use super::prepare::{Job, SHELL};
use crate::description::{Options, Resource};
use crate::engine::Stage;
use bare::abi;
use bare::text::Text;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Resource as Kind, Rlimit};
use rustix::stdio::stdin;
use std::ffi::CStr;

impl bare::sys::Child for Job<'_> {
    unsafe extern "C" fn run(_flags: usize, _stack: usize, job: &mut Self) -> ! {
        job.failure = Some(job.become_service());
        bare::sys::exit(127)
    }
}

impl Job<'_> {
    /// Returns only in case of error, which belongs to `self.stage`.
    fn become_service(&mut self) -> Errno {
        match self.get_ready() {
            Ok(()) => self.execute(),
            Err(errno) => errno,
        }
    }

    fn get_ready(&mut self) -> Result<(), Errno> {
        self.stage = Stage::ArrangeFds;
        if self.console.is_some() {
            // Nothing may stop the child at the terminal, as the parent waits for it.
            bare::sys::block_signals(&u64::MAX);
        }
        self.descriptors.arrange()?;
        if let Some(place) = self.listen_pid {
            let pid = rustix::process::getpid().as_raw_nonzero().get();
            self.strings.write_pid(place, pid.unsigned_abs());
        }
        self.stage = Stage::Chdir;
        self.enter_folder()?;
        self.stage = Stage::StdInOut;
        match self.console {
            None => self.detach()?,
            Some(foreground) => self.take_console(foreground)?,
        }
        self.stage = Stage::Limits;
        self.limit()?;
        self.stage = Stage::IoPriority;
        self.set_priorities()?;
        self.stage = Stage::EnterCgroup;
        self.enter_cgroup()?;
        self.hide_files()?;
        self.change_identity()?;
        self.reset_signals();
        self.restrict()?;
        self.stage = Stage::Exec;
        Ok(())
    }

    pub fn enter_folder(&self) -> Result<(), Errno> {
        match self.working_dir {
            Some(place) => rustix::process::chdir(self.strings.get(place)),
            None => Ok(()),
        }
    }

    /// Standard input to error, and a session of its own.
    fn detach(&mut self) -> Result<(), Errno> {
        let mut log = false;
        // The plan is changed while the log file's path is read.
        let mut plan = std::mem::take(&mut self.descriptors);
        let done = plan.arrange_standard(self.log_file().as_ref(), &mut log);
        // Nothing is freed in the child, not even what is empty.
        std::mem::forget(std::mem::replace(&mut self.descriptors, plan));
        if log {
            self.stage = Stage::OpenLogFile;
        }
        done?;
        // Fails only for who leads a group already.
        let _ = rustix::process::setsid();
        Ok(())
    }

    /// A group of its own on the terminal of the daemon, in a new session if no session has the terminal.
    fn take_console(&mut self, foreground: bool) -> Result<(), Errno> {
        // Notification may have been asked for at one of the first three numbers.
        let free = rustix::termios::tcgetsid(stdin()).is_err();
        self.descriptors.arrange_standard(None, &mut false)?;
        // As in the reference nothing from here on is an error: the console need not be a terminal.
        if free {
            let _ = rustix::process::setsid();
            let _ = rustix::process::ioctl_tiocsctty(stdin());
        }
        let _ = rustix::process::setpgid(None, None);
        if foreground {
            let _ = rustix::termios::tcsetpgrp(stdin(), rustix::process::getpgrp());
        }
        Ok(())
    }

    fn limit(&self) -> Result<(), Errno> {
        for (resource, soft, hard) in &self.extra.limits {
            let resource = match resource {
                Resource::Nofile => Kind::Nofile,
                Resource::Core => Kind::Core,
                Resource::Data => Kind::Data,
                Resource::Addrspace => Kind::As,
            };
            let mut limit = Rlimit {
                current: None,
                maximum: None,
            };
            if soft.is_none() || hard.is_none() {
                limit = rustix::process::getrlimit(resource);
            }
            let some = |value: u64| (value != u64::MAX).then_some(value);
            if let Some(value) = soft {
                limit.current = some(*value);
            }
            if let Some(value) = hard {
                limit.maximum = some(*value);
            }
            rustix::process::setrlimit(resource, limit)?;
        }
        Ok(())
    }

    fn set_priorities(&self) -> Result<(), Errno> {
        if let Some(nice) = self.extra.nice {
            let nice = nice.clamp(-20, 19);
            rustix::process::setpriority_process(None, nice)?;
            // A session has its own place among others (sched(7), autogroup). Not for everybody to change, and not in
            // every kernel.
            match write_number(c"/proc/self/autogroup", nice) {
                Err((false, errno)) if errno != Errno::NOENT => return Err(errno),
                _ => {}
            }
        }
        if let Some(priority) = self.extra.ioprio {
            const WHO_PROCESS: usize = 1;
            let call = bare::arch::nr::IOPRIO_SET;
            // SAFETY: no memory is passed.
            check(unsafe { bare::arch::syscall3(call, WHO_PROCESS, 0, priority as usize) })?;
        }
        if let Some(score) = self.extra.oom_score_adj {
            write_number(c"/proc/self/oom_score_adj", score).map_err(|(_, errno)| errno)?;
        }
        Ok(())
    }

    fn enter_cgroup(&self) -> Result<(), Errno> {
        let flags = OFlags::WRONLY | OFlags::CLOEXEC;
        let mut procs = None;
        if let Some(folder) = self.cgroup {
            let name = c"cgroup.procs";
            procs = Some(rustix::fs::openat(folder, name, flags, Mode::empty())?);
        } else if let Some(place) = self.cgroup_procs {
            let path = self.strings.get(place);
            procs = Some(rustix::fs::open(path, flags, Mode::empty())?);
        }
        if let Some(file) = procs {
            // 0: the writer.
            rustix::io::write(file, b"0")?;
        }
        Ok(())
    }

    /// None is held back, but for what the terminal's keys do to who has the console.
    fn reset_signals(&self) {
        let bit = |signal: usize| 1_u64 << (signal - 1);
        let mut held = 0;
        if self.console == Some(true) {
            held = bit(abi::SIGQUIT) | bit(abi::SIGTSTP) | bit(abi::SIGTTIN) | bit(abi::SIGTTOU);
            if !self.options.contains(Options::UNMASK_INTR) {
                held |= bit(abi::SIGINT);
            }
        }
        bare::sys::block_signals(&held);
    }

    /// As execvp(3): every candidate, a text file without `#!` by the shell.
    fn execute(&mut self) -> Errno {
        let mut missing = Errno::NOENT;
        let mut refused = false;
        for place in &self.candidates {
            let path = self.strings.get(*place);
            let arguments = self.arguments.get(1..).unwrap_or_default();
            match execve(path, arguments, &self.variables) {
                errno @ (Errno::NOENT | Errno::NOTDIR) => missing = errno,
                Errno::ACCESS => refused = true,
                Errno::NOEXEC => {
                    if let Some(name) = self.arguments.get_mut(1) {
                        *name = path.as_ptr().cast();
                    }
                    return match execve(SHELL, &self.arguments, &self.variables) {
                        Errno::NOENT => Errno::NOEXEC,
                        errno => errno,
                    };
                }
                errno => return errno,
            }
        }
        match refused {
            true => Errno::ACCESS,
            false => missing,
        }
    }
}

fn execve(path: &CStr, arguments: &[*const u8], variables: &[*const u8]) -> Errno {
    // SAFETY: both lists end in null and hold texts that end in NUL (Job::prepare), as does the path.
    let answer = unsafe {
        let path = Text::from_ptr(path.as_ptr().cast());
        bare::sys::execve(path, arguments, variables.as_ptr())
    };
    check(answer).err().unwrap_or(Errno::NOENT)
}

/// Writes a number to a file of /proc. In case of error also whether it was open.
fn write_number(path: &CStr, number: i32) -> Result<(), (bool, Errno)> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| (false, errno))?;
    let mut digits = [0; 12];
    let text = decimal(&mut digits, number);
    match rustix::io::write(file, text) {
        Ok(_) => Ok(()),
        Err(errno) => Err((true, errno)),
    }
}

/// The decimal digits of a number. Allocates nothing.
fn decimal(room: &mut [u8; 12], number: i32) -> &[u8] {
    let mut rest = number.unsigned_abs();
    let mut length = 0;
    for byte in room.iter_mut().rev() {
        *byte = b'0' + (rest % 10) as u8;
        rest /= 10;
        length += 1;
        if rest == 0 {
            break;
        }
    }
    let mut first = room.len() - length;
    if number < 0 {
        first -= 1;
        if let Some(byte) = room.get_mut(first) {
            *byte = b'-';
        }
    }
    room.get(first..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn decimal() {
        for number in [0, 1, -1, 19, -1000, i32::MAX, i32::MIN] {
            let mut room = [0; 12];
            let text = super::decimal(&mut room, number);
            assert_eq!(text, number.to_string().as_bytes());
        }
    }
}
