//! A child that is traced: it stops on its way into each system call that writes.

use super::CHILD;
use nix::libc;
use nix::sys::ptrace::{self, Options as Trace};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// What becomes of the child at a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It goes on.
    Goes,
    /// It is killed, and all that it started.
    Dies,
}

/// Whether a thread that has stopped on its way into a system call is about to write.
fn is_write(thread: Pid) -> bool {
    let Ok(registers) = ptrace::getregs(thread) else {
        return false;
    };
    let creates = |flags: u64| flags & (libc::O_CREAT | libc::O_TRUNC) as u64 != 0;
    match registers.orig_rax as i64 {
        libc::SYS_openat => creates(registers.rdx),
        libc::SYS_open => creates(registers.rsi),
        libc::SYS_write | libc::SYS_pwrite64 | libc::SYS_writev | libc::SYS_pwritev => true,
        libc::SYS_renameat | libc::SYS_renameat2 | libc::SYS_rename => true,
        libc::SYS_unlinkat | libc::SYS_unlink | libc::SYS_rmdir => true,
        libc::SYS_linkat | libc::SYS_symlinkat | libc::SYS_mknodat => true,
        libc::SYS_mkdirat | libc::SYS_mkdir => true,
        libc::SYS_fchmod | libc::SYS_fchmodat | libc::SYS_fchown | libc::SYS_fchownat => true,
        libc::SYS_utimensat | libc::SYS_ftruncate | libc::SYS_fsetxattr => true,
        libc::SYS_fsync | libc::SYS_fdatasync | libc::SYS_syncfs => true,
        libc::SYS_copy_file_range | libc::SYS_sendfile | libc::SYS_splice => true,
        _ => false,
    }
}

/// Runs the child; `at` is asked on the way into each call that writes, the first being 1. Its exit status if it came
/// through, and how many such calls it made.
pub fn run(
    verb: &str,
    generations: usize,
    root: &Path,
    mut at: impl FnMut(usize) -> Then,
) -> (Option<i32>, usize) {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "child", "--nocapture", "--test-threads", "1"])
        .env(CHILD, format!("{verb} {generations} {}", root.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("a child");
    let pid = Pid::from_raw(child.id() as i32);
    // All its threads, those of the tests' harness too, have to be there before they are traced.
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    let ready = output
        .lines()
        .map_while(Result::ok)
        .any(|line| line.ends_with("ready"));
    assert!(ready, "the child begins");
    let trace = Trace::PTRACE_O_TRACESYSGOOD
        | Trace::PTRACE_O_TRACECLONE
        | Trace::PTRACE_O_TRACEFORK
        | Trace::PTRACE_O_TRACEVFORK
        | Trace::PTRACE_O_EXITKILL;
    for task in fs::read_dir(format!("/proc/{pid}/task")).expect("alive") {
        let task = task
            .expect("a thread")
            .file_name()
            .into_string()
            .expect("a number");
        let task = Pid::from_raw(task.parse().expect("a number"));
        ptrace::seize(task, trace).expect("traced");
        ptrace::interrupt(task).expect("stopped");
    }
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(b"g").expect("it listens");
    let mut inside = BTreeMap::new();
    let mut writes = 0;
    let mut status = None;
    // Of the group alone: other tests have children of their own.
    let group = Pid::from_raw(-pid.as_raw());
    loop {
        let stopped = match waitpid(group, Some(WaitPidFlag::__WALL)) {
            Ok(stopped) => stopped,
            Err(nix::errno::Errno::EINTR) => continue,
            Err(_) => break,
        };
        let (thread, signal) = match stopped {
            WaitStatus::Exited(exited, code) => {
                if exited == pid {
                    status = Some(code);
                }
                continue;
            }
            WaitStatus::Signaled(..) => continue,
            WaitStatus::PtraceSyscall(thread) => {
                let entered = inside.entry(thread).or_insert(false);
                *entered = !*entered;
                if *entered && is_write(thread) {
                    writes += 1;
                    if at(writes) == Then::Dies {
                        killpg(pid, Signal::SIGKILL).expect("it is ours");
                    }
                }
                (thread, None)
            }
            WaitStatus::Stopped(thread, signal) => (thread, Some(signal)),
            WaitStatus::PtraceEvent(thread, signal, _) => {
                let stop = signal != Signal::SIGTRAP && signal != Signal::SIGSTOP;
                (thread, stop.then_some(signal))
            }
            _ => continue,
        };
        let signal = signal.filter(|signal| !matches!(signal, Signal::SIGSTOP | Signal::SIGTRAP));
        // One that was killed meanwhile cannot go on.
        let _ = ptrace::syscall(thread, signal);
    }
    drop(stdin);
    let _ = child.try_wait();
    (status, writes)
}
