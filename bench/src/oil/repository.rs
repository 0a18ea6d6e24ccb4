//! Repositories of packages with files: one, and the same a while later.

use super::content::{Random, bytes};
use super::{debian, universe};
use crate::{Error, Result};
use alpenglow_builder::progress::{Progress, step};
use oil::format::compress::Compression;
use oil::keys::{KeyKind, PrivateKey};
use oil::make::{IndexMaker, Owners, Spec, Tree, TreeOptions, write_v3};
use oil::package::Info;
use oil::stream::Trust;
use oil::version::Version;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

/// The architecture that packages are for.
pub const ARCH: &str = "x86_64";
/// When all of it was made, in seconds since 1970.
pub const EPOCH: u64 = 1_700_000_000;
/// The file of the key that signed all of it, in the folder `keys`.
const KEY: &str = "bench.pub";

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Packages of the index that is only read.
    pub index: usize,
    /// Of these what a world names.
    pub world: usize,
    /// What they need besides.
    pub libraries: usize,
    /// Packages that are installed.
    pub packages: usize,
    /// Files of each.
    pub files: usize,
    /// Bytes of all of these files together.
    pub bytes: usize,
    /// Packages that are newer in the second repository.
    pub upgraded: usize,
    /// Packages that are deleted again.
    pub deleted: usize,
}

/// The name of the package with this number.
pub fn name(number: usize) -> String {
    format!("package-{number:03}")
}

/// The folder of the files with this number in their package.
fn folder(package: usize, file: usize) -> String {
    format!("usr/share/{}/{:02}", name(package), file / 20)
}

/// The path of a file of a package, from the root.
pub fn file(package: usize, file: usize) -> String {
    format!("{}/file-{file:03}", folder(package, file))
}

/// Makes in `place`:
///
/// - `keys/`, the public key
/// - `large/x86_64/Packages.adb`, an index of packages that are not there
/// - `old/x86_64/`, all packages and their index; `new/x86_64/`, the same with some of them upgraded
/// - `old.deb/` and `new.deb/`, the same files as packages of Debian's
///
/// # Errors
/// [`Error::Write`] and [`Error::Package`].
pub fn make(place: &Path, sizes: &Sizes, progress: &dyn Progress) -> Result<()> {
    let key = PrivateKey::generate(KEY, KeyKind::P256)?;
    create(&place.join("keys"))?;
    let pem = key.public_pem()?;
    fs::write(place.join("keys").join(KEY), pem).map_err(Error::write(place))?;
    let keys = [key];
    let large = place.join("large").join(ARCH);
    create(&large)?;
    step(progress, "make an index", |_| {
        write_index(&large, &universe::index(sizes), &keys)
    })?;
    step(progress, "make packages", |id| {
        let total = sizes.packages + sizes.upgraded;
        let (old, new) = (place.join("old"), place.join("new"));
        for repository in [&old, &new] {
            create(&repository.join(ARCH))?;
            create(&with_deb(repository))?;
        }
        for number in 0..sizes.packages {
            package(place, &old, number, 0, sizes, &keys)?;
            if number >= sizes.upgraded {
                let file = format!("{}-1.0-r0.apk", name(number));
                link(&old.join(ARCH).join(&file), &new.join(ARCH).join(&file))?;
            }
            progress.advance(id, number as u64 + 1, total as u64);
        }
        for number in 0..sizes.upgraded {
            package(place, &new, number, 1, sizes, &keys)?;
            let done = sizes.packages + number + 1;
            progress.advance(id, done as u64, total as u64);
        }
        for repository in [old, new] {
            let mut maker = IndexMaker::new();
            for number in 0..sizes.packages {
                let release = usize::from(number < sizes.upgraded && repository.ends_with("new"));
                let file = format!("{}-1.0-r{release}.apk", name(number));
                maker.add_file(&repository.join(ARCH).join(file), &Trust::Anything)?;
            }
            write_index(&repository.join(ARCH), &maker, &keys)?;
        }
        Ok(())
    })
}

/// The folder beside a repository that has its packages in Debian's form.
fn with_deb(repository: &Path) -> std::path::PathBuf {
    repository.with_extension("deb")
}

/// Makes a package in both forms.
fn package(
    place: &Path,
    repository: &Path,
    number: usize,
    release: usize,
    sizes: &Sizes,
    keys: &[PrivateKey],
) -> Result<()> {
    let tree = place.join("tree");
    let average = sizes.bytes / (sizes.packages * sizes.files);
    let mut random = Random::new(number as u64);
    for file_number in 0..sizes.files {
        create(&tree.join(folder(number, file_number)))?;
        // From nearly nothing to twice the average.
        let length = random.below(average * 2);
        // Of an upgraded package every other file is another.
        let other = release * (file_number % 2);
        let seed = (number * sizes.files + file_number) * 2 + other;
        let path = tree.join(file(number, file_number));
        fs::write(&path, bytes(seed as u64, length)).map_err(Error::write(&path))?;
    }
    let version = format!("1.0-r{release}");
    let options = TreeOptions {
        owners: Owners::Root,
        mtime: Some(EPOCH),
        xattrs: false,
    };
    let spec = Spec {
        info: info(&name(number), &version),
        ..Spec::default()
    };
    let path = repository
        .join(ARCH)
        .join(format!("{}-{version}.apk", name(number)));
    let out = BufWriter::new(File::create(&path).map_err(Error::write(&path))?);
    let tree_read = Tree::read(&tree, &options)?;
    write_v3(out, &spec, Some(&tree_read), keys, Compression::default())?;
    let path = with_deb(repository).join(format!("{}.deb", name(number)));
    debian::write(&path, &name(number), &version, &tree).map_err(Error::write(&path))?;
    fs::remove_dir_all(&tree).map_err(Error::write(&tree))
}

/// What every package says of itself.
pub fn info(name: &str, version: &str) -> Info {
    Info {
        name: name.to_owned(),
        version: Version::from_text(version),
        description: format!("What the package {name} is for, in one line"),
        arch: ARCH.to_owned(),
        license: "MIT".to_owned(),
        origin: name.to_owned(),
        maintainer: "Bench <bench@example.org>".to_owned(),
        url: format!("https://example.org/{name}"),
        build_time: EPOCH,
        commit: format!("{:040x}", name.len()),
        ..Info::default()
    }
}

fn write_index(folder: &Path, maker: &IndexMaker, keys: &[PrivateKey]) -> Result<()> {
    let path = folder.join("Packages.adb");
    let out = BufWriter::new(File::create(&path).map_err(Error::write(&path))?);
    Ok(maker.write_v3(out, keys, Compression::default())?)
}

fn create(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(Error::write(folder))
}

fn link(from: &Path, to: &Path) -> Result<()> {
    fs::hard_link(from, to).map_err(Error::write(to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alpenglow_builder::progress::Silent;
    use oil::index::{Index, IndexTrust};

    #[test]
    fn a_repository_has_what_it_should() {
        let place = tempfile::tempdir().unwrap();
        let sizes = Sizes {
            index: 50,
            world: 5,
            libraries: 20,
            packages: 3,
            files: 4,
            bytes: 12_000,
            upgraded: 1,
            deleted: 1,
        };
        make(place.path(), &sizes, &Silent).unwrap();
        for (repository, count, version) in [("old", 3, "1.0-r0"), ("new", 3, "1.0-r1")] {
            let folder = place.path().join(repository).join(ARCH);
            let file = File::open(folder.join("Packages.adb")).unwrap();
            let index = Index::read(file, IndexTrust::Anything).unwrap();
            assert_eq!(index.len(), count);
            assert_eq!(
                index.package(0).unwrap().version().unwrap(),
                version.as_bytes()
            );
            let package = folder.join(format!("package-000-{version}.apk"));
            let file = File::open(package).unwrap();
            oil::stream::verify(file, &Trust::Anything).unwrap();
            assert!(
                place
                    .path()
                    .join(format!("{repository}.deb/package-000.deb"))
                    .is_file()
            );
        }
    }
}
