//! Taking over a changed description (dinitctl(8), `reload`).

use super::record::LinkFlags;
use super::{DependencyKind, Engine, GraphError, Id, OutOfMemory, Settings, State};
use crate::description::Options;
use crate::text::Show;
use std::fmt;

/// Why a service cannot be given other settings now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReloadError {
    Graph(GraphError),
    /// It is starting or stopping.
    Busy,
    /// `type`, of a service that runs.
    KindChanged,
    /// `runs-on-console`, `starts-on-console` or `shares-console`, of a service that runs.
    ConsoleChanged,
    /// A hard dependency that is not started, of a service that is.
    NotStarted(Box<[u8]>),
}

impl From<GraphError> for ReloadError {
    fn from(error: GraphError) -> Self {
        Self::Graph(error)
    }
}

impl From<OutOfMemory> for ReloadError {
    fn from(_: OutOfMemory) -> Self {
        Self::Graph(GraphError::OutOfMemory)
    }
}

impl fmt::Display for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Graph(error) => error.fmt(f),
            Self::Busy => f.write_str("service is starting or stopping"),
            Self::KindChanged => f.write_str("the type of a service that is not stopped is fixed"),
            Self::ConsoleChanged => {
                f.write_str("the console options of a service that is not stopped are fixed")
            }
            Self::NotStarted(name) => {
                write!(
                    f,
                    "service is started, its new dependency {} is not",
                    Show(name)
                )
            }
        }
    }
}

impl std::error::Error for ReloadError {}

const CONSOLE: Options = Options::RUNS_ON_CONSOLE
    .union(Options::STARTS_ON_CONSOLE)
    .union(Options::SHARES_CONSOLE);

impl Engine {
    /// Gives a service other settings and dependencies, or leaves it as it was. What it no longer depends on may stop.
    pub fn reload(
        &mut self,
        id: Id,
        settings: Settings,
        dependencies: &[(DependencyKind, &[u8])],
    ) -> Result<(), ReloadError> {
        self.work();
        let index = self.loaded(id).ok_or(GraphError::NoService)?;
        self.check_reload(index, &settings, dependencies)?;
        self.reserve(dependencies.len(), dependencies.len())?;
        self.each_declared(index, |engine, number| {
            engine.mark(number, LinkFlags::OLD, true);
        });
        if let Err(error) = self.declare(index, dependencies) {
            self.each_declared(index, |engine, number| {
                engine.mark(number, LinkFlags::OLD, false);
            });
            return Err(error.into());
        }
        // First the new ones, so that what is in both is never let go.
        self.each_declared(index, |engine, number| {
            if !engine.is_old(number) {
                engine.adopt(number);
            }
        });
        self.each_declared(index, |engine, number| {
            if engine.is_old(number) {
                engine.part_and_prune(index, number);
            }
        });
        self.at_mut(index).settings = settings;
        Ok(())
    }

    fn is_old(&self, number: u32) -> bool {
        self.link(number)
            .is_some_and(|link| link.flags.contains(LinkFlags::OLD))
    }

    fn check_reload(
        &self,
        index: u32,
        settings: &Settings,
        dependencies: &[(DependencyKind, &[u8])],
    ) -> Result<(), ReloadError> {
        let record = self.at(index);
        match record.state {
            State::Stopped => return Ok(()),
            State::Started => {}
            State::Starting | State::Stopping => return Err(ReloadError::Busy),
        }
        if record.settings.kind != settings.kind {
            return Err(ReloadError::KindChanged);
        }
        if record.settings.options.intersection(CONSOLE) != settings.options.intersection(CONSOLE) {
            return Err(ReloadError::ConsoleChanged);
        }
        for (kind, name) in dependencies {
            if matches!(kind, DependencyKind::Need | DependencyKind::PreparedBy)
                && let Some(to) = self.find(name)
                && self.state(to) != State::Started
            {
                return Err(ReloadError::NotStarted(super::links::boxed(name)?));
            }
        }
        Ok(())
    }
}
