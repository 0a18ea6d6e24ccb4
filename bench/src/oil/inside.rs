//! What is measured: in a process of its own, whose memory is small, for a child that has not yet become its program
//! counts with its parent's (execve(2) keeps the largest).

use super::child;
use super::job::{Found, Job, Manager, Task};
use super::server::{FAR, serve};
use crate::inside;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

/// The last lines of what a program said, in a message.
const LAST: usize = 5;

/// Does the job that the first argument holds, prints what was found as JSON, and returns an exit status.
pub fn run(arguments: &[OsString]) -> ExitCode {
    inside::run(arguments, |job| measure(&job))
}

fn measure(job: &Job) -> io::Result<Found> {
    // dpkg's sandbox has no network, and it fetches nothing.
    let http = match job.manager {
        Manager::Apk => serve(&job.repositories, FAR)?,
        Manager::Dpkg => String::new(),
    };
    let errors = job.place.join("said");
    let mut found = Found::new();
    for task in Task::ALL {
        let Some(words) = job.words(task, &http)? else {
            continue;
        };
        let root = job.root(task);
        if task == Task::IndexFirst {
            prepare(job, &words, &root)?;
        }
        fs::create_dir_all(&root)?;
        let said = File::create(&errors)?;
        let mut command = command(job, &words);
        command.stdout(said.try_clone()?).stderr(said);
        let (status, cost) = child::run(&mut command)?;
        if !status.success() {
            let said = fs::read_to_string(&errors).unwrap_or_default();
            let lines: Vec<&str> = said.lines().collect();
            let last = lines[lines.len().saturating_sub(LAST)..].join("\n");
            return Err(io::Error::other(format!("{task:?}: {status}\n{last}")));
        }
        check(job, task, &root)?;
        found.push((task, cost));
        if matches!(task, Task::Solve | Task::Delete | Task::Http) {
            // Memory is given back for the roots to come.
            fs::remove_dir_all(&root)?;
        }
    }
    Ok(found)
}

fn command(job: &Job, words: &[String]) -> Command {
    let mut command = Command::new(&job.program);
    command
        .args(words)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .env("HOME", &job.place)
        .stdin(Stdio::null());
    command
}

/// Makes an empty root with a database: the words of the first task up to its command, then those that make one.
fn prepare(job: &Job, words: &[String], root: &Path) -> io::Result<()> {
    fs::create_dir_all(root)?;
    let options = words.len().saturating_sub(2);
    let mut all = words[..options].to_vec();
    all.extend(["add", "--initdb"].map(str::to_owned));
    let output = command(job, &all).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(io::Error::other(format!(
        "an empty root: {}\n{said}",
        output.status
    )))
}

/// Makes sure that what should have been done was.
fn check(job: &Job, task: Task, root: &Path) -> io::Result<()> {
    let sizes = &job.sizes;
    let (packages, upgraded) = match task {
        Task::Install | Task::Http => (sizes.packages, 0),
        Task::Upgrade => (sizes.packages, sizes.upgraded),
        // They are the first, and among those that were upgraded.
        Task::Delete => (
            sizes.packages - sizes.deleted,
            sizes.upgraded.saturating_sub(sizes.deleted),
        ),
        _ => return Ok(()),
    };
    let (path, name, version) = match job.manager {
        Manager::Apk => ("lib/apk/db/installed", "P:", "V:1.0-r1"),
        Manager::Dpkg => ("var/lib/dpkg/status", "Package: ", "Version: 1.0-r1"),
    };
    let text = fs::read_to_string(root.join(path))?;
    let count = |part: &str| text.lines().filter(|line| line.starts_with(part)).count();
    if (count(name), count(version)) == (packages, upgraded) {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "{task:?}: {} packages, {} of them new, instead of {packages} and {upgraded}",
        count(name),
        count(version)
    )))
}
