//! Whether there is a hierarchy that can be used.

use super::ROOT;
use crate::error::{Result, told};
use crate::files;
use common::Root;

/// The controllers that the hierarchy has.
///
/// # Errors
/// Why there is none, and what to do.
pub fn controllers(root: &Root) -> Result<String> {
    let top = root.at(ROOT);
    if let Ok(Some(list)) = files::read_value(&top.join("cgroup.controllers")) {
        return Ok(list);
    }
    let first = ["unified", "memory", "cpu", "cpu,cpuacct", "pids", "systemd"];
    Err(match first.iter().any(|name| top.join(name).is_dir()) {
        true => told!(
            "{ROOT} has control groups of version 1, which kernelctl does not use: start the kernel with \
             'cgroup_no_v1=all' and mount version 2 there (mount -t cgroup2 none {ROOT})"
        ),
        false => told!(
            "there are no control groups at {ROOT}: mount them (mount -t cgroup2 none {ROOT}), or take a kernel with \
             CONFIG_CGROUPS"
        ),
    })
}

/// Whether it can be used.
///
/// # Errors
/// Why not, and what to do.
pub fn usable(root: &Root) -> Result<()> {
    controllers(root).map(drop)
}
