//! Other names of nodes: links below /dev, such as /dev/disk/by-uuid. Who has a name first keeps it; when that one goes, the
//! next gets it.

use crate::device::is_name;
use common::Root;
use common::words;
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Where the names that were made are kept, for the next run to know what it may remove.
const LIST: &str = "/run/devd/links";

/// A device that wants a name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Claim {
    /// Its path below /sys.
    device: String,
    /// The name of its node.
    node: String,
}

/// All names that are wanted.
pub struct Links {
    folder: PathBuf,
    list: PathBuf,
    claims: BTreeMap<String, Vec<Claim>>,
    /// Names of an earlier run that nobody has claimed yet.
    inherited: Vec<String>,
    changed: bool,
}

impl Links {
    pub fn new(root: &Root) -> Self {
        Self {
            folder: root.at("/dev"),
            list: root.at(LIST),
            claims: BTreeMap::new(),
            inherited: Vec::new(),
            changed: false,
        }
    }

    /// Takes over what an earlier run made ([`Links::keep`]).
    pub fn inherit(&mut self) {
        let list = fs::read_to_string(&self.list).unwrap_or_default();
        self.inherited = list
            .lines()
            .filter(|name| is_name(name))
            .map(str::to_owned)
            .collect();
    }

    /// Removes what was inherited and nobody wants.
    pub fn tidy(&mut self) {
        for link in std::mem::take(&mut self.inherited) {
            if !self.claims.contains_key(&link) {
                self.remove(&link);
            }
        }
    }

    /// A device has these names from now on, and no others. What failed is told.
    pub fn set(
        &mut self,
        device: &str,
        node: &str,
        links: &[String],
        mut complain: impl FnMut(String),
    ) {
        let claim = Claim {
            device: device.to_owned(),
            node: node.to_owned(),
        };
        let mut stale: Vec<String> = Vec::new();
        for (link, claims) in &mut self.claims {
            let wanted = links.contains(link);
            let before = claims.first().cloned();
            claims.retain(|other| other.device != device || wanted && *other == claim);
            if claims.first() != before.as_ref() {
                stale.push(link.clone());
            }
        }
        for link in links.iter().filter(|link| is_name(link)) {
            let claims = self.claims.entry(link.clone()).or_default();
            if !claims.contains(&claim) {
                claims.push(claim.clone());
                if claims.len() == 1 && !stale.contains(link) {
                    stale.push(link.clone());
                }
            }
        }
        self.claims.retain(|_, claims| !claims.is_empty());
        self.note(&stale);
        for link in stale {
            self.changed = true;
            let made = match self.claims.get(&link) {
                Some(claims) => self.make(&link, &claims[0].node),
                None => {
                    self.remove(&link);
                    Ok(())
                }
            };
            if let Err(what) = made {
                complain(format!("/dev/{link}: {what}"));
            }
        }
    }

    /// Notes names before they are made: whoever ends in between leaves none that the next run knows nothing of. That it
    /// cannot be written is told by [`Links::keep`].
    fn note(&self, links: &[String]) {
        let names: String = links
            .iter()
            .filter(|link| self.claims.contains_key(*link))
            .map(|link| format!("{link}\n"))
            .collect();
        if names.is_empty() {
            return;
        }
        let file = folder(&self.list).and_then(|()| {
            fs::File::options()
                .append(true)
                .create(true)
                .open(&self.list)
        });
        let _ = file.and_then(|mut file| file.write_all(names.as_bytes()));
    }

    /// Keeps the names that there are, a line each, if something has changed since they were kept last.
    ///
    /// # Errors
    /// That of the file.
    pub fn keep(&mut self) -> Result<(), String> {
        if !std::mem::take(&mut self.changed) {
            return Ok(());
        }
        // What is still to be tidied up is not forgotten.
        let names = self.claims.keys().chain(&self.inherited);
        let names: String = names.map(|link| format!("{link}\n")).collect();
        let beside = self.list.with_extension("new");
        folder(&self.list)
            .and_then(|()| fs::write(&beside, names))
            .and_then(|()| fs::rename(&beside, &self.list))
            .map_err(|error| format!("{}: {}", self.list.display(), common::reason(&error)))
    }

    /// The names and what each leads to.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.claims.iter();
        all.filter_map(|(link, claims)| Some((&**link, &*claims.first()?.node)))
    }

    fn make(&self, link: &str, node: &str) -> Result<(), String> {
        let path = self.folder.join(link);
        let said = |error: std::io::Error| common::reason(&error).to_string();
        let target = format!("{}{node}", "../".repeat(link.matches('/').count()));
        match fs::symlink_metadata(&path) {
            Ok(there) if !there.is_symlink() => {
                return Err("it is there, and is no link: it stays as it is".to_owned());
            }
            Ok(_) if fs::read_link(&path).is_ok_and(|now| now == Path::new(&target)) => {
                return Ok(());
            }
            _ => {}
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(said)?;
        }
        let beside = self.folder.join(format!("{link}.devd-new"));
        let _ = fs::remove_file(&beside);
        symlink(&target, &beside).map_err(said)?;
        rustix::fs::rename(&beside, &path).map_err(|errno: Errno| {
            let _ = fs::remove_file(&beside);
            words(errno).to_string()
        })
    }

    /// Removes a link and the folders that are empty without it.
    fn remove(&self, link: &str) {
        let path = self.folder.join(link);
        if fs::symlink_metadata(&path).is_ok_and(|there| there.is_symlink()) {
            let _ = fs::remove_file(&path);
        }
        let mut parent = path.parent();
        while let Some(folder) =
            parent.filter(|folder| *folder != self.folder && folder.starts_with(&self.folder))
        {
            if fs::remove_dir(folder).is_err() {
                break;
            }
            parent = folder.parent();
        }
    }
}

/// Makes the folder of a file.
fn folder(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), fs::create_dir_all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn links() -> (tempfile::TempDir, Links) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        fs::create_dir_all(root.at("/dev")).unwrap();
        let links = Links::new(&root);
        (folder, links)
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    fn fine(what: String) {
        panic!("{what}");
    }

    fn target(links: &Links, name: &str) -> Option<String> {
        Some(
            fs::read_link(links.folder.join(name))
                .ok()?
                .to_str()?
                .to_owned(),
        )
    }

    /// What the next run would inherit, sorted.
    fn kept(links: &Links) -> Vec<String> {
        let mut next = Links {
            folder: links.folder.clone(),
            list: links.list.clone(),
            claims: BTreeMap::new(),
            inherited: Vec::new(),
            changed: false,
        };
        next.inherit();
        next.inherited.sort();
        next.inherited
    }

    #[test]
    fn who_comes_first_keeps_a_name_until_it_goes() {
        let (_folder, mut links) = links();
        links.set(
            "/a",
            "sda1",
            &names(&["disk/by-uuid/1", "disk/by-label/x"]),
            fine,
        );
        links.set("/b", "sdb1", &names(&["disk/by-uuid/1", "cdrom"]), fine);
        assert_eq!(target(&links, "disk/by-uuid/1").unwrap(), "../../sda1");
        assert_eq!(target(&links, "cdrom").unwrap(), "sdb1");
        // Whoever was killed by now has left them all.
        assert_eq!(kept(&links), ["cdrom", "disk/by-label/x", "disk/by-uuid/1"]);
        links.keep().unwrap();
        assert_eq!(kept(&links), ["cdrom", "disk/by-label/x", "disk/by-uuid/1"]);
        links.set("/a", "sda1", &names(&["disk/by-label/y"]), fine);
        assert_eq!(target(&links, "disk/by-uuid/1").unwrap(), "../../sdb1");
        assert_eq!(target(&links, "disk/by-label/x"), None);
        links.set("/a", "sda1", &[], fine);
        links.set("/b", "sdb1", &[], fine);
        assert!(!links.folder.join("disk").exists());
        assert_eq!(links.all().count(), 0);
    }

    #[test]
    fn what_is_no_link_stays() {
        let (_folder, mut links) = links();
        fs::write(links.folder.join("rtc"), "a node").unwrap();
        let mut told = Vec::new();
        links.set("/a", "rtc0", &names(&["rtc"]), |what| told.push(what));
        assert_eq!(
            told,
            ["/dev/rtc: it is there, and is no link: it stays as it is"]
        );
        links.set("/a", "rtc0", &[], |what| told.push(what));
        assert_eq!(fs::read(links.folder.join("rtc")).unwrap(), b"a node");
    }

    #[test]
    fn what_an_earlier_run_left_is_removed_unless_it_is_wanted() {
        let (_folder, mut links) = links();
        for name in ["old", "kept"] {
            symlink("sda", links.folder.join(name)).unwrap();
        }
        fs::write(links.folder.join("node"), "").unwrap();
        folder(&links.list).unwrap();
        fs::write(&links.list, "old\nkept\n../../etc/passwd\nnode\n").unwrap();
        links.inherit();
        links.set("/a", "sdb", &names(&["kept"]), |what| panic!("{what}"));
        links.tidy();
        assert_eq!(
            (target(&links, "old"), target(&links, "kept").as_deref()),
            (None, Some("sdb"))
        );
        assert!(links.folder.join("node").exists());
    }

    proptest! {
        /// Whatever comes and goes: each name leads to the first of those that want it, and there are no others.
        #[test]
        fn names_are_those_that_are_wanted(steps in proptest::collection::vec((0..4u8, proptest::collection::vec(0..5u8, 0..4)), 1..12)) {
            let (_folder, mut links) = links();
            let mut model: Vec<(String, u8)> = Vec::new();
            for (device, wanted) in steps {
                let mut wanted: Vec<String> = wanted.iter().map(|name| format!("by/{name}")).collect();
                wanted.sort();
                wanted.dedup();
                model.retain(|(name, other)| *other != device || wanted.contains(name));
                for name in &wanted {
                    if !model.contains(&(name.clone(), device)) {
                        model.push((name.clone(), device));
                    }
                }
                links.set(&format!("/{device}"), &format!("sd{device}"), &wanted, |what| panic!("{what}"));
                for name in 0..5u8 {
                    let name = format!("by/{name}");
                    let first = model.iter().find(|(other, _)| *other == name);
                    prop_assert_eq!(target(&links, &name), first.map(|(_, device)| format!("../sd{device}")));
                }
            }
        }
    }
}
