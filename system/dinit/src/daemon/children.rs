//! The ends of processes, and signals that are sent to them.

use super::finish::Ending;
use super::manager::Manager;
use super::options::Level;
use super::poll::Token;
use super::signals::{SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGUSR1};
use crate::description::Options;
use crate::engine::{Exit, Id, Target};
use crate::text::Show;
use rustix::process::{Pid, PidfdFlags, WaitOptions, WaitStatus, wait};

/// `si_code` (waitid(2)).
const CLD_EXITED: i32 = 1;
const CLD_KILLED: i32 = 2;
const CLD_DUMPED: i32 = 3;

/// The bit of a wait status that tells of a core dump (wait(2), WCOREDUMP).
const CORE: i32 = 0x80;

impl Manager {
    /// Takes the signals that have come.
    pub(super) fn take_signals(&mut self) {
        let signals = self.signals.read();
        let came = |signal: i32| signals & 1 << (signal - 1) != 0;
        if came(SIGCHLD) {
            self.reap();
        }
        let manager = self.options.manager;
        if came(SIGQUIT) && manager {
            // At once: services are not asked (dinit(8), SIGNALS).
            self.engine.stop_all();
            self.ending = Some(Ending::PowerOff);
            self.abandon();
        } else if came(SIGINT) && manager {
            // Ctrl-Alt-Del.
            self.shut_down(Ending::Reboot);
        } else if came(SIGINT) || came(SIGTERM) {
            self.shut_down(Ending::Halt);
        }
        if came(SIGUSR1) {
            self.open_control(true);
        }
    }

    /// Takes every child that has ended. Those that belong to no service were orphans.
    pub(super) fn reap(&mut self) {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            let pid = pid.as_raw_nonzero().get();
            if let Some((id, target)) = self.children.get(&pid).copied() {
                if target == Target::Main {
                    self.main_ended(id);
                }
                self.children.remove(&pid);
                let exit = exit_of(status);
                match target {
                    Target::Main => self.engine.exited(id, exit),
                    Target::Stop => self.engine.stop_exited(id, exit),
                }
            }
        }
        if !self.ending_groups.is_empty() {
            self.remove_ended_groups();
        }
    }

    /// A process that a pid file named and that is not our child has ended; how is not to be known.
    pub(super) fn foreign_ended(&mut self, id: Id) {
        let process = self
            .unit_mut(id)
            .and_then(|unit| unit.run.as_mut()?.foreign.take());
        if let Some(process) = process {
            self.poll.remove(&process);
            self.engine.exited(
                id,
                Exit {
                    code: CLD_EXITED,
                    status: 0,
                },
            );
        }
    }

    /// Signals a service's process: with its group, unless the service says otherwise.
    pub(super) fn signal(&mut self, id: Id, target: Target, signal: i32) {
        let pid = match target {
            Target::Main => self.engine.pid(id),
            Target::Stop => self.engine.stop_pid(id),
        };
        if let Some(pid) = pid {
            self.kill_group(id, pid, signal);
        }
    }

    pub(super) fn kill_group(&mut self, id: Id, pid: i32, signal: i32) {
        if pid <= 1 {
            return;
        }
        let alone = self.unit(id).is_none_or(|unit| {
            unit.description
                .options
                .contains(Options::SIGNAL_PROCESS_ONLY)
        });
        // A process that has not made a group of its own yet, or has left it, is signalled by itself.
        if alone || bare::sys::kill(-(pid as isize), signal as usize) < 0 {
            bare::sys::kill(pid as isize, signal as usize);
        }
    }

    /// Reads a pid file (type bgprocess) and takes the process for the service's.
    pub(super) fn take_pid_file(&mut self, id: Id) {
        let pid = self.read_pid_file(id);
        if let Some(pid) = pid
            && !self.watch(id, pid)
        {
            return self.engine.pid_read(id, None);
        }
        self.engine.pid_read(id, pid);
    }

    fn read_pid_file(&mut self, id: Id) -> Option<i32> {
        use std::os::unix::ffi::OsStrExt;
        let unit = self.unit(id)?;
        let path = unit.description.extra().pid_file.clone()?;
        let found = std::fs::read(std::ffi::OsStr::from_bytes(&path));
        let text = match &found {
            Ok(bytes) => std::str::from_utf8(bytes).unwrap_or("").trim(),
            Err(error) => {
                let name = Show(self.engine.name(id));
                let path = Show(&path);
                self.log.say(
                    Level::Error,
                    format_args!("{name}: pid file {path} cannot be read: {error}"),
                );
                return None;
            }
        };
        let pid = text
            .split_whitespace()
            .next()
            .and_then(|word| word.parse().ok())
            .filter(|pid| *pid > 1);
        if pid.is_none() {
            let name = Show(self.engine.name(id));
            self.log.say(
                Level::Error,
                format_args!("{name}: {} holds no process id", Show(&path)),
            );
        }
        pid
    }

    /// Makes sure that the end of this process will be seen; false when there is no such process.
    fn watch(&mut self, id: Id, pid: i32) -> bool {
        let Some(raw) = Pid::from_raw(pid) else {
            return false;
        };
        let name = Show(self.engine.name(id));
        let child = rustix::process::waitid(
            rustix::process::WaitId::Pid(raw),
            rustix::process::WaitIdOptions::EXITED
                | rustix::process::WaitIdOptions::NOHANG
                | rustix::process::WaitIdOptions::NOWAIT,
        );
        if child.is_ok() {
            // Ours, because orphans below us become our children.
            self.children.insert(pid, (id, Target::Main));
            return true;
        }
        match rustix::process::pidfd_open(raw, PidfdFlags::empty()) {
            Ok(process) => {
                let added =
                    self.poll
                        .add(&process, Token::Process(id.0), super::poll::Interest::Read);
                if added.is_err() {
                    self.log.say(
                        Level::Warn,
                        format_args!("{name}: the end of process {pid} will not be seen"),
                    );
                }
                if let Some(unit) = self.unit_mut(id) {
                    unit.run().foreign = Some(process);
                }
                true
            }
            Err(error) => {
                self.log.say(
                    Level::Error,
                    format_args!("{name}: process {pid} of the pid file: {error}"),
                );
                false
            }
        }
    }
}

fn exit_of(status: WaitStatus) -> Exit {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit {
            code: CLD_EXITED,
            status: code,
        },
        (None, Some(signal)) if status.as_raw() & CORE != 0 => Exit {
            code: CLD_DUMPED,
            status: signal,
        },
        (None, signal) => Exit {
            code: CLD_KILLED,
            status: signal.unwrap_or(0),
        },
    }
}
