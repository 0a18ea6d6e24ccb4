//! What can be said only of all services together: cycles, and how deep dependencies nest.

use crate::description::Description;
use crate::description::error::DEPTH;
use crate::description::order;
use crate::engine::DependencyKind;
use crate::hash::Map;

/// Services by number, in the order in which they were come by.
pub struct Graph<'a> {
    services: &'a [Option<Description>],
    numbers: &'a Map<Box<[u8]>, usize>,
}

/// Who is waited for, and by which kind of dependency.
type Edge = (usize, DependencyKind);

impl<'a> Graph<'a> {
    pub fn new(services: &'a [Option<Description>], numbers: &'a Map<Box<[u8]>, usize>) -> Self {
        Self { services, numbers }
    }

    fn number(&self, name: &[u8]) -> Option<usize> {
        let number = self.numbers.get(name).copied();
        number.filter(|number| self.services[*number].is_some())
    }

    /// The first cycle: each service and how it waits for the next.
    pub fn cycle(&self) -> Option<Vec<Edge>> {
        let mut edges: Vec<Vec<Edge>> = vec![Vec::new(); self.services.len()];
        // Orders come last, so that a cycle without them is found first.
        for orders in [false, true] {
            for (one, service) in self.services.iter().enumerate() {
                let dependencies = service.iter().flat_map(|service| &service.dependencies);
                for dependency in dependencies {
                    let kind = dependency.kind;
                    let is_order = matches!(kind, DependencyKind::Before | DependencyKind::After);
                    match self.number(&dependency.name) {
                        Some(other) if is_order == orders => match kind {
                            DependencyKind::Before => edges[other].push((one, kind)),
                            _ => edges[one].push((other, kind)),
                        },
                        _ => {}
                    }
                }
            }
        }
        let only = |edges: &Vec<Edge>| edges.iter().map(|(other, _)| *other).collect();
        let followers: Vec<Vec<usize>> = edges.iter().map(only).collect();
        let nodes = order::find(&followers)?;
        let nexts = nodes.iter().skip(1).chain(nodes.first());
        let kind = |(node, next): (&usize, &usize)| {
            let edge = edges[*node].iter().find(|(other, _)| other == next)?;
            Some((*node, edge.1))
        };
        nodes.iter().zip(nexts).map(kind).collect()
    }

    /// Services that dinit would refuse because it comes by them too deep in what depends on what.
    pub fn too_deep(&self) -> Vec<usize> {
        let mut seen = vec![false; self.services.len()];
        let mut deep = Vec::new();
        let mut path: Vec<(usize, usize, usize)> = Vec::new();
        for start in 0..self.services.len() {
            if self.services[start].is_none() || std::mem::replace(&mut seen[start], true) {
                continue;
            }
            path.push((start, 0, 0));
            while let Some((node, next, depth)) = path.last_mut() {
                let service = self.services[*node].as_ref();
                let dependency = service.and_then(|service| service.dependencies.get(*next));
                let Some(dependency) = dependency else {
                    path.pop();
                    continue;
                };
                *next += 1;
                let is_order = matches!(
                    dependency.kind,
                    DependencyKind::Before | DependencyKind::After
                );
                let depth = if dependency.optional { 0 } else { *depth + 1 };
                match self.number(&dependency.name) {
                    Some(other) if !is_order && !seen[other] => {
                        if depth == DEPTH {
                            deep.push(other);
                            continue;
                        }
                        seen[other] = true;
                        path.push((other, 0, depth));
                    }
                    _ => {}
                }
            }
        }
        deep.sort_unstable();
        deep.dedup();
        deep
    }
}
