//! `dot`.

use super::arguments::Arguments;
use super::outcome::{Outcome, USAGE};
use super::select::{Selection, select, sources};
use super::session::{Session, settings};
use oil::context::{Context, Found, Place};
use oil::dependency::Dependency;
use oil::solve::Relation;
use oil::version::Version;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;

/// Draws a graph.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let mut settings = settings(arguments)?;
    sources(arguments, &mut settings)?;
    let selection = Selection::new(arguments)?;
    let mut context = session.open_with(&settings)?;
    session.load(&mut context);
    let list = match arguments.operands.is_empty() {
        true => context.packages(),
        false => select(&context, &selection, &arguments.operands, |_| {})?,
    };
    let mut graph = Graph {
        context: &context,
        errors: arguments.has("errors"),
        states: BTreeMap::new(),
        missing: BTreeSet::new(),
        text: String::new(),
    };
    for found in &list {
        graph.package(found);
    }
    if graph.text.is_empty() {
        return Ok(USAGE);
    }
    writeln!(
        session.out,
        "digraph \"apkindex\" {{\n  rankdir=LR;\n  node [shape=box];\n{}}}",
        graph.text
    )?;
    Ok(0)
}

struct Graph<'c> {
    context: &'c Context,
    errors: bool,
    /// By place: false while a package's dependencies are being drawn, true after that.
    states: BTreeMap<(usize, u32), bool>,
    missing: BTreeSet<String>,
    text: String,
}

impl Graph<'_> {
    fn name(&self, place: Place) -> String {
        let candidate = self.context.candidate(place);
        format!("{}-{}", candidate.name, candidate.version)
    }

    /// Draws a package's dependencies, those of its dependencies first. False if it is being drawn: there is a cycle.
    fn package(&mut self, found: &Found) -> bool {
        let key = (found.place.source, found.place.number);
        if let Some(done) = self.states.get(&key) {
            return *done;
        }
        self.states.insert(key, false);
        let own = self.name(found.place);
        let mut depends = Vec::new();
        let source = self.context.source_of(found.place);
        source.relations(
            found.place.number,
            Relation::Depends,
            &mut |name, version, op| {
                if !op.is_conflict() {
                    depends.push(Dependency {
                        name: name.to_owned(),
                        version: Version::from_text(version),
                        op,
                    });
                }
            },
        );
        for dependency in depends {
            let mut providers = self.context.providers(&dependency.name);
            providers.retain(|one| self.is_good(one, &dependency));
            if providers.is_empty() {
                self.lacks(&own, &dependency.name);
            }
            for provider in providers {
                let complete = self.package(&provider);
                self.edge(&own, &provider, &dependency, complete);
            }
        }
        self.states.insert(key, true);
        true
    }

    fn is_good(&self, found: &Found, dependency: &Dependency) -> bool {
        let candidate = self.context.candidate(found.place);
        if candidate.name == dependency.name {
            return dependency.matches(&Version::from_text(candidate.version));
        }
        let mut good = false;
        let source = self.context.source_of(found.place);
        source.relations(
            found.place.number,
            Relation::Provides,
            &mut |name, version, _| {
                good |= name == dependency.name && dependency.matches(&Version::from_text(version));
            },
        );
        good
    }

    fn lacks(&mut self, own: &str, name: &str) {
        if self.missing.insert(name.to_owned()) {
            let _ = writeln!(
                self.text,
                "  \"{name}\" [style=dashed, color=red, fontcolor=red, shape=octagon];"
            );
        }
        let _ = writeln!(self.text, "  \"{own}\" -> \"{name}\" [color=red];");
    }

    fn edge(&mut self, own: &str, provider: &Found, dependency: &Dependency, complete: bool) {
        if self.errors && complete {
            return;
        }
        let mut attributes = String::new();
        if self.context.candidate(provider.place).name != dependency.name {
            let _ = write!(attributes, "arrowhead=inv,label=\"{}\",", dependency.name);
        }
        if !complete {
            attributes.push_str("color=red,");
        }
        let name = self.name(provider.place);
        let _ = writeln!(self.text, "  \"{own}\" -> \"{name}\"[{attributes}];");
    }
}
