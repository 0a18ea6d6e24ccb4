//! `query`.

use super::arguments::{Arguments, invalid};
use super::fields::{self, Field, Subject};
use super::outcome::{Failure, Outcome, USAGE};
use super::reverse::{By, Reverse};
use super::select::{Selection, Solved, select, solve_for, sources};
use super::serialize::{self, Format};
use super::session::{Session, settings};
use oil::context::{Context, Found};
use std::collections::BTreeSet;

/// Fields that are printed if none are named.
const USUAL: [Field; 8] = [
    Field::Name,
    Field::Version,
    Field::Description,
    Field::Arch,
    Field::License,
    Field::Origin,
    Field::Url,
    Field::FileSize,
];

/// Fields to print.
pub struct Wanted {
    /// The fields, in the order of printing.
    pub fields: Vec<Field>,
    /// Whether they were named one by one, so that one that cannot be had is an error.
    pub named: bool,
}

/// A field's name with `:name`, `:package` or `:origin` behind it.
fn field_of(text: &str, option: &str, reverse: &mut Reverse) -> Result<Field, Failure> {
    let (name, by) = match text.split_once(':') {
        Some((name, by)) => (
            name,
            Some(By::parse(by).ok_or_else(|| invalid(option, text))?),
        ),
        None => (text, None),
    };
    let field = Field::parse(name)
        .filter(|field| *field != Field::Owner)
        .ok_or_else(|| invalid(option, text))?;
    match (field, by) {
        (_, None) => {}
        (Field::ReverseDepends, Some(by)) => reverse.depends_by = by,
        (Field::ReverseInstallIf, Some(by)) => reverse.install_if_by = by,
        _ => return Err(invalid(option, text)),
    }
    Ok(field)
}

impl Wanted {
    /// Those that the command line names.
    pub fn new(arguments: &Arguments, reverse: &mut Reverse) -> Result<Self, Failure> {
        let Some(names) = arguments.value("fields") else {
            return Ok(Self {
                fields: USUAL.to_vec(),
                named: false,
            });
        };
        let mut chosen = Vec::new();
        let mut named = true;
        for name in names.split(',') {
            if name == "all" {
                chosen.extend(fields::ALL.iter().map(|(field, _, _)| *field));
                named = false;
            } else {
                chosen.push(field_of(name, "fields", reverse)?);
            }
        }
        let all = fields::ALL.iter().map(|(field, _, _)| *field);
        Ok(Self {
            fields: all.filter(|field| chosen.contains(field)).collect(),
            named,
        })
    }
}

/// The query.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let mut settings = settings(arguments)?;
    sources(arguments, &mut settings)?;
    let selection = Selection::new(arguments)?;
    let format = Format::parse(arguments.value("format"))?;
    let mut reverse = Reverse::new(By::Name, By::Name, selection.installed);
    let wanted = Wanted::new(arguments, &mut reverse)?;
    let summary = match arguments.value("summarize") {
        Some(name) => {
            let field = field_of(name, "summarize", &mut reverse)?;
            Some(field)
                .filter(|field| field.is_summarizable())
                .ok_or_else(|| invalid("summarize", name))
                .map(Some)?
        }
        None => None,
    };
    let mut context = session.open_with(&settings)?;
    session.load(&mut context);
    let mut selection = selection;
    selection.all |= summary.is_some();
    let list = if selection.recursive {
        match solve_for(&context, &selection, &arguments.operands)? {
            Solved::Packages(list) => list,
            Solved::Report(report) => {
                session.report(&report);
                return Ok(0);
            }
        }
    } else {
        select(&context, &selection, &arguments.operands, |_| {})?
    };
    if let Some(field) = summary {
        let mut values = BTreeSet::new();
        for found in &list {
            values.extend(words(&context, found, field, &mut reverse)?);
        }
        let values: Vec<String> = values.into_iter().collect();
        serialize::words(&mut session.out, format, &values)?;
        return Ok(0);
    }
    print(
        session,
        &context,
        &list,
        &wanted,
        &mut reverse,
        format,
        selection.installed,
    )
}

/// A field's value as words without versions, for a summary.
fn words(
    context: &Context,
    found: &Found,
    field: Field,
    reverse: &mut Reverse,
) -> Result<Vec<String>, Failure> {
    let bare = |text: String| {
        let text = text.trim_start_matches('!').to_owned();
        let end = text.find(['<', '>', '=', '~']).unwrap_or(text.len());
        text[..end].to_owned()
    };
    let related = matches!(
        field,
        Field::Depends | Field::Provides | Field::Replaces | Field::InstallIf | Field::Recommends
    );
    let value = Subject::new(context, *found).value(field, reverse)?;
    Ok(match value {
        Some(fields::Value::Text(text)) => vec![text],
        Some(fields::Value::Words(list)) if related => list
            .into_iter()
            .filter(|text| !text.starts_with('!'))
            .map(bare)
            .collect(),
        Some(fields::Value::Words(list) | fields::Value::Gathered(list)) => list,
        _ => Vec::new(),
    })
}

/// Prints packages with their fields. The status is 1 if one has not all that were named.
#[allow(
    clippy::too_many_arguments,
    reason = "what is printed, of what, and how"
)]
pub fn print(
    session: &mut Session,
    context: &Context,
    list: &[Found],
    wanted: &Wanted,
    reverse: &mut Reverse,
    format: Format,
    installed_only: bool,
) -> Outcome {
    let mut lacking = false;
    let mut packages = Vec::new();
    for found in list {
        let found = match installed_only {
            true => Found {
                repositories: 0,
                offered: None,
                ..*found
            },
            false => *found,
        };
        let mut subject = Subject::new(context, found);
        let mut values = Vec::new();
        for field in &wanted.fields {
            lacking |= wanted.named && field.is_of_installed() && found.installed.is_none();
            if let Some(value) = subject.value(*field, reverse)? {
                values.push((*field, value));
            }
        }
        packages.push(values);
    }
    serialize::packages(&mut session.out, format, &packages)?;
    Ok(if lacking { USAGE } else { 0 })
}
