//! What the figures of `bench kernelctl` are called, and what is to be said about them.

use crate::table::Column;

/// What is printed below the figures.
pub const NOTES: &str = "\
100 sysctls and 20 groups with three limits each, all of which change, on the kernel 'linux-standard' with one processor.
Counted are all instructions of the guest from the start of the program to its end: the same on each run. A processor's
time is told as that of one that executes one instruction a nanosecond; today's execute two to four. The script writes
the same with a shell's own words, starts 'mkdir' for each group, reads nothing back and keeps nothing.
";

/// The figures.
pub fn columns() -> Vec<Column> {
    let column = |key: &'static str, heading: &'static str, unit, places| Column {
        key: key.into(),
        heading: heading.into(),
        unit,
        places,
    };
    vec![
        column(
            "apply_instructions",
            "apply, all changes: M instructions",
            1e6,
            3,
        ),
        column(
            "apply_cpu_ns",
            "  ms of a processor at 1 instruction a ns",
            1e6,
            2,
        ),
        column(
            "again_instructions",
            "apply, nothing changes: M instructions",
            1e6,
            3,
        ),
        column("drift_instructions", "drift: M instructions", 1e6, 3),
        column("revert_instructions", "revert: M instructions", 1e6, 3),
        column("program_bytes", "bytes of the static program", 1.0, 0),
    ]
}
