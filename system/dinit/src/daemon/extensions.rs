//! What our own requests do, which dinit does not have.

use super::manager::{Manager, now};
use crate::engine::{DependencyKind, Id, Time};
use crate::memory::Room;
use crate::protocol::details::{Console, Header, Service, Writer};
use crate::protocol::extension::{self, Handles, Request};
use crate::protocol::reply::Code;
use crate::protocol::{Handle, OutOfMemory};

impl Manager {
    pub(super) fn answer_extension(&mut self, place: usize, request: &Request<'_>) {
        match request {
            Request::Details(None) => {
                let ids = self.listed();
                self.answer_details(place, &ids);
            }
            Request::Details(Some(handle)) => match self.known(place, *handle) {
                Some(id) => self.answer_details(place, &[id]),
                None => self.code(place, Code::Nak),
            },
            Request::FollowLog(handle) => self.follow(place, *handle),
            Request::ReloadMany(handles) => self.reload_many(place, *handles),
            Request::Reexec => {
                self.reexec = true;
                self.code(place, Code::Ack);
            }
            Request::LastError => {
                if let Some(connection) = self.connection(place) {
                    let text = std::mem::take(&mut connection.last_error);
                    connection.answer(|out| extension::last_error(out, &text));
                }
            }
        }
    }

    fn answer_details(&mut self, place: usize, ids: &[Id]) {
        let mut out = Vec::new();
        let written = self.write_details(&mut out, ids);
        self.reply(place, |reply| {
            written?;
            reply.room(out.len())?;
            reply.extend_from_slice(&out);
            Ok(())
        });
    }

    fn write_details(&self, out: &mut Vec<u8>, ids: &[Id]) -> Result<(), OutOfMemory> {
        let header = Header {
            version: env!("CARGO_PKG_VERSION").as_bytes(),
            now: now(),
            boot: self.began,
            services: self.engine.len(),
        };
        let mut writer = Writer::begin(out, &header)?;
        for id in ids {
            let engine = &self.engine;
            let name = |(kind, id): (DependencyKind, Id)| (kind, engine.name(id));
            let waiting = engine.waiting_on(*id);
            writer.service(
                &self.describe(*id),
                engine.dependencies(*id).map(name),
                waiting.into_iter().map(name),
            )?;
        }
        writer.finish()
    }

    fn describe(&self, id: Id) -> Service<'_> {
        let engine = &self.engine;
        let unit = self.unit(id);
        let run = unit.and_then(|unit| unit.run.as_deref());
        let times = engine.times(id);
        let time = |time: Time| time.0;
        let exit = engine.exit(id);
        Service {
            state: engine.state(id),
            target: engine.target(id),
            explicit: engine.is_explicit(id),
            pid: engine.pid(id),
            stop_pid: engine.stop_pid(id),
            exit: (exit.code != 0).then_some(exit),
            reason: engine.stop_reason(id) as u8,
            launch_error: engine
                .launch_error(id)
                .map(|error| (error.stage as u16, error.errno)),
            skipped: engine.skipped(id),
            failed: engine.failed(id),
            pinned_started: engine.is_pinned_started(id),
            pinned_stopped: engine.is_pinned_stopped(id),
            console: match (engine.has_console(id), engine.waits_for_console(id)) {
                (true, _) => Some(Console::Has),
                (false, true) => Some(Console::Waits),
                (false, false) => None,
            },
            requested: time(times.requested),
            launched: time(times.launched),
            started: time(times.started),
            stopped: time(times.stopped),
            file: unit.and_then(|unit| unit.description.file.as_deref()),
            cgroup: run.and_then(|run| Some(&*run.cgroup.as_ref()?.1)),
            status: run.and_then(|run| run.status.as_deref()),
            ..Service::new(engine.name(id))
        }
    }

    /// Sends what a service writes to its log, from now on.
    fn follow(&mut self, place: usize, handle: Handle) {
        let through_us = |unit: &super::unit::Unit| {
            use crate::description::Log;
            match &unit.description.log {
                Log::Buffer { .. } => true,
                Log::File(file) => file.max_size > 0,
                Log::None | Log::Pipe => false,
            }
        };
        let id = self
            .known(place, handle)
            .filter(|id| self.unit(*id).is_some_and(through_us));
        let Some(id) = id else {
            return self.code(place, Code::Nak);
        };
        if let Some(connection) = self.connection(place) {
            if connection.follows.room(1).is_err() {
                return connection.code(Code::ServiceOutOfMemory);
            }
            connection.follows.push((handle, id));
            connection.code(Code::Ack);
        }
    }

    /// Reloads several services, or none of them.
    fn reload_many(&mut self, place: usize, handles: Handles<'_>) {
        let ids: Option<Vec<Id>> = handles
            .iter()
            .map(|handle| self.known(place, handle))
            .collect();
        let Some(ids) = ids else {
            return self.code(place, Code::Nak);
        };
        match self.reload(&ids) {
            Ok(()) => self.code(place, Code::Ack),
            Err(error) => {
                let text = error.to_string().into_bytes();
                self.reply(place, |out| extension::reload_refused(out, &text));
            }
        }
    }
}
