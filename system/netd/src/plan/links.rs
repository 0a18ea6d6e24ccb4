//! The part of a plan that is about links themselves.

use super::{Action, Problem, Step};
use crate::state::{Kind, State, features};
use crate::wanted::{Asked, Link, Wanted};

/// Links that are taken away, for good or to be made anew.
pub struct Farewell {
    pub names: Vec<String>,
    pub steps: Vec<Step>,
}

/// Adds the steps that make and change links.
///
/// # Errors
/// All that stands in the way.
pub fn plan(
    state: &State,
    wanted: &Wanted,
    steps: &mut Vec<Step>,
) -> Result<Farewell, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut doomed: Vec<String> = Vec::new();
    for link in state.links.iter().filter(|link| link.is_ours()) {
        let asked = wanted
            .links
            .iter()
            .find(|asked| asked.what.name == link.name);
        let peer = |asked: &Asked<Link>| matches!(&asked.what.kind, Some(Kind::Veth { peer }) if *peer == link.name);
        let kept = match asked {
            Some(asked) => asked
                .what
                .kind
                .as_ref()
                .is_none_or(|kind| kind.can_become(&link.kind)),
            None => wanted.links.iter().any(peer),
        };
        if !kept {
            doomed.push(link.name.clone());
        }
    }
    // A link goes with the one it stands on, and an end of a pair with the other.
    loop {
        let more: Vec<String> = state
            .links
            .iter()
            .filter(|link| !doomed.contains(&link.name))
            .filter(|link| {
                let with = match &link.kind {
                    Kind::Veth { peer } => Some(&**peer),
                    kind => kind.parent(),
                };
                with.is_some_and(|with| doomed.iter().any(|name| name == with))
            })
            .map(|link| link.name.clone())
            .collect();
        if more.is_empty() {
            break;
        }
        doomed.extend(more);
    }
    for asked in &wanted.links {
        make(state, wanted, asked, &doomed, steps, &mut problems);
    }
    for asked in &wanted.links {
        settings(state, wanted, asked, &doomed, steps, &mut problems);
    }
    in_order(steps);
    match problems.is_empty() {
        true => Ok(Farewell {
            steps: farewell(state, &doomed),
            names: doomed,
        }),
        false => Err(problems),
    }
}

/// Takes links away, by steps that can be taken back.
fn farewell(state: &State, doomed: &[String]) -> Vec<Step> {
    let (mut settings, mut removals) = (Vec::new(), Vec::new());
    let step = |action| Step {
        action,
        origin: None,
    };
    let gone = |name: &String| doomed.contains(name);
    for link in &state.links {
        if gone(&link.name) && link.is_up() {
            settings.push(step(Action::Up {
                link: link.name.clone(),
                from: true,
                to: false,
            }));
        }
        if let Some(master) = &link.master
            && (gone(&link.name) || gone(master))
        {
            settings.push(step(Action::Master {
                link: link.name.clone(),
                from: Some(master.clone()),
                to: None,
            }));
        }
        if gone(&link.name) {
            removals.push(step(Action::Link {
                name: link.name.clone(),
                kind: link.kind.clone(),
                mac: link.mac,
                mtu: link.mtu,
                make: false,
            }));
        }
    }
    // What stands on others goes before them.
    let parent_last = |step: &Step| match &step.action {
        Action::Link { kind, .. } => depth(state, kind.parent()),
        _ => 0,
    };
    removals.sort_by_key(|step| std::cmp::Reverse(parent_last(step)));
    settings.append(&mut removals);
    settings
}

/// On how many links this stands.
fn depth<'a>(state: &'a State, mut parent: Option<&'a str>) -> usize {
    let mut depth = 0;
    while let Some(link) = parent.and_then(|name| state.link(name)) {
        depth += 1;
        parent = link.kind.parent().filter(|_| depth < state.links.len());
    }
    depth
}

/// Makes a link that is not there.
fn make(
    state: &State,
    wanted: &Wanted,
    asked: &Asked<Link>,
    doomed: &[String],
    steps: &mut Vec<Step>,
    problems: &mut Vec<Problem>,
) {
    let Some(kind) = &asked.what.kind else {
        return;
    };
    let name = &asked.what.name;
    let mut wrong = |what: String| {
        problems.push(Problem {
            origin: asked.origin.clone(),
            what,
        });
    };
    let there = state.link(name).filter(|_| !doomed.contains(name));
    if let Some(there) = there {
        if !kind.can_become(&there.kind) && !is_spare(state, kind, there) {
            let is = match there.kind.word() {
                "" => "a link of the hardware".to_owned(),
                word => format!("a {word} of other settings or another kind"),
            };
            wrong(format!(
                "link.{name}: {name} is there already, {is}, and not made by netd: remove it, or choose another name"
            ));
        }
        return;
    }
    if let Some(parent) = kind.parent()
        && state.link(parent).is_none()
        && !wanted.makes(parent)
    {
        wrong(format!("link.{name}.parent: there is no link '{parent}'"));
        return;
    }
    // Of a pair, the one that is named first makes both.
    if let Kind::Veth { peer } = kind {
        let by_peer = steps.iter().any(
            |step| matches!(&step.action, Action::Link { name: of, make: true, .. } if of == peer),
        );
        if by_peer {
            return;
        }
        if state.link(peer).is_some() && !doomed.contains(peer) {
            wrong(format!(
                "link.{name}.peer: there is a link '{peer}' already: remove it, or choose another name"
            ));
            return;
        }
    }
    steps.push(Step {
        action: Action::Link {
            name: name.clone(),
            kind: kind.clone(),
            mac: asked.what.mac,
            mtu: asked.what.mtu.unwrap_or(0),
            make: true,
        },
        origin: Some(asked.origin.clone()),
    });
}

/// Whether a link that is there is a bond that nobody uses, as the kernel's module makes one when it is loaded: that becomes
/// whatever a bond can be.
fn is_spare(state: &State, kind: &Kind, there: &crate::state::Link) -> bool {
    let bonds = matches!((kind, &there.kind), (Kind::Bond(_), Kind::Bond(_)));
    let member = |link: &crate::state::Link| link.master.as_deref() == Some(&*there.name);
    bonds && !there.is_up() && !state.links.iter().any(member)
}

/// Gives a link its settings.
fn settings(
    state: &State,
    wanted: &Wanted,
    asked: &Asked<Link>,
    doomed: &[String],
    steps: &mut Vec<Step>,
    problems: &mut Vec<Problem>,
) {
    let link = &asked.what;
    let name = || link.name.clone();
    let there = state
        .link(&link.name)
        .filter(|_| !doomed.contains(&link.name));
    let mut push = |action| {
        steps.push(Step {
            action,
            origin: Some(asked.origin.clone()),
        });
    };
    if let (Some(to), Some(there)) = (&link.kind, there)
        && !to.holds(&there.kind)
        && (to.can_become(&there.kind) || is_spare(state, to, there))
    {
        push(Action::Kind {
            link: name(),
            from: there.kind.clone(),
            to: to.clone(),
        });
    }
    if let Some(to) = link.mac
        && there.is_none_or(|there| there.mac != Some(to))
        && (there.is_some() || matches!(link.kind, Some(Kind::Veth { .. })))
    {
        push(Action::Mac {
            link: name(),
            from: there.and_then(|there| there.mac),
            to,
        });
    }
    if let Some(to) = link.mtu
        && there.is_some_and(|there| there.mtu != to)
    {
        push(Action::Mtu {
            link: name(),
            from: there.map_or(0, |there| there.mtu),
            to,
        });
    }
    // One that goes has been left already.
    let master = there.and_then(|there| there.master.clone());
    let master = master.filter(|master| !doomed.contains(master));
    // A link leaves what netd made when no file puts it there any more; others' bridges it does not leave.
    let leaves = master
        .as_deref()
        .and_then(|master| state.link(master))
        .is_some_and(crate::state::Link::is_ours);
    if link.master != master && (link.master.is_some() || leaves) {
        let known = |of: &str| state.link(of).is_some() || wanted.makes(of);
        match &link.master {
            Some(to) if !known(to) => problems.push(Problem {
                origin: asked.origin.clone(),
                what: format!("link.{}.master: there is no link '{to}'", link.name),
            }),
            _ => push(Action::Master {
                link: name(),
                from: master,
                to: link.master.clone(),
            }),
        }
    }
    let mut push = |action| {
        steps.push(Step {
            action,
            origin: Some(asked.origin.clone()),
        });
    };
    for (feature, to) in &link.features {
        let key = features::place(&link.name, feature);
        let from = state.features.get(&key).copied();
        if there.is_some() && from != Some(*to) {
            push(Action::Feature {
                link: name(),
                name: feature.clone(),
                from: from.unwrap_or(!*to),
                to: *to,
            });
        }
    }
    if let Some(to) = &link.wireguard {
        let from = state.wireguard.get(&link.name).filter(|_| there.is_some());
        if !from.is_some_and(|from| to.holds(from)) {
            push(Action::Wireguard {
                link: name(),
                from: from.cloned().unwrap_or_default(),
                to: to.clone(),
            });
        }
    }
    let prefixes = [
        format!("net/ipv4/conf/{}/", link.name),
        format!("net/ipv6/conf/{}/", link.name),
    ];
    for sysctl in &wanted.sysctls {
        let (path, value) = &sysctl.what;
        let from = state.sysctls.get(path).filter(|_| there.is_some());
        let of_this = prefixes.iter().any(|prefix| path.starts_with(prefix));
        if of_this && from != Some(value) {
            steps.push(Step {
                action: Action::Sysctl {
                    name: path.clone(),
                    from: from.cloned(),
                    to: value.clone(),
                },
                origin: Some(sysctl.origin.clone()),
            });
        }
    }
    if let Some(to) = link.up {
        let from = there.is_some_and(crate::state::Link::is_up);
        if from != to {
            steps.push(Step {
                action: Action::Up {
                    link: name(),
                    from,
                    to,
                },
                origin: Some(asked.origin.clone()),
            });
        }
    }
}

/// Puts what makes links before what uses them: parents before what stands on them, everything before it is brought up.
fn in_order(steps: &mut Vec<Step>) {
    let stage = |step: &Step| match &step.action {
        Action::Link { make: true, .. } => 0,
        Action::Up { to: true, .. } => 3,
        Action::Master { .. } => 2,
        _ => 1,
    };
    // Stable: what is of one stage stays in the order of the files.
    steps.sort_by_key(stage);
    let making = steps.iter().take_while(|step| stage(step) == 0).count();
    let mut rest: Vec<Step> = steps.drain(..making).collect();
    let mut ordered = Vec::with_capacity(making);
    while !rest.is_empty() {
        let waits = |step: &Step| {
            let Action::Link { kind, .. } = &step.action else {
                return false;
            };
            let parent = kind.parent();
            rest.iter().any(|other| match &other.action {
                Action::Link {
                    kind: Kind::Veth { peer },
                    name,
                    ..
                } => parent == Some(&**name) || parent == Some(&**peer),
                Action::Link { name, .. } => parent == Some(&**name),
                _ => false,
            })
        };
        // In a circle none can be first: the kernel tells of the first then.
        let at = rest.iter().position(|step| !waits(step)).unwrap_or(0);
        ordered.push(rest.remove(at));
    }
    ordered.append(steps);
    *steps = ordered;
}
