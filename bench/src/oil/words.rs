//! The words by which each package manager is asked.

use super::job::{Job, Manager, Task};
use super::repository::{self, ARCH};
use super::universe;
use std::fs;
use std::io;
use std::path::PathBuf;

impl Job {
    /// The root that a task works on.
    pub fn root(&self, task: Task) -> PathBuf {
        self.place.join(match task {
            Task::IndexFirst | Task::Index | Task::Solve => "large",
            Task::Http => "http",
            _ => "root",
        })
    }

    /// The words after the program's name; none for what it does not do. `http` is where the repositories are served.
    ///
    /// # Errors
    /// When a root cannot be prepared.
    pub fn words(&self, task: Task, http: &str) -> io::Result<Option<Vec<String>>> {
        match self.manager {
            Manager::Apk => self.apk(task, http).map(Some),
            Manager::Dpkg => self.dpkg(task),
        }
    }

    fn names(&self, count: usize) -> impl Iterator<Item = String> + use<> {
        (0..count).map(repository::name)
    }

    /// The file that names the repository of a task.
    fn list(&self, task: Task, http: &str) -> io::Result<PathBuf> {
        let here = self.repositories.display();
        let address = match task {
            Task::IndexFirst | Task::Index | Task::Solve => format!("{here}/large"),
            Task::Http => format!("{http}/old"),
            Task::Upgrade | Task::Delete => format!("{here}/new"),
            _ => format!("{here}/old"),
        };
        let path = self.place.join("repositories");
        fs::write(&path, format!("v3 {address}\n"))?;
        Ok(path)
    }

    fn apk(&self, task: Task, http: &str) -> io::Result<Vec<String>> {
        let sizes = &self.sizes;
        let mut words = vec![
            "--root".to_owned(),
            self.root(task).display().to_string(),
            "--arch".to_owned(),
            ARCH.to_owned(),
            "--keys-dir".to_owned(),
            self.repositories.join("keys").display().to_string(),
            "--repositories-file".to_owned(),
            self.list(task, http)?.display().to_string(),
        ];
        let mut more = |list: &[&str]| words.extend(list.iter().map(|word| (*word).to_owned()));
        match task {
            Task::IndexFirst | Task::Index => {
                more(&["policy", &universe::name(sizes.index / 2, sizes)])
            }
            Task::Solve => {
                more(&["add", "--simulate"]);
                words.extend(universe::world(sizes));
            }
            Task::Install | Task::Http => {
                more(&["add", "--initdb"]);
                words.extend(self.names(sizes.packages));
            }
            Task::Owner => {
                let path = repository::file(sizes.packages / 2, sizes.files / 2);
                more(&["info", "--who-owns", &format!("/{path}")]);
            }
            Task::Nothing => more(&["add", &repository::name(0)]),
            Task::Audit => more(&["audit", "--system"]),
            Task::Verify => {
                more(&["verify"]);
                let folder = self.repositories.join("old").join(ARCH);
                let file = |name: String| format!("{}/{name}-1.0-r0.apk", folder.display());
                words.extend(self.names(sizes.packages).map(file));
            }
            Task::Upgrade => more(&["upgrade"]),
            Task::Delete => {
                more(&["del"]);
                words.extend(self.names(sizes.deleted));
            }
        }
        Ok(words)
    }

    fn dpkg(&self, task: Task) -> io::Result<Option<Vec<String>>> {
        let sizes = &self.sizes;
        let root = self.root(task);
        let mut words = vec![format!("--root={}", root.display())];
        let packages = |folder: &str, count: usize| {
            let folder = self.repositories.join(folder);
            let file = move |name: String| format!("{}/{name}.deb", folder.display());
            self.names(count).map(file)
        };
        match task {
            Task::Install => {
                let folder = root.join("var/lib/dpkg");
                for part in ["info", "updates"] {
                    fs::create_dir_all(folder.join(part))?;
                }
                fs::write(folder.join("status"), "")?;
                words.push("--install".to_owned());
                words.extend(packages("old.deb", sizes.packages));
            }
            Task::Owner => {
                let path = repository::file(sizes.packages / 2, sizes.files / 2);
                words.extend(["--search".to_owned(), format!("/{path}")]);
            }
            Task::Audit => words.push("--verify".to_owned()),
            Task::Upgrade => {
                words.push("--install".to_owned());
                words.extend(packages("new.deb", sizes.upgraded));
            }
            Task::Delete => {
                words.push("--remove".to_owned());
                words.extend(self.names(sizes.deleted));
            }
            _ => return Ok(None),
        }
        Ok(Some(words))
    }
}
