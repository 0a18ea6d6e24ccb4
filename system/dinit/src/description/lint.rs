//! Settings that were given and have no effect.

use super::draft::{Draft, LogKind};
use super::error::Problem;
use super::settings::SETTINGS;
use super::{Kind, Options};

/// Tells what has no effect, before the description is finished.
pub fn lint(draft: &mut Draft<'_>) {
    let kind = draft.made.kind;
    let runs = matches!(kind, Kind::Process | Kind::Bgprocess | Kind::Scripted);
    if !runs {
        let without =
            Problem::Lint("has no effect on a service of this type, which runs no process");
        let given: Vec<_> = draft.given().filter(|at| SETTINGS[*at].process).collect();
        for at in given {
            draft.warn(SETTINGS[at].name, without.clone());
        }
        if draft.log.kind != LogKind::None {
            draft.warn("log-type", without);
        }
        for (option, what) in [
            (
                Options::SIGNAL_PROCESS_ONLY,
                "signal-process-only has no effect: the service runs no process",
            ),
            (
                Options::START_INTERRUPTIBLE,
                "start-interruptible has no effect: the service runs no process",
            ),
            (
                Options::PASS_CS_FD,
                "pass-cs-fd has no effect: the service runs no process",
            ),
            (
                Options::SKIPPABLE,
                "skippable has no effect: the service runs no process",
            ),
            (
                Options::NO_NEW_PRIVS,
                "no-new-privs has no effect: the service runs no process",
            ),
        ] {
            if draft.made.options.contains(option) {
                draft.warn("options", Problem::Lint(what));
            }
        }
    }
    match (draft.log.kind, draft.log.path.is_some()) {
        (LogKind::File, false) => {
            let what = "is 'file', but no logfile is set: there will be no log";
            draft.warn("log-type", Problem::Lint(what));
        }
        (LogKind::None | LogKind::Buffer | LogKind::Pipe, true) => {
            let what = "has no effect: log-type is not 'file'";
            draft.warn("logfile", Problem::Lint(what));
        }
        _ => {}
    }
    let no_cgroup = draft.made.options.contains(Options::NO_OWN_CGROUP);
    if no_cgroup && !draft.made.extra().cgroup.is_empty() {
        let what = "is 'no': the limits of the cgroup have no effect";
        draft.warn("cgroup", Problem::Lint(what));
    }
}
