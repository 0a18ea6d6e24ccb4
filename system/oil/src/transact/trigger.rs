//! Runs triggers: once for a transaction, with the directories that it changed.

use super::area::Area;
use super::journal::{Journal, Progress};
use super::manifest::{Manifest, Part};
use super::script::{Program, Runner};
use super::unpack::name_of;
use super::watch::Event;
use crate::database::installed::Installed;
use crate::database::scripts::Scripts;
use crate::database::triggers::Triggers;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::package::ScriptKind;
use crate::protected_paths::glob_matches;
use std::collections::{BTreeSet, HashMap};
use std::fs;

/// A package that watches directories.
struct Watcher {
    /// `name-version`.
    package: String,
    name: String,
    identity: Digest,
    globs: Vec<String>,
    /// Of this transaction: it is given what matches, changed or not.
    fresh: Option<usize>,
}

/// Runs them. `before` is the database as it was; `order` names packages in the order in which they come.
pub fn run(
    area: &Area,
    journal: &Journal,
    progress: &mut Progress,
    runner: &Runner,
    before: &Installed,
) -> Result<()> {
    let watchers = watchers(area, journal, before)?;
    if watchers.is_empty() {
        return Ok(());
    }
    let (changed, all) = directories(area, journal, before)?;
    let scripts = Scripts::read(area.root().path())?;
    for watcher in watchers {
        let done = format!("trigger {}", watcher.identity);
        if progress.has(&done) {
            continue;
        }
        let matching = matching(&watcher, &changed, &all);
        if !matching.is_empty() {
            let text = match watcher.fresh {
                Some(step) => {
                    let path = area.path(&name_of(step, ScriptKind::Trigger.name()));
                    Some(fs::read(&path).map_err(Error::file(&path))?)
                }
                None => scripts
                    .of(&watcher.identity)
                    .find(|script| script.kind == ScriptKind::Trigger)
                    .map(|script| script.content.clone()),
            };
            if let Some(text) = text {
                let title = format!("{}.trigger", watcher.package);
                runner
                    .watch
                    .tell(Event::Script(&format!("Executing {title}")));
                let program = Program {
                    title: &format!("lib/apk/exec/{title}"),
                    text: Some(&text),
                    kind: ScriptKind::Trigger.name(),
                    package: Some(&watcher.name),
                    mark: "* ",
                };
                let arguments: Vec<&str> = matching.iter().map(String::as_str).collect();
                if runner.run(&program, &arguments) != 0 {
                    progress.add(&format!("trigger-broken {}", watcher.identity))?;
                }
            }
        }
        progress.add(&done)?;
    }
    Ok(())
}

/// All that will be installed, in the order of the steps and then in that of the database.
fn watchers(area: &Area, journal: &Journal, before: &Installed) -> Result<Vec<Watcher>> {
    let known = Triggers::read(area.root().path())?;
    let mut watchers = Vec::new();
    for (step, line) in journal.steps.iter().enumerate() {
        let (Some((version, Some(identity))), false) = (&line.new, line.pinned) else {
            continue;
        };
        let globs = crate::database::read_if_there(&area.path(&name_of(step, "triggers")))?;
        let globs = String::from_utf8_lossy(&globs.unwrap_or_default()).into_owned();
        if area
            .path(&name_of(step, ScriptKind::Trigger.name()))
            .exists()
        {
            watchers.push(Watcher {
                package: format!("{}-{version}", line.name),
                name: line.name.clone(),
                identity: identity.short(),
                globs: globs.split(' ').map(str::to_owned).collect(),
                fresh: Some(step),
            });
        }
    }
    let going: HashMap<&str, bool> = journal
        .steps
        .iter()
        .map(|line| (line.name.as_str(), line.pinned))
        .collect();
    if !known.entries.is_empty() {
        for place in 0..before.places().len() {
            let name = String::from_utf8_lossy(before.name(place)).into_owned();
            if going.get(name.as_str()) == Some(&false) {
                continue;
            }
            let info = before.metadata(place)?.info;
            let Some(identity) = info.identity else {
                continue;
            };
            if let Some(globs) = known.of(&identity.short()) {
                watchers.push(Watcher {
                    package: format!("{name}-{}", info.version.as_str()),
                    name,
                    identity: identity.short(),
                    globs: globs.to_vec(),
                    fresh: None,
                });
            }
        }
    }
    let order = crate::database::read_if_there(&area.path("order"))?.unwrap_or_default();
    let order = String::from_utf8_lossy(&order).into_owned();
    let order: HashMap<&str, usize> = order.lines().zip(0..).collect();
    watchers.sort_by_key(|watcher| {
        order
            .get(watcher.name.as_str())
            .copied()
            .unwrap_or(usize::MAX)
    });
    Ok(watchers)
}

/// The directories that changed, and all that there are, with a slash before them.
fn directories(
    area: &Area,
    journal: &Journal,
    before: &Installed,
) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let text = |path: &[u8]| format!("/{}", String::from_utf8_lossy(path));
    let (mut changed, mut all) = (BTreeSet::new(), BTreeSet::new());
    before.each_folder(|_, path| {
        all.insert(text(path));
    });
    for (step, line) in journal.steps.iter().enumerate() {
        for (what, is_there) in [
            ("manifest", line.new.is_some()),
            ("gone", line.old.is_some()),
        ] {
            if !is_there || line.pinned {
                continue;
            }
            let manifest = Manifest::read(&area.path(&name_of(step, what)))?;
            for part in manifest.parts() {
                if let Part::Folder(folder) = part? {
                    changed.insert(text(folder.path));
                }
            }
        }
    }
    all.extend(changed.iter().cloned());
    Ok((changed, all))
}

/// What a trigger is given; nothing if it does not run.
fn matching<'d>(
    watcher: &Watcher,
    changed: &'d BTreeSet<String>,
    all: &'d BTreeSet<String>,
) -> Vec<String> {
    let fits = |glob: &str, path: &str| glob_matches(glob.as_bytes(), path.as_bytes());
    let from = |everywhere: bool| if everywhere { all } else { changed };
    let mut found = BTreeSet::new();
    for glob in &watcher.globs {
        let (glob, everywhere) = match glob.strip_prefix('+') {
            Some(glob) => (glob, false),
            None => (glob.as_str(), watcher.fresh.is_some()),
        };
        found.extend(from(everywhere).iter().filter(|path| fits(glob, path)));
    }
    found.into_iter().cloned().collect()
}
