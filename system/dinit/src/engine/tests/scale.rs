//! Ten thousand services: the cost of loading, starting, restarting and stopping them grows with their number (and
//! with that of their dependencies) and no faster. Links and records that were looked at are counted, not time.

use super::world::*;
use crate::engine::record::{Link, Record};
use crate::engine::*;

/// How many steps it took to load, start, stop half of, start again, and shut down.
fn steps(world: &mut World, build: impl Fn(&mut World)) -> u64 {
    build(world);
    let last = world.engine.ids().last().unwrap();
    world.polite = world.engine.ids().collect();
    world.engine.start(last);
    world.settle();
    assert_eq!(world.engine.active_count(), world.engine.len());
    let first = world.engine.ids().next().unwrap();
    assert!(world.engine.restart(first));
    world.settle();
    world.advance(SECOND);
    assert_eq!(world.engine.active_count(), world.engine.len());
    world.engine.stop_all();
    world.settle();
    assert_eq!(world.engine.active_count(), 0);
    world.engine.steps.get()
}

fn name(number: usize) -> String {
    format!("service-{number}")
}

/// Each needs the one before it.
fn chain(world: &mut World, count: usize) {
    world.add(&name(0), process(), &[]);
    for number in 1..count {
        world.add(&name(number), process(), &[(Need, &name(number - 1))]);
    }
}

/// Ten layers; each service needs ten of the layer below it. One needs the whole topmost layer.
fn layers(world: &mut World, count: usize) {
    let width = count / 10;
    for number in 0..count {
        let below = number / width * width;
        let names: Vec<String> = (0..10)
            .filter(|_| below > 0)
            .map(|k| name(below - width + (number * 7 + k) % width))
            .collect();
        let list: Vec<_> = names.iter().map(|name| (Need, name.as_str())).collect();
        world.add(&name(number), process(), &list);
    }
    // Most of the middle would otherwise be needed by nobody.
    let top: Vec<String> = (0..count).map(name).collect();
    let list: Vec<_> = top.iter().map(|name| (Need, name.as_str())).collect();
    world.add("boot", internal(), &list);
}

/// All need one, and one waits for all.
fn star(world: &mut World, count: usize) {
    world.add("base", process(), &[]);
    for number in 0..count {
        world.add(&name(number), process(), &[(Need, "base")]);
    }
    let all: Vec<String> = (0..count).map(name).collect();
    let list: Vec<_> = all.iter().map(|name| (WaitsFor, name.as_str())).collect();
    world.add("boot", internal(), &list);
}

/// Each says that it comes before one that is loaded already.
fn befores(world: &mut World, count: usize) {
    world.add(&name(0), process(), &[]);
    for number in 1..count {
        world.add(&name(number), process(), &[(Before, &name(number - 1))]);
    }
    let all: Vec<String> = (0..count).map(name).collect();
    let list: Vec<_> = all.iter().map(|name| (Need, name.as_str())).collect();
    world.add("boot", internal(), &list);
}

fn grows_linearly(build: fn(&mut World, usize)) {
    let cost = |count| steps(&mut World::new(), |world| build(world, count));
    let (small, large) = (cost(1000), cost(10_000));
    assert!(
        large < 11 * small,
        "ten times as many services took {large} steps rather than {small}"
    );
}

#[test]
fn a_chain_costs_as_much_as_it_is_long() {
    grows_linearly(chain);
}

#[test]
fn layers_cost_as_much_as_they_have_links() {
    grows_linearly(layers);
}

#[test]
fn a_star_costs_as_much_as_it_has_rays() {
    grows_linearly(star);
}

#[test]
fn services_that_come_before_others_cost_no_more_for_that() {
    grows_linearly(befores);
}

#[test]
fn a_service_takes_little_memory() {
    let queued = size_of::<Effect>() * 8 + (size_of::<(Id, inputs::Input)>() + 8) * 4;
    let indices = 4 * size_of::<u32>() + 2 * size_of::<u32>() + size_of::<(Time, u32)>();
    let three_links = 3 * size_of::<Link>();
    assert!(
        size_of::<Record>() + three_links + indices + 32 <= 600,
        "{} {} {queued}",
        size_of::<Record>(),
        size_of::<Link>()
    );
    assert!(queued <= 400, "{queued}");
}
