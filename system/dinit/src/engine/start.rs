//! From STOPPED to STARTED: requiring what a service depends on, waiting for it, and what follows from success and
//! failure (dinit-service(5), SERVICE DEPENDENCIES; dinit(8), SERVICE ACTIVATION MODEL).

use super::record::{Flags, LinkFlags, Phase};
use super::{DependencyKind, Effect, Engine, Event, Id, State, StopReason};
use crate::description::Options;

impl Engine {
    pub(super) fn pinned_started(&self, index: u32) -> bool {
        self.has(index, Flags::PINNED_STARTED | Flags::DEPENDENT_PINNED)
    }

    /// `dinitctl start`.
    pub(super) fn order_start(&mut self, index: u32) {
        if self.shutting_down || self.has(index, Flags::PINNED_STOPPED) {
            return;
        }
        if !self.take_flag(index, Flags::EXPLICIT) {
            self.at_mut(index).required_by += 1;
        }
        self.set(index, Flags::EXPLICIT);
        self.begin_start(index);
    }

    /// `dinitctl wake`: whatever runs and depends on it holds it again.
    pub(super) fn order_wake(&mut self, index: u32) {
        if self.shutting_down {
            return;
        }
        let mut number = self.at(index).first_in;
        while let Some(link) = self.link(number) {
            if !link.only_orders() && self.is_up_or_starting(link.from) {
                self.hold(number);
            }
            number = link.next_in;
        }
    }

    pub(super) fn is_up_or_starting(&self, index: u32) -> bool {
        matches!(self.at(index).state, State::Started | State::Starting)
    }

    /// `from` keeps `to` running from now on, and has it started if it does not run.
    pub(super) fn hold(&mut self, number: u32) {
        let Some(link) = self.link(number) else {
            return;
        };
        if !link.holding() {
            self.mark(number, LinkFlags::HOLDING, true);
            self.at_mut(link.to).required_by += 1;
        }
        self.await_milestone(number);
        // What is started without being wanted is either pinned or about to be told to stop.
        let to = self.at(link.to);
        if to.target == State::Stopped
            && (to.state != State::Started || self.pinned_started(link.to))
        {
            self.queue_propagation(link.to, Flags::P_START);
        }
    }

    /// A milestone that begins to count while its dependent waits for others is waited for as well.
    fn await_milestone(&mut self, number: u32) {
        if let Some(link) = self.link(number)
            && link.kind == DependencyKind::Milestone
            && self.at(link.from).state == State::Starting
            && self.has(link.from, Flags::WAITING)
            && self.at(link.to).state != State::Started
        {
            self.set_waiting(number);
        }
    }

    pub(super) fn require_dependencies(&mut self, index: u32) {
        if self.at(index).state == State::Stopped {
            return;
        }
        let mut number = self.at(index).first_out;
        while let Some(link) = self.link(number) {
            if !link.only_orders() {
                self.hold(number);
            }
            number = link.next_out;
        }
    }

    /// Somebody wants it started: begins that, or takes note that it has to begin once it has stopped.
    pub(super) fn begin_start(&mut self, index: u32) {
        if self.shutting_down {
            return;
        }
        let record = self.at_mut(index);
        let (state, flags) = (record.state, record.flags);
        let gave_up = std::mem::replace(&mut record.target, State::Started) == State::Stopped;
        let pinned = flags.contains(Flags::PINNED_STOPPED);
        match state {
            State::Stopped if pinned => return self.failed_to_start(index, false),
            State::Stopping if pinned => {
                // It will not come back: whoever counts on that must stop, or could be in the way of its stop for ever.
                self.at_mut(index).target = State::Stopped;
                return self.queue_propagation(index, Flags::P_STOP);
            }
            State::Stopped => self.attach_soft_dependents(index),
            State::Stopping => {
                if !flags.contains(Flags::WAITING) || flags.contains(Flags::FORCE_STOP) {
                    return;
                }
                // Only its dependents are stopping: it can still stay. What it depends on is no further than it is.
                self.emit_event(index, Event::StopCancelled);
            }
            State::Starting | State::Started => {
                if gave_up {
                    // It was to stop once started, and has released its dependencies already.
                    self.clear(index, Flags::P_RELEASE);
                    self.queue_propagation(index, Flags::P_REQUIRE);
                }
                return;
            }
        }
        self.set_out(index);
    }

    /// Soft dependents that run without this service since it stopped hold it again.
    fn attach_soft_dependents(&mut self, index: u32) {
        let mut number = self.at(index).first_in;
        while let Some(link) = self.link(number) {
            if !link.only_orders()
                && !link.hard()
                && !link.holding()
                && self.is_up_or_starting(link.from)
            {
                self.mark(number, LinkFlags::HOLDING, true);
                self.at_mut(index).required_by += 1;
                self.await_milestone(number);
            }
            number = link.next_in;
        }
    }

    /// Enters STARTING and finds out what has to be waited for.
    pub(super) fn set_out(&mut self, index: u32) {
        self.clear(index, Flags::FAILED | Flags::EARLY | Flags::P_RELEASE);
        if !self.has(index, Flags::UP) {
            self.clear(index, Flags::SKIPPED | Flags::UNMET);
        }
        self.set_state(index, State::Starting);
        self.set(index, Flags::WAITING);
        self.at_mut(index).times.requested = self.now;

        let mut number = self.at(index).first_out;
        while let Some(link) = self.link(number) {
            let state = self.at(link.to).state;
            let wait = if link.only_orders() {
                state == State::Starting
            } else {
                state != State::Started
            };
            if wait {
                self.set_waiting(number);
            } else {
                self.clear_waiting(number);
            }
            // One that waits for its dependency is in the way of its stop no more.
            self.dependent_stopped(number);
            number = link.next_out;
        }
        // Those that come after it and have not begun yet.
        let mut number = self.at(index).first_in;
        while let Some(link) = self.link(number) {
            if link.only_orders()
                && self.at(link.from).state == State::Starting
                && self.has(link.from, Flags::WAITING | Flags::WAITING_CONSOLE)
            {
                self.set_waiting(number);
            }
            number = link.next_in;
        }
        self.queue_propagation(index, Flags::P_REQUIRE);
        if self.at(index).waits == 0 {
            self.queue_transition(index);
        }
    }

    /// STARTING, in its turn: if all that it waited for is there, goes on.
    pub(super) fn go_on_starting(&mut self, index: u32) {
        if self.has(index, Flags::WAITING) {
            if self.at(index).waits > 0 || self.lacks_needed(index) {
                return;
            }
            self.clear(index, Flags::WAITING);
            if self.has(index, Flags::UP) {
                self.started(index);
            } else if self.at(index).settings.conditional {
                self.at_mut(index).phase = Phase::Checking;
                self.emit(Effect::Check(Id(index)));
            } else {
                self.approach(index);
            }
        } else if self.has(index, Flags::WAITING_CONSOLE) && self.has(index, Flags::HAS_CONSOLE) {
            self.clear(index, Flags::WAITING_CONSOLE);
            if self.at(index).waits > 0 {
                // One that comes before it has begun to start meanwhile.
                self.set(index, Flags::WAITING);
                self.release_console(index);
            } else {
                self.bring_up(index);
            }
        }
    }

    /// Whether something that it cannot do without is not started; it then waits for that. Nothing but this stands
    /// between a mistake elsewhere and a process that runs without what it needs.
    fn lacks_needed(&mut self, index: u32) -> bool {
        let mut number = self.at(index).first_out;
        while let Some(link) = self.link(number) {
            if link.needs() && self.at(link.to).state != State::Started {
                self.set_waiting(number);
                return true;
            }
            number = link.next_out;
        }
        false
    }

    /// Nothing but the console may still be missing.
    pub(super) fn approach(&mut self, index: u32) {
        if self.wants_console(index) && !self.has(index, Flags::HAS_CONSOLE) {
            self.queue_for_console(index);
        } else {
            self.bring_up(index);
        }
    }

    /// It is up.
    pub(super) fn started(&mut self, index: u32) {
        let options = self.at(index).settings.options;
        if self.has(index, Flags::HAS_CONSOLE) && !options.contains(Options::RUNS_ON_CONSOLE) {
            self.release_console(index);
        }
        self.set_state(index, State::Started);
        self.clear(index, Flags::WAITING);
        self.set(index, Flags::UP);
        self.at_mut(index).times.started = self.now;
        self.emit_event(index, Event::Started);
        if options.contains(Options::STARTS_RWFS) {
            self.emit(Effect::RootWritable);
        }
        if options.contains(Options::STARTS_LOG) {
            self.emit(Effect::LogReady);
        }
        let must_stop =
            self.has(index, Flags::FORCE_STOP) || self.at(index).target == State::Stopped;
        if must_stop && !self.pinned_started(index) {
            self.begin_stop(index, false);
            return;
        }
        if !must_stop {
            self.at_mut(index).reason = StopReason::Normal;
        }
        let mut number = self.at(index).first_in;
        while let Some(link) = self.link(number) {
            self.clear_waiting(number);
            number = link.next_in;
        }
    }

    /// It did not start. `stop`: nothing of it is left running, so that it is stopped with that.
    pub(super) fn failed_to_start(&mut self, index: u32, stop: bool) {
        self.at_mut(index).target = State::Stopped;
        self.unqueue_from_console(index);
        self.drop_start_pin(index);
        if self.take_flag(index, Flags::EXPLICIT) {
            self.let_go(index, false);
        }
        let mut number = self.at(index).first_in;
        while let Some(link) = self.link(number) {
            if link.hard() {
                self.tell_of_failure(link.from);
            } else {
                self.clear_waiting(number);
            }
            // Now, so that nobody requires it any more when `stopped` asks.
            if link.holding() {
                self.mark(number, LinkFlags::HOLDING, false);
                self.let_go(index, false);
            }
            number = link.next_in;
        }
        self.set(index, Flags::FAILED);
        self.emit_event(index, Event::FailedStart);
        if stop {
            self.stopped(index);
        }
    }

    fn tell_of_failure(&mut self, dependent: u32) {
        match self.at(dependent).state {
            State::Stopped => {}
            State::Starting => self.queue_propagation(dependent, Flags::P_FAILURE),
            State::Started | State::Stopping => {
                self.at_mut(dependent).reason = StopReason::DependencyFailed;
                self.stop_for_good(dependent);
            }
        }
    }

    /// Whether a restart takes something else along, which then has to be stopped properly first.
    pub(super) fn is_prepared(&self, index: u32) -> bool {
        let mut number = self.at(index).first_out;
        while let Some(link) = self.link(number) {
            if link.kind == DependencyKind::PreparedBy {
                return true;
            }
            number = link.next_out;
        }
        false
    }
}
