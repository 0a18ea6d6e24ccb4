//! What the figures of `bench init` are called, and what is to be said about them.

use crate::table::Column;

/// What is printed below the figures.
pub const NOTES: &str = "\
Every service runs the same static program of a few hundred bytes. Times are medians, and the least of all repetitions,
at real-time priority, so that what else the computer does hardly counts; 'beside busy programs' is at ordinary priority
with a busy thread on each processor. CPU is user and system time of the manager and of all that it started until the
last service told. In layers a service needs three of the layer before; those that stay need none. Memory is what
/proc/PID/smaps_rollup counts for the manager's processes, without its services'. System calls are strace's, a service,
from two loads of which one has 100 services more; to load is what comes before the first process. Sizes are the
package's ELF files (dinit's: its programs) and the shared libraries that they need beside the C library's; the shell
that OpenRC needs is not counted. s6 and runit know no dependencies and no services that end (Debian has no s6-rc), and
OpenRC has no process once it has started what it should: '-'. It starts services in parallel, with its cache of
dependencies made before. 'no manager' starts the programs in a loop, then waits for them all.
";

/// The figures, in the order in which `measure` fills them in. `sizes` are those of the growing graph.
pub fn columns(sizes: &[usize]) -> Vec<Column> {
    let mut columns = Vec::new();
    let mut add = |key: &str, heading: &str, places| {
        columns.push(Column {
            key: key.to_owned().into(),
            heading: heading.to_owned().into(),
            unit: 1.0,
            places,
        });
    };
    for (key, heading) in [
        ("layers_100", "100 no-ops in 10 layers"),
        ("crowded_100", "the same beside busy programs"),
        ("chain_30", "30 no-ops in a chain"),
        ("long_running_100", "100 that stay"),
        ("layers_500", "500 no-ops in 10 layers"),
    ] {
        add(&format!("{key}_wall_ms"), &format!("{heading}: wall ms"), 1);
        add(&format!("{key}_wall_least_ms"), "  least", 1);
        add(&format!("{key}_cpu_ms"), "  CPU ms, all processes", 1);
        add(&format!("{key}_cpu_least_ms"), "  least", 1);
        add(
            &format!("{key}_manager_cpu_ms"),
            "  CPU ms, the manager's own",
            2,
        );
    }
    add("idle_50_rss_kib", "idle with 50 services: RSS KiB", 0);
    add("idle_50_pss_kib", "  PSS KiB", 0);
    add("idle_50_processes", "  the manager's processes", 0);
    add("idle_50_wakes", "  wake-ups in the time looked at", 0);
    add("idle_500_rss_kib", "idle with 500 services: RSS KiB", 0);
    add("idle_500_pss_kib", "  PSS KiB", 0);
    add("rss_per_service_bytes", "bytes of RSS a further service", 0);
    add("pss_per_service_bytes", "bytes of PSS a further service", 0);
    add("calls_load", "system calls to load a service", 1);
    add("calls_start", "  to start and reap a no-op", 1);
    add("calls_child", "  of its process before its program", 1);
    add("calls_stay", "  to load and start one that stays", 1);
    add("calls_stay_child", "  of its process before its program", 1);
    add("program_bytes", "bytes of programs and libraries", 0);
    for size in sizes {
        add(
            &format!("scale_{size}_cpu_ms"),
            &format!("{size} no-ops in 10 layers: CPU ms"),
            0,
        );
        add(
            &format!("scale_{size}_manager_cpu_ms"),
            "  the manager's own",
            1,
        );
        add(&format!("scale_{size}_rss_kib"), "  RSS KiB", 0);
    }
    add("scale_cpu_exponent", "exponent of CPU by services", 2);
    add(
        "scale_manager_cpu_exponent",
        "exponent of the manager's own",
        2,
    );
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_figure_has_a_key_of_its_own() {
        let columns = columns(&[1000, 2000]);
        let keys: BTreeSet<&str> = columns.iter().map(|column| &*column.key).collect();
        assert_eq!(keys.len(), columns.len());
    }
}
