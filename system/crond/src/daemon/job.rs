//! A process of a job: how it is started, and what it says.

use super::tables::Task;
use crate::system;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{MemfdFlags, OFlags, fcntl_setfl, memfd_create};
use rustix::io::Errno;
use rustix::process::{Pid, WaitStatus};
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Lines that one run may say; the rest is read and counted.
const LINES: u32 = 1000;
/// Bytes of a line; a longer one is told in parts.
const LINE: usize = 2000;

/// A job that runs, or whose children still hold its output.
pub struct Job {
    pub task: Task,
    pub pid: Pid,
    /// None once nobody can say anything any more.
    output: Option<OwnedFd>,
    /// The process itself has ended.
    pub ended: bool,
    partial: Vec<u8>,
    lines: u32,
    left_out: u64,
}

impl Job {
    /// Starts it: by SHELL of its table (`/bin/sh`), in the user's home, with what crontab(5) says of the environment.
    ///
    /// # Errors
    /// There can be no such process: the user's limits, a shell that is not there.
    pub fn start(task: Task) -> io::Result<Self> {
        let (entry, user) = (&task.entry, &task.user);
        let set = |name: &str| {
            let found = entry.variables.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| &**value)
        };
        let home = set("HOME").unwrap_or(&user.home);
        let shell = set("SHELL").unwrap_or("/bin/sh");
        let (ours, theirs) = io::pipe()?;
        fcntl_setfl(&ours, OFlags::NONBLOCK)?;
        let errors = theirs.try_clone()?;
        let mut command = Command::new(shell);
        command
            .arg("-c")
            .arg(&entry.command)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", &user.home)
            .env("SHELL", shell)
            .envs(entry.variables.iter().map(|(name, value)| (name, value)))
            // Nobody is somebody else by a variable.
            .env("LOGNAME", &user.name)
            .env("USER", &user.name)
            .current_dir(if Path::new(home).is_dir() { home } else { "/" })
            .stdin(input(&entry.input)?)
            .stdout(theirs)
            .stderr(errors);
        system::run_as(&mut command, user);
        // Its end is heard of by SIGCHLD.
        let child = command.spawn()?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("a process without a number"))?;
        Ok(Self {
            task,
            pid,
            output: Some(ours.into()),
            ended: false,
            partial: Vec::new(),
            lines: 0,
            left_out: 0,
        })
    }

    pub fn output(&self) -> Option<BorrowedFd<'_>> {
        self.output.as_ref().map(AsFd::as_fd)
    }

    /// Whether nothing is left of it.
    pub fn is_over(&self) -> bool {
        self.ended && self.output.is_none()
    }

    /// Takes what it says, a bounded amount at a time.
    pub fn hear(&mut self, mut say: impl FnMut(&str)) {
        let mut buffer = [0; 8192];
        for _ in 0..8 {
            let Some(output) = &self.output else { return };
            match rustix::io::read(output, &mut buffer) {
                Ok(length) if length > 0 => self.take(&buffer[..length], &mut say),
                Err(Errno::AGAIN) => return,
                Err(Errno::INTR) => {}
                // All who could say something have closed it.
                _ => return self.close(&mut say),
            }
        }
    }

    fn close(&mut self, say: &mut impl FnMut(&str)) {
        self.output = None;
        let rest = std::mem::take(&mut self.partial);
        if !rest.is_empty() {
            self.line(&rest, say);
        }
        if self.left_out > 0 {
            say(&format!("and {} lines more", self.left_out));
        }
    }

    fn take(&mut self, bytes: &[u8], say: &mut impl FnMut(&str)) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(part);
            if part.ends_with(b"\n") || self.partial.len() >= LINE {
                let line = std::mem::take(&mut self.partial);
                self.line(line.strip_suffix(b"\n").unwrap_or(&line), say);
            }
        }
    }

    fn line(&mut self, line: &[u8], say: &mut impl FnMut(&str)) {
        if self.lines == LINES {
            self.left_out += 1;
            return;
        }
        self.lines += 1;
        for part in line.chunks(LINE) {
            say(&String::from_utf8_lossy(part));
        }
    }
}

/// What a job reads: its text, in memory, or nothing.
fn input(text: &str) -> io::Result<Stdio> {
    if text.is_empty() {
        return Ok(Stdio::null());
    }
    let mut file = File::from(memfd_create("crontab", MemfdFlags::CLOEXEC)?);
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file.into())
}

/// How it ended, if not well.
pub fn failure(status: WaitStatus) -> Option<String> {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(0), _) => None,
        (Some(status), _) => Some(format!("status {status}")),
        (None, Some(signal)) => Some(format!("signal {signal}")),
        (None, None) => Some("an unknown status".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{self, Kind};
    use crate::users::User;
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::process::{WaitOptions, waitpid};
    use std::rc::Rc;

    /// What the first entry of a table says, and how it ended.
    fn run(table: &str) -> (Vec<String>, Option<String>) {
        let entry = table::parse(table.as_bytes(), Kind::Users)
            .unwrap()
            .remove(0);
        let user = User {
            name: "ann".into(),
            uid: rustix::process::getuid().as_raw(),
            gid: rustix::process::getgid().as_raw(),
            groups: vec![rustix::process::getgid().as_raw()],
            home: "/nonexistent".into(),
        };
        let task = Task {
            entry: Rc::new(entry),
            user: Rc::new(user),
            file: "test".into(),
        };
        let mut job = Job::start(task).unwrap();
        let mut said = Vec::new();
        while let Some(output) = job.output() {
            poll(&mut [PollFd::from_borrowed_fd(output, PollFlags::IN)], None).unwrap();
            job.hear(|line| said.push(line.to_owned()));
        }
        let (_, status) = waitpid(Some(job.pid), WaitOptions::empty())
            .unwrap()
            .unwrap();
        job.ended = true;
        assert!(job.is_over());
        (said, failure(status))
    }

    fn lines(said: &[&str]) -> Vec<String> {
        said.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn it_has_its_environment_and_says_what_it_says() {
        let table = "A=b c\nLOGNAME=root\n* * * * * echo \"$A $LOGNAME $USER $HOME $SHELL\"; pwd; echo wrong >&2; printf end";
        let expected = ["b c ann ann /nonexistent /bin/sh", "/", "wrong", "end"];
        assert_eq!(run(table), (lines(&expected), None));
    }

    #[test]
    fn it_reads_what_stands_behind_the_percent() {
        let found = run("* * * * * cat; exit 3%one%two");
        assert_eq!(found, (lines(&["one", "two"]), Some("status 3".into())));
        assert_eq!(
            run("* * * * * cat; kill -9 $$"),
            (vec![], Some("signal 9".into()))
        );
    }

    #[test]
    fn what_it_says_is_bounded() {
        let (said, _) = run("* * * * * i=0; while [ $i -lt 1500 ]; do echo $i; i=$((i+1)); done");
        assert_eq!((said.len(), &*said[1000]), (1001, "and 500 lines more"));
        let (said, _) = run("* * * * * head -c 100000 /dev/zero | tr '\\0' x");
        assert!(said.iter().all(|line| line.len() <= LINE));
        assert_eq!(said.iter().map(String::len).sum::<usize>(), 100_000);
    }

    #[test]
    fn a_shell_that_is_not_there_is_an_error() {
        let entry = table::parse(b"SHELL=/nonexistent\n* * * * * x", Kind::Users)
            .unwrap()
            .remove(0);
        let user = User {
            name: "ann".into(),
            uid: 0,
            gid: 0,
            groups: vec![0],
            home: "/".into(),
        };
        let task = Task {
            entry: Rc::new(entry),
            user: Rc::new(user),
            file: "test".into(),
        };
        assert!(Job::start(task).is_err());
    }
}
