//! A disk whose power can be cut: ext4 in a file, on a loop device.
//!
//! At a cut the file is copied as it is: the copy is what a machine would find that lost its power then, without all that
//! the kernel still holds back. It is mounted, which replays ext4's journal, and looked at.
//!
//! Two kernels are played. A lazy one writes nothing that nobody waits for (`commit=300`). An eager one has written all
//! names, sizes and permissions of that instant, as if ext4's journal had just been committed, and still none of the data
//! that nobody waited for: a file of one byte is written and waited for first, which has this effect, as blocks for data
//! are allocated late (`noauto_da_alloc` keeps ext4 from guessing which data matter).

use nix::libc;
use rustix::io::Errno;
use rustix::mount::UnmountFlags;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Bytes of the disk.
const SIZE: u64 = 24 << 20;
/// What an eager kernel is made so by.
const STRAY: &str = "stray";

/// The disk.
pub struct Disk {
    options: String,
    file: PathBuf,
    copy: PathBuf,
    /// Where it is mounted, and where a copy is.
    pub place: PathBuf,
    after: PathBuf,
    /// What had been written at the last cut.
    last: String,
}

/// Runs a program of the system.
pub fn command(program: &str, words: &[&str], paths: &[&Path]) {
    let output = Command::new(program).args(words).args(paths).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {words:?}: {text}");
}

/// Whether this machine can do it, which needs its root and loop devices.
pub fn is_possible() -> bool {
    let has = |program: &str| Command::new(program).arg("-V").output().is_ok();
    let possible = rustix::process::geteuid().is_root()
        && Path::new("/dev/loop-control").exists()
        && has("mkfs.ext4")
        && has("mount");
    if !possible {
        eprintln!("skipped: needs root, loop devices and mkfs.ext4");
    }
    possible
}

impl Disk {
    /// In a folder that is to have nothing of its names, mounted with these options; `fill` puts there what it has before.
    pub fn new(folder: &Path, options: &str, fill: impl FnOnce(&Path)) -> Self {
        let path = |name: &str| folder.join(name);
        let disk = Self {
            options: format!("loop,commit=300,noauto_da_alloc,{options}"),
            file: path("disk"),
            copy: path("copied"),
            place: path("place"),
            after: path("after"),
            last: String::new(),
        };
        fs::create_dir(&disk.place).expect("a directory");
        fs::create_dir(&disk.after).expect("a directory");
        let file = File::create(&disk.file).expect("a file");
        file.set_len(SIZE).expect("room");
        let plain = [
            "-q",
            "-F",
            "-m",
            "0",
            "-J",
            "size=4",
            "-E",
            "lazy_itable_init=0",
        ];
        command("mkfs.ext4", &plain, &[&disk.file]);
        disk.mount(&disk.file, &disk.place);
        fs::remove_dir(disk.place.join("lost+found")).expect("there");
        fill(&disk.place);
        // All of it is written, and nothing of it remembered.
        disk.done();
        disk.mount(&disk.file, &disk.place);
        disk
    }

    fn mount(&self, file: &Path, place: &Path) {
        command(
            "mount",
            &["-t", "ext4", "-o", &self.options],
            &[file, place],
        );
    }

    /// Has the kernel be eager now.
    pub fn hurry(&self) {
        let mut file = File::create(self.place.join(STRAY)).expect("a file");
        let waited = file.write_all(b"x").and_then(|()| file.sync_all());
        waited.expect("on the disk");
    }

    /// Cuts the power, and looks at what is there afterwards; not if nothing was written since the last cut.
    pub fn cut(&mut self, look: impl FnOnce(&Path)) {
        let mut now = writes(&self.place);
        if now == self.last {
            return;
        }
        // What the kernel wrote while it was copied would be there in part. Each copy is a file of its own: mount(8) takes the loop
        // device that has the last one, and what that remembers of it, if another process has it open at this instant.
        let _ = fs::remove_file(&self.copy);
        loop {
            fs::copy(&self.file, &self.copy).expect("room");
            self.last = std::mem::replace(&mut now, writes(&self.place));
            if now == self.last {
                break;
            }
        }
        self.mount(&self.copy, &self.after);
        let _ = fs::remove_file(self.after.join(STRAY));
        look(&self.after);
        unmount(&self.after);
    }

    /// Takes it away from its place.
    pub fn done(&self) {
        unmount(&self.place);
    }
}

/// A child that another test starts at this instant has our files open too, until it is executed.
fn unmount(place: &Path) {
    for _ in 0..6000 {
        match rustix::mount::unmount(place, UnmountFlags::empty()) {
            Err(Errno::BUSY) => std::thread::sleep(Duration::from_millis(10)),
            other => return other.expect("mounted"),
        }
    }
    panic!("{}: stays busy", place.display());
}

/// What the kernel has written to the disk that a directory is on, in numbers that grow, once it is writing nothing: what is under way is
/// counted when it is done (Linux, Documentation/block/stat.rst).
fn writes(place: &Path) -> String {
    let device = fs::metadata(place).expect("there").dev();
    let (major, minor) = (libc::major(device), libc::minor(device));
    let counters = format!("/sys/dev/block/{major}:{minor}/stat");
    for _ in 0..6000 {
        let counters = fs::read_to_string(&counters).expect("a block device");
        let words: Vec<&str> = counters.split_whitespace().collect();
        if words[8] == "0" {
            return words[4..7].join(" ");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{counters}: stays busy");
}
