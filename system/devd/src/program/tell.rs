//! Commands that tell what would be, without the daemon.

use super::arguments::Given;
use super::{DONE, FAILED, complain, database, print};
use crate::block::source::Source;
use crate::block::{self, Place, superblock};
use crate::device::{Device, walk};
use crate::error::{Error, Result};
use crate::modules::insert::is_loaded;
use crate::modules::plan::{Plan, Verdict};
use crate::rules::Rules;
use common::reason;
use rustix::fs::{FileType, major, minor};
use std::fmt::Write;
use std::path::Path;

/// `match`: what each name stands for, and what would be loaded, in an order that would do.
pub fn matches(given: &Given) -> Result<u8> {
    let database = database(given)?;
    // Of another kernel, nothing is loaded.
    let of_running = given.options.release == crate::modules::running();
    let loaded = |name: &str| of_running && is_loaded(&given.options.root, name);
    let mut plan = Plan::new(&database, &loaded);
    let (mut text, mut missing) = (String::new(), false);
    for alias in &given.words {
        // What has a colon is a device's, and a blacklist counts.
        let verdicts = match alias.contains(':') {
            true => plan.device(alias),
            false => plan.module(alias),
        };
        if verdicts.is_empty() {
            complain(&format!(
                "no module of kernel {} is for '{alias}'",
                given.options.release
            ));
            missing = true;
        }
        for (name, verdict) in verdicts {
            let what = match verdict {
                Verdict::Load => "to be loaded".to_owned(),
                Verdict::Builtin => "part of the kernel".to_owned(),
                Verdict::Loaded => "loaded".to_owned(),
                Verdict::Blacklisted(place) => format!("not loaded for devices: {place}"),
                Verdict::Never(place) => format!("never loaded: {place}"),
            };
            let _ = writeln!(text, "{name}: {what}");
        }
    }
    for load in &plan.loads {
        let blank = if load.options.is_empty() { "" } else { " " };
        let _ = writeln!(text, "load {}{blank}{}", load.path, load.options);
    }
    print(&text);
    Ok(if missing { FAILED } else { DONE })
}

/// `check`: mistakes are told as they are found.
pub fn check(given: &Given) -> u8 {
    let mut wrong = 0;
    let mut tell = |error: Error| {
        wrong += 1;
        complain(&error.to_string());
    };
    Rules::read(&given.options.root, &mut tell);
    crate::modules::modprobe::Config::read(&given.options.root, &mut tell);
    if wrong == 0 { DONE } else { FAILED }
}

/// `info`: what is on a node or in an image, and for a node what the rules say.
pub fn info(given: &Given) -> Result<u8> {
    let rules = Rules::read(&given.options.root, |error| complain(&error.to_string()));
    let mut status = DONE;
    for path in &given.words {
        match node(given, path)? {
            Some(device) => print(&told(given, &rules, path, &device)),
            None => {
                let source =
                    Source::path(Path::new(path)).map_err(Error::file(path, "opening it"))?;
                let Some(contents) = superblock::identify(&source) else {
                    complain(&format!("{path}: nothing that is known is on it"));
                    status = FAILED;
                    continue;
                };
                print(&format!("{path}\n{}", shown(&contents)));
            }
        }
    }
    Ok(status)
}

fn shown(contents: &block::Contents) -> String {
    let mut text = format!("    type   {}\n", contents.kind);
    contents
        .uuid
        .iter()
        .for_each(|uuid| text += &format!("    uuid   {uuid}\n"));
    let label = contents.label.iter();
    label.for_each(|label| text += &format!("    label  {}\n", String::from_utf8_lossy(label)));
    text
}

/// The device of a node; none: it is a file. Links are followed.
fn node(given: &Given, path: &str) -> Result<Option<Device>> {
    let stat = rustix::fs::stat(path)
        .map_err(|errno| Error::Impossible(format!("{path}: {}", reason(&errno.into()))))?;
    let folder = match FileType::from_raw_mode(stat.st_mode) {
        FileType::BlockDevice => "block",
        FileType::CharacterDevice => "char",
        _ => return Ok(None),
    };
    let link = format!(
        "/sys/dev/{folder}/{}:{}",
        major(stat.st_rdev),
        minor(stat.st_rdev)
    );
    let root = &given.options.root;
    let found = std::fs::canonicalize(root.at(&link)).ok();
    let top = std::fs::canonicalize(root.at("/sys")).ok();
    let device = found.zip(top).and_then(|(found, top)| {
        let path = format!("/{}", found.strip_prefix(top).ok()?.to_str()?);
        walk::device(root, &path)
    });
    device.map(Some).ok_or_else(|| {
        Error::Impossible(format!(
            "{path}: the kernel has no device behind it, {link} is not there"
        ))
    })
}

fn told(given: &Given, rules: &Rules, path: &str, device: &Device) -> String {
    let root = &given.options.root;
    let said = rules.say(root, device);
    let mut text = format!(
        "{path}\n    device {}\n    of     {}\n",
        device.path, device.subsystem
    );
    if let Some(driver) = device.driver(root) {
        let _ = writeln!(text, "    driver {driver}");
    }
    let mut links = said.links.clone();
    if device.is_block() && said.read {
        let identity = block::identify(&Place::new(root, device));
        identity
            .contents
            .iter()
            .for_each(|contents| text += &shown(contents));
        links.extend(identity.links());
    }
    said.owner
        .iter()
        .for_each(|id| text += &format!("    owner  {id}\n"));
    said.group
        .iter()
        .for_each(|id| text += &format!("    group  {id}\n"));
    said.mode
        .iter()
        .for_each(|mode| text += &format!("    mode   {mode:04o}\n"));
    links
        .iter()
        .for_each(|link| text += &format!("    link   /dev/{link}\n"));
    said.places
        .iter()
        .for_each(|place| text += &format!("    rule   {place}\n"));
    text
}
