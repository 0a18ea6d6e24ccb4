//! What /proc tells of a manager's processes (proc(5)).

use super::job::PROBES;
use std::fs;
use std::io;
use std::path::Path;

/// Everything in this process namespace but process 1, which measures, and the programs that services run.
///
/// # Errors
/// When /proc cannot be listed.
pub fn managers() -> io::Result<Vec<u32>> {
    let mut found: Vec<u32> = fs::read_dir("/proc")?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|process| *process != 1)
        // A process that has ended has no program.
        .filter(|process| {
            fs::read_link(format!("/proc/{process}/exe")).is_ok_and(|path| !is_probe(&path))
        })
        .collect();
    found.sort_unstable();
    Ok(found)
}

fn is_probe(path: &Path) -> bool {
    path.starts_with(PROBES)
}

/// Milliseconds of processor that the processes' own threads have taken, where the kernel counts them
/// (`CONFIG_SCHED_INFO`).
#[allow(clippy::cast_precision_loss)] // Nanoseconds of a run are far below 2^53.
pub fn cpu_ms(processes: &[u32]) -> Option<f64> {
    let mut nanoseconds = 0;
    for process in processes {
        for thread in threads(*process) {
            let Some(text) = of_thread(&thread, "schedstat")? else {
                continue;
            };
            nanoseconds += text.split(' ').next()?.parse::<u64>().ok()?;
        }
    }
    Some(nanoseconds as f64 / 1e6)
}

/// How often the processes' threads have waited and been woken.
#[allow(clippy::cast_precision_loss)]
pub fn wakes(processes: &[u32]) -> Option<f64> {
    let mut switches = 0;
    for process in processes {
        for thread in threads(*process) {
            let Some(text) = of_thread(&thread, "status")? else {
                continue;
            };
            switches += field(&text, "voluntary_ctxt_switches:")?;
        }
    }
    Some(switches as f64)
}

/// KiB of memory of the processes: RSS and PSS, by counting pages, which /proc/PID/status does not.
#[allow(clippy::cast_precision_loss)]
pub fn memory_kib(processes: &[u32]) -> Option<(f64, f64)> {
    let (mut rss, mut pss) = (0, 0);
    for process in processes {
        let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
        rss += field(&text, "Rss:")?;
        pss += field(&text, "Pss:")?;
    }
    Some((rss as f64, pss as f64))
}

fn threads(process: u32) -> Vec<String> {
    fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().display().to_string())
        .collect()
}

/// A thread's file; nothing of a thread that has ended since it was listed, and no figure at all where the kernel has no
/// such file.
#[allow(clippy::option_option)]
fn of_thread(thread: &str, name: &str) -> Option<Option<String>> {
    match fs::read_to_string(format!("{thread}/{name}")) {
        Ok(text) => Some(Some(text)),
        Err(_) if !Path::new(thread).exists() => Some(None),
        Err(_) => None,
    }
}

/// The number after a word that begins a line.
fn field(text: &str, word: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(word))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};

    #[test]
    fn fields_are_read_from_the_line_that_begins_so() {
        let text = "Name:\tx\nvoluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t7\n";
        assert_eq!(field(text, "voluntary_ctxt_switches:"), Some(12));
        assert_eq!(field("Rss:      740 kB\nPss:  738 kB\n", "Pss:"), Some(738));
        assert_eq!(field(text, "Rss:"), None);
    }

    #[test]
    fn a_process_has_figures() {
        // A program of one thread, so that only what is asked of it counts.
        let mut cat = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut to, from) = (cat.stdin.take().unwrap(), cat.stdout.take().unwrap());
        let mut from = BufReader::new(from);
        let mut answer = || {
            writeln!(to, "x").unwrap();
            from.read_line(&mut String::new()).unwrap()
        };
        assert_eq!(answer(), 2);
        let processes = [cat.id()];
        assert!(cpu_ms(&processes).is_none_or(|ms| ms > 0.0));
        let (rss, pss) = memory_kib(&processes).unwrap();
        assert!(rss >= pss && pss > 0.0);
        let before = wakes(&processes).unwrap();
        // It has waited for the second line before it answers it.
        while wakes(&processes).unwrap() <= before {
            answer();
        }
        drop((to, from));
        cat.wait().unwrap();
        assert_eq!(memory_kib(&processes), None);
    }

    #[test]
    fn a_thread_that_has_ended_counts_nothing() {
        assert_eq!(
            of_thread("/proc/self/task/1234567890", "status"),
            Some(None)
        );
        assert_eq!(of_thread("/proc/self", "no-such-figure"), None);
    }

    #[test]
    fn programs_of_services_are_no_managers() {
        assert!(is_probe(Path::new("/run/bench/bin/probe")));
        assert!(!is_probe(Path::new("/run/bench/dinit")));
    }
}
