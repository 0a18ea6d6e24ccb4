//! Prepares a transaction: all of it that can be done without changing anything.

use super::area::Area;
use super::journal::{Journal, Line, boot};
use super::options::Options;
use super::place::Root;
use super::plan::{Plan, Source, Step};
use super::run::scripts_of;
use super::script;
use super::settle::{Settling, Task};
use super::unpack::{self, Unpacked, name_of};
use super::watch::Watch;
use crate::database::installed::Installed;
use crate::database::scripts::Scripts;
use crate::database::triggers::Triggers;
use crate::digest::{Algorithm, Digest};
use crate::error::{Error, Result};
use crate::history::{self, restore::Sources};
use crate::package::{Info, ScriptKind};
use std::thread;

/// Does it; what is left to do.
pub fn prepare(root: &Root, plan: &Plan, options: &Options, watch: &dyn Watch) -> Result<Journal> {
    let installed = Installed::read(root.path())?;
    installed.check()?;
    let scripts = Scripts::read(root.path())?;
    let triggers = Triggers::read(root.path())?;
    let area = Area::create(root)?;
    let kept = plan
        .steps
        .iter()
        .filter_map(|step| match &step.new.as_ref()?.source {
            Source::Kept(kept) => Some(&**kept),
            _ => None,
        });
    let sources = Sources::of(root, &installed, kept.clone())?;
    let restored = kept.count() > 0;
    let unpacked = unpack::all(&area, &installed, plan, &sources, options, watch)?;
    let stays: Vec<bool> = unpacked
        .iter()
        .map(|one| one.as_ref().is_some_and(|one| one.stays))
        .collect();
    let mut tasks = Vec::new();
    let mut lines = Vec::new();
    for (step, (task, unpacked)) in plan.steps.iter().zip(unpacked).enumerate() {
        let old = match &task.old {
            Some(name) => {
                let found = installed.find(name);
                Some(found.ok_or_else(|| Error::Make(format!("{name} is not installed")))?)
            }
            None => None,
        };
        let old_info = old.map(|place| installed.metadata(place)).transpose()?;
        let old_info = old_info.map(|record| record.info);
        let pinned = match &task.new {
            Some(new) if matches!(new.source, Source::Installed) => Some(new.tag.clone()),
            _ => None,
        };
        lines.push(line(
            task,
            old_info.as_ref(),
            unpacked.as_ref(),
            pinned.is_some(),
        )?);
        if let Some(unpacked) = &unpacked
            && unpacked.scripts.contains(&ScriptKind::Trigger)
            && !unpacked.info.triggers.is_empty()
        {
            let globs = unpacked.info.triggers.join(" ");
            area.write(&name_of(step, "triggers"), globs.as_bytes())?;
        }
        if let (Some(old), None) = (&old_info, &task.new)
            && let Some(identity) = &old.identity
        {
            for script in scripts.of(&identity.short()) {
                if matches!(
                    script.kind,
                    ScriptKind::PreDeinstall | ScriptKind::PostDeinstall
                ) {
                    area.write(&name_of(step, script.kind.name()), &script.content)?;
                }
            }
        }
        tasks.push(Task {
            old,
            new: unpacked.map(|unpacked| unpacked.info),
            pinned,
        });
    }
    if stays.contains(&true) {
        unpack_before_scripts(&area, &lines, &stays, options)?;
    }
    let (settled, before) = thread::scope(|scope| {
        let hash = || Digest::of(Algorithm::Sha256, installed.text());
        let beside = thread::Builder::new().spawn_scoped(scope, hash);
        let settled = Settling::new(&area, &installed, &tasks, options, watch)?.run()?;
        let hashed = beside.ok().and_then(|beside| beside.join().ok());
        // Where no thread can be had, it takes its turn.
        Ok::<_, Error>((settled, hashed.unwrap_or_else(hash)))
    })?;
    for step in settled.early {
        lines[step].early = true;
    }
    area.write("world", plan.world.as_bytes())?;
    area.write("order", plan.order.join("\n").as_bytes())?;
    let generation = match options.generations {
        0 => None,
        _ => Some(history::prepare(
            &area,
            plan,
            &lines,
            &settled.trees,
            &installed,
            &scripts,
            &triggers,
        )?),
    };
    Ok(Journal {
        before: Some(before),
        scripts: options.scripts,
        chown: options.chown,
        sync: options.sync,
        generation,
        boot: boot(),
        restored,
        steps: lines,
    })
}

/// Unpacks what stays of the steps, after all, that have a script run before them.
fn unpack_before_scripts(
    area: &Area,
    lines: &[Line],
    stays: &[bool],
    options: &Options,
) -> Result<()> {
    let root = area.root().path();
    let mut ran = options.commit_hooks && !script::hooks(root).is_empty();
    for (step, line) in lines.iter().enumerate() {
        let runs = |kind: ScriptKind| {
            options.scripts && !line.pinned && area.path(&name_of(step, kind.name())).exists()
        };
        let (pre, post) = scripts_of(line);
        ran = ran || runs(pre);
        if ran && stays[step] {
            unpack::unpack_what_stays(area, step)?;
        }
        ran = ran || runs(post);
    }
    Ok(())
}

fn line(step: &Step, old: Option<&Info>, new: Option<&Unpacked>, pinned: bool) -> Result<Line> {
    let side = |info: &Info| (info.version.as_str().to_owned(), info.identity);
    let new = new.map(|unpacked| &unpacked.info);
    let either = new
        .or(old)
        .ok_or(Error::Missing("a package to install or remove"))?;
    let word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !word(&either.name) || !word(either.version.as_str()) {
        let (name, version) = (&either.name, either.version.as_str());
        let text = format!("{name:?} {version:?}: not a package's name and version");
        return Err(Error::Make(text));
    }
    if let (Some(old), Some(new)) = (old, new)
        && old.name != new.name
    {
        let text = format!("{} cannot take the place of {}", new.name, old.name);
        return Err(Error::Make(text));
    }
    Ok(Line {
        title: step.title.clone(),
        name: either.name.clone(),
        old: old.map(side),
        new: if pinned { old.map(side) } else { new.map(side) },
        early: false,
        pinned,
    })
}
