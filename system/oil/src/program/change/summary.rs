//! What is told before and after changes: lists by kind, how much space is used, how much is installed.

use crate::program::outcome::Failure;
use crate::program::session::Session;
use crate::program::size::human;
use oil::context::Context;
use oil::database::installed::Installed;
use oil::solve::{Change, ChangeKind, Solution, Source as _, report};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

/// Kinds of changes with what they are told under, in the order of telling.
const KINDS: [(ChangeKind, &str); 5] = [
    (ChangeKind::Purge, "The following packages will be REMOVED:"),
    (
        ChangeKind::Downgrade,
        "The following packages will be DOWNGRADED:",
    ),
    (
        ChangeKind::Install,
        "The following NEW packages will be installed:",
    ),
    (
        ChangeKind::Upgrade,
        "The following packages will be upgraded:",
    ),
    (
        ChangeKind::Reinstall,
        "The following packages will be reinstalled:",
    ),
];

/// `name@tag (1 -> 2)`: a change without its verb.
fn described(solution: &Solution<'_>, change: &Change) -> String {
    let text = solution.describe(change);
    match text.split_once(change.kind.verb()) {
        Some((_, rest)) => rest.trim_start().to_owned(),
        None => text,
    }
}

/// Names in lines that fit.
fn wrapped<'n>(session: &mut Session, names: impl Iterator<Item = &'n str>) -> Result<(), Failure> {
    let mut line = String::from(" ");
    for name in names {
        if line.len() + 1 + name.len() > report::COLUMNS && line.len() > 1 {
            writeln!(session.out, "{line}")?;
            line = String::from(" ");
        }
        line.push(' ');
        line.push_str(name);
    }
    writeln!(session.out, "{line}")?;
    Ok(())
}

/// Tells which of the packages that will be installed no repository has any version of. Those that a user made up (by convention
/// with a dot before their name) are only told when more is to be said.
pub fn unavailable(session: &mut Session, solution: &Solution<'_>) -> Result<(), Failure> {
    let graph = &solution.graph;
    let is_offered = |name: u32| {
        let mut packages = graph
            .providers(name)
            .iter()
            .map(|one| &graph.packages[one.package as usize]);
        packages.any(|package| package.name == name && package.repositories != 0)
    };
    let mut names: Vec<&str> = solution
        .order
        .iter()
        .map(|&id| graph.packages[id as usize].name)
        .filter(|&name| !is_offered(name))
        .map(|name| graph.name(name))
        .filter(|name| session.verbosity > 0 || !name.starts_with('.'))
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    names.sort_unstable();
    writeln!(
        session.out,
        "NOTE: Consider running apk upgrade with --prune and/or --available.\n\
         The following packages are no longer available from a repository:"
    )?;
    wrapped(session, names.into_iter())
}

/// Lists changes by kind, and the space that they take.
pub fn changes(
    session: &mut Session,
    solution: &Solution<'_>,
    download: u64,
) -> Result<(), Failure> {
    let with_versions = session.verbosity > 0;
    for (kind, title) in KINDS {
        let fits = |change: &&Change| {
            change.kind == kind
                || (kind == ChangeKind::Reinstall && change.kind == ChangeKind::Replace)
        };
        let mut names: Vec<String> = solution
            .changes
            .iter()
            .filter(fits)
            .map(|change| described(solution, change))
            .collect();
        if names.is_empty() {
            continue;
        }
        names.sort();
        writeln!(session.out, "{title}")?;
        if with_versions {
            for name in names {
                writeln!(session.out, "  {name}")?;
            }
            continue;
        }
        let names = names
            .iter()
            .map(|name| name.split([' ', '@']).next().unwrap_or_default());
        wrapped(session, names)?;
    }
    if download > 0 {
        writeln!(
            session.out,
            "Need to download {} of packages.",
            human(download)
        )?;
    }
    let bytes = |id: Option<_>| {
        id.map_or(0, |id: u32| {
            solution.graph.packages[id as usize].installed_size as i64
        })
    };
    let difference: i64 = solution
        .changes
        .iter()
        .map(|change| bytes(change.new) - bytes(change.old))
        .sum();
    let amount = human(difference.unsigned_abs());
    if difference < 0 {
        writeln!(
            session.out,
            "After this operation, {amount} of disk space will be freed."
        )?;
    } else {
        writeln!(
            session.out,
            "After this operation, {amount} of additional disk space will be used."
        )?;
    }
    Ok(())
}

/// The last line: how much is installed now.
pub fn total(
    session: &mut Session,
    root: &Path,
    errors: usize,
    packages: usize,
    bytes: u64,
) -> Result<(), Failure> {
    if session.verbosity < 0 {
        return Ok(());
    }
    match errors {
        0 => write!(session.out, "OK: ")?,
        1 => write!(session.out, "1 error; ")?,
        more => write!(session.out, "{more} errors; ")?,
    }
    if session.verbosity == 0 {
        writeln!(session.out, "{} in {packages} packages", human(bytes))?;
        return Ok(());
    }
    let (directories, files) = counts(&Installed::read(root)?);
    writeln!(
        session.out,
        "{packages} packages, {directories} dirs, {files} files, {}",
        human(bytes)
    )?;
    Ok(())
}

/// How many directories and files packages have; a directory counts once, and with it those above it.
pub fn counts(installed: &Installed) -> (usize, usize) {
    let mut directories = BTreeSet::new();
    let mut files = 0;
    for place in installed.places() {
        let text = &installed.text()[place.head_end..place.end];
        for line in text.split(|byte| *byte == b'\n') {
            if line.starts_with(b"R:") {
                files += 1;
            } else if let Some(path) = line.strip_prefix(b"F:") {
                directories.insert(&b""[..]);
                let mut above = path;
                while !above.is_empty() && directories.insert(above) {
                    let slash = above.iter().rposition(|byte| *byte == b'/');
                    above = &above[..slash.unwrap_or(0)];
                }
            }
        }
    }
    (directories.len(), files)
}

/// The names of installed packages with something wrong about them.
pub fn broken(context: &Context) -> Vec<String> {
    let installed = &context.installed;
    let wrong = |number: &u32| {
        let mut lines = installed.head(*number).lines();
        lines.any(|line| {
            line.strip_prefix("f:")
                .is_some_and(|flags| flags.contains(['f', 's', 'x']))
        })
    };
    let numbers = (0..installed.count()).filter(wrong);
    numbers
        .map(|number| installed.package(number).name.to_owned())
        .collect()
}
