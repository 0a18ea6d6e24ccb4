//! What others may know of a service. For an `Id` that is not one, the answers are those of a stopped service.

use super::record::{Flags, NONE, Phase, Record, StopPhase};
use super::{DependencyKind, Engine, Exit, Id, LaunchError, Settings, State, StopReason, Times};
use crate::description::Kind;
use crate::memory::Room;

impl Engine {
    /// The loaded service of that name.
    pub fn find(&self, name: &[u8]) -> Option<Id> {
        self.named(name)
            .map(Id)
            .filter(|id| self.loaded(*id).is_some())
    }

    /// Empty for an `Id` that is no service.
    pub fn name(&self, id: Id) -> &[u8] {
        self.get(id).map_or(b"", |record| &record.name)
    }

    /// All loaded services, in the order in which they were loaded.
    pub fn ids(&self) -> impl Iterator<Item = Id> + '_ {
        let mut index = self.first;
        std::iter::from_fn(move || {
            let record = self.records.get(index as usize)?;
            let id = Id(index);
            index = record.next;
            Some(id)
        })
    }

    /// How many services are loaded.
    pub fn len(&self) -> usize {
        self.loaded
    }

    pub fn is_empty(&self) -> bool {
        self.loaded == 0
    }

    /// What the service itself says that it depends on, as far as that is loaded: its own `before`, not others'.
    pub fn dependencies(&self, id: Id) -> impl Iterator<Item = (DependencyKind, Id)> + '_ {
        self.neighbours(id, true)
    }

    /// The services that say that they depend on this one.
    pub fn dependents(&self, id: Id) -> impl Iterator<Item = (DependencyKind, Id)> + '_ {
        self.neighbours(id, false)
    }

    /// `own`: those of links that the service itself declared, else those of links that the others did.
    fn neighbours(&self, id: Id, own: bool) -> impl Iterator<Item = (DependencyKind, Id)> + '_ {
        let (mut out, mut into) = self
            .get(id)
            .map_or((NONE, NONE), |record| (record.first_out, record.first_in));
        let next = move || {
            if let Some(link) = self.link(out) {
                out = link.next_out;
                let declared = link.kind != DependencyKind::Before;
                return Some((link.kind, Id(link.to), declared));
            }
            let link = self.link(into)?;
            into = link.next_in;
            let declared = link.kind == DependencyKind::Before;
            Some((link.kind, Id(link.from), declared))
        };
        std::iter::from_fn(next)
            .filter(move |(_, other, declared)| *declared == own && self.loaded(*other).is_some())
            .map(|(kind, other, _)| (kind, other))
    }

    /// The services that cannot be up without this one and are held by that: those that a stop would take along.
    pub fn active_hard_dependents(&self, id: Id) -> Vec<Id> {
        let mut found = Vec::new();
        let mut number = self.get(id).map_or(NONE, |record| record.first_in);
        while let Some(link) = self.link(number) {
            if link.needs() && link.holding() {
                if found.room(1).is_err() {
                    break;
                }
                found.push(Id(link.from));
            }
            number = link.next_in;
        }
        found
    }

    /// What keeps it from starting. Empty if nothing does, or it is not starting.
    pub fn waiting_on(&self, id: Id) -> Vec<(DependencyKind, Id)> {
        let mut found = Vec::new();
        let starting = self
            .get(id)
            .filter(|record| record.state == State::Starting);
        let mut number = starting.map_or(NONE, |record| record.first_out);
        while let Some(link) = self.link(number) {
            if link.waiting() {
                if found.room(1).is_err() {
                    break;
                }
                found.push((link.kind, Id(link.to)));
            }
            number = link.next_out;
        }
        found
    }

    fn get(&self, id: Id) -> Option<&Record> {
        self.loaded(id).map(|index| self.at(index))
    }

    fn is(&self, id: Id, flag: Flags) -> bool {
        self.get(id)
            .is_some_and(|record| record.flags.contains(flag))
    }

    pub fn state(&self, id: Id) -> State {
        self.get(id).map_or(State::Stopped, |record| record.state)
    }

    /// STARTED or STOPPED.
    pub fn target(&self, id: Id) -> State {
        self.get(id).map_or(State::Stopped, |record| record.target)
    }

    /// Marked active.
    pub fn is_explicit(&self, id: Id) -> bool {
        self.is(id, Flags::EXPLICIT)
    }

    pub fn is_pinned_started(&self, id: Id) -> bool {
        self.is(id, Flags::PINNED_STARTED)
    }

    pub fn is_pinned_stopped(&self, id: Id) -> bool {
        self.is(id, Flags::PINNED_STOPPED)
    }

    /// Something that needs it is pinned started.
    pub fn is_dependent_pinned(&self, id: Id) -> bool {
        self.is(id, Flags::DEPENDENT_PINNED)
    }

    /// The process of the service; of a scripted service, of whichever command runs.
    pub fn pid(&self, id: Id) -> Option<i32> {
        let record = self.get(id)?;
        match record.phase {
            Phase::Alive | Phase::Daemon => Some(record.pid),
            _ if record.settings.kind == Kind::Scripted => self.stop_pid(id),
            _ => None,
        }
    }

    /// The process of `stop-command`.
    pub fn stop_pid(&self, id: Id) -> Option<i32> {
        let record = self.get(id)?;
        (record.stop_phase == StopPhase::Alive).then_some(record.stop_pid)
    }

    /// How the last process ended.
    pub fn exit(&self, id: Id) -> Exit {
        self.get(id).map_or(Exit::default(), |record| record.exit)
    }

    pub fn stop_reason(&self, id: Id) -> StopReason {
        self.get(id)
            .map_or(StopReason::Normal, |record| record.reason)
    }

    pub fn launch_error(&self, id: Id) -> Option<LaunchError> {
        self.get(id).and_then(|record| record.launch_error)
    }

    /// It counts as started, but was interrupted, or its conditions do not hold.
    pub fn skipped(&self, id: Id) -> bool {
        self.is(id, Flags::SKIPPED)
    }

    /// The last attempt to start it failed.
    pub fn failed(&self, id: Id) -> bool {
        self.is(id, Flags::FAILED)
    }

    pub fn has_console(&self, id: Id) -> bool {
        self.is(id, Flags::HAS_CONSOLE)
    }

    pub fn waits_for_console(&self, id: Id) -> bool {
        self.is(id, Flags::WAITING_CONSOLE) && !self.has_console(id)
    }

    /// How many services are not stopped.
    pub fn active_count(&self) -> usize {
        self.active
    }

    pub fn times(&self, id: Id) -> Times {
        self.get(id).map_or(Times::default(), |record| record.times)
    }

    pub fn settings(&self, id: Id) -> &Settings {
        static INTERNAL: Settings = Settings::internal();
        self.get(id).map_or(&INTERNAL, |record| &record.settings)
    }
}
