//! Mounting, and the end of it.

use super::Told;
use super::files::Files;
use common::reason::reason;
use common::signals::{ENDING, Signals};
use fuser::{Config, MountOption, Session, SessionACL};
use glowfs::reader::Image;
use glowfs::{Error, Result};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Access, access};
use rustix::io::Errno;
use rustix::mount::{UnmountFlags, unmount};
use rustix::process::geteuid;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::{io, mem, thread};

/// By which who is not root mounts and unmounts.
const HELPERS: [&str; 2] = ["fusermount3", "fusermount"];

/// How an image is mounted.
pub struct Options {
    /// Threads that answer.
    pub threads: usize,
    /// Whether users but who mounts see it.
    pub allow_other: bool,
}

/// Mounts an image, calls `mounted`, and answers until it is unmounted: by somebody, or by a signal that ends programs, which takes it out of
/// the tree and waits for who has files of it open. A second signal does not wait.
///
/// # Errors
/// [`Error::file`] of the directory, and what `mounted` gives.
pub fn run(
    image: Image<File>,
    path: &Path,
    directory: &Path,
    options: &Options,
    told: Arc<Told>,
    mounted: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let failed = || Error::file(directory, "mounting");
    // Before there are threads, so that none of them is ended.
    let signals = Signals::take(&ENDING).map_err(|errno| failed()(errno.into()))?;
    // What is mounted there later is not what is unmounted.
    let directory = directory.canonicalize().map_err(failed())?;
    if !directory.is_dir() {
        return Err(failed()(Errno::NOTDIR.into()));
    }
    let mut config = Config::default();
    config.mount_options = vec![
        MountOption::RO,
        MountOption::NoAtime,
        MountOption::DefaultPermissions,
        MountOption::FSName(source(path)),
        MountOption::CUSTOM("subtype=glowfs".to_owned()),
    ];
    config.n_threads = Some(options.threads);
    config.clone_fd = options.threads > 1;
    if options.allow_other {
        config.acl = SessionACL::All;
    }
    let files = Files::new(image, path.to_owned(), told);
    let session = Session::new(files, &directory, &config)
        .map_err(refused)
        .map_err(failed())?;
    let place = directory.clone();
    thread::spawn(move || {
        wait(&signals);
        detach(&place);
        wait(&signals);
        // Those who have files open are told that the other side is gone.
        std::process::exit(1);
    });
    mounted()?;
    let mut session = session.spawn().map_err(failed())?;
    let answering = mem::replace(&mut session.guard, thread::spawn(|| Ok(())));
    let ended = answering.join().unwrap_or_else(|_| Err(Errno::IO.into()));
    if ended.is_err() {
        detach(&directory);
    }
    // It would unmount what is there by now, which may be another's: fuser 0.18 takes a connection that was ended for one that is not.
    mem::forget(session);
    ended.map_err(failed())
}

/// Why there is no mount: with the way out, where that is a program that cannot be run.
fn refused(error: io::Error) -> io::Error {
    if geteuid().is_root() || has_helper() {
        return error;
    }
    let why = reason(&error);
    let text = format!("{why}: who is not root needs fusermount3, a program of libfuse");
    io::Error::new(error.kind(), text)
}

/// Whether a helper is where fuser looks for one.
fn has_helper() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/sbin", "/bin"].map(PathBuf::from))
        .flat_map(|folder| HELPERS.map(|name| folder.join(name)))
        .any(|program| access(program, Access::EXEC_OK).is_ok())
}

/// What stands for the image in the list of mounts; there are programs on the way for which a comma ends it.
fn source(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    match whole.to_str() {
        Some(text) if !text.contains([',', '\\']) => text.to_owned(),
        _ => "glowfs".to_owned(),
    }
}

/// Waits for a signal.
fn wait(signals: &Signals) {
    loop {
        let mut waiting = [PollFd::new(signals, PollFlags::IN)];
        let _ = poll(&mut waiting, None);
        if signals.next().is_some() {
            return;
        }
    }
}

/// Takes the mount out of the tree.
fn detach(directory: &Path) {
    if unmount(directory, UnmountFlags::DETACH).is_err() {
        // Only root may; this program is made for everybody else.
        for program in HELPERS {
            let ended = Command::new(program)
                .args(["-u", "-z", "--"])
                .arg(directory)
                .stdin(Stdio::null())
                .status();
            if ended.is_ok_and(|status| status.success()) {
                return;
            }
        }
    }
}
