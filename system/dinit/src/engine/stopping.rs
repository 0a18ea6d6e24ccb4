//! What a service runs, and what is sent to it, while it stops.

use super::record::{Flags, Phase, StopPhase};
use super::stop::is_clean;
use super::{Effect, Engine, Exit, Id, LaunchError, Note, State, Target};
use crate::description::Kind;

const SIGKILL: i32 = 9;

impl Engine {
    pub(super) fn bring_down_unless_waiting(&mut self, index: u32) {
        if !self.has(index, Flags::WAITING) {
            self.bring_down(index);
        }
    }

    /// All dependents have stopped: ends what runs. Asked more than once it does nothing more.
    pub(super) fn bring_down(&mut self, index: u32) {
        match self.at(index).settings.kind {
            Kind::Process | Kind::Bgprocess => self.end_process(index),
            Kind::Scripted => match self.at(index).phase {
                Phase::Launching | Phase::Alive => {}
                _ if self.at(index).stop_phase != StopPhase::None => {}
                _ if self.has(index, Flags::UP) && !self.has(index, Flags::UNMET) => {
                    self.run_stop_script(index);
                }
                // The command never ran: there is nothing that the stop command could undo.
                _ => self.stopped(index),
            },
            Kind::Internal | Kind::Triggered | Kind::Timer => self.stopped(index),
        }
    }

    fn end_process(&mut self, index: u32) {
        let record = self.at(index);
        match record.phase {
            // Told when there is somebody to be told.
            Phase::Launching | Phase::ReadingPid => {}
            Phase::Alive | Phase::Daemon => {
                if record.flags.contains(Flags::STOP_ISSUED) || record.stop_phase != StopPhase::None
                {
                    return;
                }
                let settings = record.settings;
                self.clear(index, Flags::UP);
                self.set(index, Flags::STOP_ISSUED);
                if settings.has_stop_command {
                    self.at_mut(index).stop_phase = StopPhase::Launching;
                    self.emit(Effect::RunStopCommand(Id(index)));
                } else if settings.term_signal != 0 {
                    self.signal(index, Target::Main, settings.term_signal);
                }
                self.arm(index, settings.stop_timeout);
            }
            _ if record.stop_phase != StopPhase::None => {}
            _ => self.stopped(index),
        }
    }

    pub(super) fn run_stop_script(&mut self, index: u32) {
        let settings = self.at(index).settings;
        self.clear(index, Flags::UP);
        if settings.has_stop_command {
            self.at_mut(index).stop_phase = StopPhase::Launching;
            self.emit(Effect::RunStopCommand(Id(index)));
            self.arm(index, settings.stop_timeout);
        } else {
            self.stopped(index);
        }
    }

    fn signal(&mut self, index: u32, target: Target, signal: i32) {
        self.emit(Effect::Signal {
            id: Id(index),
            target,
            signal,
        });
    }

    /// The stop has taken too long.
    pub(super) fn kill(&mut self, index: u32) {
        let record = self.at(index);
        let main = matches!(record.phase, Phase::Alive | Phase::Daemon);
        let stop = record.stop_phase == StopPhase::Alive;
        if main || stop {
            self.emit(Effect::Note(Id(index), Note::StopTimedOut));
        }
        if main {
            self.signal(index, Target::Main, SIGKILL);
        }
        if stop {
            self.signal(index, Target::Stop, SIGKILL);
        }
    }

    /// The process ended, and the service is stopping.
    pub(super) fn ended_while_stopping(&mut self, index: u32) {
        if self.has(index, Flags::WAITING) {
            self.restart_early(index);
        } else if self.at(index).stop_phase == StopPhase::None {
            self.stopped(index);
        }
    }

    pub(super) fn on_stop_launched(&mut self, index: u32, pid: i32) {
        let record = self.at_mut(index);
        if record.stop_phase == StopPhase::Launching {
            record.stop_phase = StopPhase::Alive;
            record.stop_pid = pid;
        }
    }

    pub(super) fn on_stop_launch_failed(&mut self, index: u32, error: LaunchError) {
        let record = self.at_mut(index);
        if record.stop_phase != StopPhase::Launching {
            return;
        }
        record.stop_phase = StopPhase::None;
        let (phase, term) = (record.phase, record.settings.term_signal);
        self.emit(Effect::Note(Id(index), Note::StopCommandNotRun(error)));
        if matches!(phase, Phase::Alive | Phase::Daemon) {
            // The next best way; and where TERM is not wanted, the one that surely works.
            let signal = if term == 0 { SIGKILL } else { term };
            self.signal(index, Target::Main, signal);
        } else {
            self.stopped(index);
        }
    }

    pub(super) fn on_stop_exited(&mut self, index: u32, exit: Exit) {
        let record = self.at_mut(index);
        if record.stop_phase != StopPhase::Alive {
            return;
        }
        record.stop_phase = StopPhase::None;
        record.stop_pid = 0;
        let (phase, kind) = (record.phase, record.settings.kind);
        if !is_clean(exit) {
            self.emit(Effect::Note(Id(index), Note::StopCommandFailed(exit)));
        }
        if kind == Kind::Scripted {
            self.at_mut(index).exit = exit;
        }
        // Even a stop command that failed ends the matter: what depends on nothing but this could never stop else.
        if !matches!(phase, Phase::Alive | Phase::Daemon) {
            self.stopped(index);
        }
    }

    pub(super) fn on_killed_all(&mut self, index: u32) {
        if self.take_flag(index, Flags::KILLING) && self.at(index).state == State::Stopping {
            self.bring_down(index);
        }
    }
}
