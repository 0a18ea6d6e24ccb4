//! What every ELF file of a package must be: position-independent, with full RELRO, a stack that
//! is not executable, no segment that is both writable and executable, and a stack protector.

use crate::error::{Error, Result};
use crate::tree;
use object::elf::{self, FileHeader64};
use object::read::elf::{Dyn as _, FileHeader as _, ProgramHeader as _};
use object::{Endianness, Object, ObjectSymbol};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The names of the checks, which a recipe can be exempt from with a reason.
pub const CHECKS: [&str; 7] = [
    "pie",
    "relro",
    "bind-now",
    "noexec-stack",
    "no-wx",
    "no-textrel",
    "stack-protector",
];

/// Findings for every program and shared library below `dir`, each a line naming file, check and
/// what was found; checks in `exempt` are passed over. Relocatable files and archives are not
/// looked at: they are no programs yet. Kernels (`boot/`) are not either: their own options do
/// the same and their configuration is checked instead.
///
/// # Errors
/// [`Error::Builder`] when a file cannot be read.
pub fn tree(dir: &Path, exempt: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for (path, metadata) in tree::walk(dir)? {
        if !metadata.is_file() || path.starts_with("boot") {
            continue;
        }
        let full = dir.join(&path);
        let bytes = fs::read(&full).map_err(|e| Error::io("read", &full, e))?;
        for (check, found) in file(&bytes) {
            if !exempt.contains_key(check) {
                findings.push(format!("  /{}: {check}: {found}", path.display()));
            }
        }
    }
    Ok(findings)
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
