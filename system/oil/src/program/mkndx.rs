//! `mkndx`: an index of format v3.

use super::arguments::{Arguments, invalid};
use super::beside::write_file;
use super::change::files_trust as trust;
use super::index::Old;
use super::keys::{compression, signing_keys};
use super::outcome::{Failure, Outcome, reason_of};
use super::session::{Session, settings};
use oil::context::Context;
use oil::make::{Hash, IndexMaker};
use oil::package::Info;
use oil::package_name::PackageName;
use std::io::Write as _;
use std::path::Path;

/// How files are called unless the command line says otherwise.
const USUAL: &str = "${name}-${version}.apk";

/// A package's name by a spec.
fn named(info: &Info, spec: &str) -> String {
    let Some(identity) = info.identity else {
        return String::new();
    };
    let name = PackageName {
        name: &info.name,
        version: info.version.as_str(),
        arch: &info.arch,
        identity,
    };
    name.expand(spec).unwrap_or_default()
}

/// Makes the index.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let hash = match arguments.value("hash") {
        None | Some("sha256") => Hash::Sha256,
        Some("sha256-160") => Hash::Sha256Short,
        Some(other) => {
            session.error(&format!("hash '{other}' not recognized or allowed"));
            return Err(invalid("hash", other));
        }
    };
    if let Some(arch) = arguments.value("rewrite-arch") {
        return Err(Failure::usage(format_args!(
            "--rewrite-arch is removed, use instead: --pkgname-spec '{arch}/{USUAL}'"
        )));
    }
    let mut settings = settings(arguments)?;
    settings.installed = false;
    let context = session.open_with(&settings)?;
    let keys = signing_keys(arguments)?;
    let compression = compression(arguments)?.unwrap_or_default();
    let output = arguments
        .value("output")
        .ok_or_else(|| Failure::new("Please specify --output FILE"))?;
    let old = Old::named(&context, arguments)?;
    let mut maker = IndexMaker::new();
    maker.description = arguments
        .value("description")
        .unwrap_or_default()
        .to_owned();
    maker.name_spec = arguments
        .value("pkgname-spec")
        .unwrap_or_default()
        .to_owned();
    maker.hash = hash;
    let fresh = match arguments.value("filter-spec") {
        Some(spec) => {
            let old = old.ok_or_else(|| Failure::new("--filter-spec requires --index"))?;
            let wanted = |info: &Info| arguments.operands.contains(&named(info, spec));
            old.packages
                .into_iter()
                .filter(wanted)
                .for_each(|info| maker.add(info));
            0
        }
        None => add_files(session, &context, arguments, &mut maker, old.as_ref())?,
    };
    write_file(output, |out| maker.write_v3(out, &keys, compression))?;
    if session.verbosity >= 0 {
        let count = maker.packages().len();
        writeln!(
            session.out,
            "Index has {count} packages (of which {fresh} are new)"
        )?;
    }
    Ok(0)
}

/// Adds the packages of the command line. How many were not in the old index.
fn add_files(
    session: &mut Session,
    context: &Context,
    arguments: &Arguments,
    maker: &mut IndexMaker,
    old: Option<&Old>,
) -> Result<usize, Failure> {
    let spec = arguments.value("pkgname-spec").unwrap_or(USUAL);
    let last = spec.rsplit('/').next().unwrap_or_default().to_owned();
    let (mut errors, mut fresh) = (0, 0);
    for text in &arguments.operands {
        let path = Path::new(text);
        let known = old.and_then(|old| old.find(path, |info| named(info, &last)));
        let name = if let Some(info) = known {
            maker.add(info.clone());
            named(info, &last)
        } else {
            match maker.add_file(path, &trust(context)) {
                Ok(info) => {
                    fresh += 1;
                    named(info, &last)
                }
                Err(error) => {
                    errors += 1;
                    session.error(&format!("{text}: {}", reason_of(&error)));
                    continue;
                }
            }
        };
        if arguments.value("pkgname-spec").is_some()
            && path.file_name().is_none_or(|own| *own != *name)
        {
            session.warning(&format!(
                "{text}: not matching package name specification '{spec}'"
            ));
        }
        if session.verbosity > 0 {
            let how = if known.is_some() {
                "from old index"
            } else {
                "new package"
            };
            writeln!(session.out, "{text}: indexed {how}")?;
        }
    }
    if errors > 0 {
        return Err(Failure::new(format_args!(
            "{errors} errors, not creating index"
        )));
    }
    Ok(fresh)
}
