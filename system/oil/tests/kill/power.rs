//! Power cuts, on a file system that really forgets.
//!
//! The root lies in ext4 on a loop device. At each system call that writes, the device's image is copied as it is: the
//! copy is what a machine would find that lost its power then, without all that the kernel still holds back. It is
//! mounted, which replays ext4's journal, and recovered.
//!
//! Two kernels are played. A lazy one writes nothing that nobody waits for (`commit=300`). An eager one has written
//! all names, sizes and permissions of that instant, as if ext4's journal had just been committed, and still none of
//! the data that nobody waited for: a file of one byte beside the root is written and waited for first, which has this
//! effect, as blocks for data are allocated late (`noauto_da_alloc` keeps ext4 from guessing which data matter).

use super::field::with_mounts;
use super::traced::{Then, run};
use super::{CHANGED, copy, field, forget_progress, furnish, state, survives};
use nix::libc;
use rustix::io::Errno;
use rustix::mount::UnmountFlags;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Bytes of the disk.
const SIZE: u64 = 24 << 20;
/// Generations of history that are kept.
const GENERATIONS: usize = 3;

/// What became of a transaction at its cuts.
#[derive(Debug, Default)]
struct Cuts {
    /// Cuts after which the old state was found, and the new one.
    old: usize,
    new: usize,
    /// What was wrong after others.
    wrong: Vec<String>,
    /// Whether the new state is found after the last cut, when the transaction says that it is done.
    lasts: bool,
}

fn command(program: &str, words: &[&str], paths: &[&Path]) {
    let output = Command::new(program).args(words).args(paths).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {words:?}: {text}");
}

fn mount(image: &Path, options: &str, place: &Path) {
    let options = format!("loop,commit=300,noauto_da_alloc,{options}");
    command("mount", &["-t", "ext4", "-o", &options], &[image, place]);
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

/// Whether this machine can do it, which needs its root and loop devices.
fn is_possible() -> bool {
    let has = |program: &str| Command::new(program).arg("-V").output().is_ok();
    let possible = nix::unistd::geteuid().is_root()
        && Path::new("/dev/loop-control").exists()
        && has("mkfs.ext4")
        && has("mount");
    if !possible {
        eprintln!("skipped: needs root, loop devices and mkfs.ext4");
    }
    possible
}

/// Does `verb` on a root in ext4 with these mount options, and cuts the power at each call that writes.
fn cut_everywhere(verb: &str, options: &str, eager: bool) -> Cuts {
    let field = field(false);
    let template = furnish(&field);
    let old = state(&template);
    let root = field.path("root");
    copy(&template, &root);
    let (status, _) = run("commit", GENERATIONS, &root, |_| Then::Goes);
    assert_eq!(status, Some(42), "uncut");
    let new = state(&root);
    assert!(CHANGED.iter().all(|path| new.contains_key(*path)));
    fs::remove_dir_all(&root).expect("ours");

    let (disk, after) = (field.path("disk"), field.path("after"));
    let (copied, stray) = (field.path("copied"), root.join("stray"));
    fs::create_dir(&root).expect("a directory");
    fs::create_dir(&after).expect("a directory");
    let file = File::create(&disk).expect("a file");
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
    command("mkfs.ext4", &plain, &[&disk]);
    mount(&disk, options, &root);
    command("cp", &["-a", "-T"], &[&template, &root]);
    fs::remove_dir(root.join("lost+found")).expect("there");
    unmount(&root);

    let mut cuts = Cuts::default();
    let mut last = String::new();
    let mut cut = |what: &str, cuts: &mut Cuts| {
        let mut now = writes(&root);
        // The disk knows nothing of what was done since.
        if now == last {
            return;
        }
        // What the kernel wrote while it was copied would be there in part.
        loop {
            fs::copy(&disk, &copied).expect("room");
            last = std::mem::replace(&mut now, writes(&root));
            if now == last {
                break;
            }
        }
        mount(&copied, options, &after);
        forget_progress(&after);
        let _ = fs::remove_file(after.join("stray"));
        match survives(&after, GENERATIONS, [&old, &new]) {
            Ok(is_new) => {
                cuts.old += usize::from(!is_new);
                cuts.new += usize::from(is_new);
                cuts.lasts = is_new;
            }
            Err(wrong) => {
                cuts.wrong.push(format!("{what}: {wrong}"));
                cuts.lasts = false;
            }
        }
        unmount(&after);
    };
    mount(&disk, options, &root);
    let (status, calls) = run(verb, GENERATIONS, &root, |call| {
        if verb == "careless" && !cuts.wrong.is_empty() {
            return Then::Goes;
        }
        if eager {
            let mut file = File::create(&stray).expect("a file");
            let waited = file.write_all(b"x").and_then(|()| file.sync_all());
            waited.expect("on the disk");
        }
        cut(&format!("call {call}"), &mut cuts);
        Then::Goes
    });
    assert_eq!(status, Some(42), "{calls} calls");
    cut("the end", &mut cuts);
    unmount(&root);
    eprintln!(
        "{verb}, {options}, eager: {eager}: {calls} calls, old {}, new {}, wrong {}",
        cuts.old,
        cuts.new,
        cuts.wrong.len()
    );
    cuts
}

fn lasts(options: &str, eager: bool) {
    if !is_possible() {
        return;
    }
    let ran = with_mounts(|| {
        let cuts = cut_everywhere("commit", options, eager);
        assert!(cuts.wrong.is_empty(), "{}", cuts.wrong[0]);
        assert!(cuts.old > 0 && cuts.new > 0 && cuts.lasts, "{cuts:?}");
    });
    assert!(ran, "root has mount namespaces");
}

#[test]
fn power_cut_before_anything_is_written_back() {
    lasts("data=ordered", false);
}

#[test]
fn power_cut_with_names_ahead_of_data() {
    lasts("data=ordered", true);
}

#[test]
fn power_cut_with_names_ahead_of_data_written_in_any_order() {
    lasts("data=writeback", true);
}

/// The same cuts find something if the transaction does not wait for the disk: they do take data away.
#[test]
fn power_cut_of_a_transaction_that_does_not_wait() {
    if !is_possible() {
        return;
    }
    let ran = with_mounts(|| {
        let cuts = cut_everywhere("careless", "data=ordered", true);
        assert!(!cuts.wrong.is_empty(), "{cuts:?}");
    });
    assert!(ran, "root has mount namespaces");
}
