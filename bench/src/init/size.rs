//! Bytes of programs on disk, with the shared libraries that they need beside the C library.

use crate::{Error, Result};
use object::Endianness;
use object::elf::{self, FileHeader64};
use object::read::elf::FileHeader as _;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The C library's own files, which every dynamic program of a system shares.
const C_LIBRARY: [&str; 8] = [
    "ld-linux",
    "libc.so",
    "libdl.so",
    "libm.so",
    "libpthread.so",
    "libresolv.so",
    "librt.so",
    "libutil.so",
];

/// Where libraries lie in a root; below these, in a folder of the architecture's.
const FOLDERS: [&str; 4] = ["lib", "usr/lib", "lib64", "usr/lib64"];

/// Bytes of these files and of the libraries that they need, found in `root`, each counted once.
///
/// # Errors
/// [`Error::Read`].
pub fn bytes(programs: &[PathBuf], root: &Path) -> Result<u64> {
    let mut counted = BTreeSet::new();
    let mut next: Vec<PathBuf> = programs.to_vec();
    let mut sum = 0;
    while let Some(path) = next.pop() {
        let path = fs::canonicalize(&path).map_err(read(&path))?;
        if !counted.insert(path.clone()) {
            continue;
        }
        let file = fs::read(&path).map_err(read(&path))?;
        sum += file.len() as u64;
        let needed = needed(&file).unwrap_or_default();
        next.extend(needed.iter().filter_map(|name| library(root, name)));
    }
    Ok(sum)
}

/// The programs that a Debian package has put into a root: its executable ELF files, without libraries of others.
///
/// # Errors
/// [`Error::NoPeer`] when the package is not there.
pub fn package_programs(root: &Path, package: &str) -> Result<Vec<PathBuf>> {
    let info = root.join("var/lib/dpkg/info");
    let list = fs::read_to_string(info.join(format!("{package}.list")))
        .map_err(|_| Error::NoPeer(format!("package {package}")))?;
    let program = |path: &PathBuf| {
        let plain = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
        plain && fs::read(path).is_ok_and(|file| file.starts_with(b"\x7fELF"))
    };
    Ok(list
        .lines()
        .map(|path| root.join(path.trim_start_matches('/')))
        .filter(program)
        .collect())
}

fn read(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Read { path, source }
}

/// The file of a library in a root, unless it is the C library's.
fn library(root: &Path, name: &str) -> Option<PathBuf> {
    if C_LIBRARY.iter().any(|own| name.starts_with(own)) {
        return None;
    }
    let triple = format!("{}-linux-gnu", std::env::consts::ARCH);
    FOLDERS
        .iter()
        .flat_map(|folder| [root.join(folder).join(&triple), root.join(folder)])
        .map(|folder| folder.join(name))
        .find(|path| path.exists())
}

/// The libraries that an ELF file names (`DT_NEEDED`).
fn needed(file: &[u8]) -> object::Result<Vec<String>> {
    let header = FileHeader64::<Endianness>::parse(file)?;
    let endian = header.endian()?;
    let table = header.sections(endian, file)?.dynamic_table(endian, file)?;
    table
        .iter()
        .filter(|entry| entry.tag == elf::DT_NEEDED)
        .map(|entry| Ok(String::from_utf8_lossy(table.string(entry)?).into_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_needs_the_c_library_which_is_not_counted() {
        let own = std::env::current_exe().unwrap();
        let file = fs::read(&own).unwrap();
        let names = needed(&file).unwrap();
        assert!(
            names.iter().any(|name| name.starts_with("libc.so")),
            "{names:?}"
        );
        assert_eq!(library(Path::new("/"), "libc.so.6"), None);
        assert!(bytes(&[own.clone(), own], Path::new("/")).unwrap() >= file.len() as u64);
    }

    #[test]
    fn libraries_that_are_needed_are_counted_once() {
        let root = tempfile::tempdir().unwrap();
        let (one, other) = (root.path().join("one"), root.path().join("other"));
        fs::write(&one, [0; 10]).unwrap();
        fs::write(&other, [0; 5]).unwrap();
        std::os::unix::fs::symlink(&one, root.path().join("link")).unwrap();
        let all = [one, other, root.path().join("link")];
        assert_eq!(bytes(&all, root.path()).unwrap(), 15);
        let absent = [root.path().join("absent")];
        assert!(bytes(&absent, root.path()).is_err());
    }

    #[test]
    fn a_package_that_is_not_there_is_named() {
        let root = tempfile::tempdir().unwrap();
        let error = package_programs(root.path(), "runit").unwrap_err();
        assert!(error.to_string().contains("runit"), "{error}");
    }
}
