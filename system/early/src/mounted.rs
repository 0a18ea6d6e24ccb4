//! What is mounted now (proc_pid_mountinfo(5)).

use crate::fstab::decode;
use common::root::Root;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    pub target: String,
    pub source: String,
    pub read_only: bool,
}

/// All mounts, in the order in which they were made.
pub fn read(root: &Root) -> Vec<Mounted> {
    let text = std::fs::read(root.at("/proc/self/mountinfo")).unwrap_or_default();
    parse(&String::from_utf8_lossy(&text))
}

fn parse(text: &str) -> Vec<Mounted> {
    let line = |line: &str| {
        let (before, behind) = line.split_once(" - ")?;
        let before: Vec<&str> = before.split(' ').collect();
        let mut behind = behind.split(' ').skip(1);
        let source = behind.next()?;
        let ro = |options: &str| options.split(',').any(|word| word == "ro");
        Some(Mounted {
            target: decode(before.get(4)?),
            source: decode(source),
            read_only: ro(before.get(5)?) || behind.next().is_some_and(ro),
        })
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_understood() {
        let found = parse(
            "36 35 98:0 /m /a\\040b rw,noatime master:1 shared:2 - ext4 /dev/vda ro,errors=continue\nnonsense\n1 0 0:1 / / rw - tmpfs none rw\n",
        );
        assert_eq!(
            (&*found[0].target, &*found[0].source, found[0].read_only),
            ("/a b", "/dev/vda", true)
        );
        assert_eq!(
            (&*found[1].target, found[1].read_only, found.len()),
            ("/", false, 2)
        );
    }

    proptest! {
        #[test]
        fn any_text_will_do(text in "([a-z/ \\\\0-9-]{0,20}( - )?[a-z ]{0,8}\n){0,4}") {
            parse(&text);
        }
    }
}
