//! From assignments to steps: the last one counts, and patterns are the keys that match (sysctl.d(5)).

use super::file::Assignment;
use super::name::dotted;
use crate::glob;
use crate::step::{Kind, Step, put};
use common::Root;
use std::rc::Rc;

/// Where the kernel has them.
const FOLDER: &str = "/proc/sys";

/// The steps that assignments mean. A key that is assigned by itself, or left out by `-key`, is no part of a pattern.
pub fn steps(root: &Root, assignments: &[Assignment]) -> Vec<Rc<Step>> {
    let latest = latest(assignments);
    let folder = root.at(FOLDER);
    let excluded = |path: &str| {
        let by = |other: &&Assignment| match glob::is_pattern(&other.path) {
            true => other.value.is_none() && whole(&other.path, path),
            false => other.path == path,
        };
        latest.iter().any(by) || folder.join(path).is_dir()
    };
    let mut steps: Vec<Rc<Step>> = Vec::with_capacity(latest.len());
    for assignment in &latest {
        if assignment.value.is_none() {
            continue;
        }
        if !glob::is_pattern(&assignment.path) {
            steps.push(step(assignment, &assignment.path));
            continue;
        }
        for path in glob::expand(&folder, &assignment.path) {
            if !excluded(&path) {
                put(&mut steps, step(assignment, &path));
            }
        }
    }
    steps
}

/// The step that an assignment means for a path.
fn step(assignment: &Assignment, path: &str) -> Rc<Step> {
    let value = assignment.value.as_deref().unwrap_or("");
    Step::new(
        Kind::Sysctl,
        assignment.optional,
        format_args!("{}", dotted(path)),
        format_args!("{FOLDER}/{path}"),
        format_args!("{value}"),
        &assignment.origin,
    )
}

/// Of assignments of the same name the last; its place is the last one's, too, unless it changes nothing.
fn latest(assignments: &[Assignment]) -> Vec<&Assignment> {
    let mut latest: Vec<&Assignment> = Vec::with_capacity(assignments.len());
    for assignment in assignments {
        let mut earlier = latest.iter();
        if let Some(at) = earlier.position(|earlier| earlier.path == assignment.path) {
            let earlier = latest[at];
            if earlier.value == assignment.value && earlier.optional == assignment.optional {
                continue;
            }
            latest.remove(at);
        }
        latest.push(assignment);
    }
    latest
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
