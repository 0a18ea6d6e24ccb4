//! Who runs because of whom.

use super::world::*;
use crate::engine::*;

/// Three services, each of which needs the one before it.
fn chain(kind: Settings) -> World {
    World::with(&[
        ("s1", kind, &[]),
        ("s2", kind, &[(Need, "s1")]),
        ("s3", kind, &[(Need, "s2")]),
    ])
}

fn all_ready(world: &mut World, names: &[&str]) {
    for name in names {
        world.ready(name);
    }
}

fn polite(world: &mut World) {
    world.polite = world.engine.ids().collect();
}

#[test]
fn starting_starts_dependencies_and_stopping_releases_them() {
    let mut world = chain(internal());
    world.start("s3");
    assert_eq!(world.states(), "+++");
    world.stop("s3");
    assert_eq!(world.states(), "---");
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn a_dependency_runs_as_long_as_one_dependent_does() {
    let mut world = chain(internal());
    world.add("s4", internal(), &[(Need, "s2")]);
    world.start("s3");
    world.start("s4");
    assert_eq!(world.states(), "++++");
    world.stop("s3");
    assert_eq!(world.states(), "++-+");
    world.stop("s4");
    assert_eq!(world.states(), "----");
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn stopping_a_dependency_stops_its_dependents() {
    let mut world = chain(internal());
    world.start("s3");
    world.stop("s1");
    assert_eq!(world.states(), "---");
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn a_restarting_dependent_brings_a_dependency_that_was_forced_down_back() {
    let mut world = World::with(&[
        ("s1", notifying(), &[]),
        ("s2", restarting(internal()), &[(Need, "s1")]),
        ("s3", internal(), &[(Need, "s2")]),
    ]);
    polite(&mut world);
    world.start("s3");
    world.start("s2");
    world.ready("s1");
    assert_eq!(world.states(), "+++");
    world.force("s1");
    assert_eq!(world.states(), "<<-");
    world.ready("s1");
    assert_eq!(world.states(), "++-");
    assert_eq!(world.engine.active_count(), 2);
}

#[test]
fn dependents_start_one_after_the_other() {
    let mut world = chain(notifying());
    world.start("s3");
    assert_eq!(world.states(), "<<<");
    world.ready("s1");
    assert_eq!(world.states(), "+<<");
    world.ready("s2");
    assert_eq!(world.states(), "++<");
    world.ready("s3");
    assert_eq!(world.states(), "+++");
    assert_eq!(world.engine.active_count(), 3);
}

#[test]
fn a_release_does_not_stop_what_a_dependent_needs() {
    let mut world = chain(notifying());
    world.start("s3");
    all_ready(&mut world, &["s1", "s2", "s3"]);
    world.start("s2");
    world.release("s1");
    world.release("s2");
    assert_eq!(world.states(), "+++");
    assert_eq!(world.targets(), "+++");
    assert_eq!(world.engine.active_count(), 3);
}

#[test]
fn a_stop_by_hand_inhibits_the_restart_of_dependents() {
    let mut world = World::with(&[
        ("s1", internal(), &[]),
        ("s2", restarting(internal()), &[(Need, "s1")]),
        ("s3", internal(), &[(Need, "s2")]),
    ]);
    world.start("s3");
    world.start("s2");
    assert_eq!(world.states(), "+++");
    world.stop("s1");
    assert_eq!(world.states(), "---");
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn a_dependent_that_will_not_restart_has_the_target_stopped() {
    let mut world = chain(notifying());
    world.start("s3");
    world.start("s2");
    all_ready(&mut world, &["s1", "s2", "s3"]);
    world.force("s1");
    assert_eq!(world.states(), ">>>");
    assert_eq!(&world.targets()[1..], "--");
    world.exit("s3", code(0));
    assert_eq!(world.states(), ">>-");
    world.exit("s2", code(0));
    world.exit("s1", code(0));
    assert_eq!(world.states(), "---");
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn a_restart_takes_hard_dependents_along_and_leaves_soft_ones_alone() {
    let mut world = chain(notifying());
    world.add("s4", notifying(), &[(Milestone, "s1")]);
    polite(&mut world);
    world.start("s3");
    world.start("s4");
    all_ready(&mut world, &["s1", "s2", "s3", "s4"]);
    assert_eq!(world.states(), "++++");
    assert!(world.restart("s1"));
    assert_eq!(world.states(), "<<<+");
    assert_eq!(world.targets(), "++++");
    all_ready(&mut world, &["s1", "s2", "s3"]);
    assert_eq!(world.states(), "++++");
    assert_eq!(world.engine.active_count(), 4);
}

#[test]
fn services_stop_in_reverse_order() {
    let mut world = World::with(&[
        ("s1", notifying(), &[]),
        ("s2", notifying(), &[(Need, "s1")]),
    ]);
    world.start("s2");
    all_ready(&mut world, &["s1", "s2"]);
    let (s1, s2) = (world.id("s1"), world.id("s2"));
    world.engine.release(s1);
    world.engine.release(s2);
    world.settle();
    assert_eq!(world.states(), ">>");
    assert!(world.signals("s1").is_empty());
    world.exit("s2", killed(TERM));
    assert_eq!(world.signals("s1"), [TERM]);
    world.exit("s1", killed(TERM));
    assert_eq!(world.states(), "--");
    assert_eq!(world.engine.active_count(), 0);
}
