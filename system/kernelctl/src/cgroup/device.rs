//! Block devices as control groups name them: by number.

use super::ROOT;
use crate::error::{Result, told};
use crate::files;
use common::Root;

/// The number of a device: `254:0` of `vda`.
///
/// # Errors
/// That there is none of that name.
pub fn device(root: &Root, name: &str) -> Result<String> {
    let path = format!("/sys/class/block/{name}/dev");
    match files::read_value(&root.at(&path)) {
        Ok(Some(number)) => Ok(number),
        _ => Err(told!(
            "there is no block device '{name}' (no {path}): name one of /sys/class/block"
        )),
    }
}

/// The limits of one device in a file with a line for each; without a line it has none.
pub fn of_device(text: &str, name: &str, number: &str, path: &str) -> String {
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let found = lines.find(|(device, _)| *device == number);
    let none = match path.starts_with(ROOT) && path.ends_with("io.latency") {
        true => "target=max",
        false => "rbps=max wbps=max riops=max wiops=max",
    };
    format!("{name} {}", found.map_or(none, |(_, limits)| limits.trim()))
}
