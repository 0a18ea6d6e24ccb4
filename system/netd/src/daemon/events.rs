//! What changed between two looks, a line of JSON each.

use crate::plan::{Action, Change, Told};
use crate::state::{Link, State};
use document::json::Json;

fn line(told: &Told) -> String {
    let mut json = Json::default();
    json.object();
    told.write(&mut json);
    json.end();
    json.finish() + "\n"
}

/// One that is about the daemon.
pub fn other(link: &str, what: &str, to: &str) -> String {
    line(&Told {
        link: link.to_owned(),
        what: what.to_owned(),
        from: None,
        to: Some(to.to_owned()),
    })
}

/// A neighbour on a link that came or went.
pub fn neighbour(link: &str, from: Option<&str>, to: Option<&str>) -> String {
    line(&Told {
        link: link.to_owned(),
        what: "neighbour".to_owned(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    })
}

pub fn changes(old: &State, new: &State) -> String {
    let mut text = String::new();
    let on = |on: bool| Some(if on { "on" } else { "off" }.to_owned());
    let mut tell = |link: &str, what: &str, from: Option<String>, to: Option<String>| {
        if from != to {
            text += &line(&Told {
                link: link.to_owned(),
                what: what.to_owned(),
                from,
                to,
            });
        }
    };
    let same = |one: &Link, other: &Link| one.index == other.index && one.name == other.name;
    for link in &new.links {
        match old.links.iter().find(|other| same(other, link)) {
            None => {
                tell(&link.name, "link", None, Some(link.kind.word().to_owned()));
                tell(&link.name, "carrier", None, on(link.has_carrier()));
            }
            Some(was) => {
                tell(&link.name, "up", on(was.is_up()), on(link.is_up()));
                tell(
                    &link.name,
                    "carrier",
                    on(was.has_carrier()),
                    on(link.has_carrier()),
                );
                tell(
                    &link.name,
                    "mtu",
                    Some(was.mtu.to_string()),
                    Some(link.mtu.to_string()),
                );
                tell(
                    &link.name,
                    "master",
                    was.master.clone(),
                    link.master.clone(),
                );
            }
        }
    }
    for link in &old.links {
        if !new.links.iter().any(|other| same(other, link)) {
            tell(&link.name, "link", Some(link.kind.word().to_owned()), None);
        }
    }
    let add = |text: &mut String, action: Action| *text += &line(&action.told());
    difference(
        &old.addresses,
        &new.addresses,
        |one, other| one.is(other) && one.is_usable() == other.is_usable(),
        |change| add(&mut text, Action::Address(change)),
    );
    difference(&old.routes, &new.routes, PartialEq::eq, |change| {
        add(&mut text, Action::Route(change))
    });
    difference(&old.rules, &new.rules, PartialEq::eq, |change| {
        add(&mut text, Action::Rule(change))
    });
    text
}

fn difference<T: Clone>(
    old: &[T],
    new: &[T],
    same: impl Fn(&T, &T) -> bool,
    mut tell: impl FnMut(Change<T>),
) {
    for one in old
        .iter()
        .filter(|one| !new.iter().any(|other| same(one, other)))
    {
        tell(Change {
            from: Some(one.clone()),
            to: None,
        });
    }
    for one in new
        .iter()
        .filter(|one| !old.iter().any(|other| same(one, other)))
    {
        tell(Change {
            from: None,
            to: Some(one.clone()),
        });
    }
}
