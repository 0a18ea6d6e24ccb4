//! `alpenglow package update`: what upstream has newer than the pins of `sources.lock`.

use crate::context::Context;
use crate::error::{Error, Result};
use alpenglow_builder::progress::{Progress, step};
use alpenglow_forge::recipe;
use alpenglow_sources::Sources;
use alpenglow_sources::update::{News, Update};

/// Prints a line a source, and what else is to be said; with `write`, pins what is newer.
pub fn run(context: &Context, names: &[String], write: bool) -> Result<()> {
    let sources = context.sources()?;
    let names = sources_of(context, &sources, names)?;
    let update = Update::new(&sources, context.cache.dir());
    let remarks = step(&context.bars, "look up Debian's suites", |_| {
        update.refresh(&names)
    })?;
    let mut all = Vec::new();
    for name in &names {
        let news = step(&context.bars, &format!("look for {name}"), |_| {
            update.news(name)
        })?;
        all.push(news);
    }
    print(&all);
    for remark in remarks {
        context.bars.say(&format!("an index: {remark}"));
    }
    context
        .bars
        .say("The dates and signatures of indexes are not asked for: a file is trusted for its hash in sources.lock.");
    if !write {
        return Ok(());
    }
    for news in &all {
        let Some(pin) = &news.newer else { continue };
        step(&context.bars, &format!("fetch {}", news.name), |id| {
            let progress = |now: alpenglow_sources::Progress<'_>| {
                context.bars.advance(id, now.done, now.total);
            };
            update.write(news, &progress)
        })?;
        println!("{}: pinned {}, fetched and checked", news.name, pin.version);
    }
    Ok(())
}

/// The sources that are meant: by their own names or by those of packages that are built from them; all of the lock
/// where none is named.
fn sources_of(context: &Context, sources: &Sources, names: &[String]) -> Result<Vec<String>> {
    let listed = || sources.lock().sources().iter();
    if names.is_empty() {
        return Ok(listed().map(|source| source.name.clone()).collect());
    }
    let recipes = recipe::read_all(&context.repository.join("packages"))?;
    let mut found: Vec<String> = Vec::new();
    for name in names {
        let source = if listed().any(|source| source.name == *name) {
            name.clone()
        } else {
            match recipes.get(name) {
                Some(recipe) => recipe
                    .source
                    .clone()
                    .ok_or_else(|| Error::OwnPackage(name.clone()))?,
                None => {
                    return Err(Error::NoSource {
                        name: name.clone(),
                        known: listed()
                            .map(|source| &*source.name)
                            .collect::<Vec<_>>()
                            .join(", "),
                    });
                }
            }
        };
        if !found.contains(&source) {
            found.push(source);
        }
    }
    Ok(found)
}

/// The table: source, its first pin, whether a mirror has that, the newest that a mirror has.
fn print(all: &[News]) {
    let newest = |news: &News| match (&news.newer, news.there) {
        (Some(pin), _) => pin.version.clone(),
        (None, true) => "no newer one".to_owned(),
        (None, false) => "none".to_owned(),
    };
    let there = |news: &News| if news.there { "yes" } else { "gone" };
    let mut rows = vec![["source", "pinned", "there", "newer, and there"].map(str::to_owned)];
    rows.extend(all.iter().map(|news| {
        [
            news.name.clone(),
            news.pinned.version.clone(),
            there(news).to_owned(),
            newest(news),
        ]
    }));
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let (one, two, three) = (width(0), width(1), width(2));
    for [name, pinned, there, newer] in &rows {
        println!("{name:one$}  {pinned:two$}  {there:three$}  {newer}");
    }
    for news in all {
        for note in &news.notes {
            println!("{}: {note}", news.name);
        }
    }
}
