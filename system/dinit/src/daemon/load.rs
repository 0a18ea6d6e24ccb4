//! Loading, reloading and unloading services while others run.

use super::manager::Manager;
use super::options::Level;
use super::unit::Unit;
use crate::description::draft::{Context, Strict};
use crate::description::error::{Error, Problem};
use crate::description::load::{Loaded, Loader};
use crate::description::users::Users;
use crate::description::{Description, Options};
use crate::engine::{DependencyKind, GraphError, Id, ReloadError, Settings, State};
use crate::hash::Map;
use crate::memory::Room;
use crate::protocol::Handle;
use crate::protocol::reply::Code;

/// What the loader may ask of the daemon.
struct Present<'a>(&'a Manager);

impl Loaded for Present<'_> {
    fn is_loaded(&self, name: &[u8]) -> bool {
        self.0.engine.find(name).is_some()
    }

    fn description(&self, name: &[u8]) -> Option<&Description> {
        let id = self.0.engine.find(name)?;
        self.0.unit(id).map(|unit| &unit.description)
    }

    fn awaited(&self, name: &[u8]) -> bool {
        self.0.engine.is_awaited(name)
    }

    fn consumer(&self, name: &[u8]) -> Option<&[u8]> {
        let mut all = self.0.consumers.iter();
        all.find(|(producer, _)| **producer == *name)
            .map(|(_, consumer)| &**consumer)
    }
}

/// The dependencies of a description as the engine takes them.
fn dependencies(description: &Description) -> Vec<(DependencyKind, &[u8])> {
    description
        .dependencies
        .iter()
        .map(|dependency| (dependency.kind, &*dependency.name))
        .collect()
}

/// The place of each in the order in which they were come across: a service, then what it depends on, each with all of
/// its own (`dinitctl list` shows them so).
fn loading_order(made: &[Description], root: &[u8]) -> Vec<u64> {
    let places: Map<&[u8], usize> = made
        .iter()
        .enumerate()
        .map(|(place, description)| (&*description.name, place))
        .collect();
    let mut order = vec![u64::MAX; made.len()];
    let mut next = 0;
    let mut open: Vec<&[u8]> = vec![root];
    while let Some(name) = open.pop() {
        let Some(&place) = places.get(name) else {
            continue;
        };
        if order[place] != u64::MAX {
            continue;
        }
        order[place] = next;
        next += 1;
        let dependencies = made[place].dependencies.iter().rev().filter(|dependency| {
            !matches!(
                dependency.kind,
                DependencyKind::After | DependencyKind::Before
            )
        });
        open.extend(dependencies.map(|dependency| &*dependency.name));
    }
    for place in order.iter_mut().filter(|place| **place == u64::MAX) {
        *place = next;
        next += 1;
    }
    order
}

fn refused(name: &[u8], error: &GraphError) -> Error {
    Error::new(
        name,
        match error {
            GraphError::OutOfMemory => Problem::Memory,
            GraphError::Cycle(names) => {
                Problem::Cycle(names.iter().map(|name| Box::from(&**name)).collect())
            }
            _ => Problem::Conflict("the services that it depends on have changed meanwhile"),
        },
    )
}

impl Manager {
    /// The service of this name, loaded with all that it depends on if it is not yet.
    ///
    /// # Errors
    /// What is wrong, with file and line; nothing is loaded then that was not before.
    pub(super) fn load(&mut self, name: &[u8]) -> Result<Id, Error> {
        if let Some(id) = self.engine.find(name) {
            return Ok(id);
        }
        let made = self.read(|loader, reports| loader.load(name, reports))?;
        let order = loading_order(&made, name);
        let first = self.sequence;
        self.sequence += made.len() as u64;
        let mut added = Vec::new();
        for (description, place) in made.into_iter().zip(order) {
            match self.add(description, first + place) {
                Ok(id) => added.push(id),
                Err(error) => {
                    self.take_out(&added);
                    return Err(error);
                }
            }
        }
        self.engine
            .find(name)
            .ok_or_else(|| Error::new(name, Problem::NotFound))
    }

    /// Runs the loader with what is loaded now; its warnings go to the log.
    fn read<T>(
        &mut self,
        work: impl FnOnce(&Loader<'_>, &mut Strict<&mut dyn FnMut(Error)>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut warnings = Vec::new();
        let users = Users::system();
        let mut keep = |warning: Error| warnings.push(warning);
        let result = {
            let loader = Loader {
                folders: &self.directories,
                context: Context {
                    environment: &self.environment,
                    users: &users,
                    for_tools: false,
                },
                loaded: &Present(self),
            };
            work(&loader, &mut Strict(&mut keep as &mut dyn FnMut(Error)))
        };
        for warning in warnings {
            self.log.say(Level::Warn, format_args!("{warning}"));
        }
        result
    }

    fn add(&mut self, description: Description, sequence: u64) -> Result<Id, Error> {
        let settings = Settings::of(&description);
        let added = self
            .engine
            .add(&description.name, settings, &dependencies(&description));
        let id = added.map_err(|error| refused(&description.name, &error))?;
        if let Some(producer) = &description.extra().consumer_of {
            self.consumers
                .push((producer.clone(), description.name.clone()));
        }
        if self.place_unit(id, Unit::new(description, sequence)) {
            return Ok(id);
        }
        let name: Box<[u8]> = self.engine.name(id).into();
        let _ = self.engine.unload(id);
        Err(Error::new(&name, Problem::Memory))
    }

    /// Every loaded service in the order of lists.
    pub(super) fn listed(&self) -> Vec<Id> {
        let mut ids: Vec<Id> = self.engine.ids().collect();
        ids.sort_unstable_by_key(|id| self.unit(*id).map(|unit| unit.sequence));
        ids
    }

    /// Puts a unit where its id says; false: there is no memory.
    pub(super) fn place_unit(&mut self, id: Id, unit: Unit) -> bool {
        let place = id.0 as usize;
        if place >= self.units.len() {
            if self.units.room(place + 1 - self.units.len()).is_err() {
                return false;
            }
            self.units.resize_with(place + 1, || None);
        }
        self.units[place] = Some(unit);
        true
    }

    /// Unloads services that were just loaded, dependents first.
    fn take_out(&mut self, ids: &[Id]) {
        for id in ids.iter().rev() {
            self.unload(*id);
        }
    }

    /// Unloads a service; false when it is not stopped, or another depends on it.
    pub(super) fn unload(&mut self, id: Id) -> bool {
        if self.engine.unload(id).is_err() {
            return false;
        }
        self.give_back(id);
        self.forget_service(id);
        if let Some(unit) = self.units.get_mut(id.0 as usize).and_then(Option::take) {
            self.consumers
                .retain(|(_, consumer)| **consumer != *unit.description.name);
            if let Some(output) = unit
                .run
                .and_then(|run| run.output)
                .filter(super::output::Output::is_ours)
            {
                self.poll.remove(&output.read);
            }
        }
        true
    }

    /// Reads the descriptions of these services again and takes them over, all or none.
    ///
    /// # Errors
    /// What is wrong; everything is as it was.
    pub(super) fn reload(&mut self, ids: &[Id]) -> Result<(), Error> {
        let names: Vec<Box<[u8]>> = ids.iter().map(|id| self.engine.name(*id).into()).collect();
        let names: Vec<&[u8]> = names.iter().map(|name| &**name).collect();
        let made = self.read(|loader, reports| loader.reload(&names, reports))?;
        for description in &made {
            if let Some(id) = self.engine.find(&description.name) {
                self.check_reload(id, description)?;
            }
        }
        let (mut added, mut changed) = (Vec::new(), Vec::new());
        for description in made {
            let result = match self.engine.find(&description.name) {
                None => {
                    let sequence = self.sequence;
                    self.sequence += 1;
                    self.add(description, sequence).map(|id| added.push(id))
                }
                Some(id) => self
                    .replace(id, description)
                    .map(|old| changed.push((id, old))),
            };
            if let Err(error) = result {
                while let Some((id, old)) = changed.pop() {
                    // What was so before can be so again.
                    let _ = self.replace(id, old);
                }
                self.take_out(&added);
                return Err(error);
            }
        }
        self.pump();
        Ok(())
    }

    /// Gives a loaded service another description; the one before.
    fn replace(&mut self, id: Id, description: Description) -> Result<Description, Error> {
        let settings = Settings::of(&description);
        let result = self
            .engine
            .reload(id, settings, &dependencies(&description));
        if let Err(error) = result {
            let problem = match error {
                ReloadError::Graph(error) => return Err(refused(&description.name, &error)),
                ReloadError::Busy => {
                    Problem::Conflict("cannot change while it is starting or stopping")
                }
                ReloadError::KindChanged => {
                    Problem::Conflict("its type cannot change while it runs")
                }
                ReloadError::ConsoleChanged => {
                    Problem::Conflict("its console options cannot change while it runs")
                }
                ReloadError::NotStarted(_) => Problem::Conflict(
                    "it runs, and what it now depends on does not: start that first",
                ),
            };
            return Err(Error::new(&description.name, problem));
        }
        let name = description.name.clone();
        self.consumers.retain(|(_, consumer)| *consumer != name);
        if let Some(producer) = &description.extra().consumer_of {
            self.consumers.push((producer.clone(), name));
        }
        let Some(unit) = self.unit_mut(id) else {
            return Ok(description);
        };
        let old = std::mem::replace(&mut unit.description, description);
        if old.log != unit.description.log
            && let Some(output) = unit.run.as_mut().and_then(|run| run.output.take())
            && output.is_ours()
        {
            self.poll.remove(&output.read);
        }
        Ok(old)
    }

    /// What a running service cannot change (dinitctl(8), reload).
    fn check_reload(&self, id: Id, new: &Description) -> Result<(), Error> {
        if self.engine.state(id) == State::Stopped {
            return Ok(());
        }
        let Some(unit) = self.unit(id) else {
            return Ok(());
        };
        let old = &unit.description;
        let (before, after) = (old.extra(), new.extra());
        let console = Options::RUNS_ON_CONSOLE | Options::SHARES_CONSOLE;
        let changed = if old.kind != new.kind {
            "type"
        } else if before.inittab_id != after.inittab_id {
            "inittab-id"
        } else if before.inittab_line != after.inittab_line {
            "inittab-line"
        } else if before.pid_file != after.pid_file {
            "pid-file"
        } else if (old.options ^ new.options).intersects(console) {
            "options"
        } else {
            return Ok(());
        };
        let mut error = Error::new(
            &new.name,
            Problem::Conflict("cannot change while the service runs"),
        );
        error.setting = Some(changed);
        Err(error)
    }

    /// LOAD.
    pub(super) fn answer_load(&mut self, place: usize, name: &[u8]) {
        use crate::description::error::Class;
        match self.load(name) {
            Ok(id) => self.give_record(place, id),
            Err(error) => {
                self.keep_error(place, &error);
                let code = match error.class() {
                    Class::NotFound => Code::NoService,
                    Class::Description => Code::DescriptionError,
                    Class::Load | Class::Cyclic => Code::LoadError,
                };
                self.code(place, code);
            }
        }
    }

    /// RELOAD. The client's handle is used up by it.
    pub(super) fn answer_reload(&mut self, place: usize, handle: Handle, id: Id) {
        let result = self.reload(&[id]);
        let code = match result {
            Ok(()) => {
                if let Some(connection) = self.connection(place) {
                    connection.forget_handle(handle);
                }
                Code::Ack
            }
            Err(error) => {
                self.keep_error(place, &error);
                Code::Nak
            }
        };
        self.code(place, code);
    }

    /// Logs an error and keeps it for the client that caused it.
    fn keep_error(&mut self, place: usize, error: &Error) {
        self.log.say(Level::Error, format_args!("{error}"));
        let text = error.to_string().into_bytes();
        if let Some(connection) = self.connection(place) {
            connection.last_error = text;
        }
    }
}
