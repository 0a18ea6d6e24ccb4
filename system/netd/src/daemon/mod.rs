//! The daemon: one loop that sleeps until the kernel tells of a change, a packet or a command comes, or a time has come.
//!
//! What it knows it reads anew after each change and compares: that more was told than it could hear is no trouble then.

mod changed;
pub mod control;
mod delegated;
mod events;
mod kept;
mod links;
mod links6;
mod look;
mod names;
mod neighbours;
mod online;
pub mod send;
mod serve;
mod status;
mod time;

pub use online::{Demand, Verdict};

use crate::apply::Before;
use crate::configuration::{self, Configuration};
use crate::error::{Error, Result};
use crate::netlink::Socket;
use crate::netlink::constants::{RTM_NEWNDUSEROPT, group};
use crate::netlink::socket::Heard;
use crate::router::Router;
use crate::state::{self, State};
use crate::system;
use common::Signals;
use control::Connection;
use links::Managed;
use links6::Managed6;
use neighbours::Listener;
use rustix::event::{Timespec, epoll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use std::io::Write;
use std::net::Ipv6Addr;
use std::path::PathBuf;

/// Milliseconds between two looks at what there is, when much changes.
const PAUSE: u64 = 100;

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Options {
    pub folder: PathBuf,
    pub socket: PathBuf,
    /// Where leases are kept.
    pub kept: PathBuf,
    pub resolv_conf: PathBuf,
    /// The number of a descriptor to write to when the first apply is done.
    pub ready: Option<u32>,
}

/// What is taken back unless it is confirmed.
struct Unconfirmed {
    until: u64,
    before: Before,
    old: Configuration,
}

pub struct Daemon {
    options: Options,
    socket: Socket,
    watch: Socket,
    epoll: OwnedFd,
    all: Configuration,
    state: State,
    managed: Vec<Managed>,
    managed6: Vec<Managed6>,
    /// IPv6 addresses that the kernel found to be somebody else's, by their link.
    taken: Vec<(u32, Ipv6Addr)>,
    /// What routers say of names.
    router: Router,
    /// Whether servers of names were known since it was started.
    named: bool,
    listeners: Vec<Listener>,
    connections: Vec<Connection>,
    next_connection: u32,
    /// Links that came or were brought up, and when: carrier may still come.
    risen: Vec<(String, u64)>,
    unconfirmed: Option<Unconfirmed>,
    /// Something changed that was not looked at.
    stale: bool,
    looked: u64,
}

/// What a descriptor is for, as `kind << 32 | value`.
const WATCH: u64 = 0;
const SIGNALS: u64 = 1;
const LISTENER: u64 = 2;
const CONNECTION: u64 = 3;
const PACKETS: u64 = 4;
const ARP: u64 = 5;
const DHCP6: u64 = 6;
const NEIGHBOURS: u64 = 7;

/// A line of the log.
fn log(text: &str) {
    let _ = std::io::stdout().write_all(format!("netd: {text}\n").as_bytes());
}

/// Runs until it is told to end. What it made stays.
///
/// # Errors
/// The configuration is wrong, another runs, or the kernel lacks what is needed.
pub fn run(options: Options) -> Result<()> {
    let all = configuration::read(&options.folder)?;
    let kernel = |doing: &'static str| move |errno: Errno| Error::kernel(doing)(errno.into());
    let signals = Signals::take(&common::signals::ENDING).map_err(kernel("taking signals"))?;
    let listener = control::open(&options.socket)?;
    let heard = group::LINK
        | group::ADDRESS4
        | group::ADDRESS6
        | group::ROUTE4
        | group::ROUTE6
        | group::RULE4
        | group::RULE6
        | group::OPTION6
        | group::INTERFACE6;
    let watch = Socket::watch(heard).map_err(Error::kernel("watching the kernel"))?;
    let mut daemon = Daemon {
        socket: Socket::route().map_err(Error::kernel("speaking to the kernel"))?,
        epoll: epoll::create(epoll::CreateFlags::CLOEXEC).map_err(kernel("waiting"))?,
        watch,
        all,
        options,
        state: State::default(),
        managed: Vec::new(),
        managed6: Vec::new(),
        taken: Vec::new(),
        router: Router::default(),
        named: false,
        listeners: Vec::new(),
        connections: Vec::new(),
        next_connection: 0,
        risen: Vec::new(),
        unconfirmed: None,
        stale: true,
        looked: 0,
    };
    let add = |epoll: &OwnedFd, fd: rustix::fd::BorrowedFd<'_>, kind: u64| {
        let data = epoll::EventData::new_u64(kind << 32);
        epoll::add(epoll, fd, data, epoll::EventFlags::IN).map_err(kernel("waiting"))
    };
    add(&daemon.epoll, daemon.watch.as_fd(), WATCH)?;
    add(&daemon.epoll, signals.as_fd(), SIGNALS)?;
    add(&daemon.epoll, listener.as_fd(), LISTENER)?;
    let _ = std::fs::create_dir_all(&daemon.options.kept);
    daemon.start()?;
    if let Some(number) = daemon.options.ready {
        let path = format!("/proc/self/fd/{number}");
        let file = std::fs::OpenOptions::new().write(true).open(&path);
        file.and_then(|mut file| file.write_all(b"ready\n"))
            .map_err(Error::file(&path, "telling that it is ready"))?;
    }
    let ended = daemon.turn(&signals, &listener);
    let _ = std::fs::remove_file(&daemon.options.socket);
    ended
}

impl Daemon {
    /// Looks at what there is, and makes of it what the files say. What waits for a link waits; what fails is told.
    fn start(&mut self) -> Result<()> {
        self.state = State::read(&mut self.socket)?;
        let now = system::now();
        self.risen = self
            .state
            .links
            .iter()
            .filter(|link| !link.is_up())
            .map(|link| (link.name.clone(), now))
            .collect();
        self.manage(now);
        let report = self.perform(None)?;
        if report.failed() {
            log(report.text().trim_end());
        }
        self.look();
        Ok(())
    }

    fn turn(&mut self, signals: &Signals, listener: &OwnedFd) -> Result<()> {
        let mut events = Vec::with_capacity(32);
        loop {
            events.clear();
            let pause = self.deadline().map(|deadline| {
                let left = deadline.saturating_sub(system::now()) + 1;
                Timespec {
                    tv_sec: i64::try_from(left / 1000).unwrap_or(i64::MAX),
                    tv_nsec: i64::try_from(left % 1000 * 1_000_000).unwrap_or(0),
                }
            });
            match epoll::wait(
                &self.epoll,
                rustix::buffer::spare_capacity(&mut events),
                pause.as_ref(),
            ) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(Error::kernel("waiting")(errno.into())),
            }
            for event in &events {
                let event: &epoll::Event = event;
                let data = event.data.u64();
                let value = data as u32;
                match data >> 32 {
                    WATCH => self.hear(),
                    SIGNALS => {
                        while let Some(signal) = signals.next() {
                            if signal != libc::SIGHUP {
                                return Ok(());
                            }
                            let (_, text) = self.reload(0, false);
                            log(text.trim_end());
                        }
                    }
                    LISTENER => self.accept(listener),
                    CONNECTION => self.connection(value),
                    NEIGHBOURS => self.neighbours(value),
                    kind => self.packet(value, kind),
                }
            }
            self.time();
        }
    }

    /// When something is to be done without anything coming in.
    fn deadline(&self) -> Option<u64> {
        let managed = self.managed.iter().filter_map(Managed::deadline);
        let managed6 = self.managed6.iter().filter_map(Managed6::deadline);
        let stale = self.stale.then_some(self.looked + PAUSE);
        let unconfirmed = self.unconfirmed.as_ref().map(|one| one.until);
        managed
            .chain(managed6)
            .chain(stale)
            .chain(unconfirmed)
            .chain(self.router.deadline())
            .chain(
                self.listeners
                    .iter()
                    .filter_map(|one| one.neighbours.deadline()),
            )
            .chain(self.waits())
            .min()
    }

    fn time(&mut self) {
        let now = system::now();
        let (mut wanted, mut due) = (Vec::new(), Vec::new());
        for (at, managed) in self.managed.iter().enumerate() {
            if managed.deadline().is_some_and(|deadline| deadline <= now) {
                due.push(at);
            }
        }
        for at in due {
            let changed = self.managed[at].time(now);
            self.changed(at, changed, &mut wanted);
        }
        for at in 0..self.managed6.len() {
            if self.managed6[at].deadline().is_some_and(|next| next <= now) {
                let changed = self.managed6[at].time(now);
                self.changed6(at, changed, &mut wanted);
            }
        }
        self.settle(&wanted);
        if self
            .unconfirmed
            .as_ref()
            .is_some_and(|one| one.until <= now)
        {
            log("nobody confirmed what was applied: all goes back");
            self.take_back();
        }
        self.forget_neighbours(now);
        let state = &self.state;
        if self
            .router
            .forget(now, |index| state.by_index(index).is_some())
        {
            self.write_names();
        }
        if self.stale && self.looked + PAUSE <= now {
            self.look();
        }
        self.answer_waiting();
    }

    /// Hears that something changed; what, is looked at.
    fn hear(&mut self) {
        let now = system::now();
        loop {
            let (mut changed, mut news) = (false, false);
            let router = &mut self.router;
            let taken = &mut self.taken;
            let heard = self.watch.hear(|message| match message.kind {
                RTM_NEWNDUSEROPT => news |= router.hear(&message, now),
                _ => {
                    taken.extend(state::address::taken(&message));
                    changed = true;
                }
            });
            self.stale |= changed;
            if news {
                self.write_names();
            }
            match heard {
                Ok(Heard::Nothing) | Err(_) => break,
                Ok(Heard::Something) => {}
                Ok(Heard::Overrun) => {
                    self.stale = true;
                    log("more changed at once than could be heard: all is looked at anew");
                }
            }
        }
    }
}
