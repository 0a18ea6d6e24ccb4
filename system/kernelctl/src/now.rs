//! How the system is: memory, load, pressure, the kernel's version. By the module alpenglow_core in one read, or else by /proc.

use common::state::{Memory, Pressure, Stall};
use common::{Root, State};
use document::json::Json;
use std::fmt::{self, Write};

/// How it is now; none where nobody tells how much memory there is.
pub fn state(root: &Root) -> Option<State> {
    match State::read(root) {
        Ok(Some(state)) => Some(state),
        _ => by_proc(root),
    }
}

/// Bytes of all memory, and of that which is to be had without taking it from somebody.
pub fn memory(root: &Root) -> Option<(u64, u64)> {
    let memory = match State::read(root) {
        Ok(Some(state)) => state.memory,
        _ => meminfo(root)?,
    };
    Some((memory.total, memory.available))
}

/// The same from the files of the kernel (proc(5), `Documentation/accounting/psi.rst`), which are read one after the other.
fn by_proc(root: &Root) -> Option<State> {
    let value = |path: &str| root.value(path).unwrap_or_default();
    let load = value("/proc/loadavg");
    let mut load = load.split(' ').map(fixed);
    let pressure = || {
        let (memory, io) = (pressure(root, "memory")?, pressure(root, "io")?);
        Some(Pressure {
            io_some: io[0],
            io_full: io[1],
            memory_some: memory[0],
            memory_full: memory[1],
            cpu_some: pressure(root, "cpu")?[0],
        })
    };
    Some(State {
        time: 0,
        load: [(); 3].map(|()| load.next().unwrap_or(0)),
        memory: meminfo(root)?,
        pressure: pressure(),
        release: value("/proc/sys/kernel/osrelease"),
        version: value("/proc/sys/kernel/version"),
    })
}

/// Bytes of all memory, as /proc tells.
pub fn total(root: &Root) -> Option<u64> {
    bytes(&root.value("/proc/meminfo")?, "MemTotal:")
}

/// /proc/meminfo.
fn meminfo(root: &Root) -> Option<Memory> {
    let text = root.value("/proc/meminfo")?;
    let or_none = |name| bytes(&text, name).unwrap_or(0);
    Some(Memory {
        total: bytes(&text, "MemTotal:")?,
        available: bytes(&text, "MemAvailable:")?,
        free: or_none("MemFree:"),
        buffers: or_none("Buffers:"),
        cached: or_none("Cached:"),
        shared: or_none("Shmem:"),
        swap: or_none("SwapTotal:"),
        swap_free: or_none("SwapFree:"),
    })
}

/// Of a text like that of /proc/meminfo, the bytes in the line that begins with a name.
fn bytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib = line.split_ascii_whitespace().next()?.parse::<u64>().ok()?;
    Some(kib.saturating_mul(1024))
}

/// What `/proc/pressure/NAME` says of some and of all who wait.
fn pressure(root: &Root, name: &str) -> Option<[Stall; 2]> {
    let text = root.value(&format!("/proc/pressure/{name}"))?;
    let mut stalls = [Stall::default(); 2];
    for line in text.lines() {
        let stall = &mut stalls[usize::from(line.starts_with("full"))];
        for word in line.split(' ') {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            match name {
                "avg10" => stall.averages[0] = fixed(value),
                "avg60" => stall.averages[1] = fixed(value),
                "avg300" => stall.averages[2] = fixed(value),
                // Microseconds.
                "total" => stall.total = value.parse().unwrap_or(0u64).saturating_mul(1000),
                _ => {}
            }
        }
    }
    Some(stalls)
}

/// A number with two decimals in 1/2048; it is rounded up, so that its decimals are those again.
fn fixed(text: &str) -> u32 {
    let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
    let number = |text: &str| text.parse().unwrap_or(0u32);
    let part = (number(rest).min(99) * 2048).div_ceil(100);
    number(whole).saturating_mul(2048).saturating_add(part)
}

/// A number in 1/2048, as one with two decimals.
struct Fixed(u32);

impl Fixed {
    fn hundredths(&self) -> u64 {
        u64::from(self.0) * 100 / 2048
    }
}

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = self.hundredths();
        write!(f, "{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

/// What waits, by name: pressure of the last 10, 60 and 300 seconds. Nothing where the kernel does not tell.
fn stalls(state: &State) -> Vec<(&'static str, &Stall)> {
    let Some(pressure) = &state.pressure else {
        return Vec::new();
    };
    vec![
        ("memory.some", &pressure.memory_some),
        ("memory.full", &pressure.memory_full),
        ("io.some", &pressure.io_some),
        ("io.full", &pressure.io_full),
        ("cpu.some", &pressure.cpu_some),
    ]
}

/// Lines as those of a report.
pub fn text(state: &State) -> String {
    let mib = |bytes: u64| bytes >> 20;
    let mut text = format!("{:<12} {} {}\n", "kernel", state.release, state.version);
    let [one, five, fifteen] = state.load.map(Fixed);
    let _ = writeln!(text, "{:<12} {one} {five} {fifteen}", "load");
    let memory = &state.memory;
    for (name, free, all) in [
        ("memory", memory.available, memory.total),
        ("swap", memory.swap_free, memory.swap),
    ] {
        let _ = writeln!(
            text,
            "{name:<12} {} of {} MiB available",
            mib(free),
            mib(all)
        );
    }
    for (name, stall) in stalls(state) {
        let [ten, sixty, more] = stall.averages.map(Fixed);
        let _ = writeln!(text, "{:<12} {name} {ten} {sixty} {more} %", "pressure");
    }
    text
}

/// A member `system` of an object. Memory in bytes, pressure in per cent, its totals in nanoseconds.
pub fn json(state: &State, json: &mut Json) {
    json.key("system");
    json.object();
    json.key("release");
    json.string(&state.release);
    json.key("version");
    json.string(&state.version);
    let averages = |json: &mut Json, of: [u32; 3]| {
        json.array();
        of.iter()
            .for_each(|one| json.hundredths(Fixed(*one).hundredths()));
        json.end();
    };
    json.key("load");
    averages(json, state.load);
    json.key("memory");
    json.object();
    let memory = &state.memory;
    for (name, bytes) in [
        ("total", memory.total),
        ("free", memory.free),
        ("available", memory.available),
        ("buffers", memory.buffers),
        ("cached", memory.cached),
        ("shared", memory.shared),
        ("swap", memory.swap),
        ("swap_free", memory.swap_free),
    ] {
        json.key(name);
        json.number(bytes as i64);
    }
    json.end();
    json.key("pressure");
    json.object();
    for (name, stall) in stalls(state) {
        json.key(name);
        json.object();
        json.key("average");
        averages(json, stall.averages);
        json.key("total");
        json.number(stall.total as i64);
        json.end();
    }
    json.end();
    json.end();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn tree() -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        for (path, text) in [
            (
                "/proc/meminfo",
                "MemTotal:  4096 kB\nMemFree: 5 kB\nMemAvailable:  2048 kB\nSwapTotal: 1024 kB\n",
            ),
            ("/proc/loadavg", "1.29 0.05 12.00 1/80 99\n"),
            ("/proc/sys/kernel/osrelease", "7.2.13\n"),
            ("/proc/sys/kernel/version", "1 SMP\n"),
            (
                "/proc/pressure/memory",
                "some avg10=1.57 avg60=0.07 avg300=0.01 total=12\nfull avg10=99.99 avg60=0.00 avg300=0.00 total=3\n",
            ),
            (
                "/proc/pressure/io",
                "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
            ),
            (
                "/proc/pressure/cpu",
                "some avg10=0.00 avg60=0.50 avg300=0.00 total=7\n",
            ),
        ] {
            let path = root.at(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        (folder, root)
    }

    #[test]
    fn proc_tells_it_too() {
        let (_folder, root) = tree();
        let state = state(&root).unwrap();
        assert_eq!(
            text(&state),
            "kernel       7.2.13 1 SMP\n\
             load         1.29 0.05 12.00\n\
             memory       2 of 4 MiB available\n\
             swap         0 of 1 MiB available\n\
             pressure     memory.some 1.57 0.07 0.01 %\n\
             pressure     memory.full 99.99 0.00 0.00 %\n\
             pressure     io.some 0.00 0.00 0.00 %\n\
             pressure     io.full 0.00 0.00 0.00 %\n\
             pressure     cpu.some 0.00 0.50 0.00 %\n"
        );
        assert_eq!(state.pressure.unwrap().memory_some.total, 12_000);
        fs::remove_dir_all(root.at("/proc/pressure")).unwrap();
        let state = super::state(&root).unwrap();
        assert_eq!(state.pressure, None);
        let mut written = Json::default();
        written.object();
        json(&state, &mut written);
        written.end();
        let written = written.finish();
        assert!(written.starts_with(
            r#"{"system":{"release":"7.2.13","version":"1 SMP","load":[1.29,0.05,12.00],"memory":{"total":4194304,"#
        ), "{written}");
        assert!(
            written.ends_with(r#""swap":1048576,"swap_free":0},"pressure":{}}}"#),
            "{written}"
        );
        assert_eq!(super::state(&Root::new("/none")), None);
    }

    #[test]
    fn every_decimal_is_kept() {
        for hundredths in 0..=9999 {
            let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            assert_eq!(Fixed(fixed(&text)).to_string(), text);
        }
        assert_eq!(fixed(""), 0);
        assert_eq!(fixed("999999999999.99"), 2028);
    }

    /// The module's word comes first; a device that says something else does not count.
    #[test]
    fn the_module_comes_first() {
        let (_folder, root) = tree();
        assert_eq!(memory(&root), Some((4 << 20, 2 << 20)));
        fs::create_dir_all(root.at("/dev")).unwrap();
        let mut bytes = [0; 384];
        bytes[..8].copy_from_slice(b"AlpgCore");
        bytes[8] = 1;
        bytes[12..14].copy_from_slice(&384u16.to_le_bytes());
        bytes[40] = 100;
        bytes[56] = 7;
        fs::write(root.at("/dev/alpenglow_core"), bytes).unwrap();
        assert_eq!(memory(&root), Some((100, 7)));
        assert_eq!(state(&root).unwrap().memory.available, 7);
        fs::write(root.at("/dev/alpenglow_core"), "none").unwrap();
        assert_eq!(memory(&root), Some((4 << 20, 2 << 20)));
    }
}
