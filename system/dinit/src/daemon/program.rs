//! Programs that the daemon itself runs, beside those of services.

use super::signals::SIGKILL;
use crate::clock;
use crate::description::environment::Environment;
use crate::description::{Command, Description, Kind, Options};
use crate::engine::LaunchError;
use crate::launch::{self, Io, Notify, Order};
use rustix::process::{Pid, WaitOptions, waitpid};
use rustix::time::Timespec;
use std::ffi::{CString, OsStr, OsString};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;

/// Runs a program with these words, the first its path, on the daemon's own standard input and output, or with its
/// output to a descriptor.
///
/// # Errors
/// How far it came.
pub fn start(words: &[&[u8]], output: Option<BorrowedFd<'_>>) -> Result<i32, LaunchError> {
    let text: Vec<u8> = words
        .iter()
        .flat_map(|word| [word, &[0][..]].concat())
        .collect();
    let mut description = Description::new(words.first().unwrap_or(&&b""[..]), Kind::Scripted);
    description.command = Command(text.into());
    description.options = Options::UNMASK_INTR;
    let order = Order {
        description: &description,
        command: &description.command,
        environment: &Environment::of_process(),
        io: match output {
            None => Io::SharedConsole,
            Some(_) => Io::Detached {
                input: None,
                output,
            },
        },
        notify: Notify::None,
        listen: &[],
        control: None,
        cgroup: None,
        cgroup_base: b"",
    };
    launch::launch(&order).map(|child| child.pid)
}

/// Waits for the program, which is killed when it takes longer than so many milliseconds. Whether it had success; None
/// when it was killed.
pub fn wait(pid: i32, milliseconds: u64) -> Option<bool> {
    let end = clock::monotonic() + milliseconds * 1_000_000;
    let pid = Pid::from_raw(pid)?;
    loop {
        match waitpid(Some(pid), WaitOptions::NOHANG) {
            Ok(Some((_, status))) => return Some(status.exit_status() == Some(0)),
            Ok(None) if clock::monotonic() < end => {
                let moment = Timespec {
                    tv_sec: 0,
                    tv_nsec: 5_000_000,
                };
                let _ = rustix::thread::nanosleep(&moment);
            }
            Ok(None) => {
                bare::sys::kill(pid.as_raw_nonzero().get() as isize, SIGKILL as usize);
                let _ = waitpid(Some(pid), WaitOptions::empty());
                return None;
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Some(false),
        }
    }
}

/// Becomes another program, called `dinit`, with these words. The error's number when that fails (execve(2)).
pub fn become_program(program: &OsStr, words: &[OsString]) -> i32 {
    let all = [program, OsStr::new("dinit")]
        .into_iter()
        .chain(words.iter().map(OsString::as_os_str));
    let texts: Option<Vec<CString>> = all.map(|word| CString::new(word.as_bytes()).ok()).collect();
    let Some(texts) = texts else {
        return rustix::io::Errno::INVAL.raw_os_error();
    };
    let mut pointers: Vec<_> = texts[1..].iter().map(|text| text.as_ptr()).collect();
    pointers.push(std::ptr::null());
    // SAFETY: texts that end in NUL, and a list that ends in null; both outlive the call.
    unsafe { libc::execv(texts[0].as_ptr(), pointers.as_ptr()) };
    let error = std::io::Error::last_os_error().raw_os_error();
    error.unwrap_or(rustix::io::Errno::IO.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn a_program_is_run_and_waited_for() {
        let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
        let echo = start(&[b"/bin/echo", b"hello"], Some(write.as_fd())).unwrap();
        drop(write);
        assert_eq!(wait(echo, 10_000), Some(true));
        let mut said = [0; 16];
        let length = rustix::io::read(&read, &mut said).unwrap();
        assert_eq!(&said[..length], b"hello\n");
        let failing = start(&[b"/bin/false"], None).unwrap();
        assert_eq!(wait(failing, 10_000), Some(false));
        let endless = start(&[b"/bin/sleep", b"1000"], None).unwrap();
        assert_eq!(wait(endless, 20), None);
        assert_eq!(start(&[b"/no/such"], None).unwrap_err().errno, 2);
    }

    #[test]
    fn becoming_what_is_not_there_fails() {
        assert_eq!(become_program(OsStr::new("/no/such"), &["a".into()]), 2);
        assert_eq!(become_program(OsStr::new("a\0b"), &[]), 22);
    }
}
