//! What holds after every step, and what holds whenever nothing moves.

use super::model::Model;
use super::world::*;
use crate::engine::record::{Flags, Phase, Slot};
use crate::engine::*;

/// After a step that had this effect: nothing runs without what it needs, and nothing stops under what needs it.
pub fn check_step(model: &Model, effect: Effect) {
    let engine = &model.engine;
    match effect {
        Effect::RunCommand(id) | Effect::Listen(id) if engine.state(id) == State::Starting => {
            for (kind, other) in engine.dependencies(id) {
                match kind {
                    Need | PreparedBy => {
                        assert_eq!(
                            engine.state(other),
                            State::Started,
                            "{id:?} needs {other:?}"
                        );
                    }
                    Milestone => assert!(
                        model.reached.contains(&other)
                            || model.late.contains(&(id, other))
                            || !holds(engine, id, Milestone, other)
                    ),
                    WaitsFor | After | Before => {}
                }
            }
        }
        Effect::RunStopCommand(id) | Effect::KillAll(id) => all_dependents_down(engine, id),
        Effect::Signal { id, signal, .. } if signal == TERM => all_dependents_down(engine, id),
        _ => {}
    }
}

fn holds(engine: &Engine, from: Id, kind: DependencyKind, to: Id) -> bool {
    engine
        .links
        .iter()
        .any(|l| (l.from, l.to) == (from.0, to.0) && l.kind == kind && l.holding())
}

fn all_dependents_down(engine: &Engine, id: Id) {
    for (kind, other) in engine.dependents(id) {
        let record = engine.at(other.0);
        let down = match record.state {
            State::Stopped => true,
            State::Starting => record.flags.contains(Flags::WAITING) && record.phase == Phase::None,
            State::Started | State::Stopping => false,
        };
        assert!(
            down || !matches!(kind, Need | PreparedBy),
            "{id:?} ends before {other:?}"
        );
    }
}

pub fn check_quiet(engine: &Engine) {
    check_counts(engine);
    for id in engine.ids() {
        let record = engine.at(id.0);
        let pinned = engine.pinned_started(id.0);
        match record.state {
            State::Started => {
                assert!(record.required_by > 0 || pinned, "{id:?} runs for nobody");
                for (kind, other) in engine.dependencies(id) {
                    if matches!(kind, Need | PreparedBy) {
                        let state = engine.state(other);
                        let kept = pinned && state == State::Stopping;
                        assert!(state == State::Started || kept, "{id:?} without {other:?}");
                    }
                }
            }
            State::Stopped => {
                assert_eq!(record.required_by, 0, "{id:?} is required");
                assert_eq!(record.target, State::Stopped);
                assert_eq!(record.phase, Phase::None);
                assert_eq!(record.waits, 0);
                assert_eq!(engine.timers.get(id.0), None);
                assert!(!record.flags.intersects(
                    Flags::EXPLICIT
                        | Flags::FORCE_STOP
                        | Flags::WAITING
                        | Flags::WAITING_CONSOLE
                        | Flags::HAS_CONSOLE
                        | Flags::UP
                ));
            }
            State::Starting => check_starting(engine, id),
            State::Stopping => {
                let waiting = record.flags.contains(Flags::WAITING);
                let blocker = engine.link(record.blocker);
                assert_eq!(waiting, blocker.is_some(), "{id:?}");
            }
        }
    }
}

/// What is starting waits for something that can come.
fn check_starting(engine: &Engine, id: Id) {
    let record = engine.at(id.0);
    let waiting = record.flags.contains(Flags::WAITING);
    assert!(
        waiting || record.waits == 0 || record.phase != Phase::None || engine.waits_for_console(id)
    );
    if waiting {
        let hopeful = engine.waiting_on(id).into_iter().all(|(kind, other)| {
            let pinned = engine.pinned_started(other.0) || engine.pinned_started(id.0);
            let other = engine.at(other.0);
            match other.state {
                State::Starting => true,
                // A stop is told neither by what is pinned nor to it; the dependent fails when it is over.
                State::Stopping => {
                    matches!(kind, After | Before) || other.target == State::Started || pinned
                }
                State::Started | State::Stopped => false,
            }
        });
        assert!(hopeful && record.waits > 0, "{id:?} waits in vain");
    } else if engine.waits_for_console(id) {
        assert_ne!(engine.console.holder, record::NONE);
    } else {
        assert_ne!(record.phase, Phase::None, "{id:?} does nothing");
    }
}

fn check_counts(engine: &Engine) {
    let mut active = 0;
    let mut loaded = 0;
    let mut holders = 0;
    for (index, record) in engine.records.iter().enumerate() {
        let index = index as u32;
        if record.slot == Slot::Free {
            continue;
        }
        loaded += usize::from(record.slot == Slot::Loaded);
        active += usize::from(record.state != State::Stopped);
        holders += usize::from(record.flags.contains(Flags::HAS_CONSOLE));
        let explicit = u32::from(record.flags.contains(Flags::EXPLICIT));
        let links = engine.links.iter().filter(|link| link.from != record::NONE);
        let holds = links
            .clone()
            .filter(|l| l.to == index && l.holding())
            .count() as u32;
        assert_eq!(record.required_by, explicit + holds, "{index}");
        let waits = links
            .clone()
            .filter(|l| l.from == index && l.waiting())
            .count() as u32;
        assert_eq!(record.waits, waits, "{index}");
        let mut needing = links.filter(|l| l.to == index && l.needs());
        let pinned = needing.any(|link| engine.pinned_started(link.from));
        assert_eq!(
            record.flags.contains(Flags::DEPENDENT_PINNED),
            pinned,
            "{index}"
        );
        assert!(
            !record
                .flags
                .intersects(Flags::IN_PROPAGATION | Flags::IN_TRANSITION)
        );
    }
    assert_eq!(engine.active_count(), active);
    assert_eq!(engine.len(), loaded);
    assert_eq!(engine.ids().count(), loaded);
    assert_eq!(holders, usize::from(engine.console.holder != record::NONE));
    for link in engine.links.iter().filter(|link| link.holding()) {
        assert!(!link.only_orders());
    }
}
