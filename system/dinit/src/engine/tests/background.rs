//! `type = bgprocess`: the command leaves a daemon behind, and its number in a file.

use super::world::*;
use crate::description::Options;
use crate::engine::*;

fn one(settings: Settings) -> World {
    World::with(&[("p", settings, &[])])
}

fn smooth() -> Settings {
    Settings {
        smooth_recovery: true,
        restart_delay: MS,
        ..bgprocess()
    }
}

fn daemon(world: &mut World, pid: i32) {
    let id = world.id("p");
    world.pid_files.insert(id, pid);
}

fn pid(world: &World) -> Option<i32> {
    world.engine.pid(world.id("p"))
}

/// Started, its daemon being 500.
fn started(settings: Settings) -> World {
    let mut world = one(settings);
    world.start("p");
    daemon(&mut world, 500);
    world.exit("p", code(0));
    assert_eq!(world.states(), "+");
    assert_eq!(pid(&world), Some(500));
    world
}

#[test]
fn it_is_started_when_the_command_ends_and_the_file_is_read() {
    let mut world = one(bgprocess());
    world.slow_launch = true;
    world.start("p");
    world.launched("p");
    assert_eq!(world.states(), "<");
    daemon(&mut world, 500);
    world.exit("p", code(0));
    assert_eq!(world.states(), "+");
    assert_eq!(pid(&world), Some(500));
    assert!(!world.has_timer());
}

#[test]
fn a_command_that_fails_or_leaves_no_pid_fails_the_start() {
    for exit in [code(1), code(0), killed(9)] {
        let mut world = one(bgprocess());
        world.start("p");
        world.exit("p", exit);
        assert_eq!(world.states(), "-");
        assert_eq!(world.reason("p"), StopReason::Failed);
        let noted = world.count(|e| matches!(e, Effect::Note(_, Note::BadPidFile)));
        assert_eq!(noted, usize::from(exit == code(0)));
        assert!(!world.has_timer());
    }
    // Numbers that would signal a group or everything are none.
    for bad in [0, -1, i32::MIN] {
        let mut world = one(bgprocess());
        daemon(&mut world, bad);
        world.start("p");
        world.exit("p", code(0));
        assert_eq!(world.states(), "-");
    }
}

#[test]
fn it_can_be_stopped_and_started_again() {
    let mut world = started(bgprocess());
    for _ in 0..2 {
        world.log.clear();
        world.stop("p");
        assert_eq!(world.states(), ">");
        assert_eq!(world.signals("p"), [TERM]);
        world.exit("p", code(0));
        assert_eq!(world.states(), "-");
        world.start("p");
        assert_eq!(world.states(), "<");
        world.exit("p", code(0));
        assert_eq!(world.states(), "+");
    }
}

#[test]
fn the_end_of_the_daemon_stops_it_and_its_dependents() {
    let mut world = started(bgprocess());
    world.add("d", internal(), &[(Need, "p")]);
    world.start("d");
    world.exit("p", code(0));
    assert_eq!(world.states(), "--");
    assert_eq!(world.targets(), "--");
    assert_eq!(world.reason("p"), StopReason::Terminated);
    assert!(!world.has_timer());
}

#[test]
fn it_recovers_again_and_again() {
    let mut world = started(smooth());
    for next in 501..503 {
        world.exit("p", code(0));
        assert_eq!(world.states(), "+");
        assert_eq!(pid(&world), None);
        world.advance(MS);
        assert_eq!(world.states(), "+");
        assert!(world.has_timer());
        daemon(&mut world, next);
        world.exit("p", code(0));
        assert_eq!(world.states(), "+");
        assert_eq!(pid(&world), Some(next));
        assert!(!world.has_timer());
    }
}

#[test]
fn a_recovery_that_leaves_no_pid_while_dependents_stop_is_over_when_they_have() {
    let mut world = started(smooth());
    world.add("d", process(), &[(Need, "p")]);
    world.start("d");
    world.exit("p", code(0));
    world.slow_launch = true;
    world.advance(MS);
    world.stop("p");
    assert_eq!(world.states(), ">>");
    let p = world.id("p");
    world.pid_files.remove(&p);
    world.launched("p");
    world.exit("p", code(0));
    assert_eq!(world.states(), ">>");
    world.exit("d", killed(TERM));
    assert_eq!(world.states(), "--");
    assert!(!world.has_timer());
}

#[test]
fn a_recovery_that_fails_stops_it() {
    for launches in [true, false] {
        let mut world = started(smooth());
        world.exit("p", code(0));
        world.slow_launch = true;
        world.advance(MS);
        if launches {
            world.launched("p");
            world.exit("p", code(1));
        } else {
            world.launch_fails("p");
        }
        assert_eq!(world.states(), "-");
        assert_eq!(world.reason("p"), StopReason::Terminated);
        assert!(!world.has_timer());
    }
}

#[test]
fn a_stop_during_the_delay_is_over_at_once_and_it_can_start_again() {
    let mut world = started(smooth());
    world.exit("p", code(0));
    world.stop("p");
    assert_eq!(world.states(), "-");
    assert!(!world.has_timer());
    world.start("p");
    world.exit("p", code(0));
    assert_eq!(world.states(), "+");
    world.stop("p");
    world.exit("p", code(0));
    assert_eq!(world.states(), "-");
}

#[test]
fn it_restarts_when_its_daemon_ends() {
    let mut world = started(restarting(bgprocess()));
    world.exit("p", code(1));
    assert_eq!(world.states(), "<");
    assert_eq!(pid(&world), None);
    world.advance(200 * MS);
    assert_eq!(world.runs("p"), 2);
    daemon(&mut world, 501);
    world.exit("p", code(0));
    assert_eq!(world.states(), "+");
    assert_eq!(pid(&world), Some(501));
    assert!(!world.has_timer());
}

#[test]
fn a_stop_inhibits_the_restart() {
    let mut world = started(restarting(bgprocess()));
    world.stop("p");
    assert_eq!(world.states(), ">");
    world.exit("p", code(1));
    assert_eq!(world.states(), "-");
    assert!(!world.has_timer());
}

#[test]
fn a_stop_while_the_command_runs_ends_the_daemon_that_it_leaves() {
    let mut world = one(restarting(bgprocess()));
    world.start("p");
    world.stop("p");
    assert_eq!(world.states(), "<");
    daemon(&mut world, 500);
    world.exit("p", code(0));
    assert_eq!(world.states(), ">");
    assert_eq!(pid(&world), Some(500));
    assert_eq!(world.signals("p"), [TERM]);
    world.exit("p", code(1));
    assert_eq!(world.states(), "-");
    assert!(!world.has_timer());
}

#[test]
fn a_stop_during_a_recovery_ends_the_daemon_that_it_leaves() {
    let mut world = started(smooth());
    world.exit("p", code(0));
    world.advance(MS);
    daemon(&mut world, 501);
    world.stop("p");
    assert_eq!(world.states(), ">");
    // The command finishes well in spite of the signal.
    world.exit("p", code(0));
    assert_eq!(world.states(), ">");
    assert_eq!(pid(&world), Some(501));
    assert_eq!(world.signals("p").last(), Some(&TERM));
    world.exit("p", code(0));
    assert_eq!(world.states(), "-");
    assert!(!world.has_timer());
}

#[test]
fn its_stop_command_and_its_daemon_may_end_in_either_order() {
    for daemon_first in [true, false] {
        let mut world = started(Settings {
            has_stop_command: true,
            ..smooth()
        });
        world.stop("p");
        if daemon_first {
            world.exit("p", code(0));
        } else {
            world.stop_exit("p", code(0));
        }
        assert_eq!(world.states(), ">");
        if daemon_first {
            world.stop_exit("p", code(0));
        } else {
            world.exit("p", code(0));
        }
        assert_eq!(world.states(), "-");
        assert!(!world.has_timer());
    }
}

#[test]
fn a_daemon_that_ends_while_dependents_stop_is_not_stopped_before_them() {
    let mut world = started(bgprocess());
    world.add("d", process(), &[(Need, "p")]);
    world.start("d");
    world.stop("p");
    world.exit("p", code(0));
    assert_eq!(world.states(), ">>");
    world.exit("d", killed(TERM));
    assert_eq!(world.states(), "--");
}

#[test]
fn a_stop_while_the_pid_file_is_read_ends_the_daemon_or_is_over() {
    for found in [Some(500), None] {
        let mut world = one(bgprocess());
        world.slow = true;
        world.start("p");
        world.exit("p", code(0));
        world.stop("p");
        assert_eq!(world.states(), "<");
        let id = world.id("p");
        world.engine.pid_read(id, found);
        world.settle();
        if found.is_some() {
            assert_eq!(world.signals("p"), [TERM]);
            world.exit("p", killed(TERM));
        }
        assert_eq!(world.states(), "-");
    }
}

#[test]
fn an_interruptible_start_is_interrupted() {
    let mut world = one(Settings {
        options: Options::START_INTERRUPTIBLE,
        ..bgprocess()
    });
    world.start("p");
    world.stop("p");
    assert_eq!(world.states(), ">");
    assert_eq!(world.signals("p"), [INT]);
    world.advance(10 * SECOND);
    assert_eq!(world.signals("p"), [INT, KILL]);
    world.exit("p", killed(KILL));
    assert_eq!(world.states(), "-");
}
