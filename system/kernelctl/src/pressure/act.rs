//! Doing one action; what became of it is a line of the log.

use super::{Doing, folder, victim};
use crate::error::{Result, told};
use crate::files;
use crate::system::service;
use common::Root;
use rustix::io::Errno;

/// What was done; the error is what could not be.
pub fn act(root: &Root, base: &str, doing: &Doing) -> Result<String> {
    match doing {
        Doing::Reclaim { group, amount } => reclaim(root, &folder(base, group), *amount),
        Doing::Freeze { group, pause } => {
            freeze(root, &folder(base, group), true)?;
            Ok(format!("froze {group} for {}ms", pause / 1000))
        }
        Doing::Tell { service, signal } => {
            service::signal(root, service, *signal)?;
            Ok(format!("sent signal {signal} to service {service}"))
        }
        Doing::Kill { group } => {
            let path = root.at(&folder(base, group));
            let of = if group.is_empty() { None } else { Some(&*path) };
            let victim = victim::largest(root, of)
                .ok_or_else(|| told!("nothing in {group} can be killed"))?;
            let size = victim.pages.saturating_mul(common::page_size() as u64) >> 10;
            let shown = format!("{} ({}, {size} KiB)", victim.pid, victim.name);
            match victim::kill(root, &victim) {
                Ok(()) => Ok(format!("killed {shown}")),
                Err(error) => Err(told!("killing {shown}: {error}")),
            }
        }
    }
}

fn reclaim(root: &Root, folder: &str, amount: u64) -> Result<String> {
    let now = || {
        let value = root.value(&format!("{folder}/memory.current"));
        value.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0)
    };
    let before = now();
    let path = format!("{folder}/memory.reclaim");
    let written = files::write(root, &path, &amount.to_string());
    let less = before.saturating_sub(now()) >> 10;
    match written {
        Ok(()) => Ok(format!("reclaimed {} KiB from {folder}", amount >> 10)),
        // There was not so much to be had (cgroup-v2.rst).
        Err(Errno::AGAIN) => Err(told!(
            "reclaimed {less} KiB of {} from {folder}",
            amount >> 10
        )),
        Err(errno) => Err(told!("{path}: {}", common::words(errno))),
    }
}

/// Stops a group or lets it go on.
pub fn freeze(root: &Root, folder: &str, stop: bool) -> Result<()> {
    let path = format!("{folder}/cgroup.freeze");
    let value = if stop { "1" } else { "0" };
    let written = files::write(root, &path, value);
    written.map_err(|errno| told!("{path}: {}", common::words(errno)))
}
