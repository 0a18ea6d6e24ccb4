//! `info` and `owns`.

use super::arguments::Arguments;
use super::fields::{Field, Subject};
use super::outcome::{Failure, Outcome, USAGE, count};
use super::query::{Wanted, print};
use super::reverse::{By, Reverse};
use super::select::{Selection, select, sort, sources};
use super::serialize::Format;
use super::session::{Session, settings};
use super::size;
use oil::context::{Context, Found};
use std::io::Write as _;
use std::path::Path;

/// What `info` can tell, in the order in which it does: its option, the field, the words behind the package, and
/// whether only installed packages have it.
const PARTS: [(&str, Field, &str, bool); 12] = [
    ("description", Field::Description, "description:", false),
    ("webpage", Field::Url, "webpage:", false),
    ("size", Field::InstalledSize, "installed size:", false),
    ("depends", Field::Depends, "depends on:", false),
    ("provides", Field::Provides, "provides:", false),
    ("rdepends", Field::ReverseDepends, "is required by:", true),
    ("contents", Field::Contents, "contains:", true),
    ("triggers", Field::Triggers, "triggers:", true),
    (
        "install-if",
        Field::InstallIf,
        "has auto-install rule:",
        false,
    ),
    (
        "rinstall-if",
        Field::ReverseInstallIf,
        "affects auto-installation of:",
        true,
    ),
    ("replaces", Field::Replaces, "replaces:", true),
    ("license", Field::License, "license:", false),
];

/// Tells about packages.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    if arguments.has("who-owns") {
        return owns(session, arguments);
    }
    let mut settings = settings(arguments)?;
    sources(arguments, &mut settings)?;
    let mut context = session.open_with(&settings)?;
    if arguments.has("exists") {
        return exists(session, &context, arguments);
    }
    if arguments.operands.is_empty() {
        return installed(session, &context);
    }
    session.load(&mut context);
    let mut selection = Selection::new(arguments)?;
    if arguments.value("match").is_none() {
        selection.fields = vec![Field::Name, Field::Provides];
    }
    selection.all = true;
    let mut missed = 0;
    let list = select(&context, &selection, &arguments.operands, |_| missed += 1)?;
    let mut reverse = Reverse::new(By::Package, By::Package, true);
    let all = arguments.has("all");
    let mut parts: Vec<_> = PARTS
        .iter()
        .filter(|(option, ..)| all || arguments.has(option))
        .collect();
    if parts.is_empty() {
        parts = PARTS[..3].iter().collect();
    }
    let legacy = arguments.switch("legacy-info") != Some(false)
        && arguments.value("fields").is_none()
        && arguments.value("format").is_none();
    if !legacy {
        let mut wanted = Wanted::new(arguments, &mut reverse)?;
        if arguments.value("fields").is_none() {
            let fields: Vec<Field> = parts.iter().map(|(_, field, ..)| *field).collect();
            let usual = [Field::Name, Field::Version];
            wanted.fields = super::fields::ALL
                .iter()
                .map(|(field, ..)| *field)
                .filter(|field| all || fields.contains(field) || usual.contains(field))
                .collect();
        }
        let format = Format::parse(arguments.value("format"))?;
        return print(
            session,
            &context,
            &list,
            &wanted,
            &mut reverse,
            format,
            false,
        );
    }
    let mut lacking = false;
    for found in &list {
        let mut subject = Subject::new(&context, *found);
        for (_, field, words, of_installed) in &parts {
            if *of_installed && found.installed.is_none() {
                lacking |= all;
                continue;
            }
            part(
                session,
                &context,
                &mut subject,
                found,
                *field,
                words,
                &mut reverse,
            )?;
        }
    }
    Ok(if missed > 0 || lacking { USAGE } else { 0 })
}

/// One part about one package: a line with its name, lines, and an empty line.
fn part(
    session: &mut Session,
    context: &Context,
    subject: &mut Subject<'_>,
    found: &Found,
    field: Field,
    words: &str,
    reverse: &mut Reverse,
) -> Result<(), Failure> {
    use super::fields::Value;
    let candidate = context.candidate(found.place);
    if session.verbosity >= 0 {
        writeln!(
            session.out,
            "{}-{} {words}",
            candidate.name, candidate.version
        )?;
    }
    match subject.value(field, reverse)? {
        Some(Value::Text(text)) => writeln!(session.out, "{text}")?,
        Some(Value::Number(number)) => writeln!(session.out, "{}", size::whole(number))?,
        Some(Value::Words(list) | Value::Gathered(list) | Value::Lines(list)) => {
            for one in list {
                writeln!(session.out, "{one}")?;
            }
        }
        None if field == Field::InstalledSize => writeln!(session.out, "0 B")?,
        None if matches!(field, Field::Description | Field::Url | Field::License) => {
            writeln!(session.out)?
        }
        None => {}
    }
    writeln!(session.out)?;
    Ok(())
}

/// The names of what is installed.
fn installed(session: &mut Session, context: &Context) -> Outcome {
    let list = context.packages();
    for found in list.iter().filter(|found| found.installed.is_some()) {
        name(session, context, found)?;
    }
    Ok(0)
}

fn name(session: &mut Session, context: &Context, found: &Found) -> Result<(), Failure> {
    let candidate = context.candidate(found.place);
    if session.verbosity > 0 {
        writeln!(session.out, "{}-{}", candidate.name, candidate.version)?;
    } else {
        writeln!(session.out, "{}", candidate.name)?;
    }
    Ok(())
}

/// Prints those that are installed; the status is how many are not.
fn exists(session: &mut Session, context: &Context, arguments: &Arguments) -> Outcome {
    let mut missing = 0;
    let mut list = Vec::new();
    for text in &arguments.operands {
        let found = context.providers(text);
        missing += usize::from(found.is_empty());
        list.extend(found);
    }
    sort(context, &mut list);
    for found in &list {
        name(session, context, found)?;
    }
    Ok(count(missing))
}

/// Tells whose files are.
pub fn owns(session: &mut Session, arguments: &Arguments) -> Outcome {
    let context = session.open(arguments)?;
    let mut missing = 0;
    for path in &arguments.operands {
        match context.owner(&absolute(&context, path))? {
            Some(owner) => {
                let candidate = context.candidate(super::select::place(owner));
                if session.verbosity < 0 {
                    writeln!(session.out, "{}", candidate.name)?;
                } else {
                    let (name, version) = (candidate.name, candidate.version);
                    writeln!(session.out, "{path} is owned by {name}-{version}")?;
                }
            }
            None => {
                missing += 1;
                session.error(&format!("{path}: Could not find owner package"));
            }
        }
    }
    Ok(count(missing))
}

/// A path of the running system may be relative to the current directory, and lead through links.
fn absolute(context: &Context, path: &str) -> String {
    if context.root() != Path::new("/") || path.starts_with('/') {
        return path.to_owned();
    }
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.into());
    whole.to_string_lossy().into_owned()
}
