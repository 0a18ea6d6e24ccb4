//! `type = scripted`: one command to start, another to stop.

use super::world::*;
use crate::description::Options;
use crate::engine::*;

fn with_stop(options: Options) -> Settings {
    Settings {
        options,
        has_stop_command: true,
        ..scripted()
    }
}

fn one(settings: Settings) -> World {
    World::with(&[("p", settings, &[])])
}

#[test]
fn its_commands_start_and_stop_it() {
    let mut world = one(with_stop(Options::empty()));
    world.start("p");
    assert_eq!(world.states(), "<");
    world.exit("p", code(0));
    assert_eq!(world.states(), "+");
    assert_eq!(world.engine.pid(world.id("p")), None);
    assert!(!world.has_timer());
    world.stop("p");
    assert_eq!(world.states(), ">");
    assert!(world.engine.pid(world.id("p")).is_some());
    world.stop_exit("p", code(0));
    assert_eq!(world.states(), "-");
    assert!(!world.has_timer());
}

#[test]
fn a_start_that_takes_too_long_is_interrupted() {
    let mut world = one(Settings {
        start_timeout: 10 * SECOND,
        ..scripted()
    });
    world.start("p");
    world.advance(10 * SECOND);
    assert_eq!(world.states(), ">");
    assert_eq!(world.signals("p"), [INT]);
    assert!(world.happened("p", Event::FailedStart));
    world.exit("p", killed(TERM));
    assert_eq!(world.states(), "-");
    assert_eq!(world.reason("p"), StopReason::TimedOut);
    assert!(!world.has_timer());
}

#[test]
fn no_start_timeout_is_no_timeout() {
    let mut world = one(Settings {
        start_timeout: 0,
        ..scripted()
    });
    world.start("p");
    assert!(!world.has_timer());
}

#[test]
fn a_stop_that_takes_too_long_is_killed() {
    let mut world = one(with_stop(Options::empty()));
    world.start("p");
    world.exit("p", code(0));
    world.stop("p");
    world.advance(10 * SECOND);
    assert_eq!(world.states(), ">");
    assert_eq!(world.signals("p"), [KILL]);
    world.stop_exit("p", killed(KILL));
    assert_eq!(world.states(), "-");
    assert_eq!(world.reason("p"), StopReason::Normal);
    assert!(!world.has_timer());
}

#[test]
fn a_start_that_fails_fails_its_dependents() {
    let mut world = one(with_stop(Options::empty()));
    world.add("s2", internal(), &[(Need, "p")]);
    world.add("s3", internal(), &[(Need, "p"), (Need, "s2")]);
    world.start("s3");
    assert_eq!(world.states(), "<<<");
    world.exit("p", code(1));
    assert_eq!(world.states(), "---");
    assert_eq!(world.reason("p"), StopReason::Failed);
    assert_eq!(world.reason("s2"), StopReason::DependencyFailed);
    assert_eq!(world.reason("s3"), StopReason::DependencyFailed);
    assert_eq!(world.stop_runs("p"), 0);
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn an_end_that_is_known_together_with_the_launch_counts() {
    let mut world = one(scripted());
    world.slow_launch = true;
    world.start("p");
    let id = world.id("p");
    world.engine.launched(id, 7);
    world.engine.exited(id, code(0));
    world.settle();
    assert_eq!(world.states(), "+");
    world.advance(100 * SECOND);
    assert_eq!(world.runs("p"), 1);
    world.stop("p");
    assert_eq!(world.states(), "-");
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn a_stop_command_that_fails_or_cannot_be_run_is_run_once_and_ends_the_stop() {
    for runs in [true, false] {
        let mut world = one(with_stop(Options::empty()));
        world.add("s2", internal(), &[]);
        world.add("s3", internal(), &[(Need, "s2"), (Need, "p")]);
        world.add("s4", internal(), &[(Need, "p"), (Need, "s3")]);
        world.start("s4");
        world.exit("p", code(0));
        assert_eq!(world.states(), "++++");
        world.slow_launch = true;
        world.stop("s4");
        let id = world.id("p");
        if runs {
            world.engine.stop_launched(id, 9);
            world.stop_exit("p", code(1));
        } else {
            let error = LaunchError {
                stage: Stage::Chdir,
                errno: 2,
            };
            world.engine.stop_launch_failed(id, error);
            world.settle();
        }
        assert_eq!(world.stop_runs("p"), 1);
        assert_eq!(world.states(), "----");
    }
}

#[test]
fn a_skippable_start_that_is_interrupted_counts_as_started() {
    let mut world = one(with_stop(Options::SKIPPABLE));
    world.add("s2", internal(), &[(Need, "p")]);
    world.start("s2");
    world.exit("p", killed(INT));
    assert_eq!(world.states(), "++");
    assert!(world.engine.skipped(world.id("p")));
    assert!(!world.engine.skipped(world.id("s2")));
    assert_eq!(world.engine.active_count(), 2);
    world.stop("s2");
    world.stop_exit("p", code(0));
    assert_eq!(world.states(), "--");
    assert_eq!(world.reason("p"), StopReason::Normal);
    assert_eq!(world.reason("s2"), StopReason::Normal);
    assert_eq!(world.engine.active_count(), 0);
    // One that is not skippable fails by the same signal.
    let mut world = one(scripted());
    world.start("p");
    world.exit("p", killed(INT));
    assert_eq!(world.states(), "-");
}

#[test]
fn an_interrupt_by_order_is_no_skip() {
    let mut world = one(Settings {
        options: Options::SKIPPABLE | Options::START_INTERRUPTIBLE,
        ..scripted()
    });
    world.add("s2", internal(), &[(Need, "p")]);
    world.start("s2");
    world.stop("s2");
    assert_eq!(world.states(), ">-");
    assert_eq!(world.signals("p"), [INT]);
    assert!(world.happened("p", Event::StartCancelled));
    world.exit("p", killed(INT));
    assert_eq!(world.states(), "--");
    assert!(!world.engine.skipped(world.id("p")));
    assert_eq!(world.reason("p"), StopReason::Normal);
    assert_eq!(world.reason("s2"), StopReason::Normal);
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn what_an_interrupted_start_left_is_cleaned_up_unless_it_gave_up_by_itself() {
    for (exit, cleans) in [(killed(INT), true), (code(0), true), (code(1), false)] {
        let mut world = one(with_stop(Options::START_INTERRUPTIBLE));
        world.start("p");
        world.stop("p");
        world.exit("p", exit);
        assert_eq!(world.stop_runs("p"), usize::from(cleans), "{exit:?}");
        if cleans {
            world.stop_exit("p", code(0));
        }
        assert_eq!(world.states(), "-");
        assert!(!world.has_timer());
    }
}

#[test]
fn an_order_to_stop_that_meets_the_launch_interrupts_it_afterwards() {
    let mut world = one(with_stop(Options::START_INTERRUPTIBLE));
    world.slow_launch = true;
    world.start("p");
    world.stop("p");
    assert!(world.signals("p").is_empty());
    world.launched("p");
    assert_eq!(world.signals("p"), [INT]);
    assert_eq!(world.states(), ">");
}

#[test]
fn one_that_was_never_run_is_not_undone() {
    let mut world = World::with(&[
        ("base", notifying(), &[]),
        ("p", with_stop(Options::empty()), &[(Need, "base")]),
    ]);
    world.start("p");
    world.stop("p");
    assert_eq!(world.states(), "<-");
    assert_eq!(world.stop_runs("p"), 0);
}
