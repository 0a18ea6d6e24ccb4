//! A boot under the instruction counter.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub use crate::counter::Sample;
use crate::error::{Error, Result};
use crate::guest;
use crate::machine::Machine;
use crate::spec::{Hypervisor, Marker, Spec};

/// When a measured machine has shown enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// All markers were seen: it is stopped.
    Markers,
    /// It powers off by itself, as a peer's initramfs does.
    PowerOff,
}

/// A measured boot. All but `total`, `console` and `wall` are the same on each run of the same files.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// The first instruction of a user process.
    pub first_user: Sample,
    /// The markers by name, at the last byte of each.
    pub markers: BTreeMap<String, Sample>,
    /// The end of a machine that powered off by itself. QEMU takes a moment to notice, so this is
    /// not the same to the last digit.
    pub total: Option<Sample>,
    /// What the console showed.
    pub console: String,
    /// Time on this computer.
    pub wall: Duration,
}

impl Measurement {
    /// A marker's sample.
    pub fn marker(&self, name: &str) -> Option<Sample> {
        self.markers.get(name).copied()
    }

    /// The memory that a peer printed (`/proc/meminfo`).
    pub fn memory(&self) -> Option<guest::Memory> {
        guest::memory(&self.console)
    }

    /// The uptime that a peer printed (`/proc/uptime`), s.
    pub fn uptime(&self) -> Option<f64> {
        guest::uptime(&self.console)
    }
}

/// Boots a machine under the counter and notes how many instructions it took to the first user
/// process and to each marker. Whatever `spec` says, this counts; `limits.boot` is for all of it.
///
/// # Errors
/// No counter; a machine that panics, ends or hangs before all markers were seen, or whose kernel told of a fault.
pub fn measure(
    hypervisor: &Hypervisor,
    spec: &Spec,
    markers: &[Marker],
    until: Until,
) -> Result<Measurement> {
    let mut spec = spec.clone();
    spec.counting = true;
    spec.markers = markers.to_vec();
    let mut machine = Machine::start(hypervisor, &spec)?;
    let limit = spec.limits.boot;
    let deadline = Instant::now() + limit;
    let mut console = String::new();
    let missing = |machine: &Machine| {
        markers
            .iter()
            .find(|marker| machine.event(&marker.name).is_none())
    };
    while let Some(marker) = missing(&machine) {
        let what = format!("its console showed {:?}", marker.text);
        let rest = deadline.saturating_duration_since(Instant::now());
        let heard = if rest.is_zero() {
            Err(crate::console::Trouble::TimedOut(limit))
        } else {
            machine.console().listen(rest)
        };
        console.push_str(&machine.console().take());
        if let Err(trouble) = heard {
            // The figures travel by another pipe than the console.
            let error = machine.explain(trouble, &what);
            match missing(&machine) {
                Some(marker) if console.contains(&marker.text) => {
                    return Err(no_figure(&machine, &marker.name));
                }
                Some(_) => return Err(error),
                None if until == Until::Markers => break,
                None if matches!(error, Error::Ended { .. }) => break,
                None => return Err(error),
            }
        }
    }
    let wall = machine.age();
    if until == Until::PowerOff {
        machine.expect_end(deadline.saturating_duration_since(Instant::now()))?;
    }
    machine.stop();
    machine.sound()?;
    console.push_str(&machine.console().take());
    let mut found = BTreeMap::new();
    for marker in markers {
        let figures = machine.event(&marker.name);
        let figures = figures.ok_or_else(|| no_figure(&machine, &marker.name))?;
        found.insert(marker.name.clone(), figures);
    }
    Ok(Measurement {
        first_user: machine
            .event("first_user")
            .ok_or_else(|| no_figure(&machine, "first_user"))?,
        markers: found,
        total: match until {
            Until::PowerOff => machine.event("total"),
            Until::Markers => None,
        },
        console,
        wall,
    })
}

fn no_figure(machine: &Machine, name: &str) -> Error {
    Error::NoFigure {
        machine: machine.name().to_owned(),
        name: name.to_owned(),
        said: machine.said(),
    }
}
