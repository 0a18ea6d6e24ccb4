//! Loading and unloading services, and changing what they depend on.
//!
//! Whatever can fail does so before anything is changed, or is taken back.

use super::links::boxed;
use super::record::{Flags, Link, LinkFlags, NONE, Record, Slot};
use super::{DependencyKind, Engine, Id, OutOfMemory, Settings, State};
use crate::memory::Room;
use crate::text::Show;
use std::fmt;

/// Why the graph cannot be changed that way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GraphError {
    OutOfMemory,
    /// A service of that name is loaded already.
    Loaded,
    /// The `Id` is that of no service.
    NoService,
    /// This dependency is not loaded.
    Missing(Box<[u8]>),
    /// Each of these waits for the next one, and the last one for the first.
    Cycle(Vec<Box<[u8]>>),
    /// It has to be stopped first.
    NotStopped,
    /// Loaded services depend on it.
    HasDependents,
    /// The dependent runs, the dependency does not.
    NotStarted,
}

impl From<OutOfMemory> for GraphError {
    fn from(_: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfMemory => f.write_str("out of memory"),
            Self::Loaded => f.write_str("service is already loaded"),
            Self::NoService => f.write_str("no such service"),
            Self::Missing(name) => write!(f, "service {} is not loaded", Show(name)),
            Self::Cycle(names) => {
                f.write_str("services would have to start before themselves: ")?;
                for name in names {
                    write!(f, "{} -> ", Show(name))?;
                }
                write!(f, "{}", Show(names.first().map_or(b"", |name| name)))
            }
            Self::NotStopped => f.write_str("service is not stopped"),
            Self::HasDependents => f.write_str("other loaded services depend on the service"),
            Self::NotStarted => f.write_str("dependency is not started"),
        }
    }
}

impl std::error::Error for GraphError {}

impl Engine {
    /// Loads a service, stopped. What it depends on has to be loaded before it; what it only comes before or after
    /// may be loaded later.
    pub fn add(
        &mut self,
        name: &[u8],
        settings: Settings,
        dependencies: &[(DependencyKind, &[u8])],
    ) -> Result<Id, GraphError> {
        self.work();
        if self.find(name).is_some() {
            return Err(GraphError::Loaded);
        }
        self.reserve(1 + dependencies.len(), dependencies.len())?;
        let index = match self.named(name) {
            Some(index) => index,
            None => self.make_record(name)?,
        };
        if let Err(error) = self.declare(index, dependencies) {
            self.prune(index);
            return Err(error);
        }
        let last = self.last;
        let record = self.at_mut(index);
        record.slot = Slot::Loaded;
        record.settings = settings;
        record.previous = last;
        record.next = NONE;
        match last {
            NONE => self.first = index,
            last => self.at_mut(last).next = index,
        }
        self.last = index;
        self.loaded += 1;
        Ok(Id(index))
    }

    /// Forgets a stopped service on which nothing depends. That others come before or after it is kept in mind.
    pub fn unload(&mut self, id: Id) -> Result<(), GraphError> {
        self.work();
        let index = self.loaded(id).ok_or(GraphError::NoService)?;
        if self.at(index).state != State::Stopped || self.at(index).flags.intersects(QUEUED) {
            return Err(GraphError::NotStopped);
        }
        let mut number = self.at(index).first_in;
        while let Some(link) = self.link(number) {
            if !link.only_orders() {
                return Err(GraphError::HasDependents);
            }
            number = link.next_in;
        }
        self.each_declared(index, |engine, number| engine.part(number));
        let record = self.at_mut(index);
        let (previous, next) = (record.previous, record.next);
        // Nothing of what it was may be found again by a service that is loaded under its name.
        let mut blank = Record::new(std::mem::take(&mut record.name), record.hash);
        (blank.first_out, blank.last_out) = (record.first_out, record.last_out);
        (blank.first_in, blank.last_in) = (record.first_in, record.last_in);
        *record = blank;
        match previous {
            NONE => self.first = next,
            previous => self.at_mut(previous).next = next,
        }
        match next {
            NONE => self.last = previous,
            next => self.at_mut(next).previous = previous,
        }
        self.loaded -= 1;
        self.prune(index);
        Ok(())
    }

    /// False if it was there already.
    pub fn add_dependency(
        &mut self,
        from: Id,
        kind: DependencyKind,
        to: Id,
    ) -> Result<bool, GraphError> {
        self.work();
        let from = self.loaded(from).ok_or(GraphError::NoService)?;
        let to = self.loaded(to).ok_or(GraphError::NoService)?;
        let needs = matches!(kind, DependencyKind::Need | DependencyKind::PreparedBy);
        if needs && self.at(from).state != State::Stopped && self.at(to).state != State::Started {
            return Err(GraphError::NotStarted);
        }
        if from == to {
            return Err(GraphError::Cycle(self.own_name(from)?));
        }
        if self.find_link(from, kind, to).is_some() {
            return Ok(false);
        }
        self.reserve(0, 1)?;
        let number = self.declare_one(from, kind, to);
        if self.in_cycle(from) {
            let names = self.cycle_names(from);
            self.part(number);
            return Err(GraphError::Cycle(names?));
        }
        self.adopt(number);
        Ok(true)
    }

    /// False if there was none.
    pub fn remove_dependency(&mut self, from: Id, kind: DependencyKind, to: Id) -> bool {
        self.work();
        let (Some(from), Some(to)) = (self.loaded(from), self.loaded(to)) else {
            return false;
        };
        match self.find_link(from, kind, to) {
            Some(number) => {
                self.part(number);
                true
            }
            None => false,
        }
    }

    /// Starts what a started service depends on, for it (`dinitctl enable`).
    pub fn start_dependency(&mut self, from: Id, kind: DependencyKind, to: Id) {
        self.work();
        let (Some(from), Some(to)) = (self.loaded(from), self.loaded(to)) else {
            return;
        };
        if let Some(number) = self.find_link(from, kind, to)
            && self.is_up_or_starting(from)
        {
            self.hold(number);
        }
    }

    /// Whether a loaded service names this one, be it loaded or not.
    pub fn is_awaited(&self, name: &[u8]) -> bool {
        self.named(name).is_some_and(|index| {
            self.at(index).first_in != NONE || self.at(index).first_out != NONE
        })
    }

    fn own_name(&self, index: u32) -> Result<Vec<Box<[u8]>>, OutOfMemory> {
        let mut names = Vec::new();
        names.room(1).map_err(|_| OutOfMemory)?;
        names.push(boxed(&self.at(index).name)?);
        Ok(names)
    }

    /// The link by which `from` declares that dependency. Looks through the shorter of the two lists.
    fn find_link(&self, from: u32, kind: DependencyKind, to: u32) -> Option<u32> {
        let (from, to) = match kind {
            DependencyKind::Before => (to, from),
            _ => (from, to),
        };
        let mut out = self.at(from).first_out;
        let mut into = self.at(to).first_in;
        loop {
            let one = self.link(out)?;
            if one.to == to && one.kind == kind {
                return Some(out);
            }
            let other = self.link(into)?;
            if other.from == from && other.kind == kind {
                return Some(into);
            }
            out = one.next_out;
            into = other.next_in;
        }
    }

    pub(super) fn declare_one(&mut self, from: u32, kind: DependencyKind, to: u32) -> u32 {
        match kind {
            DependencyKind::Before => self.join(to, kind, from),
            _ => self.join(from, kind, to),
        }
    }

    /// Joins the service to all that it declares, at the end of what it has declared before (which is either nothing
    /// or marked as old), or to nothing of it. `reserve` comes first.
    pub(super) fn declare(
        &mut self,
        index: u32,
        dependencies: &[(DependencyKind, &[u8])],
    ) -> Result<(), GraphError> {
        let result = dependencies
            .iter()
            .try_for_each(|(kind, name)| self.declare_named(index, *kind, name))
            .and_then(|()| {
                if self.in_cycle(index) {
                    Err(GraphError::Cycle(self.cycle_names(index)?))
                } else {
                    Ok(())
                }
            });
        if result.is_err() {
            self.each_declared(index, |engine, number| {
                let old = engine
                    .link(number)
                    .is_some_and(|link| link.flags.contains(LinkFlags::OLD));
                if !old {
                    engine.part_and_prune(index, number);
                }
            });
        }
        result
    }

    fn declare_named(
        &mut self,
        index: u32,
        kind: DependencyKind,
        name: &[u8],
    ) -> Result<(), GraphError> {
        let only_orders = matches!(kind, DependencyKind::After | DependencyKind::Before);
        let known = self.named(name);
        if known == Some(index) {
            return Err(GraphError::Cycle(self.own_name(index)?));
        }
        let other = match known {
            Some(other) if only_orders || self.at(other).slot == Slot::Loaded => other,
            None if only_orders => self.make_record(name)?,
            _ => return Err(GraphError::Missing(boxed(name)?)),
        };
        self.declare_one(index, kind, other);
        Ok(())
    }

    /// Does something with each link that the service itself declared; that may be to remove it.
    pub(super) fn each_declared(&mut self, index: u32, mut act: impl FnMut(&mut Self, u32)) {
        let mut number = self.at(index).first_out;
        while let Some(link) = self.link(number) {
            if link.kind != DependencyKind::Before {
                act(self, number);
            }
            number = link.next_out;
        }
        let mut number = self.at(index).first_in;
        while let Some(link) = self.link(number) {
            if link.kind == DependencyKind::Before {
                act(self, number);
            }
            number = link.next_in;
        }
    }

    /// Removes a link of the service, and the other end if that was only a name.
    pub(super) fn part_and_prune(&mut self, index: u32, number: u32) {
        if let Some(Link { from, to, .. }) = self.link(number) {
            self.part(number);
            self.prune(if from == index { to } else { from });
        }
    }

    /// A new link of a service that may be running: what runs is held from now on; what does not is not started.
    pub(super) fn adopt(&mut self, number: u32) {
        let Some(link) = self.link(number) else {
            return;
        };
        if link.needs() {
            self.reconsider_pin(link.to);
        }
        let to = self.at(link.to);
        let runs = to.state != State::Stopped && to.target == State::Started;
        if !link.only_orders() && self.is_up_or_starting(link.from) && (link.needs() || runs) {
            self.hold(number);
        }
    }
}

/// What keeps a record from being given away.
const QUEUED: Flags = Flags::IN_PROPAGATION.union(Flags::IN_TRANSITION);
