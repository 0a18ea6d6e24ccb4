//! The command line.

mod arguments;
mod completion;
mod help;
mod table;

use crate::cgroup;
use crate::error::Result;
use crate::marks;
use crate::now;
use crate::policy::{self, Policy};
use crate::pressure;
use crate::run::{self, Mode, Report};
use crate::step::{Kind, Step};
use crate::sysctl;
use crate::system::zram;
use arguments::{Given, Stop};
use common::Root;
use std::io::Write;
use std::rc::Rc;

/// Everything is as it was asked for.
const DONE: u8 = 0;
/// Something could not be done, or does not hold.
const FAILED: u8 = 1;
/// The command line says nothing that there is.
const WRONG: u8 = 2;

/// Runs the program with the words behind its name; its exit status.
pub fn main(words: Vec<String>) -> u8 {
    let given = match arguments::parse(words) {
        Ok(given) => given,
        Err(Stop::Help) => return print(&help::text(), DONE),
        Err(Stop::Version) => {
            return print(concat!("kernelctl ", env!("CARGO_PKG_VERSION"), "\n"), DONE);
        }
        Err(Stop::Wrong(what)) => {
            complain(&format!("{what} (--help tells what there is)"));
            return WRONG;
        }
    };
    let root = Root::new(given.value("root").unwrap_or("/"));
    match command(&root, &given) {
        Ok(status) => status,
        Err(error) => {
            complain(&error.to_string());
            FAILED
        }
    }
}

/// To standard output; a reader that went away is no error.
fn print(text: &str, status: u8) -> u8 {
    let _ = std::io::stdout().write_all(text.as_bytes());
    status
}

fn complain(text: &str) {
    let _ = std::io::stderr().write_all(format!("kernelctl: {text}\n").as_bytes());
}

fn command(root: &Root, given: &Given) -> Result<u8> {
    match given.command.name {
        "apply" => apply(root, given),
        "plan" => plan(root, given),
        "status" => {
            let mut report = run::status(root)?;
            report.system = now::state(root);
            Ok(tell(given, &report, FAILED))
        }
        "drift" => {
            let report = run::drift(root)?;
            Ok(tell(given, &report, FAILED))
        }
        "revert" => Ok(tell(given, &run::revert(root)?, FAILED)),
        "attach" => attach(root, given),
        "watch" => watch(root, given),
        "marks" => marks::write(root).map(|()| DONE),
        _ => Ok(print(&completion::script(&given.words[0]), DONE)),
    }
}

/// What is wanted, and whether some of it could not be read.
struct Wanted {
    policy: Policy,
    steps: Vec<Rc<Step>>,
    incomplete: bool,
}

/// Reads everything. A mistake in a file of sysctl.d is told and, if the others are to be kept going with, passed over.
fn wanted(root: &Root, given: &Given) -> Result<Option<Wanted>> {
    let policy = policy::read(root, given.value("policy"), given.value("profile"))?;
    let (mut assignments, errors) = sysctl::read(root);
    errors.iter().for_each(|error| complain(&error.to_string()));
    if !errors.is_empty() && !given.has("keep-going") {
        complain("nothing was done (--keep-going does what can be done)");
        return Ok(None);
    }
    assignments.extend(policy.sysctls.iter().cloned());
    let steps = policy::steps(root, &policy, &assignments);
    Ok(Some(Wanted {
        policy,
        steps: steps.into_iter().map(Rc::new).collect(),
        incomplete: !errors.is_empty(),
    }))
}

fn apply(root: &Root, given: &Given) -> Result<u8> {
    let Some(mut wanted) = wanted(root, given)? else {
        return Ok(FAILED);
    };
    if given.has("first") && zram::read(root) == zram::OFF {
        wanted.steps.retain(|step| step.kind != Kind::Zram);
    }
    let mode = match given.has("keep-going") {
        true => Mode::KeepGoing,
        false => Mode::Whole,
    };
    let names = (&*wanted.policy.file, &*wanted.policy.profile);
    let report = run::apply(root, &wanted.steps, mode, names)?;
    let status = tell(given, &report, FAILED);
    if report.failed() && mode == Mode::Whole {
        complain("all is as it was before (--keep-going does what can be done)");
    }
    Ok(if wanted.incomplete { FAILED } else { status })
}

fn plan(root: &Root, given: &Given) -> Result<u8> {
    let Some(wanted) = wanted(root, given)? else {
        return Ok(FAILED);
    };
    let report = Report {
        system: None,
        policy: wanted.policy.file,
        profile: wanted.policy.profile,
        entries: run::plan(root, &wanted.steps),
    };
    let status = tell(given, &report, FAILED);
    Ok(if wanted.incomplete { FAILED } else { status })
}

fn attach(root: &Root, given: &Given) -> Result<u8> {
    let done = match (given.value("service"), &*given.words) {
        (Some(service), [group]) => cgroup::attach::service(root, service, group).map(drop),
        (None, [pid, group]) => match pid.parse() {
            Ok(pid) if pid > 0 => cgroup::attach::process(root, pid, group),
            _ => {
                complain(&format!("'{pid}' is no number of a process"));
                return Ok(WRONG);
            }
        },
        _ => return Ok(WRONG),
    };
    done.map(|()| DONE)
}

fn watch(root: &Root, given: &Given) -> Result<u8> {
    let ready = match given.value("ready-fd").map(str::parse::<u32>) {
        None => None,
        Some(Ok(number)) => Some(number),
        Some(Err(_)) => {
            complain("--ready-fd needs the number of a descriptor");
            return Ok(WRONG);
        }
    };
    let policy = policy::read(root, given.value("policy"), given.value("profile"))?;
    pressure::watch(root, &policy, ready).map(|()| DONE)
}

/// Prints a report; the status is `bad` when something failed or has drifted.
fn tell(given: &Given, report: &Report, bad: u8) -> u8 {
    let text = match given.has("json") {
        true => report.json() + "\n",
        false => report.text(given.has("quiet")),
    };
    let drifted = report.count(|outcome| matches!(outcome, run::Outcome::Drifted(_))) > 0;
    print(
        &text,
        if report.failed() || drifted {
            bad
        } else {
            DONE
        },
    )
}
