//! Runs programs in the root: packages' scripts, triggers and the administrator's hooks.
//!
//! chroot(2), umask(2) and mount namespaces are a thread's own once it has unshared them, so each program is started
//! from a thread that has entered the root, and the rest of us stays where it is.

mod start;

use super::watch::{Event, Watch};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{MountPropagationFlags, mount_bind_recursive, mount_change};
use rustix::process::{Pid, PidfdFlags};
use rustix::thread::UnshareFlags;
use start::Start;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// What a program finds in `PATH`.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
/// The exit status of a program that could not be started.
const NOT_STARTED: i32 = 127;

/// How programs are run.
pub struct Runner<'r> {
    pub root: &'r Path,
    pub chroot: bool,
    pub preserve_env: bool,
    pub watch: &'r dyn Watch,
}

/// A program.
#[derive(Clone, Copy, Debug)]
pub struct Program<'p> {
    /// How messages call it: `lib/apk/exec/NAME-VERSION.KIND`.
    pub title: &'p str,
    /// Its text; none for a file of the root, whose path `title` is.
    pub text: Option<&'p [u8]>,
    /// `APK_SCRIPT`.
    pub kind: &'p str,
    /// `APK_PACKAGE`.
    pub package: Option<&'p str>,
    /// What stands before each line of output.
    pub mark: &'p str,
}

impl Runner<'_> {
    /// Runs a program and waits for it; 0, or what it failed with, which has been told.
    pub fn run(&self, program: &Program, arguments: &[&str]) -> i32 {
        let failed = |why: String| {
            let line = format!("{}{why}", program.mark);
            self.watch.tell(Event::Output {
                line: &line,
                error: true,
            });
            NOT_STARTED << 8
        };
        let status = std::thread::scope(|scope| {
            let inside = scope.spawn(|| self.run_inside(program, arguments));
            inside.join().unwrap_or(Ok(NOT_STARTED << 8))
        })
        .unwrap_or_else(failed);
        let status = std::process::ExitStatus::from_raw(status);
        let (number, text) = match (status.code(), status.signal()) {
            (Some(0), _) => return 0,
            (Some(code), _) => (code, format!("exited with error {code}")),
            (None, signal) => {
                let signal = signal.unwrap_or(0);
                (128 + signal, format!("killed by signal {signal}"))
            }
        };
        let text = format!("{}: {text}", program.title);
        self.watch.tell(Event::Error(&text));
        number
    }

    fn run_inside(&self, program: &Program, arguments: &[&str]) -> Result<i32, String> {
        let at = |what: &'static str| {
            move |error: Errno| format!("{what}: {}", plain(&io::Error::from(error)))
        };
        self.enter().map_err(at("chroot"))?;
        let start = program.text.map(|text| Start::of(program.title, text));
        let start = start.transpose()?;
        let (output, output_end) = io::pipe().map_err(|error| plain(&error))?;
        let (errors, errors_end) = io::pipe().map_err(|error| plain(&error))?;
        let mut command = Command::new(match &start {
            Some(start) => start.path.as_path(),
            None => Path::new(program.title),
        });
        command
            .args(arguments)
            .env_clear()
            .stdin(Stdio::inherit())
            .stdout(output_end)
            .stderr(errors_end);
        if self.preserve_env {
            let ours = |name: &std::ffi::OsString| name.as_encoded_bytes().starts_with(b"APK_");
            command.envs(std::env::vars_os().filter(|(name, _)| !ours(name)));
        }
        if let Some(package) = program.package {
            command.env("APK_PACKAGE", package);
        }
        command.env("APK_SCRIPT", program.kind).env("PATH", PATH);
        let child = command
            .spawn()
            .map_err(|error| format!("execve: {}", plain(&error)))?;
        // The command holds the ends that are written to.
        drop(command);
        let status = self.follow(child, [output.into(), errors.into()], program.mark);
        drop(start);
        status.map_err(|error| plain(&error))
    }

    /// Makes this thread's root, directory and mask those of the program.
    fn enter(&self) -> Result<(), Errno> {
        unshare(UnshareFlags::FS)?;
        rustix::process::umask(Mode::from_raw_mode(0o022));
        if !self.chroot {
            return rustix::process::chdir(self.root);
        }
        let lacks = |path: &str| !self.root.join(path).exists();
        if lacks("proc/self") || lacks("dev/null") {
            unshare(UnshareFlags::NEWNS)?;
            let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
            mount_change("/", private)?;
            for (from, name) in [("/proc", "proc"), ("/dev", "dev")] {
                let to = self.root.join(name);
                if !to.is_dir() {
                    rustix::fs::mkdir(&to, Mode::from_raw_mode(0o755))?;
                }
                mount_bind_recursive(from, &to)?;
            }
        }
        rustix::process::chroot(self.root)?;
        rustix::process::chdir("/")
    }

    /// Tells what a child prints until it ends. Who it left behind may keep the pipes open; nobody waits for that.
    fn follow(&self, mut child: Child, pipes: [OwnedFd; 2], mark: &str) -> io::Result<i32> {
        let ended = i32::try_from(child.id())
            .ok()
            .and_then(Pid::from_raw)
            .and_then(|pid| rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok());
        let mut streams = Vec::new();
        for (pipe, error) in pipes.into_iter().zip([false, true]) {
            rustix::fs::fcntl_setfl(&pipe, OFlags::NONBLOCK)?;
            streams.push(Stream {
                pipe: Some(File::from(pipe)),
                line: Vec::new(),
                error,
            });
        }
        loop {
            let mut waited: Vec<PollFd> = streams
                .iter()
                .filter_map(|stream| stream.pipe.as_ref())
                .map(|pipe| PollFd::new(pipe, PollFlags::IN))
                .collect();
            let open = waited.len();
            waited.extend(
                ended
                    .as_ref()
                    .map(|ended| PollFd::new(ended, PollFlags::IN)),
            );
            if open == 0 {
                break;
            }
            match poll(&mut waited, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let over =
                ended.is_some() && waited.last().is_some_and(|last| !last.revents().is_empty());
            for stream in &mut streams {
                stream.drain(self.watch, mark)?;
            }
            if over {
                break;
            }
        }
        for stream in &mut streams {
            stream.flush(self.watch, mark);
        }
        Ok(child.wait()?.into_raw())
    }
}

struct Stream {
    pipe: Option<File>,
    line: Vec<u8>,
    error: bool,
}

/// A line longer than this is told in parts.
const LINE: usize = 4096;

impl Stream {
    fn drain(&mut self, watch: &dyn Watch, mark: &str) -> io::Result<()> {
        let mut buffer = [0; 4096];
        while let Some(pipe) = &mut self.pipe {
            match pipe.read(&mut buffer) {
                Ok(0) => self.pipe = None,
                Ok(length) => {
                    for &byte in &buffer[..length] {
                        if byte == b'\n' || self.line.len() >= LINE {
                            self.tell(watch, mark);
                        }
                        if byte != b'\n' {
                            self.line.push(byte);
                        }
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn tell(&mut self, watch: &dyn Watch, mark: &str) {
        let line = format!("{mark}{}", String::from_utf8_lossy(&self.line));
        watch.tell(Event::Output {
            line: &line,
            error: self.error,
        });
        self.line.clear();
    }

    fn flush(&mut self, watch: &dyn Watch, mark: &str) {
        if !self.line.is_empty() {
            self.tell(watch, mark);
        }
    }
}

/// Makes a namespace, or the root and the directory, this thread's own.
fn unshare(flags: UnshareFlags) -> Result<(), Errno> {
    #[expect(
        deprecated,
        reason = "its successor is unsafe for the sake of UnshareFlags::FILES, which nobody passes here"
    )]
    rustix::thread::unshare(flags)
}

/// An error as strerror(3) says it.
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// The names and paths of the hooks below a root, relative to it: a name in `etc` hides that in `lib`.
pub fn hooks(root: &Path) -> Vec<(String, String)> {
    let mut found = std::collections::BTreeMap::new();
    for directory in ["lib/apk/commit_hooks.d", "etc/apk/commit_hooks.d"] {
        for entry in fs::read_dir(root.join(directory))
            .into_iter()
            .flatten()
            .flatten()
        {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if !name.starts_with('.') && entry.path().is_file() {
                let path = format!("{directory}/{name}");
                found.insert(name, path);
            }
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Lines(Mutex<Vec<String>>);

    impl Watch for Lines {
        fn tell(&self, event: Event) {
            self.0.lock().expect("not poisoned").push(event.to_string());
        }
    }

    fn run(text: &str) -> (i32, Vec<String>) {
        let lines = Lines::default();
        let runner = Runner {
            root: Path::new("/tmp"),
            chroot: false,
            preserve_env: false,
            watch: &lines,
        };
        let program = Program {
            title: "lib/apk/exec/x-1.post-install",
            text: Some(text.as_bytes()),
            kind: "post-install",
            package: Some("x"),
            mark: "  * ",
        };
        let status = runner.run(&program, &["1", "2"]);
        (status, lines.0.into_inner().expect("not poisoned"))
    }

    #[test]
    fn output_and_status_are_told_as_apk_tells_them() {
        let (status, lines) = run(
            "#!/bin/sh\necho $APK_PACKAGE $APK_SCRIPT $@ $PATH; pwd; umask; printf end; exit 3\n",
        );
        assert_eq!(status, 3);
        assert_eq!(
            lines,
            [
                "  * x post-install 1 2 /usr/sbin:/usr/bin:/sbin:/bin",
                "  * /tmp",
                "  * 0022",
                "  * end",
                "ERROR: lib/apk/exec/x-1.post-install: exited with error 3"
            ]
        );
        let (status, lines) = run("#!/bin/sh\nkill -9 $$\n");
        assert_eq!(status, 137);
        assert_eq!(
            lines,
            ["ERROR: lib/apk/exec/x-1.post-install: killed by signal 9"]
        );
        let (status, lines) = run("#!/none\n");
        assert_eq!(status, 127);
        assert_eq!(
            lines,
            [
                "  * execve: No such file or directory",
                "ERROR: lib/apk/exec/x-1.post-install: exited with error 127"
            ]
        );
    }

    #[test]
    fn nobody_waits_for_who_is_left_behind() {
        let begin = std::time::Instant::now();
        let (status, lines) = run("#!/bin/sh\nsleep 20 &\necho done\n");
        assert_eq!((status, lines), (0, vec!["  * done".to_owned()]));
        assert!(begin.elapsed() < std::time::Duration::from_secs(15));
    }
}
