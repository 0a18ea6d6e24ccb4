//! The daemon: one loop that sleeps until somebody says something.
//!
//! What needs root is done first: the sockets, the kernel's log and the files are opened, folders are made. Then it is a user
//! like others.

mod open;

use crate::configuration::{self, Configuration};
use crate::error::{Error, Result};
use crate::kmsg::{Heard, Kmsg};
use crate::limit::{Dropped, Limits, Verdict};
use crate::message::{self, Message};
use crate::names::{self, KERN, NOTICE, SYSLOG, WARNING};
use crate::record::{Record, Sender};
use crate::store::{self, LogFile, Owner, Store};
use crate::system;
use crate::time::Time;
use common::Signals;
use common::reason;
use open::Sequence;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::borrow::Cow;
use std::io::Write;
use std::path::PathBuf;

/// Bytes of a datagram; what is longer is cut.
const DATAGRAM: usize = 16 << 10;
/// Datagrams, or records, that are read before all others are looked at.
const TURN: u32 = 256;

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Options {
    pub folder: PathBuf,
    /// Where programs send to, if nothing was handed over.
    pub socket: PathBuf,
    pub kernel: PathBuf,
    /// Where the number of the kernel's next record is kept, from one start to the next.
    pub kept: PathBuf,
    /// Whom to become.
    pub user: Option<String>,
    /// The number of a descriptor to write to once messages are taken.
    pub ready: Option<u32>,
}

struct Daemon {
    options: Options,
    all: Configuration,
    socket: OwnedFd,
    signals: Signals,
    kernel: Option<Kmsg>,
    sequence: Option<Sequence>,
    limits: Limits,
    store: Store,
    line: Vec<u8>,
}

/// Runs until it is told to end.
///
/// # Errors
/// The configuration is wrong, there is no such user, another listens already, or what is needed cannot be opened.
pub fn run(options: Options) -> Result<()> {
    let all = configuration::read(&options.folder)?;
    let user = open::user(options.user.as_deref())?;
    let owner = user.map_or(Owner::Ours, Owner::User);
    let signals = Signals::take(&common::signals::ENDING)
        .map_err(Error::file("signalfd", "taking signals"))?;
    let socket = open::socket(&options.socket)?;
    let (sequence, next) = Sequence::open(&options.kept, owner);
    let kernel = open::kernel(&options.kernel, all.kernel, next);
    let files: Vec<LogFile> = all
        .rules
        .iter()
        .map(|rule| LogFile::open(rule, owner, None))
        .collect();
    if let Some(user) = user {
        system::become_user(user.uid, user.gid).map_err(Error::file(
            options.user.as_deref().unwrap_or_default(),
            "becoming that user",
        ))?;
    }
    let problems: Vec<String> = files
        .iter()
        .filter_map(|file| Some(file.problem()?.to_string()))
        .collect();
    let store = Store::start(files).map_err(Error::file("thread", "starting it"))?;
    let mut daemon = Daemon {
        limits: Limits::new(all.allowance),
        options,
        all,
        socket,
        signals,
        kernel: None,
        sequence: sequence.ok(),
        store,
        line: Vec::new(),
    };
    daemon.say(
        NOTICE,
        concat!("logd ", env!("CARGO_PKG_VERSION"), " begins"),
    );
    for problem in problems {
        complain(&problem);
        daemon.say(names::ERR, &problem);
    }
    match kernel {
        Ok(kernel) => daemon.kernel = kernel,
        Err(error) => {
            let told = format!("{error}: the kernel's messages are not in the log");
            complain(&told);
            daemon.say(WARNING, &told);
        }
    }
    if let Some(number) = daemon.options.ready
        && let Some(fd) = common::handed_over(number)
    {
        let _ = rustix::io::write(fd, b"\n");
    }
    daemon.serve();
    Ok(())
}

/// To whoever started it, as nobody reads a log that cannot be written.
fn complain(text: &str) {
    let _ = std::io::stderr().write_all(format!("logd: {text}\n").as_bytes());
}

impl Daemon {
    fn serve(mut self) {
        loop {
            self.wait();
            let mut ends = false;
            while let Some(signal) = self.signals.next() {
                match signal {
                    libc::SIGHUP => self.reload(),
                    _ => ends = true,
                }
            }
            if ends {
                break;
            }
            self.hear_programs();
            self.hear_kernel();
            let dropped = self.limits.due(system::now());
            self.tell(dropped);
            self.store.wake();
        }
        self.end();
    }

    fn wait(&self) {
        let mut fds = vec![
            PollFd::new(&self.socket, PollFlags::IN),
            PollFd::new(&self.signals, PollFlags::IN),
        ];
        if let Some(kernel) = &self.kernel {
            fds.push(PollFd::new(kernel, PollFlags::IN));
        }
        let timeout = self.limits.deadline().map(|deadline| {
            let left = deadline.saturating_sub(system::now());
            Timespec {
                tv_sec: i64::try_from(left / 1000).unwrap_or(0),
                tv_nsec: (left % 1000 * 1_000_000) as _,
            }
        });
        let _ = poll(&mut fds, timeout.as_ref());
    }

    /// What was said before it was told to end is in the log.
    fn end(mut self) {
        // Whoever goes on speaking does not keep it from ending.
        let _ = (0..64).all(|_| self.hear_programs());
        let _ = (0..64).all(|_| self.hear_kernel());
        let dropped = self.limits.rest();
        self.tell(dropped);
        self.say(NOTICE, "logd ends");
        self.store.end();
    }

    /// Takes what programs say; whether there may be more.
    fn hear_programs(&mut self) -> bool {
        let mut buffer = [0; DATAGRAM];
        for _ in 0..TURN {
            match system::receive(&self.socket, &mut buffer) {
                Ok(received) => {
                    let datagram = &buffer[..received.length];
                    self.datagram(datagram, received.cut, received.sender);
                }
                Err(Errno::INTR) => {}
                Err(_) => return false,
            }
        }
        true
    }

    fn datagram(&mut self, datagram: &[u8], cut: bool, sender: Sender) {
        match self.limits.admit(sender, datagram.len(), system::now()) {
            Verdict::Take => {}
            Verdict::Drop => return,
            Verdict::Begin => {
                let name = String::from_utf8_lossy(message::parse(datagram).program).into_owned();
                let told = format!(
                    "{} says too much: what it says is dropped until it has been silent for a while",
                    named(sender, &name)
                );
                return self.say(WARNING, &told);
            }
        }
        let mut message = message::parse(datagram);
        // Nobody speaks for the kernel (syslog(3): such a message cannot be made by programs).
        if message.facility == KERN {
            message.facility = names::USER;
        }
        if cut {
            message.text = Cow::Owned([&*message.text, b" (cut)"].concat());
        }
        self.put(Time::now(), Some(sender), &message);
    }

    /// Takes what the kernel says; whether there may be more.
    fn hear_kernel(&mut self) -> bool {
        let Some(mut kernel) = self.kernel.take() else {
            return false;
        };
        let before = kernel.next();
        let mut all = Vec::new();
        let more = kernel.read(TURN, |heard| all.push(heard));
        // The kernel tells when, by a clock that starts with it.
        let now = Time::now();
        let started = now.0.saturating_sub(system::since_start());
        for heard in all {
            match heard {
                Heard::Record(record) => {
                    let time = Time(started.saturating_add(record.since_start)).min(now);
                    self.put(time, None, &record.message());
                }
                Heard::Lost(count) => {
                    self.say(WARNING, &format!("{count} messages of the kernel were overwritten before they could be read"));
                }
            }
        }
        if kernel.next() != before
            && let Some(sequence) = &self.sequence
        {
            sequence.keep(kernel.next());
        }
        match more {
            Ok(more) => {
                self.kernel = Some(kernel);
                more
            }
            Err(errno) => {
                let told = format!(
                    "{}: reading it: {}: the kernel's messages are not in the log from now on",
                    self.options.kernel.display(),
                    reason(&errno.into())
                );
                self.say(WARNING, &told);
                false
            }
        }
    }

    fn tell(&mut self, dropped: Vec<Dropped>) {
        for one in dropped {
            let told = format!(
                "{} messages of {} were dropped: it says too much",
                one.count,
                named(one.sender, "")
            );
            self.say(WARNING, &told);
        }
    }

    /// Something of our own.
    fn say(&mut self, level: u8, text: &str) {
        let message = Message {
            facility: SYSLOG,
            level,
            program: b"logd",
            text: Cow::Borrowed(text.as_bytes()),
        };
        self.put(Time::now(), Some(store::ourselves()), &message);
        self.store.wake();
    }

    fn put(&mut self, time: Time, sender: Option<Sender>, message: &Message<'_>) {
        self.line.clear();
        let record = Record {
            time,
            facility: message.facility,
            level: message.level,
            sender,
            program: message.program,
            text: &message.text,
        };
        record.append(&mut self.line);
        let mut done = false;
        let rules = self.all.rules.iter().enumerate();
        let files = rules.filter(|(_, rule)| {
            let takes = !done
                && rule
                    .which
                    .takes(record.facility, record.level, record.program);
            done |= takes && rule.last;
            takes
        });
        self.store.put(files.map(|(at, _)| at), &self.line);
    }

    /// Reads the files of the configuration anew, and opens those of the log anew. A mistake changes nothing.
    fn reload(&mut self) {
        match configuration::read(&self.options.folder) {
            Ok(all) => {
                self.all = all;
                self.limits.set(self.all.allowance);
                self.leave_kernel();
                self.store.change(self.all.rules.clone());
            }
            Err(error) => {
                self.say(names::ERR, &format!("{error}: all goes on as before"));
                self.store.change(self.all.rules.clone());
            }
        }
    }

    /// It can only be opened by root: it can be left, but not begun with.
    fn leave_kernel(&mut self) {
        if !self.all.kernel {
            self.kernel = None;
        }
    }
}

fn named(sender: Sender, program: &str) -> String {
    match (sender.uid, program) {
        (uid, "") => format!("user {uid} (process {})", sender.pid),
        (uid, program) => format!("{program} of user {uid} (process {})", sender.pid),
    }
}
