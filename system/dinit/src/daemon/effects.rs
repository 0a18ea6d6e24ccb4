//! Carrying out what the engine says.

use super::log::Outcome;
use super::manager::{Manager, SECOND, now};
use super::options::Level;
use crate::conditions;
use crate::engine::{Effect, Event, Exit, Id, LaunchError, Note, StopReason, Target};
use crate::text::{Errno, Show};

impl Manager {
    pub(super) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Check(id) => {
                let holds = self
                    .unit(id)
                    .is_none_or(|unit| conditions::hold(&unit.description.extra().conditions));
                self.engine.checked(id, holds);
            }
            Effect::RunCommand(id) => match self.run_process(id, Target::Main) {
                Ok(pid) => self.engine.launched(id, pid),
                Err(error) => {
                    self.tell_launch_error(id, error);
                    self.engine.launch_failed(id, error);
                }
            },
            Effect::RunStopCommand(id) => match self.run_process(id, Target::Stop) {
                Ok(pid) => self.engine.stop_launched(id, pid),
                Err(error) => self.engine.stop_launch_failed(id, error),
            },
            Effect::Signal { id, target, signal } => self.signal(id, target, signal),
            Effect::ReadPidFile(id) => self.take_pid_file(id),
            Effect::Listen(id) => match self.listen_for_demand(id) {
                Ok(()) => self.engine.listening(id),
                Err(error) => {
                    self.tell_launch_error(id, error);
                    self.engine.launch_failed(id, error);
                }
            },
            Effect::KillAll(id) => {
                self.log.say(
                    Level::Info,
                    format_args!("sending TERM, then KILL, to all processes"),
                );
                bare::sys::kill(-1, 15);
                self.killing = Some((id, now() + SECOND));
            }
            Effect::TakeConsole(_) => self.log.hand_over(),
            Effect::ReleaseConsole(_) => self.take_console_back(),
            Effect::Event(id, event) => self.tell(id, event),
            Effect::RootWritable => {
                self.open_control(true);
                self.open_log();
            }
            Effect::LogReady => self.open_log(),
            Effect::Chain(id) => self.chain(id),
            Effect::Inactive(id) => self.give_back(id),
            Effect::Note(id, note) => self.note(id, note),
        }
    }

    /// Takes the terminal's foreground back from the service that had it.
    fn take_console_back(&mut self) {
        let stdin = rustix::stdio::stdin();
        if let Ok(group) = rustix::process::getpgid(None) {
            let _ = rustix::termios::tcsetpgrp(stdin, group);
        }
        self.log.take_back();
    }

    fn open_log(&mut self) {
        if let Err(error) = self.log.open() {
            let error = Errno(error.raw_os_error());
            self.log.say(
                Level::Error,
                format_args!("the log file cannot be opened: {error}"),
            );
        }
    }

    /// Tells the log and everybody who listens.
    fn tell(&mut self, id: Id, event: Event) {
        let name = self.engine.name(id);
        match event {
            Event::Started => self.log.state(name, Outcome::Started),
            Event::FailedStart => {
                let by_dependency = self.engine.stop_reason(id) == StopReason::DependencyFailed;
                self.log.state(name, Outcome::Failed { by_dependency });
            }
            Event::Stopped if !self.engine.failed(id) => self.log.state(name, Outcome::Stopped),
            Event::Stopped | Event::StartCancelled | Event::StopCancelled => {}
        }
        match event {
            Event::Started => self.timer_started(id),
            Event::Stopped | Event::FailedStart => self.timers.remove(id),
            Event::StartCancelled | Event::StopCancelled => {}
        }
        self.send_event(id, event);
    }

    fn tell_launch_error(&mut self, id: Id, error: LaunchError) {
        let name = Show(self.engine.name(id));
        let stage = error.stage.text();
        self.log.say(
            Level::Error,
            format_args!("service {name}: {stage}: {}", Errno(error.errno)),
        );
    }

    fn note(&mut self, id: Id, note: Note) {
        let name = Show(self.engine.name(id));
        let log = &mut self.log;
        match note {
            Note::RestartingTooOften => log.say(
                Level::Error,
                format_args!(
                    "service {name} restarted too often and stays stopped (restart-limit-count)"
                ),
            ),
            Note::StartTimedOut => log.say(
                Level::Warn,
                format_args!(
                    "service {name} did not start in time (start-timeout) and is interrupted"
                ),
            ),
            Note::StopTimedOut => log.say(
                Level::Warn,
                format_args!("service {name} did not stop in time (stop-timeout) and is killed"),
            ),
            Note::Ended(exit) => log.say(
                Level::Error,
                format_args!("service {name}: its process {}", Ended(exit)),
            ),
            Note::StopCommandFailed(exit) => {
                log.say(
                    Level::Error,
                    format_args!("service {name}: its stop command {}", Ended(exit)),
                );
            }
            Note::StopCommandNotRun(error) => log.say(
                Level::Error,
                format_args!(
                    "service {name}: its stop command could not be run: {}: {}",
                    error.stage.text(),
                    Errno(error.errno)
                ),
            ),
            Note::NeverReady => log.say(
                Level::Error,
                format_args!(
                    "service {name} closed its readiness descriptor without saying that it is ready"
                ),
            ),
            Note::BadPidFile => log.say(
                Level::Error,
                format_args!("service {name}: no process from its pid file"),
            ),
        }
    }

    /// `chain-to`: the next service.
    fn chain(&mut self, id: Id) {
        let Some(next) = self
            .unit(id)
            .and_then(|unit| unit.description.extra().chain_to.clone())
        else {
            return;
        };
        match self.load(&next) {
            Ok(next) => self.engine.start(next),
            Err(error) => {
                let name = Show(self.engine.name(id));
                self.log.say(
                    Level::Error,
                    format_args!("service {name}: chain-to: {error}"),
                );
            }
        }
    }
}

/// How a process ended, in words.
struct Ended(Exit);

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.code {
            1 => write!(f, "ended with status {}", self.0.status),
            3 => write!(f, "was ended by signal {} and dumped core", self.0.status),
            _ => write!(f, "was ended by signal {}", self.0.status),
        }
    }
}
