//! `bench boot` and `bench size`.

use crate::table::{Column, Row};
use crate::{Error, Result, Subject};
use alpenglow_machine::measure::{Until, measure};
use alpenglow_machine::{Hypervisor, Marker, memory};
use std::borrow::Cow;
use std::fs;
use std::path::Path;

/// What `bench boot` measures.
pub const BOOT: [Column; 5] = [
    column("instructions_to_first_process", "first process M", 1e6, 1),
    column("instructions_to_prompt", "prompt M", 1e6, 1),
    column("guest_ms_to_prompt", "guest ms", 1.0, 1),
    column("memory_used_kib", "RAM used MiB", 1024.0, 1),
    column("smallest_memory_mib", "least --memory", 1.0, 0),
];

/// What `bench size` measures.
pub const SIZE: [Column; 3] = [
    column("kernel_bytes", "kernel bytes", 1.0, 0),
    column("initramfs_bytes", "initramfs bytes", 1.0, 0),
    column("total_bytes", "together", 1.0, 0),
];

const fn column(key: &'static str, heading: &'static str, unit: f64, places: usize) -> Column {
    Column {
        key: Cow::Borrowed(key),
        heading: Cow::Borrowed(heading),
        unit,
        places,
    }
}

/// Memory that is tried for the smallest that still reaches the prompt, in MiB.
const MEMORY: std::ops::RangeInclusive<u32> = 8..=512;

/// Measures one subject's boot. `used_kib` is what an earlier session of it found to be given and
/// not available, for one that does not print it by itself.
///
/// # Errors
/// When it does not reach its prompt.
#[allow(clippy::cast_precision_loss)] // Figures of a boot are far below 2^53.
pub fn boot(hypervisor: &Hypervisor, subject: &Subject, used_kib: Option<u64>) -> Result<Row> {
    let marker = Marker::new("prompt", subject.prompt);
    let until = if subject.reports {
        Until::PowerOff
    } else {
        Until::Markers
    };
    let measured = measure(
        hypervisor,
        &subject.spec,
        std::slice::from_ref(&marker),
        until,
    )?;
    let prompt = measured.marker("prompt");
    let given = u64::from(subject.spec.memory_mib) * 1024;
    let printed = measured
        .memory()
        .map(|memory| given.saturating_sub(memory.available_kib));
    let smallest = memory::smallest(hypervisor, &subject.spec, &marker, MEMORY)?;
    Ok(row(
        subject,
        vec![
            Some(measured.first_user.instructions as f64),
            prompt.map(|sample| sample.instructions as f64),
            prompt.map(|sample| sample.guest_ms()),
            printed.or(used_kib).map(|kib| kib as f64),
            Some(f64::from(smallest)),
        ],
    ))
}

/// The sizes of one subject's files.
///
/// # Errors
/// [`Error::Read`].
#[allow(clippy::cast_precision_loss)]
pub fn size(subject: &Subject) -> Result<Row> {
    let (kernel, initrd) = (bytes(&subject.spec.kernel)?, bytes(&subject.spec.initrd)?);
    Ok(row(
        subject,
        vec![
            Some(kernel as f64),
            Some(initrd as f64),
            Some((kernel + initrd) as f64),
        ],
    ))
}

fn bytes(path: &Path) -> Result<u64> {
    let metadata = fs::metadata(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(metadata.len())
}

fn row(subject: &Subject, figures: Vec<Option<f64>>) -> Row {
    Row {
        name: subject.name.clone(),
        board: Some(subject.board().to_string()),
        ours: subject.ours,
        figures,
    }
}
