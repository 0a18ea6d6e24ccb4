//! Control groups (`Documentation/admin-guide/cgroup-v2.rst`): what can be set, and the steps that set it: the groups, the
//! controllers from the top down, then the limits.

pub mod attach;
mod check;
mod device;
mod steps;

use crate::step::Kind;
use document::Origin;

pub use check::{controllers, usable};
pub use device::{device, of_device};
pub use steps::steps;

/// Where the hierarchy is mounted.
pub const ROOT: &str = "/sys/fs/cgroup";

/// The name of a group without slashes around it.
pub fn plain(name: &str) -> &str {
    name.trim_start_matches('/').trim_end_matches('/')
}

/// A group that is wanted.
#[derive(Clone, Debug)]
pub struct Group {
    /// From `cgroup_root`: `web/workers`.
    pub name: String,
    pub origin: Origin,
    /// Those it is to have without a limit, for their figures.
    pub controllers: Vec<String>,
    pub limits: Vec<Limit>,
}

/// One value in it.
#[derive(Clone, Debug)]
pub struct Limit {
    pub file: &'static str,
    /// The file, and the device if it is one of several values.
    pub key: String,
    pub kind: Kind,
    pub wanted: String,
    pub optional: bool,
    pub origin: Origin,
}

/// What a file takes.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    Bytes,
    /// From, to.
    Number(i64, i64),
    /// A number or `max`.
    Count,
    Boolean,
    CpuMax,
    /// Processors or memory nodes.
    List,
    Word(&'static [&'static str]),
    /// A table by device, of these limits.
    Devices(&'static [&'static str]),
}

/// A file of a group that a policy may set.
pub struct File {
    pub name: &'static str,
    pub takes: Takes,
    /// What it is, for messages about numbers and words.
    pub expected: &'static str,
}

const fn file(name: &'static str, takes: Takes, expected: &'static str) -> File {
    File {
        name,
        takes,
        expected,
    }
}

const WEIGHT: &str = "a number from 1 to 10000";

pub const FILES: &[File] = &[
    file("cpu.weight", Takes::Number(1, 10000), WEIGHT),
    file(
        "cpu.weight.nice",
        Takes::Number(-20, 19),
        "a number from -20 to 19",
    ),
    file("cpu.idle", Takes::Boolean, ""),
    file("cpu.max", Takes::CpuMax, ""),
    file(
        "cpu.max.burst",
        Takes::Number(0, i64::MAX),
        "a number of microseconds",
    ),
    file("memory.min", Takes::Bytes, ""),
    file("memory.low", Takes::Bytes, ""),
    file("memory.high", Takes::Bytes, ""),
    file("memory.max", Takes::Bytes, ""),
    file("memory.swap.high", Takes::Bytes, ""),
    file("memory.swap.max", Takes::Bytes, ""),
    file("memory.zswap.max", Takes::Bytes, ""),
    file("memory.zswap.writeback", Takes::Boolean, ""),
    file("memory.oom.group", Takes::Boolean, ""),
    file("io.weight", Takes::Number(1, 10000), WEIGHT),
    file(
        "io.max",
        Takes::Devices(&["rbps", "wbps", "riops", "wiops"]),
        "",
    ),
    file("io.latency", Takes::Devices(&["target"]), ""),
    file("pids.max", Takes::Count, ""),
    file("cpuset.cpus", Takes::List, ""),
    file("cpuset.mems", Takes::List, ""),
    file(
        "cpuset.cpus.partition",
        Takes::Word(&["member", "root", "isolated"]),
        "'member', 'root' or 'isolated'",
    ),
    file("cgroup.max.depth", Takes::Count, ""),
    file("cgroup.max.descendants", Takes::Count, ""),
];
