//! From what is to what is to be: the steps, in an order in which they can be done. A pure function.
//!
//! Only what differs is touched. What nobody here asked for is left alone, unless it bears our mark
//! ([`crate::state::STATIC`], [`crate::state::DYNAMIC`], [`crate::state::OURS`]): then it was asked for once and is no more.
//! What is added comes before what is removed, so that what stays is reachable all the time.

mod links;
mod step;
#[cfg(test)]
mod tests;

pub use step::{Action, Change, Step, Told, shown_route};

use crate::state::{DYNAMIC, STATIC, State};
use crate::wanted::{Asked, Wanted};
use document::Origin;

/// Why what is wanted cannot be.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub origin: Origin,
    pub what: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.origin, self.what)
    }
}

/// Whose things are taken away when nobody asks for them any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of files; leases are another's, who runs.
    Files,
    /// Those of files and of leases.
    All,
}

impl Scope {
    fn owns(self, protocol: u8) -> bool {
        protocol == STATIC || protocol == DYNAMIC && self == Self::All
    }
}

/// What is to be done.
///
/// # Errors
/// All that stands in the way; nothing is to be done then.
pub fn plan(state: &State, wanted: &Wanted, scope: Scope) -> Result<Vec<Step>, Vec<Problem>> {
    let mut steps = Vec::new();
    let farewell = links::plan(state, wanted, &mut steps)?;
    // Links that go take everything with them: so that it can be taken back, what is on them goes first.
    let gone = |link: &str| farewell.names.iter().any(|name| name == link);
    let addresses = changes(
        &state.addresses,
        &wanted.addresses,
        |address| scope.owns(address.protocol) || gone(&address.link) && address.scope != 253,
        |wanted, there| wanted.is(there),
        |wanted, there| wanted.holds(there),
    );
    let routes = changes(
        &state.routes,
        &wanted.routes,
        |route| {
            let link = route.link.as_deref();
            scope.owns(route.protocol)
                || link.is_some_and(gone)
                    && route.protocol != crate::netlink::constants::RTPROT_KERNEL
        },
        |wanted, there| wanted.is(there),
        |wanted, there| wanted.holds(there),
    );
    let rules = changes(
        &state.rules,
        &wanted.rules,
        |rule| scope.owns(rule.protocol),
        |_, _| false,
        |wanted, there| wanted.holds(there),
    );
    let neighbours = changes(
        &state.neighbours,
        &wanted.neighbours,
        |neighbour| scope.owns(neighbour.protocol) || gone(&neighbour.link),
        |wanted, there| wanted.is(there),
        |wanted, there| wanted.mac == there.mac,
    );
    fn add<T>(
        steps: &mut Vec<Step>,
        from: (Vec<Changed<T>>, Vec<Changed<T>>),
        make: fn(Change<T>) -> Action,
    ) -> Vec<Step> {
        let to_step = |(change, origin): Changed<T>| Step {
            action: make(change),
            origin,
        };
        steps.extend(from.0.into_iter().map(to_step));
        from.1.into_iter().map(to_step).collect()
    }
    let mut late = Vec::new();
    let old_addresses = add(&mut steps, addresses, Action::Address);
    let old_neighbours = add(&mut steps, neighbours, Action::Neighbour);
    let old_routes = add(&mut steps, routes, Action::Route);
    let old_rules = add(&mut steps, rules, Action::Rule);
    for old in [old_rules, old_routes, old_neighbours, old_addresses] {
        late.extend(old);
    }
    // Links are removed last, unless the name of one is needed: then first, with what is on them.
    let needed = steps
        .iter()
        .any(|step| matches!(&step.action, Action::Link { name, make: true, .. } if gone(name)));
    if !needed {
        let left = |step: &Step| matches!(&step.action, Action::Master { to: None, .. });
        let (leaving, farewell): (Vec<Step>, Vec<Step>) =
            farewell.steps.into_iter().partition(left);
        let mut all = leaving;
        all.extend(steps);
        all.extend(late);
        all.extend(farewell);
        return Ok(all);
    }
    let (mut first, late): (Vec<Step>, Vec<Step>) = late
        .into_iter()
        .partition(|step| gone(&step.action.told().link));
    first.extend(farewell.steps);
    first.extend(steps);
    first.extend(late);
    Ok(first)
}

type Changed<T> = (Change<T>, Option<Origin>);

/// What is added or replaced, and what is removed.
fn changes<T: Clone>(
    there: &[T],
    wanted: &[Asked<T>],
    ours: impl Fn(&T) -> bool,
    same: impl Fn(&T, &T) -> bool,
    holds: impl Fn(&T, &T) -> bool,
) -> (Vec<Changed<T>>, Vec<Changed<T>>) {
    let (mut new, mut old) = (Vec::new(), Vec::new());
    for asked in wanted {
        let mut found = there.iter().filter(|there| same(&asked.what, there));
        let first = found.next();
        let held = there.iter().any(|there| {
            holds(&asked.what, there) && (same(&asked.what, there) || first.is_none())
        });
        if !held {
            let change = Change {
                from: first.cloned(),
                to: Some(asked.what.clone()),
            };
            new.push((change, Some(asked.origin.clone())));
        }
    }
    for there in there.iter().filter(|there| ours(there)) {
        let kept = |asked: &Asked<T>| same(&asked.what, there) || holds(&asked.what, there);
        if !wanted.iter().any(kept) {
            let change = Change {
                from: Some(there.clone()),
                to: None,
            };
            old.push((change, None));
        }
    }
    (new, old)
}
