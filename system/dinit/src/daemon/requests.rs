//! What each request of the control protocol does.

use super::finish::Ending;
use super::manager::{Manager, now};
use crate::description::{Kind, Log};
use crate::engine::{DependencyKind, Id, State, StopReason, Time};
use crate::protocol::command::{Change, Order, OrderFlags};
use crate::protocol::reply::{self, Code};
use crate::protocol::request::Request;
use crate::protocol::status::{Layout, Process, Status};
use crate::protocol::{Handle, OutOfMemory};

impl Manager {
    /// Does what a client asks and answers it.
    pub(super) fn answer(&mut self, place: usize, request: &Request<'_>) {
        match request {
            Request::QueryVersion => self.reply(place, reply::version),
            Request::Find(name) => match self.engine.find(name) {
                Some(id) => self.give_record(place, id),
                _ => self.code(place, Code::NoService),
            },
            Request::Load(name) => self.answer_load(place, name),
            Request::Order(order, flags, handle) => match self.known(place, *handle) {
                Some(id) => self.order(place, *order, *flags, id),
                None => self.refuse(place),
            },
            Request::Unpin(handle) => match self.known(place, *handle) {
                Some(id) => {
                    self.engine.unpin(id);
                    self.pump();
                    self.code(place, Code::Ack);
                }
                None => self.refuse(place),
            },
            Request::Unload(handle) => match self.known(place, *handle) {
                Some(id) => {
                    let done = self.unload(id);
                    self.code(place, if done { Code::Ack } else { Code::Nak });
                }
                None => self.refuse(place),
            },
            Request::Reload(handle) => match self.known(place, *handle) {
                Some(id) => self.answer_reload(place, *handle, id),
                None => self.refuse(place),
            },
            Request::CloseHandle(handle) => match self.known(place, *handle) {
                Some(_) => {
                    if let Some(connection) = self.connection(place) {
                        connection.forget_handle(*handle);
                    }
                    self.code(place, Code::Ack);
                }
                None => self.refuse(place),
            },
            Request::List(layout) => self.answer_list(place, *layout),
            Request::Status(layout, handle) => match self.known(place, *handle) {
                Some(id) => {
                    let status = self.status(id);
                    self.reply(place, |out| reply::status(out, *layout, &status));
                }
                None => self.code(place, Code::Nak),
            },
            Request::Shutdown(kind) => {
                if let Some(ending) = Ending::of(*kind as u8) {
                    self.shut_down(ending);
                    self.pump();
                }
                self.code(place, Code::Ack);
            }
            Request::Dependency {
                change,
                kind,
                from,
                to,
            } => match (self.known(place, *from), self.known(place, *to)) {
                (Some(from), Some(to)) if from != to => {
                    self.change_dependency(place, *change, *kind, from, to)
                }
                _ => self.refuse(place),
            },
            Request::QueryLoadMechanism => self.answer_mechanism(place),
            Request::QueryName(handle) => match self.known(place, *handle) {
                Some(id) => {
                    let name = self.engine.name(id).to_vec();
                    self.reply(place, |out| reply::name(out, &name));
                }
                None => self.code(place, Code::Nak),
            },
            Request::QueryDirectory(handle) => match self.known(place, *handle) {
                Some(id) => {
                    let folder = self.directory_of(id);
                    self.reply(place, |out| reply::directory(out, &folder));
                }
                None => self.code(place, Code::Nak),
            },
            Request::SetEnvironment(entry) => {
                let end = entry
                    .iter()
                    .position(|byte| *byte == b'=')
                    .unwrap_or(entry.len());
                let overridden = self.environment.get(&entry[..end]).is_some();
                match self.environment.try_set(entry) {
                    Ok(()) => {
                        self.send_environment(entry, overridden);
                        self.code(place, Code::Ack);
                    }
                    Err(OutOfMemory) => self.code(place, Code::OutOfMemory),
                }
            }
            Request::UnsetEnvironment(name) => {
                let overridden = self.environment.get(name).is_some();
                self.environment.unset(name);
                self.send_environment(name, overridden);
                self.code(place, Code::Ack);
            }
            Request::GetEnvironment => {
                if let Some(connection) = self.connections.get_mut(place).and_then(Option::as_mut) {
                    let entries: Vec<&[u8]> = self.environment.iter().collect();
                    connection.answer(|out| reply::environment(out, entries.iter().copied()));
                }
            }
            Request::ListenEnvironment => {
                if let Some(connection) = self.connection(place) {
                    connection.listens_to_environment = true;
                }
                self.code(place, Code::Ack);
            }
            Request::SetTrigger(handle, value) => {
                let id = self.known(place, *handle);
                let kind = id.and_then(|id| Some(self.unit(id)?.description.kind));
                match id.filter(|_| kind == Some(Kind::Triggered)) {
                    Some(id) => {
                        self.engine.set_trigger(id, *value);
                        self.pump();
                        self.code(place, Code::Ack);
                    }
                    None => self.code(place, Code::Nak),
                }
            }
            Request::CatLog { handle, clear } => self.answer_log(place, *handle, *clear),
            Request::Signal { handle, signal } => self.answer_signal(place, *handle, *signal),
            Request::Refused => self.code(place, Code::Nak),
            Request::Extension(request) => self.answer_extension(place, request),
        }
    }

    pub(super) fn reply(
        &mut self,
        place: usize,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), OutOfMemory>,
    ) {
        if let Some(connection) = self.connection(place) {
            connection.answer(write);
        }
    }

    pub(super) fn code(&mut self, place: usize, code: Code) {
        if let Some(connection) = self.connection(place) {
            connection.code(code);
        }
    }

    fn refuse(&mut self, place: usize) {
        if let Some(connection) = self.connection(place) {
            connection.refuse();
        }
    }

    /// The loaded service that a client means by a handle.
    pub(super) fn known(&mut self, place: usize, handle: Handle) -> Option<Id> {
        self.connection(place)?.service(handle)
    }

    pub(super) fn give_record(&mut self, place: usize, id: Id) {
        let (state, target) = (self.engine.state(id), self.engine.target(id));
        let Some(connection) = self.connection(place) else {
            return;
        };
        match connection.give_handle(id) {
            Ok(handle) => connection.answer(|out| reply::record(out, state, handle, target)),
            Err(OutOfMemory) => connection.code(Code::ServiceOutOfMemory),
        }
    }

    fn order(&mut self, place: usize, order: Order, flags: OrderFlags, id: Id) {
        if flags.contains(OrderFlags::PREACK) {
            self.code(place, Code::PreAck);
        }
        let code = match order {
            Order::Start | Order::Wake => self.start(order, flags, id),
            Order::Stop => match self.stop(place, flags, id) {
                Some(code) => code,
                None => return,
            },
            Order::Release => {
                if flags.contains(OrderFlags::PIN) {
                    self.engine.pin_stopped(id);
                }
                self.engine.release(id);
                self.decide();
                self.already(id, State::Stopped)
            }
        };
        self.code(place, code);
        self.pump();
    }

    /// Lets the engine decide, but does nothing yet: a client is answered first, so that it is told after the answer
    /// how a start went. dinit's own dinitctl waits for that for ever if it was told before.
    fn decide(&mut self) {
        self.engine.settle(Time(now()));
    }

    fn already(&self, id: Id, wanted: State) -> Code {
        if self.engine.state(id) == wanted {
            Code::Already
        } else {
            Code::Ack
        }
    }

    fn start(&mut self, order: Order, flags: OrderFlags, id: Id) -> Code {
        if self.engine.is_shutting_down() {
            return Code::ShuttingDown;
        }
        let down = matches!(self.engine.state(id), State::Stopped | State::Stopping);
        if down && self.engine.is_pinned_stopped(id) {
            return Code::PinnedStopped;
        }
        let woken = match order {
            Order::Wake => self.engine.wake(id),
            _ => true,
        };
        if flags.contains(OrderFlags::PIN) {
            self.engine.pin_started(id);
        }
        if order == Order::Start {
            self.engine.start(id);
        }
        self.decide();
        match self.already(id, State::Started) {
            Code::Ack if !woken => Code::Nak,
            code => code,
        }
    }

    /// The answer, unless it was given.
    fn stop(&mut self, place: usize, flags: OrderFlags, id: Id) -> Option<Code> {
        let restart = flags.contains(OrderFlags::RESTART);
        if restart && self.engine.is_shutting_down() {
            return Some(Code::ShuttingDown);
        }
        let up = matches!(self.engine.state(id), State::Started | State::Starting);
        if up && (self.engine.is_pinned_started(id) || self.engine.is_dependent_pinned(id)) {
            return Some(Code::PinnedStarted);
        }
        if flags.contains(OrderFlags::GENTLE) {
            let dependents = self.engine.active_hard_dependents(id);
            if !dependents.is_empty() {
                if let Some(connection) = self.connection(place) {
                    let handles: Result<Vec<Handle>, OutOfMemory> = dependents
                        .into_iter()
                        .map(|dependent| {
                            let known = connection.handles.iter().find(|(_, id)| *id == dependent);
                            match known {
                                Some((handle, _)) => Ok(*handle),
                                None => connection.give_handle(dependent),
                            }
                        })
                        .collect();
                    match handles {
                        Ok(handles) => connection.answer(|out| reply::dependents(out, &handles)),
                        Err(OutOfMemory) => connection.code(Code::ServiceOutOfMemory),
                    }
                }
                return None;
            }
        }
        let wanted = if restart {
            if !self.engine.restart(id) {
                return Some(Code::Nak);
            }
            State::Started
        } else {
            if flags.contains(OrderFlags::PIN) {
                self.engine.pin_stopped(id);
            }
            self.engine.stop_at_once(id);
            State::Stopped
        };
        self.decide();
        Some(self.already(id, wanted))
    }

    fn change_dependency(
        &mut self,
        place: usize,
        change: Change,
        kind: DependencyKind,
        from: Id,
        to: Id,
    ) {
        if change == Change::Remove {
            let removed = self.engine.remove_dependency(from, kind, to);
            self.pump();
            return self.code(place, if removed { Code::Ack } else { Code::Nak });
        }
        let Ok(added) = self.engine.add_dependency(from, kind, to) else {
            return self.code(place, Code::Nak);
        };
        let enable = matches!(change, Change::Enable | Change::Enable7);
        if enable && !self.engine.is_shutting_down() {
            self.engine.start_dependency(from, kind, to);
        }
        self.decide();
        if change == Change::Enable7 {
            let status = self.status(to);
            self.reply(place, |out| reply::enabled(out, &status, !added));
        } else {
            self.code(place, Code::Ack);
        }
        self.pump();
    }

    /// The status record of a service.
    pub(super) fn status(&self, id: Id) -> Status {
        let engine = &self.engine;
        let stop_reason = engine.stop_reason(id);
        let process = match (engine.pid(id), engine.launch_error(id)) {
            (Some(pid), _) => Process::Running { pid },
            (None, Some(error)) if stop_reason == StopReason::ExecFailed => Process::NotLaunched {
                stage: error.stage as u16,
                errno: error.errno,
            },
            _ => Process::Ended(engine.exit(id)),
        };
        Status {
            state: engine.state(id),
            target: engine.target(id),
            waits_for_console: engine.waits_for_console(id),
            has_console: engine.has_console(id),
            skipped: engine.skipped(id),
            explicit: engine.is_explicit(id),
            stop_reason,
            process,
            modified: self
                .unit(id)
                .map_or((0, 0), |unit| unit.description.modified),
        }
    }

    fn answer_list(&mut self, place: usize, layout: Layout) {
        let ids = self.listed();
        for id in ids {
            let status = self.status(id);
            if let Some(connection) = self.connections.get_mut(place).and_then(Option::as_mut) {
                let name = self.engine.name(id);
                connection.answer(|out| reply::service(out, layout, &status, name));
            }
        }
        self.code(place, Code::ListDone);
    }

    fn answer_mechanism(&mut self, place: usize) {
        use std::os::unix::ffi::OsStringExt;
        let folder = std::env::current_dir()
            .map(|dir| dir.into_os_string().into_vec())
            .unwrap_or_default();
        if let Some(connection) = self.connections.get_mut(place).and_then(Option::as_mut) {
            let directories = self.directories.iter().map(|folder| &**folder);
            connection.answer(|out| reply::load_mechanism(out, &folder, directories));
        }
    }

    /// The folder that a service's description lies in.
    fn directory_of(&self, id: Id) -> Vec<u8> {
        let file = self
            .unit(id)
            .and_then(|unit| unit.description.file.as_deref())
            .unwrap_or_default();
        let end = file.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        file[..end].to_vec()
    }

    fn answer_log(&mut self, place: usize, handle: Handle, clear: bool) {
        let buffered =
            |unit: &super::unit::Unit| matches!(unit.description.log, Log::Buffer { .. });
        let id = self
            .known(place, handle)
            .filter(|id| self.unit(*id).is_some_and(buffered));
        let Some(id) = id else {
            return self.code(place, Code::Nak);
        };
        self.read_output(id);
        let Some(connection) = self.connections.get_mut(place).and_then(Option::as_mut) else {
            return;
        };
        let Some(Some(unit)) = self.units.get_mut(id.0 as usize) else {
            return;
        };
        let buffer = unit
            .run
            .as_mut()
            .and_then(|run| run.output.as_mut()?.buffer());
        match buffer {
            Some(buffer) => {
                connection.answer(|out| reply::log(out, buffer.contents()));
                if clear {
                    buffer.clear();
                }
            }
            None => connection.answer(|out| reply::log(out, [&[], &[]])),
        }
    }

    fn answer_signal(&mut self, place: usize, handle: Handle, signal: i32) {
        let Some(id) = self.known(place, handle) else {
            return self.code(place, Code::Nak);
        };
        let Some(pid) = self.engine.pid(id).filter(|pid| *pid > 0) else {
            return self.code(place, Code::NoPid);
        };
        const EINVAL: isize = 22;
        let code = match bare::sys::kill(pid as isize, signal as usize) {
            0.. => Code::Ack,
            error if error == -EINVAL => Code::BadSignal,
            _ => Code::KillError,
        };
        self.code(place, code);
    }
}
