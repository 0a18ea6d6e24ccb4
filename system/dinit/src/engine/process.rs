//! What a service runs while it starts and while it is started.

use super::record::{Flags, Phase, StopPhase};
use super::stop::{is_clean, was_killed_by};
use super::{Effect, Engine, Event, Exit, Id, LaunchError, Note, State, StopReason, Target, Time};
use crate::description::{Kind, Options};

pub(super) const SIGINT: i32 = 2;

impl Engine {
    fn on_demand(&self, index: u32) -> bool {
        let settings = &self.at(index).settings;
        settings.kind == Kind::Process && settings.options.contains(Options::ON_DEMAND)
    }

    /// All that it depends on is there: does what the type of service asks for.
    pub(super) fn bring_up(&mut self, index: u32) {
        match self.at(index).settings.kind {
            Kind::Internal | Kind::Timer => self.started(index),
            Kind::Triggered if self.has(index, Flags::TRIGGERED) => self.started(index),
            Kind::Triggered => self.at_mut(index).phase = Phase::AwaitingTrigger,
            Kind::Process | Kind::Bgprocess | Kind::Scripted => {
                if self.has(index, Flags::AUTO_RESTART) {
                    self.run_after_delay(index);
                } else {
                    let now = self.now;
                    let record = self.at_mut(index);
                    record.interval_count = 0;
                    record.interval_start = now;
                    self.run(index);
                }
            }
        }
    }

    /// Runs it, but not within `restart-delay` of the last time.
    fn run_after_delay(&mut self, index: u32) {
        let record = self.at(index);
        let due = record
            .last_launch
            .0
            .saturating_add(record.settings.restart_delay);
        if due <= self.now.0 {
            self.run(index);
        } else {
            self.at_mut(index).phase = Phase::Delayed;
            self.timers.set(index, Time(due));
        }
    }

    fn run(&mut self, index: u32) {
        if self.on_demand(index) && !self.has(index, Flags::DEMANDED) {
            self.at_mut(index).phase = Phase::Listening;
            self.emit(Effect::Listen(Id(index)));
            return;
        }
        let now = self.now;
        let record = self.at_mut(index);
        record.last_launch = now;
        record.exit = Exit::default();
        record.launch_error = None;
        record.phase = Phase::Launching;
        let notifies = record.settings.notifies && record.settings.kind == Kind::Process;
        record.flags.set(Flags::NOTIFYING, notifies);
        let timeout = record.settings.start_timeout;
        self.arm(index, timeout);
        self.emit(Effect::RunCommand(Id(index)));
    }

    /// Sets the service's deadline that far from now; zero, and beyond the end of time: none.
    pub(super) fn arm(&mut self, index: u32, timeout: u64) {
        match self.now.0.checked_add(timeout) {
            Some(deadline) if timeout > 0 => self.timers.set(index, Time(deadline)),
            _ => {
                self.timers.cancel(index);
            }
        }
    }

    pub(super) fn on_checked(&mut self, index: u32, holds: bool) {
        let record = self.at_mut(index);
        if record.phase != Phase::Checking {
            return;
        }
        record.phase = Phase::None;
        if holds {
            self.approach(index);
        } else {
            self.set(index, Flags::SKIPPED | Flags::UNMET);
            self.started(index);
        }
    }

    pub(super) fn order_trigger(&mut self, index: u32, on: bool) {
        self.at_mut(index).flags.set(Flags::TRIGGERED, on);
        if on && self.at(index).phase == Phase::AwaitingTrigger {
            self.at_mut(index).phase = Phase::None;
            self.started(index);
        }
    }

    pub(super) fn on_listening(&mut self, index: u32) {
        if self.at(index).phase == Phase::Listening {
            self.at_mut(index).phase = Phase::Idle;
            match self.at(index).state {
                State::Starting => self.started(index),
                _ => self.clear(index, Flags::RECOVERING),
            }
        }
    }

    /// The delay holds here too: a service that ends without taking the connection would be started again at once.
    pub(super) fn on_demanded(&mut self, index: u32) {
        if self.at(index).phase == Phase::Idle && self.at(index).state == State::Started {
            self.set(index, Flags::DEMANDED | Flags::RECOVERING);
            self.run_after_delay(index);
        }
    }

    pub(super) fn on_launched(&mut self, index: u32, pid: i32) {
        let now = self.now;
        let record = self.at_mut(index);
        if record.phase != Phase::Launching {
            return;
        }
        record.phase = Phase::Alive;
        record.pid = pid;
        record.times.launched = now;
        let runs =
            record.settings.kind == Kind::Process && !record.flags.contains(Flags::NOTIFYING);
        match record.state {
            State::Starting if runs => {
                self.timers.cancel(index);
                self.started(index);
            }
            State::Starting => {
                // The order to stop came while it was being made.
                if self.at(index).target == State::Stopped
                    && self.is_interruptible(index)
                    && !self.pinned_started(index)
                {
                    self.interrupt(index);
                    self.emit_event(index, Event::StartCancelled);
                }
            }
            State::Started if runs => {
                self.timers.cancel(index);
                self.clear(index, Flags::RECOVERING);
            }
            State::Stopping => self.bring_down_unless_waiting(index),
            State::Started | State::Stopped => {}
        }
    }

    pub(super) fn on_launch_failed(&mut self, index: u32, error: LaunchError) {
        let on_demand = self.on_demand(index);
        let record = self.at_mut(index);
        if !matches!(record.phase, Phase::Launching | Phase::Listening) {
            return;
        }
        record.phase = Phase::None;
        record.launch_error = Some(error);
        record
            .flags
            .remove(Flags::NOTIFYING | Flags::RECOVERING | Flags::DEMANDED | Flags::UP);
        let state = record.state;
        self.timers.cancel(index);
        match state {
            State::Starting => {
                self.at_mut(index).reason = StopReason::ExecFailed;
                self.failed_to_start(index, true);
            }
            State::Started => {
                self.at_mut(index).reason = if on_demand {
                    StopReason::ExecFailed
                } else {
                    StopReason::Terminated
                };
                self.stop_for_good(index);
            }
            State::Stopping => self.bring_down_unless_waiting(index),
            State::Stopped => {}
        }
    }

    pub(super) fn on_ready(&mut self, index: u32) {
        if self.at(index).phase != Phase::Alive || !self.take_flag(index, Flags::NOTIFYING) {
            return;
        }
        match self.at(index).state {
            State::Starting => {
                self.timers.cancel(index);
                self.started(index);
            }
            State::Started => {
                self.timers.cancel(index);
                self.clear(index, Flags::RECOVERING);
            }
            State::Stopping | State::Stopped => {}
        }
    }

    pub(super) fn on_ready_closed(&mut self, index: u32) {
        if self.at(index).phase != Phase::Alive || !self.take_flag(index, Flags::NOTIFYING) {
            return;
        }
        match self.at(index).state {
            State::Starting => {
                self.emit(Effect::Note(Id(index), Note::NeverReady));
                self.at_mut(index).reason = StopReason::Failed;
                self.set_state(index, State::Stopping);
                self.failed_to_start(index, false);
                self.bring_down(index);
            }
            State::Started => {
                self.emit(Effect::Note(Id(index), Note::NeverReady));
                self.timers.cancel(index);
                self.recovery_failed(index, StopReason::Failed);
            }
            State::Stopping | State::Stopped => {}
        }
    }

    /// What was to take the place of the process that ended is no good: the service stops, and its dependents first.
    fn recovery_failed(&mut self, index: u32, reason: StopReason) {
        self.at_mut(index).reason = reason;
        self.clear(index, Flags::RECOVERING | Flags::DEMANDED);
        self.set(index, Flags::FAILED);
        self.emit_event(index, Event::FailedStart);
        self.stop_for_good(index);
    }

    pub(super) fn on_exited(&mut self, index: u32, exit: Exit) {
        let record = self.at_mut(index);
        let phase = record.phase;
        if !matches!(phase, Phase::Alive | Phase::Daemon) {
            return;
        }
        record.phase = Phase::None;
        record.pid = 0;
        record.exit = exit;
        let (state, kind) = (record.state, record.settings.kind);
        let unready = self.take_flag(index, Flags::NOTIFYING);
        // A stop command that still runs keeps the deadline.
        if self.at(index).stop_phase == StopPhase::None {
            self.timers.cancel(index);
        }
        if state != State::Stopping && !is_clean(exit) {
            self.emit(Effect::Note(Id(index), Note::Ended(exit)));
        }
        match kind {
            Kind::Scripted => self.script_ended(index, exit),
            Kind::Bgprocess if phase == Phase::Alive => self.launcher_ended(index, exit),
            _ => self.process_ended(index, exit, unready),
        }
    }

    /// The command of a scripted service.
    fn script_ended(&mut self, index: u32, exit: Exit) {
        let record = self.at(index);
        if record.state == State::Stopping {
            // Interrupted. One that gave up by itself has cleaned up.
            let gave_up = exit.code == 1 && exit.status != 0;
            self.clear(index, Flags::INTERRUPTING);
            if gave_up {
                self.stopped(index);
            } else {
                self.run_stop_script(index);
            }
            return;
        }
        let skipped =
            was_killed_by(exit, SIGINT) && record.settings.options.contains(Options::SKIPPABLE);
        if skipped {
            self.set(index, Flags::SKIPPED);
        }
        if skipped || is_clean(exit) {
            self.started(index);
        } else {
            self.at_mut(index).reason = StopReason::Failed;
            self.failed_to_start(index, true);
        }
    }

    /// The command of a bgprocess service, which was to leave a daemon behind.
    fn launcher_ended(&mut self, index: u32, exit: Exit) {
        let recovering = self.has(index, Flags::RECOVERING);
        let state = self.at(index).state;
        if is_clean(exit) && (recovering || state == State::Starting) {
            self.clear(index, Flags::STOP_ISSUED);
            self.at_mut(index).phase = Phase::ReadingPid;
            self.emit(Effect::ReadPidFile(Id(index)));
        } else {
            self.no_daemon(index);
        }
    }

    fn no_daemon(&mut self, index: u32) {
        self.clear(index, Flags::RECOVERING | Flags::UP);
        match self.at(index).state {
            State::Starting => {
                self.at_mut(index).reason = StopReason::Failed;
                self.failed_to_start(index, true);
            }
            State::Started => {
                self.at_mut(index).reason = StopReason::Terminated;
                self.stop_for_good(index);
            }
            State::Stopping => self.ended_while_stopping(index),
            State::Stopped => {}
        }
    }

    pub(super) fn on_pid_read(&mut self, index: u32, pid: Option<i32>) {
        if self.at(index).phase != Phase::ReadingPid {
            return;
        }
        let Some(pid) = pid.filter(|pid| *pid > 0) else {
            self.at_mut(index).phase = Phase::None;
            self.emit(Effect::Note(Id(index), Note::BadPidFile));
            self.no_daemon(index);
            return;
        };
        let record = self.at_mut(index);
        record.phase = Phase::Daemon;
        record.pid = pid;
        record.flags.remove(Flags::RECOVERING);
        match record.state {
            State::Starting => self.started(index),
            State::Stopping => self.bring_down_unless_waiting(index),
            State::Started | State::Stopped => {}
        }
    }

    /// The process that the service is there for.
    fn process_ended(&mut self, index: u32, exit: Exit, unready: bool) {
        let state = self.at(index).state;
        match state {
            State::Stopping => {
                self.clear(index, Flags::RECOVERING | Flags::UP);
                self.ended_while_stopping(index);
            }
            State::Starting if unready => {
                self.at_mut(index).reason = StopReason::Failed;
                self.failed_to_start(index, true);
            }
            State::Started if self.on_demand(index) && is_clean(exit) => {
                self.clear(index, Flags::RECOVERING | Flags::DEMANDED);
                self.run(index);
            }
            State::Started if unready => self.recovery_failed(index, StopReason::Failed),
            State::Started if self.recovers(index) => {
                self.clear(index, Flags::DEMANDED);
                self.set(index, Flags::RECOVERING);
                self.run_after_delay(index);
            }
            State::Starting | State::Started => self.ended_unasked(index),
            State::Stopped => {}
        }
    }

    /// `smooth-recovery`.
    fn recovers(&mut self, index: u32) -> bool {
        let record = self.at(index);
        let settings = &record.settings;
        settings.smooth_recovery
            && !self.shutting_down
            && (settings.kind == Kind::Process || record.target == State::Started)
            && self.may_restart(index)
    }

    fn ended_unasked(&mut self, index: u32) {
        self.at_mut(index).reason = StopReason::Terminated;
        self.clear(index, Flags::UP | Flags::DEMANDED | Flags::RECOVERING);
        self.set(index, Flags::FORCE_STOP);
        self.begin_stop(index, false);
        if self.at(index).state == State::Stopping {
            // Its turn comes when everybody knows whether they stop for good, and after dependents that stop at once.
            self.set(index, Flags::EARLY);
            self.queue_transition(index);
        }
    }

    /// INT, and the service counts as stopping.
    pub(super) fn interrupt(&mut self, index: u32) {
        self.emit(Effect::Signal {
            id: Id(index),
            target: Target::Main,
            signal: SIGINT,
        });
        let settings = &self.at(index).settings;
        let (kind, timeout) = (settings.kind, settings.stop_timeout);
        self.arm(index, timeout);
        self.clear(index, Flags::WAITING);
        self.set_state(index, State::Stopping);
        self.set(
            index,
            if kind == Kind::Scripted {
                Flags::INTERRUPTING
            } else {
                Flags::STOP_ISSUED
            },
        );
    }

    /// The service's deadline has passed: that of a stop, of a start, or the restart delay.
    pub(super) fn expired(&mut self, index: u32) {
        let record = self.at(index);
        let (state, phase) = (record.state, record.phase);
        match (phase, state) {
            (Phase::Delayed, State::Stopping) => self.at_mut(index).phase = Phase::None,
            (Phase::Delayed, _) => self.run(index),
            (_, State::Stopping) => self.kill(index),
            (Phase::Alive, State::Starting) => {
                self.emit(Effect::Note(Id(index), Note::StartTimedOut));
                self.interrupt(index);
                self.at_mut(index).reason = StopReason::TimedOut;
                self.failed_to_start(index, false);
            }
            (Phase::Alive, State::Started) => {
                self.emit(Effect::Note(Id(index), Note::StartTimedOut));
                self.emit(Effect::Signal {
                    id: Id(index),
                    target: Target::Main,
                    signal: SIGINT,
                });
                let timeout = self.at(index).settings.stop_timeout;
                self.arm(index, timeout);
                self.set(index, Flags::STOP_ISSUED);
                self.recovery_failed(index, StopReason::TimedOut);
            }
            // There is no process yet to be told.
            (Phase::Launching, _) => {
                let timeout = self.at(index).settings.start_timeout;
                self.arm(index, timeout);
            }
            _ => {}
        }
    }

    /// The process asks for more time (sd_notify(3), EXTEND_TIMEOUT_USEC); it never gets less than it had.
    pub(super) fn on_extend_start(&mut self, index: u32, nanos: u64) {
        let record = self.at(index);
        let starts = record.state == State::Starting || record.flags.contains(Flags::RECOVERING);
        let deadline = Time(self.now.0.saturating_add(nanos));
        if starts
            && record.phase == Phase::Alive
            && self.timers.get(index).is_some_and(|now| now < deadline)
        {
            self.timers.set(index, deadline);
        }
    }
}
