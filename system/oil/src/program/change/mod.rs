//! The commands that change what is installed: what they ask the solver for, and what they say.
//!
//! Each makes a [`Request`]; [`decide`] solves it and tells what would change, and [`commit`] does it.

mod commit;
mod decide;
mod files;
mod summary;

use super::arguments::Arguments;
use super::outcome::{Failure, Outcome};
use super::select::constraint;
use super::session::{Session, settings};
use oil::context::Context;
use oil::database;
use oil::dependency::WorldDependency;
use oil::solve::{Options, request};
use oil::world::World;
use std::path::Path;

pub use commit::perform;
pub use decide::package;
pub use files::trust as files_trust;
pub use summary::counts;

/// What is asked for.
pub struct Request {
    /// The world as it shall be.
    pub world: World,
    /// What is wanted of names.
    pub options: Options,
    /// Packages that are given as files, or made up.
    pub given: files::Given,
    /// Names that are to go, of which it is told why they stay.
    pub removed: Vec<String>,
    /// Whether directories are to have the owners and permissions that packages say.
    pub directories: bool,
}

impl Request {
    /// Nothing yet.
    pub fn new(context: &Context, arguments: &Arguments) -> Self {
        Self {
            world: context.world.clone(),
            options: Options {
                tags: context.repositories.tags.clone(),
                arches: context.arches.clone(),
                force_broken_world: arguments.has("force-broken-world")
                    || arguments.has("initramfs-diskless-boot"),
                ..Options::default()
            },
            given: files::Given::default(),
            removed: Vec::new(),
            directories: false,
        }
    }
}

/// Whether nothing is to be changed.
pub fn is_simulated(arguments: &Arguments) -> bool {
    arguments.has("simulate")
}

/// Opens a system that is to be changed, with its indexes, of which old ones are refreshed unless `refresh` is false.
pub fn open(
    session: &mut Session,
    arguments: &Arguments,
    refresh: bool,
) -> Result<Context, Failure> {
    let settings = settings(arguments)?;
    let root = &settings.root;
    if oil::transact::is_interrupted(root) && !is_simulated(arguments) {
        commit::recover(session, arguments, root)?;
    }
    let mut context = session.open_with(&settings)?;
    if arguments.switch("cache-packages") == Some(true) || arguments.has("cache-predownload") {
        context.cache.keep_packages();
    }
    if refresh && !is_simulated(arguments) {
        session.load(&mut context);
    } else {
        session.load_with(&mut context, None);
    }
    Ok(context)
}

/// `add`.
pub fn add(session: &mut Session, arguments: &Arguments) -> Outcome {
    if arguments.has("usermode") && rustix::process::geteuid().is_root() {
        return Err(Failure::new("--usermode not allowed as root"));
    }
    if arguments.has("initdb") && !is_simulated(arguments) {
        let settings = settings(arguments)?;
        database::root::make(&settings.root, &settings.arches)?;
    }
    let context = open(session, arguments, true)?;
    let mut request = Request::new(&context, arguments);
    let mut entries = Vec::new();
    for text in &arguments.operands {
        if text.contains('.') && Path::new(text).is_file() {
            entries.push(request.given.file(&context, Path::new(text))?);
        } else {
            entries.push(constraint(text)?);
        }
    }
    if let Some(name) = arguments.value("virtual") {
        if entries.is_empty() {
            session.warning("creating empty virtual package");
        }
        entries = vec![request.given.make_virtual(name, entries)?];
    }
    request::add(
        &mut request.world,
        &mut request.options,
        entries,
        arguments.has("upgrade"),
        arguments.has("latest"),
    );
    decide::run(session, arguments, &context, request)
}

/// `del`.
pub fn del(session: &mut Session, arguments: &Arguments) -> Outcome {
    let context = open(session, arguments, false)?;
    let mut request = Request::new(&context, arguments);
    for name in &arguments.operands {
        if context.world.get(name).is_none() && !is_known(&context, name) {
            return Err(Failure::usage(format_args!("No such package: {name}")));
        }
    }
    request::delete(
        &mut request.world,
        &mut request.options,
        &arguments.operands,
    );
    request.removed.clone_from(&arguments.operands);
    if arguments.has("rdepends") {
        decide::delete_dependants(&context, &mut request);
    }
    decide::run(session, arguments, &context, request)
}

/// `autoremove`.
pub fn autoremove(session: &mut Session, arguments: &Arguments) -> Outcome {
    let context = open(session, arguments, false)?;
    let request = Request::new(&context, arguments);
    decide::run(session, arguments, &context, request)
}

/// `fix`.
pub fn fix(session: &mut Session, arguments: &Arguments) -> Outcome {
    let context = open(session, arguments, true)?;
    let mut request = Request::new(&context, arguments);
    let mut names = arguments.operands.clone();
    known(&context, &names)?;
    if names.is_empty() {
        names = summary::broken(&context);
    }
    request.directories = arguments.has("directory-permissions");
    let upgrade = arguments.has("upgrade") && !arguments.has("reinstall");
    request::fix(
        &mut request.options,
        &names,
        upgrade,
        arguments.has("depends"),
    );
    decide::run(session, arguments, &context, request)
}

/// `upgrade`.
pub fn upgrade(session: &mut Session, arguments: &Arguments) -> Outcome {
    let context = open(session, arguments, true)?;
    if arguments.has("preupgrade-only") {
        return Ok(0);
    }
    known(&context, &arguments.operands)?;
    let mut request = Request::new(&context, arguments);
    if arguments.has("prune") {
        request.world.retain(|entry| is_offered(&context, entry));
    }
    let how = request::Upgrade {
        available: arguments.has("available"),
        latest: arguments.has("latest"),
        ignore: arguments.has("ignore"),
    };
    request::upgrade(
        &mut request.world,
        &mut request.options,
        &arguments.operands,
        how,
    );
    decide::run(session, arguments, &context, request)
}

/// Whether any package has or provides a name.
fn is_known(context: &Context, name: &str) -> bool {
    !context.providers(name).is_empty()
}

fn known(context: &Context, names: &[String]) -> Result<(), Failure> {
    match names.iter().find(|name| !is_known(context, name)) {
        Some(name) => Err(Failure::usage(format_args!("Package '{name}' not found"))),
        None => Ok(()),
    }
}

/// Whether a repository has something for an entry of the world.
fn is_offered(context: &Context, entry: &WorldDependency) -> bool {
    let mut providers = context.providers(&entry.dependency.name).into_iter();
    entry.dependency.is_conflict() || providers.any(|found| found.repositories != 0)
}
