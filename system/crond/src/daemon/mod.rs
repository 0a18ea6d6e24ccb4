//! The daemon: one loop that sleeps until the next job is due, one ends or says something, a table changes or the clock is set.

mod job;
mod syslog;
mod tables;

pub use tables::Folders;

use crate::error::{Error, Result};
use crate::system;
use crate::users::Users;
use crate::when::{Due, When};
use common::Signals;
use common::clock;
use common::reason;
use job::Job;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::fs::{Mode, OFlags};
use rustix::process::{WaitOptions, wait};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::path::{Path, PathBuf};
use syslog::{ERR, INFO, Syslog, WARNING};
use tables::Task;

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Options {
    pub folders: Folders,
    /// A file that is there once the jobs of `@reboot` were run; below /run, so that it goes with the machine.
    pub started: PathBuf,
    pub log: PathBuf,
    /// The number of a descriptor to write to once the tables were read.
    pub ready: Option<u32>,
}

struct Daemon {
    options: Options,
    signals: Signals,
    timer: OwnedFd,
    changes: OwnedFd,
    log: Syslog,
    tasks: Vec<(Task, Due)>,
    jobs: Vec<Job>,
    /// When the clock was last looked at.
    looked: i64,
}

/// Runs until it is told to end. Jobs that run then go on.
///
/// # Errors
/// There are no descriptors left.
pub fn run(options: Options) -> Result<()> {
    let timer = timerfd_create(
        TimerfdClockId::Realtime,
        TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK,
    );
    let changes = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK);
    let mut daemon = Daemon {
        signals: Signals::take(&[libc::SIGCHLD, libc::SIGTERM, libc::SIGINT, libc::SIGHUP])
            .map_err(Error::file("signalfd", "taking signals"))?,
        timer: timer.map_err(Error::file("timerfd", "making a timer"))?,
        changes: changes.map_err(Error::file("inotify", "watching folders"))?,
        log: Syslog::new(options.log.clone()),
        options,
        tasks: Vec::new(),
        jobs: Vec::new(),
        looked: now(),
    };
    daemon.watch();
    let reboot = daemon.read();
    daemon.reboot(reboot);
    if let Some(number) = daemon.options.ready
        && let Some(fd) = common::handed_over(number)
    {
        let _ = rustix::io::write(fd, b"\n");
    }
    daemon.serve();
    Ok(())
}

/// Seconds since 1970.
fn now() -> i64 {
    let seconds = clock::micros(clock::CLOCK_REALTIME) / 1_000_000;
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

impl Daemon {
    /// Folders that are not there are looked for again at SIGHUP.
    fn watch(&mut self) {
        let events = WatchFlags::CLOSE_WRITE
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::DELETE
            | WatchFlags::ATTRIB;
        let folders = self.options.folders.clone();
        for folder in [&folders.users, &folders.systems] {
            let _ = inotify::add_watch(&self.changes, folder, events);
        }
    }

    /// Reads the tables; those who are run once after the start of the machine.
    fn read(&mut self) -> Vec<Task> {
        let found = tables::read(&self.options.folders, &Users::system());
        for told in found.told {
            self.log.say(WARNING, &told);
        }
        let (now, mut reboot) = (now(), Vec::new());
        self.tasks.clear();
        for task in found.tasks {
            match task.entry.when {
                When::Reboot => reboot.push(task),
                When::Calendar(calendar) => {
                    let due = Due::new(calendar, &system::offset, now);
                    self.tasks.push((task, due));
                }
            }
        }
        let told = format!(
            "{} jobs at times, {} at the start",
            self.tasks.len(),
            reboot.len()
        );
        self.log.say(INFO, &told);
        reboot
    }

    /// Runs them, if this is the first time since the machine started.
    fn reboot(&mut self, tasks: Vec<Task>) {
        match mark(&self.options.started) {
            Ok(true) => tasks.into_iter().for_each(|task| self.start(task)),
            Ok(false) => {}
            Err(error) => {
                let path = self.options.started.display();
                let told = format!(
                    "{path}: making it: {}: jobs of @reboot are not run, or they would be at each start of crond",
                    reason(&error)
                );
                self.log.say(ERR, &told);
            }
        }
    }

    fn serve(&mut self) {
        loop {
            self.look();
            self.set_timer();
            self.wait();
            let mut children = false;
            while let Some(signal) = self.signals.next() {
                match signal {
                    libc::SIGCHLD => children = true,
                    libc::SIGHUP => {
                        self.watch();
                        self.reread();
                    }
                    _ => return,
                }
            }
            if children {
                self.bury();
            }
            self.hear();
            let mut events = [0; 4096];
            let mut changed = false;
            while rustix::io::read(&self.changes, &mut events).is_ok_and(|length| length > 0) {
                changed = true;
            }
            if changed {
                self.reread();
            }
        }
    }

    /// What was due before a table changed is not lost with it.
    fn reread(&mut self) {
        self.look();
        self.read();
    }

    fn wait(&self) {
        let mut fds = vec![
            PollFd::new(&self.signals, PollFlags::IN),
            PollFd::new(&self.timer, PollFlags::IN),
            PollFd::new(&self.changes, PollFlags::IN),
        ];
        let outputs = self.jobs.iter().filter_map(Job::output);
        fds.extend(outputs.map(|output| PollFd::from_borrowed_fd(output, PollFlags::IN)));
        let _ = poll(&mut fds, None);
    }

    /// Starts what is due.
    fn look(&mut self) {
        let now = now();
        let mut due = Vec::new();
        for (task, times) in &mut self.tasks {
            if times.look(&system::offset, self.looked, now) {
                due.push(task.clone());
            }
        }
        self.looked = now;
        due.into_iter().for_each(|task| self.start(task));
    }

    /// For the next one, by the clock; it also ends when the clock is set (timerfd_create(2), `TFD_TIMER_CANCEL_ON_SET`).
    fn set_timer(&self) {
        let next = self.tasks.iter().filter_map(|(_, due)| due.next).min();
        let zero = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let timer = Itimerspec {
            it_interval: zero,
            it_value: next.map_or(zero, |tv_sec| Timespec {
                // Zero would be no time at all.
                tv_sec: tv_sec.max(1),
                tv_nsec: 0,
            }),
        };
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        let _ = timerfd_settime(self.timer.as_fd(), flags, &timer);
    }

    fn start(&mut self, task: Task) {
        let told = format!("({}) CMD ({})", task.user.name, task.entry.command);
        self.log.say(INFO, &told);
        match Job::start(task.clone()) {
            Ok(job) => self.jobs.push(job),
            Err(error) => {
                let (file, line) = (&task.file, task.entry.line);
                let told = format!(
                    "({}) {file}:{line}: it cannot be started: {}",
                    task.user.name,
                    reason(&error)
                );
                self.log.say(ERR, &told);
            }
        }
    }

    /// Hears of those that ended.
    fn bury(&mut self) {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            let Some(at) = self
                .jobs
                .iter()
                .position(|job| job.pid == pid && !job.ended)
            else {
                continue;
            };
            self.hear_one(at);
            let job = &mut self.jobs[at];
            job.ended = true;
            if let Some(how) = job::failure(status) {
                let task = &job.task;
                let told = format!(
                    "({}) CMDEND ({}) with {how}",
                    task.user.name, task.entry.command
                );
                self.log.say(WARNING, &told);
            }
        }
    }

    fn hear(&mut self) {
        for at in 0..self.jobs.len() {
            self.hear_one(at);
        }
        self.jobs.retain(|job| !job.is_over());
    }

    fn hear_one(&mut self, at: usize) {
        let (job, log) = (&mut self.jobs[at], &mut self.log);
        let name = job.task.user.name.clone();
        job.hear(|line| log.say(INFO, &format!("({name}) CMDOUT ({line})")));
    }
}

/// Makes the mark of the first start; whether it was not there.
fn mark(path: &Path) -> std::io::Result<bool> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    match rustix::fs::open(path, flags, Mode::from_raw_mode(0o600)) {
        Ok(_) => Ok(true),
        Err(rustix::io::Errno::EXIST) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}
