//! `stats`.

use super::arguments::Arguments;
use super::change::counts;
use super::outcome::Outcome;
use super::session::Session;
use oil::context::Context;
use oil::database::installed::Installed;
use oil::database::record::Acl;
use oil::database::triggers::Triggers;
use oil::solve::{Relation, Source as _};
use std::collections::HashSet;
use std::io::Write as _;

/// Shows numbers.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let mut context = session.open(arguments)?;
    session.load(&mut context);
    let installed = Installed::read(context.root())?;
    let (directories, files) = counts(&installed);
    let numbers = 0..context.installed.count();
    let bytes: u64 = numbers
        .map(|number| context.installed.package(number).installed_size)
        .sum();
    let triggers = Triggers::read(context.root())?;
    let (names, texts) = names(&context)?;
    let atoms = texts + owners(&installed)?;
    let out = &mut session.out;
    writeln!(out, "installed:")?;
    writeln!(out, "  packages: {}", context.installed.count())?;
    writeln!(out, "  dirs: {directories}")?;
    writeln!(out, "  files: {files}")?;
    writeln!(out, "  bytes: {bytes}")?;
    writeln!(out, "  triggers: {}", triggers.entries.len())?;
    writeln!(out, "available:")?;
    writeln!(out, "  names: {names}")?;
    writeln!(out, "  packages: {}", context.packages().len())?;
    writeln!(out, "atoms:")?;
    writeln!(out, "  num: {atoms}")?;
    writeln!(out)?;
    Ok(0)
}

/// How many different owners and permissions files and directories have; the usual two are always there.
fn owners(installed: &Installed) -> Result<usize, super::outcome::Failure> {
    let mut all = HashSet::new();
    let key = |acl: &Acl| {
        (
            acl.uid,
            acl.gid,
            acl.mode,
            acl.xattrs.map(|one| one.short()),
        )
    };
    all.extend([0o755, 0o644].map(|mode| key(&Acl::of_root(mode))));
    for number in 0..installed.places().len() {
        for directory in installed.record(number)?.directories {
            all.insert(key(&directory.acl));
            all.extend(directory.files.iter().map(|file| key(&file.acl)));
        }
    }
    Ok(all.len())
}

/// How many names packages have, provide, need or replace, and how many different texts their fields, the world and
/// the settings hold.
fn names(context: &Context) -> Result<(usize, usize), super::outcome::Failure> {
    let mut names: HashSet<String> = HashSet::new();
    let mut texts: HashSet<String> = HashSet::new();
    texts.insert("noarch".to_owned());
    texts.extend(context.arches.iter().cloned());
    texts.extend(context.repositories.tags.iter().cloned());
    for entry in context.world.entries() {
        texts.insert(entry.dependency.version.as_str().to_owned());
        texts.extend(entry.tag.clone());
    }
    for (_, _, index) in context.opened() {
        texts.insert(index.description()?);
    }
    for found in context.packages() {
        let source = context.source_of(found.place);
        names.insert(context.candidate(found.place).name.to_owned());
        for relation in [Relation::Depends, Relation::Provides, Relation::InstallIf] {
            source.relations(found.place.number, relation, &mut |name, version, _| {
                names.insert(name.to_owned());
                texts.insert(version.to_owned());
            });
        }
        let info = context.info(found.place)?;
        for one in info.replaces {
            names.insert(one.name);
            texts.insert(one.version.as_str().to_owned());
        }
        texts.extend(info.tags);
        texts.extend([
            info.version.as_str().to_owned(),
            info.arch,
            info.license,
            info.origin,
        ]);
        texts.extend([info.maintainer, info.url, info.description, info.commit]);
    }
    texts.remove("");
    Ok((names.len(), texts.len()))
}
