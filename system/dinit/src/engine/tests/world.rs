//! A world for the engine: carries out what it wants, and keeps a list of it.

use crate::description::{Kind, Restart};
use crate::engine::*;
use std::collections::{HashMap, HashSet};

pub use crate::engine::DependencyKind::{After, Before, Milestone, Need, PreparedBy, WaitsFor};

pub const MS: u64 = 1_000_000;
pub const SECOND: u64 = 1000 * MS;
pub const TERM: i32 = 15;
pub const INT: i32 = 2;
pub const KILL: i32 = 9;

pub type Dependencies<'a> = &'a [(DependencyKind, &'a str)];

/// A service without a process.
pub fn internal() -> Settings {
    Settings::internal()
}

/// A process that counts as started once it runs; the times are those of dinit-service(5).
pub fn process() -> Settings {
    Settings {
        kind: Kind::Process,
        restart_delay: 200 * MS,
        restart_limit_interval: 10 * SECOND,
        restart_limit_count: 3,
        start_timeout: 60 * SECOND,
        stop_timeout: 10 * SECOND,
        has_command: true,
        ..internal()
    }
}

/// A process that says when it is ready, so that a test can leave it STARTING.
pub fn notifying() -> Settings {
    Settings {
        notifies: true,
        restart_delay: 0,
        ..process()
    }
}

pub fn bgprocess() -> Settings {
    Settings {
        kind: Kind::Bgprocess,
        ..process()
    }
}

pub fn scripted() -> Settings {
    Settings {
        kind: Kind::Scripted,
        ..process()
    }
}

pub fn restarting(settings: Settings) -> Settings {
    Settings {
        restart: Restart::Always,
        ..settings
    }
}

pub fn code(status: i32) -> Exit {
    Exit { code: 1, status }
}

pub fn killed(signal: i32) -> Exit {
    Exit {
        code: 2,
        status: signal,
    }
}

pub struct World {
    pub engine: Engine,
    pub now: Time,
    /// Everything that was wanted so far.
    pub log: Vec<Effect>,
    /// What the pid files say.
    pub pid_files: HashMap<Id, i32>,
    pub unmet: HashSet<Id>,
    /// Those whose process ends when it gets any signal.
    pub polite: HashSet<Id>,
    /// Commands are left to the test to answer.
    pub slow_launch: bool,
    /// The same for `KillAll` and pid files.
    pub slow: bool,
    pub pids: i32,
}

impl World {
    pub fn new() -> Self {
        Self {
            engine: Engine::new(),
            now: Time(1000 * SECOND),
            log: Vec::new(),
            pid_files: HashMap::new(),
            unmet: HashSet::new(),
            polite: HashSet::new(),
            slow_launch: false,
            slow: false,
            pids: 100,
        }
    }

    /// With these services, each of which depends on those named.
    pub fn with(services: &[(&str, Settings, Dependencies<'_>)]) -> Self {
        let mut world = Self::new();
        for (name, settings, dependencies) in services {
            world.add(name, *settings, dependencies);
        }
        world
    }

    pub fn add(&mut self, name: &str, settings: Settings, dependencies: Dependencies<'_>) -> Id {
        self.try_add(name, settings, dependencies).unwrap()
    }

    pub fn try_add(
        &mut self,
        name: &str,
        settings: Settings,
        dependencies: Dependencies<'_>,
    ) -> Result<Id, GraphError> {
        self.engine
            .add(name.as_bytes(), settings, &as_bytes(dependencies))
    }

    pub fn id(&self, name: &str) -> Id {
        self.engine.find(name.as_bytes()).unwrap()
    }

    /// Goes on until nothing is left to do at this time.
    pub fn settle(&mut self) {
        loop {
            self.engine.settle(self.now);
            let Some(effect) = self.engine.pop_effect() else {
                break;
            };
            self.log.push(effect);
            self.carry_out(effect);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        let engine = &mut self.engine;
        match effect {
            Effect::Check(id) => engine.checked(id, !self.unmet.contains(&id)),
            Effect::RunCommand(id) if !self.slow_launch => {
                self.pids += 1;
                engine.launched(id, self.pids);
            }
            Effect::RunStopCommand(id) if !self.slow_launch => {
                self.pids += 1;
                engine.stop_launched(id, self.pids);
            }
            Effect::Signal { id, signal, target } if self.polite.contains(&id) => match target {
                Target::Main => engine.exited(id, killed(signal)),
                Target::Stop => engine.stop_exited(id, killed(signal)),
            },
            Effect::ReadPidFile(id) if !self.slow => {
                engine.pid_read(id, self.pid_files.get(&id).copied());
            }
            Effect::Listen(id) => engine.listening(id),
            Effect::KillAll(id) if !self.slow => engine.killed_all(id),
            _ => {}
        }
    }

    pub fn advance(&mut self, nanos: u64) {
        self.now.0 += nanos;
        self.settle();
    }

    pub fn start(&mut self, name: &str) {
        self.engine.start(self.id(name));
        self.settle();
    }

    pub fn stop(&mut self, name: &str) {
        self.engine.stop(self.id(name), true);
        self.settle();
    }

    pub fn release(&mut self, name: &str) {
        self.engine.release(self.id(name));
        self.settle();
    }

    pub fn force(&mut self, name: &str) {
        self.engine.forced_stop(self.id(name));
        self.settle();
    }

    pub fn restart(&mut self, name: &str) -> bool {
        let done = self.engine.restart(self.id(name));
        self.settle();
        done
    }

    pub fn ready(&mut self, name: &str) {
        self.engine.ready(self.id(name));
        self.settle();
    }

    pub fn exit(&mut self, name: &str, exit: Exit) {
        self.engine.exited(self.id(name), exit);
        self.settle();
    }

    pub fn stop_exit(&mut self, name: &str, exit: Exit) {
        self.engine.stop_exited(self.id(name), exit);
        self.settle();
    }

    pub fn launch_fails(&mut self, name: &str) {
        let error = LaunchError {
            stage: Stage::Exec,
            errno: 2,
        };
        self.engine.launch_failed(self.id(name), error);
        self.settle();
    }

    pub fn launched(&mut self, name: &str) {
        self.pids += 1;
        self.engine.launched(self.id(name), self.pids);
        self.settle();
    }

    pub fn pin_started(&mut self, name: &str) {
        self.engine.pin_started(self.id(name));
        self.settle();
    }

    pub fn pin_stopped(&mut self, name: &str) {
        self.engine.pin_stopped(self.id(name));
        self.settle();
    }

    pub fn unpin(&mut self, name: &str) {
        self.engine.unpin(self.id(name));
        self.settle();
    }

    pub fn state(&self, name: &str) -> State {
        self.engine.state(self.id(name))
    }

    pub fn reason(&self, name: &str) -> StopReason {
        self.engine.stop_reason(self.id(name))
    }

    /// One sign for each service, in load order: `-` stopped, `<` starting, `+` started, `>` stopping.
    pub fn states(&self) -> String {
        let sign = |id| match self.engine.state(id) {
            State::Stopped => '-',
            State::Starting => '<',
            State::Started => '+',
            State::Stopping => '>',
        };
        self.engine.ids().map(sign).collect()
    }

    /// The same for the target states.
    pub fn targets(&self) -> String {
        let sign = |id| match self.engine.target(id) {
            State::Started => '+',
            _ => '-',
        };
        self.engine.ids().map(sign).collect()
    }

    /// How often a command was run.
    pub fn runs(&self, name: &str) -> usize {
        let id = self.id(name);
        self.count(|effect| *effect == Effect::RunCommand(id))
    }

    pub fn stop_runs(&self, name: &str) -> usize {
        let id = self.id(name);
        self.count(|effect| *effect == Effect::RunStopCommand(id))
    }

    pub fn count(&self, matches: impl Fn(&Effect) -> bool) -> usize {
        self.log.iter().filter(|effect| matches(effect)).count()
    }

    pub fn happened(&self, name: &str, event: Event) -> bool {
        self.log.contains(&Effect::Event(self.id(name), event))
    }

    /// The signals that the service was sent, in order.
    pub fn signals(&self, name: &str) -> Vec<i32> {
        let wanted = self.id(name);
        self.log
            .iter()
            .filter_map(|effect| match effect {
                Effect::Signal { id, signal, .. } if *id == wanted => Some(*signal),
                _ => None,
            })
            .collect()
    }

    /// The names of those whose effects `matches` picks, in order.
    pub fn order(&self, matches: impl Fn(&Effect) -> Option<Id>) -> Vec<String> {
        self.log
            .iter()
            .filter_map(matches)
            .map(|id| String::from_utf8_lossy(self.engine.name(id)).into_owned())
            .collect()
    }

    pub fn has_timer(&self) -> bool {
        self.engine.next_deadline().is_some()
    }
}

pub fn as_bytes<'a>(dependencies: Dependencies<'a>) -> Vec<(DependencyKind, &'a [u8])> {
    dependencies
        .iter()
        .map(|(kind, name)| (*kind, name.as_bytes()))
        .collect()
}
