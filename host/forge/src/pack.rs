//! Packages as files: `.apk` of format v3, made of a tree of the store, and repositories of them.
//!
//! A package's file lies beside its tree, in `files/KEY-MADE/`, so that another key makes another. The same tree and key give
//! the same bytes: all times are [`tree::EPOCH`].

use crate::error::{Error, Result};
use crate::provide;
use crate::recipe::Recipe;
use crate::store::Built;
use crate::tree;
use alpenglow_builder::Arch;
use alpenglow_builder::cache::make_dir;
use oil::dependency::Dependency;
use oil::format::compress::Compression;
use oil::keys::{Keys, PrivateKey, PublicKey};
use oil::make::{IndexMaker, Owners, Spec, Tree, TreeOptions, write_v3};
use oil::package::{Info, ScriptKind};
use oil::stream::Trust;
use oil::version::Version;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Counts the changes of what is written of the same tree: what was made before one is made anew.
const MADE: u32 = 2;

/// Makes packages' files.
pub struct Packer {
    key: PrivateKey,
    arch: Arch,
    /// Held while a file is made: builds that run at once want the same ones.
    making: Mutex<()>,
}

impl Packer {
    /// For this architecture, signing with this key.
    pub fn new(key: PrivateKey, arch: Arch) -> Self {
        Self {
            key,
            arch,
            making: Mutex::new(()),
        }
    }

    /// The architecture that packages are made for.
    pub fn arch(&self) -> Arch {
        self.arch
    }

    /// The public key's file: its name and what is in it.
    ///
    /// # Errors
    /// [`Error::Package`].
    pub fn public_key(&self) -> Result<(&str, String)> {
        let name = self.key.name();
        let pem = self.key.public_pem().map_err(Error::package(name))?;
        Ok((name, pem))
    }

    /// What verifies what this one makes.
    ///
    /// # Errors
    /// [`Error::Package`].
    pub fn keys(&self) -> Result<Keys> {
        let (name, pem) = self.public_key()?;
        let mut keys = Keys::new();
        keys.add(PublicKey::from_pem(name, pem.as_bytes()).map_err(Error::package(name))?);
        Ok(keys)
    }

    /// The file of a package that is built, made if it is not there.
    ///
    /// # Errors
    /// [`Error::Package`] when its metadata is not that of a package; [`Error::Builder`].
    pub fn file(&self, built: &Built, recipe: &Recipe) -> Result<PathBuf> {
        let key = self.key.name().trim_end_matches(".rsa.pub");
        // store/NAME-KEY/trees/NAME
        let place = built.tree.ancestors().nth(2).unwrap_or(&built.tree);
        let folder = place.join("files").join(format!("{key}-{MADE}"));
        let path = folder.join(format!("{}.apk", built.name));
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if !path.is_file() {
            make_dir(&folder)?;
            let beside = path.with_extension("new");
            self.write(built, recipe, &built.tree, &beside)?;
            fs::rename(&beside, &path).map_err(|e| Error::io("write", &path, e))?;
        }
        Ok(path)
    }

    /// Writes a package's file of a tree to `path`.
    ///
    /// # Errors
    /// As [`Packer::file`].
    pub fn write(&self, built: &Built, recipe: &Recipe, tree: &Path, path: &Path) -> Result<()> {
        let failed = Error::package(&built.name);
        let mut spec = Spec {
            info: self.info(built, recipe, tree)?,
            ..Spec::default()
        };
        if let Some(trigger) = recipe
            .trigger
            .as_ref()
            .filter(|_| built.name == recipe.name)
        {
            spec.info.triggers.clone_from(&trigger.folders);
            let script = trigger.script.clone().into_bytes();
            spec.scripts.insert(ScriptKind::Trigger, script);
        }
        let options = TreeOptions {
            owners: Owners::Root,
            mtime: Some(tree::EPOCH),
            xattrs: false,
        };
        let tree = Tree::read(tree, &options).map_err(&failed)?;
        let file = File::create(path).map_err(|e| Error::io("write", path, e))?;
        let keys = std::slice::from_ref(&self.key);
        let compression = Compression::default();
        write_v3(BufWriter::new(file), &spec, Some(&tree), keys, compression).map_err(failed)?;
        Ok(())
    }

    fn info(&self, built: &Built, recipe: &Recipe, tree: &Path) -> Result<Info> {
        let version = version(built, recipe);
        let found = provide::tree(tree)?;
        let run = recipe.run.iter().filter(|name| **name != built.name);
        let list = |names: &mut dyn Iterator<Item = &String>| {
            let parsed = names.map(|name| {
                Dependency::parse(name).ok_or_else(|| Error::Recipe {
                    path: recipe.folder.join("recipe.toml"),
                    message: format!("{}: '{name}' is not a dependency", built.name),
                })
            });
            parsed.collect::<Result<Vec<_>>>()
        };
        let summary = recipe
            .split
            .get(&built.name)
            .map_or(&recipe.summary, |split| &split.summary);
        Ok(Info {
            name: built.name.clone(),
            version: Version::from_text(version),
            description: summary.clone(),
            arch: recipe.arch(self.arch).to_string(),
            license: recipe.license.clone(),
            origin: recipe.name.clone(),
            build_time: tree::EPOCH,
            depends: list(&mut run.chain(&found.depends))?,
            provides: list(&mut found.provides.iter())?,
            ..Info::default()
        })
    }

    /// An index of packages' files.
    ///
    /// # Errors
    /// [`Error::Package`] for one that is not what this packer made.
    pub fn index<'f>(
        &self,
        files: impl IntoIterator<Item = (&'f str, &'f PathBuf)>,
    ) -> Result<IndexMaker> {
        let keys = self.keys()?;
        let mut maker = IndexMaker::new();
        maker.description = "alpenglow".into();
        for (name, path) in files {
            let added = maker.add_file(path, &Trust::Keys(&keys));
            added.map_err(Error::package(name))?;
        }
        Ok(maker)
    }

    /// `Packages.adb` of an index, signed.
    ///
    /// # Errors
    /// [`Error::Package`].
    pub fn packages_adb(&self, index: &IndexMaker) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let keys = std::slice::from_ref(&self.key);
        index
            .write_v3(&mut bytes, keys, Compression::default())
            .map_err(Error::package("the index"))?;
        Ok(bytes)
    }

    /// Writes a repository: `DIR/KEY.rsa.pub` and, in `DIR/ARCH`, the packages and both indexes of them. What else is in
    /// `DIR/ARCH` of packages is not in the indexes. Returns the key's file.
    ///
    /// # Errors
    /// [`Error::Builder`] and [`Error::Package`].
    pub fn repository(&self, packages: &[(Built, Recipe)], dir: &Path) -> Result<PathBuf> {
        let folder = dir.join(self.arch.to_string());
        make_dir(&folder)?;
        let mut files = Vec::new();
        for (built, recipe) in packages {
            let name = format!("{}-{}.apk", built.name, version(built, recipe));
            let path = folder.join(name);
            place(&self.file(built, recipe)?, &path)?;
            files.push((built.name.as_str(), path));
        }
        let index = self.index(files.iter().map(|(name, path)| (*name, path)))?;
        let mut v2 = Vec::new();
        index
            .write_v2(&mut v2, std::slice::from_ref(&self.key))
            .map_err(Error::package("the index"))?;
        let (name, pem) = self.public_key()?;
        let public = dir.join(name);
        for (path, bytes) in [
            (
                &folder.join("Packages.adb"),
                &self.packages_adb(&index)?[..],
            ),
            (&folder.join("APKINDEX.tar.gz"), &v2),
            (&public, pem.as_bytes()),
        ] {
            alpenglow_builder::cache::write_whole(path, bytes)?;
        }
        Ok(public)
    }
}

/// The version of a package's file: the recipe's and its release.
pub fn version(built: &Built, recipe: &Recipe) -> String {
    format!("{}-r{}", upstream(&built.version), recipe.release)
}

/// A pin's version as apk writes one. It may be Debian's, which ends in `-` and Debian's own revision, where `+dfsg` and
/// its like say how the source was packed anew, `+really` which version it is in truth, and `~rc1` comes before
/// (deb-version(7)); or a crate's, where `-rc1` does. OpenSSH's `10.3p1` is what came after 10.3: `_p1`.
fn upstream(version: &str) -> String {
    let version = version
        .split_once("+really")
        .map_or(version, |(_, really)| really);
    let version = match version.rsplit_once('-') {
        Some((upstream, revision)) if revision.starts_with(|c: char| c.is_ascii_digit()) => {
            upstream
        }
        _ => version,
    };
    let plain = version.split('+').next().unwrap_or_default();
    let plain = plain.replace(['~', '-'], "_");
    match plain.split_once('p') {
        Some((before, after))
            if before.ends_with(|c: char| c.is_ascii_digit())
                && after.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            format!("{before}_p{after}")
        }
        _ => plain,
    }
}

/// Copies a file beside its place and renames it there.
fn place(from: &Path, to: &Path) -> Result<()> {
    let beside = to.with_extension("new");
    fs::copy(from, &beside)
        .and_then(|_| fs::rename(&beside, to))
        .map_err(|e| Error::io("write", to, e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use oil::index::{Index, IndexTrust};
    use oil::keys::KeyKind;

    #[test]
    fn versions_of_pins_are_apks() {
        for (pin, expected) in [
            ("7.2.13-1", "7.2.13"),
            ("7.2.12-1~bpo13+1", "7.2.12"),
            ("0.8.9+dfsg", "0.8.9"),
            ("1.3.dfsg+really1.3.2", "1.3.2"),
            ("1.4~rc1-2", "1.4_rc1"),
            ("1.0.0-alpha", "1.0.0_alpha"),
            ("59c", "59c"),
            ("10.3p1", "10.3_p1"),
            ("1.0.0-pre1", "1.0.0_pre1"),
        ] {
            assert_eq!(upstream(pin), expected);
            assert!(oil::version::is_valid(expected), "{expected}");
        }
    }

    fn hello(dir: &Path, version: &str) -> (Built, Recipe) {
        let folder = dir.join("hello");
        fs::create_dir_all(&folder).unwrap();
        let text = format!(
            "name = \"hello\"\nversion = \"{version}\"\nsummary = \"A file\"\nlicense = \"0BSD\"\nrelease = 3\n\
             run = [\"other\"]\nstyle = \"script\"\n[script]\ninstall = \"true\"\n"
        );
        fs::write(folder.join("recipe.toml"), text).unwrap();
        let tree = dir.join("store/trees/hello");
        fs::create_dir_all(tree.join("etc")).unwrap();
        fs::write(tree.join("etc/hello"), "hello\n").unwrap();
        let built = Built {
            name: "hello".into(),
            version: version.into(),
            key: String::new(),
            tree,
        };
        (built, Recipe::read(&folder).unwrap())
    }

    fn packer() -> Packer {
        let key = PrivateKey::generate("test.rsa.pub", KeyKind::Rsa(2048)).unwrap();
        Packer::new(key, Arch::X86_64)
    }

    #[test]
    fn a_repository_can_be_read_by_its_key_alone() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let packer = packer();
        let public = packer
            .repository(&[hello(dir.path(), "1.2")], &out)
            .unwrap();
        let mut keys = Keys::new();
        let pem = fs::read(public).unwrap();
        keys.add(PublicKey::from_pem("test.rsa.pub", &pem).unwrap());
        for name in ["Packages.adb", "APKINDEX.tar.gz"] {
            let file = File::open(out.join("x86_64").join(name)).unwrap();
            let index = Index::read(file, IndexTrust::Keys(&keys)).unwrap();
            let info = index.package(0).unwrap().to_info().unwrap();
            assert_eq!((index.len(), &*info.name), (1, "hello"));
            assert_eq!(info.depends, [Dependency::any("other")]);
        }
        let file = File::open(out.join("x86_64/hello-1.2-r3.apk")).unwrap();
        oil::stream::verify(file, &Trust::Keys(&keys)).unwrap();
    }

    #[test]
    fn the_same_tree_gives_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let (built, recipe) = hello(dir.path(), "1");
        let packer = packer();
        let first = fs::read(packer.file(&built, &recipe).unwrap()).unwrap();
        // A copy of the store by links is none of the package's.
        fs::hard_link(built.tree.join("etc/hello"), dir.path().join("link")).unwrap();
        let again = dir.path().join("again");
        packer.write(&built, &recipe, &built.tree, &again).unwrap();
        assert_eq!(first, fs::read(again).unwrap());
    }

    #[test]
    fn versions_of_debian_are_said_as_apk_does() {
        let dir = tempfile::tempdir().unwrap();
        let (mut built, recipe) = hello(dir.path(), "1");
        for (from, to) in [
            ("0.8.9+dfsg", "0.8.9-r3"),
            ("2.0~rc1", "2.0_rc1-r3"),
            ("59c", "59c-r3"),
        ] {
            built.version = from.into();
            assert_eq!(version(&built, &recipe), to);
        }
    }

    #[test]
    fn a_version_that_is_none_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let (built, recipe) = hello(dir.path(), "one");
        let text = packer().file(&built, &recipe).unwrap_err().to_string();
        assert!(text.contains("hello") && text.contains("one-r3"), "{text}");
    }
}
