//! From assignments to steps: the last one counts, and patterns are the keys that match (sysctl.d(5)).

use super::file::Assignment;
use super::name::dotted;
use crate::glob;
use crate::step::{Kind, Step};
use common::Root;

/// Where the kernel has them.
const FOLDER: &str = "/proc/sys";

/// The steps that assignments mean. A key that is assigned by itself, or left out by `-key`, is no part of a pattern.
pub fn steps(root: &Root, assignments: &[Assignment]) -> Vec<Step> {
    let latest = latest(assignments);
    let (patterns, names): (Vec<&Assignment>, Vec<&Assignment>) = latest
        .iter()
        .copied()
        .partition(|assignment| glob::is_pattern(&assignment.path));
    let left_out: Vec<&str> = patterns
        .iter()
        .filter(|pattern| pattern.value.is_none())
        .map(|pattern| &*pattern.path)
        .collect();
    let mut steps: Vec<Step> = Vec::with_capacity(latest.len());
    for assignment in &latest {
        let Some(value) = &assignment.value else {
            continue;
        };
        let step = |path: &str| {
            let step = Step::new(
                Kind::Sysctl,
                format_args!("{}", dotted(path)),
                format_args!("{FOLDER}/{path}"),
                format_args!("{value}"),
                &assignment.origin,
            );
            step.optional(assignment.optional)
        };
        if !glob::is_pattern(&assignment.path) {
            steps.push(step(&assignment.path));
            continue;
        }
        for path in glob::expand(&root.at(FOLDER), &assignment.path) {
            let excluded = names.iter().any(|name| name.path == path)
                || left_out.iter().any(|pattern| whole(pattern, &path))
                || root.at(FOLDER).join(&path).is_dir();
            if !excluded {
                // Of two patterns the later one counts.
                let full = format!("{FOLDER}/{path}");
                steps.retain(|earlier| earlier.path != full);
                steps.push(step(&path));
            }
        }
    }
    steps
}

/// Of assignments of the same name the last; its place is the last one's, too, unless it changes nothing.
fn latest(assignments: &[Assignment]) -> Vec<&Assignment> {
    let mut latest: Vec<Option<&Assignment>> = Vec::with_capacity(assignments.len());
    for assignment in assignments {
        let mut places = latest.iter_mut();
        let same = |earlier: &&mut Option<&Assignment>| {
            earlier.is_some_and(|earlier| earlier.path == assignment.path)
        };
        if let Some(place) = places.find(same) {
            let repeats = place.is_some_and(|earlier| {
                earlier.value == assignment.value && earlier.optional == assignment.optional
            });
            if repeats {
                continue;
            }
            *place = None;
        }
        latest.push(Some(assignment));
    }
    latest.into_iter().flatten().collect()
}

/// Whether a pattern matches a path, part by part.
fn whole(pattern: &str, path: &str) -> bool {
    let (mut parts, mut names) = (pattern.split('/'), path.split('/'));
    loop {
        match (parts.next(), names.next()) {
            (None, None) => return true,
            (Some(part), Some(name)) if glob::matches(part, name) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use std::fs;

    fn shown(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        for interface in ["all", "default", "eth0", "eth0.100", "lo"] {
            let folder = root.at(&format!("/proc/sys/net/ipv4/conf/{interface}"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("rp_filter"), "0\n").unwrap();
        }
        let (assignments, errors) = parse("f", text.as_bytes());
        assert!(errors.is_empty());
        let steps = steps(&root, &assignments);
        steps
            .iter()
            .map(|step| format!("{}={}", step.key, step.wanted))
            .collect()
    }

    #[test]
    fn the_last_counts() {
        assert_eq!(shown("a.b=1\nc.d=1\na.b=2"), ["c.d=1", "a.b=2"]);
        assert_eq!(shown("a.b=1\nc.d=1\na/b=1"), ["a.b=1", "c.d=1"]);
        assert_eq!(shown("a.b=1\n-a.b"), [""; 0]);
    }

    #[test]
    fn patterns_leave_out_what_stands_by_itself() {
        assert_eq!(
            shown(
                "net.ipv4.conf.*.rp_filter=2\n-net.ipv4.conf.all.rp_filter\nnet.ipv4.conf.lo.rp_filter=0"
            ),
            [
                "net.ipv4.conf.default.rp_filter=2",
                "net.ipv4.conf.eth0.rp_filter=2",
                "net.ipv4.conf.eth0/100.rp_filter=2",
                "net.ipv4.conf.lo.rp_filter=0",
            ]
        );
        assert_eq!(
            shown("net.ipv4.conf.eth?.rp_filter=2\nnet.ipv4.conf.*.rp_filter=1\n-net.ipv4.conf.[ad]*.rp_filter").len(),
            3
        );
        // Nothing matches: nothing is to be done.
        assert_eq!(shown("net.ipv6.conf.*.rp_filter=2"), [""; 0]);
    }
}
