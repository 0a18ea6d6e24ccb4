//! Swap in compressed memory (`Documentation/admin-guide/blockdev/zram.rst`), as one value: `ALGORITHM BYTES PRIORITY`, or
//! `off`; the algorithm `-` is the kernel's own choice.

use super::{modules, swap};
use crate::error::{Error, Result, told};
use crate::files;
use common::Root;
use std::fs;
use std::io;

pub const OFF: &str = "off";

const FOLDER: &str = "/sys/block/zram0";
const DEVICE: &str = "/dev/zram0";

/// What a file of the device says.
fn file(root: &Root, name: &str) -> Option<String> {
    files::read_value(&root.at(FOLDER).join(name))
        .ok()
        .flatten()
}

/// What it is now.
pub fn read(root: &Root) -> String {
    let size = file(root, "disksize").unwrap_or_default();
    if size.is_empty() || size == "0" {
        return OFF.to_owned();
    }
    let algorithms = file(root, "comp_algorithm").unwrap_or_default();
    let chosen = algorithms.split(['[', ']']).nth(1).unwrap_or(&algorithms);
    format!(
        "{chosen} {size} {}",
        priority(root).unwrap_or_else(|| "unused".to_owned())
    )
}

/// Its priority, if it is used for swap.
fn priority(root: &Root) -> Option<String> {
    let swaps = fs::read_to_string(root.at("/proc/swaps")).ok()?;
    let line = swaps
        .lines()
        .find(|line| line.split_ascii_whitespace().next() == Some(DEVICE))?;
    line.split_ascii_whitespace().nth(4).map(str::to_owned)
}

/// A share of the memory in bytes.
pub fn resolve(root: &Root, wanted: &str) -> String {
    let mut fields: Vec<String> = wanted.split(' ').map(str::to_owned).collect();
    if let Some(share) = fields
        .get(1)
        .and_then(|size| crate::policy::units::percent(size))
    {
        let memory = fs::read_to_string(root.at("/proc/meminfo")).unwrap_or_default();
        let total = memory
            .lines()
            .find_map(|line| line.strip_prefix("MemTotal:"));
        let total =
            total.and_then(|rest| rest.split_ascii_whitespace().next()?.parse::<u64>().ok());
        let bytes = total.unwrap_or(0).saturating_mul(1024) / 100 * share;
        fields[1] = (bytes & !0xffff).to_string();
    }
    fields.join(" ")
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
        let there = file(root, "comp_algorithm").unwrap_or_default();
        told!(
            "the kernel has no algorithm '{algorithm}' for zram; there are: {} ({error})",
            there.replace(['[', ']'], "")
        )
    })?;
    set("disksize", root, size).map_err(|error| told!("{FOLDER}/disksize: {error}"))?;
    let Some(priority) = priority else {
        return Ok(());
    };
    let failed = |doing| move |error| Error::file(DEVICE, doing, error);
    let page = common::page_size();
    let bytes = size.parse().unwrap_or(0);
    let file = fs::OpenOptions::new().write(true).open(root.at(DEVICE));
    let mut file = file.map_err(failed("opening it"))?;
    io::Write::write_all(&mut file, &swap::header(bytes, page))
        .map_err(failed("writing its header"))?;
    file.sync_all().map_err(failed("writing its header"))?;
    drop(file);
    swap::on(&root.at(DEVICE), priority).map_err(failed("using it for swap"))
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
