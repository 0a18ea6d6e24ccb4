//! `after` and `before`, and in which order independent services are run.

use super::world::*;
use crate::engine::*;

fn runs(world: &World) -> Vec<String> {
    world.order(|effect| match effect {
        Effect::RunCommand(id) => Some(*id),
        _ => None,
    })
}

#[test]
fn order_is_kept_among_services_that_start_anyway() {
    for declared in [("s2", After, "s1"), ("s1", Before, "s2")] {
        let (from, kind, to) = declared;
        let own = |name| -> Vec<(DependencyKind, &str)> {
            if name == from {
                vec![(kind, to)]
            } else {
                vec![]
            }
        };
        let mut world = World::new();
        world.add("s1", notifying(), &own("s1"));
        world.add("s2", notifying(), &own("s2"));
        world.add("s3", notifying(), &[(Need, "s2"), (Need, "s1")]);
        world.start("s3");
        assert_eq!(runs(&world), ["s1"], "{kind:?}");
        world.ready("s1");
        assert_eq!(runs(&world), ["s1", "s2"]);
        world.ready("s2");
        assert_eq!(runs(&world), ["s1", "s2", "s3"]);
        world.ready("s3");
        assert_eq!(world.states(), "+++");
        world.stop("s3");
        assert_eq!(world.states(), ">>>");
        assert_eq!(world.targets(), "---");
        for name in ["s3", "s2", "s1"] {
            world.exit(name, killed(TERM));
        }
        assert_eq!(world.states(), "---");
        assert_eq!(world.engine.active_count(), 0);
    }
}

#[test]
fn order_alone_starts_nothing() {
    for kind in [After, Before] {
        let mut world = World::with(&[
            ("s1", notifying(), &[]),
            ("s2", notifying(), &[(kind, "s1")]),
            ("s3", notifying(), &[(Need, "s2")]),
        ]);
        world.start("s3");
        assert_eq!(runs(&world), ["s2"]);
        world.ready("s2");
        world.ready("s3");
        assert_eq!(world.states(), "-++");
        world.stop("s3");
        assert_eq!(world.states(), "->>");
        world.exit("s3", killed(TERM));
        world.exit("s2", killed(TERM));
        assert_eq!(world.states(), "---");
        assert_eq!(world.engine.active_count(), 0);
    }
}

#[test]
fn order_waits_for_a_failure_as_well() {
    let mut world = World::with(&[
        ("s1", notifying(), &[]),
        ("s2", notifying(), &[(After, "s1")]),
    ]);
    world.start("s1");
    world.start("s2");
    assert_eq!(runs(&world), ["s1"]);
    assert_eq!(
        world.engine.waiting_on(world.id("s2")),
        [(After, world.id("s1"))]
    );
    world.exit("s1", code(1));
    assert_eq!(runs(&world), ["s1", "s2"]);
}

#[test]
fn order_holds_with_what_is_loaded_later() {
    let mut world = World::new();
    world.add("early", notifying(), &[(After, "late")]);
    world.add("other", notifying(), &[(Before, "last")]);
    let late = world.add("late", notifying(), &[]);
    let last = world.add("last", notifying(), &[]);
    assert_eq!(world.engine.len(), 4);
    for name in ["late", "early", "other", "last"] {
        world.start(name);
    }
    assert_eq!(runs(&world), ["late", "other"]);
    let early = world.id("early");
    assert_eq!(world.engine.waiting_on(early), [(After, late)]);
    let other = world.id("other");
    assert_eq!(world.engine.waiting_on(last), [(Before, other)]);
    assert_eq!(
        world.engine.dependencies(other).collect::<Vec<_>>(),
        [(Before, last)]
    );
    assert_eq!(world.engine.dependencies(last).count(), 0);
    assert_eq!(
        world.engine.dependents(last).collect::<Vec<_>>(),
        [(Before, other)]
    );
    world.ready("late");
    world.ready("other");
    assert_eq!(runs(&world), ["late", "other", "early", "last"]);
}

#[test]
fn order_with_what_was_unloaded_and_loaded_again_holds() {
    let mut world = World::with(&[
        ("s1", notifying(), &[]),
        ("s2", notifying(), &[(After, "s1")]),
    ]);
    let s1 = world.id("s1");
    world.engine.unload(s1).unwrap();
    assert!(world.engine.find(b"s1").is_none());
    assert_eq!(world.engine.len(), 1);
    assert_eq!(world.engine.dependencies(world.id("s2")).count(), 0);
    world.add("s1", notifying(), &[]);
    world.start("s1");
    world.start("s2");
    assert_eq!(runs(&world), ["s1"]);
}

#[test]
fn dependencies_run_in_the_order_in_which_they_are_named() {
    let mut world = World::with(&[
        ("a", process(), &[]),
        ("b", process(), &[]),
        ("c", process(), &[]),
        (
            "all",
            process(),
            &[(Need, "b"), (WaitsFor, "c"), (Need, "a")],
        ),
    ]);
    world.start("all");
    assert_eq!(runs(&world), ["b", "c", "a", "all"]);
}
