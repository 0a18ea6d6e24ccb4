//! Who has the console.

use super::world::*;
use crate::description::Options;
use crate::engine::*;

fn on_console(options: Options) -> Settings {
    Settings {
        options,
        ..notifying()
    }
}

fn takers(world: &World) -> Vec<String> {
    world.order(|effect| match effect {
        Effect::TakeConsole(id) => Some(*id),
        _ => None,
    })
}

#[test]
fn a_service_that_starts_on_the_console_gives_it_back_once_started() {
    let mut world = World::with(&[("s1", on_console(Options::STARTS_ON_CONSOLE), &[])]);
    let s1 = world.id("s1");
    world.start("s1");
    assert!(world.engine.has_console(s1));
    let took = world.log.iter().position(|e| *e == Effect::TakeConsole(s1));
    let ran = world.log.iter().position(|e| *e == Effect::RunCommand(s1));
    assert!(took < ran);
    world.ready("s1");
    assert!(!world.engine.has_console(s1));
    assert!(world.log.contains(&Effect::ReleaseConsole(s1)));
}

#[test]
fn a_service_that_runs_on_the_console_keeps_it_until_it_stops() {
    let both = Options::STARTS_ON_CONSOLE | Options::RUNS_ON_CONSOLE;
    let mut world = World::with(&[
        ("s1", on_console(both), &[]),
        ("s2", on_console(Options::STARTS_ON_CONSOLE), &[]),
        ("s3", on_console(Options::STARTS_ON_CONSOLE), &[]),
    ]);
    for name in ["s1", "s2", "s3"] {
        world.start(name);
    }
    world.ready("s1");
    assert_eq!(takers(&world), ["s1"]);
    let (s1, s2) = (world.id("s1"), world.id("s2"));
    assert!(world.engine.has_console(s1) && world.engine.waits_for_console(s2));
    world.engine.console_free();
    world.settle();
    assert_eq!(takers(&world), ["s1"]);
    world.stop("s1");
    world.exit("s1", killed(TERM));
    assert_eq!(takers(&world), ["s1", "s2"]);
    assert_eq!(world.count(|e| matches!(e, Effect::ReleaseConsole(_))), 0);
    world.ready("s2");
    assert_eq!(takers(&world), ["s1", "s2", "s3"]);
    world.ready("s3");
    assert_eq!(world.count(|e| matches!(e, Effect::ReleaseConsole(_))), 1);
    assert_eq!(world.states(), "-++");
}

#[test]
fn a_service_whose_start_is_cancelled_leaves_the_queue() {
    let both = Options::STARTS_ON_CONSOLE | Options::RUNS_ON_CONSOLE;
    let mut world = World::with(&[
        ("s1", notifying(), &[]),
        (
            "s2",
            on_console(Options::STARTS_ON_CONSOLE),
            &[(Need, "s1")],
        ),
        ("s3", on_console(both), &[]),
    ]);
    world.polite.insert(world.id("s1"));
    world.start("s3");
    world.ready("s3");
    world.start("s2");
    assert!(!world.engine.waits_for_console(world.id("s2")));
    world.ready("s1");
    assert_eq!(world.states(), "+<+");
    assert!(world.engine.waits_for_console(world.id("s2")));
    world.stop("s1");
    assert_eq!(world.states(), "--+");
    assert!(!world.engine.waits_for_console(world.id("s2")));
    assert!(world.happened("s2", Event::StartCancelled));
    assert_eq!(world.engine.active_count(), 1);
    world.stop("s3");
    world.exit("s3", killed(TERM));
    assert_eq!(takers(&world), ["s3"]);
}

#[test]
fn one_that_comes_before_it_and_starts_meanwhile_goes_first() {
    let both = Options::STARTS_ON_CONSOLE | Options::RUNS_ON_CONSOLE;
    let mut world = World::with(&[
        ("shell", on_console(both), &[]),
        ("first", notifying(), &[]),
        (
            "second",
            on_console(Options::STARTS_ON_CONSOLE),
            &[(After, "first")],
        ),
    ]);
    world.start("shell");
    world.start("second");
    world.start("first");
    world.stop("shell");
    world.ready("shell");
    world.exit("shell", killed(TERM));
    assert_eq!(world.runs("second"), 0);
    world.ready("first");
    assert_eq!(world.runs("second"), 1);
    assert!(world.engine.has_console(world.id("second")));
}

#[test]
fn a_failed_start_frees_the_console() {
    let mut world = World::with(&[
        ("s1", on_console(Options::STARTS_ON_CONSOLE), &[]),
        ("s2", on_console(Options::STARTS_ON_CONSOLE), &[]),
    ]);
    world.start("s1");
    world.start("s2");
    world.exit("s1", code(1));
    assert_eq!(world.states(), "-<");
    assert!(world.engine.has_console(world.id("s2")));
}
