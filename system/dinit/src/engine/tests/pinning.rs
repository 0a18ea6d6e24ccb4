//! Pins (dinitctl(8), `--pin`).

use super::world::*;
use crate::engine::*;

/// Three services, each of which needs the one before it; the second restarts by itself.
fn chain() -> World {
    World::with(&[
        ("s1", internal(), &[]),
        ("s2", restarting(internal()), &[(Need, "s1")]),
        ("s3", internal(), &[(Need, "s2")]),
    ])
}

#[test]
fn a_pinned_service_and_what_it_needs_outlast_a_forced_stop_until_it_is_unpinned() {
    let mut world = chain();
    world.pin_started("s3");
    world.start("s3");
    let s2 = world.id("s2");
    world.engine.forced_stop(s2);
    world.stop("s2");
    assert_eq!(world.states(), "+++");
    assert!(world.engine.is_dependent_pinned(s2));
    assert!(!world.engine.is_pinned_started(s2));
    world.unpin("s3");
    assert_eq!(world.states(), "---");
    assert!(!world.engine.is_dependent_pinned(s2));
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn stopping_a_pinned_service_stops_nothing() {
    let mut world = chain();
    world.pin_started("s3");
    world.start("s3");
    world.stop("s3");
    assert_eq!(world.states(), "+++");
    assert!(!world.engine.is_explicit(world.id("s3")));
    assert_eq!(world.engine.active_count(), 3);
}

#[test]
fn a_forced_stop_is_due_when_the_pin_goes_even_if_the_service_was_started_again() {
    let mut world = chain();
    world.pin_started("s3");
    world.start("s3");
    let s2 = world.id("s2");
    world.engine.stop(s2, true);
    world.force("s2");
    assert_eq!(world.states(), "+++");
    world.start("s3");
    assert_eq!(world.states(), "+++");
    world.unpin("s3");
    assert_eq!(world.states(), "---");
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn a_service_stopped_while_pinned_stops_when_unpinned() {
    let mut world = World::with(&[("s1", internal(), &[])]);
    world.pin_started("s1");
    world.start("s1");
    world.stop("s1");
    world.force("s1");
    assert_eq!(world.states(), "+");
    world.unpin("s1");
    assert_eq!(world.states(), "-");
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn a_pinned_dependency_stays_when_its_dependent_stops_and_takes_its_own_along_later() {
    let mut world = chain();
    world.pin_started("s2");
    world.start("s3");
    world.stop("s3");
    assert_eq!(world.states(), "++-");
    world.unpin("s2");
    assert_eq!(world.states(), "---");
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn unpinning_does_nothing_to_soft_dependencies() {
    let mut world = World::with(&[
        ("s1", internal(), &[]),
        ("s2", internal(), &[(WaitsFor, "s1")]),
    ]);
    world.pin_started("s2");
    world.start("s2");
    world.unpin("s2");
    assert_eq!(world.states(), "++");
    assert_eq!(world.engine.active_count(), 2);
}

#[test]
fn a_service_pinned_stopped_is_not_marked_active() {
    let mut world = World::with(&[("s1", internal(), &[])]);
    world.pin_stopped("s1");
    world.start("s1");
    assert_eq!(world.states(), "-");
    world.unpin("s1");
    assert_eq!(world.states(), "-");
    assert!(!world.engine.is_explicit(world.id("s1")));
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn a_stop_below_a_pinned_service_reaches_neither_it_nor_its_dependents() {
    let mut world = chain();
    world.pin_started("s2");
    world.start("s3");
    world.stop("s1");
    assert_eq!(world.states(), "+++");
    assert_eq!(world.engine.active_count(), 3);
}

#[test]
fn a_soft_dependent_starts_without_what_is_pinned_stopped_and_unpinning_does_not_start_that() {
    let mut world = World::with(&[
        ("s1", internal(), &[]),
        ("s2", internal(), &[(WaitsFor, "s1")]),
    ]);
    world.pin_stopped("s1");
    world.start("s2");
    assert_eq!(world.states(), "-+");
    world.unpin("s1");
    assert_eq!(world.states(), "-+");
    assert_eq!(world.engine.active_count(), 1);
}

#[test]
fn a_start_fails_when_a_hard_dependency_is_pinned_stopped() {
    let mut world = chain();
    world.pin_stopped("s2");
    world.start("s3");
    assert_eq!(world.states(), "---");
    assert_eq!(world.reason("s3"), StopReason::DependencyFailed);
    assert!(world.happened("s3", Event::FailedStart));
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn a_failed_start_takes_the_pin_away_from_the_service_and_from_what_it_needs() {
    let mut world = World::with(&[("s1", internal(), &[]), ("s2", process(), &[(Need, "s1")])]);
    world.slow_launch = true;
    world.pin_started("s2");
    world.start("s2");
    assert!(world.engine.is_dependent_pinned(world.id("s1")));
    world.launch_fails("s2");
    assert_eq!(world.states(), "--");
    assert!(!world.engine.is_pinned_started(world.id("s2")));
    assert!(!world.engine.is_dependent_pinned(world.id("s1")));
}

#[test]
fn a_process_that_ends_while_pinned_leaves_its_service_started() {
    let mut world = World::with(&[("s1", process(), &[])]);
    world.pin_started("s1");
    world.start("s1");
    world.exit("s1", code(1));
    assert_eq!(world.states(), "+");
    assert_eq!(world.engine.pid(world.id("s1")), None);
    world.unpin("s1");
    assert_eq!(world.states(), "-");
}

#[test]
fn unpinning_lifts_both_pins_though_a_dependent_pin_remains() {
    let mut world = chain();
    world.start("s3");
    world.pin_started("s3");
    world.pin_started("s2");
    world.pin_stopped("s2");
    world.unpin("s2");
    let s2 = world.id("s2");
    assert!(!world.engine.is_pinned_stopped(s2));
    assert!(!world.engine.is_pinned_started(s2));
    assert!(world.engine.is_dependent_pinned(s2));
    assert!(!world.restart("s2"));
}
