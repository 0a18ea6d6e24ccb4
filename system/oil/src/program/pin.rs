//! `pin`.

use super::arguments::Arguments;
use super::outcome::{Failure, Outcome};
use super::select::place;
use super::session::{Session, settings};
use oil::context::Context;
use oil::database::lock::Lock;
use oil::dependency::{Op, WorldDependency};
use oil::version::Version;
use std::io::Write as _;
use std::time::Duration;

/// Pins packages, lets them go, or lists what is pinned.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let settings = settings(arguments)?;
    let simulate = arguments.has("simulate");
    if arguments.operands.is_empty() {
        let context = session.open_with(&settings)?;
        for entry in context.world.entries().iter().filter(|entry| is_pin(entry)) {
            writeln!(session.out, "{entry}")?;
        }
        return Ok(0);
    }
    let wait = Duration::from_secs(arguments.number("wait")?.unwrap_or(0));
    let _lock = match simulate {
        true => None,
        false => Some(Lock::take(&settings.root, wait)?),
    };
    let context = session.open_with(&settings)?;
    let mut world = context.world.clone();
    for text in &arguments.operands {
        let entry = match arguments.has("remove") {
            true => released(&context, text)?,
            false => pinned(&context, text)?,
        };
        if session.verbosity >= 0 {
            writeln!(session.out, "{entry}")?;
        }
        world.set(entry);
    }
    if !simulate {
        let path = settings.root.join("etc/apk/world");
        oil::database::replace(&path, world.to_string().as_bytes())?;
    }
    Ok(0)
}

/// Whether an entry of the world names one version.
fn is_pin(entry: &WorldDependency) -> bool {
    let op = entry.dependency.op;
    !entry.dependency.is_conflict() && (op == Op::EQUAL || op.comparison() == Op::IDENTITY)
}

fn pinned(context: &Context, text: &str) -> Result<WorldDependency, Failure> {
    let (name, version) = text
        .split_once('=')
        .map_or((text, None), |(name, version)| (name, Some(version)));
    let before = context.world.get(name).cloned();
    let mut entry = match before {
        Some(entry) => entry,
        None => super::select::constraint(name)?,
    };
    let version = match version {
        Some(version) => version,
        None => {
            let number = context.installed.find(name);
            let number = number.ok_or_else(|| {
                Failure::usage(format_args!(
                    "{name} is not installed; name a version: {name}=VERSION"
                ))
            })?;
            context.candidate(place(number)).version
        }
    };
    if !oil::version::is_valid(version) {
        return Err(Failure::usage(format_args!(
            "{text}: {version} is not a version"
        )));
    }
    entry.dependency.op = Op::EQUAL;
    entry.dependency.version = Version::from_text(version);
    Ok(entry)
}

fn released(context: &Context, name: &str) -> Result<WorldDependency, Failure> {
    let entry = context
        .world
        .get(name)
        .filter(|entry| is_pin(entry))
        .cloned();
    let mut entry = entry.ok_or_else(|| Failure::usage(format_args!("{name} is not pinned")))?;
    entry.dependency.op = Op::ANY;
    entry.dependency.version = Version::default();
    Ok(entry)
}
