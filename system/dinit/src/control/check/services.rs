//! One service after another, and what is found wrong with each.

use super::commands;
use super::graph::Graph;
use crate::description::draft::Reports;
use crate::description::error::{Error, Place, Problem};
use crate::description::load::{Loader, gives_output};
use crate::description::{Description, Log};
use crate::engine::DependencyKind;
use crate::hash::Map;
use crate::text::Show;
use std::io::{self, Write};

pub struct Checked<'a> {
    loader: &'a Loader<'a>,
    names: Vec<Box<[u8]>>,
    numbers: Map<Box<[u8]>, usize>,
    /// By number; none for what could not be loaded.
    services: Vec<Option<Description>>,
    notes: Notes<'a>,
}

/// Writes down what is wrong.
struct Notes<'a> {
    err: &'a mut dyn Write,
    found: bool,
    /// The environment is not certain to be dinit's, which is to be said once.
    unsure: bool,
    /// Where settings of the service were given.
    given: Vec<(&'static str, Place)>,
    broken: io::Result<()>,
}

impl Notes<'_> {
    fn note(&mut self, error: &Error, grade: &str) {
        self.broken = (|| {
            write!(self.err, "Service '{}'", Show(&error.service))?;
            if let Some(place) = &error.place {
                write!(self.err, " ({place})")?;
            }
            write!(self.err, ": {grade}")?;
            if let Some(setting) = error.setting {
                write!(self.err, "{setting}: ")?;
            }
            writeln!(self.err, "{}", error.problem)
        })();
    }
}

impl Reports for Notes<'_> {
    fn error(&mut self, error: Error) -> Result<(), Error> {
        self.found = true;
        self.note(&error, "");
        Ok(())
    }

    fn warning(&mut self, warning: Error) {
        // Of these the reference says nothing.
        self.found |= !matches!(warning.problem, Problem::Ignored(..));
        self.note(&warning, "warning: ");
    }

    fn given(&mut self, setting: &'static str, place: Place) {
        self.given.push((setting, place));
    }

    fn thorough(&self) -> bool {
        true
    }

    fn looked_up(&mut self) {
        if std::mem::take(&mut self.unsure) {
            let text = "dinit-check: warning: variables are substituted with this program's environment, which may not \
                        be dinit's (--online asks dinit)\n";
            self.broken = self.err.write_all(text.as_bytes());
        }
    }
}

impl<'a> Checked<'a> {
    /// `unsure`: the environment may be another than dinit's.
    pub fn new(loader: &'a Loader<'a>, err: &'a mut dyn Write, unsure: bool) -> Self {
        Self {
            loader,
            names: Vec::new(),
            numbers: Map::default(),
            services: Vec::new(),
            notes: Notes {
                err,
                found: false,
                unsure,
                given: Vec::new(),
                broken: Ok(()),
            },
        }
    }

    pub fn found(&self) -> bool {
        self.notes.found
    }

    fn add(&mut self, name: &[u8]) {
        if !self.numbers.contains_key(name) {
            self.numbers.insert(name.into(), self.names.len());
            self.names.push(name.into());
        }
    }

    /// Checks each service, and each that one of them names.
    pub fn all(&mut self, names: &[Box<[u8]>], out: &mut dyn Write) -> io::Result<()> {
        names.iter().for_each(|name| self.add(name));
        while let Some(name) = self.names.get(self.services.len()).cloned() {
            writeln!(out, "Checking service: {}...", Show(&name))?;
            out.flush()?;
            self.notes.given.clear();
            let service = match self.loader.read(&name, &mut self.notes) {
                Ok(service) => Some(service),
                Err(error) => {
                    self.notes.found = true;
                    let what = error.in_service();
                    writeln!(
                        self.notes.err,
                        "Unable to load service '{}': {what}",
                        Show(&name)
                    )?;
                    None
                }
            };
            if let Some(service) = &service {
                self.one(service);
            }
            self.services.push(service);
            std::mem::replace(&mut self.notes.broken, Ok(()))?;
        }
        Ok(())
    }

    fn one(&mut self, service: &Description) {
        let notes = &mut self.notes;
        commands::look(service, &mut |setting, problem| {
            let file = service.file.clone();
            let given = notes.given.iter().rev().find(|(name, _)| *name == setting);
            let place = given.map(|(_, place)| place.clone());
            notes.warning(Error {
                setting: Some(setting),
                place: place.or(file.map(|file| Place { file, line: 0 })),
                ..Error::new(&service.name, problem)
            });
        });
        let (orders, depended): (Vec<_>, Vec<_>) = service.dependencies.iter().partition(|other| {
            matches!(other.kind, DependencyKind::Before | DependencyKind::After)
        });
        let extra = service.extra();
        let timer = extra.timer.as_ref().map(|timer| &timer.starts);
        // What `chain-to` names may be on a file system that is not there yet.
        let named = extra.consumer_of.as_ref().into_iter().chain(timer);
        let dependencies = depended.into_iter().chain(orders).map(|other| &other.name);
        for name in dependencies.chain(named) {
            if !name.is_empty() {
                self.add(name);
            }
        }
    }

    /// Checks what concerns several services.
    pub fn together(&mut self) -> io::Result<()> {
        let err = &mut self.notes.err;
        let mut found = false;
        for service in self.services.iter().flatten() {
            let Some(name) = service.extra().consumer_of.as_deref() else {
                continue;
            };
            let (one, other) = (Show(&service.name), Show(name));
            let consumed = self
                .numbers
                .get(name)
                .and_then(|at| self.services[*at].as_ref());
            match consumed {
                None => writeln!(
                    err,
                    "Warning: Service '{one}': consumer-of: there is no service '{other}'"
                )?,
                Some(consumed) if gives_output(consumed) => {}
                Some(consumed) => {
                    found = true;
                    let why = match consumed.log {
                        Log::Pipe => "runs no process",
                        _ => "has another log-type than 'pipe'",
                    };
                    writeln!(err, "Service '{one}': consumer-of: service '{other}' {why}")?;
                }
            }
        }
        let graph = Graph::new(&self.services, &self.numbers);
        for deep in graph.too_deep() {
            found = true;
            let error = Error::new(&self.names[deep], Problem::TooDeep);
            writeln!(err, "Service '{}': {}", Show(&error.service), error.problem)?;
        }
        if let Some(cycle) = graph.cycle() {
            found = true;
            writeln!(err, "Found dependency cycle:")?;
            for (node, kind) in &cycle {
                let via = match kind {
                    DependencyKind::Before => " (via 'before')",
                    DependencyKind::After => " (via 'after')",
                    _ => "",
                };
                writeln!(err, "    {} ->{via}", Show(&self.names[*node]))?;
            }
            let first = cycle.first().map(|(node, _)| &*self.names[*node]);
            writeln!(err, "    {}.", Show(first.unwrap_or_default()))?;
        }
        self.notes.found |= found;
        Ok(())
    }
}
