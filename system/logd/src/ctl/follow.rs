//! Waits until a file grows or another takes its place (inotify(7)): nothing is looked at while nothing happens.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::OwnedFd;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use std::io;
use std::path::Path;

pub struct Watch(OwnedFd);

impl Watch {
    /// Watches the folder of a file.
    ///
    /// # Errors
    /// The folder is not there, or may not be read.
    pub fn new(path: &Path) -> io::Result<Self> {
        let fd = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let folder = path.parent().unwrap_or(path);
        let folder = match folder.as_os_str().is_empty() {
            true => Path::new("."),
            false => folder,
        };
        let events = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO;
        inotify::add_watch(&fd, folder, events)?;
        Ok(Self(fd))
    }

    /// Waits until something happened since the last time.
    pub fn wait(&self) -> io::Result<()> {
        let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let mut buffer = [0; 4096];
        // What it was does not matter: all is looked at.
        while rustix::io::read(&self.0, &mut buffer).is_ok_and(|length| length > 0) {}
        Ok(())
    }
}
