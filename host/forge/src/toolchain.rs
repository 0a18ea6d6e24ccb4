//! The compiler as a package's build sees it: clang for the package's architecture and sysroot,
//! with the hardening that every package is built with.

use crate::error::{Error, Result};
use alpenglow_builder::Arch;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The major version of the LLVM in the build root.
pub const LLVM: u32 = 22;

/// Where the tools stand in the sandbox; first in PATH.
pub const FOLDER: &str = "/build/tools";

/// What clang is told for every package: target, sysroot, and hardening.
/// Full RELRO, no executable stack and position independence are asked of the linker here and
/// checked by [`crate::lint`] afterwards.
fn configuration(arch: Arch) -> String {
    let branches = match arch {
        Arch::X86_64 => "-fcf-protection=full\n",
        Arch::Aarch64 => "-mbranch-protection=standard\n",
        Arch::Riscv64 => "",
    };
    format!(
        "--target={triple}\n\
         --sysroot=/build/sysroot\n\
         -rtlib=compiler-rt\n\
         -unwindlib=none\n\
         -fuse-ld=lld\n\
         -Wno-unused-command-line-argument\n\
         -fPIE\n\
         -fstack-protector-strong\n\
         -fstack-clash-protection\n\
         -ftrivial-auto-var-init=zero\n\
         -ffunction-sections\n\
         -fdata-sections\n\
         {branches}\
         -ffile-prefix-map=/build=.\n\
         -static-pie\n\
         -Wl,-z,relro,-z,now,-z,noexecstack,--gc-sections,--build-id=none\n\
         -Wl,-z,pack-relative-relocs\n",
        triple = arch.triple(),
    )
}

/// The files of [`FOLDER`], by name; all are executable but the configuration.
pub fn files(arch: Arch) -> Vec<(String, String)> {
    let mut files = vec![("clang.cfg".to_owned(), configuration(arch))];
    for (name, program) in [("cc", "clang"), ("c++", "clang++")] {
        let text = format!("#!/bin/sh\nexec {program}-{LLVM} --config={FOLDER}/clang.cfg \"$@\"\n");
        files.push((name.to_owned(), text));
    }
    for tool in [
        "ar", "nm", "ranlib", "strip", "objcopy", "objdump", "readelf",
    ] {
        files.push((
            tool.to_owned(),
            format!("#!/bin/sh\nexec llvm-{tool}-{LLVM} \"$@\"\n"),
        ));
    }
    files
}

/// Writes [`files`] to a folder.
///
/// # Errors
/// [`Error::Builder`].
pub fn write(dir: &Path, arch: Arch) -> Result<()> {
    for (name, text) in files(arch) {
        let path = dir.join(name);
        fs::write(&path, text)
            .and_then(|()| fs::set_permissions(&path, PermissionsExt::from_mode(0o755)))
            .map_err(|e| Error::io("write", &path, e))?;
    }
    Ok(())
}
