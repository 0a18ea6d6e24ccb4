//! What the user is told: lines of changes, and what stands in the way.

use super::graph::{Dep, NameId, PackageId, Provider};
use super::{Change, ChangeKind, Solution};
use std::fmt::Write as _;

/// Columns of a report where there is no terminal.
pub const COLUMNS: usize = 50;

impl Solution<'_> {
    /// `name-version`.
    #[must_use]
    pub fn package(&self, id: PackageId) -> String {
        let package = &self.graph.packages[id as usize];
        format!(
            "{}-{}",
            self.graph.name(package.name),
            self.graph.version(package.version)
        )
    }

    /// A dependency's text.
    #[must_use]
    pub fn dependency(&self, dep: Dep, tag: u32) -> String {
        let conflict = if dep.op.is_conflict() { "!" } else { "" };
        let version = self.graph.version(dep.version);
        let op = if version.is_empty() {
            ""
        } else {
            dep.op.as_str()
        };
        format!(
            "{conflict}{}{op}{version}{}",
            self.graph.name(dep.name),
            self.tag(tag)
        )
    }

    fn tag(&self, tag: u32) -> String {
        if tag == 0 {
            String::new()
        } else {
            format!("@{}", self.graph.tag(tag))
        }
    }

    /// What a change is, as apk says it behind `(i/n) `.
    #[must_use]
    pub fn describe(&self, change: &Change) -> String {
        let version = |id: Option<PackageId>| {
            id.map_or("", |id| {
                self.graph.version(self.graph.packages[id as usize].version)
            })
        };
        let id = change.new.or(change.old).expect("a change is of a package");
        let missing = change.new.is_some_and(|id| {
            let package = &self.graph.packages[id as usize];
            !package.available && !package.given && !package.is_meta()
        });
        let mut text = format!(
            "{}{} {}{}",
            if missing && change.kind == ChangeKind::Reinstall {
                "[APK unavailable, skipped] "
            } else {
                ""
            },
            change.kind.verb(),
            self.graph.name(self.graph.packages[id as usize].name),
            self.tag(change.tag)
        );
        let _ = match change.kind {
            ChangeKind::Install | ChangeKind::Reinstall | ChangeKind::Pinning => {
                write!(text, " ({})", version(change.new))
            }
            ChangeKind::Purge => write!(text, " ({})", version(change.old)),
            ChangeKind::Upgrade | ChangeKind::Downgrade | ChangeKind::Replace => {
                write!(
                    text,
                    " ({} -> {})",
                    version(change.old),
                    version(change.new)
                )
            }
        };
        text
    }

    /// The lines of all changes, each with its newline.
    #[must_use]
    pub fn change_lines(&self) -> String {
        let count = self.changes.len();
        let width = count.to_string().len();
        let mut text = String::new();
        for (place, change) in self.changes.iter().enumerate() {
            let _ = writeln!(
                text,
                "({:>width$}/{count}) {}",
                place + 1,
                self.describe(change)
            );
        }
        text
    }

    /// What stands in the way, as apk says it, each line with its newline; `columns` wide.
    #[must_use]
    pub fn error_report(&self, columns: usize) -> String {
        let mut report = Report {
            solution: self,
            columns,
            text: String::new(),
            told: Vec::new(),
        };
        report.told.resize(self.graph.names.len(), false);
        report.text.push_str("ERROR: unable to select packages:\n");
        for &(dep, _) in self.state.world.iter().flatten() {
            report.missing(dep);
        }
        for &package in &self.order {
            report.package(package);
            for &dep in self.graph.depends(package) {
                report.missing(dep);
            }
        }
        if report.text.lines().count() == 1 {
            report
                .text
                .push_str("Huh? Error reporter did not find the broken constraints.\n");
        }
        report.text
    }

    /// Whether a package was chosen.
    #[must_use]
    pub fn is_chosen(&self, id: PackageId) -> bool {
        self.order.contains(&id)
    }
}

/// A report being written.
struct Report<'r, 's> {
    solution: &'r Solution<'s>,
    columns: usize,
    text: String,
    told: Vec<bool>,
}

impl Report<'_, '_> {
    /// A name that is required and that nobody has.
    fn missing(&mut self, dep: Dep) {
        let solution = self.solution;
        let state = &solution.state.names[dep.name as usize];
        if dep.op.is_conflict()
            || state.chosen.is_some()
            || std::mem::replace(&mut self.told[dep.name as usize], true)
        {
            return;
        }
        let graph = &solution.graph;
        let providers = graph.providers(dep.name);
        let kind = if providers.is_empty() {
            "no such package"
        } else {
            "virtual"
        };
        let _ = writeln!(self.text, "  {} ({kind}):", graph.name(dep.name));
        if !providers.is_empty() {
            let note = "please select one of the 'provided by' packages explicitly";
            self.field("note:", note.split(' ').map(str::to_owned));
            let mut names: Vec<String> = Vec::new();
            for provider in providers {
                let own = graph.packages[provider.package as usize].name;
                let among =
                    |other: &Provider| providers.iter().any(|known| known.package == other.package);
                let text = if graph.providers(own).iter().all(among) {
                    graph.name(own).to_owned()
                } else {
                    solution.package(provider.package)
                };
                if !names.contains(&text) {
                    names.push(text);
                }
            }
            self.field("provided by:", names.into_iter());
        }
        let mut required = Vec::new();
        for &(entry, tag) in solution.state.world.iter().flatten() {
            if entry.name == dep.name && !entry.op.is_conflict() {
                required.push(format!("world[{}]", solution.dependency(entry, tag)));
            }
        }
        let mut requirers = self.requirers(dep.name);
        requirers.sort_by_cached_key(|&id| graph.bucket(id));
        for package in requirers {
            let first = graph
                .depends(package)
                .iter()
                .find(|other| other.name == dep.name && !other.op.is_conflict());
            if let Some(&other) = first {
                required.push(format!(
                    "{}[{}]",
                    solution.package(package),
                    solution.dependency(other, 0)
                ));
            }
        }
        self.field("required by:", required.into_iter());
    }

    /// The chosen packages that depend on a name.
    fn requirers(&self, name: NameId) -> Vec<PackageId> {
        let depends = |id: &PackageId| {
            self.solution
                .graph
                .depends(*id)
                .iter()
                .any(|dep| dep.name == name)
        };
        self.solution
            .order
            .iter()
            .copied()
            .filter(depends)
            .collect()
    }

    /// A chosen package that something is wrong with.
    fn package(&mut self, id: PackageId) {
        let solution = self.solution;
        let graph = &solution.graph;
        let package = &graph.packages[id as usize];
        let state = &solution.state.packages[id as usize];
        let (broken, bad_arch) = (!package.sound, package.bad_arch);
        let masked = !package.may_come_under(state.allowed);
        let mut names = vec![
            (Dep {
                name: package.name,
                version: package.version,
                op: crate::dependency::Op::EQUAL,
            }),
        ];
        names.extend_from_slice(graph.provides(id));
        let mut conflicts = Vec::new();
        for (place, name) in names.iter().enumerate() {
            if place > 0 && name.name == package.name {
                conflicts.push(format!(
                    "{}[{}]",
                    solution.package(id),
                    solution.dependency(*name, 0)
                ));
            }
            for &Provider {
                package: other,
                version,
            } in graph.providers(name.name)
            {
                if other != id && (version != 0 || name.version != 0) && solution.is_chosen(other) {
                    let through = solution.dependency(*name, 0);
                    let through = if place == 0 {
                        String::new()
                    } else {
                        format!("[{through}]")
                    };
                    conflicts.push(format!("{}{through}", solution.package(other)));
                }
            }
        }
        let (mut breaks, mut satisfies) = (Vec::new(), Vec::new());
        let mut sort = |who: String, dep: Dep, tag: u32| {
            if !names.iter().any(|name| name.name == dep.name) {
                return;
            }
            let text = format!("{who}[{}]", solution.dependency(dep, tag));
            if !graph.package_accepts(dep, id) {
                breaks.push(text);
            } else {
                satisfies.push(text);
            }
        };
        for &(dep, tag) in solution.state.world.iter().flatten() {
            sort("world".to_owned(), dep, tag);
        }
        let mut requirers: Vec<PackageId> = names
            .iter()
            .flat_map(|name| self.requirers(name.name))
            .collect();
        requirers.sort_unstable();
        requirers.dedup();

        requirers.sort_by(|&left, &right| {
            let (a, b) = (
                &graph.packages[left as usize],
                &graph.packages[right as usize],
            );
            graph
                .name(a.name)
                .cmp(graph.name(b.name))
                .then_with(|| graph.compare(a.version, b.version))
        });
        for requirer in requirers {
            for &dep in graph.depends(requirer) {
                if requirer != id || !dep.op.is_conflict() || dep.name == package.name {
                    sort(solution.package(requirer), dep, 0);
                }
            }
        }
        if !broken && !masked && conflicts.is_empty() && breaks.is_empty() {
            return;
        }
        let _ = writeln!(self.text, "  {}:", solution.package(id));
        if broken {
            self.field("error:", std::iter::once("uninstallable".to_owned()));
            if bad_arch {
                self.field("arch:", std::iter::once(graph.arch(id).to_owned()));
            }
        }
        if masked {
            let tags = (1..32)
                .filter(|tag| package.tags & 1 << tag != 0)
                .map(|tag| format!("@{}", graph.tag(tag)));
            self.field("masked in:", tags);
        }
        self.field("conflicts:", conflicts.into_iter());
        self.field("breaks:", breaks.into_iter());
        self.field("satisfies:", satisfies.into_iter());
    }

    fn field(&mut self, label: &str, words: impl Iterator<Item = String>) {
        write_field(&mut self.text, &format!("    {label}"), words, self.columns);
    }
}

/// A field's words, in lines that fit; nothing if there are none.
pub(super) fn write_field(
    text: &mut String,
    label: &str,
    words: impl Iterator<Item = String>,
    columns: usize,
) {
    let indent = label.len();
    let mut column = 0;
    for word in words {
        if column == 0 {
            text.push_str(label);
            column = indent;
        } else if column + 1 + word.len() >= columns {
            let _ = write!(text, "\n{:indent$}", "");
            column = indent;
        }
        let _ = write!(text, " {word}");
        column += 1 + word.len();
    }
    if column > 0 {
        text.push('\n');
    }
}
