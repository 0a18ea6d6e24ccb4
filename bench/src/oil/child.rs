//! A program that is run, and what it took.

use super::job::Cost;
use nix::libc;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};
use std::time::Instant;

/// Runs a program to its end.
///
/// # Errors
/// When it cannot be started.
pub fn run(command: &mut Command) -> io::Result<(ExitStatus, Cost)> {
    let start = Instant::now();
    let child = command.spawn()?;
    let pid = libc::pid_t::try_from(child.id()).map_err(io::Error::other)?;
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // Neither std nor rustix nor nix tells what one child took.
    // SAFETY: both pointers are to places of their own, and zeros are an rusage.
    let usage = unsafe {
        if libc::wait4(pid, &raw mut status, 0, usage.as_mut_ptr()) != pid {
            return Err(io::Error::last_os_error());
        }
        usage.assume_init()
    };
    #[allow(clippy::cast_precision_loss)] // Figures of a run are far below 2^53.
    let ms = |time: libc::timeval| time.tv_sec as f64 * 1e3 + time.tv_usec as f64 / 1e3;
    let cost = Cost {
        wall_ms: start.elapsed().as_secs_f64() * 1e3,
        cpu_ms: ms(usage.ru_utime) + ms(usage.ru_stime),
        #[allow(clippy::cast_precision_loss)]
        peak_kib: usage.ru_maxrss as f64,
    };
    Ok((ExitStatus::from_raw(status), cost))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_takes_something_and_has_a_status() {
        let (status, cost) = run(Command::new("sh").args(["-c", "exit 3"])).unwrap();
        assert_eq!(status.code(), Some(3));
        assert!(cost.wall_ms > 0.0 && cost.peak_kib > 0.0);
        assert!(run(&mut Command::new("/nowhere")).is_err());
    }
}
