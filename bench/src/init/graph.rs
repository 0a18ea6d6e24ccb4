//! The graphs of services that managers are given: the same for all of them, and the same in every run.

use serde::{Deserialize, Serialize};

/// How services depend on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    /// This many layers of the same width; each service needs three of the layer before.
    Layers(usize),
    /// Each needs the one before it.
    Chain,
    /// None needs any.
    Flat,
}

/// One service of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name, a file name.
    pub name: String,
    /// Positions in the graph of the services that it needs, all of them before it.
    pub needs: Vec<usize>,
}

/// Where in the layer before the services are that one needs, counted from its own place and around.
const NEEDED: [usize; 3] = [0, 1, 3];

/// A graph of `count` services. With layers `count` is a multiple of their number, or the last layer is the wider one.
pub fn services(shape: Shape, count: usize) -> Vec<Service> {
    let needs = |position: usize| match shape {
        Shape::Flat => Vec::new(),
        Shape::Chain => position.checked_sub(1).into_iter().collect(),
        Shape::Layers(layers) => layer_needs(position, (count / layers.max(1)).max(1), layers),
    };
    let service = |position| Service {
        name: format!("service-{position:05}"),
        needs: needs(position),
    };
    (0..count).map(service).collect()
}

fn layer_needs(position: usize, width: usize, layers: usize) -> Vec<usize> {
    let layer = (position / width).min(layers.saturating_sub(1));
    if layer == 0 {
        return Vec::new();
    }
    let place = position - layer * width;
    let mut needs: Vec<usize> = NEEDED
        .iter()
        .map(|step| (layer - 1) * width + (place + step) % width)
        .collect();
    needs.sort_unstable();
    needs.dedup();
    needs
}

/// Positions of the services that no other needs: a service that needs these needs all, directly or not.
pub fn ends(services: &[Service]) -> Vec<usize> {
    let mut needed = vec![false; services.len()];
    for position in services.iter().flat_map(|service| &service.needs) {
        needed[*position] = true;
    }
    (0..services.len())
        .filter(|position| !needed[*position])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Services on the longest way down from one.
    fn depth(services: &[Service], position: usize) -> usize {
        let below = services[position].needs.iter();
        1 + below.map(|one| depth(services, *one)).max().unwrap_or(0)
    }

    #[test]
    fn layers_are_as_deep_as_said() {
        for (count, layers) in [(100, 10), (500, 10), (20, 10), (10, 10), (7, 2)] {
            let services = services(Shape::Layers(layers), count);
            assert_eq!(services.len(), count);
            let deepest = (0..count).map(|one| depth(&services, one)).max();
            assert_eq!(deepest, Some(layers), "{count} in {layers}");
        }
        let wide = services(Shape::Layers(10), 100);
        assert!(wide[..10].iter().all(|service| service.needs.is_empty()));
        assert!(wide[10..].iter().all(|service| service.needs.len() == 3));
        assert_eq!(wide[10].needs, [0, 1, 3]);
        assert_eq!(wide[19].needs, [0, 2, 9]);
    }

    #[test]
    fn a_chain_is_one_way() {
        let services = services(Shape::Chain, 30);
        assert_eq!(depth(&services, 29), 30);
        assert_eq!(ends(&services), [29]);
    }

    #[test]
    fn what_needs_the_ends_needs_all() {
        for shape in [Shape::Layers(10), Shape::Chain, Shape::Flat] {
            for count in [10, 37, 100] {
                let services = services(shape, count);
                let mut reached = BTreeSet::new();
                let mut next = ends(&services);
                while let Some(position) = next.pop() {
                    if reached.insert(position) {
                        next.extend(&services[position].needs);
                    }
                }
                assert_eq!(reached.len(), count, "{shape:?}");
            }
        }
    }

    #[test]
    fn names_are_different_and_what_is_needed_comes_before() {
        let services = services(Shape::Layers(10), 10_000);
        let names: BTreeSet<&str> = services.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names.len(), services.len());
        for (position, service) in services.iter().enumerate() {
            assert!(service.needs.iter().all(|needed| *needed < position));
        }
    }
}
