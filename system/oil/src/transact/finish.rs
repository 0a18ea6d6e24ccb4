//! Writes the database of a transaction whose steps are done, and puts it in its place.

use super::area::Area;
use super::journal::{Journal, Progress, digest_of};
use super::manifest::Manifest;
use super::unpack::name_of;
use crate::database::installed::{self, Installed};
use crate::database::record::Record;
use crate::database::scripts::{Script, Scripts};
use crate::database::triggers::Triggers;
use crate::database::{self, sidecar};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::package::ScriptKind;
use rustix::fs::OFlags;
use std::collections::HashSet;
use std::fs;
use std::io::{BufWriter, Write as _};

/// The order in which apk writes a package's scripts.
const ORDER: [ScriptKind; 7] = [
    ScriptKind::PreInstall,
    ScriptKind::PostInstall,
    ScriptKind::PreDeinstall,
    ScriptKind::PostDeinstall,
    ScriptKind::PreUpgrade,
    ScriptKind::PostUpgrade,
    ScriptKind::Trigger,
];

/// Where a record comes from.
#[derive(Clone, Copy)]
enum From {
    Before(usize),
    Step(usize),
    Edited(usize),
}

/// The packages that will be, by name.
struct Packages<'f> {
    area: &'f Area<'f>,
    journal: &'f Journal,
    before: &'f Installed,
    edited: Installed,
}

impl Packages<'_> {
    fn sorted(&self) -> Vec<(Vec<u8>, From)> {
        let journal = self.journal;
        let going = journal.steps.iter().filter(|line| !line.pinned);
        let edited = (0..self.edited.places().len()).map(|place| self.edited.name(place));
        let others: HashSet<&[u8]> = going
            .map(|line| line.name.as_bytes())
            .chain(edited.clone())
            .collect();
        let mut all: Vec<(Vec<u8>, From)> = (0..self.before.places().len())
            .map(|place| (self.before.name(place).to_vec(), From::Before(place)))
            .filter(|(name, _)| !others.contains(name.as_slice()))
            .collect();
        all.extend(
            edited
                .enumerate()
                .map(|(place, name)| (name.to_vec(), From::Edited(place))),
        );
        let steps = journal.steps.iter().enumerate();
        all.extend(
            steps
                .filter(|(_, line)| line.new.is_some() && !line.pinned)
                .map(|(step, line)| (line.name.as_bytes().to_vec(), From::Step(step))),
        );
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all
    }

    /// A record, its metadata and its files.
    fn write(&self, from: From, progress: &Progress, out: &mut Vec<u8>) -> Result<()> {
        let manifest = match from {
            From::Step(step) => Some(Manifest::read(&self.area.path(&name_of(step, "manifest")))?),
            From::Before(_) | From::Edited(_) => None,
        };
        let head = match (from, &manifest) {
            (From::Before(place), _) => self.before.head(place),
            (From::Edited(place), _) => self.edited.head(place),
            (From::Step(_), Some(manifest)) => manifest.head(),
            (From::Step(_), None) => &[],
        };
        let broken = match from {
            From::Step(step) => progress.broken.get(&step).copied().unwrap_or_default(),
            From::Before(_) | From::Edited(_) => super::journal::Broken::default(),
        };
        if broken == super::journal::Broken::default() && progress.failed_triggers.is_empty() {
            out.extend_from_slice(head);
        } else {
            let mut record = Record::parse(head).map_err(|fault| Error::Make(fault.reason))?;
            let identity = record.info.identity.map(|identity| identity.short());
            let triggered = identity.is_some_and(|one| progress.failed_triggers.contains(&one));
            record.flags.broken_files |= broken.files;
            record.flags.broken_script |= broken.script || triggered;
            record.write(out);
            out.pop();
        }
        match (from, manifest) {
            (_, Some(manifest)) => manifest.write_files(out),
            (From::Before(place), _) => out.extend_from_slice(self.before.files(place)),
            (From::Edited(place), _) => out.extend_from_slice(self.edited.files(place)),
            (From::Step(_), None) => {}
        }
        if out.last().is_some_and(|&byte| byte != b'\n') {
            out.push(b'\n');
        }
        out.push(b'\n');
        Ok(())
    }

    fn identity(&self, from: From) -> Result<Option<Digest>> {
        let identity = match from {
            From::Before(place) => self.before.metadata(place)?.info.identity,
            From::Edited(place) => self.edited.metadata(place)?.info.identity,
            From::Step(step) => self.journal.steps[step].new.as_ref().and_then(|new| new.1),
        };
        Ok(identity.map(|identity| identity.short()))
    }
}

/// Writes the new files into the area.
pub fn write(
    area: &Area,
    journal: &Journal,
    progress: &mut Progress,
    before: &Installed,
) -> Result<()> {
    let edited = database::read_if_there(&area.path("edits"))?.unwrap_or_default();
    let packages = Packages {
        area,
        journal,
        before,
        edited: Installed::from_text(area.path("edits"), edited),
    };
    let sorted = packages.sorted();
    let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::TRUNC;
    let place = area.path("installed");
    let mut out = BufWriter::with_capacity(128 << 10, area.file("installed", flags)?);
    let mut record = Vec::new();
    for (_, from) in &sorted {
        record.clear();
        packages.write(*from, progress, &mut record)?;
        out.write_all(&record).map_err(Error::file(&place))?;
    }
    out.flush().map_err(Error::file(&place))?;
    drop(out);
    scripts_and_triggers(area, &packages, &sorted)?;
    progress.add(&format!("database {}", digest_of(&place)?))
}

fn scripts_and_triggers(
    area: &Area,
    packages: &Packages,
    sorted: &[(Vec<u8>, From)],
) -> Result<()> {
    let root = area.root().path();
    let old = Scripts::read(root)?;
    let known = Triggers::read(root)?;
    let mut triggers = Triggers::default();
    let mut entries = Vec::new();
    for (name, from) in sorted {
        match from {
            From::Step(step) => {
                let Some((version, Some(identity))) = &packages.journal.steps[*step].new else {
                    continue;
                };
                let package = format!("{}-{version}", String::from_utf8_lossy(name));
                let manifest = Manifest::read(&area.path(&name_of(*step, "manifest")))?;
                let record =
                    Record::parse(manifest.head()).map_err(|fault| Error::Make(fault.reason))?;
                for kind in ORDER {
                    let path = area.path(&name_of(*step, kind.name()));
                    if let Some(content) = database::read_if_there(&path)? {
                        entries.push(Script {
                            package: package.clone(),
                            identity: identity.short(),
                            kind,
                            mtime: record.info.build_time,
                            content,
                        });
                    }
                }
                let globs = database::read_if_there(&area.path(&name_of(*step, "triggers")))?;
                if let Some(globs) = globs {
                    let globs = String::from_utf8_lossy(&globs).into_owned();
                    let globs = globs.split(' ').map(str::to_owned).collect();
                    triggers.entries.push((identity.short(), globs));
                }
            }
            From::Before(_) | From::Edited(_)
                if !old.entries.is_empty() || !known.entries.is_empty() =>
            {
                let Some(identity) = packages.identity(*from)? else {
                    continue;
                };
                entries.extend(old.of(&identity).cloned());
                if let Some(globs) = known.of(&identity) {
                    triggers.entries.push((identity, globs.to_vec()));
                }
            }
            From::Before(_) | From::Edited(_) => {}
        }
    }
    if entries != old.entries || !old.path().exists() {
        let (_, bytes) = old.with(entries).to_file();
        area.write("scripts", &bytes)?;
    }
    area.write("triggers", triggers.to_text().as_bytes())
}

/// Puts what [`write`] wrote in its place, and makes the sidecar of it.
pub fn place(area: &Area, journal: &Journal) -> Result<Installed> {
    let root = area.root().path();
    let directory = root.join(database::DIRECTORY);
    let scripts = Scripts::path_of(root);
    let etc = root.join("etc/apk");
    fs::create_dir_all(&etc).map_err(Error::file(&etc))?;
    for (name, place) in [
        ("installed", directory.join("installed")),
        ("scripts", scripts),
        ("triggers", directory.join("triggers")),
        ("world", etc.join("world")),
    ] {
        let from = area.path(name);
        match fs::rename(&from, &place) {
            Ok(()) => {}
            // It was done before, or did not change.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !from.exists() => {}
            // The world is the one that may be on another file system.
            Err(error) if error.kind() == std::io::ErrorKind::CrossesDevices => {
                let bytes = fs::read(&from).map_err(Error::file(&from))?;
                database::replace(&place, &bytes)?;
            }
            Err(error) => return Err(Error::file(&place)(error)),
        }
    }
    let after = Installed::from_text(
        installed::path(root),
        database::read_if_there(&installed::path(root))?.unwrap_or_default(),
    );
    // Without it everything works, more slowly.
    let _ = sidecar::write(root, &after, journal.sync);
    Ok(after)
}
