//! Does what the journal says, from where it was left.

use super::area::{self, Area, sync_volume};
use super::files::Placing;
use super::journal::{Journal, Line, Progress, digest_of};
use super::options::Options;
use super::place::{Directories, Root};
use super::script::{Program, Runner};
use super::unpack::name_of;
use super::watch::{Event, Watch};
use super::{Outcome, finish, trigger};
use crate::database::installed::{self, Installed};
use crate::error::{Error, Result};
use crate::history::{self, store::Store};
use crate::package::ScriptKind;
use std::fs;

/// Does all of a decided transaction. `again`: some may have been done before. None if another program has written
/// the database since.
pub fn run(
    root: &Root,
    options: &Options,
    watch: &dyn Watch,
    again: bool,
) -> Result<Option<Outcome>> {
    let area = Area::open(root)?;
    let Some(journal) = Journal::read(&area)? else {
        return Ok(None);
    };
    let mut progress = Progress::open(&area, &journal)?;
    if again {
        let found = Some(digest_of(&installed::path(root.path()))?);
        if found != journal.before && found != progress.after {
            return Ok(None);
        }
    }
    let before = Installed::read(root.path())?;
    let runner = runner(root, options, watch);
    let store = match journal.generation {
        Some(_) => Some(Store::open(root).map_err(|error| root.error(area::AREA, error))?),
        None => None,
    };
    let mut placing = Placing {
        area: &area,
        directories: Directories::new(root),
        store,
        generation: journal.generation,
        chown: journal.chown,
        own: own(),
        again,
        watch,
    };
    for (step, line) in journal.steps.iter().enumerate() {
        let done = format!("step {step}");
        if progress.has(&done) {
            continue;
        }
        watch.tell(Event::Step {
            number: step + 1,
            total: journal.steps.len(),
            title: &line.title,
        });
        let (pre, post) = scripts_of(line);
        script(&area, &journal, &mut progress, &runner, step, pre)?;
        let placed = format!("files {step}");
        if !progress.has(&placed) {
            if !placing.step(step, line)? {
                progress.add(&format!("files-broken {step}"))?;
            }
            if area.path(&name_of(step, post.name())).exists() {
                progress.add(&placed)?;
            }
        }
        script(&area, &journal, &mut progress, &runner, step, post)?;
        progress.add(&done)?;
    }
    if journal.scripts {
        trigger::run(&area, &journal, &mut progress, &runner, &before)?;
    }
    finish::write(&area, &journal, &mut progress, &before)?;
    if journal.sync {
        area.sync()?;
    }
    let after = finish::place(&area, &journal)?;
    if let Some(number) = journal.generation {
        history::place(&area, number)?;
    }
    if journal.sync {
        area.sync()?;
        let etc = root.directory(b"etc/apk").and_then(sync_volume);
        etc.map_err(|error| root.error(b"etc/apk", error))?;
    }
    drop(placing);
    drop(area);
    area::retire(root, journal.sync)?;
    if journal.generation.is_some() || options.generations == 0 {
        history::forget(root, options.generations, &after, journal.restored)?;
    }
    Ok(Some(outcome(&after, &progress)))
}

/// How programs run in a root.
pub fn runner<'r>(root: &'r Root, options: &Options, watch: &'r dyn Watch) -> Runner<'r> {
    let elsewhere = fs::canonicalize(root.path()).map_or(true, |path| path != *"/");
    Runner {
        root: root.path(),
        chroot: options.chroot && elsewhere,
        preserve_env: options.preserve_env,
        watch,
    }
}

/// Our own user and group, whose new files are.
pub fn own() -> (u32, u32) {
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    (user.as_raw(), group.as_raw())
}

/// The scripts that run before and after a step's files are put in their places.
pub fn scripts_of(line: &Line) -> (ScriptKind, ScriptKind) {
    match (&line.old, &line.new) {
        (None, _) => (ScriptKind::PreInstall, ScriptKind::PostInstall),
        (Some(_), Some(_)) => (ScriptKind::PreUpgrade, ScriptKind::PostUpgrade),
        (Some(_), None) => (ScriptKind::PreDeinstall, ScriptKind::PostDeinstall),
    }
}

fn script(
    area: &Area,
    journal: &Journal,
    progress: &mut Progress,
    runner: &Runner,
    step: usize,
    kind: ScriptKind,
) -> Result<()> {
    let done = format!("{} {step}", kind.name());
    let path = area.path(&name_of(step, kind.name()));
    let line = &journal.steps[step];
    if !journal.scripts || line.pinned || progress.has(&done) || !path.exists() {
        return Ok(());
    }
    let text = fs::read(&path).map_err(Error::file(&path))?;
    let version = |side: &Option<(String, _)>| side.as_ref().map(|side| side.0.clone());
    let arguments: Vec<String> = [version(&line.new), version(&line.old)]
        .into_iter()
        .flatten()
        .collect();
    let title = match arguments.first() {
        Some(version) => format!("{}-{version}.{}", line.name, kind.name()),
        None => line.name.clone(),
    };
    runner
        .watch
        .tell(Event::Script(&format!("  Executing {title}")));
    let program = Program {
        title: &format!("lib/apk/exec/{title}"),
        text: Some(&text),
        kind: kind.name(),
        package: Some(&line.name),
        mark: "  * ",
    };
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if runner.run(&program, &arguments) != 0 {
        progress.add(&format!("script-broken {step}"))?;
    }
    progress.add(&done)
}

fn outcome(after: &Installed, progress: &Progress) -> Outcome {
    let mut outcome = Outcome {
        packages: after.places().len(),
        errors: progress.failed_triggers.len(),
        ..Outcome::default()
    };
    for place in 0..after.places().len() {
        let Ok(record) = after.metadata(place) else {
            continue;
        };
        outcome.bytes += record.info.installed_size;
        let identity = record.info.identity.map(|identity| identity.short());
        let by_trigger_alone = record.flags.broken_script
            && !record.flags.broken_files
            && !record.flags.broken_xattrs
            && identity.is_some_and(|one| progress.failed_triggers.contains(&one))
            && !progress.broken.values().any(|broken| broken.script);
        if record.flags.is_broken() && !by_trigger_alone {
            outcome.errors += 1;
        }
    }
    outcome
}
