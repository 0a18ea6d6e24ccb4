//! Roots composed of packages' files, by Oil: a system's, which is what a world needs, and a build's, which is exactly
//! what its recipe names.
//!
//! Nothing is run in a root while it is composed: our packages have no scripts, and the root may be another
//! architecture's.

use crate::error::{Error, Result};
use crate::pack::{Packer, version};
use crate::provide;
use crate::recipe::Recipe;
use crate::store::Built;
use crate::tree;
use alpenglow_builder::Arch;
use alpenglow_builder::cache::{make_dir, write_whole};
use oil::database::lock::Lock;
use oil::database::source::InstalledSource;
use oil::database::{DIRECTORY, sidecar};
use oil::dependency::Dependency;
use oil::index::{Index, IndexTrust};
use oil::solve::{Kind, Options as Wishes, Origin, Problem, report, solve};
use oil::stream::Trust;
use oil::transact::{Event, New, Options, Plan, Source, Step, Transaction, Watch};
use oil::world::World;
use std::collections::BTreeMap;
use std::fs::{self, FileTimes};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

/// Where a root has the keys that it trusts.
const KEYS: &str = "etc/apk/keys";

/// Installs `world` and what it needs into `root`, a folder that is made, out of `packages`: what
/// `oil --root ROOT add --initdb WORLD` does with a repository of them. The database stays if a program of the root reads
/// it ([`has_manager`]); then the root trusts the packager's key as well. Else nothing but packages' files is in it.
///
/// # Errors
/// [`Error::Compose`] when a package is lacking or two have the same file; [`Error::Package`]; [`Error::Builder`].
pub fn system(
    packer: &Packer,
    packages: &[(Built, Recipe)],
    world: &[String],
    root: &Path,
) -> Result<()> {
    let files = files(packer, packages)?;
    let keys = packer.keys()?;
    let failed = Error::root(root);
    let index = packer.index(files.iter().map(|(name, path)| (*name, path)))?;
    let index = packer.packages_adb(&index)?;
    let index = Index::read(&index[..], IndexTrust::Keys(&keys)).map_err(&failed)?;
    let mut wanted = World::default();
    for name in world {
        wanted.set(Dependency::any(name).into());
    }
    let nothing = InstalledSource::default();
    let sources = [
        Origin {
            source: &nothing,
            kind: Kind::Installed,
        },
        Origin {
            source: &index,
            kind: Kind::Repository {
                number: 0,
                tag: 0,
                available: true,
            },
        },
    ];
    let arch = packer.arch();
    let options = Wishes {
        arches: vec![arch.to_string()],
        ..Wishes::default()
    };
    let solution = solve(&Problem {
        sources: &sources,
        world: wanted.entries(),
        options: &options,
    });
    if solution.errors > 0 {
        let report = solution.error_report(report::COLUMNS);
        return Err(Error::Compose {
            why: report.trim_start_matches("ERROR: ").trim_end().to_owned(),
            hint: "Name what is lacking in `run` of the recipe that needs it, or in the edition's packages",
        });
    }
    let plan = Plan::of(&solution, &wanted, String::new(), |id| {
        let package = &solution.graph.packages[id as usize];
        let info = index
            .package(package.first.1 as usize)
            .and_then(|view| view.to_info())
            .map_err(|error| failed(error.into()))?;
        let missing = || failed(oil::error::Error::Missing("an identity in its index"));
        let identity = info.identity.ok_or_else(missing)?;
        Ok::<_, Error>(Source::File {
            path: files[&*info.name].clone(),
            trust: Trust::Identity(identity),
        })
    })?;
    install(plan, arch, root)?;
    if has_manager(packages.iter().map(|(built, _)| built)) {
        let (name, pem) = packer.public_key()?;
        make_dir(&root.join(KEYS))?;
        write_whole(&root.join(KEYS).join(name), pem.as_bytes())?;
        // Made again by the first program that needs them; the sidecar fits one file system alone.
        for path in [root.join(DIRECTORY).join("lock"), sidecar::path(root)] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("delete", &path, error));
                }
                _ => {}
            }
        }
    } else {
        remove_database(root)?;
    }
    settle(packages, root)
}

/// Installs exactly these packages into `root`, a folder that is made, and leaves no database.
///
/// # Errors
/// Those of [`system`].
pub fn build(packer: &Packer, packages: &[(Built, Recipe)], root: &Path) -> Result<()> {
    let files = files(packer, packages)?;
    let keys = packer.keys()?;
    let steps = packages.iter().map(|(built, recipe)| Step {
        title: format!("Installing {} ({})", built.name, version(built, recipe)),
        old: None,
        new: Some(New {
            source: Source::File {
                path: files[&*built.name].clone(),
                trust: Trust::Keys(&keys),
            },
            tag: None,
        }),
    });
    let plan = Plan {
        steps: steps.collect(),
        ..Plan::default()
    };
    install(plan, packer.arch(), root)?;
    remove_database(root)?;
    settle(packages, root)
}

/// Whether a root of these packages has a program that reads the database.
pub fn has_manager<'b>(packages: impl IntoIterator<Item = &'b Built>) -> bool {
    let is_there = |path: PathBuf| path.symlink_metadata().is_ok();
    packages.into_iter().any(|built| {
        let programs = provide::PROGRAMS.iter();
        programs
            .map(|folder| built.tree.join(folder).join("apk"))
            .any(is_there)
    })
}

/// Packages' files, by name.
fn files<'p>(
    packer: &Packer,
    packages: &'p [(Built, Recipe)],
) -> Result<BTreeMap<&'p str, PathBuf>> {
    let files = packages.iter().map(|(built, recipe)| {
        let file = packer.file(built, recipe)?;
        Ok((built.name.as_str(), file))
    });
    files.collect()
}

/// What Oil told that stands in the way.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Watch for Told {
    fn tell(&self, event: Event) {
        if let Event::Error(text) = event {
            let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            told.push(format!("  {text}"));
        }
    }
}

fn install(plan: Plan<'_>, arch: Arch, root: &Path) -> Result<()> {
    let options = Options {
        scripts: false,
        commit_hooks: false,
        // What a power cut leaves of a root is deleted before the next is made.
        sync: false,
        // There is nothing to go back to.
        generations: 0,
        chown: rustix::process::geteuid().is_root(),
        ..Options::default()
    };
    let told = Told::default();
    make_dir(root)?;
    let outcome = oil::database::root::make(root, &[arch.to_string()])
        .and_then(|()| Lock::take(root, Duration::ZERO))
        .and_then(|lock| Transaction::prepare(root, &lock, plan, &options, &told)?.commit());
    let told = told.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    match outcome {
        Ok(outcome) if outcome.errors == 0 => Ok(()),
        Err(error) if told.is_empty() => Err(Error::root(root)(error)),
        _ => Err(Error::Compose {
            why: format!("packages are in each other's way:\n{}", told.join("\n")),
            hint: "A root can hold a path once: leave one of the packages out, or split what they share off",
        }),
    }
}

fn remove_database(root: &Path) -> Result<()> {
    oil::database::root::remove(root).map_err(Error::root(root))
}

/// Gives everything the time that packaged files have, folders the mode that the first package says which has them, and
/// what no package has a usual one: so that a root is the same whoever composes it.
fn settle(packages: &[(Built, Recipe)], root: &Path) -> Result<()> {
    let times = FileTimes::new().set_modified(UNIX_EPOCH + Duration::from_secs(tree::EPOCH));
    fs::set_permissions(root, PermissionsExt::from_mode(0o755))
        .map_err(|e| Error::io("set the mode of", root, e))?;
    for (path, metadata) in tree::walk(root)?.into_iter().rev() {
        let packaged = packages
            .iter()
            .find_map(|(built, _)| built.tree.join(&path).symlink_metadata().ok());
        let mode = match packaged {
            _ if metadata.is_symlink() => continue,
            Some(_) if !metadata.is_dir() => continue,
            Some(packaged) => packaged.permissions().mode() & 0o7777,
            None if metadata.is_dir() => 0o755,
            None => 0o644,
        };
        let full = root.join(&path);
        fs::set_permissions(&full, PermissionsExt::from_mode(mode))
            .and_then(|()| fs::File::open(&full)?.set_times(times))
            .map_err(|e| Error::io("set the mode and time of", &full, e))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use oil::database::installed::Installed;
    use oil::keys::{KeyKind, PrivateKey};
    use std::sync::LazyLock;

    static PACKER: LazyLock<Packer> = LazyLock::new(|| {
        let key = PrivateKey::generate("test.rsa.pub", KeyKind::Rsa(2048)).unwrap();
        Packer::new(key, Arch::X86_64)
    });

    fn package(dir: &Path, name: &str, run: &str, files: &[&str]) -> (Built, Recipe) {
        let folder = dir.join("recipes").join(name);
        fs::create_dir_all(&folder).unwrap();
        let text = format!(
            "name = \"{name}\"\nversion = \"1\"\nsummary = \"s\"\nlicense = \"0BSD\"\nrun = [{run}]\n\
             style = \"script\"\n[script]\ninstall = \"true\"\n"
        );
        fs::write(folder.join("recipe.toml"), text).unwrap();
        let tree = dir.join("store").join(name).join("trees").join(name);
        fs::create_dir_all(&tree).unwrap();
        for file in files {
            let path = tree.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        let built = Built {
            name: name.into(),
            version: "1".into(),
            key: String::new(),
            tree,
        };
        (built, Recipe::read(&folder).unwrap())
    }

    fn paths(root: &Path) -> Vec<String> {
        let all = tree::walk(root).unwrap().into_iter();
        all.map(|(path, _)| path.display().to_string()).collect()
    }

    #[test]
    fn folders_are_shared_and_files_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let one = package(dir.path(), "one", "", &["bin/a"]);
        let two = package(dir.path(), "two", "", &["bin/b", "etc/apk/mine"]);
        let both = [one.clone(), two];
        let root = dir.path().join("root");
        let world = ["one", "two"].map(str::to_owned);
        system(&PACKER, &both, &world, &root).unwrap();
        let all = ["bin", "bin/a", "bin/b", "etc", "etc/apk", "etc/apk/mine"];
        assert_eq!(paths(&root), all);
        let sysroot = dir.path().join("sysroot");
        build(&PACKER, &both, &sysroot).unwrap();
        assert_eq!(
            tree::entries(&sysroot).unwrap(),
            tree::entries(&root).unwrap()
        );
        let three = package(dir.path(), "three", "", &["bin/a"]);
        let world = ["one", "three"].map(str::to_owned);
        let text = system(&PACKER, &[one, three], &world, &dir.path().join("other"))
            .unwrap_err()
            .to_string();
        for part in ["bin/a", "one-1-r0", "three-1-r0", "leave one of"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn programs_of_one_name_are_in_different_folders() {
        let dir = tempfile::tempdir().unwrap();
        let one = package(dir.path(), "one", "", &["bin/a"]);
        let two = package(dir.path(), "two", "", &["usr/bin/a"]);
        for (built, path) in [(&one.0, "bin/a"), (&two.0, "usr/bin/a")] {
            fs::set_permissions(built.tree.join(path), PermissionsExt::from_mode(0o755)).unwrap();
        }
        let root = dir.path().join("root");
        let world = ["one", "two"].map(str::to_owned);
        system(&PACKER, &[one, two], &world, &root).unwrap();
        assert_eq!(
            paths(&root),
            ["bin", "bin/a", "usr", "usr/bin", "usr/bin/a"]
        );
    }

    #[test]
    fn a_world_brings_what_it_needs_and_names_what_is_lacking() {
        let dir = tempfile::tempdir().unwrap();
        let one = package(dir.path(), "one", "\"two\"", &["bin/a"]);
        let two = package(dir.path(), "two", "", &["bin/b"]);
        let other = package(dir.path(), "other", "", &["bin/c"]);
        let world = ["one".to_owned()];
        let root = dir.path().join("root");
        system(&PACKER, &[one.clone(), two, other], &world, &root).unwrap();
        assert_eq!(paths(&root), ["bin", "bin/a", "bin/b"]);
        let text = system(&PACKER, &[one], &world, &dir.path().join("less"))
            .unwrap_err()
            .to_string();
        for part in ["two (no such package)", "one-1-r0", "`run` of the recipe"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn a_root_with_a_manager_keeps_its_database() {
        let dir = tempfile::tempdir().unwrap();
        let manager = package(dir.path(), "manager", "\"one\"", &["sbin/apk"]);
        let one = package(dir.path(), "one", "", &["bin/a"]);
        let packages = [manager, one];
        let compose = |name: &str| {
            let root = dir.path().join(name);
            system(&PACKER, &packages, &["manager".to_owned()], &root).unwrap();
            root
        };
        let root = compose("root");
        let installed = Installed::read(&root).unwrap();
        assert!(installed.find("manager").is_some() && installed.find("one").is_some());
        for (path, text) in [
            ("etc/apk/world", "manager\n".to_owned()),
            ("etc/apk/arch", "x86_64\n".to_owned()),
            ("etc/apk/keys/test.rsa.pub", PACKER.public_key().unwrap().1),
        ] {
            assert_eq!(fs::read_to_string(root.join(path)).unwrap(), text);
        }
        assert!(!sidecar::path(&root).exists());
        let again = compose("again");
        assert_eq!(
            tree::entries(&again).unwrap(),
            tree::entries(&root).unwrap()
        );
    }
}
