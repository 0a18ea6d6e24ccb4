//! Mounting, and the end of it.

use super::Told;
use super::files::Files;
use common::signals::{ENDING, Signals};
use fuser::{Config, MountOption, Session, SessionACL};
use glowfs::reader::Image;
use glowfs::{Error, Result};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::mount::{UnmountFlags, unmount};
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

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
/// [`Error::File`] of the directory, and what `mounted` gives.
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
    let session = Session::new(files, &directory, &config).map_err(failed())?;
    let place = directory.clone();
    std::thread::spawn(move || {
        wait(&signals);
        detach(&place);
        wait(&signals);
        // Those who have files open are told that the other side is gone.
        std::process::exit(1);
    });
    mounted()?;
    session.run().map_err(failed())
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
        for program in ["fusermount3", "fusermount"] {
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
