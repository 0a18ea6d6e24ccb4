//! `bench glowfs`: images of one tree, in bytes and in instructions of a guest that reads them; beside ours squashfs and EROFS, by themselves and
//! on dm-verity.

mod columns;
mod make;

pub use columns::{NOTES, columns};
pub use make::{Makers, Subject};

use crate::table::Row;
use crate::{Error, Result};
use alpenglow_builder::Arch;
use alpenglow_image::cpio::Meta;
use alpenglow_image::{Archive, initramfs};
use alpenglow_machine::measure::{Until, measure};
use alpenglow_machine::{Board, Hypervisor, Marker, Spec};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// The edition whose root and kernel it is measured in.
pub const EDITION: &str = "glowfs-bench";

/// Runs in place of the edition's process 1.
const SCRIPT: &str = include_str!("inside.sh");

/// What the script tells when something is not as it should be.
const WRONG: &str = "bench-wrong";

/// What is counted of a tree with content, and of one of many files.
const WHATS: [&str; 3] = ["read", "random", "find"];

/// Images with content, and of many files, in one guest at most: there are two marks for each count, and 16 marks.
const CONTENTS: usize = 2;
const MANY: usize = 7;

/// The tree of many files: 1,000 folders of 100.
///
/// # Errors
/// When it cannot be written.
pub fn many(folder: &Path) -> std::io::Result<()> {
    for outer in 0..1000 {
        let at = folder.join(format!("folder-{outer:03}"));
        fs::create_dir_all(&at)?;
        for inner in 0..100 {
            fs::write(
                at.join(format!("file-number-{inner:02}.txt")),
                format!("{outer} {inner}\n"),
            )?;
        }
    }
    Ok(())
}

/// Boots the edition, of which these are kernel and initramfs, with the images as disks, and counts. `folder` is for what has to be made.
///
/// # Errors
/// When it does not come up, or an image cannot be mounted.
#[allow(clippy::cast_precision_loss)] // Figures of a boot are far below 2^53.
pub fn run(
    hypervisor: &Hypervisor,
    kernel: &Path,
    initramfs: &Path,
    content: &[Subject],
    many: &[Subject],
    folder: &Path,
) -> Result<Vec<Row>> {
    let mut counts: Vec<(String, Option<f64>)> = Vec::new();
    for (subjects, tree, most) in [(content, "tree", CONTENTS), (many, "many", MANY)] {
        for part in subjects.chunks(most) {
            counts.extend(guest(hypervisor, kernel, initramfs, part, tree, folder)?);
        }
    }
    let count = |name: &str, what: &str| {
        counts
            .iter()
            .find(|(key, _)| *key == format!("{name} {what}"))
            .and_then(|(_, count)| *count)
    };
    content
        .iter()
        .map(|one| {
            let bytes = fs::metadata(&one.image)
                .map_err(|source| Error::Read {
                    path: one.image.clone(),
                    source,
                })?
                .len();
            Ok(Row {
                name: one.name.clone(),
                board: None,
                ours: one.name == "glowfs-zstd",
                figures: vec![
                    Some(bytes as f64),
                    count(&one.name, "read"),
                    count(&one.name, "random"),
                    count(&one.name, "find"),
                    count(&format!("many-{}", one.name), "find"),
                    one.usage.map(|usage| usage.cpu_ms as f64),
                    one.usage.map(|usage| usage.peak_kib as f64),
                ],
            })
        })
        .collect()
}

/// The counts of one guest, by `NAME WHAT`.
#[allow(clippy::cast_precision_loss)] // As above.
fn guest(
    hypervisor: &Hypervisor,
    kernel: &Path,
    initramfs: &Path,
    subjects: &[Subject],
    tree: &str,
    folder: &Path,
) -> Result<Vec<(String, Option<f64>)>> {
    let mut lines = String::new();
    for (letter, one) in ('a'..).zip(subjects) {
        let device = format!("/dev/vd{letter}");
        let table = one
            .verity
            .as_ref()
            .map_or(String::new(), |table| table.replace("DEVICE", &device));
        lines += &format!("{} {} {device} {tree} {table}\n", one.name, one.kind);
    }
    let mut archive = Archive::new(0);
    archive.add_dir("bench", Meta::root(0o755))?;
    archive.add_file("bench/subjects", Meta::root(0o644), lines)?;
    archive.add_file(
        "bench.sh",
        Meta::root(0o755),
        format!("#!/bin/sh\n{SCRIPT}"),
    )?;
    let initrd = folder.join("glowfs.initramfs");
    initramfs::append(initramfs, &archive.to_bytes()?, &initrd)?;
    let mut spec = Spec::new(EDITION, Arch::X86_64, kernel, &initrd);
    spec.board = Board::Q35;
    spec.memory_mib = 1024;
    // It is counted, whatever else the computer has to do.
    spec.limits.boot = Duration::from_secs(1800);
    spec.words.push("rdinit=/bench.sh".into());
    spec.disks = subjects.iter().map(|one| one.image.clone()).collect();
    let whats: Vec<&str> = WHATS
        .into_iter()
        .filter(|what| *what == "find" || tree == "tree")
        .collect();
    let counted: Vec<(&Subject, &str)> = subjects
        .iter()
        .flat_map(|one| whats.iter().map(move |what| (one, *what)))
        .collect();
    let mut markers = Vec::new();
    for (number, (one, what)) in counted.iter().enumerate() {
        for end in ["begin", "end"] {
            let text = format!("bench-mark {} {what} {end}", one.name);
            markers.push(Marker::new(format!("{end}_{number}"), text));
        }
    }
    markers.push(Marker::new("all", "bench-mark all end"));
    let measured = measure(hypervisor, &spec, &markers, Until::Markers)?;
    if let Some(at) = measured.console.find(WRONG) {
        let told: Vec<&str> = measured.console[at..].lines().take(20).collect();
        return Err(Error::FileSystem {
            maker: "the guest".into(),
            why: told.join("\n"),
        });
    }
    let at = |name: String| measured.marker(&name).map(|mark| mark.instructions);
    let counts = counted.iter().enumerate().map(|(number, (one, what))| {
        let count = at(format!("begin_{number}")).zip(at(format!("end_{number}")));
        let count = count.map(|(begin, end)| end.saturating_sub(begin) as f64);
        (format!("{} {what}", one.name), count)
    });
    Ok(counts.collect())
}
