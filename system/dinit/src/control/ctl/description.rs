//! What `enable` and `disable` have to know of descriptions.

use crate::control::failure::Failure;
use crate::control::output::Output;
use crate::description::Description;
use crate::description::draft::{Context, Reports};
use crate::description::environment::{Changes, Environment};
use crate::description::error::{Error, Problem};
use crate::description::users::Users;
use crate::description::{files, read};
use crate::engine::DependencyKind;

/// The environment of the system's instance, when there is no daemon to ask (dinit(8)).
const ENVIRONMENT_FILE: &str = "/etc/dinit/environment";

/// What a description says about what it depends on.
pub struct Dependent {
    /// The folders named by `waits-for.d`, as paths from here.
    pub folders: Vec<Vec<u8>>,
    /// What it depends on by itself.
    pub fixed: Vec<Vec<u8>>,
}

/// `@meta enable-via`
pub fn enable_via(
    environment: &Environment,
    name: &[u8],
    path: &[u8],
) -> Result<Option<Vec<u8>>, Error> {
    let made = parse(environment, name, path)?;
    Ok(made.extra().enable_via.as_deref().map(<[u8]>::to_vec))
}

pub fn dependent(environment: &Environment, name: &[u8], path: &[u8]) -> Result<Dependent, Error> {
    use DependencyKind::{Milestone, Need, WaitsFor};
    let made = parse(environment, name, path)?;
    let fixed = made.dependencies.iter().filter(|dependency| {
        !dependency.optional && matches!(dependency.kind, Need | Milestone | WaitsFor)
    });
    Ok(Dependent {
        folders: made
            .extra()
            .waits_for_d
            .iter()
            .map(|path| path.to_vec())
            .collect(),
        fixed: fixed.map(|dependency| dependency.name.to_vec()).collect(),
    })
}

fn parse(environment: &Environment, name: &[u8], path: &[u8]) -> Result<Description, Error> {
    let wrong = |problem| Error::new(name, problem);
    let missing = || Problem::Unreadable(path.into(), rustix::io::Errno::NOENT.raw_os_error());
    let file = files::read(path)
        .and_then(|file| file.ok_or_else(missing))
        .map_err(wrong)?;
    let users = Users::system();
    let context = Context {
        environment,
        users: &users,
        for_tools: true,
    };
    read::read(name, path, &file, &context, &mut Lenient)
}

/// Errors elsewhere are not ours: users and files that a description names may be those of another system.
struct Lenient;

impl Reports for Lenient {
    fn error(&mut self, error: Error) -> Result<(), Error> {
        let ours = ["waits-for", "waits-for.d", "depends-on", "depends-ms"];
        let matters = matches!(error.problem, Problem::Line(_) | Problem::Unreadable(..))
            || error.setting.is_some_and(|setting| ours.contains(&setting));
        match matters {
            true => Err(error),
            false => Ok(()),
        }
    }

    fn warning(&mut self, _: Error) {}
}

/// Without a daemon: what the environment file of the system's instance says.
pub fn environment_offline(output: Output, system: bool) -> Result<Environment, Failure> {
    let mut changes = Changes::default();
    if system {
        match files::read(ENVIRONMENT_FILE.as_bytes()) {
            Ok(Some(file)) => changes.read(&file.text, &mut |_| ()),
            Ok(None) => (),
            Err(problem) => {
                output.error(format_args!("{problem}"));
                return Err(Failure::Said);
            }
        }
    }
    Ok(changes.apply(&Environment::default()))
}
