//! Doing steps: what would be done, doing it, and the way back.

use super::advice;
use super::report::{Entry, Outcome, Report};
use super::state::{Kept, State, lock};
use super::value::{self, Found};
use crate::error::Result;
use crate::step::{Kind, Step};
use common::Root;
use std::rc::Rc;

/// What happens to the others when one fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All are taken back.
    Whole,
    /// The others stay.
    KeepGoing,
}

/// What would be done. Nothing is written anywhere.
pub fn plan(root: &Root, wanted: &[Rc<Step>]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::with_capacity(wanted.len());
    for step in wanted {
        entries.push(look(root, step.clone()));
    }
    settle_absent(&mut entries);
    entries
}

/// Reads what is there.
pub(super) fn look(root: &Root, step: Rc<Step>) -> Entry {
    match value::read(root, &step) {
        Err(error) => Entry::fail(step, Found::Hidden, &error),
        Ok(old) => {
            let held = old
                .text()
                .is_some_and(|old| step.kind.same(&step.wanted, old));
            let outcome = if held { Outcome::Held } else { Outcome::Would };
            Entry {
                got: old.text().map(str::to_owned),
                step,
                old,
                outcome,
            }
        }
    }
}

/// What is not there fails, unless an earlier step brings it.
fn settle_absent(entries: &mut [Entry]) {
    let (mut coming, mut failing, mut modules) = (Vec::new(), Vec::new(), false);
    for entry in entries.iter_mut() {
        let path = &entry.step.path;
        let below = |folder: &String| {
            path.strip_prefix(&**folder)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        let failed = entry.outcome.error().is_some();
        match entry.step.kind {
            Kind::Group if failed => failing.push(path.clone()),
            Kind::Group if entry.outcome == Outcome::Would => coming.push(path.clone()),
            Kind::Controllers if entry.outcome == Outcome::Would && entry.old != Found::Absent => {
                let group = path.strip_suffix("/cgroup.subtree_control");
                coming.extend(group.map(str::to_owned));
            }
            Kind::Module => modules |= entry.outcome == Outcome::Would,
            _ => {}
        }
        if entry.old != Found::Absent || entry.outcome != Outcome::Would || coming.iter().any(below)
        {
            continue;
        }
        let error = match failing.iter().any(below) {
            true => advice::no_group(&entry.step),
            false if modules && matches!(entry.step.kind, Kind::Sysctl | Kind::Sys) => continue,
            false => advice::absent(&entry.step),
        };
        *entry = Entry::fail(entry.step.clone(), Found::Absent, &error);
    }
}

/// The order in which values of these kinds go back, by their places: the last one first, but controllers after the groups that use them.
fn backwards(count: usize, kind: &dyn Fn(usize) -> Kind) -> Vec<usize> {
    let mut order = Vec::with_capacity(count);
    for controllers in [false, true] {
        for at in (0..count).rev() {
            if (kind(at) == Kind::Controllers) == controllers {
                order.push(at);
            }
        }
    }
    order
}

/// The same of what is kept.
fn backwards_of(kept: &[Kept]) -> Vec<usize> {
    backwards(kept.len(), &|at| kept[at].step.kind)
}

/// Does what is wanted; puts back what an earlier run set and this one no longer wants.
///
/// # Errors
/// When what was before cannot be read or kept: then nothing was changed.
pub fn apply(root: &Root, wanted: &[Rc<Step>], mode: Mode, names: (&str, &str)) -> Result<Report> {
    let _lock = lock(root)?;
    let earlier = State::load(root)?;
    let mut entries: Vec<Entry> = Vec::new();
    for at in backwards_of(&earlier.kept) {
        let kept = &earlier.kept[at];
        let own = (&kept.step.key, kept.step.kind);
        if wanted.iter().any(|step| (&step.key, step.kind) == own) {
            continue;
        }
        // A group that is in use stays for a while, and does not stand in the way.
        if let Some(entry) = back(root, kept, kept.step.kind == Kind::Group) {
            entries.push(entry);
        }
    }
    let reverted = entries.len();
    entries.append(&mut plan(root, wanted));
    let mut report = Report {
        system: None,
        policy: names.0.to_owned(),
        profile: names.1.to_owned(),
        entries,
    };
    if mode == Mode::Whole && report.failed() {
        untouched(&mut report.entries);
        return Ok(report);
    }
    let keep = |entries: &[Entry]| State {
        policy: names.0.to_owned(),
        profile: names.1.to_owned(),
        kept: kept(entries, reverted, &earlier),
    };
    // Kept before anything is done: whoever is killed in the middle can still go back.
    let before = keep(&report.entries);
    if before != earlier {
        before.save(root)?;
    }
    for at in order(&report.entries, reverted) {
        if report.entries[at].outcome != Outcome::Would {
            continue;
        }
        let as_done = match at < reverted {
            true => Outcome::Reverted,
            false => Outcome::Changed,
        };
        perform(root, &mut report.entries[at], as_done);
        if mode == Mode::Whole && matches!(report.entries[at].outcome, Outcome::Failed(_)) {
            let all_undone = undo(root, &mut report.entries);
            untouched(&mut report.entries);
            if all_undone {
                earlier.save(root)?;
            }
            return Ok(report);
        }
    }
    let after = keep(&report.entries);
    if after != before {
        after.save(root)?;
    }
    Ok(report)
}

/// The order in which entries are done, the first `reverted` of which are on the way back: groups go last, because what was
/// set in them cannot be put back.
fn order(entries: &[Entry], reverted: usize) -> Vec<usize> {
    let mut order = Vec::with_capacity(entries.len());
    for groups in [false, true] {
        for (at, entry) in entries.iter().enumerate() {
            let group = matches!(entry.step.kind, Kind::Group | Kind::Controllers);
            if (at < reverted && group) == groups {
                order.push(at);
            }
        }
    }
    order
}

/// What is to be known of each value: what was before the first run that set it. The first `reverted` entries are on the
/// way back, the last one set first.
fn kept(entries: &[Entry], reverted: usize, earlier: &State) -> Vec<Kept> {
    let (back, wanted) = entries.split_at(reverted);
    // What went back is forgotten; what could not, or not yet, is not.
    let stays = |entry: &&Entry| !matches!(entry.outcome, Outcome::Reverted | Outcome::Held);
    let back = back.iter().rev().filter(stays).map(|entry| (entry, true));
    let mut all = Vec::new();
    for (entry, goes_back) in back.chain(wanted.iter().map(|entry| (entry, false))) {
        let known = earlier.of(&entry.step);
        let failed = goes_back || entry.outcome.error().is_some();
        let (step, before) = match known {
            Some(known) if failed => (&known.step, known.before.as_deref()),
            None if failed => continue,
            Some(known) => (&entry.step, known.before.as_deref()),
            None => (&entry.step, entry.old.text()),
        };
        all.push(Kept {
            step: step.clone(),
            before: before.map(str::to_owned),
        });
    }
    all
}

/// The way back of a value, that does not count if it is `optional`; none if there is none.
fn back(root: &Root, kept: &Kept, optional: bool) -> Option<Entry> {
    let mut step = Step::clone(&kept.step);
    step.wanted = kept.before.clone()?;
    // Others may have come to use these.
    step.optional |= optional || matches!(step.kind, Kind::Controllers | Kind::Module);
    let mut entry = look(root, Rc::new(step));
    if entry.old == Found::Absent {
        // It is gone, and with it what was set.
        entry.outcome = Outcome::Held;
    }
    Some(entry)
}

fn perform(root: &Root, entry: &mut Entry, as_done: Outcome) {
    let step = &entry.step;
    match value::write(root, step, &step.wanted) {
        Ok(None) => entry.outcome = as_done,
        Ok(Some(got)) if step.kind.same(&step.wanted, &got) => {
            entry.got = Some(got);
            entry.outcome = as_done;
        }
        Ok(Some(got)) => {
            let mut error = format!(
                "{} is '{got}' after '{}' was written: the kernel made another value of it; ask for that one",
                step.path, step.wanted
            );
            if let Some(Err(stuck)) = entry.old.text().map(|old| value::write(root, step, old)) {
                error = format!("{error}; not put back: {stuck}");
            }
            entry.got = Some(got);
            entry.outcome = Outcome::failed(step, error);
        }
        Err(error) => {
            // What was done in part is undone.
            let now = value::read(root, step).ok();
            let now = now.and_then(Found::into_text);
            let old = entry.old.text();
            entry.got = match old {
                Some(old) if now.as_deref().is_some_and(|now| now != old) => {
                    value::write(root, step, old).ok().flatten()
                }
                _ => now,
            };
            entry.outcome = Outcome::failed(step, error.to_string());
        }
    }
}

/// Puts back what was done, the last one first; whether all of it could be.
fn undo(root: &Root, entries: &mut [Entry]) -> bool {
    let mut all = true;
    for at in backwards(entries.len(), &|at| entries[at].step.kind) {
        let entry = &mut entries[at];
        if !matches!(entry.outcome, Outcome::Changed | Outcome::Reverted) {
            continue;
        }
        let old = match &entry.old {
            Found::Is(old) => old.clone(),
            // It goes with the group that was made for it.
            Found::Absent => {
                entry.outcome = Outcome::Undone;
                continue;
            }
            Found::Hidden => continue,
        };
        match value::write(root, &entry.step, &old) {
            Ok(got) => {
                entry.got = got;
                entry.outcome = Outcome::Undone;
            }
            Err(_) if entry.step.kind == Kind::Controllers => entry.outcome = Outcome::Undone,
            Err(error) => {
                all = false;
                entry.outcome = Outcome::Failed(format!("not undone: {error}"));
            }
        }
    }
    all
}

fn untouched(entries: &mut [Entry]) {
    for entry in entries
        .iter_mut()
        .filter(|entry| entry.outcome == Outcome::Would)
    {
        entry.outcome = Outcome::Untouched;
    }
}

/// Puts everything back to what it was before kernelctl.
///
/// # Errors
/// When what was before cannot be read or kept.
pub fn revert(root: &Root) -> Result<Report> {
    let _lock = lock(root)?;
    let mut state = State::load(root)?;
    let mut report = Report {
        system: None,
        policy: std::mem::take(&mut state.policy),
        profile: std::mem::take(&mut state.profile),
        entries: Vec::with_capacity(state.kept.len()),
    };
    let kept = std::mem::take(&mut state.kept);
    for at in backwards_of(&kept) {
        let kept = &kept[at];
        let Some(mut entry) = back(root, kept, false) else {
            continue;
        };
        if entry.outcome == Outcome::Would {
            perform(root, &mut entry, Outcome::Reverted);
        }
        if matches!(entry.outcome, Outcome::Failed(_)) {
            state.kept.push(kept.clone());
        }
        report.entries.push(entry);
    }
    state.kept.reverse();
    state.save(root)?;
    Ok(report)
}
