//! What lies below /sys: huge pages, KSM, the scheduler, processors' frequencies, block devices, and any other file.

use super::dash;
use super::sysctl::plain;
use crate::error::Result;
use crate::policy::read::{Reading, wrong};
use crate::step::{self, Kind, Step};
use document::{Key, Table, Value};

/// A section whose keys are files of a folder; a key with dots is a path in it.
struct Section {
    name: &'static str,
    folder: &'static str,
    keys: &'static [&'static str],
}

const SECTIONS: &[Section] = &[
    Section {
        name: "thp",
        folder: "/sys/kernel/mm/transparent_hugepage",
        keys: &[
            "enabled",
            "defrag",
            "shmem_enabled",
            "use_zero_page",
            "khugepaged.defrag",
            "khugepaged.pages_to_scan",
            "khugepaged.scan_sleep_millisecs",
            "khugepaged.alloc_sleep_millisecs",
            "khugepaged.max_ptes_none",
            "khugepaged.max_ptes_swap",
            "khugepaged.max_ptes_shared",
        ],
    },
    Section {
        name: "ksm",
        folder: "/sys/kernel/mm/ksm",
        keys: &[
            "run",
            "pages_to_scan",
            "sleep_millisecs",
            "max_page_sharing",
            "use_zero_pages",
        ],
    },
    Section {
        name: "scheduler",
        folder: "/sys/kernel/debug/sched",
        keys: &[
            "base_slice_ns",
            "migration_cost_ns",
            "nr_migrate",
            "preempt",
            "tunable_scaling",
            "latency_warn_ms",
        ],
    },
    Section {
        name: "cpu",
        folder: "/sys/devices/system/cpu/cpufreq",
        keys: &["boost"],
    },
    Section {
        name: "cpu",
        folder: "/sys/devices/system/cpu/cpufreq/policy*",
        keys: &[
            "scaling_governor",
            "scaling_min_freq",
            "scaling_max_freq",
            "energy_performance_preference",
        ],
    },
];

/// Shorter names of some.
const SHORT: &[(&str, &str)] = &[
    ("governor", "scaling_governor"),
    ("min_freq", "scaling_min_freq"),
    ("max_freq", "scaling_max_freq"),
];

/// Files of a block device's queue (`Documentation/ABI/stable/sysfs-block`).
const QUEUE: &[&str] = &[
    "scheduler",
    "read_ahead_kb",
    "nr_requests",
    "rq_affinity",
    "nomerges",
    "wbt_lat_usec",
];

/// `[thp]`, `[ksm]`, `[scheduler]`, `[cpu]`
pub fn knobs(reading: &mut Reading<'_>, section: &Key, value: &Value) -> Result<()> {
    let table = reading.table(section, value)?;
    each(reading, section, "", table)
}

fn each(reading: &mut Reading<'_>, section: &Key, before: &str, table: &Table) -> Result<()> {
    for (key, value) in &table.0 {
        let name = format!("{before}{}", key.name);
        let (optional, name) = dash(&name);
        if let Some(inner) = value.table() {
            let before = format!("{}{name}.", if optional { "-" } else { "" });
            each(reading, section, &before, inner)?;
            continue;
        }
        let short = SHORT.iter().find(|(short, _)| *short == name);
        let name = short.map_or(name, |(_, long)| long);
        let mut own = SECTIONS.iter().filter(|own| own.name == section.name);
        match own.find(|own| own.keys.contains(&name)) {
            Some(own) => {
                let path = format!("{}/{}", own.folder, name.replace('.', "/"));
                let shown = format!("{}.{name}", section.name);
                push(reading, &shown, &path, optional, key, value)?;
            }
            None => {
                let mut known: Vec<&str> = Vec::new();
                for own in SECTIONS.iter().filter(|own| own.name == section.name) {
                    known.extend_from_slice(own.keys);
                }
                return Err(reading.unknown(key, &section.name, &known));
            }
        }
    }
    Ok(())
}

/// `[block.DEVICE]`: a name or a pattern.
pub fn block(reading: &mut Reading<'_>, section: &Key, value: &Value) -> Result<()> {
    for (device, value) in &reading.table(section, value)?.0 {
        if device.name.is_empty() || device.name.starts_with('.') || device.name.contains('/') {
            return wrong!(
                reading,
                device.line,
                "'{}' is no name of a block device",
                device.name
            );
        }
        for (key, value) in &reading.table(device, value)?.0 {
            let (optional, name) = dash(&key.name);
            if !QUEUE.contains(&name) {
                return Err(reading.unknown(key, "a block device", QUEUE));
            }
            let path = format!("/sys/block/{}/queue/{name}", device.name);
            let shown = format!("block.{}.{name}", device.name);
            push(reading, &shown, &path, optional, key, value)?;
        }
    }
    Ok(())
}

/// `[sysfs]`: paths and values.
pub fn sysfs(reading: &mut Reading<'_>, section: &Key, value: &Value) -> Result<()> {
    for (key, value) in &reading.table(section, value)?.0 {
        let (optional, path) = dash(&key.name);
        let inside = path.starts_with("/sys/") && !path.split('/').any(|part| part == "..");
        if !inside {
            return wrong!(
                reading,
                key.line,
                "'{path}' is no path of a file below /sys"
            );
        }
        push(reading, path, path, optional, key, value)?;
    }
    Ok(())
}

fn push(
    reading: &mut Reading<'_>,
    shown: &str,
    path: &str,
    optional: bool,
    key: &Key,
    value: &Value,
) -> Result<()> {
    let text = plain(value).filter(|text| !text.is_empty() && !text.contains(char::is_control));
    let Some(wanted) = text else {
        return Err(reading.other(
            key,
            value,
            "a string in one line, a number, or true or false",
        ));
    };
    let origin = reading.origin(key.line);
    let step = Step::new(
        Kind::Sys,
        optional,
        format_args!("{shown}"),
        format_args!("{path}"),
        format_args!("{wanted}"),
        &origin,
    );
    step::put(&mut reading.policy.knobs, step);
    Ok(())
}
