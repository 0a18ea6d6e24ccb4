//! `bench kernelctl`: what it costs to set and to hold a policy of 100 sysctls and 20 groups, in instructions of a guest
//! that runs a kernel with all of them; beside it a script that writes the same and reads nothing back.

mod columns;

pub use columns::{NOTES, columns};

use crate::table::Row;
use crate::{Error, Result};
use alpenglow_builder::Arch;
use alpenglow_image::cpio::Meta;
use alpenglow_image::{Archive, initramfs};
use alpenglow_machine::measure::{Until, measure};
use alpenglow_machine::{Board, Hypervisor, Marker, Spec};
use std::fs;
use std::path::Path;

/// The edition whose root and kernel it is measured in.
pub const EDITION: &str = "kernelctl-demo";

/// Runs in place of the demo's policy, as a service that the start of the system waits for.
const SCRIPT: &str = include_str!("inside.sh");

/// What the script tells when something is not as it should be.
const WRONG: &str = "bench-wrong";

/// The service that runs it.
const SERVICE: &str = "type = scripted\ncommand = /bin/sh /bench.sh\ndepends-ms: system\nrestart = false\nstart-timeout = 0\n";

/// A service of the demo that is to do nothing here.
const NOTHING: &str = "type = internal\n";

/// What is marked on the console, in this order: each ends what is counted since the one before.
const MARKS: [&str; 7] = [
    "start", "mark", "apply", "again", "drift", "revert", "script",
];

/// Boots the edition, of which these are kernel and initramfs, with the script and counts. `program` is the static program,
/// whose size is told; `folder` is for what has to be made.
///
/// # Errors
/// When it does not come up, or `kernelctl` does not do what it is to do.
#[allow(clippy::cast_precision_loss)] // Figures of a boot are far below 2^53.
pub fn run(
    hypervisor: &Hypervisor,
    kernel: &Path,
    initramfs: &Path,
    program: &Path,
    folder: &Path,
) -> Result<Vec<Row>> {
    let initrd = folder.join("kernelctl.initramfs");
    let extra = archive()?;
    initramfs::append(initramfs, &extra, &initrd)?;
    let mut spec = Spec::new(EDITION, Arch::X86_64, kernel, &initrd);
    spec.board = Board::Microvm;
    let markers = MARKS.map(|name| Marker::new(name, format!("bench-mark {name}")));
    let measured = measure(hypervisor, &spec, &markers, Until::Markers)?;
    if let Some(at) = measured.console.find(WRONG) {
        let told = measured.console[at..].lines().take(20).collect::<Vec<_>>();
        return Err(Error::Policy(told.join("\n")));
    }
    let counts: Vec<u64> = MARKS
        .iter()
        .map(|name| measured.marker(name).map_or(0, |mark| mark.instructions))
        .collect();
    let mark = counts[1].saturating_sub(counts[0]);
    // What came before the mark of that index, without the mark itself.
    let since = |at: usize| Some(counts[at].saturating_sub(counts[at - 1] + mark) as f64);
    let metadata = fs::metadata(program).map_err(|source| Error::Read {
        path: program.to_owned(),
        source,
    })?;
    let row = |name: &str, ours, figures| Row {
        name: name.to_owned(),
        board: None,
        ours,
        figures,
    };
    let script = since(6);
    Ok(vec![
        row(
            "ours",
            true,
            vec![
                since(2),
                since(2),
                since(3),
                since(4),
                since(5),
                Some(metadata.len() as f64),
            ],
        ),
        row(
            "a script",
            false,
            vec![script, script, None, None, None, None],
        ),
    ])
}

/// What is put over the edition's root.
fn archive() -> Result<Vec<u8>> {
    let mut archive = Archive::new(0);
    archive.add_file("bench.sh", Meta::root(0o644), SCRIPT)?;
    let file = Meta::root(0o644);
    archive.add_file("etc/dinit.d/kernelctl", file, SERVICE)?;
    for service in ["pressure", "worker", "mover"] {
        archive.add_file(format!("etc/dinit.d/{service}"), file, NOTHING)?;
    }
    archive.add_file("etc/sysctl.d/10-demo.conf", file, "")?;
    Ok(archive.to_bytes()?)
}
