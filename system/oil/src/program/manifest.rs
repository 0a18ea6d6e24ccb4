//! `manifest`.

use super::arguments::Arguments;
use super::change::files_trust as trust;
use super::outcome::{Failure, Outcome, reason_of};
use super::session::Session;
use oil::context::Context;
use oil::digest::Digest;
use oil::package::EntryKind;
use oil::stream::PackageReader;
use std::fs::File;
use std::io::Write as _;

/// Prints digests of files.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let context = session.open(arguments)?;
    for name in &arguments.operands {
        match context.installed.find(name) {
            Some(number) => installed(session, &context, name, number)?,
            None => {
                if let Err(error) = file(session, &context, name) {
                    session.error(&format!("{name}: {}", error.text));
                }
            }
        }
    }
    Ok(0)
}

fn line(session: &mut Session, of: &str, digest: &str, path: &[u8]) -> Result<(), Failure> {
    if session.verbosity > 0 {
        write!(session.out, "{of}: ")?;
    }
    write!(session.out, "{digest}  ")?;
    session.out.write_all(path)?;
    writeln!(session.out)?;
    Ok(())
}

/// A digest with the name of its algorithm, by its length.
fn named(digest: Option<Digest>, short: &str) -> String {
    match digest {
        None => "none:".to_owned(),
        Some(digest) if digest.as_bytes().len() == 20 => format!("{short}:{}", digest.hex()),
        Some(digest) => format!("sha256:{}", digest.hex()),
    }
}

fn installed(
    session: &mut Session,
    context: &Context,
    name: &str,
    number: u32,
) -> Result<(), Failure> {
    let record = context.record(number)?;
    let short = if record.flags.sha256 {
        "sha256-160"
    } else {
        "sha1"
    };
    for directory in &record.directories {
        for file in &directory.files {
            let slash: &[u8] = if directory.path.is_empty() { b"" } else { b"/" };
            let path = [&directory.path[..], slash, &file.name].concat();
            line(session, name, &named(file.digest, short), &path)?;
        }
    }
    Ok(())
}

fn file(session: &mut Session, context: &Context, path: &str) -> Result<(), Failure> {
    let at = |error: &oil::error::Error| Failure::new(reason_of(error));
    let file = File::open(path).map_err(|error| Failure::new(super::outcome::reason(&error)))?;
    let mut reader = PackageReader::open(file, &trust(context)).map_err(|error| at(&error))?;
    while let Some(entry) = reader.next_entry().map_err(|error| at(&error))? {
        if entry.kind == EntryKind::Directory {
            continue;
        }
        while reader.chunk().map_err(|error| at(&error))?.is_some() {}
        let is_file = matches!(entry.kind, EntryKind::File | EntryKind::HardLink(_));
        let digest = match is_file {
            true => reader.content_digest().or(entry.digest),
            false if matches!(reader.metadata().format, oil::stream::Format::V2) => entry.digest,
            false => None,
        };
        line(session, path, &named(digest, "sha1"), &entry.path)?;
    }
    reader.finish().map_err(|error| at(&error))?;
    Ok(())
}
