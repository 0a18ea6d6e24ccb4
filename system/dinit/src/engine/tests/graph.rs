//! Loading, unloading, reloading, and single dependencies.

use super::world::*;
use crate::description::{Kind, Options};
use crate::engine::*;

fn names(cycle: &[&str]) -> GraphError {
    GraphError::Cycle(cycle.iter().map(|name| name.as_bytes().into()).collect())
}

#[test]
fn what_is_needed_has_to_be_loaded() {
    for kind in [Need, Milestone, WaitsFor, PreparedBy] {
        let mut world = World::new();
        assert_eq!(
            world.try_add("a", internal(), &[(After, "b"), (kind, "c")]),
            Err(GraphError::Missing((*b"c").into()))
        );
        assert_eq!(world.engine.len(), 0);
        // The name that `after` mentions is no service either, and must be loadable.
        assert!(world.engine.find(b"b").is_none());
        world.add("b", internal(), &[]);
        world.add("a", internal(), &[(kind, "b")]);
    }
}

#[test]
fn a_name_is_loaded_once() {
    let mut world = World::with(&[("a", internal(), &[])]);
    assert_eq!(world.try_add("a", internal(), &[]), Err(GraphError::Loaded));
}

#[test]
fn cycles_are_refused_and_named() {
    let mut world = World::new();
    assert_eq!(
        world.try_add("a", internal(), &[(Need, "a")]),
        Err(names(&["a"]))
    );
    world.add("a", internal(), &[(After, "c")]);
    world.add("b", internal(), &[(Need, "a")]);
    assert_eq!(
        world.try_add("c", internal(), &[(Need, "b")]),
        Err(names(&["c", "b", "a"]))
    );
    world.add("c", internal(), &[]);
    let (a, b, c) = (world.id("a"), world.id("b"), world.id("c"));
    for kind in [Need, Milestone, WaitsFor, PreparedBy, After] {
        assert_eq!(
            world.engine.add_dependency(c, kind, b),
            Err(names(&["c", "b", "a"]))
        );
    }
    assert_eq!(
        world.engine.add_dependency(b, Before, c),
        Err(names(&["b", "a", "c"]))
    );
    assert_eq!(world.engine.add_dependency(a, Need, a), Err(names(&["a"])));
    assert_eq!(
        world
            .engine
            .reload(c, internal(), &as_bytes(&[(WaitsFor, "b")])),
        Err(ReloadError::Graph(names(&["c", "b", "a"])))
    );
    assert_eq!(world.engine.dependencies(c).count(), 0);
    // Nothing was left behind that would be in the way now.
    assert_eq!(world.engine.add_dependency(c, Before, b), Ok(true));
    assert_eq!(
        names(&["c", "b"]).to_string(),
        "services would have to start before themselves: c -> b -> c"
    );
}

#[test]
fn a_refused_order_with_what_is_not_loaded_leaves_no_trace() {
    let mut world = World::with(&[("a", internal(), &[])]);
    let a = world.id("a");
    assert!(
        world
            .engine
            .reload(a, internal(), &as_bytes(&[(After, "x"), (Need, "y")]))
            .is_err()
    );
    let x = world.add("x", internal(), &[]);
    assert_eq!(world.engine.dependents(x).count(), 0);
}

#[test]
fn only_what_is_stopped_and_not_depended_on_can_be_unloaded() {
    let mut world = World::with(&[
        ("a", process(), &[]),
        ("b", process(), &[(WaitsFor, "a")]),
        ("c", internal(), &[]),
    ]);
    let (a, b) = (world.id("a"), world.id("b"));
    assert_eq!(world.engine.unload(a), Err(GraphError::HasDependents));
    world.engine.start(b);
    assert_eq!(world.engine.unload(b), Err(GraphError::NotStopped));
    world.settle();
    world.stop("b");
    world.exit("b", killed(TERM));
    world.exit("a", killed(TERM));
    assert_eq!(world.engine.unload(b), Ok(()));
    assert_eq!(world.engine.unload(b), Err(GraphError::NoService));
    assert_eq!(world.engine.name(b), b"");
    assert_eq!(world.engine.state(b), State::Stopped);
    assert_eq!(world.engine.unload(a), Ok(()));
    let left: Vec<_> = world.engine.ids().collect();
    assert_eq!(left, [world.id("c")]);
    // Their places are used again, and nothing of what they were is found there.
    let d = world.add("d", process(), &[]);
    assert!([a, b].contains(&d));
    assert_eq!(world.engine.times(d), Times::default());
    assert_eq!(world.engine.exit(d), Exit::default());
    let in_order: Vec<_> = world.engine.ids().collect();
    assert_eq!(in_order, [world.id("c"), d]);
}

#[test]
fn many_names_come_and_go() {
    let mut world = World::new();
    let name = |number: usize| format!("service-{number}");
    for round in 0..3 {
        for number in 0..500 {
            world.add(&name(number), internal(), &[]);
        }
        for number in (round..500).step_by(3) {
            let id = world.id(&name(number));
            assert_eq!(world.engine.name(id), name(number).as_bytes());
            world.engine.unload(id).unwrap();
        }
        for number in 0..500 {
            let there = world.engine.find(name(number).as_bytes());
            assert_eq!(there.is_some(), number % 3 != round, "{number}");
            if let Some(id) = there {
                world.engine.unload(id).unwrap();
            }
        }
    }
    assert!(world.engine.is_empty());
}

#[test]
fn an_id_that_is_no_service_changes_nothing() {
    let mut world = World::with(&[("a", process(), &[])]);
    world.start("a");
    for id in [Id(1), Id(77), Id(u32::MAX)] {
        let engine = &mut world.engine;
        engine.start(id);
        engine.stop(id, true);
        engine.forced_stop(id);
        engine.release(id);
        engine.pin_started(id);
        engine.pin_stopped(id);
        engine.unpin(id);
        engine.set_trigger(id, true);
        engine.checked(id, true);
        engine.launched(id, 1);
        engine.exited(id, code(0));
        engine.stop_exited(id, code(0));
        engine.pid_read(id, Some(1));
        engine.demanded(id);
        engine.killed_all(id);
        engine.extend_start(id, 1);
        assert!(!engine.restart(id) && !engine.wake(id));
        assert!(engine.waiting_on(id).is_empty());
        assert!(engine.active_hard_dependents(id).is_empty());
        assert_eq!(engine.dependencies(id).count(), 0);
        assert_eq!(engine.dependents(id).count(), 0);
        assert_eq!(engine.settings(id), &internal());
        assert_eq!(engine.unload(id), Err(GraphError::NoService));
        assert!(!engine.remove_dependency(id, Need, Id(0)));
    }
    let before = world.log.len();
    world.settle();
    assert_eq!(world.log.len(), before);
}

#[test]
fn a_dependency_is_added_once() {
    let mut world = World::with(&[("a", internal(), &[]), ("b", internal(), &[])]);
    let (a, b) = (world.id("a"), world.id("b"));
    assert_eq!(world.engine.add_dependency(b, Need, a), Ok(true));
    assert_eq!(world.engine.add_dependency(b, Need, a), Ok(false));
    assert_eq!(world.engine.add_dependency(b, WaitsFor, a), Ok(true));
    let all: Vec<_> = world.engine.dependencies(b).collect();
    assert_eq!(all, [(Need, a), (WaitsFor, a)]);
    assert!(world.engine.remove_dependency(b, Need, a));
    assert!(!world.engine.remove_dependency(b, Need, a));
}

#[test]
fn a_started_service_can_be_given_only_started_hard_dependencies() {
    let mut world = World::with(&[("a", internal(), &[]), ("b", internal(), &[])]);
    let (a, b) = (world.id("a"), world.id("b"));
    world.start("b");
    for kind in [Need, PreparedBy] {
        assert_eq!(
            world.engine.add_dependency(b, kind, a),
            Err(GraphError::NotStarted)
        );
    }
    // A soft one can be, and is not started by that, until it is woken.
    assert_eq!(world.engine.add_dependency(b, WaitsFor, a), Ok(true));
    world.settle();
    assert_eq!(world.states(), "-+");
    assert!(world.engine.wake(a));
    world.settle();
    assert_eq!(world.states(), "++");
    assert_eq!(world.engine.add_dependency(b, Need, a), Ok(true));
    assert_eq!(world.engine.active_hard_dependents(a), [b]);
    assert!(world.engine.remove_dependency(b, WaitsFor, a));
    world.settle();
    assert_eq!(world.states(), "++");
    assert!(world.engine.remove_dependency(b, Need, a));
    world.settle();
    assert_eq!(world.states(), "-+");
}

#[test]
fn taking_away_what_it_waits_for_lets_a_service_start() {
    let mut world = World::with(&[
        ("a", notifying(), &[]),
        ("b", internal(), &[(WaitsFor, "a")]),
    ]);
    let (a, b) = (world.id("a"), world.id("b"));
    world.start("b");
    assert_eq!(world.engine.waiting_on(b), [(WaitsFor, a)]);
    assert!(world.engine.remove_dependency(b, WaitsFor, a));
    world.settle();
    assert_eq!(world.states(), "<+");
    assert_eq!(world.targets(), "-+");
}

#[test]
fn a_dependency_of_a_pinned_service_is_pinned_when_it_is_added_and_no_longer_when_it_is_removed() {
    let mut world = World::with(&[("a", internal(), &[]), ("b", internal(), &[])]);
    let (a, b) = (world.id("a"), world.id("b"));
    world.start("a");
    world.start("b");
    world.pin_started("b");
    world.engine.add_dependency(b, Need, a).unwrap();
    world.settle();
    assert!(world.engine.is_dependent_pinned(a));
    world.stop("a");
    assert_eq!(world.states(), "++");
    world.engine.remove_dependency(b, Need, a);
    world.settle();
    assert!(!world.engine.is_dependent_pinned(a));
    assert_eq!(world.states(), "-+");
}

#[test]
fn a_stopped_service_can_be_reloaded_as_anything() {
    let mut world = World::with(&[("a", internal(), &[]), ("b", internal(), &[(Need, "a")])]);
    let b = world.id("b");
    let new = Settings {
        options: Options::RUNS_ON_CONSOLE,
        ..scripted()
    };
    world.engine.reload(b, new, &[]).unwrap();
    assert_eq!(world.engine.settings(b), &new);
    assert_eq!(world.engine.dependencies(b).count(), 0);
}

#[test]
fn some_things_cannot_change_while_a_service_runs() {
    let mut world = World::with(&[
        ("a", internal(), &[]),
        ("b", notifying(), &[]),
        ("c", internal(), &[(Need, "b")]),
    ]);
    let b = world.id("b");
    world.start("c");
    let console = |options| Settings {
        options,
        ..notifying()
    };
    assert_eq!(
        world.engine.reload(b, notifying(), &[]),
        Err(ReloadError::Busy)
    );
    world.ready("b");
    assert_eq!(
        world.engine.reload(
            b,
            Settings {
                kind: Kind::Scripted,
                ..notifying()
            },
            &[]
        ),
        Err(ReloadError::KindChanged)
    );
    for option in [
        Options::RUNS_ON_CONSOLE,
        Options::STARTS_ON_CONSOLE,
        Options::SHARES_CONSOLE,
    ] {
        assert_eq!(
            world.engine.reload(b, console(option), &[]),
            Err(ReloadError::ConsoleChanged)
        );
    }
    assert_eq!(
        world
            .engine
            .reload(b, notifying(), &as_bytes(&[(Need, "a")])),
        Err(ReloadError::NotStarted((*b"a").into()))
    );
    world.start("a");
    let slower = Settings {
        stop_timeout: 99 * SECOND,
        ..notifying()
    };
    world
        .engine
        .reload(b, slower, &as_bytes(&[(Need, "a")]))
        .unwrap();
    world.release("a");
    assert_eq!(world.states(), "+++");
    world.stop("c");
    assert_eq!(
        world.engine.next_deadline(),
        Some(Time(world.now.0 + 99 * SECOND))
    );
    assert_eq!(
        world.engine.reload(b, notifying(), &[]),
        Err(ReloadError::Busy)
    );
}

#[test]
fn a_reload_keeps_what_is_still_named_and_releases_the_rest() {
    let mut world = World::with(&[
        ("kept", process(), &[]),
        ("dropped", process(), &[]),
        ("added", process(), &[]),
        ("a", internal(), &[(Need, "kept"), (WaitsFor, "dropped")]),
    ]);
    world.start("a");
    let a = world.id("a");
    world.log.clear();
    world
        .engine
        .reload(
            a,
            internal(),
            &as_bytes(&[(WaitsFor, "added"), (Need, "kept"), (After, "unknown")]),
        )
        .unwrap();
    world.settle();
    assert_eq!(world.states(), "+>-+");
    assert!(world.signals("kept").is_empty());
    let kinds: Vec<_> = world.engine.dependencies(a).map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [WaitsFor, Need]);
}

#[test]
fn orders_and_events_need_no_room_that_was_not_reserved() {
    let mut world = World::with(&[("a", process(), &[])]);
    let a = world.id("a");
    for _ in 0..1000 {
        world.engine.start(a);
        world.engine.stop(a, true);
    }
    world.engine.start(a);
    world.settle();
    assert_eq!(world.states(), "+");
}
