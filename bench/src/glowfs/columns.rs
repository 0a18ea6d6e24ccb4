//! What the figures of `bench glowfs` are called, and what is to be said about them.

use crate::table::Column;

/// What is printed below the figures.
pub const NOTES: &str = "\
Images of the root of the edition 'standard', on a disk of a guest with the kernel 'linux-standard' and one processor, nothing in memory before each. Counted
are all instructions of the guest while every file is read, while 2,000 pieces of 4 KiB are read at random, and while every file is looked at: the same on each
run. 'verity' is dm-verity with SHA-256 below the file system; its hash tree is in the image's bytes. 'many' is a tree of 100,000 files in 1,000
folders. Making is counted in seconds of processors, with two threads.
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
        column("image_bytes", "bytes of the image", 1.0, 0),
        column("read_instructions", "read all: M instructions", 1e6, 1),
        column(
            "random_instructions",
            "read at random: M instructions",
            1e6,
            1,
        ),
        column("find_instructions", "look at all: M instructions", 1e6, 1),
        column(
            "many_find_instructions",
            "look at 100,000 files: M instructions",
            1e6,
            1,
        ),
        column("make_cpu_ms", "making: s of processors", 1e3, 2),
        column("make_peak_kib", "making: MiB at most", 1024.0, 1),
    ]
}
