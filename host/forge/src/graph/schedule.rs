//! Building all of a graph, several packages at once, up to the first failure or in spite of failures.

use super::{Forge, lock};
use crate::error::{Error, Result};
use crate::recipe::Recipe;
use crate::store::{Built, Needs};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, PoisonError};

/// KiB that a build may take: the largest ones, which link a program of Rust's whole, take some 0.75 GiB
/// (`peak_kib` of their records).
const MEMORY: usize = 1 << 20;

/// KiB that can be had without swapping (proc_meminfo(5)).
fn available(meminfo: &str) -> Option<usize> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// What the workers share.
#[derive(Default)]
struct State {
    /// Recipes not begun yet.
    waiting: BTreeSet<String>,
    /// Packages that are there.
    built: BTreeMap<String, Built>,
    /// What failed, as it came.
    failures: Vec<Error>,
    /// Recipes that were not begun, because something they need failed.
    blocked: BTreeSet<String>,
}

impl Forge<'_> {
    /// Builds `packages` and what they need to be built; returns every package that is there
    /// then, by name.
    ///
    /// # Errors
    /// The first failure, after the builds that were under way have ended.
    pub fn build(&self, packages: &[String]) -> Result<BTreeMap<String, Built>> {
        let mut state = self.run_all(packages, false)?;
        match state.failures.is_empty() {
            true => Ok(state.built),
            false => Err(state.failures.swap_remove(0)),
        }
    }

    /// The same, going on after failures with all that does not need what failed.
    ///
    /// # Errors
    /// [`Error::Failures`] with all of them, and what was not built for their sake.
    pub fn build_what_can_be(&self, packages: &[String]) -> Result<BTreeMap<String, Built>> {
        let state = self.run_all(packages, true)?;
        if state.failures.is_empty() {
            return Ok(state.built);
        }
        Err(Error::Failures {
            failures: state.failures,
            blocked: state.blocked.into_iter().collect(),
        })
    }

    fn run_all(&self, packages: &[String], keep_going: bool) -> Result<State> {
        let order = self.order(packages)?;
        let state = Mutex::new(State {
            waiting: order.iter().map(|recipe| recipe.name.clone()).collect(),
            ..State::default()
        });
        let changed = Condvar::new();
        std::thread::scope(|scope| {
            for _ in 0..self.workers() {
                scope.spawn(|| self.work(&order, keep_going, &state, &changed));
            }
        });
        Ok(state.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many packages are built at once: as many as there are processors and memory for.
    pub(super) fn workers(&self) -> usize {
        let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let room = available(&text).map_or(usize::MAX, |kib| kib / MEMORY);
        self.jobs.min(room).clamp(1, 4)
    }

    fn work(&self, order: &[&Recipe], keep_going: bool, state: &Mutex<State>, changed: &Condvar) {
        let mut guard = lock(state);
        loop {
            let over = !keep_going && !guard.failures.is_empty();
            if over || guard.waiting.is_empty() {
                return;
            }
            let ready = order.iter().find(|recipe| {
                guard.waiting.contains(&recipe.name)
                    && recipe.needs().all(|need| guard.built.contains_key(need))
            });
            let Some(recipe) = ready else {
                guard = changed.wait(guard).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            guard.waiting.remove(&recipe.name);
            let needs = Needs::of(recipe, &guard.built);
            drop(guard);
            let result = self.make(recipe, &needs);
            guard = lock(state);
            match result {
                Ok(built) => guard.built.extend(built),
                Err(error) => {
                    guard.failures.push(error);
                    self.block(order, recipe, &mut guard);
                }
            }
            changed.notify_all();
        }
    }

    /// Takes out what needs a recipe that failed, and what needs that. Needs come first in `order`.
    fn block(&self, order: &[&Recipe], failed: &Recipe, state: &mut State) {
        let mut gone = BTreeSet::from([failed.name.as_str()]);
        for recipe in order {
            let mut needs = recipe.needs().filter_map(|need| self.recipes.get(need));
            if needs.any(|need| gone.contains(need.name.as_str()))
                && state.waiting.remove(&recipe.name)
            {
                gone.insert(&recipe.name);
                state.blocked.insert(recipe.name.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_can_be_had() {
        let text = "MemTotal:       24606176 kB\nMemAvailable:    3145728 kB\n";
        assert_eq!(available(text), Some(3 << 20));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
        assert!(available(&std::fs::read_to_string("/proc/meminfo").unwrap()).is_some());
    }
}
