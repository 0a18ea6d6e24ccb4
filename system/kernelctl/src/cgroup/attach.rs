//! Putting processes into groups.

use super::{ROOT, plain, usable};
use crate::error::{Result, told};
use crate::files;
use crate::system::service;
use common::Root;
use rustix::io::Errno;
use std::fmt;

/// Puts a process into a group.
///
/// # Errors
/// Why not, and what to do.
pub fn process(root: &Root, pid: i32, group: &str) -> Result<()> {
    let folder = folder(root, group)?;
    one(root, pid, &folder)
}

/// Puts a service's process into a group, with those that it has started; how many they are.
///
/// # Errors
/// Why not, and what to do.
pub fn service(root: &Root, name: &str, group: &str) -> Result<usize> {
    let folder = folder(root, group)?;
    let (pid, has_group) = service::process(root, name)?;
    if has_group {
        return Err(told!(
            "service '{name}' has a control group of its own, by which dinit ends it: set its limits in its file (cgroup-memory-max and others)"
        ));
    }
    one(root, pid, &folder)?;
    // Those that it starts from now on are in the group already.
    let mut moved = vec![pid];
    let mut at = 0;
    while let Some(parent) = moved.get(at) {
        for child in children(root, *parent) {
            if !moved.contains(&child) && one(root, child, &folder).is_ok() {
                moved.push(child);
            }
        }
        at += 1;
    }
    Ok(moved.len())
}

fn folder(root: &Root, group: &str) -> Result<String> {
    usable(root)?;
    let name = plain(group.strip_prefix(ROOT).unwrap_or(group));
    let folder = format!("{ROOT}/{name}");
    match root.at(&folder).is_dir() && !name.split('/').any(|part| part == "..") {
        true => Ok(folder.trim_end_matches('/').to_owned()),
        false => Err(told!(
            "there is no group '{name}': apply a policy that has it, or make {folder}"
        )),
    }
}

fn one(root: &Root, pid: i32, folder: &str) -> Result<()> {
    let path = format!("{folder}/cgroup.procs");
    let written = files::write(root, &path, &pid.to_string());
    written.map_err(|errno| {
        let moving = |why: fmt::Arguments<'_>| told!("moving process {pid} to {folder}: {why}");
        match errno {
            Errno::SRCH => moving(format_args!("there is no process {pid}")),
            Errno::BUSY | Errno::OPNOTSUPP => moving(format_args!(
                "a group that gives on controllers has no processes of its own: take one below it"
            )),
            Errno::ACCESS | Errno::PERM => moving(format_args!("run it as root")),
            Errno::NOSPC => moving(format_args!(
                "the group has no processor or memory node: set cpuset.cpus and cpuset.mems"
            )),
            Errno::INVAL => moving(format_args!(
                "process {pid} is the kernel's own, which stays where it is"
            )),
            _ => moving(format_args!("{}", common::words(errno))),
        }
    })
}

/// The processes that a process has started and that still run (proc_tid_children(5)).
fn children(root: &Root, pid: i32) -> Vec<i32> {
    let tasks = format!("/proc/{pid}/task");
    let mut pids = Vec::new();
    for task in common::names(&root.at(&tasks)) {
        let list = root.value(&format!("{tasks}/{task}/children"));
        for pid in list.unwrap_or_default().split_ascii_whitespace() {
            pids.extend(files::pid(pid));
        }
    }
    pids
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn processes_are_written_to_the_group() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        let told = process(&root, 5, "batch").unwrap_err().to_string();
        assert!(told.contains("there are no control groups"), "{told}");
        fs::create_dir_all(root.at("/sys/fs/cgroup/web/batch")).unwrap();
        fs::write(root.at("/sys/fs/cgroup/cgroup.controllers"), "cpu\n").unwrap();
        let told = process(&root, 5, "none").unwrap_err().to_string();
        assert!(told.contains("there is no group 'none'"), "{told}");
        let procs = root.at("/sys/fs/cgroup/web/batch/cgroup.procs");
        fs::write(&procs, "").unwrap();
        process(&root, 5, "web/batch").unwrap();
        process(&root, 5, "/sys/fs/cgroup/web/batch/").unwrap();
        assert_eq!(fs::read_to_string(procs).unwrap(), "5\n");
        assert!(process(&root, 5, "web/../web/batch").is_err());
        let told = service(&root, "x", "web/batch").unwrap_err().to_string();
        assert!(told.contains("dinitctl"), "{told}");
    }
}
