//! The process that is killed: of those in a group, the one with the most memory.

use crate::error::{Result, told};
use crate::files;
use common::Root;
use rustix::process::{Pid, PidfdFlags, Signal};
use std::path::Path;

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Victim {
    pub pid: i32,
    pub name: String,
    /// Pages in memory.
    pub pages: u64,
}

/// The largest process of a group's folder; None: all processes. Process 1, this one, and those that the kernel would not
/// kill either (oom_score_adj -1000) are left alone.
pub fn largest(root: &Root, folder: Option<&Path>) -> Option<Victim> {
    let mut pids = Vec::new();
    match folder {
        Some(folder) => collect(folder, &mut pids),
        None => {
            for name in common::names(&root.at("/proc")) {
                pids.extend(files::pid(&name));
            }
        }
    }
    let own = i32::try_from(std::process::id()).unwrap_or(0);
    let mut largest: Option<Victim> = None;
    for pid in pids {
        if pid <= 1 || pid == own {
            continue;
        }
        let Some(victim) = look(root, pid) else {
            continue;
        };
        if largest
            .as_ref()
            .is_none_or(|largest| largest.pages <= victim.pages)
        {
            largest = Some(victim);
        }
    }
    largest
}

/// The processes of a group and of those below it.
fn collect(folder: &Path, pids: &mut Vec<i32>) {
    let text = common::root::value(&folder.join("cgroup.procs")).unwrap_or_default();
    for line in text.lines() {
        pids.extend(files::pid(line));
    }
    for name in common::names(folder) {
        let path = folder.join(name);
        if path.is_dir() {
            collect(&path, pids);
        }
    }
}

fn look(root: &Root, pid: i32) -> Option<Victim> {
    let read = |file: &str| root.value(&format!("/proc/{pid}/{file}"));
    let pages: u64 = read("statm")?.split(' ').nth(1)?.parse().ok()?;
    let spared = read("oom_score_adj").is_some_and(|text| text == "-1000");
    // The kernel's own threads have none.
    (pages > 0 && !spared).then(|| Victim {
        pid,
        name: read("comm").unwrap_or_default(),
        pages,
    })
}

/// Kills it, unless another process has got its number meanwhile.
///
/// # Errors
/// Why not.
pub fn kill(root: &Root, victim: &Victim) -> Result<()> {
    if !root.is_real() {
        return Err(told!(
            "processes are killed only in the system that runs: leave out --root"
        ));
    }
    let pid = Pid::from_raw(victim.pid).ok_or_else(|| told!("it has no number"))?;
    let told = |errno: rustix::io::Errno| told!("{}", common::words(errno));
    let process = rustix::process::pidfd_open(pid, PidfdFlags::empty()).map_err(told)?;
    let same = look(root, victim.pid).is_some_and(|now| now.name == victim.name);
    match same {
        true => rustix::process::pidfd_send_signal(process, Signal::KILL).map_err(told),
        false => Err(told!("it ended by itself")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_largest_is_found_and_some_are_spared() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        let process = |pid: i32, pages: u64, score: &str| {
            let folder = root.at(&format!("/proc/{pid}"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("statm"), format!("9999 {pages} 1 1 0 1 0\n")).unwrap();
            fs::write(folder.join("comm"), format!("p{pid}\n")).unwrap();
            fs::write(folder.join("oom_score_adj"), score).unwrap();
        };
        process(1, 9000, "0\n");
        process(10, 100, "0\n");
        process(11, 300, "-1000\n");
        process(12, 200, "0\n");
        process(13, 250, "0\n");
        process(14, 0, "0\n");
        assert_eq!(largest(&root, None).unwrap().pid, 13);
        let group = root.at("/sys/fs/cgroup/a");
        fs::create_dir_all(group.join("b")).unwrap();
        fs::write(group.join("cgroup.procs"), "10\n11\n77\n").unwrap();
        fs::write(group.join("b/cgroup.procs"), "12\n").unwrap();
        let victim = largest(&root, Some(&group)).unwrap();
        assert_eq!((victim.pid, &*victim.name, victim.pages), (12, "p12", 200));
        assert!(kill(&root, &victim).is_err());
        assert_eq!(largest(&root, Some(&root.at("/none"))), None);
    }
}
