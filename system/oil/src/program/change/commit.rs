//! Does what was decided: gets the packages, and hands them to a transaction.

use super::files::Given;
use super::{Request, summary};
use crate::program::arguments::Arguments;
use crate::program::getting::{self, Place, Wanted};
use crate::program::outcome::{Failure, Outcome, USAGE, count};
use crate::program::progress::Progress;
use crate::program::session::Session;
use oil::context::Context;
use oil::database::lock::Lock;
use oil::solve::Solution;
use oil::stream::Trust;
use oil::transact::{
    Arrivals, Event, Options, Plan, Recovery, Source, Step, Transaction, Watch, recover as finish,
    reset_directories,
};
use std::fs::File;
use std::io::{BufRead as _, BufWriter, Stdout, Write as _};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

/// How a command line wants a transaction to be done.
pub fn transaction_options(arguments: &Arguments) -> Result<Options, Failure> {
    let diskless = arguments.has("initramfs-diskless-boot");
    let mut overlay = Vec::new();
    if arguments.has("overlay-from-stdin") {
        for line in std::io::stdin().lock().lines() {
            overlay.push(line?.trim_start_matches('/').as_bytes().to_vec());
        }
    }
    let root_given = arguments.value("root").is_some_and(|root| root != "/");
    Ok(Options {
        scripts: arguments.switch("scripts") != Some(false),
        chroot: !arguments.has("force-no-chroot"),
        preserve_env: arguments.has("preserve-env"),
        commit_hooks: arguments.switch("commit-hooks") != Some(false) && !diskless,
        force_overwrite: arguments.has("force-overwrite") || arguments.has("force") || diskless,
        purge: arguments.has("purge"),
        clean_protected: arguments.has("clean-protected"),
        chown: rustix::process::geteuid().is_root(),
        overlay,
        sync: arguments.switch("sync").unwrap_or(!root_given),
        ..Options::default()
    })
}

/// Writes what a transaction tells.
pub struct Teller<'s> {
    out: Mutex<(&'s mut BufWriter<Stdout>, Option<File>)>,
    verbosity: i32,
    progress: Progress,
    /// Whether unpacking is shown: not while the bar of what is fetched is.
    unpacking: bool,
}

impl<'s> Teller<'s> {
    /// To standard output, and to the root's log.
    pub fn new(
        session: &'s mut Session,
        arguments: &Arguments,
        root: &Path,
        what: &'static str,
    ) -> Self {
        let verbosity = session.verbosity;
        let log = (arguments.switch("logfile") != Some(false))
            .then(|| open_log(root))
            .flatten();
        Self {
            out: Mutex::new((&mut session.out, log)),
            verbosity,
            progress: Progress::new(arguments, what, 0, verbosity < 0),
            unpacking: true,
        }
    }

    /// Writes a line to the log alone.
    pub fn log(&self, line: &str) {
        if let Ok(mut out) = self.out.lock()
            && let Some(log) = &mut out.1
        {
            let _ = writeln!(log, "{line}");
        }
    }
}

fn open_log(root: &Path) -> Option<File> {
    let directory = root.join("var/log");
    directory.is_dir().then(|| {
        File::options()
            .append(true)
            .create(true)
            .open(directory.join("apk.log"))
            .ok()
    })?
}

impl Watch for Teller<'_> {
    fn tell(&self, event: Event) {
        if let Event::Unpacked { bytes, total } = event {
            if self.unpacking {
                self.progress.set(bytes, total);
            }
            return;
        }
        self.progress.clear();
        let line = event.to_string();
        self.log(&line);
        let Ok(mut out) = self.out.lock() else {
            return;
        };
        match event {
            Event::Warning(_) | Event::Error(_) | Event::Output { error: true, .. } => {
                let _ = out.0.flush();
                eprintln!("{line}");
            }
            _ if self.verbosity < 0 => {}
            // What cannot be written is no reason to leave a transaction half done.
            _ => {
                let _ = writeln!(out.0, "{line}");
            }
        }
    }

    fn lists_paths(&self) -> bool {
        self.verbosity > 1
    }
}

fn lock(root: &Path, arguments: &Arguments) -> Result<Lock, Failure> {
    let wait = Duration::from_secs(arguments.number("wait")?.unwrap_or(0));
    Ok(Lock::take(root, wait)?)
}

/// Finishes, or takes back, what an earlier run was cut off from.
pub fn recover(session: &mut Session, arguments: &Arguments, root: &Path) -> Result<(), Failure> {
    let lock = lock(root, arguments)?;
    let options = transaction_options(arguments)?;
    let teller = Teller::new(session, arguments, root, "Recovering");
    let recovery = finish(root, &lock, &options, &teller)?;
    drop(teller);
    match recovery {
        Recovery::Clean => {}
        Recovery::RolledBack => session.warning("an earlier transaction was cut off before it was decided; nothing of it is left"),
        Recovery::RolledForward(_) => session.warning("an earlier transaction was cut off; it is finished now"),
        Recovery::Abandoned => session.warning(
            "an earlier transaction was cut off, and another program has written since; run fix to put files right",
        ),
    }
    Ok(())
}

/// Does what was solved.
pub fn run(
    session: &mut Session,
    arguments: &Arguments,
    context: &Context,
    request: &Request,
    solution: &Solution<'_>,
) -> Outcome {
    let mut getting = Getting {
        context,
        wanted: Wanted::new(context),
        arrivals: &Arrivals::new(),
    };
    let command = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    let plan = Plan::of(solution, &request.world, command, |id| {
        getting.source(&request.given, solution, id)
    })?;
    let Getting {
        wanted, arrivals, ..
    } = getting;
    let done = wanted.fetch_while(session, arguments, arrivals, |session| {
        perform(session, arguments, context.root(), plan)
    })?;
    if done.is_some() && request.directories {
        let lock = lock(context.root(), arguments)?;
        let chown = rustix::process::geteuid().is_root();
        reset_directories(context.root(), &lock, chown)?;
    }
    Ok(done.unwrap_or(USAGE))
}

/// Does a plan whose packages are all there, and tells how much is installed then.
pub fn perform(
    session: &mut Session,
    arguments: &Arguments,
    root: &Path,
    plan: Plan<'_>,
) -> Outcome {
    let options = transaction_options(arguments)?;
    let lock = lock(root, arguments)?;
    let coming = |step: &Step| {
        let source = step.new.as_ref().map(|new| &new.source);
        matches!(source, Some(Source::Coming { .. }))
    };
    let mut teller = Teller::new(session, arguments, root, "Unpacking");
    teller.unpacking = !plan.steps.iter().any(coming);
    let called: Vec<String> = std::env::args().collect();
    let date = oil::date::Date::of(oil::date::now());
    teller.log(&format!("\nRunning `{}` at {date}", called.join(" ")));
    teller.log(&crate::program::session::version_line());
    let result =
        Transaction::prepare(root, &lock, plan, &options, &teller).and_then(Transaction::commit);
    teller.progress.clear();
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(error) => {
            getting::forget(&error);
            teller.log(&format!("ERROR: {error}"));
            return Err(error.into());
        }
    };
    drop(teller);
    summary::total(
        session,
        root,
        outcome.errors,
        outcome.packages,
        outcome.bytes,
    )?;
    Ok(count(outcome.errors))
}

/// What steps are made with.
struct Getting<'a> {
    context: &'a Context,
    wanted: Wanted<'a>,
    arrivals: &'a Arrivals,
}

impl<'a> Getting<'a> {
    fn source(
        &mut self,
        given: &Given,
        solution: &Solution<'_>,
        id: u32,
    ) -> Result<Source<'a>, Failure> {
        let context = self.context;
        if let Some((number, path)) = given.file_of(context, solution, id) {
            return Ok(match path {
                None => Source::Meta(Box::new(given.memory.entry(number).info.clone())),
                Some(path) => Source::File {
                    path: path.to_owned(),
                    trust: super::files::trust(context),
                },
            });
        }
        let found = super::decide::package(context, solution, id);
        let Some(found) = found.filter(|found| found.offered.is_some()) else {
            // It is installed, and nobody has it: it stays as it is.
            return Ok(Source::Installed);
        };
        let place = found.offered.unwrap_or(found.place);
        let info = context.info(place)?;
        if info.installed_size == 0 {
            return Ok(Source::Meta(Box::new(info)));
        }
        let trust = match info.identity {
            Some(identity) => Trust::Identity(identity),
            None => super::files::trust(context),
        };
        Ok(match self.wanted.package(&found, &info)? {
            Place::Here(path) => Source::File { path, trust },
            Place::Coming(path, number, size) => Source::Coming {
                path,
                trust,
                size,
                arrivals: self.arrivals,
                number,
            },
        })
    }
}
