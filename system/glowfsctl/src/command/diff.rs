//! `diff`: what differs between two images.

use super::open;
use crate::program::{DONE, FAILED, Given, Outcome, print};
use document::json::Json;
use glowfs::diff::{Change, diff as differ};
use std::path::Path;

/// A line for each path: `+` only in the second, `-` only in the first, `!` different. The status is 1 when there is one.
pub fn diff(given: &Given) -> Outcome {
    let (a, b) = (
        open(Path::new(&given.words[0]))?,
        open(Path::new(&given.words[1]))?,
    );
    let mut json = Json::default();
    json.array();
    let mut lines = String::new();
    let mut any = false;
    differ(&a, &b, &mut |path, change| {
        any = true;
        let (sign, name, what) = match &change {
            Change::Added => ('+', "added", &[][..]),
            Change::Removed => ('-', "removed", &[][..]),
            Change::Changed(what) => ('!', "changed", &what[..]),
        };
        if given.has("json") {
            json.object();
            json.key("path");
            json.string(&format!("/{}", String::from_utf8_lossy(path)));
            json.key("change");
            json.string(name);
            if !what.is_empty() {
                json.key("what");
                json.array();
                what.iter().for_each(|what| json.string(what));
                json.end();
            }
            json.end();
            return Ok(());
        }
        let behind = match what {
            [] => String::new(),
            what => format!(" ({})", what.join(", ")),
        };
        lines += &format!("{sign} /{}{behind}\n", String::from_utf8_lossy(path));
        Ok(())
    })?;
    json.end();
    print(&match given.has("json") {
        true => json.finish() + "\n",
        false => lines,
    })?;
    Ok(if any { FAILED } else { DONE })
}
