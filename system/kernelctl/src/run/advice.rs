//! What an error of the kernel's means for a value, and the way out.

use crate::error::{Error, told};
use crate::step::{Kind, Step};
use common::words;
use rustix::io::Errno;
use std::io;

/// Of what there is not.
pub fn absent(step: &Step) -> Box<Error> {
    let why = match step.kind {
        Kind::Sysctl => {
            "the kernel lacks it, or its module is not loaded yet; write '-' before the key to do without"
        }
        Kind::Sys if step.path.starts_with("/sys/kernel/debug") => {
            "mount debugfs there (mount -t debugfs none /sys/kernel/debug); write '-' before the key to do without"
        }
        Kind::Sys => "this machine or its kernel lacks it; write '-' before the key to do without",
        _ => "the kernel lacks it; write '-' before the key to do without",
    };
    told!("there is no {}: {why}", step.path)
}

/// Of what is in a group that is not there.
pub fn no_group(step: &Step) -> Box<Error> {
    told!("{}: its group could not be made", step.path)
}

pub fn no_controller(name: &str, all: &str) -> Box<Error> {
    let there = if all.is_empty() { "none" } else { all };
    told!(
        "there is no controller '{name}' for control groups (there are: {there}): the kernel lacks it, or a hierarchy of \
         version 1 has it (see /proc/cgroups; 'cgroup_no_v1=all' frees it)"
    )
}

pub fn reading(step: &Step, errno: Errno) -> Box<Error> {
    told!("reading {}: {}", step.path, words(errno))
}

pub fn writing(step: &Step, value: &str, errno: Errno) -> Box<Error> {
    let way_out = match errno {
        Errno::NOENT | Errno::NOTDIR if step.kind != Kind::Controllers => return absent(step),
        Errno::NOENT => ": the group above does not give it on",
        Errno::ACCESS | Errno::PERM => {
            ": run it as root; if it is, the value is read-only, or locked until the next start of the system"
        }
        Errno::ROFS => ": it is mounted read-only: in a container, set it outside",
        Errno::BUSY if step.kind == Kind::Controllers => {
            ": a group that gives on controllers has no processes of its own: move them into one below it (kernelctl attach)"
        }
        Errno::INVAL | Errno::RANGE | Errno::DOM => ": the kernel takes no such value here",
        Errno::NOSPC => {
            ": there is not so much left to give: ask for less, or take it from others first"
        }
        _ => "",
    };
    let (path, words) = (&step.path, words(errno));
    told!("writing '{value}' to {path}: {words}{way_out}")
}

pub fn group(step: &Step, value: &str, error: &io::Error) -> Box<Error> {
    let doing = if value == Kind::THERE {
        "making"
    } else {
        "removing"
    };
    let way_out = match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::BUSY | Errno::NOTEMPTY) => {
            ": it has processes or groups: move them away (kernelctl attach) or end them, and revert again"
        }
        Some(Errno::AGAIN) => {
            ": there are as many groups as cgroup.max.descendants or cgroup.max.depth above allow"
        }
        Some(Errno::ACCESS | Errno::PERM) => ": run it as root",
        Some(Errno::ROFS) => ": it is mounted read-only: in a container, make it outside",
        _ => "",
    };
    told!("{doing} {}: {}{way_out}", step.path, common::reason(error))
}
