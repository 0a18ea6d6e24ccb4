//! Drivers that the initramfs has as modules, for what the root is waited for on: each device that there is gets its own, as devd does it for the system.
//! What they find are further devices, so it is looked again for as long as something is waited for.

use common::root::Root;
use devd::device::walk::{Found, walk};
use devd::modules::insert::{Outcome, insert, is_loaded};
use devd::modules::plan::{Load, Plan};
use devd::modules::{self, Database};
use std::collections::BTreeSet;

pub struct Drivers<'r> {
    root: &'r Root,
    /// None: the initramfs has no modules for this kernel.
    database: Option<Database>,
    /// What devices asked for already.
    asked: BTreeSet<String>,
}

impl<'r> Drivers<'r> {
    pub fn new(root: &'r Root) -> Self {
        Self {
            root,
            database: Database::read(root, &modules::running(), |error| tell(&error.to_string()))
                .ok(),
            asked: BTreeSet::new(),
        }
    }

    /// Loads what devices ask for that have come since. A module that cannot be loaded is told, once.
    pub fn look(&mut self) {
        for load in self.due() {
            if let Outcome::Failed(what) = insert(self.root, &load) {
                tell(&what);
            }
        }
    }

    /// The modules of devices that have come since this was asked last.
    fn due(&mut self) -> Vec<Load> {
        let Some(database) = &self.database else {
            return Vec::new();
        };
        let root = self.root;
        let loaded = |name: &str| is_loaded(root, name);
        let mut plan = Plan::new(database, &loaded);
        let asked = &mut self.asked;
        // Without /sys there are no devices; that is told by whoever waits for one.
        let _ = walk(root, |found| {
            if let Found::Alias(alias) = found
                && !asked.contains(&alias)
            {
                plan.device(&alias);
                asked.insert(alias);
            }
        });
        plan.loads
    }
}

fn tell(what: &str) {
    super::say(&format!("early: {what}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn each_device_is_asked_for_once() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        let device = |name: &str| {
            let folder = root.at("/sys/devices").join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("modalias"), format!("pci:{name}\n")).unwrap();
        };
        device("a");
        assert!(Drivers::new(&root).due().is_empty());

        let lists = root.at(&format!("/lib/modules/{}", modules::running()));
        fs::create_dir_all(&lists).unwrap();
        fs::write(lists.join("modules.dep"), "a.ko: x.ko\nb.ko:\nx.ko:\n").unwrap();
        fs::write(
            lists.join("modules.alias"),
            "alias pci:a a\nalias pci:b b\n",
        )
        .unwrap();
        let mut drivers = Drivers::new(&root);
        let mut due = || {
            let loads = drivers.due().into_iter();
            loads.map(|load| load.name).collect::<Vec<_>>()
        };
        assert_eq!(due(), ["x", "a"]);
        device("b");
        // What could not be loaded is not tried again.
        assert_eq!(due(), ["b"]);
        assert!(due().is_empty());
    }
}
