//! What a package's files provide and need, as abuild names it: `so:` a shared library's soname, `cmd:` a program in PATH,
//! `pc:` a file of pkg-config.

use crate::error::{Error, Result};
use crate::tree;
use object::elf::{self, FileHeader64};
use object::read::elf::{Dyn as _, FileHeader as _};
use object::{Endianness, StringTable};
use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Folders of programs.
pub const PROGRAMS: [&str; 4] = ["bin", "sbin", "usr/bin", "usr/sbin"];
/// Folders of shared libraries.
const LIBRARIES: [&str; 2] = ["lib", "usr/lib"];
/// Folders of pkg-config's files.
const PKG_CONFIG: [&str; 2] = ["usr/lib/pkgconfig", "usr/share/pkgconfig"];

/// Dependencies in the words of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What the files are to others.
    pub provides: BTreeSet<String>,
    /// What the files need and do not have among themselves.
    pub depends: BTreeSet<String>,
}

/// Looks at every file below `dir`.
///
/// Programs are provided without a version, unlike abuild's: a version would keep packages out of each other's roots
/// that have programs of one name in different folders.
///
/// # Errors
/// [`Error::Builder`] when a file cannot be read.
pub fn tree(dir: &Path) -> Result<Found> {
    let mut found = Found::default();
    let mut needed = BTreeSet::new();
    let mut own = BTreeSet::new();
    for (path, metadata) in tree::walk(dir)? {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|n| n.to_str()))
        else {
            continue;
        };
        let is_in = |folders: &[&str]| folders.iter().any(|one| folder == Path::new(one));
        if is_in(&PROGRAMS) && is_program(dir, &path, &metadata) {
            found.provides.insert(format!("cmd:{name}"));
        }
        if !metadata.is_file() {
            continue;
        }
        let full = dir.join(&path);
        let read = || fs::read(&full).map_err(|e| Error::io("read", &full, e));
        if is_in(&PKG_CONFIG)
            && let Some(name) = name.strip_suffix(".pc")
        {
            let text = String::from_utf8_lossy(&read()?).into_owned();
            let version = field(&text, "Version").unwrap_or_default();
            let equals = if version.is_empty() { "" } else { "=" };
            found.provides.insert(format!("pc:{name}{equals}{version}"));
            needed.extend(required(&text).iter().map(|name| format!("pc:{name}")));
            own.insert(format!("pc:{name}"));
        }
        // The kernel, its modules and what those are built with are no programs of this kind.
        let apart = ["boot", "lib/modules", "usr/src"];
        if apart.iter().any(|folder| path.starts_with(folder)) {
            continue;
        }
        let Some(object) = shared(&read()?) else {
            continue;
        };
        needed.extend(object.needed.iter().map(|name| format!("so:{name}")));
        if let Some(soname) = object.soname.filter(|_| is_in(&LIBRARIES)) {
            // `libx.so.1.2.3` behind the soname `libx.so.1` says which one it is.
            let exact = name.split_once(".so.").map_or("0", |(_, exact)| exact);
            let exact = if oil::version::is_valid(exact) {
                exact
            } else {
                "0"
            };
            found.provides.insert(format!("so:{soname}={exact}"));
            own.insert(format!("so:{soname}"));
        }
    }
    found.depends = needed.difference(&own).cloned().collect();
    Ok(found)
}

/// Something that can be run: a file, or a link to what another package may have.
fn is_program(dir: &Path, path: &Path, metadata: &Metadata) -> bool {
    if metadata.is_symlink() {
        let target = fs::metadata(dir.join(path));
        return target.is_err() || target.is_ok_and(|target| target.is_file());
    }
    metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
}

/// A field of a file of pkg-config (pc(5)), its variables given their values.
fn field(text: &str, name: &str) -> Option<String> {
    let mut value = behind(text, name, ':')?.to_owned();
    // A variable may name another; one that names itself is left as it is.
    for _ in 0..8 {
        let Some((before, rest)) = value.split_once("${") else {
            break;
        };
        let Some((variable, after)) = rest.split_once('}') else {
            break;
        };
        let given = behind(text, variable, '=').unwrap_or_default();
        value = format!("{before}{given}{after}");
    }
    Some(value)
}

/// What stands behind a name and a sign, on the line that begins with them.
fn behind<'t>(text: &'t str, name: &str, sign: char) -> Option<&'t str> {
    let value = |line: &'t str| line.strip_prefix(name)?.trim_start().strip_prefix(sign);
    text.lines().find_map(value).map(str::trim)
}

/// The names that `Requires` and `Requires.private` list, without versions.
fn required(text: &str) -> Vec<String> {
    let lists = ["Requires", "Requires.private"].map(|name| field(text, name).unwrap_or_default());
    let mut compared = false;
    let words = lists.iter().flat_map(|list| list.split([' ', ',']));
    let names = words.filter(|word| {
        let operator = word.starts_with(['<', '>', '=', '!']);
        let skip = word.is_empty() || operator || compared;
        compared = operator || (compared && word.is_empty());
        !skip
    });
    names.map(str::to_owned).collect()
}

/// What a dynamic ELF file says of itself.
#[derive(Debug, Default)]
struct Shared {
    soname: Option<String>,
    needed: Vec<String>,
}

/// Of a file that is linked dynamically; none of any other.
fn shared(file: &[u8]) -> Option<Shared> {
    let header = FileHeader64::<Endianness>::parse(file).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, file).ok()?;
    let (entries, link) = sections.dynamic(endian, file).ok()??;
    let strings: StringTable<'_> = sections.strings(endian, file, link).ok()?;
    let mut shared = Shared::default();
    for entry in entries {
        let text = || entry.string(endian, strings).ok();
        let text = || text().map(|text| String::from_utf8_lossy(text).into_owned());
        match entry.d_tag(endian) {
            elf::DT_SONAME => shared.soname = text(),
            elf::DT_NEEDED => shared.needed.extend(text()),
            _ => {}
        }
    }
    Some(shared)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn programs_links_and_pkg_config_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for folder in ["usr/bin", "sbin", "usr/lib/pkgconfig"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let pc = "prefix=/usr\nmajor=1\nversion = ${major}.2\nName: x\nVersion: ${version}\n\
            Requires: y >= 3, z\nRequires.private: x\n";
        for (path, text) in [
            ("usr/bin/run", "#!/bin/sh\n"),
            ("usr/bin/notes", ""),
            ("usr/lib/pkgconfig/x.pc", pc),
        ] {
            fs::write(root.join(path), text).unwrap();
        }
        fs::set_permissions(root.join("usr/bin/run"), PermissionsExt::from_mode(0o755)).unwrap();
        symlink("../usr/bin/run", root.join("sbin/again")).unwrap();
        let found = tree(root).unwrap();
        let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!(list(&found.provides), "cmd:again cmd:run pc:x=1.2");
        assert_eq!(list(&found.depends), "pc:y pc:z");
    }

    #[test]
    fn this_program_needs_the_c_library() {
        let own = fs::read(std::env::current_exe().unwrap()).unwrap();
        let shared = shared(&own).unwrap();
        assert!(
            shared.needed.iter().any(|name| name.starts_with("libc.so")),
            "{shared:?}"
        );
        assert!(super::shared(b"#!/bin/sh\n").is_none());
    }
}
