//! `dinitctl restart`, and stops and starts that cross it.

use super::world::*;
use crate::engine::*;

/// Both started; s2 needs s1.
fn pair() -> World {
    let mut world = World::with(&[
        ("s1", notifying(), &[]),
        ("s2", notifying(), &[(Need, "s1")]),
    ]);
    world.start("s2");
    world.ready("s1");
    world.ready("s2");
    assert_eq!(world.states(), "++");
    world
}

#[test]
fn a_restart_is_over_when_the_service_is_started_again() {
    let mut world = World::with(&[
        ("s1", notifying(), &[]),
        ("s2", notifying(), &[(WaitsFor, "s1")]),
        ("s3", notifying(), &[(Need, "s2")]),
    ]);
    world.polite.insert(world.id("s1"));
    world.start("s3");
    for name in ["s1", "s2", "s3"] {
        world.ready(name);
    }
    world.log.clear();
    assert!(world.restart("s1"));
    assert_eq!(world.states(), "<++");
    assert!(world.happened("s1", Event::Stopped));
    assert!(!world.happened("s1", Event::Started));
    world.ready("s1");
    assert_eq!(world.states(), "+++");
    assert!(world.happened("s1", Event::Started));
    // And it was one restart only.
    world.stop("s1");
    assert_eq!(world.states(), "-++");
}

#[test]
fn what_is_not_started_cannot_be_restarted() {
    let mut world = World::with(&[("s1", notifying(), &[])]);
    assert!(!world.restart("s1"));
    world.start("s1");
    assert!(!world.restart("s1"));
}

#[test]
fn a_restart_is_off_when_nothing_needs_the_service_any_more() {
    let mut world = World::with(&[
        ("s1", notifying(), &[]),
        ("s2", notifying(), &[(WaitsFor, "s1")]),
    ]);
    world.polite.insert(world.id("s2"));
    world.start("s2");
    world.ready("s1");
    world.ready("s2");
    world.log.clear();
    world.restart("s1");
    assert_eq!(world.states(), ">+");
    assert_eq!(world.targets(), "++");
    world.stop("s2");
    assert_eq!(world.targets(), "--");
    assert!(world.happened("s1", Event::StartCancelled));
    world.exit("s1", killed(TERM));
    assert_eq!(world.states(), "--");
    assert!(!world.happened("s1", Event::Started));
}

#[test]
fn a_stop_cancels_a_restart_that_is_still_stopping() {
    let mut world = World::with(&[("s1", notifying(), &[])]);
    world.start("s1");
    world.ready("s1");
    world.restart("s1");
    assert_eq!(world.states(), ">");
    world.stop("s1");
    assert_eq!(world.states(), ">");
    world.exit("s1", killed(TERM));
    assert_eq!(world.states(), "-");
}

#[test]
fn a_stop_cancels_the_restart_of_dependents_too() {
    let mut world = pair();
    world.restart("s1");
    assert_eq!(world.states(), ">>");
    world.stop("s1");
    assert_eq!(world.states(), ">>");
    world.exit("s2", killed(TERM));
    world.exit("s1", killed(TERM));
    assert_eq!(world.states(), "--");
}

#[test]
fn stopping_the_dependent_cancels_the_restart_of_what_only_it_needs() {
    let mut world = pair();
    world.restart("s1");
    world.stop("s2");
    assert_eq!(world.states(), ">>");
    world.exit("s2", killed(TERM));
    world.exit("s1", killed(TERM));
    assert_eq!(world.states(), "--");
}

#[test]
fn stopping_the_dependent_leaves_the_restart_of_what_is_active_itself() {
    let mut world = pair();
    world.start("s1");
    world.restart("s1");
    assert_eq!(world.states(), ">>");
    world.stop("s2");
    world.exit("s2", killed(TERM));
    assert_eq!(world.states(), ">-");
    world.exit("s1", killed(TERM));
    assert_eq!(world.states(), "<-");
    world.ready("s1");
    assert_eq!(world.states(), "+-");
}

#[test]
fn a_dependent_that_is_started_while_stopping_brings_its_dependencies_back() {
    let mut world = pair();
    world.stop("s2");
    assert_eq!(world.states(), ">>");
    world.start("s2");
    assert_eq!(world.targets()[1..], *"+");
    world.exit("s2", killed(TERM));
    // s1 was never asked to end.
    assert!(world.signals("s1").is_empty());
    assert_eq!(world.states(), "+<");
    assert!(world.happened("s1", Event::StopCancelled));
    world.ready("s2");
    assert_eq!(world.states(), "++");
    assert_eq!(world.runs("s1"), 1);
    assert_eq!(world.runs("s2"), 2);
}

#[test]
fn a_start_during_a_start_that_was_to_be_followed_by_a_stop_takes_dependencies_again() {
    let mut world = World::with(&[
        ("s1", notifying(), &[]),
        ("s2", notifying(), &[(Need, "s1")]),
    ]);
    world.start("s2");
    world.ready("s1");
    world.stop("s2");
    assert_eq!(world.states(), "><");
    world.start("s2");
    assert_eq!(world.states(), "+<");
    world.ready("s2");
    assert_eq!(world.states(), "++");
    assert_eq!(world.runs("s1"), 1);
}

#[test]
fn all_dependents_stop_before_their_dependency_does() {
    let mut world = World::with(&[
        ("base", notifying(), &[]),
        ("quick", notifying(), &[(Need, "base")]),
        ("slow", notifying(), &[(Need, "base")]),
    ]);
    world.start("quick");
    world.start("slow");
    for name in ["base", "quick", "slow"] {
        world.ready(name);
    }
    world.stop("base");
    world.exit("quick", killed(TERM));
    assert!(world.signals("base").is_empty());
    world.exit("slow", killed(TERM));
    assert_eq!(world.signals("base"), [TERM]);
}

#[test]
fn what_prepares_a_service_is_restarted_with_it() {
    let preparation = Settings {
        has_stop_command: true,
        restart_delay: 0,
        ..scripted()
    };
    let mut world = World::with(&[
        ("prep", preparation, &[]),
        ("p", restarting(process()), &[(PreparedBy, "prep")]),
    ]);
    world.start("p");
    assert_eq!(world.states(), "<<");
    world.exit("prep", code(0));
    assert_eq!(world.states(), "++");
    // The process ends, and restarts: cleanup, preparation, process.
    world.exit("p", code(0));
    assert_eq!(world.states(), "><");
    assert_eq!(world.stop_runs("prep"), 1);
    world.stop_exit("prep", code(0));
    assert_eq!(world.states(), "<<");
    assert_eq!(world.runs("prep"), 2);
    assert_eq!(world.runs("p"), 1);
    world.exit("prep", code(0));
    world.advance(200 * MS);
    assert_eq!(world.states(), "++");
    assert_eq!(world.runs("p"), 2);
    world.stop("p");
    assert_eq!(world.states(), ">>");
    world.exit("p", killed(TERM));
    assert_eq!(world.states(), ">-");
    assert_eq!(world.stop_runs("prep"), 2);
    world.stop_exit("prep", code(0));
    assert_eq!(world.states(), "--");
}

#[test]
fn preparation_is_restarted_though_a_dependent_is_slow_to_stop() {
    let mut world = World::with(&[
        ("prep", scripted(), &[]),
        ("p", restarting(process()), &[(PreparedBy, "prep")]),
        ("d", restarting(process()), &[(Need, "p")]),
    ]);
    world.start("d");
    world.exit("prep", code(0));
    assert_eq!(world.states(), "+++");
    world.exit("p", code(1));
    assert_eq!(world.states(), "+>>");
    world.exit("d", killed(TERM));
    assert_eq!(world.states(), "<<<");
    assert_eq!(world.runs("prep"), 2);
    world.exit("prep", code(0));
    world.advance(200 * MS);
    assert_eq!(world.states(), "+++");
}

#[test]
fn the_shutdown_stops_everything_and_nothing_starts_again() {
    let mut world = World::with(&[
        ("s1", restarting(process()), &[]),
        ("s2", restarting(process()), &[(Need, "s1")]),
        ("s3", restarting(internal()), &[(WaitsFor, "s2")]),
    ]);
    world.start("s3");
    world.start("s1");
    world.pin_started("s2");
    assert_eq!(world.states(), "+++");
    world.engine.stop_all();
    assert!(world.engine.is_shutting_down());
    world.settle();
    assert_eq!(world.states(), ">>-");
    world.start("s3");
    let s1 = world.id("s1");
    assert!(!world.engine.wake(s1));
    assert!(!world.restart("s2"));
    world.exit("s1", code(1));
    world.exit("s2", killed(TERM));
    world.advance(SECOND);
    assert_eq!(world.states(), "---");
    assert_eq!(world.engine.active_count(), 0);
}
