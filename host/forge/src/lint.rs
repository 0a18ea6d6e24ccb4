//! What every ELF file of a package must be: position-independent, with full RELRO, a stack that
//! is not executable, no segment that is both writable and executable, and a stack protector.
//! And what no file may be: in a place of the administrator's own, with another's rights, or one that
//! names the folders that it was built in.

use crate::error::{Error, Result};
use crate::recipe::Recipe;
use crate::tree;
use object::elf::{self, FileHeader64};
use object::read::elf::{Dyn as _, FileHeader as _, ProgramHeader as _};
use object::{Endianness, Object, ObjectSymbol};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The names of the checks, which a recipe can be exempt from with a reason.
pub const CHECKS: [&str; 10] = [
    "pie",
    "relro",
    "bind-now",
    "noexec-stack",
    "no-wx",
    "no-textrel",
    "stack-protector",
    "place",
    "setuid",
    "build-path",
];

/// Findings for every file below `dir`, each a line naming file, check and what was found; checks that the recipe is
/// exempt from are passed over. Relocatable files and archives are not looked into: they are no programs yet. Kernels
/// (`boot/`) are not either: their own options do the same and their configuration is checked instead; nor is what modules
/// are built with (`usr/src/`), whose programs are for the computer that builds.
///
/// # Errors
/// [`Error::Builder`] when a file cannot be read.
pub fn tree(dir: &Path, recipe: &Recipe) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for (path, metadata) in tree::walk(dir)? {
        if !metadata.is_file() || path.starts_with("boot") || path.starts_with("usr/src") {
            continue;
        }
        let full = dir.join(&path);
        let bytes = fs::read(&full).map_err(|e| Error::io("read", &full, e))?;
        let mut found = file(&bytes);
        if path.starts_with("usr/local") {
            let why = "/usr/local is for what no package brings";
            found.push(("place", why.to_owned()));
        }
        if metadata.permissions().mode() & 0o6000 != 0 {
            let why = "whoever runs it gets the rights of its owner or group";
            found.push(("setuid", why.to_owned()));
        }
        // A tool runs on the computer that built it.
        if !recipe.is_tool() && names_build(&bytes) {
            let why = "it names a file below /build, where it was built";
            found.push(("build-path", why.to_owned()));
        }
        for (check, found) in found {
            if !recipe.exempt.contains_key(check) {
                findings.push(format!("  /{}: {check}: {found}", path.display()));
            }
        }
    }
    Ok(findings)
}

/// Whether an ELF file has a path of the build in it.
fn names_build(bytes: &[u8]) -> bool {
    let needle = b"/build/";
    bytes.starts_with(b"\x7fELF") && bytes.windows(needle.len()).any(|part| part == needle)
}

/// Findings for one file: the check's name and what was found. Empty for what is no program.
pub fn file(bytes: &[u8]) -> Vec<(&'static str, String)> {
    if !bytes.starts_with(b"\x7fELF") {
        return Vec::new();
    }
    match elf_file(bytes) {
        Ok(findings) => findings,
        Err(error) => vec![("pie", format!("its ELF headers cannot be read: {error}"))],
    }
}

fn elf_file(bytes: &[u8]) -> object::Result<Vec<(&'static str, String)>> {
    let header = FileHeader64::<Endianness>::parse(bytes)?;
    let endian = header.endian()?;
    let kind = header.e_type(endian);
    if kind == elf::ET_REL {
        return Ok(Vec::new());
    }
    let mut findings = Vec::new();
    if kind != elf::ET_DYN {
        findings.push(("pie", "its address is fixed (ET_EXEC)".to_owned()));
    }
    let (mut relro, mut stack, mut dynamic) = (false, None, None);
    for segment in header.program_headers(endian, bytes)? {
        let flags = segment.p_flags(endian);
        match segment.p_type(endian) {
            elf::PT_GNU_RELRO => relro = true,
            elf::PT_GNU_STACK => stack = Some(flags),
            elf::PT_DYNAMIC => dynamic = segment.dynamic(endian, bytes)?,
            elf::PT_LOAD if flags.0 & elf::PF_W.0 != 0 && flags.0 & elf::PF_X.0 != 0 => {
                findings.push(("no-wx", "a segment is writable and executable".to_owned()));
            }
            _ => {}
        }
    }
    match stack {
        None => findings.push(("noexec-stack", "it has no PT_GNU_STACK".to_owned())),
        Some(flags) if flags.0 & elf::PF_X.0 != 0 => {
            findings.push(("noexec-stack", "its stack is executable".to_owned()));
        }
        Some(_) => {}
    }
    // A file without relocations to apply has nothing to protect by RELRO.
    if let Some(entries) = dynamic {
        if !relro {
            findings.push(("relro", "it has no PT_GNU_RELRO".to_owned()));
        }
        let value = |tag| {
            let entry = entries.iter().find(|entry| entry.d_tag(endian) == tag);
            entry.map(|entry| entry.d_val(endian))
        };
        let has = |tag, flag: u64| value(tag).is_some_and(|flags| flags & flag != 0);
        // DF_BIND_NOW is 8, DF_1_NOW is 1 (elf.h).
        if value(elf::DT_BIND_NOW).is_none() && !has(elf::DT_FLAGS, 8) && !has(elf::DT_FLAGS_1, 1) {
            findings.push((
                "bind-now",
                "its symbols are bound late (no DF_BIND_NOW)".to_owned(),
            ));
        }
        if value(elf::DT_TEXTREL).is_some() {
            findings.push(("no-textrel", "its text must be relocated".to_owned()));
        }
    }
    let symbols = object::File::parse(bytes)?;
    let protected = symbols
        .symbols()
        .chain(symbols.dynamic_symbols())
        .any(|symbol| symbol.name() == Ok("__stack_chk_fail"));
    if !protected {
        findings.push((
            "stack-protector",
            "nothing in it calls __stack_chk_fail".to_owned(),
        ));
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_rights_and_paths_of_the_build_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("hello");
        let text = "name = \"hello\"\nversion = \"1\"\nsummary = \"s\"\nlicense = \"MIT\"\nstyle = \"script\"\n\
            exempt = { place = \"a reason\" }\n[script]\ninstall = \"true\"\n";
        let out = dir.path().join("out");
        for folder in [&folder, &out.join("usr/local"), &out.join("bin")] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::write(folder.join("recipe.toml"), text).unwrap();
        let recipe = Recipe::read(&folder).unwrap();
        fs::write(out.join("usr/local/x"), "/build/x").unwrap();
        fs::write(out.join("bin/x"), "#!/bin/sh\n").unwrap();
        assert_eq!(tree(&out, &recipe).unwrap(), Vec::<String>::new());
        fs::set_permissions(out.join("bin/x"), fs::Permissions::from_mode(0o4755)).unwrap();
        let own = fs::read("/proc/self/exe").unwrap();
        fs::write(out.join("bin/y"), [&own[..], b"/build/x"].concat()).unwrap();
        let found = tree(&out, &recipe).unwrap().join("\n");
        for (part, expected) in [
            ("/bin/x: setuid", true),
            ("/bin/y: build-path", true),
            ("place", false),
        ] {
            assert_eq!(found.contains(part), expected, "{part}: {found}");
        }
        let other = Recipe {
            exempt: [].into(),
            ..recipe
        };
        let found = tree(&out, &other).unwrap().join("\n");
        assert!(found.contains("/usr/local/x: place"), "{found}");
    }
}
