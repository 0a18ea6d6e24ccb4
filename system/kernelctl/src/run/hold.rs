//! Whether what was set still holds, and who changed it where that can be known.

use super::apply::look;
use super::report::{Outcome, Report};
use super::state::{Kept, State};
use super::value::Found;
use crate::error::Result;
use crate::step::Kind;
use crate::sysctl::{self, Assignment};
use common::Root;

/// What was set, and whether it holds.
///
/// # Errors
/// When what was set cannot be read.
pub fn status(root: &Root) -> Result<Report> {
    let state = State::load(root)?;
    let (mut files, mut entries) = (None, Vec::new());
    for kept in &state.kept {
        let mut entry = look(root, kept.step.clone());
        if entry.outcome == Outcome::Would {
            entry.outcome = match &entry.old {
                // What cannot be read cannot be compared.
                Found::Hidden => Outcome::Held,
                Found::Absent => Outcome::Drifted("it is gone".to_owned()),
                Found::Is(now) => {
                    let files = files.get_or_insert_with(|| sysctl::read(root).0);
                    Outcome::Drifted(why(kept, now, files))
                }
            };
        }
        entries.push(entry);
    }
    Ok(Report {
        entries,
        policy: state.policy,
        profile: state.profile,
        system: None,
    })
}

/// What was set and no longer holds.
///
/// # Errors
/// When what was set cannot be read.
pub fn drift(root: &Root) -> Result<Report> {
    let mut report = status(root)?;
    report
        .entries
        .retain(|entry| entry.outcome != Outcome::Held);
    Ok(report)
}

/// Who asks for the value that is there now; empty: nobody that is known, for the kernel does not tell who wrote.
fn why(kept: &Kept, now: &str, files: &[Assignment]) -> String {
    let step = &kept.step;
    let asks = |file: &&Assignment| {
        step.kind == Kind::Sysctl
            && step.path.strip_prefix("/proc/sys/") == Some(&*file.path)
            && file
                .value
                .as_deref()
                .is_some_and(|value| step.kind.same(value, now))
    };
    match files.iter().rev().find(asks) {
        Some(file) => format!("{} asks for it", file.origin),
        None if matches!(step.kind, Kind::Group | Kind::Module) => "it is gone".to_owned(),
        None if kept.before.as_deref() == Some(now) => "as it was before kernelctl".to_owned(),
        None => String::new(),
    }
}
