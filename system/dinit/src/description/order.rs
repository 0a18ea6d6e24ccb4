//! Cycles of what waits for what, `after` and `before` included.

use super::Description;
use super::load::Loaded;
use crate::engine::DependencyKind;
use crate::hash::Map;

/// Who waits for whom, by number.
struct Graph<'a> {
    names: Vec<&'a [u8]>,
    numbers: Map<&'a [u8], usize>,
    waits_for: Vec<Vec<usize>>,
}

/// Finds one cycle among descriptions that are about to be loaded, be it through services that are loaded: names in
/// the order in which each waits for the next. `before` of a loaded service is seen only if the service is come by.
pub fn cycle(made: &[Description], loaded: &dyn Loaded) -> Option<Vec<Box<[u8]>>> {
    let orders = |made: &Description| {
        let kinds = [DependencyKind::After, DependencyKind::Before];
        made.dependencies
            .iter()
            .any(|other| kinds.contains(&other.kind))
    };
    let awaited = made.iter().any(|made| loaded.awaited(&made.name));
    // Plain dependencies among these were loaded without running into a cycle.
    if !awaited && !made.iter().any(orders) {
        return None;
    }
    let mut graph = Graph {
        names: Vec::new(),
        numbers: Map::default(),
        waits_for: Vec::new(),
    };
    for one in made {
        graph.number(&one.name);
    }
    for one in made {
        graph.add(one);
    }
    let mut at = made.len();
    while let Some(name) = graph.names.get(at).filter(|_| awaited) {
        if let Some(description) = loaded.description(name) {
            graph.add(description);
        }
        at += 1;
    }
    let found = find(&graph.waits_for)?;
    Some(found.into_iter().map(|at| graph.names[at].into()).collect())
}

impl<'a> Graph<'a> {
    fn number(&mut self, name: &'a [u8]) -> usize {
        let next = self.names.len();
        let number = *self.numbers.entry(name).or_insert(next);
        if number == next {
            self.names.push(name);
            self.waits_for.push(Vec::new());
        }
        number
    }

    fn add(&mut self, description: &'a Description) {
        let one = self.number(&description.name);
        for dependency in &description.dependencies {
            // Services that are not loaded count too: they may be, later.
            let other = self.number(&dependency.name);
            match dependency.kind {
                DependencyKind::Before => self.waits_for[other].push(one),
                _ => self.waits_for[one].push(other),
            }
        }
    }
}

/// Finds a cycle in a graph given as each node's followers. Needs no stack but its own.
pub fn find(followers: &[Vec<usize>]) -> Option<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        OnPath,
        Done,
    }
    let mut marks = vec![Mark::New; followers.len()];
    let mut path: Vec<(usize, usize)> = Vec::new();
    for start in 0..followers.len() {
        if marks[start] != Mark::New {
            continue;
        }
        marks[start] = Mark::OnPath;
        path.push((start, 0));
        while let Some((node, next)) = path.last_mut() {
            let Some(follower) = followers[*node].get(*next).copied() else {
                marks[*node] = Mark::Done;
                path.pop();
                continue;
            };
            *next += 1;
            match marks[follower] {
                Mark::Done => {}
                Mark::New => {
                    marks[follower] = Mark::OnPath;
                    path.push((follower, 0));
                }
                Mark::OnPath => {
                    let nodes = path.iter().map(|(node, _)| *node);
                    return Some(nodes.skip_while(|node| *node != follower).collect());
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn finds_cycles() {
        assert_eq!(find(&[vec![1, 2], vec![2], vec![]]), None);
        assert_eq!(
            find(&[vec![1], vec![2], vec![3], vec![1]]),
            Some(vec![1, 2, 3])
        );
        assert_eq!(find(&[vec![0]]), Some(vec![0]));
        assert_eq!(find(&[]), None);
        // As deep as can be.
        let chain: Vec<_> = (1..=200_000).map(|next| vec![next % 200_000]).collect();
        assert_eq!(find(&chain).unwrap().len(), 200_000);
    }
}
