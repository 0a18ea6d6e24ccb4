//! Re-execution: the daemon's program is run anew in the same process (an update of it, say), and everything goes on:
//! services, their processes, descriptors, connections. The state travels in a sealed memory file.

use super::connection::Connection;
use super::finish::Ending;
use super::manager::Manager;
use super::options::Level;
use super::output::{Output, SavedOutput};
use super::poll::{Interest, Token};
use super::program::{self, become_program};
use super::timers::Due;
use super::unit::{Run, Unit};
use crate::codec::{Codec, Reader, record};
use crate::crash;
use crate::description::Description;
use crate::engine::{Engine, Id, State, Target};
use crate::memory::Room;
use crate::text::Errno;
use rustix::fs::{MemfdFlags, SealFlags};
use rustix::io::FdFlags;
use std::ffi::OsString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What a state begins with: its name and the version of its form.
const MAGIC: [u8; 8] = *b"dinit\0\x01\0";

/// The option that names the descriptor of the state.
pub const OPTION: &str = "--restore-from";

/// Everything but the engine.
struct Saved {
    environment: Vec<Box<[u8]>>,
    cgroup_base: Box<[u8]>,
    control: Option<i32>,
    notify: Option<i32>,
    notify_path: Box<[u8]>,
    began: u64,
    ending: Option<u8>,
    timers: Vec<Due>,
    units: Vec<(u32, Description, Option<SavedRun>)>,
    connections: Vec<SavedConnection>,
}
record!(Saved {
    environment,
    cgroup_base,
    control,
    notify,
    notify_path,
    began,
    ending,
    timers,
    units,
    connections
});

/// [`Run`] with the numbers of its descriptors.
struct SavedRun {
    ready: Option<i32>,
    output: Option<SavedOutput>,
    sockets: Vec<i32>,
    demand: bool,
    cgroup: Option<(i32, Box<[u8]>)>,
    foreign: Option<i32>,
    status: Option<Box<[u8]>>,
}
record!(SavedRun {
    ready,
    output,
    sockets,
    demand,
    cgroup,
    foreign,
    status
});

struct SavedConnection {
    fd: i32,
    handles: Vec<(u32, u32)>,
    follows: Vec<(u32, u32)>,
    listens_to_environment: bool,
    unsent: Box<[u8]>,
    unread: Box<[u8]>,
}
record!(SavedConnection {
    fd,
    handles,
    follows,
    listens_to_environment,
    unsent,
    unread
});

impl Manager {
    /// Runs the program anew. Comes back only when that cannot be done: then everything is as before.
    pub(super) fn reexecute(&mut self, words: &[OsString]) {
        if let Err(problem) = self.try_reexecute(words) {
            self.log.say(
                Level::Error,
                format_args!("the daemon goes on as it was: {problem}"),
            );
        }
    }

    fn try_reexecute(&mut self, words: &[OsString]) -> Result<(), String> {
        let program = self.program.clone();
        // A file that is no program, or one for another machine, is found out while there is a way back.
        // Its end is not the loop's to hear of, which is why it is waited for here.
        if !runs(&program) {
            return Err(format!("{} does not run", program.display()));
        }
        let state = self.state()?;
        Restored::read(&state).ok_or("its state cannot be read back")?;
        let errno = |error: rustix::io::Errno| Errno(error.raw_os_error()).to_string();
        let file = memory_file(&state).map_err(errno)?;
        self.log.flush();
        let kept = self.descriptors();
        keep_on_exec(&kept, true);
        let mut words: Vec<OsString> = without_own(words);
        words.push(OPTION.into());
        words.push(file.as_raw_fd().to_string().into());
        let error = Errno(become_program(program.as_os_str(), &words));
        keep_on_exec(&kept, false);
        Err(format!("{}: {error}", program.display()))
    }

    fn state(&self) -> Result<Vec<u8>, String> {
        let mut out = MAGIC.to_vec();
        let mut engine = Vec::new();
        self.engine.save(&mut engine).map_err(|_| "out of memory")?;
        engine.into_boxed_slice().write(&mut out);
        self.saved().write(&mut out);
        Ok(out)
    }

    fn saved(&self) -> Saved {
        let raw = |fd: &OwnedFd| fd.as_raw_fd();
        let pairs = |list: &[(u32, Id)]| list.iter().map(|(handle, id)| (*handle, id.0)).collect();
        let run = |run: &Run| SavedRun {
            ready: run.ready.as_ref().map(raw),
            output: run.output.as_ref().map(Output::saved),
            sockets: run.sockets.iter().map(raw).collect(),
            demand: run.demand,
            cgroup: run
                .cgroup
                .as_ref()
                .map(|(fd, path)| (raw(fd), path.clone())),
            foreign: run.foreign.as_ref().map(raw),
            status: run.status.clone(),
        };
        let connection = |connection: &Connection| SavedConnection {
            fd: connection.fd().as_raw_fd(),
            handles: pairs(&connection.handles),
            follows: pairs(&connection.follows),
            listens_to_environment: connection.listens_to_environment,
            unsent: connection.unsent().into(),
            unread: connection.unread().into(),
        };
        let mut units = Vec::new();
        for id in self.listed() {
            if let Some(unit) = self.unit(id) {
                units.push((id.0, unit.description.clone(), unit.run.as_deref().map(run)));
            }
        }
        Saved {
            environment: self.environment.iter().map(Box::from).collect(),
            cgroup_base: self.cgroup_base.clone().into(),
            control: self.control.fd.as_ref().map(raw),
            notify: self.notify.as_ref().map(raw),
            notify_path: self.notify_path.clone().into(),
            began: self.began,
            ending: self.ending.map(|ending| ending as u8),
            timers: self.timers.save(),
            units,
            connections: self.connections.iter().flatten().map(connection).collect(),
        }
    }

    /// Every descriptor that the state names.
    fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        let mut all: Vec<BorrowedFd<'_>> = Vec::new();
        all.extend(self.control.fd.as_ref().map(AsFd::as_fd));
        all.extend(self.notify.as_ref().map(AsFd::as_fd));
        for run in self
            .units
            .iter()
            .flatten()
            .filter_map(|unit| unit.run.as_deref())
        {
            all.extend(run.ready.as_ref().map(AsFd::as_fd));
            all.extend(
                run.output
                    .iter()
                    .flat_map(|output| [output.read.as_fd(), output.write.as_fd()]),
            );
            all.extend(run.sockets.iter().map(AsFd::as_fd));
            all.extend(run.cgroup.as_ref().map(|(fd, _)| fd.as_fd()));
            all.extend(run.foreign.as_ref().map(AsFd::as_fd));
        }
        all.extend(self.connections.iter().flatten().map(Connection::fd));
        all
    }
}

/// The state of the process before, read and checked, its descriptors not taken yet.
pub struct Restored {
    engine: Engine,
    saved: Saved,
}

impl Restored {
    fn read(state: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(state.strip_prefix(&MAGIC)?);
        let engine: Box<[u8]> = Codec::read(&mut reader)?;
        let engine = Engine::restore(&engine).ok()?;
        let saved = Saved::read(&mut reader)?;
        let fits = engine
            .ids()
            .all(|id| saved.units.iter().any(|(place, ..)| *place == id.0));
        (reader.is_empty() && fits).then_some(Self { engine, saved })
    }

    /// Reads the state from a descriptor, which is closed.
    pub fn take(number: i32) -> Option<Self> {
        if number < 3 {
            return None;
        }
        // SAFETY: the process before opened it for us, and told nobody else of it.
        let file = unsafe { OwnedFd::from_raw_fd(number) };
        let length = usize::try_from(rustix::fs::fstat(&file).ok()?.st_size).ok()?;
        let mut state = Vec::new();
        state.room_exact(length).ok()?;
        state.resize(length, 0);
        let mut read = 0;
        while read < length {
            match rustix::io::pread(&file, &mut state[read..], read as u64).ok()? {
                0 => return None,
                more => read += more,
            }
        }
        Self::read(&state)
    }

    /// Makes the daemon what it was.
    pub fn apply(self, daemon: &mut Manager) {
        let saved = self.saved;
        daemon.engine = self.engine;
        daemon.environment.clear();
        for entry in &saved.environment {
            daemon.environment.set(entry);
        }
        daemon.cgroup_base = saved.cgroup_base.into();
        daemon.began = saved.began;
        daemon.notify_path = saved.notify_path.into();
        daemon.control.ready = None;
        daemon.control.fd = saved.control.and_then(adopt);
        daemon.notify = saved.notify.and_then(adopt);
        for (fd, token) in [
            (&daemon.control.fd, Token::Control),
            (&daemon.notify, Token::Notify),
        ] {
            if let Some(fd) = fd {
                let _ = daemon.poll.add(fd, token, Interest::Read);
            }
        }
        for (place, description, run) in saved.units {
            let id = Id(place);
            if let Some(producer) = &description.extra().consumer_of {
                daemon
                    .consumers
                    .push((producer.clone(), description.name.clone()));
            }
            let unit = Unit {
                description,
                sequence: daemon.sequence,
                run: run.map(|run| Box::new(run.restore())),
            };
            daemon.sequence += 1;
            daemon.place_unit(id, unit);
            daemon.poll_unit(id);
            for (pid, target) in [
                (daemon.engine.pid(id), Target::Main),
                (daemon.engine.stop_pid(id), Target::Stop),
            ] {
                if let Some(pid) = pid {
                    daemon.children.insert(pid, (id, target));
                }
            }
        }
        daemon.restore_timers(saved.timers);
        for connection in saved.connections {
            let Some(fd) = adopt(connection.fd) else {
                continue;
            };
            let Some(place) = daemon.connect(fd) else {
                continue;
            };
            let ids = |list: Vec<(u32, u32)>| {
                list.into_iter()
                    .map(|(handle, id)| (handle, Id(id)))
                    .collect()
            };
            if let Some(new) = daemon.connection(place) {
                new.handles = ids(connection.handles);
                new.follows = ids(connection.follows);
                new.listens_to_environment = connection.listens_to_environment;
                new.restore(connection.unsent.into(), connection.unread.into());
            }
        }
        if let Some(ending) = saved.ending.and_then(Ending::of) {
            daemon.shut_down(ending);
        }
        // What ended in between has told nobody yet.
        daemon.reap();
    }
}

impl SavedRun {
    fn restore(self) -> Run {
        Run {
            ready: self.ready.and_then(adopt),
            output: self.output.and_then(Output::restore),
            sockets: self.sockets.into_iter().filter_map(adopt).collect(),
            demand: self.demand,
            cgroup: self.cgroup.and_then(|(fd, path)| Some((adopt(fd)?, path))),
            foreign: self.foreign.and_then(adopt),
            status: self.status,
        }
    }
}

impl Manager {
    /// Waits for what a restored service may have to say.
    fn poll_unit(&self, id: Id) {
        let Some(run) = self.unit(id).and_then(|unit| unit.run.as_deref()) else {
            return;
        };
        let add = |fd: &OwnedFd, token| {
            let _ = self.poll.add(fd, token, Interest::Read);
        };
        if let Some(fd) = &run.ready {
            add(fd, Token::Ready(id.0));
        }
        if let Some(output) = run.output.as_ref().filter(|output| output.is_ours()) {
            add(&output.read, Token::Output(id.0));
        }
        if let Some(fd) = &run.foreign {
            add(fd, Token::Process(id.0));
        }
        if run.demand && self.engine.state(id) == State::Started {
            for socket in &run.sockets {
                add(socket, Token::Demand(id.0));
            }
        }
    }
}

/// Takes a descriptor that the process before left open. None when there is no such.
pub(super) fn adopt(number: i32) -> Option<OwnedFd> {
    if number < 3 {
        return None;
    }
    // SAFETY: borrowed for the look alone; a number that is no descriptor is an error of the call.
    let there = unsafe { BorrowedFd::borrow_raw(number) };
    rustix::io::fcntl_setfd(there, FdFlags::CLOEXEC).ok()?;
    // SAFETY: the state names each descriptor once, and nothing else of this fresh process owns it.
    Some(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Whether a file is a program that can be run and knows its name.
fn runs(program: &Path) -> bool {
    let Ok((read, write)) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC) else {
        return false;
    };
    let words = [program.as_os_str().as_bytes(), b"dinit", b"--version"];
    let Ok(pid) = program::start(&words, Some(write.as_fd())) else {
        return false;
    };
    drop(write);
    let mut said = [0; 5];
    program::wait(pid, 5_000) == Some(true)
        && rustix::io::read(&read, &mut said) == Ok(said.len())
        && &said == b"Dinit"
}

fn keep_on_exec(fds: &[BorrowedFd<'_>], keep: bool) {
    let flags = if keep {
        FdFlags::empty()
    } else {
        FdFlags::CLOEXEC
    };
    for fd in fds {
        let _ = rustix::io::fcntl_setfd(fd, flags);
    }
}

/// A file in memory with this content, which nobody can change any more; not closed on exec.
fn memory_file(content: &[u8]) -> Result<OwnedFd, rustix::io::Errno> {
    let file = rustix::fs::memfd_create(c"dinit-state", MemfdFlags::ALLOW_SEALING)?;
    let mut rest = content;
    while !rest.is_empty() {
        let length = rustix::io::write(&file, rest)?;
        rest = &rest[length..];
    }
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    rustix::fs::fcntl_add_seals(&file, seals)?;
    Ok(file)
}

/// The command line without what an earlier re-execution added.
/// The words without the options that one run of the daemon gives to the next.
pub fn without_own(words: &[OsString]) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == OPTION || word == crash::OPTION {
            words.next();
        } else {
            kept.push(word.clone());
        }
    }
    kept
}
