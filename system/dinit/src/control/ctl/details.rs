//! Everything about all services, by the DETAILS extension: what graph, analyze and why work on.

use super::Session;
use crate::control::failure::Failure;
use crate::engine::{DependencyKind, State};
use crate::hash::Map;
use crate::protocol::details::{self, Entry, Header};
use crate::protocol::extension;
use crate::protocol::reply::{Code, Reply};
use crate::protocol::request::Request;

/// The text of the reply; `what` is what it is needed for.
pub fn text(session: &mut Session, what: &'static str) -> Result<Vec<u8>, Failure> {
    let request = Request::Extension(extension::Request::Details(None));
    match session.client.ask(&request)? {
        Reply::Details(text) => Ok(text.to_vec()),
        Reply::Code(Code::BadRequest) => Err(Failure::Lacks(what)),
        _ => Err(Failure::Protocol),
    }
}

/// All services, and who is who.
pub struct Services<'a> {
    pub header: Header<'a>,
    pub entries: Vec<Entry<'a>>,
    by_name: Map<&'a [u8], usize>,
}

impl<'a> Services<'a> {
    pub fn parse(text: &'a [u8]) -> Self {
        let (header, entries) = details::parse(text);
        let numbered = entries.iter().enumerate();
        let by_name = numbered
            .map(|(at, entry)| (entry.service.name, at))
            .collect();
        Self {
            header,
            entries,
            by_name,
        }
    }

    pub fn get(&self, name: &[u8]) -> Option<&Entry<'a>> {
        self.by_name.get(name).map(|at| &self.entries[*at])
    }

    /// Those that depend on a service, more than in order.
    pub fn dependents(&self, name: &[u8]) -> impl Iterator<Item = (DependencyKind, &Entry<'a>)> {
        self.entries.iter().flat_map(move |entry| {
            let depends = entry.depends.iter();
            depends
                .filter(move |(kind, on)| *on == name && !only_order(*kind))
                .map(move |(kind, _)| (*kind, entry))
        })
    }

    /// Those that come before a service and are loaded: what it depends on or follows.
    pub fn before(&self, entry: &Entry<'a>) -> Vec<&Entry<'a>> {
        let mut before: Vec<&Entry<'a>> = entry
            .depends
            .iter()
            .filter(|(kind, _)| *kind != DependencyKind::Before)
            .filter_map(|(_, name)| self.get(name))
            .collect();
        let name = entry.service.name;
        before.extend(self.entries.iter().filter(|other| {
            let mut depends = other.depends.iter();
            depends.any(|(kind, on)| *kind == DependencyKind::Before && *on == name)
        }));
        before
    }

    /// When a service could begin: asked to, and all before it started. Nanoseconds.
    pub fn began(&self, entry: &Entry<'a>) -> u64 {
        let service = &entry.service;
        let before = self.before(entry).into_iter();
        before
            .map(|other| other.service.started)
            .filter(|started| *started <= service.started)
            .fold(service.requested, u64::max)
            .min(service.started)
    }

    /// Those that started, by when they did.
    pub fn started(&self) -> Vec<&Entry<'a>> {
        let mut started: Vec<&Entry<'a>> = self
            .entries
            .iter()
            .filter(|entry| entry.service.started != 0)
            .collect();
        order(&mut started, &|entry| entry.service.started);
        started
    }

    /// The service named boot, once it was started: that ends the boot.
    pub fn boot(&self) -> Option<&Entry<'a>> {
        self.get(b"boot").filter(|boot| boot.service.started != 0)
    }

    /// Those that started in the course of the boot, by when they did; all that started if there is no boot.
    pub fn booted(&self) -> Vec<&Entry<'a>> {
        let mut started = self.started();
        if let Some(boot) = self.boot() {
            started.retain(|entry| entry.service.requested <= boot.service.started);
        }
        started
    }
}

/// Puts services in the order of a number that each has; those with the same one stay in theirs.
pub fn order<'a>(services: &mut [&Entry<'a>], number: &dyn Fn(&Entry<'a>) -> u64) {
    services.sort_by_key(|entry| number(entry));
}

/// `after` and `before` ask for nothing to be started.
pub fn only_order(kind: DependencyKind) -> bool {
    matches!(kind, DependencyKind::After | DependencyKind::Before)
}

/// Whether it is up, or on the way.
pub fn active(entry: &Entry<'_>) -> bool {
    matches!(entry.service.state, State::Started | State::Starting)
}
