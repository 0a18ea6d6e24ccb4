//! `type = process`: starting, ending, stopping.

use super::world::*;
use crate::engine::*;

pub fn one(settings: Settings) -> World {
    World::with(&[("p", settings, &[])])
}

#[test]
fn it_is_started_once_it_runs() {
    let mut world = one(process());
    world.slow_launch = true;
    world.start("p");
    assert_eq!(world.states(), "<");
    assert_eq!(world.engine.pid(world.id("p")), None);
    world.launched("p");
    assert_eq!(world.states(), "+");
    assert_eq!(world.engine.pid(world.id("p")), Some(101));
    assert!(!world.has_timer());
    world.stop("p");
    world.exit("p", code(0));
    assert_eq!(world.states(), "-");
    let effects = world.log.len();
    // Late and doubled events change nothing.
    world.launched("p");
    world.launch_fails("p");
    world.exit("p", code(1));
    world.ready("p");
    assert_eq!(world.log.len(), effects);
    assert_eq!(world.states(), "-");
}

#[test]
fn one_that_notifies_is_started_when_it_says_so() {
    let mut world = one(notifying());
    world.start("p");
    assert_eq!(world.states(), "<");
    world.ready("p");
    assert_eq!(world.states(), "+");
    assert!(!world.has_timer());
    world.stop("p");
    world.exit("p", code(0));
    assert_eq!(world.states(), "-");
}

#[test]
fn one_that_can_no_longer_notify_has_failed() {
    let mut world = one(notifying());
    world.start("p");
    world.engine.ready_closed(world.id("p"));
    world.settle();
    assert_eq!(world.states(), ">");
    assert_eq!(world.signals("p"), [TERM]);
    assert!(
        world
            .log
            .contains(&Effect::Note(world.id("p"), Note::NeverReady))
    );
    world.exit("p", code(0));
    assert_eq!(world.states(), "-");
    assert_eq!(world.reason("p"), StopReason::Failed);
    assert!(world.engine.failed(world.id("p")));
    assert!(!world.has_timer());
}

#[test]
fn one_that_ends_before_it_notifies_has_failed() {
    let mut world = one(restarting(notifying()));
    world.start("p");
    world.exit("p", code(0));
    assert_eq!(world.states(), "-");
    assert_eq!(world.reason("p"), StopReason::Failed);
}

#[test]
fn an_end_nobody_asked_for_stops_it_and_its_dependents() {
    let mut world = World::with(&[("p", process(), &[]), ("d", internal(), &[(Need, "p")])]);
    world.start("d");
    assert_eq!(world.states(), "++");
    world.exit("p", code(3));
    assert_eq!(world.states(), "--");
    assert_eq!(world.targets(), "--");
    assert_eq!(world.reason("p"), StopReason::Terminated);
    assert_eq!(world.engine.exit(world.id("p")), code(3));
    let note = Effect::Note(world.id("p"), Note::Ended(code(3)));
    assert!(world.log.contains(&note));
    assert!(!world.has_timer());
    assert_eq!(world.engine.active_count(), 0);
}

#[test]
fn a_stop_signals_and_waits_for_the_end_each_time() {
    let mut world = one(process());
    for round in 1..=2 {
        world.start("p");
        world.stop("p");
        assert_eq!(world.states(), ">");
        assert_eq!(world.signals("p").len(), round);
        assert!(world.has_timer());
        world.exit("p", killed(TERM));
        assert_eq!(world.states(), "-");
        assert_eq!(world.reason("p"), StopReason::Normal);
        assert!(!world.has_timer());
    }
    assert_eq!(world.signals("p"), [TERM, TERM]);
}

#[test]
fn a_stop_by_hand_forgets_an_earlier_failure() {
    let mut world = one(process());
    world.slow_launch = true;
    world.start("p");
    world.launch_fails("p");
    assert_eq!(world.states(), "-");
    assert_eq!(world.reason("p"), StopReason::ExecFailed);
    let error = world.engine.launch_error(world.id("p")).unwrap();
    assert_eq!((error.stage, error.errno), (Stage::Exec, 2));
    assert!(!world.has_timer());
    world.start("p");
    world.launched("p");
    world.stop("p");
    world.exit("p", killed(TERM));
    assert_eq!(world.reason("p"), StopReason::Normal);
    assert_eq!(world.engine.launch_error(world.id("p")), None);
}

#[test]
fn one_that_ignores_the_signal_is_killed() {
    let mut world = one(process());
    world.start("p");
    world.stop("p");
    world.advance(10 * SECOND);
    assert_eq!(world.states(), ">");
    assert_eq!(world.signals("p"), [TERM, KILL]);
    assert!(
        world
            .log
            .contains(&Effect::Note(world.id("p"), Note::StopTimedOut))
    );
    world.exit("p", killed(KILL));
    assert_eq!(world.states(), "-");
    assert_eq!(world.reason("p"), StopReason::Normal);
    assert!(!world.has_timer());
}

#[test]
fn without_a_term_signal_it_has_the_time_to_end_by_itself() {
    let mut world = one(Settings {
        term_signal: 0,
        ..process()
    });
    world.start("p");
    world.stop("p");
    assert!(world.signals("p").is_empty());
    world.advance(10 * SECOND);
    assert_eq!(world.signals("p"), [KILL]);
}

#[test]
fn a_stop_command_takes_the_place_of_the_signal() {
    let settings = Settings {
        has_stop_command: true,
        ..process()
    };
    // The process ends first, or the stop command does.
    for process_first in [true, false] {
        let mut world = one(settings);
        world.start("p");
        world.stop("p");
        assert_eq!(world.stop_runs("p"), 1);
        assert!(world.engine.stop_pid(world.id("p")).is_some());
        if process_first {
            world.exit("p", code(0));
            assert_eq!(world.states(), ">");
            assert!(world.has_timer());
            world.stop_exit("p", code(0));
        } else {
            world.stop_exit("p", code(1));
            assert_eq!(world.states(), ">");
            let note = Note::StopCommandFailed(code(1));
            assert!(world.log.contains(&Effect::Note(world.id("p"), note)));
            world.exit("p", code(0));
        }
        assert_eq!(world.states(), "-");
        assert!(world.signals("p").is_empty());
        assert!(!world.has_timer());
    }
}

#[test]
fn a_stop_command_that_hangs_is_killed_even_if_the_process_is_gone() {
    let mut world = one(Settings {
        has_stop_command: true,
        ..process()
    });
    world.start("p");
    world.stop("p");
    world.exit("p", code(0));
    world.advance(10 * SECOND);
    let killed_stop = Effect::Signal {
        id: world.id("p"),
        target: Target::Stop,
        signal: KILL,
    };
    assert!(world.log.contains(&killed_stop));
    world.stop_exit("p", killed(KILL));
    assert_eq!(world.states(), "-");
}

#[test]
fn a_stop_command_that_cannot_be_run_gives_way_to_the_signal() {
    for (term_signal, expected) in [(TERM, TERM), (0, KILL)] {
        let mut world = one(Settings {
            has_stop_command: true,
            term_signal,
            ..process()
        });
        world.start("p");
        world.slow_launch = true;
        world.stop("p");
        let id = world.id("p");
        let error = LaunchError {
            stage: Stage::Exec,
            errno: 13,
        };
        world.engine.stop_launch_failed(id, error);
        world.settle();
        assert_eq!(world.signals("p"), [expected]);
        let note = Note::StopCommandNotRun(error);
        assert!(world.log.contains(&Effect::Note(id, note)));
        world.exit("p", killed(expected));
        assert_eq!(world.states(), "-");
    }
}

#[test]
fn one_that_asks_for_more_time_to_start_gets_it_and_never_less() {
    let mut world = one(notifying());
    world.start("p");
    let id = world.id("p");
    world.engine.extend_start(id, SECOND);
    world.settle();
    assert_eq!(
        world.engine.next_deadline(),
        Some(Time(world.now.0 + 60 * SECOND))
    );
    world.advance(59 * SECOND);
    world.engine.extend_start(id, 30 * SECOND);
    world.settle();
    world.advance(29 * SECOND);
    assert_eq!(world.states(), "<");
    world.advance(SECOND);
    assert_eq!(world.states(), ">");
}

#[test]
fn the_times_of_everything_are_kept() {
    let mut world = one(notifying());
    world.slow_launch = true;
    let begin = world.now.0;
    world.start("p");
    world.now.0 += 1;
    world.launched("p");
    world.now.0 += 1;
    world.ready("p");
    world.now.0 += 1;
    world.stop("p");
    world.exit("p", killed(TERM));
    let times = world.engine.times(world.id("p"));
    assert_eq!(times.requested, Time(begin));
    assert_eq!(times.launched, Time(begin + 1));
    assert_eq!(times.started, Time(begin + 2));
    assert_eq!(times.stopped, Time(begin + 3));
}

#[test]
fn a_stop_while_it_is_being_launched_waits_for_the_launch() {
    let mut world = one(process());
    world.slow_launch = true;
    world.start("p");
    world.stop("p");
    assert_eq!(
        (world.states().as_str(), world.targets().as_str()),
        ("<", "-")
    );
    world.launched("p");
    assert_eq!(world.states(), ">");
    assert_eq!(world.signals("p"), [TERM]);
}
