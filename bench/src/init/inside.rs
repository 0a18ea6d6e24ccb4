//! What is done in the sandbox: one load is started by one manager, and what that took is printed.
//!
//! It is process 1 of the sandbox, so whatever a manager leaves behind becomes its child, and the processor time of all
//! that ran is that of its children (getrusage(2)) once it has killed and reaped everything.

use super::calls;
use super::job::{Found, Job, Load, Manager, PLACE, PROBES, Task};
use super::manager::{self, Ready};
use super::priority::{self, Crowd};
use super::process;
use crate::inside;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open};
use rustix::process::{WaitOptions, wait};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long after the last service has told a manager may go on before it counts as idle.
const SETTLE: Duration = Duration::from_secs(1);
/// How long what a manager that has ended left behind may take to tell.
const LATE: Duration = Duration::from_secs(5);
/// The last lines of what a manager said, in a message.
const LAST: usize = 5;

/// Does the job that the first argument holds, prints what was found as JSON, and returns an exit status.
pub fn run(arguments: &[OsString]) -> ExitCode {
    inside::run(arguments, |job| measure(&job))
}

fn measure(job: &Job) -> io::Result<Found> {
    let mut told = pipe()?;
    let ready = manager::prepare(job)?;
    for words in &ready.before {
        let status = command(words)?.stderr(Stdio::null()).status()?;
        if !status.success() {
            return Err(io::Error::other(format!("{}: {status}", words.join(" "))));
        }
    }
    let real_time = job.task == Task::Start && priority::real_time().is_ok();
    let crowd = (job.task == Task::Crowded).then(Crowd::new);
    if job.manager == Manager::Bare {
        return bare(job.load, real_time, crowd);
    }
    let trace = Path::new(PLACE).join("trace");
    let mut words = ready.command.clone();
    if job.task == Task::Calls {
        let strace = [
            "strace",
            "-I",
            "2",
            "-f",
            "-qq",
            "-s",
            "0",
            "-e",
            "signal=none",
            "-o",
        ];
        let mut traced: Vec<String> = strace.map(str::to_owned).into();
        traced.push(trace.display().to_string());
        traced.append(&mut words);
        words = traced;
    }
    let errors = Path::new(PLACE).join("errors");
    let mut command = command(&words)?;
    command.stderr(File::create(&errors)?);
    let before = cpu()?;
    let start = Instant::now();
    let mut child = command
        .spawn()
        .map_err(|error| io::Error::other(format!("cannot run {}: {error}", words[0])))?;
    let limit = start + Duration::from_secs(job.limit.into());
    await_all(&mut told, &ready, &mut child, limit).map_err(|what| {
        let said = fs::read_to_string(&errors).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        let last = lines[lines.len().saturating_sub(LAST)..].join("\n");
        io::Error::other(format!("{what}\n{last}").trim_end().to_owned())
    })?;
    let wall_ms = start.elapsed().as_secs_f64() * 1e3;
    let mut found = Found {
        wall_ms,
        real_time,
        ..Found::default()
    };
    drop(crowd);
    match job.task {
        Task::Start | Task::Crowded => {
            let managers = process::managers()?;
            found.processes = managers.len();
            if !ready.ends {
                found.manager_cpu_ms = process::cpu_ms(&managers);
            }
            (found.rss_kib, found.pss_kib) = process::memory_kib(&managers).unzip();
        }
        Task::Idle(seconds) => idle(&mut found, seconds)?,
        Task::Calls => {
            // It lets the manager go and writes all that it knows before it ends.
            let strace = i32::try_from(child.id()).map_err(io::Error::other)?;
            kill(Pid::from_raw(strace), Signal::SIGTERM)?;
            child.wait()?;
            let calls = calls::count(&fs::read_to_string(&trace)?, |path| {
                path.starts_with(PROBES) || path == "./run"
            });
            #[allow(clippy::cast_precision_loss)]
            {
                found.manager_calls = Some(calls.manager as f64);
                found.loading_calls = Some(calls.loading as f64);
                found.child_calls = Some(calls.child as f64);
            }
        }
    }
    end_all()?;
    found.cpu_ms = cpu()? - before;
    Ok(found)
}

/// The pipe that services tell at, with both ends open so that none of them waits.
fn pipe() -> io::Result<File> {
    let path = Path::new(PLACE).join("told");
    mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o600), 0)?;
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(open(&path, flags, Mode::empty())?))
}

/// A program with nothing of this process but its root.
fn command(words: &[String]) -> io::Result<Command> {
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| io::Error::other("there is nothing to run"))?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", PLACE)
        .env("XDG_RUNTIME_DIR", PLACE)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    Ok(command)
}

/// Waits until all services have told.
fn await_all(
    told: &mut File,
    ready: &Ready,
    manager: &mut Child,
    mut limit: Instant,
) -> Result<(), String> {
    let mut count = 0;
    let mut room = [0; 4096];
    let mut ended = None;
    loop {
        let step = Timespec {
            tv_sec: 0,
            tv_nsec: 100_000_000,
        };
        let mut wanted = [PollFd::new(told, PollFlags::IN)];
        let _ = poll(&mut wanted, Some(&step));
        count += told.read(&mut room).unwrap_or(0);
        if count >= ready.told {
            return Ok(());
        }
        if ended.is_none() {
            ended = manager.try_wait().map_err(|error| error.to_string())?;
            if let Some(status) = ended {
                limit = limit.min(Instant::now() + LATE);
                if !ready.ends || !status.success() {
                    return Err(format!(
                        "it ended ({status}) before all services had started"
                    ));
                }
            }
        }
        if Instant::now() > limit {
            let wanted = ready.told;
            return Err(format!(
                "only {count} of {wanted} services told in time that they had started"
            ));
        }
    }
}

fn idle(found: &mut Found, seconds: u32) -> io::Result<()> {
    sleep(SETTLE);
    let managers = process::managers()?;
    let before = process::wakes(&managers);
    sleep(Duration::from_secs(seconds.into()));
    let after = process::wakes(&managers);
    found.wakes = after.zip(before).map(|(after, before)| after - before);
    found.processes = managers.len();
    (found.rss_kib, found.pss_kib) = process::memory_kib(&managers).unzip();
    Ok(())
}

/// What starting the same programs takes with no manager: all are started, then all waited for.
fn bare(load: Load, real_time: bool, crowd: Option<Crowd>) -> io::Result<Found> {
    // The crowd are threads of this process.
    let (own, before) = (getrusage(UsageWho::RUSAGE_THREAD)?, cpu()?);
    let start = Instant::now();
    let mut command = Command::new(Path::new(PROBES).join("noop"));
    command.env_clear().stdin(Stdio::null());
    for _ in 0..load.count {
        command.spawn()?;
    }
    while wait(WaitOptions::empty()).is_ok() {}
    let wall_ms = start.elapsed().as_secs_f64() * 1e3;
    let own_after = getrusage(UsageWho::RUSAGE_THREAD)?;
    drop(crowd);
    Ok(Found {
        wall_ms,
        cpu_ms: cpu()? - before + sum(&own_after) - sum(&own),
        real_time,
        ..Found::default()
    })
}

/// Kills everything else in this process namespace and waits until it is gone.
fn end_all() -> io::Result<()> {
    loop {
        // Not this process: it is process 1 (kill(2)).
        let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
        match wait(WaitOptions::empty()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::CHILD) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Milliseconds that all children that have been waited for took, and theirs.
fn cpu() -> io::Result<f64> {
    Ok(sum(&getrusage(UsageWho::RUSAGE_CHILDREN)?))
}

#[allow(clippy::cast_precision_loss)]
fn sum(usage: &nix::sys::resource::Usage) -> f64 {
    let time =
        |value: nix::sys::time::TimeVal| value.tv_sec() as f64 * 1e3 + value.tv_usec() as f64 / 1e3;
    time(usage.user_time()) + time(usage.system_time())
}
