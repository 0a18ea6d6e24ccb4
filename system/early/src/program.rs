//! The command line.

use crate::fstab::{self, Entry};
use crate::mount::Done;
use crate::{check, clock, files, mount, rootfs, seed, swap};
use common::root::Root;
use std::io::Write;

const DONE: u8 = 0;
const FAILED: u8 = 1;
const WRONG: u8 = 2;

const HELP: &str = "early: what a system needs once when it starts

Usage:
    early COMMAND

Commands:
    clock load          set the time by the real-time clock, and never before what the system has seen
    clock save          keep the time for a start without such a clock
    seed load           give the kernel the random numbers that were kept, and keep new ones
    seed save           keep new ones
    check               check the file systems of /etc/fstab that have a sixth field, before they are mounted
    mount               mount those of /etc/fstab that need no network
    mount net           mount those that do
    swap                use the swap of /etc/fstab
    root                process 1 of an initramfs: mount the image of the root, and start its system
    files NAME...       make the folders, files and links that NAME.conf of tmpfiles.d declares

Options:
    -h, --help          show this help
    -V, --version       show the version

Exit status: 0 done, 1 some of it failed (the rest was done), 2 wrong use.
";

/// Runs the program with the words behind its name; its exit status.
pub fn main(words: Vec<String>) -> u8 {
    let root = Root::default();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match *words {
        ["clock", "load"] => said(clock::load(&root).map(Some)),
        ["clock", "save"] => said(clock::save(&root).map(|()| None)),
        ["seed", "load"] => said(seed::load(&root).map(Some)),
        ["seed", "save"] => said(seed::save(&root).map(|()| None)),
        ["check"] => checks(&root),
        ["mount"] => each(&root, mount::mount, |entry| {
            !entry.is_swap() && !entry.is_remote()
        }),
        ["mount", "net"] => each(&root, mount::mount, |entry| {
            !entry.is_swap() && entry.is_remote()
        }),
        ["files", ref names @ ..] if !names.is_empty() => made(&root, names),
        ["swap"] => each(&root, swap::on, Entry::is_swap),
        ["root"] => rootfs::start(&root),
        ["-h" | "--help"] => print(HELP),
        ["-V" | "--version"] => print(concat!("early ", env!("CARGO_PKG_VERSION"), "\n")),
        [] => wrong("a command is needed"),
        _ => wrong(&format!("there is no '{}'", words.join(" "))),
    }
}

/// A reader that went away is no error.
fn print(text: &str) -> u8 {
    let _ = std::io::stdout().write_all(text.as_bytes());
    DONE
}

fn complain(text: &str) {
    let _ = std::io::stderr().write_all(format!("early: {text}\n").as_bytes());
}

fn wrong(what: &str) -> u8 {
    complain(&format!("{what} (--help tells what there is)"));
    WRONG
}

fn said(result: Result<Option<String>, String>) -> u8 {
    match result {
        Ok(text) => print(&text.map_or(String::new(), |text| format!("{text}\n"))),
        Err(what) => {
            complain(&what);
            FAILED
        }
    }
}

/// All lines of fstab, and whether some made no sense. No file is one without lines.
fn entries(root: &Root) -> (Vec<Entry>, bool) {
    let text = match std::fs::read(root.at(fstab::FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return (Vec::new(), true),
        Err(error) => {
            complain(&format!("{}: {}", fstab::FILE, common::reason(&error)));
            return (Vec::new(), false);
        }
    };
    let mut well = true;
    let entries = fstab::parse(&text, fstab::FILE, |error| {
        well = false;
        complain(&error.to_string());
    });
    (entries, well)
}

/// Does something with each entry that is of a kind and is to be done by itself.
fn each(
    root: &Root,
    act: fn(&Root, &Entry) -> Result<Done, String>,
    is_one: fn(&Entry) -> bool,
) -> u8 {
    let (entries, mut well) = entries(root);
    for entry in entries
        .iter()
        .filter(|entry| !entry.options.noauto && is_one(entry))
    {
        match act(root, entry) {
            Ok(Done::Mounted | Done::Already) => {}
            Ok(Done::Absent) => {
                print(&format!(
                    "{}:{}: it is not there, and need not be\n",
                    fstab::FILE,
                    entry.line
                ));
            }
            Err(what) => {
                well = false;
                complain(&format!(
                    "{}:{}: {}: {what}",
                    fstab::FILE,
                    entry.line,
                    entry.target
                ));
            }
        }
    }
    if well { DONE } else { FAILED }
}

/// Makes what files of tmpfiles.d declare; what fails is told and the rest is made.
fn made(root: &Root, names: &[&str]) -> u8 {
    let mut well = true;
    for name in names {
        files::make(root, name, |what| {
            well = false;
            complain(&what);
        });
    }
    if well { DONE } else { FAILED }
}

fn checks(root: &Root) -> u8 {
    let (entries, mut well) = entries(root);
    for entry in check::order(&entries) {
        let place = format!("{}:{}: {}", fstab::FILE, entry.line, entry.target);
        match check::check(root, entry) {
            Ok(check::Done::Clean) => {}
            Ok(check::Done::Repaired) => {
                print(&format!("{place}: it was repaired\n"));
            }
            Ok(check::Done::Passed(why)) => {
                print(&format!("{place}: not checked: {why}\n"));
            }
            Err(what) => {
                well = false;
                complain(&format!("{place}: {what}"));
            }
        }
    }
    if well { DONE } else { FAILED }
}
