//! Loading a service with all that it depends on.

use super::draft::{Context, Reports};
use super::error::{DEPTH, Error, Problem};
use super::{Description, Kind, Log, order, read, search, values};
use crate::engine::DependencyKind;
use crate::hash::Map;
use crate::memory::Room;

/// What is loaded already.
pub trait Loaded {
    fn is_loaded(&self, name: &[u8]) -> bool;

    /// The description of a loaded service, to look for cycles through it and at what it logs to.
    fn description(&self, name: &[u8]) -> Option<&Description> {
        let _ = name;
        None
    }

    /// Whether a loaded service names this one: by `after` or `before` if it is not loaded, by any dependency if it is
    /// (and is loaded again). If never, loading needs not look for cycles through what is loaded.
    fn awaited(&self, name: &[u8]) -> bool {
        let _ = name;
        true
    }

    /// The loaded service that reads the output of this one (`consumer-of`), be this one loaded or not.
    fn consumer(&self, name: &[u8]) -> Option<&[u8]> {
        let _ = name;
        None
    }
}

/// Nothing is loaded.
pub struct Nothing;

impl Loaded for Nothing {
    fn is_loaded(&self, _: &[u8]) -> bool {
        false
    }

    fn awaited(&self, _: &[u8]) -> bool {
        false
    }
}

pub struct Loader<'a> {
    /// Where descriptions are looked for, the first first.
    pub folders: &'a [Box<[u8]>],
    pub context: Context<'a>,
    pub loaded: &'a dyn Loaded,
}

/// How far the loading of one service is.
#[derive(Clone, Copy, PartialEq)]
enum State {
    /// To be loaded again.
    Again,
    /// What it depends on is being loaded.
    OnPath,
    Done,
}

/// A service that waits for what it depends on.
struct Frame {
    made: Description,
    next: usize,
    depth: usize,
}

struct Walk<'a> {
    states: Map<Box<[u8]>, State>,
    path: Vec<Frame>,
    done: Vec<Description>,
    reports: &'a mut dyn Reports,
}

impl Loader<'_> {
    /// Reads the description of one service alone.
    pub fn read(&self, name: &[u8], reports: &mut dyn Reports) -> Result<Description, Error> {
        let wrong = |problem| Error::new(name, problem);
        values::service_name(name).map_err(|why| wrong(Problem::BadName(why)))?;
        let (path, file) = search::find(self.folders, name).map_err(wrong)?;
        read::read(name, &path, &file, &self.context, reports)
    }

    /// Loads a service with all that it depends on and is not loaded, dependencies first. Nothing if it is loaded.
    /// After an error, nothing of it is to be loaded.
    pub fn load(&self, name: &[u8], reports: &mut dyn Reports) -> Result<Vec<Description>, Error> {
        self.walk(&[name], false, reports)
    }

    /// Loads services again, all or none, and what they now depend on besides; dependencies first.
    pub fn reload(
        &self,
        names: &[&[u8]],
        reports: &mut dyn Reports,
    ) -> Result<Vec<Description>, Error> {
        self.walk(names, true, reports)
    }

    fn walk(
        &self,
        names: &[&[u8]],
        again: bool,
        reports: &mut dyn Reports,
    ) -> Result<Vec<Description>, Error> {
        let mut walk = Walk {
            states: Map::default(),
            path: Vec::new(),
            done: Vec::new(),
            reports,
        };
        if again {
            let states = names.iter().map(|name| ((*name).into(), State::Again));
            walk.states.extend(states);
        }
        for name in names {
            if self.wanted(&walk, name) {
                self.enter(&mut walk, name, 0)?;
            }
            while let Some(frame) = walk.path.last_mut() {
                let Some(dependency) = frame.made.dependencies.get_mut(frame.next) else {
                    walk.leave();
                    continue;
                };
                frame.next += 1;
                if matches!(
                    dependency.kind,
                    DependencyKind::After | DependencyKind::Before
                ) {
                    continue;
                }
                // What a folder names begins anew.
                let depth = if dependency.optional {
                    0
                } else {
                    frame.depth + 1
                };
                let name = dependency.name.clone();
                let entered = if walk.states.get(&name) == Some(&State::OnPath) {
                    Err(walk.cycle(&name))
                } else if self.wanted(&walk, &name) {
                    self.enter(&mut walk, &name, depth)
                } else {
                    continue;
                };
                if let Err(error) = entered {
                    walk.failed(&name, error, !again)?;
                }
            }
        }
        self.check(&walk.done)?;
        Ok(walk.done)
    }

    /// Whether it is neither loaded nor read.
    fn wanted(&self, walk: &Walk<'_>, name: &[u8]) -> bool {
        match walk.states.get(name) {
            Some(state) => *state == State::Again,
            None => !self.loaded.is_loaded(name),
        }
    }

    fn enter(&self, walk: &mut Walk<'_>, name: &[u8], depth: usize) -> Result<(), Error> {
        if depth >= DEPTH {
            return Err(Error::new(name, Problem::TooDeep));
        }
        let made = self.read(name, walk.reports)?;
        let room = walk
            .states
            .room(1)
            .and(walk.path.room(1))
            .and(walk.done.room(1 + walk.path.len()));
        room.map_err(|_| Error::new(name, Problem::Memory))?;
        walk.states.insert(name.into(), State::OnPath);
        walk.path.push(Frame {
            made,
            next: 0,
            depth,
        });
        Ok(())
    }

    /// What can be told only when all is read: who reads whose output, and in which order things start.
    fn check(&self, made: &[Description]) -> Result<(), Error> {
        let consumes = |made: &Description| made.extra().consumer_of.is_some();
        let mut consumers: Map<&[u8], usize> = Map::default();
        for (place, one) in made.iter().enumerate().filter(|(_, one)| consumes(one)) {
            let Some(consumed) = one.extra().consumer_of.as_deref() else {
                continue;
            };
            let earlier = self
                .loaded
                .consumer(consumed)
                .filter(|name| *name != &*one.name);
            if earlier.is_some() || consumers.insert(consumed, place).is_some() {
                let what = "reads the output of a service that has a consumer already";
                return Err(Error::new(&one.name, Problem::Conflict(what)));
            }
            if let Some(other) = self.loaded.description(consumed) {
                // If it is loaded again as well, that is looked at below.
                if made.iter().all(|made| made.name != other.name) && !gives_output(other) {
                    return Err(Error::new(&one.name, Problem::Conflict(NO_OUTPUT)));
                }
            }
        }
        for one in made {
            let consumer = consumers.get(&*one.name).map(|place| &*made[*place].name);
            let consumer = consumer.or_else(|| self.loaded.consumer(&one.name));
            if consumer.is_some() && !gives_output(one) {
                return Err(Error::new(&one.name, Problem::Conflict(NO_PIPE)));
            }
        }
        match order::cycle(made, self.loaded) {
            Some(names) => Err(Error::new(&names[0].clone(), Problem::Cycle(names))),
            None => Ok(()),
        }
    }
}

const NO_OUTPUT: &str =
    "reads the output of a service that runs no process or has another log-type than 'pipe'";
const NO_PIPE: &str =
    "has a consumer ('consumer-of'): it must run a process, with 'log-type = pipe'";

/// Whether another service can read what this one writes.
pub fn gives_output(description: &Description) -> bool {
    matches!(
        description.kind,
        Kind::Process | Kind::Bgprocess | Kind::Scripted
    ) && description.log == Log::Pipe
}

impl Walk<'_> {
    /// The topmost service has all that it depends on.
    fn leave(&mut self) {
        let Some(Frame { mut made, .. }) = self.path.pop() else {
            return;
        };
        // Those without a name were passed over.
        made.dependencies
            .retain(|dependency| !dependency.name.is_empty());
        if let Some(state) = self.states.get_mut(&made.name) {
            *state = State::Done;
        }
        self.done.push(made);
    }

    fn cycle(&self, name: &[u8]) -> Error {
        let names = self.path.iter().map(|frame| frame.made.name.clone());
        let names = names.skip_while(|other| **other != *name).collect();
        Error::new(name, Problem::Cycle(names))
    }

    /// A dependency could not be loaded: that is an error of what depends on it. But what a folder names may be missing; and if
    /// it is only waited for (and `spare`), whatever is wrong with it: one mistake is not to keep a system from starting.
    fn failed(&mut self, name: &[u8], error: Error, spare: bool) -> Result<(), Error> {
        let missing = matches!(error.problem, Problem::NotFound) && *error.service == *name;
        let spare = spare && !matches!(error.problem, Problem::Memory);
        let last = self.path.len() - 1;
        let place = self.path.iter().enumerate().rposition(|(at, frame)| {
            let dependency = &frame.made.dependencies[frame.next - 1];
            let waited_for = dependency.kind == DependencyKind::WaitsFor;
            dependency.optional && (spare && waited_for || missing && at == last)
        });
        let Some(place) = place else {
            return Err(self.within(error));
        };
        let why = if missing && place == last {
            "a folder names it, but there is no such service"
        } else {
            self.reports.warning(error);
            "it cannot be loaded, as is said above"
        };
        // What was made of it is not to be loaded; another who needs it fails by himself.
        while self.path.len() > place + 1
            && let Some(frame) = self.path.pop()
        {
            self.states.remove(&frame.made.name);
        }
        let frame = &mut self.path[place];
        let name = std::mem::take(&mut frame.made.dependencies[frame.next - 1].name);
        let problem = Problem::Ignored(name, why);
        self.reports.warning(Error::new(&frame.made.name, problem));
        Ok(())
    }

    /// Says who needed it: the last, and the first. More would be deep, for a chain that is.
    fn within(&self, mut error: Error) -> Error {
        let mut last = None;
        for frame in self.path.last().into_iter().chain(self.path.first()) {
            let name = &frame.made.name;
            if last != Some(name) {
                error = Error::new(name, Problem::Dependency(Box::new(error)));
            }
            last = Some(name);
        }
        error
    }
}
