//! Disks that are written to: what is on them may be another when who wrote closes them. The kernel tells of that by inotify(7)
//! alone.

use crate::device::Device;
use common::Root;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::mem::MaybeUninit;

/// Those that say themselves when they change, or whose contents mean nothing: watching them only wakes.
const OTHERS: &[&str] = &["dm-", "md", "ram", "zram", "sr", "fd"];

pub struct Watches {
    inotify: OwnedFd,
    /// Paths below /sys by the kernel's number.
    paths: BTreeMap<i32, String>,
}

impl Watches {
    /// # Errors
    /// When there is no descriptor left.
    pub fn new() -> Result<Self, Errno> {
        Ok(Self {
            inotify: inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?,
            paths: BTreeMap::new(),
        })
    }

    /// Watches a disk. One that cannot be watched is none: its names are then as old as its last event.
    pub fn add(&mut self, root: &Root, device: &Device) {
        let other = |start: &&str| {
            let rest = device.name.strip_prefix(*start);
            rest.is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()))
        };
        if OTHERS.iter().any(other) {
            return;
        }
        let node = root.at("/dev").join(&device.name);
        let flags = WatchFlags::CLOSE_WRITE | WatchFlags::DONT_FOLLOW;
        if let Ok(number) = inotify::add_watch(&self.inotify, &node, flags) {
            self.paths.insert(number, device.path.clone());
        }
    }

    pub fn remove(&mut self, path: &str) {
        let inotify = &self.inotify;
        self.paths.retain(|number, other| {
            let is_it = other == path;
            if is_it {
                // The kernel has done so itself if the node is gone.
                let _ = inotify::remove_watch(inotify, *number);
            }
            !is_it
        });
    }

    /// The disks that were written to, each once.
    pub fn written(&mut self) -> Vec<String> {
        let mut written = Vec::new();
        let mut room = [MaybeUninit::uninit(); 1024];
        let mut reader = inotify::Reader::new(&self.inotify, &mut room);
        let mut ignored = Vec::new();
        while let Ok(event) = reader.next() {
            if event.events().contains(ReadFlags::IGNORED) {
                ignored.push(event.wd());
            } else if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
                written.extend(self.paths.values().cloned());
            } else if let Some(path) = self.paths.get(&event.wd()) {
                written.push(path.clone());
            }
        }
        ignored
            .iter()
            .for_each(|number| drop(self.paths.remove(number)));
        written.sort();
        written.dedup();
        written
    }
}

impl AsFd for Watches {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}
