//! Making a service's process: gathering what it is given, and taking back what it no longer needs.

use super::manager::Manager;
use super::options::Level;
use super::output::Output;
use super::poll::{Interest, Token};
use crate::description::{Log, Options, Ready};
use crate::engine::{Id, LaunchError, Stage, State, Target};
use crate::launch::{self, Io, Notify, Order};
use crate::text::Show;
use crate::utmp;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use rustix::pipe::{PipeFlags, pipe_with};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A failure at a stage.
pub(super) fn at(stage: Stage) -> impl FnOnce(Errno) -> LaunchError {
    move |error| LaunchError {
        stage,
        errno: error.raw_os_error(),
    }
}

/// The service is not loaded, which cannot be.
const GONE: LaunchError = LaunchError {
    stage: Stage::ArrangeFds,
    errno: 3,
};

/// Bytes that one look at the readiness pipe reads.
const READY: usize = 128;

impl Manager {
    /// Runs the start or stop command; the process.
    pub(super) fn run_process(&mut self, id: Id, target: Target) -> Result<i32, LaunchError> {
        let main = target == Target::Main;
        if main {
            self.clear_run(id);
        }
        self.open_output(id).map_err(at(Stage::ArrangeFds))?;
        self.note_restart(id);
        self.open_sockets(id)?;
        self.open_cgroup(id)?;
        let input = self.input(id)?;
        self.open_null();
        self.find_cgroup_base(id);
        let notifies = |unit: &super::unit::Unit| unit.description.extra().ready == Ready::SdNotify;
        if main && self.unit(id).is_some_and(notifies) {
            self.open_notify().map_err(at(Stage::ArrangeFds))?;
        }
        let unit = self.unit(id).ok_or(GONE)?;
        let description = &unit.description;
        let run = unit.run.as_deref();
        let options = description.options;
        let ready = match (&description.extra().ready, main) {
            (Ready::Fd(_) | Ready::Variable(_), true) => {
                Some(pipe_with(PipeFlags::CLOEXEC).map_err(at(Stage::ArrangeFds))?)
            }
            _ => None,
        };
        let control = if options.contains(Options::PASS_CS_FD) {
            Some(control_pair().map_err(at(Stage::ControlSocket))?)
        } else {
            None
        };
        let notify = match (&description.extra().ready, &ready) {
            (Ready::Fd(number), Some((_, write))) => Notify::Fd(write.as_fd(), *number),
            (Ready::Variable(name), Some((_, write))) => Notify::Variable(write.as_fd(), name),
            (Ready::SdNotify, _) if main => Notify::Socket(&self.notify_path),
            _ => Notify::None,
        };
        let written = run.and_then(|run| Some(&run.output.as_ref()?.write));
        let io = if options.contains(Options::SHARES_CONSOLE) {
            Io::SharedConsole
        } else if self.engine.has_console(id) {
            Io::Console
        } else {
            let null = self.null.as_ref();
            let unwritten = null.filter(|_| !matches!(description.log, Log::File(_)));
            Io::Detached {
                input: input.as_ref().or(null).map(AsFd::as_fd),
                output: written.or(unwritten).map(AsFd::as_fd),
            }
        };
        let listen: Vec<BorrowedFd<'_>> = run.map_or_else(Vec::new, |run| {
            run.sockets.iter().map(AsFd::as_fd).collect()
        });
        let order = Order {
            description,
            command: if main {
                &description.command
            } else {
                &description.stop_command
            },
            environment: &self.environment,
            io,
            notify,
            listen: if main { &listen } else { &[] },
            control: control.as_ref().map(|(_, theirs)| theirs.as_fd()),
            cgroup: run.and_then(|run| Some(run.cgroup.as_ref()?.0.as_fd())),
            cgroup_base: &self.cgroup_base,
        };
        let child = launch::launch(&order)?;
        self.children.insert(child.pid, (id, target));
        if main {
            self.tell_utmp(id, Some(child.pid));
        }
        if let Some((ours, _)) = control {
            self.connect(ours);
        }
        if let Some((read, _)) = ready {
            self.watch_ready(id, read);
        }
        Ok(child.pid)
    }

    /// Has /dev/null open for all services. Where it cannot be opened, a service's start says so.
    fn open_null(&mut self) {
        if self.null.is_none() {
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
            self.null = rustix::fs::open(c"/dev/null", flags, Mode::empty()).ok();
        }
    }

    /// The service's entry among the users that are logged in, if it is to have one.
    fn tell_utmp(&mut self, id: Id, pid: Option<i32>) {
        let Some(unit) = self.unit(id) else { return };
        let extra = unit.description.extra();
        if extra.inittab_id.is_none() && extra.inittab_line.is_none() {
            return;
        }
        let (entry, line) = (
            extra.inittab_id.as_deref().unwrap_or_default(),
            extra.inittab_line.as_deref().unwrap_or_default(),
        );
        let result = match pid {
            Some(pid) => utmp::started(utmp::PATH, entry, line, pid),
            None => utmp::ended(utmp::PATH, entry, line),
        };
        if let Err(error) = result {
            let name = Show(self.engine.name(id));
            let error = crate::text::Errno(error.raw_os_error());
            self.log.say(
                Level::Warn,
                format_args!("service {name}: {}: {error}", utmp::PATH),
            );
        }
    }

    fn watch_ready(&mut self, id: Id, read: OwnedFd) {
        let _ = rustix::io::ioctl_fionbio(&read, true);
        if let Err(error) = self.poll.add(&read, Token::Ready(id.0), Interest::Read) {
            let name = Show(self.engine.name(id));
            let error = crate::text::Errno(error.raw_os_error());
            self.log.say(
                Level::Error,
                format_args!("service {name}: its readiness cannot be waited for: {error}"),
            );
        }
        if let Some(unit) = self.unit_mut(id) {
            unit.run().ready = Some(read);
        }
    }

    /// Reads what a service says about its readiness. What comes later is read too, so that it never fails to write.
    pub(super) fn read_ready(&mut self, id: Id) {
        let Some(run) = self.unit_mut(id).and_then(|unit| unit.run.as_mut()) else {
            return;
        };
        let Some(ready) = &run.ready else { return };
        let mut buffer = [0; READY];
        match rustix::io::read(ready, &mut buffer) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            Ok(1..) => self.engine.ready(id),
            Ok(0) | Err(_) => {
                self.close_ready(id);
                self.engine.ready_closed(id);
            }
        }
    }

    fn close_ready(&mut self, id: Id) {
        if let Some(ready) = self
            .unit_mut(id)
            .and_then(|unit| unit.run.as_mut()?.ready.take())
        {
            self.poll.remove(&ready);
        }
    }

    /// A main process has ended: what it said last is still heard.
    pub(super) fn main_ended(&mut self, id: Id) {
        self.tell_utmp(id, None);
        if self.engine.state(id) == State::Starting && self.notify.is_some() {
            self.read_notify();
        }
        if self
            .unit(id)
            .is_some_and(|unit| unit.run.as_ref().is_some_and(|run| run.ready.is_some()))
        {
            if self.engine.state(id) == State::Starting {
                self.read_ready(id);
            }
            self.close_ready(id);
        }
    }

    /// Nothing of an earlier run is left when another begins.
    fn clear_run(&mut self, id: Id) {
        self.close_ready(id);
        let Some(run) = self.unit_mut(id).and_then(|unit| unit.run.as_mut()) else {
            return;
        };
        run.status = None;
        if let Some(process) = run.foreign.take() {
            self.poll.remove(&process);
        }
        self.stop_demand(id);
        self.kill_cgroup(id);
    }

    /// Where the output of the service goes when it goes through us, or to another service.
    fn open_output(&mut self, id: Id) -> Result<(), Errno> {
        let Some(unit) = self.unit_mut(id) else {
            return Ok(());
        };
        if unit.run.as_ref().is_some_and(|run| run.output.is_some())
            || on_console(unit.description.options)
        {
            return Ok(());
        }
        let Some(output) = Output::open(&unit.description)? else {
            return Ok(());
        };
        let reads = output.is_ours();
        unit.run().output = Some(output);
        if reads
            && let Some(Some(unit)) = self.units.get(id.0 as usize)
            && let Some(output) = unit.run.as_ref().and_then(|run| run.output.as_ref())
        {
            self.poll
                .add(&output.read, Token::Output(id.0), Interest::Read)?;
        }
        Ok(())
    }

    /// Marks in a buffered log that another run begins.
    fn note_restart(&mut self, id: Id) {
        let Some(run) = self.unit_mut(id).and_then(|unit| unit.run.as_mut()) else {
            return;
        };
        if let Some(buffer) = run.output.as_mut().and_then(Output::buffer) {
            buffer.note_restart();
        }
    }

    /// Takes in what a service has written.
    pub(super) fn read_output(&mut self, id: Id) {
        let Some(Some(unit)) = self.units.get_mut(id.0 as usize) else {
            return;
        };
        let Some(output) = unit.run.as_mut().and_then(|run| run.output.as_mut()) else {
            return;
        };
        if !output.is_ours() {
            return;
        }
        let mut room = [0; 4096];
        // So much at a time that one service does not keep the others waiting.
        for _ in 0..16 {
            let Some(Some(unit)) = self.units.get_mut(id.0 as usize) else {
                return;
            };
            let Some(output) = unit.run.as_mut().and_then(|run| run.output.as_mut()) else {
                return;
            };
            match rustix::io::read(&output.read, &mut room) {
                Ok(0) => return,
                Ok(length) => {
                    output.take(&room[..length]);
                    self.send_output(id, &room[..length]);
                }
                Err(Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }

    /// What a `consumer-of` reads: the other service's pipe.
    fn input(&mut self, id: Id) -> Result<Option<OwnedFd>, LaunchError> {
        let Some(unit) = self.unit(id) else {
            return Ok(None);
        };
        let Some(producer) = &unit.description.extra().consumer_of else {
            return Ok(None);
        };
        let Some(producer) = self.engine.find(producer) else {
            return Ok(None);
        };
        self.open_output(producer).map_err(at(Stage::StdInOut))?;
        let output = self
            .unit(producer)
            .and_then(|unit| unit.run.as_ref()?.output.as_ref());
        let copy = output.map(|output| rustix::io::fcntl_dupfd_cloexec(&output.read, 3));
        copy.transpose().map_err(at(Stage::StdInOut))
    }

    fn open_sockets(&mut self, id: Id) -> Result<(), LaunchError> {
        let Some(unit) = self.unit_mut(id) else {
            return Err(GONE);
        };
        let wanted = !unit.description.extra().sockets.is_empty();
        if !wanted || unit.run.as_ref().is_some_and(|run| !run.sockets.is_empty()) {
            return Ok(());
        }
        let opened = crate::sockets::open(&unit.description);
        match opened {
            Ok(sockets) => {
                unit.run().sockets = sockets;
                Ok(())
            }
            Err(error) => {
                let name = Show(self.engine.name(id));
                self.log
                    .say(Level::Error, format_args!("service {name}: {error}"));
                Err(LaunchError {
                    stage: Stage::ActivationSocket,
                    errno: error.errno,
                })
            }
        }
    }

    /// Opens the sockets of a service that is started on demand, and waits for a connection.
    pub(super) fn listen_for_demand(&mut self, id: Id) -> Result<(), LaunchError> {
        self.open_sockets(id)?;
        let Some(Some(unit)) = self.units.get_mut(id.0 as usize) else {
            return Err(GONE);
        };
        let run = unit.run();
        if !run.demand {
            for socket in &run.sockets {
                self.poll
                    .add(socket, Token::Demand(id.0), Interest::Read)
                    .map_err(at(Stage::ActivationSocket))?;
            }
            run.demand = true;
        }
        Ok(())
    }

    pub(super) fn demanded(&mut self, id: Id) {
        let waits = |run: &super::unit::Run| run.demand;
        if self
            .unit(id)
            .is_some_and(|unit| unit.run.as_deref().is_some_and(waits))
        {
            self.stop_demand(id);
            self.engine.demanded(id);
        }
    }

    fn stop_demand(&mut self, id: Id) {
        let Some(Some(unit)) = self.units.get_mut(id.0 as usize) else {
            return;
        };
        let Some(run) = &mut unit.run else { return };
        if std::mem::take(&mut run.demand) {
            for socket in &run.sockets {
                self.poll.remove(socket);
            }
        }
    }

    /// The service is stopped and stays so: gives back what it held.
    pub(super) fn give_back(&mut self, id: Id) {
        self.stop_demand(id);
        self.close_ready(id);
        self.kill_cgroup(id);
        if let Some(run) = self.unit_mut(id).and_then(|unit| unit.run.as_mut()) {
            run.sockets.clear();
            run.status = None;
        }
    }
}

fn on_console(options: Options) -> bool {
    options
        .intersects(Options::RUNS_ON_CONSOLE | Options::STARTS_ON_CONSOLE | Options::SHARES_CONSOLE)
}

/// A control connection that is open already: our end, the service's.
fn control_pair() -> Result<(OwnedFd, OwnedFd), Errno> {
    let flags = SocketFlags::CLOEXEC;
    let (ours, theirs) =
        rustix::net::socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::io::ioctl_fionbio(&ours, true)?;
    Ok((ours, theirs))
}
