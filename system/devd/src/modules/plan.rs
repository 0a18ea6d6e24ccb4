//! What is to be loaded for devices, and in which order. Nothing is loaded here.

use super::{Database, Found};
use std::collections::HashSet;

/// A module to be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    pub name: String,
    /// Its file, as seen from within the root.
    pub path: String,
    /// Its parameters, as the kernel takes them.
    pub options: String,
    /// Modules that must be there before.
    pub needs: Vec<String>,
    /// Modules that are tried before, whether they can be loaded or not.
    pub wants: Vec<String>,
}

/// What becomes of something that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Load,
    Builtin,
    /// It is there already.
    Loaded,
    /// And who says so.
    Blacklisted(String),
    Never(String),
}

/// A plan that grows as devices are added to it.
pub struct Plan<'d> {
    database: &'d Database,
    /// In an order in which they can be loaded one after the other.
    pub loads: Vec<Load>,
    /// What was looked at, whether it is in `loads` or not.
    seen: HashSet<String>,
    /// Whether a module is there already.
    loaded: &'d dyn Fn(&str) -> bool,
}

impl<'d> Plan<'d> {
    pub fn new(database: &'d Database, loaded: &'d dyn Fn(&str) -> bool) -> Self {
        Self {
            database,
            loads: Vec::new(),
            seen: HashSet::new(),
            loaded,
        }
    }

    /// Adds what a device asks for; what each of it becomes.
    pub fn device(&mut self, alias: &str) -> Vec<(String, Verdict)> {
        self.ask(alias, true)
    }

    /// Adds what is asked for by name: a blacklist is for devices.
    pub fn module(&mut self, name: &str) -> Vec<(String, Verdict)> {
        self.ask(name, false)
    }

    fn ask(&mut self, alias: &str, of_device: bool) -> Vec<(String, Verdict)> {
        let found = self.database.resolve(alias);
        let verdicts = found.into_iter().map(|found| {
            let verdict = self.verdict(&found, of_device);
            if verdict == Verdict::Load {
                self.add(&found.name);
            }
            (found.name, verdict)
        });
        verdicts.collect()
    }

    fn verdict(&self, found: &Found, of_device: bool) -> Verdict {
        let config = &self.database.config;
        if found.builtin {
            return Verdict::Builtin;
        }
        if (self.loaded)(&found.name) {
            return Verdict::Loaded;
        }
        if let Some(place) = config.never(&found.name) {
            return Verdict::Never(place.to_owned());
        }
        match config.blacklisted(&found.name) {
            Some(place) if of_device => Verdict::Blacklisted(place.to_owned()),
            _ => Verdict::Load,
        }
    }

    /// A module, after what comes before it. What leads back to one that is being looked at is left out, so that there is
    /// always an order.
    fn add(&mut self, name: &str) {
        if !self.seen.insert(name.to_owned()) {
            return;
        }
        let config = &self.database.config;
        let Some((path, hard)) = self.database.depend.get(name) else {
            return;
        };
        if config.never(name).is_some() || (self.loaded)(name) {
            return;
        }
        let soft = config.soft(name);
        let before = self.named(&soft.before);
        for other in before.iter().chain(&hard) {
            self.add(other);
        }
        let planned = |other: &String| self.loads.iter().any(|load| load.name == *other);
        let needs = hard.into_iter().filter(planned).collect();
        let wants = before.into_iter().filter(planned).collect();
        let path = match path.starts_with('/') {
            true => path.to_owned(),
            false => format!("{}/{path}", self.database.folder),
        };
        self.loads.push(Load {
            name: name.to_owned(),
            path,
            options: config.options(name),
            needs,
            wants,
        });
        for other in self.named(&soft.after) {
            let first = self.loads.len();
            self.add(&other);
            // After it, and so is what only they need.
            for load in &mut self.loads[first..] {
                load.wants.push(name.to_owned());
            }
        }
    }

    /// Modules behind names or aliases that modprobe.d has.
    fn named(&self, names: &[String]) -> Vec<String> {
        let found = names.iter().flat_map(|name| self.database.resolve(name));
        let found = found.filter(|found| !found.builtin);
        found.map(|found| found.name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::Root;
    use proptest::prelude::*;
    use std::fs;

    /// A tree with the files of depmod and one of modprobe.d.
    fn database(dep: &str, alias: &str, modprobe: &str) -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        fs::create_dir_all(root.at("/lib/modules/1.0")).unwrap();
        fs::create_dir_all(root.at("/etc/modprobe.d")).unwrap();
        fs::write(root.at("/lib/modules/1.0/modules.dep"), dep).unwrap();
        fs::write(root.at("/lib/modules/1.0/modules.alias"), alias).unwrap();
        fs::write(root.at("/lib/modules/1.0/modules.builtin"), "k/in.ko\n").unwrap();
        fs::write(root.at("/etc/modprobe.d/a.conf"), modprobe).unwrap();
        let database = Database::read(&root, "1.0", |error| panic!("{error}")).unwrap();
        (folder, database)
    }

    fn names(plan: &Plan<'_>) -> Vec<String> {
        plan.loads.iter().map(|load| load.name.clone()).collect()
    }

    #[test]
    fn what_is_needed_comes_first() {
        let (_folder, database) = database(
            "k/card.ko: k/lib.ko k/core.ko\nk/lib.ko: k/core.ko\nk/core.ko:\nk/pre.ko:\nk/post.ko: k/core.ko k/deep.ko\nk/deep.ko:\nk/bad.ko:\n",
            "alias pci:v1* card\nalias pci:v2* bad\nalias pci:v*9 in\n",
            "softdep card pre: pre nothing in post: post\noptions card speed=1\nblacklist bad\n",
        );
        let mut plan = Plan::new(&database, &|_| false);
        let verdicts = plan.device("pci:v19");
        assert_eq!(
            verdicts,
            [
                ("card".to_owned(), Verdict::Load),
                ("in".to_owned(), Verdict::Builtin)
            ]
        );
        assert_eq!(names(&plan), ["pre", "core", "lib", "card", "deep", "post"]);
        let card = &plan.loads[3];
        assert_eq!(card.path, "/lib/modules/1.0/k/card.ko");
        assert_eq!(
            (&*card.options, &card.needs, &card.wants),
            (
                "speed=1",
                &vec!["core".to_owned(), "lib".to_owned()],
                &vec!["pre".to_owned()]
            )
        );
        assert_eq!(plan.loads[5].wants, ["card"]);
        let place = "/etc/modprobe.d/a.conf:3".to_owned();
        assert_eq!(
            plan.device("pci:v2"),
            [("bad".to_owned(), Verdict::Blacklisted(place))]
        );
        assert_eq!(plan.module("bad"), [("bad".to_owned(), Verdict::Load)]);
        assert!(plan.device("usb:v2").is_empty());
        // What is loaded is left out, and what is asked for twice.
        let mut plan = Plan::new(&database, &|name| name == "core");
        plan.device("pci:v1");
        plan.device("pci:v1x");
        assert_eq!(names(&plan), ["pre", "lib", "card", "deep", "post"]);
        assert!(plan.loads[1].needs.is_empty());
    }

    #[test]
    fn what_is_never_loaded_is_left_out_wherever_it_is_needed() {
        let (_folder, database) =
            database("k/a.ko: k/b.ko\nk/b.ko:\n", "", "install b /bin/false\n");
        let mut plan = Plan::new(&database, &|_| false);
        plan.module("a");
        assert_eq!(names(&plan), ["a"]);
        assert!(matches!(&*plan.module("b"), [(_, Verdict::Never(_))]));
    }

    #[test]
    fn no_modules_is_told_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let error = Database::read(&Root::new(folder.path()), "9.9", |_| {})
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.contains("/lib/modules/9.9/modules.dep") && error.contains("depmod 9.9"),
            "{error}"
        );
    }

    proptest! {
        /// Whatever depends on whatever, in circles too: each once, and nothing before what it waits for.
        #[test]
        fn there_is_always_an_order(
            hard in proptest::collection::vec((0..8usize, 0..8usize), 0..16),
            soft in proptest::collection::vec((0..8usize, any::<bool>(), 0..8usize), 0..16),
        ) {
            let dep: String = (0..8).map(|at| {
                let needs: String = hard.iter().filter(|(one, _)| *one == at).map(|(_, other)| format!(" m{other}.ko")).collect();
                format!("m{at}.ko:{needs}\n")
            }).collect();
            let lines: String = soft.iter().map(|(one, before, other)| {
                format!("softdep m{one} {}: m{other}\n", if *before { "pre" } else { "post" })
            }).collect();
            let (_folder, database) = database(&dep, "", &lines);
            let mut plan = Plan::new(&database, &|_| false);
            for at in 0..8 {
                plan.module(&format!("m{at}"));
            }
            let order = names(&plan);
            prop_assert_eq!(order.len(), 8);
            for (at, load) in plan.loads.iter().enumerate() {
                prop_assert!(!order[..at].contains(&load.name));
                for other in load.needs.iter().chain(&load.wants) {
                    prop_assert!(order[..at].contains(other), "{:?}", plan.loads);
                }
            }
        }
    }
}
