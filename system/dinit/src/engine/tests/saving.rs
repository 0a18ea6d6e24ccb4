//! `save` and `restore`.

use super::world::*;
use crate::description::Options;
use crate::engine::*;
use proptest::prelude::*;

/// One of almost everything: in all states, with timers, a console queue, free places and names that are not loaded.
fn busy() -> World {
    let console = Settings {
        options: Options::STARTS_ON_CONSOLE | Options::RUNS_ON_CONSOLE,
        ..process()
    };
    let mut world = World::with(&[
        ("gone", internal(), &[]),
        ("base", process(), &[]),
        (
            "starting",
            notifying(),
            &[(Need, "base"), (After, "unknown")],
        ),
        ("waiting", restarting(process()), &[(Milestone, "starting")]),
        ("shell", console, &[]),
        ("other", console, &[(Before, "unknown too")]),
        ("delayed", restarting(process()), &[(WaitsFor, "base")]),
        ("stopping", process(), &[(PreparedBy, "base")]),
        ("failed", process(), &[]),
    ]);
    let gone = world.id("gone");
    world.engine.unload(gone).unwrap();
    for name in ["waiting", "shell", "other", "delayed", "stopping", "failed"] {
        world.start(name);
    }
    world.exit("delayed", code(1));
    world.pin_started("delayed");
    world.pin_stopped("other");
    world.stop("stopping");
    world.exit("failed", killed(9));
    world.slow_launch = true;
    world.start("failed");
    world.launch_fails("failed");
    world
}

fn saved(world: &World) -> Vec<u8> {
    let mut bytes = Vec::new();
    world.engine.save(&mut bytes).unwrap();
    bytes
}

#[test]
fn everything_is_there_again() {
    let world = busy();
    assert_eq!(world.states(), "+<<+<<>-");
    let bytes = saved(&world);
    let copy = Engine::restore(&bytes).unwrap();
    let mut again = Vec::new();
    copy.save(&mut again).unwrap();
    assert_eq!(bytes, again);
    let ids: Vec<Id> = world.engine.ids().collect();
    assert_eq!(copy.ids().collect::<Vec<_>>(), ids);
    for id in ids {
        let name = world.engine.name(id);
        assert_eq!(copy.find(name), Some(id));
        assert_eq!(copy.state(id), world.engine.state(id));
        assert_eq!(copy.pid(id), world.engine.pid(id));
        assert_eq!(copy.times(id), world.engine.times(id));
        assert_eq!(copy.exit(id), world.engine.exit(id));
        assert_eq!(copy.launch_error(id), world.engine.launch_error(id));
        assert_eq!(copy.settings(id), world.engine.settings(id));
        assert_eq!(copy.waiting_on(id), world.engine.waiting_on(id));
        assert_eq!(
            copy.waits_for_console(id),
            world.engine.waits_for_console(id)
        );
    }
    assert_eq!(copy.next_deadline(), world.engine.next_deadline());
    assert_eq!(copy.active_count(), world.engine.active_count());
    assert_eq!(copy.now, world.engine.now);
}

#[test]
fn a_shutdown_goes_on_after_it() {
    let mut world = busy();
    world.engine.stop_all();
    world.settle();
    world.engine = Engine::restore(&saved(&world)).unwrap();
    assert!(world.engine.is_shutting_down());
}

#[test]
fn what_still_moves_cannot_be_saved() {
    let mut world = World::with(&[("a", process(), &[])]);
    let a = world.id("a");
    world.engine.start(a);
    let mut bytes = Vec::new();
    assert_eq!(world.engine.save(&mut bytes), Err(SaveError::Busy));
    world.engine.settle(world.now);
    assert_eq!(world.engine.save(&mut bytes), Err(SaveError::Busy));
    world.engine.effects().count();
    assert_eq!(world.engine.save(&mut bytes), Ok(()));
}

#[test]
fn bytes_of_another_version_are_not_read() {
    let mut bytes = saved(&busy());
    bytes[12] += 1;
    assert_eq!(Engine::restore(&bytes).err(), Some(RestoreError::Unknown));
    assert_eq!(Engine::restore(b"").err(), Some(RestoreError::Unknown));
}

#[test]
fn bytes_that_end_too_soon_or_too_late_are_not_read() {
    let mut bytes = saved(&busy());
    for length in 0..bytes.len() {
        assert!(Engine::restore(&bytes[..length]).is_err(), "{length}");
    }
    bytes.push(0);
    assert_eq!(Engine::restore(&bytes).err(), Some(RestoreError::Corrupt));
}

/// What it was restored from may be wrong, but using it must not be the end of process 1.
fn use_it(mut engine: Engine) {
    for round in 0..3 {
        let ids: Vec<Id> = engine.ids().collect();
        for id in ids {
            engine.start(id);
            engine.launched(id, 5);
            engine.ready(id);
            engine.exited(id, code(round));
            engine.pid_read(id, None);
            engine.restart(id);
            engine.stop(id, round == 1);
            engine.stop_launched(id, 6);
            engine.stop_exited(id, code(0));
            engine.unpin(id);
            let now = engine.now.0.saturating_add(SECOND);
            engine.settle(Time(now));
            engine.effects().count();
            let _ = engine.unload(id);
        }
    }
    engine.stop_all();
    engine.settle(Time(u64::MAX));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_do_no_harm(tail in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = b"dinit-engine".to_vec();
        bytes.extend_from_slice(&1_u32.to_le_bytes());
        bytes.extend_from_slice(&tail);
        if let Ok(engine) = Engine::restore(&bytes) {
            use_it(engine);
        }
    }

    #[test]
    fn changed_bytes_do_no_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..4),
    ) {
        let mut bytes = saved(&busy());
        for (at, byte, low) in changes {
            let at = at.index(bytes.len());
            // Small numbers are more often still plausible.
            bytes[at] = if low { byte % 16 } else { byte };
        }
        if let Ok(engine) = Engine::restore(&bytes) {
            use_it(engine);
        }
    }
}
