//! Triggers, chains, kill-all, and what dinit does not have: conditions, start on demand, timers.

use super::world::*;
use crate::description::{Kind, Options};
use crate::engine::*;

#[test]
fn a_triggered_service_starts_when_it_is_triggered() {
    let triggered = Settings {
        kind: Kind::Triggered,
        ..internal()
    };
    let mut world = World::with(&[("t", triggered, &[]), ("d", internal(), &[(Need, "t")])]);
    let t = world.id("t");
    world.start("d");
    assert_eq!(world.states(), "<<");
    world.stop("d");
    assert_eq!(world.states(), "--");
    world.start("d");
    world.engine.set_trigger(t, true);
    world.settle();
    assert_eq!(world.states(), "++");
    // The trigger stays until it is taken away.
    world.stop("d");
    world.start("d");
    assert_eq!(world.states(), "++");
    world.stop("d");
    world.engine.set_trigger(t, false);
    world.start("d");
    assert_eq!(world.states(), "<<");
}

#[test]
fn a_trigger_does_not_overtake_dependencies() {
    let triggered = Settings {
        kind: Kind::Triggered,
        ..internal()
    };
    let mut world = World::with(&[("p", notifying(), &[]), ("t", triggered, &[(Need, "p")])]);
    world.start("t");
    let t = world.id("t");
    world.engine.set_trigger(t, true);
    world.settle();
    assert_eq!(world.states(), "<<");
    world.ready("p");
    assert_eq!(world.states(), "++");
}

#[test]
fn a_timer_is_started_like_an_internal_service() {
    let timer = Settings {
        kind: Kind::Timer,
        ..internal()
    };
    let mut world = World::with(&[("t", timer, &[])]);
    world.start("t");
    assert_eq!(world.states(), "+");
    world.stop("t");
    assert_eq!(world.states(), "-");
}

#[test]
fn the_options_of_a_start_have_their_effects() {
    for (option, effect) in [
        (Options::STARTS_RWFS, Effect::RootWritable),
        (Options::STARTS_LOG, Effect::LogReady),
    ] {
        let mut world = World::with(&[(
            "s",
            Settings {
                options: option,
                ..internal()
            },
            &[],
        )]);
        world.start("s");
        assert_eq!(world.count(|e| *e == effect), 1);
    }
}

#[test]
fn what_is_chained_follows_an_end_by_itself() {
    let chains = Settings {
        chains: true,
        ..process()
    };
    let always = Settings {
        options: Options::ALWAYS_CHAIN,
        ..chains
    };
    // Settings, exit, whether it was ordered to stop, whether the chain follows.
    let cases = [
        (process(), code(0), false, false),
        (chains, code(0), false, true),
        (chains, code(1), false, false),
        (chains, killed(9), false, false),
        (chains, code(0), true, false),
        (restarting(chains), code(0), false, false),
        (always, code(1), false, true),
        (always, code(0), true, true),
        (restarting(always), code(0), false, true),
    ];
    for (settings, exit, ordered, follows) in cases {
        let mut world = World::with(&[("p", settings, &[])]);
        world.start("p");
        if ordered {
            world.stop("p");
        }
        world.exit("p", exit);
        let chained = world.count(|e| matches!(e, Effect::Chain(_)));
        assert_eq!(chained, usize::from(follows), "{settings:?} {exit:?}");
    }
    let mut world = World::with(&[("p", always, &[])]);
    world.start("p");
    world.engine.stop_all();
    world.settle();
    world.exit("p", code(0));
    assert_eq!(world.count(|e| matches!(e, Effect::Chain(_))), 0);
}

#[test]
fn everything_else_is_killed_before_the_stop_and_only_if_the_service_was_started() {
    let kills = Settings {
        options: Options::KILL_ALL_ON_STOP,
        has_stop_command: true,
        ..scripted()
    };
    let mut world = World::with(&[("base", notifying(), &[]), ("k", kills, &[(Need, "base")])]);
    world.slow = true;
    world.start("k");
    world.stop("k");
    assert_eq!(world.count(|e| matches!(e, Effect::KillAll(_))), 0);
    world.start("k");
    world.ready("base");
    world.exit("k", code(0));
    world.stop("k");
    let k = world.id("k");
    assert_eq!(world.log.last(), Some(&Effect::KillAll(k)));
    assert_eq!(world.stop_runs("k"), 0);
    // Too late to change one's mind.
    world.start("k");
    assert_eq!(world.state("k"), State::Stopping);
    world.engine.killed_all(k);
    world.settle();
    assert_eq!(world.stop_runs("k"), 1);
    world.stop_exit("k", code(0));
    assert_eq!(world.state("k"), State::Starting);
}

#[test]
fn a_service_whose_conditions_do_not_hold_counts_as_started_and_runs_nothing() {
    for settings in [
        process(),
        bgprocess(),
        internal(),
        Settings {
            has_stop_command: true,
            options: Options::KILL_ALL_ON_STOP | Options::STARTS_ON_CONSOLE,
            ..scripted()
        },
    ] {
        let conditional = Settings {
            conditional: true,
            ..settings
        };
        let mut world = World::with(&[("c", conditional, &[]), ("d", internal(), &[(Need, "c")])]);
        let c = world.id("c");
        world.unmet.insert(c);
        world.start("d");
        assert_eq!(world.states(), "++");
        assert!(world.engine.skipped(c));
        assert_eq!(world.runs("c"), 0);
        world.stop("d");
        assert_eq!(world.states(), "--");
        assert_eq!(world.stop_runs("c"), 0);
        let loud = world.count(|e| matches!(e, Effect::TakeConsole(_) | Effect::KillAll(_)));
        assert_eq!(loud, 0);
        // They are looked at each time.
        world.unmet.clear();
        world.start("c");
        assert!(!world.engine.skipped(c));
        assert_eq!(world.count(|e| *e == Effect::Check(c)), 2);
        assert_eq!(world.runs("c"), usize::from(settings.has_command));
    }
}

#[test]
fn a_service_without_conditions_is_not_looked_at() {
    let mut world = World::with(&[("c", process(), &[])]);
    world.start("c");
    assert_eq!(world.count(|e| matches!(e, Effect::Check(_))), 0);
}

fn on_demand(settings: Settings) -> Settings {
    Settings {
        options: Options::ON_DEMAND,
        ..settings
    }
}

fn demand(world: &mut World) {
    let id = world.id("p");
    world.engine.demanded(id);
    world.settle();
}

#[test]
fn a_service_on_demand_runs_on_the_first_connection() {
    let mut world = World::with(&[("p", on_demand(process()), &[])]);
    world.start("p");
    assert_eq!((world.states().as_str(), world.runs("p")), ("+", 0));
    demand(&mut world);
    assert_eq!((world.states().as_str(), world.runs("p")), ("+", 1));
    assert!(!world.has_timer());
    demand(&mut world);
    assert_eq!(world.runs("p"), 1);
    // It ends well: listens again, and nobody notices.
    let events = world.count(|e| matches!(e, Effect::Event(..)));
    world.exit("p", code(0));
    assert_eq!(world.states(), "+");
    assert_eq!(world.count(|e| matches!(e, Effect::Listen(_))), 2);
    assert_eq!(world.count(|e| matches!(e, Effect::Event(..))), events);
    // It did not take long, so the next one has to wait for the restart delay.
    demand(&mut world);
    assert_eq!(world.runs("p"), 1);
    world.advance(200 * MS);
    assert_eq!(world.runs("p"), 2);
    world.stop("p");
    assert_eq!(world.signals("p"), [TERM]);
    world.exit("p", killed(TERM));
    assert_eq!(world.states(), "-");
    assert!(world.log.contains(&Effect::Inactive(world.id("p"))));
}

#[test]
fn a_service_on_demand_that_is_idle_stops_at_once() {
    let mut world = World::with(&[("p", on_demand(process()), &[])]);
    world.start("p");
    world.stop("p");
    assert_eq!((world.states().as_str(), world.runs("p")), ("-", 0));
    assert!(world.signals("p").is_empty());
    demand(&mut world);
    assert_eq!(world.runs("p"), 0);
}

#[test]
fn a_service_on_demand_that_fails_restarts_or_stops() {
    let mut world = World::with(&[("p", on_demand(process()), &[])]);
    world.start("p");
    demand(&mut world);
    world.exit("p", code(1));
    assert_eq!(world.states(), "-");
    assert_eq!(world.reason("p"), StopReason::Terminated);

    for settings in [
        restarting(process()),
        Settings {
            smooth_recovery: true,
            ..process()
        },
    ] {
        let mut world = World::with(&[("p", on_demand(settings), &[])]);
        world.start("p");
        for round in 1..=3 {
            demand(&mut world);
            assert_eq!(world.runs("p"), round);
            world.exit("p", code(1));
            world.advance(200 * MS);
            assert_eq!(world.states(), "+");
        }
        demand(&mut world);
        world.exit("p", code(1));
        assert_eq!(world.states(), "-");
        assert_eq!(world.reason("p"), StopReason::Terminated);
    }
}

#[test]
fn a_service_on_demand_that_cannot_listen_or_run_fails() {
    let mut world = World::with(&[("p", on_demand(process()), &[])]);
    world.start("p");
    demand(&mut world);
    world.exit("p", code(0));
    world.advance(SECOND);
    world.slow_launch = true;
    demand(&mut world);
    world.launch_fails("p");
    assert_eq!(world.states(), "-");
    assert_eq!(world.reason("p"), StopReason::ExecFailed);
    // The socket cannot be bound.
    world.engine.start(world.id("p"));
    world.engine.settle(world.now);
    let error = LaunchError {
        stage: Stage::ActivationSocket,
        errno: 98,
    };
    world.engine.launch_failed(world.id("p"), error);
    world.engine.settle(world.now);
    assert_eq!(world.states(), "-");
    assert_eq!(world.reason("p"), StopReason::ExecFailed);
    assert_eq!(world.engine.launch_error(world.id("p")), Some(error));
}

#[test]
fn a_service_on_demand_that_does_not_become_ready_is_interrupted() {
    let mut world = World::with(&[("p", on_demand(notifying()), &[])]);
    world.start("p");
    assert_eq!(world.states(), "+");
    demand(&mut world);
    world.advance(60 * SECOND);
    assert_eq!(world.states(), ">");
    assert_eq!(world.signals("p"), [INT]);
    world.exit("p", killed(INT));
    assert_eq!(world.states(), "-");
}
