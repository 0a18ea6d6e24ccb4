//! `index`: an index of format v2.

use super::arguments::Arguments;
use super::beside::write_file;
use super::change::files_trust as trust;
use super::keys::signing_keys;
use super::outcome::{FAILED, Failure, Outcome, reason, reason_of};
use super::session::{Session, settings};
use oil::context::Context;
use oil::error::Result;
use oil::index::{Index, IndexTrust};
use oil::make::IndexMaker;
use oil::package::Info;
use oil::stream::{Format, PackageReader};
use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::SystemTime;

/// An index that was there before.
pub struct Old {
    /// Its packages.
    pub packages: Vec<Info>,
    made: SystemTime,
}

impl Old {
    /// The one that the command line names with `--index`, if it does.
    pub fn named(context: &Context, arguments: &Arguments) -> Result<Option<Self>, Failure> {
        let path = arguments.value("index");
        path.map(|path| Self::read(context, path)).transpose()
    }

    /// From its file, which a failure names.
    pub fn read(context: &Context, path: &str) -> Result<Self, Failure> {
        Self::load(context, path).map_err(|error| Failure::of(path, reason_of(&error)))
    }

    fn load(context: &Context, path: &str) -> Result<Self> {
        let trust = match context.settings.allow_untrusted {
            true => IndexTrust::Anything,
            false => IndexTrust::Keys(&context.keys),
        };
        let file = File::open(path)?;
        let made = file.metadata()?.modified()?;
        let index = Index::read(file, trust)?;
        let packages = index.packages().map(|view| Ok(view?.to_info()?));
        Ok(Self {
            packages: packages.collect::<Result<_>>()?,
            made,
        })
    }

    /// What it says of a package's file that has not changed since it was made.
    pub fn find(&self, path: &Path, name_of: impl Fn(&Info) -> String) -> Option<&Info> {
        let metadata = fs::metadata(path).ok()?;
        let name = path.file_name()?.to_str()?;
        let unchanged = metadata.modified().ok()? <= self.made;
        self.packages
            .iter()
            .find(|info| unchanged && info.file_size == metadata.len() && name_of(info) == name)
    }
}

/// `name-version.apk`.
pub fn file_name(info: &Info) -> String {
    format!("{}-{}.apk", info.name, info.version)
}

/// Makes the index.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let mut settings = settings(arguments)?;
    settings.installed = false;
    let context = session.open_with(&settings)?;
    let keys = signing_keys(arguments)?;
    let old = Old::named(&context, arguments)?;
    let mut maker = IndexMaker::new();
    maker.description = arguments
        .value("description")
        .unwrap_or_default()
        .to_owned();
    let (mut errors, mut fresh) = (0, 0);
    let mut origins = HashSet::new();
    let mut added = HashSet::new();
    for text in &arguments.operands {
        let path = Path::new(text);
        if fs::metadata(path).is_err() {
            session.warning(&format!("File '{text}' is unaccessible"));
            continue;
        }
        let known = old
            .as_ref()
            .and_then(|old| old.find(path, file_name))
            .cloned();
        fresh += usize::from(known.is_none());
        let info = match known.map_or_else(|| read(&context, path), Ok) {
            Ok(info) => info,
            Err(failure) => {
                errors += 1;
                session.error(&format!("{text}: {}", failure.text));
                continue;
            }
        };
        origins.insert(info.origin.clone());
        added.insert(file_name(&info));
        maker.add(rewritten(info, arguments));
    }
    if let Some(old) = old.filter(|_| arguments.has("merge")) {
        let prune = arguments.has("prune-origin");
        for info in old.packages {
            let replaced = added.contains(&file_name(&info));
            if !replaced && (!prune || !origins.contains(&info.origin)) {
                maker.add(rewritten(info, arguments));
            }
        }
    }
    if errors > 0 {
        return Ok(FAILED);
    }
    match arguments.value("output") {
        Some(path) => write_file(path, |out| maker.write_v2(out, &keys))?,
        None => {
            session.refuse_terminal(arguments)?;
            maker.write_v2(&mut session.out, &keys)?;
            return Ok(0);
        }
    }
    if !arguments.has("no-warnings") {
        warn(session, &maker);
    }
    if session.verbosity >= 0 {
        let count = maker.packages().len();
        writeln!(
            session.out,
            "Index has {count} packages (of which {fresh} are new)"
        )?;
    }
    Ok(0)
}

fn rewritten(mut info: Info, arguments: &Arguments) -> Info {
    if let Some(arch) = arguments.value("rewrite-arch") {
        arch.clone_into(&mut info.arch);
    }
    info
}

/// A package's metadata as an index has it.
fn read(context: &Context, path: &Path) -> Result<Info, Failure> {
    let file = File::open(path).map_err(|error| Failure::new(reason(&error)))?;
    let size = file.metadata()?.len();
    let reader = PackageReader::open(file, &trust(context))
        .map_err(|error| Failure::new(reason_of(&error)))?;
    let metadata = reader.metadata();
    if metadata.format != Format::V2 {
        return Err(Failure::new("file format not supported (in this applet)"));
    }
    Ok(Info {
        file_size: size,
        identity: Some(metadata.identity),
        ..metadata.info.clone()
    })
}

/// Says which dependencies nobody in the index provides.
fn warn(session: &mut Session, maker: &IndexMaker) {
    let mut provided: HashSet<&str> = HashSet::new();
    for info in maker.packages() {
        provided.insert(&info.name);
        provided.extend(info.provides.iter().map(|one| one.name.as_str()));
    }
    let mut missing = BTreeSet::new();
    for info in maker.packages() {
        let depends = info.depends.iter().filter(|one| !one.is_conflict());
        missing.extend(
            depends
                .map(|one| one.name.clone())
                .filter(|name| !provided.contains(name.as_str())),
        );
    }
    if !missing.is_empty() {
        let list: Vec<String> = missing.into_iter().collect();
        session.warning(&format!("nobody in the index provides {}", list.join(" ")));
    }
}
