//! The table of all settings. What each means is in `docs/dinit/service-files.md`, which a test holds against it.

use super::draft::Draft;
use super::error::Problem;
use super::lines::{Operator, Value};
use super::{assign, extensions};
use crate::engine::DependencyKind;

/// Takes over one value.
pub type Parse = fn(&mut Draft<'_>, &Value, Operator) -> Result<(), Problem>;

pub struct Setting {
    pub name: &'static str,
    /// `+=` may be used.
    pub append: bool,
    /// The reference does not have it.
    pub extension: bool,
    /// Without effect on services that run no process of their own.
    pub process: bool,
    pub parse: Parse,
}

/// One that any service can have.
const fn any(name: &'static str, parse: Parse) -> Setting {
    Setting {
        name,
        append: false,
        extension: false,
        process: false,
        parse,
    }
}

/// One that is about processes.
const fn of_process(name: &'static str, parse: Parse) -> Setting {
    Setting {
        process: true,
        ..any(name, parse)
    }
}

const fn appending(setting: Setting) -> Setting {
    Setting {
        append: true,
        ..setting
    }
}

/// Extension with one value.
const fn one(name: &'static str, parse: Parse) -> Setting {
    Setting {
        extension: true,
        ..of_process(name, parse)
    }
}

/// Extension of which each line adds values.
const fn many(name: &'static str, parse: Parse) -> Setting {
    appending(one(name, parse))
}

/// Extension that is not about processes.
const fn timer(name: &'static str, parse: Parse) -> Setting {
    Setting {
        extension: true,
        ..any(name, parse)
    }
}

#[rustfmt::skip]
pub static SETTINGS: [Setting; 52 + 31] = [
    any("type", assign::kind),
    appending(of_process("command", assign::command)),
    appending(of_process("stop-command", assign::stop_command)),
    of_process("working-dir", |draft, value, _| draft.path(value, |extra| &mut extra.working_dir)),
    of_process("run-as", assign::run_as),
    any("env-file", assign::env_file),
    any("depends-on", |draft, value, _| assign::depend(draft, value, DependencyKind::Need)),
    any("depends-ms", |draft, value, _| assign::depend(draft, value, DependencyKind::Milestone)),
    any("waits-for", |draft, value, _| assign::depend(draft, value, DependencyKind::WaitsFor)),
    any("prepared-by", |draft, value, _| assign::depend(draft, value, DependencyKind::PreparedBy)),
    any("depends-on.d", |draft, value, _| assign::folder(draft, value, DependencyKind::Need)),
    any("depends-ms.d", |draft, value, _| assign::folder(draft, value, DependencyKind::Milestone)),
    any("waits-for.d", |draft, value, _| assign::folder(draft, value, DependencyKind::WaitsFor)),
    any("after", |draft, value, _| assign::depend(draft, value, DependencyKind::After)),
    any("before", |draft, value, _| assign::depend(draft, value, DependencyKind::Before)),
    any("restart", assign::restart),
    any("smooth-recovery", |draft, value, _| assign::switch(value).map(|on| draft.made.smooth_recovery = on)),
    any("restart-delay", |draft, value, _| assign::time(value, &mut draft.made.restart_delay)),
    any("restart-limit-interval", |draft, value, _| assign::time(value, &mut draft.made.restart_limit_interval)),
    any("restart-limit-count", assign::restart_limit_count),
    any("start-timeout", |draft, value, _| assign::time(value, &mut draft.made.start_timeout)),
    any("stop-timeout", |draft, value, _| assign::time(value, &mut draft.made.stop_timeout)),
    any("term-signal", assign::term_signal),
    any("termsignal", assign::term_signal),
    any("options", assign::options),
    any("load-options", assign::load_options),
    any("pid-file", |draft, value, _| draft.path(value, |extra| &mut extra.pid_file)),
    any("ready-notification", assign::ready_notification),
    // `process` of these is looked at when the type of log is known.
    any("log-type", assign::log_type),
    any("logfile", assign::logfile),
    any("logfile-permissions", |draft, value, _| assign::mode(value).map(|mode| draft.log.mode = mode)),
    any("logfile-uid", assign::logfile_uid),
    any("logfile-gid", |draft, value, _| draft.group(value).map(|gid| draft.log.gid = Some(gid))),
    any("log-buffer-size", assign::log_buffer_size),
    any("consumer-of", assign::consumer_of),
    any("chain-to", assign::chain_to),
    appending(of_process("socket-listen", assign::socket_listen)),
    any("socket-permissions", |draft, value, _| assign::mode(value).map(|mode| draft.extra().socket_mode = Some(mode))),
    any("socket-uid", assign::socket_uid),
    any("socket-gid", |draft, value, _| draft.group(value).map(|gid| draft.extra().socket_gid = Some(gid))),
    of_process("inittab-id", assign::inittab_id),
    of_process("inittab-line", assign::inittab_line),
    any("rlimit-nofile", |draft, value, _| assign::limit(draft, value, super::Resource::Nofile)),
    any("rlimit-core", |draft, value, _| assign::limit(draft, value, super::Resource::Core)),
    any("rlimit-data", |draft, value, _| assign::limit(draft, value, super::Resource::Data)),
    any("rlimit-addrspace", |draft, value, _| assign::limit(draft, value, super::Resource::Addrspace)),
    of_process("nice", assign::nice),
    of_process("run-in-cgroup", |draft, value, _| draft.path(value, |extra| &mut extra.run_in_cgroup)),
    appending(of_process("capabilities", assign::capabilities)),
    appending(of_process("securebits", assign::securebits)),
    of_process("ioprio", assign::ioprio),
    of_process("oom-score-adj", assign::oom_score_adj),

    one("log-buffer-keep", extensions::log_buffer_keep),
    one("logfile-max-size", extensions::logfile_max_size),
    one("logfile-keep", extensions::logfile_keep),
    one("socket-activation", extensions::socket_activation),
    one("cgroup", extensions::cgroup),
    one("cgroup-memory-max", |draft, value, _| extensions::cgroup_size(draft, value, "memory.max")),
    one("cgroup-memory-high", |draft, value, _| extensions::cgroup_size(draft, value, "memory.high")),
    one("cgroup-memory-low", |draft, value, _| extensions::cgroup_size(draft, value, "memory.low")),
    one("cgroup-memory-min", |draft, value, _| extensions::cgroup_size(draft, value, "memory.min")),
    one("cgroup-swap-max", |draft, value, _| extensions::cgroup_size(draft, value, "memory.swap.max")),
    one("cgroup-cpu-max", extensions::cgroup_cpu_max),
    one("cgroup-cpu-weight", |draft, value, _| extensions::cgroup_weight(draft, value, "cpu.weight")),
    one("cgroup-io-weight", |draft, value, _| extensions::cgroup_weight(draft, value, "io.weight")),
    many("cgroup-io-max", extensions::cgroup_io_max),
    one("cgroup-pids-max", extensions::cgroup_pids_max),
    timer("timer-starts", extensions::timer_starts),
    timer("timer-on-boot", |draft, value, _| extensions::timer_time(draft, value, |timer| &mut timer.on_boot)),
    timer("timer-on-active", |draft, value, _| extensions::timer_time(draft, value, |timer| &mut timer.on_active)),
    timer("timer-every", |draft, value, _| extensions::timer_time(draft, value, |timer| &mut timer.every)),
    appending(timer("timer-calendar", extensions::timer_calendar)),
    appending(timer("condition-path", |draft, value, _| extensions::condition(draft, value, super::ConditionKind::Path))),
    appending(timer("condition-kernel-word", |draft, value, _| {
        extensions::condition(draft, value, super::ConditionKind::KernelWord)
    })),
    appending(timer("condition-device", |draft, value, _| {
        extensions::condition(draft, value, super::ConditionKind::Device)
    })),
    one("private-tmp", |draft, value, _| extensions::option(draft, value, super::Options::PRIVATE_TMP)),
    many("read-only-path", |draft, value, _| extensions::paths(draft, value, |sandbox| &mut sandbox.read_only)),
    many("inaccessible-path", |draft, value, _| extensions::paths(draft, value, |sandbox| &mut sandbox.inaccessible)),
    many("capability-bounding", extensions::capability_bounding),
    many("seccomp-allow", extensions::seccomp_allow),
    many("landlock-read", |draft, value, _| extensions::paths(draft, value, |sandbox| &mut sandbox.landlock_read)),
    many("landlock-write", |draft, value, _| extensions::paths(draft, value, |sandbox| &mut sandbox.landlock_write)),
    many("landlock-execute", |draft, value, _| extensions::paths(draft, value, |sandbox| &mut sandbox.landlock_execute)),
];

/// The setting of that name, by its place in the table.
pub fn find(name: &[u8]) -> Option<usize> {
    SETTINGS
        .iter()
        .position(|setting| setting.name.as_bytes() == name)
}

/// The known name that is most like this one: at most two letters are other.
pub fn nearest(name: &[u8]) -> Option<&'static str> {
    let known = SETTINGS.iter().map(|setting| setting.name);
    let near = known.map(|known| (distance(name, known.as_bytes()), known));
    near.min()
        .filter(|(distance, _)| *distance <= 2)
        .map(|(_, known)| known)
}

/// How many letters must be put in, left out or changed (Levenshtein); names longer than 31 bytes are far from all.
fn distance(left: &[u8], right: &[u8]) -> usize {
    let mut row = [0; 32];
    if left.len() >= row.len() || right.len() >= row.len() {
        return usize::MAX;
    }
    for (at, cell) in row.iter_mut().enumerate() {
        *cell = at;
    }
    for (above, one) in left.iter().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (at, other) in right.iter().enumerate() {
            let changed = diagonal + usize::from(one != other);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[right.len()]
}
