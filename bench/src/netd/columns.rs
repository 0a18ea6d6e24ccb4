//! What the figures of `bench netd` are called, and what is to be said about them.

use crate::table::Column;

/// What is printed below the figures.
pub const NOTES: &str = "\
Each gets the address 192.0.2.100 from Debian's dnsmasq over a pair of virtual links, on a machine with ten links, without IPv6 and
without asking others for the address first; the server knows no rapid commit. It can be used when a socket can be bound to it.
Times are medians of all repetitions; CPU is that of the client's processes until then, without those that it started and that
have ended, as udhcpc's script has. Carrier that comes later comes two seconds after the start: udhcpc does not look at it and asks
every three seconds. Memory and wake-ups are those of an idle client, some seconds after the lease; ours lies in a file
system in memory. Sizes are the program's and those
of the shared libraries that it needs beside the C library's, but not the one that systemd's programs share (libsystemd-shared, twice
as large); busybox's has all its other commands, ours is static.
";

/// The figures, in the order in which `measure` fills them in.
pub fn columns() -> Vec<Column> {
    let column = |key: &'static str, heading: &'static str, places| Column {
        key: key.into(),
        heading: heading.into(),
        unit: 1.0,
        places,
    };
    vec![
        column("start_wall_ms", "from start to address: wall ms", 1),
        column("start_cpu_ms", "  CPU ms", 1),
        column("start_round_trips", "  round trips", 0),
        column("carrier_wall_ms", "from later carrier: wall ms", 1),
        column("rss_kib", "idle: RSS KiB", 0),
        column("pss_kib", "  PSS KiB", 0),
        column("idle_wakes", "  wake-ups", 0),
        column("program_bytes", "bytes of the program", 0),
    ]
}
