//! The daemon: one loop that sleeps until the kernel tells of a device, something that took long is done, or a command comes.

pub mod control;
mod status;
mod watch;

use crate::block::Place;
use crate::device::Device;
use crate::device::socket::{Heard, Socket};
use crate::device::walk::{self, Found, walk};
use crate::error::{Error, Result};
use crate::links::Links;
use crate::modules::insert::{Outcome, is_loaded};
use crate::modules::plan::Plan;
use crate::modules::{self, Database};
use crate::node;
use crate::pool::{Done, Pool, Probe};
use crate::rules::{Rules, Said};
use common::Root;
use common::Signals;
use common::words;
use control::Connection;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use status::Counts;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use watch::Watches;

/// Failures that are kept to be told by `status`: the last ones.
const FAILURES: usize = 64;

/// Clients at once.
const CONNECTIONS: usize = 64;

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Options {
    pub root: Root,
    pub socket: PathBuf,
    /// The kernel whose modules are loaded.
    pub release: String,
    /// The number of a descriptor to write to when all devices that there were have what they need.
    pub ready: Option<u32>,
    /// Bytes of events that may wait, instead of what is enough.
    pub waiting: Option<usize>,
    /// Nodes and names alone.
    pub no_modules: bool,
}

/// A node that is known.
struct Node {
    device: Device,
    said: Said,
    /// Another each time that it is looked at.
    generation: u64,
}

pub struct Daemon {
    options: Options,
    rules: Rules,
    socket: Socket,
    pool: Pool,
    watches: Watches,
    links: Links,
    /// By their paths below /sys.
    nodes: BTreeMap<String, Node>,
    /// What devices asked for and was not looked at yet.
    aliases: BTreeSet<String>,
    /// What depmod wrote, while it is needed.
    database: Option<Database>,
    connections: Vec<Connection>,
    generation: u64,
    counts: Counts,
    failures: Vec<String>,
    /// Who waits for a pass to be over is told when nothing is to be done any more.
    passing: bool,
    ready: bool,
}

/// A line of the log. Nobody who does not read it holds up the loop.
fn log(text: &str) {
    let _ = std::io::stdout().write_all(format!("devd: {text}\n").as_bytes());
}

/// Runs until it is told to end. What it made stays.
///
/// # Errors
/// Another runs, or the kernel lacks what is needed.
pub fn run(options: Options) -> Result<()> {
    let kernel = |doing: &'static str| {
        move |errno: Errno| Error::Impossible(format!("{doing}: {}", words(errno)))
    };
    let signals = Signals::take(&common::signals::ENDING).map_err(kernel("taking signals"))?;
    let listener = control::open(&options.socket)?;
    // Before anything is looked at, so that nothing is missed in between.
    let socket = Socket::open(options.waiting).map_err(kernel("hearing of devices"))?;
    let root = options.root.clone();
    let mut links = Links::new(&root);
    links.inherit();
    let mut daemon = Daemon {
        rules: Rules::read(&root, |error| log(&error.to_string())),
        pool: Pool::new(root).map_err(kernel("working beside the loop"))?,
        watches: Watches::new().map_err(kernel("watching disks"))?,
        options,
        socket,
        links,
        nodes: BTreeMap::new(),
        aliases: BTreeSet::new(),
        database: None,
        connections: Vec::new(),
        generation: 0,
        counts: Counts::default(),
        failures: Vec::new(),
        passing: false,
        ready: false,
    };
    daemon.pass();
    let ended = daemon.turn(&signals, &listener);
    let _ = std::fs::remove_file(&daemon.options.socket);
    ended
}

impl Daemon {
    fn turn(&mut self, signals: &Signals, listener: &OwnedFd) -> Result<()> {
        loop {
            self.work()?;
            let came: Vec<bool> = {
                let fixed = [
                    self.socket.as_fd(),
                    self.pool.as_fd(),
                    self.watches.as_fd(),
                    signals.as_fd(),
                    listener.as_fd(),
                ];
                let all = fixed
                    .into_iter()
                    .chain(self.connections.iter().map(AsFd::as_fd));
                let mut files: Vec<PollFd<'_>> = all
                    .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
                    .collect();
                match poll(&mut files, None) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(errno) => {
                        return Err(Error::Impossible(format!("waiting: {}", words(errno))));
                    }
                }
                files
                    .iter()
                    .map(|file| !file.revents().is_empty())
                    .collect()
            };
            if came[1] {
                self.results();
            }
            if came[2] {
                for path in self.watches.written() {
                    self.look_again(&path);
                }
            }
            while let Some(signal) = signals.next() {
                if signal != libc::SIGHUP {
                    return Ok(());
                }
                self.reload();
            }
            for (at, came) in came[5..].iter().enumerate() {
                if *came {
                    self.command(at);
                }
            }
            // Who finds no place is told so by the end of the connection.
            if came[4]
                && let Some(new) = Connection::accept(listener)
                && self.connections.len() < CONNECTIONS
            {
                self.connections.push(new);
            }
            self.connections.retain(|connection| !connection.is_over());
        }
    }

    /// Does what there is to do without waiting; when nothing is left, those who wait for that are told.
    fn work(&mut self) -> Result<()> {
        self.hear()?;
        self.plan();
        if !self.pool.is_idle() {
            return Ok(());
        }
        // It is read in a moment, and takes memory that nobody needs while nothing happens.
        self.database = None;
        if self.passing {
            self.passing = false;
            self.links.tidy();
            let status = self.status(false);
            for connection in self.connections.iter_mut().filter(|one| one.waits) {
                connection.answer(0, &status);
            }
            self.connections.retain(|connection| !connection.is_over());
        }
        if let Err(what) = self.links.keep() {
            log(&what);
        }
        if !self.ready {
            self.ready = true;
            self.tell_ready()?;
        }
        Ok(())
    }

    fn tell_ready(&self) -> Result<()> {
        let Some(number) = self.options.ready else {
            return Ok(());
        };
        let path = format!("/proc/self/fd/{number}");
        let file = std::fs::OpenOptions::new().write(true).open(&path);
        file.and_then(|mut file| file.write_all(b"ready\n"))
            .map_err(Error::file(&path, "telling that it is ready"))
    }

    /// Looks at all devices that there are.
    fn pass(&mut self) {
        self.passing = true;
        self.counts.passes += 1;
        self.nodes_of_modules();
        let mut found = Vec::new();
        let root = self.options.root.clone();
        match walk(&root, |one| found.push(one)) {
            Ok(folders) => self.counts.folders = folders,
            Err(errno) => return self.fail(format!("/sys/devices: {}: mount /sys", words(errno))),
        }
        let mut gone: Vec<String> = self.nodes.keys().cloned().collect();
        for one in found {
            match one {
                Found::Alias(alias) => {
                    self.aliases.insert(alias);
                }
                Found::Node(device) => {
                    gone.retain(|path| *path != device.path);
                    self.node(device);
                }
            }
        }
        gone.iter().for_each(|path| self.remove(path));
    }

    /// Makes the nodes by which modules are loaded that no device asks for: /dev/fuse, /dev/net/tun.
    fn nodes_of_modules(&mut self) {
        let Options { root, release, .. } = &self.options;
        let mut failed = Vec::new();
        for node in modules::nodes(root, release) {
            let device = Device::of_module(node);
            let said = self.rules.say(root, &device);
            let done = node::make(root, &device).and_then(|()| node::set(root, &device, &said));
            failed.extend(done.err());
        }
        failed.into_iter().for_each(|what| self.fail(what));
    }

    /// Reads the rules anew, and looks at everything by them.
    fn reload(&mut self) {
        self.rules = Rules::read(&self.options.root, |error| log(&error.to_string()));
        self.pass();
    }

    /// Hears what the kernel has told.
    fn hear(&mut self) -> Result<()> {
        loop {
            let mut message = None;
            let heard = self.socket.hear(|event| {
                message = Some((
                    event.action.to_owned(),
                    event.path.to_owned(),
                    event.modalias.to_owned(),
                    event.device(),
                ));
            });
            match heard {
                Ok(Heard::Nothing) => return Ok(()),
                Ok(Heard::Something) => {}
                Ok(Heard::Overrun) => {
                    self.counts.overruns += 1;
                    log("more came at once than could be heard: all devices are looked at anew");
                    self.pass();
                }
                Err(errno) => {
                    return Err(Error::Impossible(format!(
                        "hearing of devices: {}",
                        words(errno)
                    )));
                }
            }
            if let Some((action, path, alias, device)) = message {
                self.counts.events += 1;
                self.event(&action, &path, alias, device);
            }
        }
    }

    fn event(&mut self, action: &str, path: &str, alias: String, device: Option<Device>) {
        match action {
            "remove" => self.remove(path),
            "add" | "change" | "bind" | "move" | "online" => {
                if action == "add" && !alias.is_empty() {
                    self.aliases.insert(alias);
                }
                match device {
                    // Others change without an end: a battery, a screen.
                    Some(device) if action != "change" || device.is_block() => self.node(device),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// A node that came, or may be another than it was.
    fn node(&mut self, device: Device) {
        let root = &self.options.root;
        let said = self.rules.say(root, &device);
        if let Err(what) = node::set(root, &device, &said) {
            self.fail(what);
        }
        let known = self.nodes.contains_key(&device.path);
        let reads = device.is_block() && said.read;
        if !known && !reads && said.links.is_empty() {
            // Nothing to remember.
            return;
        }
        self.generation += 1;
        let generation = self.generation;
        if reads {
            self.watches.add(&self.options.root, &device);
            self.pool.probe(Probe {
                device: device.path.clone(),
                generation,
                place: Place::new(&self.options.root, &device),
            });
        } else {
            self.name(&device, &said.links);
        }
        let path = device.path.clone();
        self.nodes.insert(
            path,
            Node {
                device,
                said,
                generation,
            },
        );
    }

    fn name(&mut self, device: &Device, links: &[String]) {
        let mut failed = Vec::new();
        self.links
            .set(&device.path, &device.name, links, |what| failed.push(what));
        failed.into_iter().for_each(|what| self.fail(what));
    }

    fn remove(&mut self, path: &str) {
        if let Some(node) = self.nodes.remove(path) {
            self.watches.remove(path);
            self.name(&node.device, &[]);
        }
    }

    /// Somebody wrote to a disk and closed it.
    fn look_again(&mut self, path: &str) {
        if let Some(device) = walk::device(&self.options.root, path) {
            self.node(device);
        }
    }

    /// Has modules loaded for what was asked for.
    fn plan(&mut self) {
        if self.aliases.is_empty() {
            return;
        }
        let aliases = std::mem::take(&mut self.aliases);
        if self.options.no_modules {
            return;
        }
        if self.database.is_none() {
            let read = Database::read(&self.options.root, &self.options.release, |error| {
                log(&error.to_string())
            });
            match read {
                Ok(database) => self.database = Some(database),
                // A kernel without modules is fine; that some are missing is told once.
                Err(error) if self.counts.passes > 1 || self.ready => drop(error),
                Err(error) => self.fail(error.to_string()),
            }
        }
        let Some(database) = &self.database else {
            return;
        };
        let root = &self.options.root;
        let loaded = |name: &str| is_loaded(root, name);
        let mut plan = Plan::new(database, &loaded);
        for alias in &aliases {
            plan.device(alias);
        }
        if !plan.loads.is_empty() {
            let loads = std::mem::take(&mut plan.loads);
            self.pool.load(loads);
        }
    }

    fn results(&mut self) {
        for done in self.pool.done() {
            match done {
                Done::Module { outcome, .. } => match outcome {
                    Outcome::Loaded => self.counts.loaded += 1,
                    Outcome::NotNeeded => self.counts.not_needed += 1,
                    Outcome::Absent(path) => {
                        self.counts.absent += 1;
                        log(&format!(
                            "{path}: a device asks for it, and no package that is installed has it"
                        ));
                    }
                    Outcome::Failed(what) => self.fail(what),
                },
                Done::Probe {
                    device,
                    generation,
                    identity,
                } => {
                    // It may be gone, or another, since.
                    let Some(node) = self
                        .nodes
                        .get(&device)
                        .filter(|node| node.generation == generation)
                    else {
                        continue;
                    };
                    let mut links = node.said.links.clone();
                    links.extend(identity.links());
                    let device = node.device.clone();
                    self.name(&device, &links);
                }
            }
        }
    }

    fn fail(&mut self, what: String) {
        log(&what);
        self.counts.failed += 1;
        if self.failures.len() == FAILURES {
            self.failures.remove(0);
        }
        self.failures.push(what);
    }

    fn command(&mut self, at: usize) {
        let Some(command) = self.connections[at].read() else {
            return;
        };
        match &*command {
            "status" | "status json" => {
                let status = self.status(command.ends_with("json"));
                self.connections[at].answer(0, &status);
            }
            "trigger" if self.connections[at].may_change() => {
                self.connections[at].waits = true;
                self.reload();
            }
            "trigger" => self.connections[at].answer(
                1,
                "only root may have all devices looked at anew: run it as root\n",
            ),
            other => {
                let told = format!("devd does not know '{other}'\n");
                self.connections[at].answer(2, &told);
            }
        }
    }
}
