//! Random services, and what is done with them: what [`super::model`] plays.

use super::world::*;
use crate::description::{Kind, Options, Restart};
use crate::engine::*;
use proptest::prelude::*;

/// A service and what it depends on, as numbers of services before it.
#[derive(Clone, Debug)]
pub struct Service {
    pub settings: Settings,
    pub dependencies: Vec<(DependencyKind, usize)>,
}

#[derive(Clone, Debug)]
pub enum Action {
    Order(u8, usize),
    /// Something that the service's processes may do, whatever that is just now.
    Answer(usize, u8),
    /// An event that does not fit.
    Stale(u8, usize),
    Advance(u64),
    AddDependency(usize, DependencyKind, usize),
    RemoveDependency(usize, DependencyKind, usize),
    Reload(usize, Vec<(DependencyKind, usize)>),
    /// And load it again, with other dependencies.
    Unload(usize, Vec<(DependencyKind, usize)>),
    SaveAndRestore,
    StopAll,
}

fn dependency_kind() -> impl Strategy<Value = DependencyKind> {
    prop_oneof![
        4 => Just(Need),
        2 => Just(Milestone),
        3 => Just(WaitsFor),
        2 => Just(PreparedBy),
        1 => Just(After),
        1 => Just(Before),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    let kind = prop_oneof![
        4 => Just(Kind::Process),
        2 => Just(Kind::Bgprocess),
        3 => Just(Kind::Scripted),
        3 => Just(Kind::Internal),
        1 => Just(Kind::Triggered),
        1 => Just(Kind::Timer),
    ];
    let restart = prop_oneof![
        Just(Restart::Always),
        Just(Restart::OnFailure),
        Just(Restart::Never)
    ];
    let option = prop_oneof![
        8 => Just(Options::empty()),
        1 => Just(Options::STARTS_ON_CONSOLE),
        1 => Just(Options::STARTS_ON_CONSOLE | Options::RUNS_ON_CONSOLE),
        3 => Just(Options::START_INTERRUPTIBLE),
        1 => Just(Options::SKIPPABLE | Options::START_INTERRUPTIBLE),
        1 => Just(Options::KILL_ALL_ON_STOP),
        3 => Just(Options::ON_DEMAND),
        1 => Just(Options::ALWAYS_CHAIN),
    ];
    let times = (
        prop_oneof![Just(0), Just(5 * SECOND)],
        prop_oneof![Just(0), Just(2 * SECOND)],
        prop_oneof![Just(0), Just(200 * MS)],
        0..3_u32,
    );
    let switches = prop::array::uniform5(prop::bool::weighted(0.3));
    (kind, restart, option, times, switches).prop_map(|(kind, restart, options, times, flags)| {
        let [
            smooth_recovery,
            has_stop_command,
            notifies,
            conditional,
            chains,
        ] = flags;
        let (start_timeout, stop_timeout, restart_delay, restart_limit_count) = times;
        Settings {
            kind,
            restart,
            smooth_recovery,
            restart_delay,
            restart_limit_interval: 10 * SECOND,
            restart_limit_count,
            start_timeout,
            stop_timeout,
            term_signal: if chains { 0 } else { TERM },
            options,
            has_command: true,
            has_stop_command,
            notifies,
            conditional,
            chains,
        }
    })
}

fn dependencies() -> impl Strategy<Value = Vec<(DependencyKind, usize)>> {
    prop::collection::vec((dependency_kind(), any::<usize>()), 0..4)
}

pub fn services() -> impl Strategy<Value = Vec<Service>> {
    let service = (settings(), dependencies()).prop_map(|(settings, dependencies)| Service {
        settings,
        dependencies,
    });
    prop::collection::vec(service, 1..10)
}

pub fn actions() -> impl Strategy<Value = Vec<Action>> {
    let which = any::<usize>;
    let action = prop_oneof![
        12 => (0..16_u8, which()).prop_map(|(order, at)| Action::Order(order, at)),
        24 => (which(), any::<u8>()).prop_map(|(at, how)| Action::Answer(at, how)),
        2 => (0..12_u8, which()).prop_map(|(event, at)| Action::Stale(event, at)),
        4 => prop_oneof![Just(MS), Just(200 * MS), Just(2 * SECOND), Just(11 * SECOND)]
            .prop_map(Action::Advance),
        2 => (which(), dependency_kind(), which())
            .prop_map(|(from, kind, to)| Action::AddDependency(from, kind, to)),
        2 => (which(), dependency_kind(), which())
            .prop_map(|(from, kind, to)| Action::RemoveDependency(from, kind, to)),
        2 => (which(), dependencies()).prop_map(|(at, list)| Action::Reload(at, list)),
        1 => (which(), dependencies()).prop_map(|(at, list)| Action::Unload(at, list)),
        2 => Just(Action::SaveAndRestore),
        1 => prop::bool::weighted(0.1).prop_map(|stop| if stop {
            Action::StopAll
        } else {
            Action::Advance(1)
        }),
    ];
    prop::collection::vec(action, 1..80)
}
