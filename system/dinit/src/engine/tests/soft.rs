//! `waits-for` and `depends-ms`.

use super::world::*;
use crate::engine::*;

#[test]
fn a_soft_dependent_outlasts_the_stop_of_its_dependency() {
    for kind in [WaitsFor, Milestone] {
        let mut world = World::with(&[
            ("s1", internal(), &[]),
            ("s2", internal(), &[(Need, "s1")]),
            ("s3", internal(), &[(kind, "s2")]),
        ]);
        world.start("s3");
        assert_eq!(world.states(), "+++", "{kind:?}");
        world.stop("s1");
        assert_eq!(world.states(), "--+", "{kind:?}");
        assert_eq!(world.engine.active_count(), 1);
    }
}

#[test]
fn a_milestone_that_fails_fails_its_dependent() {
    let mut world = World::with(&[
        ("s1", notifying(), &[]),
        ("s2", notifying(), &[(Milestone, "s1")]),
    ]);
    world.start("s2");
    assert_eq!(world.states(), "<<");
    world.exit("s1", code(1));
    assert_eq!(world.states(), "--");
    assert_eq!(world.reason("s2"), StopReason::DependencyFailed);
    assert_eq!(world.runs("s2"), 0);
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn a_dependent_does_not_start_when_its_milestone_is_cancelled() {
    let mut world = World::with(&[
        ("s1", notifying(), &[]),
        ("s2", internal(), &[(Milestone, "s1")]),
    ]);
    world.start("s2");
    world.stop("s1");
    assert_eq!(world.states(), "<-");
    assert_eq!(world.targets(), "--");
    world.ready("s1");
    world.exit("s1", killed(TERM));
    assert_eq!(world.states(), "--");
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn a_soft_dependency_that_is_started_again_is_held_again() {
    let mut world = World::with(&[
        ("s1", internal(), &[]),
        ("s2", internal(), &[(WaitsFor, "s1")]),
    ]);
    world.start("s2");
    world.stop("s1");
    assert_eq!(world.states(), "-+");
    world.start("s1");
    assert_eq!(world.states(), "++");
    world.release("s1");
    assert_eq!(world.states(), "++");
    assert_eq!(world.engine.active_count(), 2);
}

#[test]
fn a_soft_dependency_that_runs_already_is_held_by_each_dependent() {
    let mut world = World::with(&[
        ("s1", internal(), &[]),
        ("s2", internal(), &[(WaitsFor, "s1")]),
        ("s3", internal(), &[(WaitsFor, "s1")]),
    ]);
    world.start("s2");
    world.start("s3");
    world.stop("s2");
    assert_eq!(world.states(), "+-+");
    world.stop("s3");
    assert_eq!(world.states(), "---");
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn a_soft_dependency_that_restarts_by_itself_does_so_while_its_dependent_runs() {
    let mut world = World::with(&[
        ("s1", restarting(notifying()), &[]),
        ("s2", internal(), &[(WaitsFor, "s1")]),
    ]);
    world.start("s2");
    world.ready("s1");
    assert_eq!(world.states(), "++");
    world.force("s1");
    assert_eq!(world.states(), ">+");
    assert_eq!(world.targets(), "++");
    world.exit("s1", killed(TERM));
    assert_eq!(world.states(), "<+");
    world.ready("s1");
    assert_eq!(world.states(), "++");
    assert_eq!(world.engine.active_count(), 2);
}

#[test]
fn a_soft_dependency_that_does_not_restart_stays_away() {
    let mut world = World::with(&[
        ("s1", notifying(), &[]),
        ("s2", internal(), &[(WaitsFor, "s1")]),
    ]);
    world.start("s2");
    world.ready("s1");
    world.force("s1");
    assert_eq!(world.states(), ">+");
    assert_eq!(world.targets(), "-+");
    world.exit("s1", killed(TERM));
    assert_eq!(world.states(), "-+");
    assert_eq!(world.engine.active_count(), 1);
}

#[test]
fn all_kinds_of_dependencies_are_released() {
    let mut world = World::with(&[
        ("s4", internal(), &[]),
        ("s3", internal(), &[]),
        ("s2", internal(), &[]),
        (
            "s1",
            internal(),
            &[(WaitsFor, "s2"), (Need, "s3"), (Milestone, "s4")],
        ),
    ]);
    world.start("s1");
    assert_eq!(world.states(), "++++");
    world.stop("s1");
    assert_eq!(world.states(), "----");
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn what_a_failed_service_only_waited_for_is_released_and_interrupted() {
    let interruptible = Settings {
        options: crate::description::Options::START_INTERRUPTIBLE,
        ..notifying()
    };
    let mut world = World::with(&[
        ("s1", notifying(), &[]),
        ("s2", interruptible, &[]),
        ("s3", internal(), &[(Need, "s1"), (WaitsFor, "s2")]),
    ]);
    world.start("s3");
    assert_eq!(world.states(), "<<<");
    world.exit("s1", code(1));
    assert_eq!(world.states(), "->-");
    assert_eq!(world.signals("s2"), [INT]);
    world.exit("s2", killed(INT));
    assert_eq!(world.states(), "---");
}

#[test]
fn an_interrupted_start_lets_go_of_what_still_starts() {
    let mut world = World::with(&[
        ("s1", notifying(), &[]),
        ("s2", notifying(), &[(WaitsFor, "s1")]),
        ("s3", notifying(), &[(Milestone, "s2")]),
    ]);
    world.start("s3");
    assert_eq!(world.states(), "<<<");
    world.stop("s2");
    assert_eq!(world.states(), "<--");
    world.polite.insert(world.id("s1"));
    world.ready("s1");
    assert_eq!(world.states(), "---");
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn a_restart_starts_soft_dependencies_that_were_stopped() {
    let mut world = World::with(&[
        ("s1", internal(), &[]),
        ("s2", internal(), &[(WaitsFor, "s1")]),
    ]);
    world.start("s2");
    world.stop("s1");
    assert_eq!(world.states(), "-+");
    assert!(world.restart("s2"));
    assert_eq!(world.states(), "++");
}

#[test]
fn waking_starts_for_the_dependents_and_not_for_itself() {
    let mut world = World::with(&[
        ("s1", internal(), &[]),
        ("s2", internal(), &[(WaitsFor, "s1")]),
    ]);
    let s1 = world.id("s1");
    assert!(!world.engine.wake(s1));
    world.start("s2");
    world.stop("s1");
    assert!(world.engine.wake(s1));
    world.settle();
    assert_eq!(world.states(), "++");
    assert!(!world.engine.is_explicit(s1));
    world.stop("s2");
    assert_eq!(world.states(), "--");
}

#[test]
fn starting_a_soft_dependent_of_a_stopping_service_starts_that_again() {
    let mut world = World::with(&[
        ("p", process(), &[]),
        ("tp", internal(), &[(WaitsFor, "p")]),
    ]);
    world.start("p");
    world.stop("p");
    assert_eq!(world.states(), ">-");
    world.start("tp");
    assert_eq!(world.states(), "><");
    world.slow_launch = true;
    world.exit("p", killed(TERM));
    assert_eq!(world.states(), "<<");
    world.launched("p");
    assert_eq!(world.states(), "++");
}

#[test]
fn a_timeout_does_not_keep_a_soft_dependent_from_starting() {
    let slow = Settings {
        start_timeout: SECOND,
        ..scripted()
    };
    let mut world = World::with(&[("p", slow, &[]), ("ts", internal(), &[(WaitsFor, "p")])]);
    world.start("ts");
    assert_eq!(world.states(), "<<");
    world.advance(SECOND);
    assert_eq!(world.state("p"), State::Stopping);
    world.exit("p", code(0));
    assert_eq!(world.states(), "-+");
    assert_eq!(world.reason("p"), StopReason::TimedOut);
    assert!(!world.has_timer());
}

#[test]
fn a_milestone_that_begins_to_count_during_the_start_is_waited_for() {
    // By an order to start it, or to wake it.
    for wakes in [false, true] {
        let mut world = World::with(&[
            ("base", notifying(), &[]),
            ("late", notifying(), &[]),
            ("s", process(), &[(Need, "base")]),
        ]);
        let (late, s) = (world.id("late"), world.id("s"));
        world.start("s");
        world.engine.add_dependency(s, Milestone, late).unwrap();
        world.settle();
        assert_eq!(world.states(), "<-<");
        if wakes {
            assert!(world.engine.wake(late));
        } else {
            world.engine.start(late);
        }
        world.settle();
        world.ready("base");
        assert_eq!(world.states(), "+<<");
        world.ready("late");
        assert_eq!(world.states(), "+++");
    }
}
