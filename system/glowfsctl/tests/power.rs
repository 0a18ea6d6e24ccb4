//! Power cuts during `commit`, on a file system that really forgets: the image lies on a disk whose power is cut at each system call of
//! `glowfsctl` that writes, and what has the image's name is looked at.

#![cfg(target_arch = "x86_64")]

#[path = "../../oil/tests/kill/disk.rs"]
mod disk;

use disk::{Disk, command, is_possible};
use glowfs::reader::Image;
use nix::libc;
use nix::sys::ptrace::{self, Options as Trace};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use rustix::mount::{MountPropagationFlags, mount_change};
use rustix::thread::UnshareFlags;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

/// The program.
const OWN: &str = env!("CARGO_BIN_EXE_glowfsctl");

/// Bytes that do not repeat.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(next).collect()
}

/// The words of `commit` that puts the image in its own place.
fn commit<'a>(upper: &'a str, image: &'a str) -> Vec<&'a str> {
    let made = ["commit", "-q", "-T", "1", "-c", "none", "--time", "7"];
    [&made[..], &[upper, image, "-o", image]].concat()
}

/// Runs the program, traced; `at` is asked on the way into each call that writes. With `careless`, it does not wait for the disk.
#[expect(clippy::zombie_processes, reason = "`waitpid` waits for it")]
fn traced(words: &[&str], careless: bool, mut at: impl FnMut()) {
    // It is traced before it is the program. Its other threads compress, and write nothing.
    let mut child = Command::new("sh")
        .args(["-c", "read go && exec \"$@\"", "sh", OWN])
        .args(words)
        .stdin(Stdio::piped())
        .spawn()
        .expect("a child");
    let pid = Pid::from_raw(child.id() as i32);
    let options = Trace::PTRACE_O_TRACESYSGOOD | Trace::PTRACE_O_EXITKILL;
    ptrace::seize(pid, options).expect("traced");
    ptrace::interrupt(pid).expect("stopped");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(b"go\n").expect("it listens");
    let mut inside = false;
    loop {
        match waitpid(pid, Some(WaitPidFlag::__WALL)).expect("ours") {
            WaitStatus::Exited(_, status) => return assert_eq!(status, 0),
            WaitStatus::PtraceSyscall(_) => {
                inside = !inside;
                let mut registers = ptrace::getregs(pid).expect("stopped");
                let creates = |flags: u64| flags & (libc::O_CREAT | libc::O_TRUNC) as u64 != 0;
                let (writes, waits) = match registers.orig_rax as i64 {
                    libc::SYS_openat => (creates(registers.rdx), false),
                    libc::SYS_open => (creates(registers.rsi), false),
                    libc::SYS_fsync | libc::SYS_fdatasync => (true, true),
                    libc::SYS_write | libc::SYS_pwrite64 | libc::SYS_writev => (true, false),
                    libc::SYS_rename | libc::SYS_renameat | libc::SYS_renameat2 => (true, false),
                    libc::SYS_unlink | libc::SYS_unlinkat | libc::SYS_ftruncate => (true, false),
                    _ => (false, false),
                };
                if inside && writes {
                    at();
                }
                if inside && waits && careless {
                    registers.orig_rax = libc::SYS_getpid as u64;
                    ptrace::setregs(pid, registers).expect("stopped");
                }
            }
            WaitStatus::Signaled(_, signal, _) => panic!("{signal}"),
            _ => (),
        }
        ptrace::syscall(pid, None).expect("stopped");
    }
}

/// What became of the image at the cuts.
#[derive(Debug, Default)]
struct Cuts {
    old: usize,
    new: usize,
    wrong: Vec<String>,
    /// Whether the new image is found after the last cut, when the program has ended.
    lasts: bool,
}

fn cut_everywhere(eager: bool, careless: bool) -> Cuts {
    let field = tempfile::tempdir().expect("a directory");
    let path = |name: &str| field.path().join(name);
    let (tree, upper) = (path("tree"), path("upper"));
    for directory in [&tree, &upper] {
        fs::create_dir(directory).expect("a directory");
    }
    fs::write(tree.join("kept"), noise(3 << 20, 1)).expect("room");
    fs::write(tree.join("other"), noise(200_000, 2)).expect("room");
    fs::write(upper.join("new"), noise(1_500_000, 3)).expect("room");
    fs::write(upper.join("other"), "less").expect("room");
    let image = path("root.img");
    let made = ["mkfs", "-q", "-c", "none", "--time", "5"];
    command(OWN, &made, &[&tree, &image]);
    let old = fs::read(&image).expect("made");
    let upper = upper.to_str().expect("text").to_owned();
    command(OWN, &commit(&upper, image.to_str().expect("text")), &[]);
    let new = fs::read(&image).expect("made");
    assert!(old != new);

    let mut disk = Disk::new(field.path(), "data=ordered", |place| {
        fs::write(place.join("root.img"), &old).expect("room");
    });
    let image = disk.place.join("root.img");
    let mut cuts = Cuts::default();
    let mut cut = |eager: bool, cuts: &mut Cuts| {
        if eager {
            disk.hurry();
        }
        disk.cut(|after| {
            let found = fs::read(after.join("root.img")).unwrap_or_default();
            let report = Image::open(found.clone())
                .and_then(|image| glowfs::verify::verify(&image, 1, &mut |_, _| ()));
            cuts.lasts = found == new;
            match report {
                Ok(report) if report.count == 0 && found == old => cuts.old += 1,
                Ok(report) if report.count == 0 && found == new => cuts.new += 1,
                Ok(report) => cuts.wrong.push(format!("{:?}", report.problems)),
                Err(error) => cuts.wrong.push(error.to_string()),
            }
        });
    };
    let mut calls = 0;
    traced(
        &commit(&upper, image.to_str().expect("text")),
        careless,
        || {
            calls += 1;
            cut(eager, &mut cuts);
        },
    );
    cut(false, &mut cuts);
    assert_eq!(fs::read(&image).expect("there"), new);
    disk.done();
    eprintln!("eager {eager}, careless {careless}: {calls} calls, {cuts:?}");
    assert!(calls > 8, "{calls} calls that write");
    cuts
}

/// In a mount namespace of its own, where there are loop devices.
fn with_mounts(test: impl FnOnce() + Send) {
    if !is_possible() {
        return;
    }
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            #[expect(
                deprecated,
                reason = "UnshareFlags::FILES, for which it is, is not passed"
            )]
            rustix::thread::unshare(UnshareFlags::NEWNS).expect("root may");
            let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
            mount_change("/", private).expect("private");
            test();
        });
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

#[test]
fn power_cuts_leave_the_old_image_or_the_new_one() {
    with_mounts(|| {
        for eager in [false, true] {
            let cuts = cut_everywhere(eager, false);
            assert!(cuts.wrong.is_empty(), "{}", cuts.wrong[0]);
            assert!(cuts.old > 0 && cuts.new > 0 && cuts.lasts, "{cuts:?}");
        }
    });
}

/// The same cuts find something if the program does not wait for the disk: they do take data away.
#[test]
fn power_cuts_of_a_program_that_does_not_wait() {
    with_mounts(|| {
        let cuts = cut_everywhere(true, true);
        assert!(!cuts.wrong.is_empty(), "{cuts:?}");
    });
}
