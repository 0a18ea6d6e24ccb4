//! `early root`: process 1 of an initramfs. The root of the system is a GlowFS image, with a layer over it that can be written.
//!
//! ```text
//! kernel words ──words──▶ source ──image──▶ image ──glowfs──▶ /image ─┐
//!                                 tmpfs, or a disk ─────────▶ /layer ─┴──overlay──▶ /system ──leave──▶ its /sbin/init
//! ```
//!
//! The kernel compares the image with the keys of the initramfs; one that is not right is not mounted, and then nothing is started: what is wrong is told, and the
//! machine stops. There is a shell then only where the kernel word `glowfs.recovery` asks for one.

mod download;
mod drivers;
mod image;
mod keys;
mod layer;
mod lease;
mod leave;
mod network;
mod words;

use crate::fstab;
use crate::mount;
use common::root::Root;
use rustix::system::RebootCommand;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;
use words::Words;

/// Where the image is mounted, in the initramfs.
const IMAGE: &str = "/image";
/// The file system that has the writable layer.
const LAYER: &str = "/layer";
/// Both together: the root that is to be.
const SYSTEM: &str = "/system";

/// Starts the system of the image. It comes back only as process 1 that must not end: with what kept it from starting.
pub fn start(root: &Root) -> ! {
    for (kind, target) in [("devtmpfs", "/dev"), ("proc", "/proc"), ("sysfs", "/sys")] {
        // The kernel may have mounted /dev. What is missed otherwise is told by what needs it.
        let _ = mounted(root, kind, kind, target, "");
    }
    let words = Words::read(root);
    let Err(what) = prepare(root, &words).and_then(|()| leave::to_system(root, &words));
    failed(root, &words, &what)
}

/// Mounts everything.
fn prepare(root: &Root, words: &Words) -> Result<(), String> {
    let keys = keys::read(root)?;
    let image = image::find(root, words)?;
    let mut options = vec!["ro".to_owned()];
    options.extend(keys.iter().map(|key| format!("key={key}")));
    options.extend(words.digest.iter().map(|digest| format!("digest={digest}")));
    options.extend(words.errors.iter().map(|errors| format!("errors={errors}")));
    mounted(root, "glowfs", &image, IMAGE, &options.join(","))
        .map_err(|what| format!("the image of the root, {image}, is not used: {what}"))?;
    layer::prepare(root, words)?;
    let layers = format!("lowerdir={IMAGE},upperdir={LAYER}/upper,workdir={LAYER}/work");
    mounted(root, "overlay", "overlay", SYSTEM, &layers)
        .map_err(|what| format!("the layer over the image cannot be mounted: {what}"))
}

/// Mounts one file system as a line of fstab would.
fn mounted(
    root: &Root,
    kind: &str,
    source: &str,
    target: &str,
    options: &str,
) -> Result<(), String> {
    let options = if options.is_empty() {
        "x-mount.mkdir".to_owned()
    } else {
        format!("{options},x-mount.mkdir")
    };
    let mut problem = None;
    let line = format!("{} {target} {kind} {options}\n", encoded(source));
    let entries = fstab::parse(line.as_bytes(), "mounting", |error| {
        problem = Some(error.to_string())
    });
    match (entries.first(), problem) {
        (Some(entry), None) => mount::mount(root, entry).map(|_| ()),
        (_, problem) => Err(problem.unwrap_or_else(|| "it is no file system".to_owned())),
    }
}

/// A path as fstab(5) has it: blanks as octal numbers.
fn encoded(path: &str) -> String {
    path.replace('\\', "\\134")
        .replace(' ', "\\040")
        .replace('\t', "\\011")
}

/// Tells what is wrong, and stays.
fn failed(root: &Root, words: &Words, what: &str) -> ! {
    say(&format!("early: {what}"));
    if words.recovery {
        say(
            "early: glowfs.recovery: a shell of the initramfs, as root, with nothing verified. The machine restarts when it ends",
        );
        let error = Command::new("/bin/sh").arg("-l").status().err();
        if let Some(error) = error {
            say(&format!(
                "early: there is no shell in this initramfs: /bin/sh: {}",
                common::reason(&error)
            ));
        }
    } else {
        say(
            "early: the system is not started. With the kernel word glowfs.recovery there is a shell here",
        );
    }
    rustix::fs::sync();
    let command = match words.panic {
        Some(seconds) => {
            std::thread::sleep(Duration::from_secs(seconds));
            RebootCommand::Restart
        }
        None if words.recovery => RebootCommand::Restart,
        None => RebootCommand::Halt,
    };
    if root.is_real() && rustix::process::getpid().is_init() {
        let _ = rustix::system::reboot(command);
    }
    std::process::exit(1)
}

/// On the console, whatever became of it.
fn say(text: &str) {
    use std::io::Write;
    let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// Takes the place of this process.
fn become_program(program: &str) -> String {
    let error = Command::new(program).exec();
    format!("{program}: {}", common::reason(&error))
}
