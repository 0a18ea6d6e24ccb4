//! `type = process`: starting, ending, stopping, and restarting by itself.

use super::world::*;
use crate::description::Restart;
use crate::engine::*;

fn one(settings: Settings) -> World {
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
