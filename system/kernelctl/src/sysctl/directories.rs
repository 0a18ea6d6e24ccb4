//! Which files are read, in which order (sysctl.d(5); sysctl(8), `--system`).

use super::file::{Assignment, parse};
use crate::error::Error;
use common::Root;
use std::fs;

/// A file in an earlier one stands for those of its name in later ones: also when it is empty, or a link to /dev/null.
const FOLDERS: [&str; 5] = [
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
];

/// Read last, as sysctl(8) does.
const LAST: &str = "/etc/sysctl.conf";

/// The assignments of all files, in the order of the files' names, and what is wrong with them.
pub fn read(root: &Root) -> (Vec<Assignment>, Vec<Box<Error>>) {
    let mut errors = Vec::new();
    let mut paths = root.files_or(&FOLDERS, ".conf", &mut |folder, error| {
        errors.push(Error::file(folder, "reading it", error));
    });
    if root.at(LAST).exists() {
        paths.push(LAST.to_owned());
    }
    let mut assignments = Vec::new();
    for path in paths {
        match fs::read(root.at(&path)) {
            Ok(text) => {
                let (mut found, mut wrong) = parse(&path, &text);
                assignments.append(&mut found);
                errors.append(&mut wrong);
            }
            Err(error) => errors.push(Error::file(&path, "reading it", error)),
        }
    }
    (assignments, errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_precedence_by_folder_and_order_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        let write = |path: &str, text: &str| {
            let path = root.at(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("/usr/lib/sysctl.d/10-a.conf", "k.a = usr");
        write("/usr/lib/sysctl.d/20-b.conf", "k.b = usr");
        write("/usr/lib/sysctl.d/30-c.conf", "k.c = usr");
        write("/usr/lib/sysctl.d/note.txt", "nonsense");
        write("/run/sysctl.d/20-b.conf", "k.b = run");
        write("/run/sysctl.d/05-first.conf", "k.f = run");
        write("/etc/sysctl.d/30-c.conf", "");
        write("/etc/sysctl.conf", "k.z = last");
        std::os::unix::fs::symlink("/dev/null", root.at("/etc/sysctl.d/10-a.conf")).unwrap();
        let (found, errors) = read(&root);
        assert!(errors.is_empty(), "{errors:?}");
        let shown: Vec<_> = found
            .iter()
            .map(|a| {
                format!(
                    "{} {} {}",
                    a.origin,
                    a.path,
                    a.value.as_deref().unwrap_or("")
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                "/run/sysctl.d/05-first.conf:1 k/f run",
                "/run/sysctl.d/20-b.conf:1 k/b run",
                "/etc/sysctl.conf:1 k/z last",
            ]
        );
    }
}
