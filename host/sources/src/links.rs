//! Where symbolic links of a tree lead, worked out before any of them is made.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// How many links one path may go through; the kernel's own bound (path_resolution(7)).
const DEPTH: usize = 40;

/// The symbolic links of a tree: where each stands, relative to the tree's top, and what it says.
#[derive(Default)]
pub(crate) struct Links(HashMap<PathBuf, PathBuf>);

impl Links {
    pub(crate) fn insert(&mut self, at: PathBuf, target: PathBuf) {
        self.0.insert(at, target);
    }

    pub(crate) fn remove(&mut self, at: &Path) {
        self.0.remove(at);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Path, &Path)> {
        self.0.iter().map(|(at, target)| (&**at, &**target))
    }

    /// Whether the link at `at` leads out of the tree, by itself or through others of its links.
    pub(crate) fn escapes(&self, at: &Path) -> bool {
        // What is still to be walked, last first.
        let mut rest: Vec<OsString> = Vec::new();
        let mut place: Vec<OsString> = Vec::new();
        if !push(&mut rest, at) {
            return true;
        }
        let mut followed = 0;
        while let Some(name) = rest.pop() {
            if name == ".." {
                if place.pop().is_none() {
                    return true;
                }
                continue;
            }
            place.push(name);
            let Some(target) = self.0.get(&place.iter().collect::<PathBuf>()) else {
                continue;
            };
            followed += 1;
            if followed > DEPTH {
                // A circle leads nowhere.
                return false;
            }
            place.pop();
            if !push(&mut rest, target) {
                return true;
            }
        }
        false
    }
}

/// Puts a path's components on the stack; false if it is absolute.
fn push(rest: &mut Vec<OsString>, path: &Path) -> bool {
    for component in path.components().rev() {
        match component {
            Component::Normal(name) => rest.push(name.to_owned()),
            Component::ParentDir => rest.push("..".into()),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(list: &[(&str, &str)]) -> Links {
        let mut links = Links::default();
        for (at, target) in list {
            links.insert(at.into(), target.into());
        }
        links
    }

    fn escapes(list: &[(&str, &str)], at: &str) -> bool {
        links(list).escapes(Path::new(at))
    }

    #[test]
    fn links_inside_stay_inside() {
        assert!(!escapes(&[("a", "b")], "a"));
        assert!(!escapes(&[("d/a", "../b")], "d/a"));
        assert!(!escapes(&[("d/a", "..")], "d/a"));
        assert!(!escapes(&[("d/a", "./../x/../y")], "d/a"));
        assert!(!escapes(&[("a", "dangling/deep")], "a"));
    }

    #[test]
    fn plain_escapes() {
        assert!(escapes(&[("a", "/etc/passwd")], "a"));
        assert!(escapes(&[("a", "..")], "a"));
        assert!(escapes(&[("d/a", "../../x")], "d/a"));
    }

    #[test]
    fn an_escape_through_another_link() {
        // Word for word `d/x/..` is `d`, but x leads to the top, and above that is outside.
        let list = [("d/x", ".."), ("y", "d/x/..")];
        assert!(!escapes(&list, "d/x"));
        assert!(escapes(&list, "y"));
    }

    #[test]
    fn a_circle_ends() {
        assert!(!escapes(&[("a", "b"), ("b", "a")], "a"));
    }
}
