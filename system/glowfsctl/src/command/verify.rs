//! `verify`: looks at all of an image.

use super::progress::Progress;
use super::{key, open, value};
use crate::program::{DONE, FAILED, Given, Outcome, complain, print};
use document::json::Json;
use glowfs::Result;
use glowfs::digest::hex;
use glowfs::verify::{PROBLEMS, Report};
use std::path::Path;

pub fn verify(given: &Given) -> Outcome {
    let path = Path::new(&given.words[0]);
    let threads = value::threads(given)?;
    let keys = given
        .values("key")
        .map(key::public)
        .collect::<Result<Vec<_>>>()?;
    let image = open(path)?;
    if !keys.is_empty() {
        image.require(&keys).map_err(|error| error.of(path))?;
    }
    let mut progress = Progress::new("verify", given.has("quiet"));
    let report = glowfs::verify::verify(&image, threads, &mut |done, all| progress.show(done, all))
        .map_err(|error| error.of(path))?;
    drop(progress);
    let identity = hex(&image.identity());
    if given.has("json") {
        print(&(json(&report, &identity) + "\n"))?;
    } else {
        for problem in &report.problems {
            complain(&format!("{}: {problem}", path.display()));
        }
        if report.count > PROBLEMS as u64 {
            let more = report.count - PROBLEMS as u64;
            complain(&format!("{}: and {more} more", path.display()));
        }
        if report.count == 0 && !given.has("quiet") {
            print(&format!(
                "{identity}\n{} files, {} blocks, {} bytes plain: all of it is right\n",
                report.inodes, report.blocks, report.plain
            ))?;
        }
    }
    Ok(if report.count > 0 { FAILED } else { DONE })
}

fn json(report: &Report, identity: &str) -> String {
    let mut json = Json::default();
    json.object();
    json.key("digest");
    json.string(identity);
    json.key("right");
    json.bool(report.count == 0);
    for (name, number) in [
        ("files", report.inodes),
        ("blocks", report.blocks),
        ("plain", report.plain),
        ("problem-count", report.count),
    ] {
        json.key(name);
        json.number(number as i64);
    }
    json.key("problems");
    json.array();
    report.problems.iter().for_each(|what| json.string(what));
    json.end();
    json.key("signers");
    json.array();
    report.signers.iter().for_each(|key| json.string(&hex(key)));
    json.end();
    json.end();
    json.finish()
}
