//! What the engine is told: orders, and what happened to the world. Each is kept until [`Engine::settle`] says what
//! time it is.
//!
//! None of them can fail. One that does not fit the state of its service, or that names no service, changes nothing:
//! an event may well have been on its way when the engine moved on.

use super::record::{Flags, Slot};
use super::{Engine, Exit, Id, LaunchError};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Start,
    Wake,
    Stop { bring_down: bool },
    StopAtOnce,
    ForcedStop,
    Restart,
    PinStarted,
    PinStopped,
    Unpin,
    Trigger(bool),
    StopAll,
    Checked(bool),
    Launched(i32),
    LaunchFailed(LaunchError),
    StopLaunched(i32),
    StopLaunchFailed(LaunchError),
    Ready,
    ReadyClosed,
    Exited(Exit),
    StopExited(Exit),
    PidRead(Option<i32>),
    Listening,
    Demanded,
    KilledAll,
    ExtendStart(u64),
    ConsoleFree,
}

/// `Id` of an input that is for no service in particular.
const NOBODY: Id = Id(u32::MAX);

/// Orders.
impl Engine {
    /// Marks it active and starts it. Nothing happens if it is pinned stopped, or during a shutdown.
    pub fn start(&mut self, id: Id) {
        self.tell(id, Input::Start);
    }

    /// Starts it for the dependents that run without it. False: there are none.
    pub fn wake(&mut self, id: Id) -> bool {
        let Some(index) = self.loaded(id).filter(|_| !self.shutting_down) else {
            return false;
        };
        let mut number = self.at(index).first_in;
        while let Some(link) = self.link(number) {
            if !link.only_orders() && self.is_up_or_starting(link.from) {
                self.tell(id, Input::Wake);
                return true;
            }
            number = link.next_in;
        }
        false
    }

    /// Takes the mark away. `bring_down`: stops it even if it is needed, and what needs it, without restart.
    pub fn stop(&mut self, id: Id, bring_down: bool) {
        self.tell(id, Input::Stop { bring_down });
    }

    /// Takes the mark away, and stops it and what needs it, which counts as failed.
    pub fn stop_at_once(&mut self, id: Id) {
        self.tell(id, Input::StopAtOnce);
    }

    /// Makes it stop, and its dependents; they may restart.
    pub fn forced_stop(&mut self, id: Id) {
        self.tell(id, Input::ForcedStop);
    }

    /// Stops it and starts it again, and its hard dependents. False: it is not started, or pinned so.
    pub fn restart(&mut self, id: Id) -> bool {
        let can = self.loaded(id).is_some_and(|index| self.can_restart(index));
        if can {
            self.tell(id, Input::Restart);
        }
        can
    }

    /// Takes the mark away; stops it if nothing needs it.
    pub fn release(&mut self, id: Id) {
        self.stop(id, false);
    }

    pub fn pin_started(&mut self, id: Id) {
        self.tell(id, Input::PinStarted);
    }

    pub fn pin_stopped(&mut self, id: Id) {
        self.tell(id, Input::PinStopped);
    }

    pub fn unpin(&mut self, id: Id) {
        self.tell(id, Input::Unpin);
    }

    pub fn set_trigger(&mut self, id: Id, on: bool) {
        self.tell(id, Input::Trigger(on));
    }

    /// Shutdown: releases and unpins everything. From now on nothing starts or restarts.
    pub fn stop_all(&mut self) {
        self.shutting_down = true;
        self.push(NOBODY, Input::StopAll);
    }

    pub fn is_shutting_down(&self) -> bool {
        self.shutting_down
    }
}

/// Events.
impl Engine {
    pub fn checked(&mut self, id: Id, holds: bool) {
        self.tell(id, Input::Checked(holds));
    }

    pub fn launched(&mut self, id: Id, pid: i32) {
        self.tell(id, Input::Launched(pid));
    }

    pub fn launch_failed(&mut self, id: Id, error: LaunchError) {
        self.tell(id, Input::LaunchFailed(error));
    }

    pub fn stop_launched(&mut self, id: Id, pid: i32) {
        self.tell(id, Input::StopLaunched(pid));
    }

    pub fn stop_launch_failed(&mut self, id: Id, error: LaunchError) {
        self.tell(id, Input::StopLaunchFailed(error));
    }

    /// The process said that it is ready.
    pub fn ready(&mut self, id: Id) {
        self.tell(id, Input::Ready);
    }

    /// The process can no longer say that it is ready.
    pub fn ready_closed(&mut self, id: Id) {
        self.tell(id, Input::ReadyClosed);
    }

    pub fn exited(&mut self, id: Id, exit: Exit) {
        self.tell(id, Input::Exited(exit));
    }

    pub fn stop_exited(&mut self, id: Id, exit: Exit) {
        self.tell(id, Input::StopExited(exit));
    }

    /// None: there is no pid file, or no process of that number.
    pub fn pid_read(&mut self, id: Id, pid: Option<i32>) {
        self.tell(id, Input::PidRead(pid));
    }

    pub fn listening(&mut self, id: Id) {
        self.tell(id, Input::Listening);
    }

    pub fn demanded(&mut self, id: Id) {
        self.tell(id, Input::Demanded);
    }

    pub fn killed_all(&mut self, id: Id) {
        self.tell(id, Input::KilledAll);
    }

    /// The process needs up to that many nanoseconds more to start.
    pub fn extend_start(&mut self, id: Id, nanos: u64) {
        self.tell(id, Input::ExtendStart(nanos));
    }

    /// The daemon itself needs the console no more.
    pub fn console_free(&mut self) {
        self.push(NOBODY, Input::ConsoleFree);
    }
}

impl Engine {
    fn tell(&mut self, id: Id, input: Input) {
        if self.loaded(id).is_some() {
            self.push(id, input);
        }
    }

    fn push(&mut self, id: Id, input: Input) {
        if self.inbox.push((id, input)) {
            return;
        }
        // More at once than anybody expected: deals with what there is, at the time of the last `settle`.
        self.work();
        if !self.inbox.push((id, input)) && self.inbox.reserve(1).is_ok() {
            self.inbox.push((id, input));
        }
    }

    /// Does what was ordered, or what follows from what happened.
    pub(super) fn take(&mut self, id: Id, input: Input) {
        match input {
            Input::StopAll => return self.order_stop_all(),
            Input::ConsoleFree => return self.grant_console(),
            _ => {}
        }
        let Some(index) = self.loaded(id) else {
            return;
        };
        match input {
            Input::Start => self.order_start(index),
            Input::Wake => self.order_wake(index),
            Input::Stop { bring_down } => self.order_stop(index, bring_down),
            Input::StopAtOnce => {
                self.order_stop(index, true);
                self.force_stop(index);
            }
            Input::ForcedStop => self.force_stop(index),
            Input::Restart => self.order_restart(index),
            Input::PinStarted => self.pin_start(index),
            Input::PinStopped => self.set(index, Flags::PINNED_STOPPED),
            Input::Unpin => self.order_unpin(index),
            Input::Trigger(on) => self.order_trigger(index, on),
            Input::Checked(holds) => self.on_checked(index, holds),
            Input::Launched(pid) => self.on_launched(index, pid),
            Input::LaunchFailed(error) => self.on_launch_failed(index, error),
            Input::StopLaunched(pid) => self.on_stop_launched(index, pid),
            Input::StopLaunchFailed(error) => self.on_stop_launch_failed(index, error),
            Input::Ready => self.on_ready(index),
            Input::ReadyClosed => self.on_ready_closed(index),
            Input::Exited(exit) => self.on_exited(index, exit),
            Input::StopExited(exit) => self.on_stop_exited(index, exit),
            Input::PidRead(pid) => self.on_pid_read(index, pid),
            Input::Listening => self.on_listening(index),
            Input::Demanded => self.on_demanded(index),
            Input::KilledAll => self.on_killed_all(index),
            Input::ExtendStart(nanos) => self.on_extend_start(index, nanos),
            Input::StopAll | Input::ConsoleFree => {}
        }
    }

    fn order_stop_all(&mut self) {
        let mut index = self.first;
        while let Some(record) = self.records.get(index as usize) {
            let next = record.next;
            debug_assert!(record.slot == Slot::Loaded);
            self.order_stop(index, false);
            self.order_unpin(index);
            index = next;
        }
    }
}
