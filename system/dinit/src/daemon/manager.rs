//! The daemon's whole state, and its loop: wait, take what happened to the engine, carry out what it says.

use super::connection::Connection;
use super::finish::Ending;
use super::log::Log;
use super::options::Options;
use super::poll::{Interest, Poll, Token};
use super::signals::{self, Signals};
use super::socket::ControlSocket;
use super::unit::Unit;
use crate::description::environment::Environment;
use crate::description::search::Folders;
use crate::engine::{Engine, Id, Target, Time};
use crate::hash::Map;
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

pub use crate::clock::{SECOND, monotonic as now};

/// After how long a shutdown says what it waits for, and how often again.
const REPORT_AFTER: u64 = 5 * SECOND;
/// What is left after KILL has this long to end before the shutdown goes on without it.
const AFTER_KILL: u64 = 5 * SECOND;

/// A name of a service.
pub type Name = Box<[u8]>;

/// The daemon.
pub struct Manager {
    pub options: Options,
    pub engine: Engine,
    /// By the engine's [`Id`].
    pub units: Vec<Option<Unit>>,
    /// That of the unit that is loaded next.
    pub sequence: u64,
    /// Whose process a child is.
    pub children: Map<i32, (Id, Target)>,
    pub environment: Environment,
    /// Where descriptions are looked for.
    pub directories: Folders,
    /// Who reads whose output: the consumer by its producer.
    pub consumers: Vec<(Name, Name)>,
    /// What relative `run-in-cgroup` paths begin with.
    pub cgroup_base: Vec<u8>,
    /// /dev/null, once it could be opened.
    pub null: Option<OwnedFd>,
    pub log: Log,
    pub poll: Poll,
    pub signals: Signals,
    pub control: ControlSocket,
    pub connections: Vec<Option<Connection>>,
    /// The socket of sd_notify(3), opened when a service first needs it.
    pub notify: Option<OwnedFd>,
    pub notify_path: Vec<u8>,
    pub cgroups: super::groups::Cgroups,
    /// Groups whose processes were killed and have still to end.
    pub ending_groups: Vec<Box<[u8]>>,
    /// The file of this program, as it was named when it began.
    pub program: PathBuf,
    pub timers: super::timers::Timers,
    pub ending: Option<Ending>,
    /// `kill-all-on-stop`: whose, and when KILL follows TERM.
    pub killing: Option<(Id, u64)>,
    /// When the daemon began, CLOCK_MONOTONIC in nanoseconds.
    pub began: u64,
    /// Something was typed at the question of a failed boot.
    pub typed: bool,
    events: Vec<(Token, bool, bool)>,
    shutdown: Option<Shutdown>,
    /// Re-execution was asked for.
    pub reexec: bool,
    /// The console is waited for.
    console_awaited: bool,
}

/// A shutdown's own times, CLOCK_MONOTONIC in nanoseconds.
struct Shutdown {
    report: u64,
    /// When what does not stop is killed.
    kill: Option<u64>,
    /// When it goes on whatever still runs.
    give_up: Option<u64>,
}

impl Manager {
    /// A daemon without services.
    ///
    /// # Errors
    /// What the kernel said when a descriptor was asked for.
    pub fn new(
        options: Options,
        engine: Engine,
        environment: Environment,
        directories: Folders,
        log: Log,
        signals: Signals,
        control: ControlSocket,
    ) -> Result<Self, Errno> {
        let poll = Poll::new()?;
        poll.add(signals.fd(), Token::Signals, Interest::Read)?;
        Ok(Self {
            cgroup_base: options.cgroup.clone().unwrap_or_default(),
            null: None,
            options,
            engine,
            units: Vec::new(),
            sequence: 0,
            children: Map::default(),
            environment,
            directories,
            log,
            poll,
            signals,
            control,
            connections: Vec::new(),
            notify: None,
            notify_path: Vec::new(),
            cgroups: super::groups::Cgroups::default(),
            ending_groups: Vec::new(),
            program: std::env::current_exe().unwrap_or_default(),
            consumers: Vec::new(),
            timers: super::timers::Timers::default(),
            ending: None,
            killing: None,
            began: now(),
            typed: false,
            events: Vec::new(),
            shutdown: None,
            reexec: false,
            console_awaited: false,
        })
    }

    pub fn unit(&self, id: Id) -> Option<&Unit> {
        self.units.get(id.0 as usize)?.as_ref()
    }

    pub fn unit_mut(&mut self, id: Id) -> Option<&mut Unit> {
        self.units.get_mut(id.0 as usize)?.as_mut()
    }

    /// Runs until no service is active any more, or re-execution is asked for.
    pub fn run(&mut self) {
        self.settle();
        while !self.reexec && !self.is_over() {
            self.turn();
        }
    }

    /// Waits until something happens, and takes it to its end.
    pub fn turn(&mut self) {
        self.keep_spare();
        let now = now();
        let timeout = self
            .next_deadline()
            .map(|deadline| deadline.saturating_sub(now));
        let mut events = std::mem::take(&mut self.events);
        self.poll.wait(timeout, &mut events);
        for (token, read, write) in events.drain(..) {
            self.dispatch(token, read, write);
        }
        self.events = events;
        self.times_up();
        self.settle();
    }

    fn settle(&mut self) {
        self.pump();
        self.flush_connections();
        self.flush_log();
    }

    fn is_over(&self) -> bool {
        let given_up = self
            .shutdown
            .as_ref()
            .is_some_and(|shutdown| shutdown.give_up.is_some_and(|at| now() >= at));
        (self.engine.active_count() == 0 || given_up) && self.ending != Some(Ending::Remain)
    }

    /// Lets the engine decide and does what it says, until nothing moves.
    pub fn pump(&mut self) {
        loop {
            self.engine.settle(Time(now()));
            let mut any = false;
            while let Some(effect) = self.engine.pop_effect() {
                any = true;
                self.carry_out(effect);
            }
            if !any {
                return;
            }
        }
    }

    fn dispatch(&mut self, token: Token, read: bool, write: bool) {
        match token {
            Token::Signals => self.take_signals(),
            Token::Control => self.accept(),
            Token::Connection(place) => self.serve(place as usize, read, write),
            Token::Ready(id) => self.read_ready(Id(id)),
            Token::Output(id) => self.read_output(Id(id)),
            Token::Process(id) => self.foreign_ended(Id(id)),
            Token::Demand(id) => self.demanded(Id(id)),
            Token::Notify => self.read_notify(),
            Token::Console => self.flush_log(),
            Token::Keyboard => self.typed = true,
            Token::Clock => self.clock_set(),
        }
    }

    fn next_deadline(&self) -> Option<u64> {
        let shutdown = self.shutdown.as_ref();
        [
            self.engine.next_deadline().map(|time| time.0),
            self.timers.next(),
            self.killing.map(|(_, at)| at),
            shutdown.map(|shutdown| shutdown.report),
            shutdown.and_then(|shutdown| shutdown.kill),
            shutdown.and_then(|shutdown| shutdown.give_up),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Does what is due besides the engine's own timers.
    fn times_up(&mut self) {
        let now = now();
        self.fire_timers(now);
        if let Some((id, at)) = self.killing
            && now >= at
        {
            self.killing = None;
            bare::sys::kill(-1, signals::SIGKILL as usize);
            self.engine.killed_all(id);
        }
        let Some(shutdown) = &mut self.shutdown else {
            return;
        };
        let report = now >= shutdown.report;
        if report {
            shutdown.report = now + REPORT_AFTER;
        }
        let kill = shutdown.kill.is_some_and(|at| now >= at);
        if kill {
            shutdown.kill = None;
            shutdown.give_up = Some(now + AFTER_KILL);
        }
        if report || kill {
            self.report_blockers(kill);
        }
    }

    /// Says what a shutdown waits for; with `kill`, ends it.
    fn report_blockers(&mut self, kill: bool) {
        let ids: Vec<Id> = self.engine.ids().collect();
        for id in ids {
            let pid = self.engine.stop_pid(id).or(self.engine.pid(id));
            let Some(pid) = pid.filter(|pid| *pid > 0) else {
                continue;
            };
            let name = crate::text::Show(self.engine.name(id));
            let level = super::options::Level::Warn;
            if kill {
                self.log.say(
                    level,
                    format_args!("killing service {name} (process {pid}), which does not stop"),
                );
                self.kill_group(id, pid, signals::SIGKILL);
            } else {
                self.log.say(
                    level,
                    format_args!("waiting for service {name} (process {pid}) to stop"),
                );
            }
        }
    }

    /// Stops every service; the end follows when all have stopped. A later call changes what the end is.
    pub fn shut_down(&mut self, ending: Ending) {
        self.ending = Some(ending);
        self.engine.stop_all();
        if self.shutdown.is_none() {
            let now = now();
            let limit = self.options.shutdown_timeout;
            self.shutdown = Some(Shutdown {
                report: now + REPORT_AFTER,
                kill: (limit > 0).then(|| now.saturating_add(limit.saturating_mul(SECOND))),
                give_up: None,
            });
        }
    }

    /// Goes on to the end at once, whatever still runs.
    pub fn abandon(&mut self) {
        let now = now();
        self.shutdown = Some(Shutdown {
            report: now,
            kill: None,
            give_up: Some(now),
        });
    }

    fn flush_log(&mut self) {
        self.log.flush();
        let awaited = self.log.pending_console().is_some();
        if awaited == self.console_awaited {
            return;
        }
        if let Some(console) = self.log.console() {
            // A console that is a file is never waited for, and cannot be.
            if awaited {
                let _ = self.poll.add(console, Token::Console, Interest::Write);
            } else {
                self.poll.remove(console);
            }
        }
        self.console_awaited = awaited;
    }
}
