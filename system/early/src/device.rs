//! From what fstab says to a node: devd's links, or a look at every disk where devd has not made them.

use crate::fstab::{Entry, Source};
use common::root::Root;
use devd::block::{self, Place, encode};
use devd::device::walk;

/// The device of an entry; none if it is absent and may be.
///
/// # Errors
/// It is absent and may not be.
pub fn of(root: &Root, entry: &Entry) -> Result<Option<String>, String> {
    match find(root, &entry.source) {
        None if !entry.options.nofail => Err(format!(
            "there is no device {}: write 'nofail' if it may be absent",
            shown(&entry.source)
        )),
        found => Ok(found),
    }
}

/// The path to be mounted. None: there is no such device now.
pub fn find(root: &Root, source: &Source) -> Option<String> {
    match source {
        // What is no path is the file system's own.
        Source::Plain(path) => {
            (!path.starts_with("/dev/") || root.at(path).exists()).then(|| path.clone())
        }
        Source::Name(folder, name) => {
            let link = format!("disk/{folder}/{}", encode::name(name.as_bytes()));
            let path = format!("/dev/{link}");
            match root.at(&path).exists() {
                true => Some(path),
                false => look(root, &link),
            }
        }
    }
}

/// The disk that would have a link of that name.
fn look(root: &Root, link: &str) -> Option<String> {
    let entries = std::fs::read_dir(root.at("/sys/class/block")).ok()?;
    let top = std::fs::canonicalize(root.at("/sys")).ok()?;
    let mut folders: Vec<_> = entries
        .flatten()
        .filter_map(|entry| std::fs::canonicalize(entry.path()).ok())
        .collect();
    folders.sort();
    folders.into_iter().find_map(|folder| {
        let path = format!("/{}", folder.strip_prefix(&top).ok()?.to_str()?);
        let device = walk::device(root, &path)?;
        let identity = block::identify(&Place::new(root, &device));
        let has = identity.links().iter().any(|other| other == link);
        has.then(|| format!("/dev/{}", device.name))
    })
}

/// A source in words.
pub fn shown(source: &Source) -> String {
    match source {
        Source::Plain(path) => path.clone(),
        Source::Name(folder, name) => {
            format!("{}={name}", folder.trim_start_matches("by-").to_uppercase())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_links() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        std::fs::create_dir_all(root.at("/dev/disk/by-label")).unwrap();
        std::fs::write(root.at("/dev/disk/by-label/a\\x20b"), "").unwrap();
        let name = |label: &str| Source::Name("by-label", label.to_owned());
        assert_eq!(
            find(&root, &name("a b")).unwrap(),
            "/dev/disk/by-label/a\\x20b"
        );
        assert_eq!(find(&root, &name("c")), None);
        assert_eq!(
            find(&root, &Source::Plain("tmpfs".to_owned())).unwrap(),
            "tmpfs"
        );
        assert_eq!(find(&root, &Source::Plain("/dev/none".to_owned())), None);
        assert_eq!(shown(&name("a b")), "LABEL=a b");
    }
}
