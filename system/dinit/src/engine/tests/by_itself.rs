//! `type = process`: restarting by itself, its limits and its delays.

use super::process::one;
use super::world::*;
use crate::description::Restart;
use crate::engine::*;

#[test]
fn restarts_run_out_and_a_start_by_hand_renews_them() {
    let mut world = one(Settings {
        restart_limit_count: 1,
        restart_limit_interval: 1000 * SECOND,
        ..restarting(process())
    });
    world.start("p");
    for _ in 0..2 {
        assert_eq!(world.states(), "+");
        world.exit("p", code(0));
        assert_eq!(
            (world.states().as_str(), world.targets().as_str()),
            ("<", "+")
        );
        world.advance(200 * MS);
        assert_eq!(world.states(), "+");
        world.exit("p", code(0));
        assert_eq!(
            (world.states().as_str(), world.targets().as_str()),
            ("-", "-")
        );
        let note = Effect::Note(world.id("p"), Note::RestartingTooOften);
        assert!(world.log.contains(&note));
        world.start("p");
    }
}

#[test]
fn restarts_are_counted_anew_after_the_interval() {
    let mut world = one(Settings {
        restart_limit_count: 1,
        ..restarting(process())
    });
    world.start("p");
    for _ in 0..5 {
        world.advance(10 * SECOND);
        world.exit("p", code(1));
        world.advance(200 * MS);
        assert_eq!(world.states(), "+");
    }
    world.exit("p", code(1));
    assert_eq!(world.states(), "-");
}

#[test]
fn no_limit_is_no_limit() {
    let mut world = one(Settings {
        restart_limit_count: 0,
        ..restarting(process())
    });
    world.start("p");
    for _ in 0..50 {
        world.exit("p", code(1));
        world.advance(200 * MS);
    }
    assert_eq!(world.states(), "+");
    assert_eq!(world.runs("p"), 51);
}

#[test]
fn a_restart_keeps_its_distance_from_the_last_launch() {
    let mut world = one(restarting(process()));
    world.start("p");
    world.advance(150 * MS);
    world.exit("p", code(0));
    assert_eq!(world.states(), "<");
    assert_eq!(world.runs("p"), 1);
    assert_eq!(
        world.engine.next_deadline(),
        Some(Time(world.now.0 + 50 * MS))
    );
    world.advance(50 * MS);
    assert_eq!(world.runs("p"), 2);
    assert!(!world.has_timer());
    world.advance(200 * MS);
    world.exit("p", code(0));
    assert_eq!(world.runs("p"), 3);
}

#[test]
fn a_soft_dependent_keeps_it_restarting_and_a_stop_by_hand_ends_that() {
    let mut world = World::with(&[
        ("p", restarting(process()), &[]),
        ("b", internal(), &[(WaitsFor, "p")]),
    ]);
    world.start("b");
    world.exit("p", code(0));
    assert_eq!(world.states(), "<+");
    world.advance(200 * MS);
    assert_eq!(world.states(), "++");
    assert_eq!(world.runs("p"), 2);
    assert_eq!(world.engine.active_count(), 2);
    world.stop("p");
    world.exit("p", killed(TERM));
    assert_eq!(world.states(), "-+");
    assert!(!world.has_timer());
    assert_eq!(world.engine.active_count(), 1);
    world.engine.stop_all();
    world.settle();
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn a_dependent_that_restarts_takes_it_along() {
    let mut world = World::with(&[
        ("p", process(), &[]),
        ("d", restarting(internal()), &[(Need, "p")]),
    ]);
    world.start("d");
    world.slow_launch = true;
    world.exit("p", code(0));
    assert_eq!(world.states(), "<<");
    assert_eq!(world.targets(), "++");
    assert_eq!(world.reason("p"), StopReason::Terminated);
    world.launched("p");
    assert_eq!(world.states(), "++");
}

#[test]
fn it_restarts_at_once_though_dependents_still_stop_and_is_not_ended_again() {
    let mut world = World::with(&[
        ("p", restarting(process()), &[]),
        ("d", restarting(process()), &[(Need, "p")]),
    ]);
    world.start("d");
    world.exit("p", code(1));
    assert_eq!(world.states(), "<>");
    world.advance(200 * MS);
    assert_eq!(world.states(), "+>");
    world.exit("d", killed(TERM));
    world.advance(200 * MS);
    assert_eq!(world.states(), "++");
    assert!(world.signals("p").is_empty());
    assert_eq!(world.runs("p"), 2);
}

#[test]
fn a_restart_that_takes_too_long_is_interrupted() {
    let mut world = one(Settings {
        start_timeout: 5 * SECOND,
        ..restarting(notifying())
    });
    world.start("p");
    world.ready("p");
    world.exit("p", code(0));
    assert_eq!(world.runs("p"), 2);
    world.advance(5 * SECOND);
    assert_eq!(world.states(), ">");
    assert_eq!(world.signals("p"), [INT]);
    assert!(world.has_timer());
    world.exit("p", code(0));
    assert_eq!(world.states(), "-");
    assert_eq!(world.reason("p"), StopReason::TimedOut);
    assert!(!world.has_timer());
}

#[test]
fn on_failure_restarts_after_failures_only() {
    let settings = Settings {
        restart: Restart::OnFailure,
        restart_delay: 0,
        restart_limit_count: 0,
        ..process()
    };
    let restarts = [
        (code(0), false),
        (code(1), true),
        (code(255), true),
        (killed(1), false),
        (killed(2), false),
        (killed(3), true),
        (killed(9), true),
        (killed(10), false),
        (killed(11), true),
        (killed(12), false),
        (killed(15), false),
        (Exit { code: 3, status: 6 }, true),
    ];
    for (exit, expected) in restarts {
        let mut world = one(settings);
        world.start("p");
        world.exit("p", exit);
        assert_eq!(world.states() == "+", expected, "{exit:?}");
    }
    // For a scripted service it is the same as never, and an earlier failure does not count.
    let mut world = World::with(&[
        ("base", internal(), &[]),
        ("p", settings, &[(Need, "base")]),
    ]);
    world.start("p");
    world.exit("p", code(1));
    assert_eq!(world.states(), "++");
    world.force("base");
    world.exit("p", code(0));
    assert_eq!(world.states(), "--");
}

#[test]
fn a_dependent_stops_for_good_when_the_restarts_run_out() {
    let mut world = World::with(&[
        ("p", restarting(process()), &[]),
        ("d1", restarting(internal()), &[(Need, "p")]),
        ("d2", internal(), &[(WaitsFor, "d1")]),
    ]);
    world.start("d2");
    for _ in 0..3 {
        assert_eq!(world.states(), "+++");
        world.exit("p", code(0));
        assert_eq!(world.states(), "<<+");
        assert!(world.has_timer());
        world.advance(200 * MS);
    }
    assert_eq!(world.states(), "+++");
    world.exit("p", code(0));
    assert_eq!(world.states(), "--+");
    assert_eq!(world.reason("d1"), StopReason::DependencyFailed);
    assert!(!world.has_timer());
}
