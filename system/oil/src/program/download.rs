//! `fetch`.

use super::arguments::{Arguments, invalid};
use super::outcome::{Failure, Outcome, USAGE, reason};
use super::progress::Progress;
use super::select::{Selection, Solved, select, solve_for, sources};
use super::session::{self, Session, settings};
use oil::context::{Context, Found, cache::local_path};
use oil::date::Date;
use oil::fetch::{Job, fetch_all};
use oil::package::Info;
use oil::package_name::PackageName;
use oil::stream::{PackageReader, Trust};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A package to be had as a file.
struct Item {
    info: Info,
    url: String,
    place: PathBuf,
}

/// Downloads packages.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let mut settings = settings(arguments)?;
    sources(arguments, &mut settings)?;
    let mut selection = Selection::new(arguments)?;
    selection.available = true;
    if selection.recursive {
        // What is installed already is wanted as well.
        settings.installed = false;
    }
    let after = match arguments.value("built-after") {
        Some(text) => Some(time(text).ok_or_else(|| invalid("built-after", text))?),
        None => None,
    };
    let mut context = session.open_with(&settings)?;
    session.load(&mut context);
    let mut missed = Vec::new();
    let list = if selection.recursive {
        match solve_for(&context, &selection, &arguments.operands)? {
            Solved::Packages(list) => list,
            Solved::Report(report) => {
                session.report(&report);
                return Ok(0);
            }
        }
    } else {
        select(&context, &selection, &arguments.operands, |text| {
            missed.push(text.to_owned())
        })?
    };
    let directory = PathBuf::from(arguments.value("output").unwrap_or("."));
    let mut items = Vec::new();
    for found in &list {
        let info = context.info(found.offered.unwrap_or(found.place))?;
        if after.is_none_or(|after| info.build_time == 0 || info.build_time > after) {
            items.push(item(&context, found, info, &directory, arguments)?);
        }
    }
    if !missed.is_empty() {
        if !arguments.has("stdout") {
            for name in missed {
                writeln!(
                    session.out,
                    "{name}: unable to select package (or its dependencies)"
                )?;
            }
        }
        return Ok(USAGE);
    }
    let well = match arguments.has("stdout") {
        true => to_stdout(session, &context, &items)?,
        false => to_files(session, arguments, &context, &items)?,
    };
    Ok(if well { 0 } else { USAGE })
}

/// A day and a time of it, or seconds since 1970.
fn time(text: &str) -> Option<u64> {
    let whole = || Date::parse(text).filter(|_| text.contains(' '));
    text.parse()
        .ok()
        .or_else(|| u64::try_from(whole()?.seconds()).ok())
}

fn item(
    context: &Context,
    found: &Found,
    info: Info,
    directory: &Path,
    arguments: &Arguments,
) -> Result<Item, Failure> {
    let name = format!("{}-{}", info.name, info.version);
    let lost = || Failure::new(format_args!("{name}: no repository says where it is"));
    let url = context.url(found).ok_or_else(lost)?;
    let spec = arguments
        .value("pkgname-spec")
        .unwrap_or("${name}-${version}.apk");
    let file = PackageName {
        name: &info.name,
        version: info.version.as_str(),
        arch: &info.arch,
        identity: info.identity.ok_or_else(lost)?,
    }
    .expand(spec)
    .map_err(|_| invalid("pkgname-spec", spec))?;
    Ok(Item {
        place: directory.join(file),
        info,
        url,
    })
}

fn is_local(url: &str) -> bool {
    !url.contains("://") || url.starts_with("file://")
}

/// Makes sure that a file is the package that the index names.
fn verified(context: &Context, info: &Info, path: &Path) -> Result<(), Failure> {
    let trust = match info.identity {
        Some(identity) => Trust::Identity(identity),
        None => super::change::files_trust(context),
    };
    let check = || {
        PackageReader::open(File::open(path)?, &trust)?
            .finish()
            .map(|_| ())
    };
    check().map_err(|error| Failure::new(super::outcome::reason_of(&error)))
}

/// False if one could not be had.
fn to_files(
    session: &mut Session,
    arguments: &Arguments,
    context: &Context,
    items: &[Item],
) -> Result<bool, Failure> {
    let (mut jobs, mut remote) = (Vec::new(), Vec::new());
    let mut well = true;
    for item in items {
        let size = item.info.file_size;
        let there = fs::metadata(&item.place).is_ok_and(|metadata| metadata.len() == size);
        if arguments.has("url") {
            writeln!(session.out, "{}", item.url)?;
        } else if !there && session.verbosity >= 0 {
            writeln!(
                session.out,
                "Downloading {}-{}",
                item.info.name, item.info.version
            )?;
        }
        if arguments.has("simulate") || there {
            continue;
        }
        if is_local(&item.url) {
            let from = local_path(&item.url);
            let result = copy(&from, &item.place, arguments.has("link"));
            let result = result.map_err(|error| Failure::new(reason(&error)));
            well &= settle(session, context, item, result);
        } else {
            jobs.push(Job {
                url: item.url.clone(),
                place: item.place.clone(),
                size: (size > 0).then_some(size),
            });
            remote.push(item);
        }
    }
    if jobs.is_empty() {
        return Ok(well);
    }
    session.out.flush()?;
    let total = jobs.iter().filter_map(|job| job.size).sum();
    let progress = Progress::new(arguments, "Downloading", total, session.verbosity < 0);
    let results = fetch_all(&session::client(context), &jobs, &progress);
    progress.clear();
    for (item, result) in remote.into_iter().zip(results) {
        let result = result.map_err(Failure::new);
        well &= settle(session, context, item, result);
    }
    Ok(well)
}

/// Verifies what came, and says what went wrong.
fn settle(
    session: &mut Session,
    context: &Context,
    item: &Item,
    result: Result<(), Failure>,
) -> bool {
    let result = result.and_then(|()| verified(context, &item.info, &item.place));
    if let Err(failure) = &result {
        let _ = fs::remove_file(&item.place);
        let name = format!("{}-{}", item.info.name, item.info.version);
        session.error(&format!("{name}: {}", failure.text));
    }
    result.is_ok()
}

fn copy(from: &Path, to: &Path, link: bool) -> io::Result<()> {
    if link && fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to).map(|_| ())
}

fn to_stdout(session: &mut Session, context: &Context, items: &[Item]) -> Result<bool, Failure> {
    let client = session::client(context);
    for item in items {
        let fetched = !is_local(&item.url);
        let path = match fetched {
            false => local_path(&item.url),
            true => {
                let name = format!("oil.{}.{}.apk", std::process::id(), item.info.name);
                let place = std::env::temp_dir().join(name);
                let want = oil::fetch::Want {
                    size: (item.info.file_size > 0).then_some(item.info.file_size),
                    ..oil::fetch::Want::default()
                };
                client.get(&item.url, &place, &want, &|_| {})?;
                place
            }
        };
        let result = verified(context, &item.info, &path)
            .and_then(|()| Ok(io::copy(&mut File::open(&path)?, &mut session.out)?));
        if fetched {
            let _ = fs::remove_file(&path);
        }
        result?;
    }
    Ok(true)
}
