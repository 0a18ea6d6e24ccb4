//! From STARTED to STOPPED: dependents first, then the service; and whether it starts again
//! (dinit(8), SERVICE ACTIVATION MODEL; dinit-service(5), `restart`, `chain-to`).

use super::record::{Flags, Link, LinkFlags, NONE, Phase, StopPhase};
use super::{DependencyKind, Effect, Engine, Event, Exit, Id, Note, State, StopReason};
use crate::description::{Kind, Options, Restart};

impl Engine {
    /// `dinitctl stop` (`bring_down`) and `release`: no longer explicitly active, and no restart.
    pub(super) fn order_stop(&mut self, index: u32, bring_down: bool) {
        if self.take_flag(index, Flags::EXPLICIT) {
            self.at_mut(index).required_by -= 1;
        }
        let unneeded = self.at(index).required_by == 0;
        if bring_down || unneeded {
            self.at_mut(index).target = State::Stopped;
        }
        if self.pinned_started(index) {
            return;
        }
        if unneeded {
            self.clear(index, Flags::P_REQUIRE | Flags::P_START);
            self.queue_propagation(index, Flags::P_RELEASE);
        }
        if (bring_down || unneeded) && self.at(index).state != State::Stopped {
            self.at_mut(index).reason = StopReason::Normal;
            self.begin_stop(index, false);
        }
    }

    /// Whether it can be restarted: it is started and may leave that state.
    pub(super) fn can_restart(&self, index: u32) -> bool {
        self.at(index).state == State::Started && !self.pinned_started(index) && !self.shutting_down
    }

    pub(super) fn order_restart(&mut self, index: u32) {
        if self.can_restart(index) {
            self.at_mut(index).reason = StopReason::Normal;
            self.set(index, Flags::FORCE_STOP);
            self.begin_stop(index, true);
        }
    }

    /// It must stop, and its dependents with it; whether they start again is another question.
    pub(super) fn force_stop(&mut self, index: u32) {
        let record = self.at(index);
        if record.state == State::Stopped {
            return;
        }
        let news = record.state != State::Stopping || !record.flags.contains(Flags::FORCE_STOP);
        self.set(index, Flags::FORCE_STOP);
        if news && !self.pinned_started(index) {
            self.queue_propagation(index, Flags::P_STOP);
        }
    }

    /// The same, and it does not start again.
    pub(super) fn stop_for_good(&mut self, index: u32) {
        let record = self.at_mut(index);
        let news = std::mem::replace(&mut record.target, State::Stopped) != State::Stopped;
        self.clear(index, Flags::USER_RESTART);
        self.force_stop(index);
        if news && self.at(index).state == State::Stopping {
            self.queue_propagation(index, Flags::P_STOP);
        }
    }

    /// One holder less. The last one to go leaves it without a reason to run.
    pub(super) fn let_go(&mut self, index: u32, issue_stop: bool) {
        let record = self.at_mut(index);
        record.required_by = record.required_by.saturating_sub(1);
        if record.required_by > 0 {
            return;
        }
        let restarting = record.state == State::Stopping && record.target == State::Started;
        record.target = State::Stopped;
        record.flags.remove(Flags::P_START);
        if self.pinned_started(index) {
            return;
        }
        if restarting {
            self.emit_event(index, Event::StartCancelled);
        }
        self.clear(index, Flags::P_REQUIRE);
        self.queue_propagation(index, Flags::P_RELEASE);
        if issue_stop && self.is_up_or_starting(index) {
            self.at_mut(index).reason = StopReason::Normal;
            self.begin_stop(index, false);
        }
    }

    pub(super) fn release_dependencies(&mut self, index: u32) {
        let mut number = self.at(index).first_out;
        while let Some(link) = self.link(number) {
            if link.holding() {
                self.mark(number, LinkFlags::HOLDING, false);
                self.let_go(link.to, true);
            }
            number = link.next_out;
        }
    }

    /// Begins to stop, or takes note that it has to once it is started.
    ///
    /// Whether it restarts is known only when it has stopped; a target of STOPPED keeps it from that.
    pub(super) fn begin_stop(&mut self, index: u32, user_restart: bool) {
        if self.pinned_started(index) || self.at(index).state == State::Stopped {
            return;
        }
        if self.at(index).state == State::Stopping {
            self.stop_further(index);
            return;
        }
        self.clear(index, Flags::AUTO_RESTART | Flags::USER_RESTART);
        let wanted = self.at(index).target == State::Started && !self.shutting_down;
        let mut for_restart = user_restart && wanted;
        if !user_restart && wanted && self.restarts_by_itself(index) {
            for_restart = self.may_restart(index);
            self.at_mut(index)
                .flags
                .set(Flags::AUTO_RESTART, for_restart);
        }
        if !for_restart && self.take_flag(index, Flags::EXPLICIT) {
            self.let_go(index, false);
        }
        let free = self.stop_dependents(index, for_restart, user_restart && wanted);
        if self.at(index).state == State::Starting && !self.call_off_start(index) {
            // Who is in its way is asked again when it stops, which may be by failing.
            self.at_mut(index).blocker = NONE;
            return;
        }
        self.set_state(index, State::Stopping);
        self.at_mut(index).flags.set(Flags::WAITING, !free);
        if free {
            self.queue_transition(index);
        }
    }

    /// It is stopping already, but more firmly than before: dependents that were to come back may now not, or must
    /// not change their mind.
    fn stop_further(&mut self, index: u32) {
        let restart = self.at(index).target == State::Started;
        if !restart && self.take_flag(index, Flags::EXPLICIT) {
            self.let_go(index, false);
        }
        let free = self.stop_dependents(index, restart, false);
        if !self.has(index, Flags::WAITING) {
            // It waits for nobody any more: it is being brought down.
            self.at_mut(index).blocker = NONE;
        } else if free {
            self.queue_transition(index);
        }
    }

    /// True if the start is off; false if the service has to come up first, or has to answer to an interrupt.
    fn call_off_start(&mut self, index: u32) -> bool {
        if self.has(index, Flags::WAITING_CONSOLE) {
            self.unqueue_from_console(index);
        } else if !self.has(index, Flags::WAITING) {
            match self.at(index).phase {
                Phase::Checking | Phase::AwaitingTrigger | Phase::Listening | Phase::Delayed => {
                    self.timers.cancel(index);
                    self.at_mut(index).phase = Phase::None;
                }
                Phase::Alive if self.is_interruptible(index) => {
                    self.interrupt(index);
                    self.emit_event(index, Event::StartCancelled);
                    return false;
                }
                _ => return false,
            }
        }
        self.emit_event(index, Event::StartCancelled);
        true
    }

    pub(super) fn is_interruptible(&self, index: u32) -> bool {
        let options = self.at(index).settings.options;
        options.contains(Options::START_INTERRUPTIBLE)
    }

    /// `restart`, for the end that the process had.
    fn restarts_by_itself(&self, index: u32) -> bool {
        let record = self.at(index);
        match record.settings.restart {
            Restart::Always => true,
            Restart::Never => false,
            Restart::OnFailure => {
                matches!(record.settings.kind, Kind::Process | Kind::Bgprocess)
                    && is_failure(record.exit)
            }
        }
    }

    /// Counts a restart against `restart-limit-count`. One too many takes away the wish to run.
    pub(super) fn may_restart(&mut self, index: u32) -> bool {
        let now = self.now;
        let record = self.at_mut(index);
        let settings = &record.settings;
        if settings.restart_limit_count == 0
            || !matches!(settings.kind, Kind::Process | Kind::Bgprocess)
        {
            return true;
        }
        if now.0.saturating_sub(record.interval_start.0) >= settings.restart_limit_interval {
            record.interval_start = now;
            record.interval_count = 1;
            return true;
        }
        if record.interval_count < settings.restart_limit_count {
            record.interval_count += 1;
            return true;
        }
        record.target = State::Stopped;
        self.emit(Effect::Note(Id(index), Note::RestartingTooOften));
        false
    }

    /// Whether a dependent is out of the way of its dependency's stop.
    fn is_down(&self, dependent: u32) -> bool {
        let record = self.at(dependent);
        match record.state {
            State::Stopped => true,
            State::Starting => {
                record.flags.contains(Flags::WAITING)
                    && !record.flags.contains(Flags::UP)
                    && record.phase == Phase::None
            }
            State::Started | State::Stopping => false,
        }
    }

    fn blocks(&self, link: &Link) -> bool {
        link.hard() && !self.is_down(link.from)
    }

    /// Tells dependents to stop as well. True if all those in the way have stopped already.
    fn stop_dependents(&mut self, index: u32, for_restart: bool, restart_them: bool) -> bool {
        self.at_mut(index).blocker = NONE;
        let forced = self.has(index, Flags::FORCE_STOP);
        let mut number = self.at(index).first_in;
        while let Some(link) = self.link(number) {
            if link.hard() {
                if self.at(index).blocker == NONE && self.blocks(&link) {
                    self.at_mut(index).blocker = number;
                }
                let target = self.at(index).target;
                if forced && target == State::Stopped {
                    // For those that are stopped already, too: their last run could not have gone on.
                    self.at_mut(link.from).reason = StopReason::DependencyFailed;
                }
                if self.at(link.from).state != State::Stopped {
                    self.stop_dependent(link.from, target, forced, restart_them);
                }
            } else if !for_restart {
                // A soft dependent goes on without it.
                self.clear_waiting(number);
                if link.holding() {
                    self.mark(number, LinkFlags::HOLDING, false);
                    self.let_go(index, false);
                }
            }
            number = link.next_in;
        }
        self.at(index).blocker == NONE
    }

    fn stop_dependent(&mut self, dependent: u32, target: State, forced: bool, restart: bool) {
        if forced && target == State::Stopped {
            self.stop_for_good(dependent);
        } else if forced {
            self.force_stop(dependent);
        }
        if target == State::Stopped {
            if self.at(dependent).target == State::Stopped {
                return;
            }
            self.at_mut(dependent).target = State::Stopped;
            if self.take_flag(dependent, Flags::EXPLICIT) {
                self.let_go(dependent, false);
                if self.at(dependent).required_by == 0 && self.is_up_or_starting(dependent) {
                    self.at_mut(dependent).reason = StopReason::Normal;
                }
            }
            self.clear(dependent, Flags::USER_RESTART);
            self.queue_propagation(dependent, Flags::P_STOP);
        } else if restart && self.at(dependent).state != State::Stopping {
            self.at_mut(dependent).reason = StopReason::DependencyRestarted;
            self.queue_propagation(dependent, Flags::P_STOP | Flags::USER_RESTART);
        }
    }

    /// STOPPING, in its turn: if no dependent is in the way any more, goes on.
    pub(super) fn go_on_stopping(&mut self, index: u32) {
        if self.has(index, Flags::KILLING) {
            return;
        }
        if self.has(index, Flags::WAITING) {
            // Those before the last one that was in the way are down, and stay so while this service is not started.
            let mut number = match self.at(index).blocker {
                NONE => self.at(index).first_in,
                blocker => blocker,
            };
            while let Some(link) = self.link(number)
                && !self.blocks(&link)
            {
                number = link.next_in;
            }
            self.at_mut(index).blocker = number;
            if number != NONE {
                if self.has(index, Flags::EARLY) {
                    self.restart_early(index);
                }
                return;
            }
            self.clear(index, Flags::WAITING);
        }
        self.clear(index, Flags::EARLY);
        let record = self.at(index);
        let kills = record.settings.options.contains(Options::KILL_ALL_ON_STOP);
        if kills && record.flags.contains(Flags::UP) && !record.flags.contains(Flags::UNMET) {
            self.set(index, Flags::KILLING);
            self.emit(Effect::KillAll(Id(index)));
        } else {
            self.bring_down(index);
        }
    }

    /// Its process is gone already; if it is to run again it need not wait until its dependents have stopped.
    pub(super) fn restart_early(&mut self, index: u32) {
        self.clear(index, Flags::EARLY);
        let record = self.at(index);
        if record.target == State::Started
            && record.phase == Phase::None
            && !record.flags.contains(Flags::PINNED_STOPPED)
            && !self.shutting_down
            && !self.is_prepared(index)
        {
            self.clear(index, Flags::FORCE_STOP | Flags::STOP_ISSUED | Flags::UP);
            self.at_mut(index).blocker = NONE;
            self.set_out(index);
        }
    }

    /// A dependent has stopped, or will not be in the way.
    pub(super) fn dependent_stopped(&mut self, number: u32) {
        let Some(link) = self.link(number) else {
            return;
        };
        let record = self.at(link.to);
        if record.state == State::Stopping
            && record.flags.contains(Flags::WAITING)
            && matches!(record.blocker, blocker if blocker == number || blocker == NONE)
        {
            self.queue_transition(link.to);
        }
    }

    /// Nothing of it runs any more.
    pub(super) fn stopped(&mut self, index: u32) {
        self.timers.cancel(index);
        if self.has(index, Flags::HAS_CONSOLE) {
            self.release_console(index);
        }
        let record = self.at_mut(index);
        record.phase = Phase::None;
        record.stop_phase = StopPhase::None;
        record.blocker = NONE;
        record.flags.remove(
            Flags::FORCE_STOP
                | Flags::WAITING
                | Flags::UP
                | Flags::RECOVERING
                | Flags::NOTIFYING
                | Flags::STOP_ISSUED
                | Flags::INTERRUPTING
                | Flags::DEMANDED
                | Flags::KILLING
                | Flags::EARLY,
        );
        let restart = record.target == State::Started
            && !record.flags.contains(Flags::PINNED_STOPPED)
            && !self.shutting_down;
        self.set_state(index, State::Stopped);
        self.at_mut(index).times.stopped = self.now;
        if !restart {
            self.at_mut(index).target = State::Stopped;
            self.let_dependents_go(index);
        }
        let mut number = self.at(index).first_out;
        while let Some(link) = self.link(number) {
            self.clear_waiting(number);
            self.dependent_stopped(number);
            number = link.next_out;
        }
        if restart {
            self.restart_preparation(index);
            self.set_out(index);
        } else {
            self.emit(Effect::Inactive(Id(index)));
            if self.take_flag(index, Flags::EXPLICIT) {
                self.let_go(index, false);
            }
            if self.at(index).required_by == 0 {
                // A pin may have kept it from that.
                self.clear(index, Flags::P_REQUIRE);
                self.queue_propagation(index, Flags::P_RELEASE);
            }
        }
        if !self.has(index, Flags::FAILED) && self.chains(index, restart) {
            self.emit(Effect::Chain(Id(index)));
        }
        self.emit_event(index, Event::Stopped);
    }

    /// It does not come back: nobody may wait for it, and soft dependents no longer hold it.
    fn let_dependents_go(&mut self, index: u32) {
        let mut number = self.at(index).first_in;
        while let Some(link) = self.link(number) {
            if !link.hard() {
                self.clear_waiting(number);
                if link.holding() {
                    self.mark(number, LinkFlags::HOLDING, false);
                    self.let_go(index, false);
                }
            } else if link.waiting() && self.at(link.from).state == State::Starting {
                self.queue_propagation(link.from, Flags::P_FAILURE);
            }
            number = link.next_in;
        }
    }

    fn restart_preparation(&mut self, index: u32) {
        let mut number = self.at(index).first_out;
        while let Some(link) = self.link(number) {
            if link.kind == DependencyKind::PreparedBy {
                self.order_restart(link.to);
            }
            number = link.next_out;
        }
    }

    /// `chain-to` follows when the service ended by itself and well; with `always-chain`, always.
    fn chains(&self, index: u32, restart: bool) -> bool {
        let record = self.at(index);
        let settings = &record.settings;
        settings.chains
            && !self.shutting_down
            && (settings.options.contains(Options::ALWAYS_CHAIN)
                || (record.reason == StopReason::Terminated && is_clean(record.exit) && !restart))
    }
}

/// CLD_EXITED (waitid(2)).
const EXITED: i32 = 1;

/// Signals by which a process is ended on purpose (dinit-service(5), `restart`): HUP, INT, USR1, USR2, TERM.
const DELIBERATE: [i32; 5] = [1, 2, 10, 12, 15];

pub(super) fn is_clean(exit: Exit) -> bool {
    exit.code == EXITED && exit.status == 0
}

/// CLD_KILLED and CLD_DUMPED, by this signal.
pub(super) fn was_killed_by(exit: Exit, signal: i32) -> bool {
    matches!(exit.code, 2 | 3) && exit.status == signal
}

fn is_failure(exit: Exit) -> bool {
    match exit.code {
        EXITED => exit.status != 0,
        2 | 3 => !DELIBERATE.contains(&exit.status),
        _ => false,
    }
}
