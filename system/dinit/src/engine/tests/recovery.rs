//! `smooth-recovery`: the process is run again and nobody notices.

use super::world::*;
use crate::engine::*;

fn smooth(settings: Settings) -> Settings {
    Settings {
        smooth_recovery: true,
        restart_delay: MS,
        ..settings
    }
}

fn one(settings: Settings) -> World {
    World::with(&[("p", smooth(settings), &[])])
}

#[test]
fn the_process_is_run_again_after_the_delay_and_the_state_stays() {
    let mut world = one(process());
    world.start("p");
    world.exit("p", code(0));
    assert_eq!((world.states().as_str(), world.runs("p")), ("+", 1));
    world.advance(MS);
    assert_eq!((world.states().as_str(), world.runs("p")), ("+", 2));
    assert!(!world.has_timer());
    assert!(!world.happened("p", Event::Stopped));
}

#[test]
fn without_a_delay_it_is_run_again_at_once() {
    let mut world = World::with(&[(
        "p",
        Settings {
            restart_delay: 0,
            ..smooth(process())
        },
        &[],
    )]);
    world.start("p");
    world.exit("p", code(1));
    assert_eq!((world.states().as_str(), world.runs("p")), ("+", 2));
    assert!(!world.has_timer());
}

#[test]
fn a_recovery_that_cannot_be_launched_stops_it_and_its_dependents_for_good() {
    let mut world = one(process());
    world.add("d", restarting(internal()), &[(Need, "p")]);
    world.start("d");
    world.slow_launch = true;
    world.exit("p", code(0));
    world.advance(MS);
    assert_eq!(world.states(), "++");
    world.launch_fails("p");
    assert_eq!(world.states(), "--");
    assert_eq!(world.targets(), "--");
    assert_eq!(world.reason("p"), StopReason::Terminated);
    assert!(!world.has_timer());
}

#[test]
fn a_stop_during_the_delay_needs_no_signal() {
    let mut world = one(process());
    world.start("p");
    world.exit("p", code(0));
    world.stop("p");
    assert_eq!(world.states(), "-");
    assert_eq!(world.runs("p"), 1);
    assert!(world.signals("p").is_empty());
    assert!(!world.has_timer());
}

#[test]
fn a_stop_during_the_launch_signals_once_it_is_over() {
    let mut world = one(process());
    world.start("p");
    world.slow_launch = true;
    world.exit("p", code(0));
    world.advance(MS);
    world.stop("p");
    assert_eq!(world.states(), ">");
    assert!(world.signals("p").is_empty());
    world.launched("p");
    assert_eq!(world.signals("p"), [TERM]);
    world.exit("p", killed(TERM));
    assert_eq!(world.states(), "-");
    assert!(!world.has_timer());
}

#[test]
fn a_stop_during_a_launch_that_fails_is_over_with_it() {
    let mut world = one(process());
    world.start("p");
    world.slow_launch = true;
    world.exit("p", code(0));
    world.advance(MS);
    world.stop("p");
    world.launch_fails("p");
    assert_eq!(world.states(), "-");
}

#[test]
fn a_recovery_that_becomes_ready_is_over() {
    let mut world = one(notifying());
    world.start("p");
    world.ready("p");
    world.exit("p", code(0));
    world.advance(MS);
    assert!(world.has_timer());
    world.ready("p");
    assert!(!world.has_timer());
    world.advance(100 * SECOND);
    assert_eq!(world.states(), "+");
    assert!(world.signals("p").is_empty());
}

#[test]
fn a_recovery_that_does_not_become_ready_in_time_is_interrupted() {
    let mut world = one(notifying());
    world.add("d", internal(), &[(Need, "p")]);
    world.start("d");
    world.ready("p");
    world.exit("p", code(0));
    world.advance(MS);
    assert_eq!(world.states(), "++");
    world.advance(60 * SECOND);
    assert_eq!(world.signals("p"), [INT]);
    assert_eq!(world.states(), ">-");
    world.exit("p", code(1));
    assert_eq!(world.states(), "--");
    assert_eq!(world.reason("p"), StopReason::TimedOut);
    assert!(!world.has_timer());
}

#[test]
fn a_recovery_that_ends_or_gives_up_before_it_is_ready_has_failed() {
    for closes in [true, false] {
        let mut world = one(notifying());
        world.start("p");
        world.ready("p");
        world.exit("p", code(0));
        world.advance(MS);
        if closes {
            world.engine.ready_closed(world.id("p"));
            world.settle();
            assert_eq!(world.states(), ">");
        }
        world.exit("p", code(1));
        assert_eq!(world.states(), "-");
        assert_eq!(world.reason("p"), StopReason::Failed);
        assert!(!world.has_timer());
    }
}

#[test]
fn recoveries_are_limited_like_restarts() {
    let mut world = one(process());
    world.start("p");
    for _ in 0..3 {
        world.exit("p", code(1));
        world.advance(MS);
        assert_eq!(world.states(), "+");
    }
    world.exit("p", code(1));
    assert_eq!(world.states(), "-");
    assert!(!world.has_timer());
}
