//! The command line.

mod arguments;
mod completion;
mod table;

use crate::cgroup;
use crate::error::Result;
use crate::files;
use crate::marks;
use crate::now;
use crate::policy::{self, Policy};
use crate::pressure;
use crate::run::{self, Mode, Report};
use crate::step::{Kind, Step};
use crate::sysctl;
use crate::system::zram;
use arguments::{PROGRAM, Told};
use common::Root;
use common::arguments::{DONE, FAILED, Given, Taken, WRONG, print};
use std::fmt::Display;
use std::rc::Rc;

/// Runs the program with the words behind its name; its exit status.
pub fn main(words: Vec<String>) -> u8 {
    match arguments::parse(words) {
        Ok(told) => {
            let root = Root::new(told.given.path("root", "/"));
            PROGRAM.status(command(&root, &told))
        }
        Err(stop) => PROGRAM.stop(stop),
    }
}

fn complain(what: &dyn Display) {
    PROGRAM.complain(what);
}

fn command(root: &Root, told: &Told) -> Result<u8> {
    let given = &told.given;
    match told.command.name {
        "apply" => apply(root, given),
        "plan" => plan(root, given),
        "status" => {
            let mut report = run::status(root)?;
            report.system = now::state(root);
            Ok(tell(given, &report))
        }
        "drift" => Ok(tell(given, &run::drift(root)?)),
        "revert" => Ok(tell(given, &run::revert(root)?)),
        "attach" => attach(root, told),
        "watch" => watch(root, given),
        "marks" => marks::write(root).map(|()| DONE),
        _ => {
            print(&completion::script(&told.words[0]));
            Ok(DONE)
        }
    }
}

/// What is wanted, and whether some of it could not be read.
struct Wanted {
    policy: Box<Policy>,
    steps: Vec<Rc<Step>>,
    incomplete: bool,
}

/// Reads everything. A mistake in a file of sysctl.d is told and, if the others are to be kept going with, passed over.
fn wanted(root: &Root, given: &Given) -> Result<Option<Wanted>> {
    let mut policy = policy::read(root, given.text("policy"), given.text("profile"))?;
    let (mut assignments, errors) = sysctl::read(root);
    errors.iter().for_each(|error| complain(error));
    if !errors.is_empty() && !given.has("keep-going") {
        complain(&"nothing was done (--keep-going does what can be done)");
        return Ok(None);
    }
    assignments.append(&mut policy.sysctls);
    let steps = policy::steps(root, &policy, &assignments);
    Ok(Some(Wanted {
        policy,
        steps,
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
    let status = tell(given, &report);
    if report.failed() && mode == Mode::Whole {
        complain(&"all is as it was before (--keep-going does what can be done)");
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
    let status = tell(given, &report);
    Ok(if wanted.incomplete { FAILED } else { status })
}

fn attach(root: &Root, told: &Told) -> Result<u8> {
    let done = match (told.given.text("service"), &*told.words) {
        (Some(service), [group]) => cgroup::attach::service(root, &service, group).map(drop),
        (None, [pid, group]) => match files::pid(pid) {
            Some(pid) if pid > 0 => cgroup::attach::process(root, pid, group),
            _ => {
                complain(&format_args!("'{pid}' is no number of a process"));
                return Ok(WRONG);
            }
        },
        _ => return Ok(WRONG),
    };
    done.map(|()| DONE)
}

fn watch(root: &Root, given: &Given) -> Result<u8> {
    let ready = match given.taken("ready-fd").map(Taken::number) {
        None => None,
        Some(Some(number)) => Some(number),
        Some(None) => {
            complain(&"--ready-fd needs the number of a descriptor");
            return Ok(WRONG);
        }
    };
    let policy = policy::read(root, given.text("policy"), given.text("profile"))?;
    pressure::watch(root, &policy, ready).map(|()| DONE)
}

/// Prints a report; the exit status that it means.
fn tell(given: &Given, report: &Report) -> u8 {
    let text = match given.has("json") {
        true => report.json() + "\n",
        false => report.text(given.has("quiet")),
    };
    print(&text);
    match report.holds() {
        true => DONE,
        false => FAILED,
    }
}
