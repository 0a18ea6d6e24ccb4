//! Swap in compressed memory (`Documentation/admin-guide/blockdev/zram.rst`), as one value: `ALGORITHM BYTES PRIORITY`, or
//! `off`; the algorithm `-` is the kernel's own choice.

use super::{modules, swap};
use crate::error::{Error, Result, told};
use crate::files;
use crate::now;
use crate::policy::units;
use common::Root;
use std::fs;
use std::io::Write;

pub const OFF: &str = "off";

const FOLDER: &str = "/sys/block/zram0";
const DEVICE: &str = "/dev/zram0";

/// What a file of the device says.
fn file(root: &Root, name: &str) -> Option<String> {
    root.value(&format!("{FOLDER}/{name}"))
}

/// What it is now.
pub fn read(root: &Root) -> String {
    let size = file(root, "disksize").unwrap_or_default();
    if size.is_empty() || size == "0" {
        return OFF.to_owned();
    }
    let algorithms = file(root, "comp_algorithm").unwrap_or_default();
    let chosen = files::chosen(&algorithms);
    format!(
        "{chosen} {size} {}",
        priority(root).unwrap_or_else(|| "unused".to_owned())
    )
}

/// Its priority, if it is used for swap.
fn priority(root: &Root) -> Option<String> {
    let swaps = root.value("/proc/swaps")?;
    let mut lines = swaps.lines().map(str::split_ascii_whitespace);
    let mut line = lines.find(|line| line.clone().next() == Some(DEVICE))?;
    line.nth(4).map(str::to_owned)
}

/// The same value with a share of the memory in bytes.
pub fn resolve(root: &Root, wanted: &str) -> String {
    let (algorithm, rest) = wanted.split_once(' ').unwrap_or((wanted, ""));
    let (size, priority) = rest.split_once(' ').unwrap_or((rest, ""));
    let Some(share) = units::percent(size) else {
        return wanted.to_owned();
    };
    let total = now::total(root).unwrap_or(0);
    let bytes = (total / 100 * share) & !0xffff;
    format!("{algorithm} {bytes} {priority}")
}

/// Sets it up, or takes it down.
///
/// # Errors
/// What failed, and what to do; then it is off.
pub fn write(root: &Root, value: &str) -> Result<()> {
    if !root.is_real() {
        return Err(told!(
            "swap can be set up only in the system that runs: leave out --root"
        ));
    }
    down(root)?;
    if value == OFF {
        return Ok(());
    }
    let value = resolve(root, value);
    up(root, &value).inspect_err(|_| {
        let _ = down(root);
    })
}

fn up(root: &Root, value: &str) -> Result<()> {
    let mut fields = value.split(' ');
    let (algorithm, size) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
    let priority = fields.next().and_then(|field| field.parse().ok());
    if !root.at(FOLDER).exists() {
        modules::load(root, "zram", "")?;
    }
    let chosen = match algorithm {
        "-" => Ok(()),
        _ => set("comp_algorithm", root, algorithm),
    };
    chosen.map_err(|error| {
        let marked = file(root, "comp_algorithm").unwrap_or_default();
        let mut there = String::new();
        for part in marked.split(['[', ']']) {
            there += part;
        }
        told!("the kernel has no algorithm '{algorithm}' for zram; there are: {there} ({error})")
    })?;
    set("disksize", root, size).map_err(|error| told!("{FOLDER}/disksize: {error}"))?;
    let Some(priority) = priority else {
        return Ok(());
    };
    let header = swap::header(size.parse().unwrap_or(0), common::page_size());
    let device = root.at(DEVICE);
    let mut doing = "opening it";
    let mut used = || {
        let mut file = fs::OpenOptions::new().write(true).open(&device)?;
        doing = "writing its header";
        file.write_all(&header)?;
        file.sync_all()?;
        drop(file);
        doing = "using it for swap";
        swap::on(&device, priority)
    };
    let used = used();
    used.map_err(|error| Error::file(DEVICE, doing, error))
}

fn down(root: &Root) -> Result<()> {
    if priority(root).is_some() {
        swap::off(&root.at(DEVICE)).map_err(|error| {
            told!(
                "{DEVICE}: swapping it off: {}: free memory first",
                common::reason(&error)
            )
        })?;
    }
    if read(root) == OFF {
        return Ok(());
    }
    set("reset", root, "1")
        .map_err(|error| told!("{FOLDER}/reset: {error}: something else uses the device"))
}

fn set(name: &str, root: &Root, value: &str) -> Result<()> {
    let path = root.at(FOLDER).join(name);
    fs::write(path, value).map_err(|error| told!("{}", common::reason(&error)))
}
