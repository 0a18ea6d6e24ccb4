//! Doing a plan: each step, then all is read back; what failed is taken back.

mod perform;
mod report;

pub use report::{Outcome, Report};

use crate::configuration::{Configuration, Contribution, compile, read_state};
use crate::error::Result;
use crate::netlink::Socket;
use crate::netlink::constants::{
    NLM_F_CREATE, RTM_NEWADDR, RTM_NEWNEIGH, RTM_NEWROUTE, RTM_NEWRULE,
};
use crate::plan::{self, Scope, Step};
use crate::state::{STATIC, State};
use perform::Performer;

/// So often is what is not yet as it should be done again: what one step does can undo another's, as the kernel removes
/// routes with the address or the link that they go by.
const ROUNDS: u32 = 3;

/// How a plan is made and done.
#[derive(Clone, Copy, Debug)]
pub struct Manner<'a> {
    pub scope: Scope,
    /// Only what is about these links, and about none.
    pub only: Option<&'a [String]>,
    /// Whether what stands on a link that is not there waits for it, and is no mistake.
    pub patient: bool,
}

impl Manner<'_> {
    fn steps(
        &self,
        state: &State,
        all: &Configuration,
        leases: &[Contribution],
    ) -> Result<Vec<Step>, Vec<plan::Problem>> {
        let mut wanted = compile(all, state, leases);
        if self.patient {
            wanted.leave_out_waiting(state);
        }
        let mut steps = plan::plan(state, &wanted, self.scope)?;
        if let Some(only) = self.only {
            steps.retain(|step| {
                let link = step.action.told().link;
                link.is_empty() || only.contains(&link)
            });
        }
        Ok(steps)
    }
}

/// Tells what would be done, and does nothing.
///
/// # Errors
/// The kernel's, in reading.
pub fn plan(
    socket: &mut Socket,
    all: &Configuration,
    leases: &[Contribution],
    manner: Manner<'_>,
) -> Result<Report> {
    let state = read_state(socket, all)?;
    Ok(match manner.steps(&state, all, leases) {
        Ok(steps) => Report::new(Outcome::Planned, steps),
        Err(problems) => Report::refused(&problems),
    })
}

/// What was before, to go back to.
pub struct Before {
    state: State,
    done: Vec<Step>,
}

/// Does what is to be done, reads it back, and takes all back if some of it could not be done or does not hold.
///
/// # Errors
/// The kernel's, in reading, before anything is done.
pub fn apply(
    socket: &mut Socket,
    all: &Configuration,
    leases: &[Contribution],
    manner: Manner<'_>,
) -> Result<(Report, Before)> {
    let state = read_state(socket, all)?;
    let mut before = Before {
        state: state.clone(),
        done: Vec::new(),
    };
    let mut now = state;
    for round in 0..=ROUNDS {
        let steps = match manner.steps(&now, all, leases) {
            Ok(steps) => steps,
            Err(problems) => {
                let mut report = Report::refused(&problems);
                if !before.done.is_empty() {
                    report.left = undo(socket, &before);
                }
                return Ok((report, before));
            }
        };
        if steps.is_empty() {
            let report = Report::new(Outcome::Applied, before.done.clone());
            return Ok((report, before));
        }
        let failed = match round {
            ROUNDS => steps.first().map(|step| {
                let told = "the kernel took it, but it reads back otherwise".to_owned();
                (step.clone(), told)
            }),
            _ => perform_all(socket, &now, steps, &mut before.done),
        };
        if let Some((step, why)) = failed {
            let mut report = Report::new(Outcome::Undone, before.done.clone());
            report.problems.push(told(&step, &why));
            report.left = undo(socket, &before);
            return Ok((report, before));
        }
        now = read_state(socket, all)?;
    }
    let report = Report::new(Outcome::Applied, before.done.clone());
    Ok((report, before))
}

/// Does steps until one fails; that one, and why. One about a link that has gone meanwhile is passed over: it is
/// planned anew when the link comes back.
fn perform_all(
    socket: &mut Socket,
    state: &State,
    steps: Vec<Step>,
    done: &mut Vec<Step>,
) -> Option<(Step, String)> {
    let mut performer = Performer::new(socket, state);
    for step in steps {
        match performer.perform(&step.action) {
            Ok(()) => done.push(step),
            Err(_) if performer.vanished(&step.action) => {}
            Err(why) => return Some((step, why)),
        }
    }
    None
}

fn told(step: &Step, why: &str) -> String {
    let action = step.action.told();
    match &step.origin {
        Some(origin) => format!("{origin}: {action}: {why}"),
        None => format!("{action}: {why}"),
    }
}

/// Goes back to what was before. What cannot be put back is told.
pub fn undo(socket: &mut Socket, before: &Before) -> Vec<String> {
    let mut left = Vec::new();
    let Ok(now) = State::read(socket) else {
        return vec!["the kernel does not tell what there is".to_owned()];
    };
    let mut performer = Performer::new(socket, &now);
    for step in before.done.iter().rev() {
        let Some(action) = step.action.inverse() else {
            continue;
        };
        // What went with something else is gone already; what is missing in the end is looked for below.
        let _ = performer.perform(&action);
    }
    restore(socket, &before.state, &mut left);
    left
}

/// Puts back what the kernel took away with something else.
fn restore(socket: &mut Socket, before: &State, left: &mut Vec<String>) {
    let Ok(now) = State::read(socket) else {
        return;
    };
    let kernel = crate::netlink::constants::RTPROT_KERNEL;
    let mut put = |socket: &mut Socket, what: String, message| {
        if let Err(failure) = socket.request(message) {
            left.push(format!("{what}: {failure}"));
        }
    };
    let index = |name: &str| now.link(name).map(|link| link.index);
    for address in before.addresses.iter().filter(|one| one.scope == 0) {
        let there = now.addresses.iter().any(|other| other.is(address));
        if let (false, Some(index)) = (there, index(&address.link)) {
            let what = format!("{}: address {}", address.link, address.prefix);
            put(
                socket,
                what,
                address.message(RTM_NEWADDR, NLM_F_CREATE, index),
            );
        }
    }
    for route in before.routes.iter().filter(|one| one.protocol != kernel) {
        let there = now
            .routes
            .iter()
            .any(|other| other.is(route) && other.via == route.via);
        let link = route.link.as_deref();
        if !there && link.is_none_or(|link| index(link).is_some()) {
            let what = format!("route {}", plan::shown_route(route));
            let message = route.message(RTM_NEWROUTE, NLM_F_CREATE, link.and_then(index));
            put(socket, what, message);
        }
    }
    for rule in before.rules.iter().filter(|one| !now.rules.contains(one)) {
        put(
            socket,
            format!("rule {}", rule.priority),
            rule.message(RTM_NEWRULE, NLM_F_CREATE),
        );
    }
    for neighbour in before
        .neighbours
        .iter()
        .filter(|one| one.protocol == STATIC)
    {
        let there = now.neighbours.iter().any(|other| other.is(neighbour));
        if let (false, Some(index)) = (there, index(&neighbour.link)) {
            let what = format!("neighbour {}", neighbour.address);
            put(
                socket,
                what,
                neighbour.message(RTM_NEWNEIGH, NLM_F_CREATE, index),
            );
        }
    }
}
