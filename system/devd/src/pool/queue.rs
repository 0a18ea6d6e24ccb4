//! Which module is next: those that it needs are done, and failed ones take along what needs them. No threads here.

use crate::modules::insert::Outcome;
use crate::modules::plan::Load;
use std::collections::{HashMap, VecDeque};

#[derive(Default)]
pub struct Queue {
    waiting: VecDeque<Load>,
    running: Vec<String>,
    /// How those ended that did since the queue was empty last; whether what needs them can go on.
    ended: HashMap<String, bool>,
}

impl Queue {
    /// Takes modules in the order of a plan. One that is here already, or has ended, is not taken again; what is waited for is
    /// only what is here, so that nobody waits in a circle.
    pub fn add(&mut self, loads: Vec<Load>) {
        if self.is_empty() {
            self.ended.clear();
        }
        for mut load in loads {
            if self.has(&load.name) || self.ended.contains_key(&load.name) {
                continue;
            }
            let known = |name: &String| self.has(name) || self.ended.contains_key(name);
            load.needs.retain(known);
            load.wants.retain(known);
            self.waiting.push_back(load);
        }
    }

    /// The next that can be loaded, which runs from now on; those that cannot be any more are handed to `failed`.
    pub fn next(&mut self, mut failed: impl FnMut(Load, String)) -> Option<Load> {
        let mut at = 0;
        while at < self.waiting.len() {
            let load = &self.waiting[at];
            let broken = load
                .needs
                .iter()
                .find(|name| self.ended.get(*name) == Some(&false));
            if let Some(name) = broken {
                let what = format!("{}: it needs {name}, which failed", load.path);
                if let Some(load) = self.waiting.remove(at) {
                    self.ended.insert(load.name.clone(), false);
                    failed(load, what);
                }
                // Others before it may have waited for it.
                at = 0;
                continue;
            }
            let mut before = load.needs.iter().chain(&load.wants);
            if before.all(|name| self.ended.contains_key(name)) {
                let load = self.waiting.remove(at)?;
                self.running.push(load.name.clone());
                return Some(load);
            }
            at += 1;
        }
        None
    }

    /// One that ran has ended.
    pub fn end(&mut self, name: &str, outcome: &Outcome) {
        self.running.retain(|other| other != name);
        self.ended
            .insert(name.to_owned(), *outcome == Outcome::Loaded);
    }

    /// How many could run at once.
    pub fn ready(&self) -> usize {
        let ended = |name: &String| self.ended.contains_key(name);
        let ready = |load: &&Load| load.needs.iter().chain(&load.wants).all(ended);
        self.waiting.iter().filter(ready).count()
    }

    pub fn running(&self) -> usize {
        self.running.len()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    fn has(&self, name: &str) -> bool {
        self.running.iter().any(|other| other == name)
            || self.waiting.iter().any(|load| load.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn load(name: &str, needs: &[&str], wants: &[&str]) -> Load {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Load {
            name: name.to_owned(),
            path: format!("/{name}.ko"),
            options: String::new(),
            needs: list(needs),
            wants: list(wants),
        }
    }

    fn next(queue: &mut Queue) -> Option<String> {
        queue.next(|_, what| panic!("{what}")).map(|load| load.name)
    }

    #[test]
    fn what_needs_something_waits_for_it_and_others_go_on() {
        let mut queue = Queue::default();
        queue.add(vec![
            load("a", &[], &[]),
            load("b", &["a"], &[]),
            load("c", &[], &[]),
        ]);
        assert_eq!(queue.ready(), 2);
        assert_eq!(next(&mut queue).unwrap(), "a");
        assert_eq!(next(&mut queue).unwrap(), "c");
        assert_eq!(next(&mut queue), None);
        // The same again while it runs is nothing new.
        queue.add(vec![load("a", &[], &[])]);
        queue.end("a", &Outcome::Loaded);
        assert_eq!(next(&mut queue).unwrap(), "b");
        queue.end("b", &Outcome::Loaded);
        queue.end("c", &Outcome::Loaded);
        assert!(queue.is_empty());
        // Later it may have been unloaded.
        queue.add(vec![load("a", &[], &[])]);
        assert_eq!(next(&mut queue).unwrap(), "a");
    }

    #[test]
    fn what_failed_takes_along_what_needs_it_but_not_what_wants_it() {
        let mut queue = Queue::default();
        queue.add(vec![
            load("a", &[], &[]),
            load("b", &["a"], &[]),
            load("c", &["b"], &[]),
            load("d", &[], &["a"]),
        ]);
        assert_eq!(next(&mut queue).unwrap(), "a");
        queue.end("a", &Outcome::Failed(String::new()));
        let mut failed = Vec::new();
        let last = queue.next(|_, what| failed.push(what)).unwrap();
        assert_eq!(last.name, "d");
        assert_eq!(
            failed,
            [
                "/b.ko: it needs a, which failed",
                "/c.ko: it needs b, which failed"
            ]
        );
        queue.end("d", &Outcome::Loaded);
        assert!(queue.is_empty());
    }

    proptest! {
        /// Whatever waits for whatever, added in whatever pieces: all end, each once, none before what it waits for.
        #[test]
        fn all_come_to_an_end(
            edges in proptest::collection::vec((0..10usize, any::<bool>(), 0..10usize), 0..30),
            broken in proptest::collection::vec(any::<bool>(), 10),
            pieces in 1..4usize,
            turns in proptest::collection::vec(0..3usize, 10..60),
        ) {
            let name = |at: usize| format!("m{at}");
            let loads: Vec<Load> = (0..10).map(|at| {
                let mut one = load(&name(at), &[], &[]);
                for (_, hard, other) in edges.iter().filter(|(from, _, _)| *from == at) {
                    if *hard { one.needs.push(name(*other)) } else { one.wants.push(name(*other)) }
                }
                one
            }).collect();
            let mut queue = Queue::default();
            let mut parts: VecDeque<Vec<Load>> = loads.chunks(10usize.div_ceil(pieces)).map(<[Load]>::to_vec).collect();
            let (mut running, mut ended, mut turns) = (Vec::new(), Vec::new(), turns.into_iter().cycle());
            for turn in 0..1000 {
                // In the end all is added and ended, whatever the turns say.
                let last = turn > 300;
                if (turns.next() == Some(0) || last) && let Some(part) = parts.pop_front() {
                    queue.add(part);
                }
                let mut failed = Vec::new();
                if let Some(load) = queue.next(|load, _| failed.push(load.name)) {
                    prop_assert!(!running.contains(&load.name) && !ended.contains(&load.name));
                    running.push(load.name);
                }
                ended.append(&mut failed);
                if (turns.next() == Some(1) || last) && !running.is_empty() {
                    let one = running.remove(0);
                    let at: usize = one[1..].parse().unwrap();
                    queue.end(&one, &if broken[at] { Outcome::Failed(String::new()) } else { Outcome::Loaded });
                    ended.push(one);
                }
                if parts.is_empty() && queue.is_empty() {
                    break;
                }
            }
            prop_assert!(queue.is_empty(), "{ended:?}");
            ended.sort();
            ended.dedup();
            prop_assert_eq!(ended.len(), 10);
        }
    }
}
