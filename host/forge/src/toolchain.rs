//! The compiler as a package's build sees it: clang for the package's architecture and sysroot,
//! with the hardening that every package is built with. C++ it knows where the C++ library is in the sysroot, and by that library alone.

use crate::error::{Error, Result};
use alpenglow_builder::Arch;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The major version of the LLVM in the build root.
pub const LLVM: u32 = 22;

/// Where the tools stand in the sandbox; first in PATH.
pub const FOLDER: &str = "/build/tools";

/// What clang is told for every package: target, sysroot, and hardening; and for one in C++ which library that has.
/// Full RELRO, no executable stack and position independence are asked of the linker here and
/// checked by [`crate::lint`] afterwards.
fn configuration(arch: Arch, cxx: bool) -> String {
    let branches = match arch {
        Arch::X86_64 => "-fcf-protection=full\n",
        Arch::Aarch64 => "-mbranch-protection=standard\n",
        Arch::Riscv64 => "",
    };
    // By path: clang itself would look beside its own program first, where the build root's C++ library would be.
    let unwinder = if cxx {
        "-stdlib=libc++\n-stdlib++-isystem/build/sysroot/usr/include/c++/v1\n-unwindlib=libunwind\n"
    } else {
        "-unwindlib=none\n"
    };
    format!(
        "--target={triple}\n\
         --sysroot=/build/sysroot\n\
         -rtlib=compiler-rt\n\
         {unwinder}\
         -fuse-ld=lld\n\
         -Wno-unused-command-line-argument\n\
         -fPIE\n\
         -fstack-protector-strong\n\
         -fstack-clash-protection\n\
         -ftrivial-auto-var-init=zero\n\
         -fno-asynchronous-unwind-tables\n\
         -ffunction-sections\n\
         -fdata-sections\n\
         {branches}\
         -ffile-prefix-map=/build=.\n\
         -static-pie\n\
         -Wl,-z,relro,-z,now,-z,noexecstack,--gc-sections,--build-id=none,--icf=safe,-O2\n\
         -Wl,-z,pack-relative-relocs\n",
        triple = arch.triple(),
    )
}

/// The files of [`FOLDER`], by name; all are executable but the configuration.
pub fn files(arch: Arch, cxx: bool) -> Vec<(String, String)> {
    let mut files = vec![("clang.cfg".to_owned(), configuration(arch, cxx))];
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

/// Whether a build's log says that C++ was compiled or linked without its library: by a header of C++, whose names have no dot,
/// or by the library that clang takes when it is told none.
pub fn lacks_cxx(log: &str) -> bool {
    log.lines().any(|line| {
        let header = line.split_once("fatal error: '");
        let header = header.and_then(|(_, rest)| rest.strip_suffix("' file not found"));
        header.is_some_and(|name| !name.contains(['.', '/']))
            || line.ends_with("unable to find library -lstdc++")
    })
}

/// Writes [`files`] to a folder.
///
/// # Errors
/// [`Error::Builder`].
pub fn write(dir: &Path, arch: Arch, cxx: bool) -> Result<()> {
    for (name, text) in files(arch, cxx) {
        let path = dir.join(name);
        fs::write(&path, text)
            .and_then(|()| fs::set_permissions(&path, PermissionsExt::from_mode(0o755)))
            .map_err(|e| Error::io("write", &path, e))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_built_with_the_library_knows_cxx() {
        for (cxx, has, lacks) in [
            (false, "-unwindlib=none\n", "libc++"),
            (true, "-unwindlib=libunwind\n", "-unwindlib=none"),
        ] {
            let text = configuration(Arch::X86_64, cxx);
            assert!(text.contains(has) && !text.contains(lacks), "{text}");
        }
    }

    #[test]
    fn cxx_without_its_library_is_told_from_the_log() {
        for (log, expected) in [
            ("a.cc:1:10: fatal error: 'iostream' file not found", true),
            ("x\nld.lld: error: unable to find library -lstdc++\ny", true),
            ("a.c:1:10: fatal error: 'zlib.h' file not found", false),
            ("a.c:1:10: fatal error: 'sys/queue' file not found", false),
            ("ld.lld: error: unable to find library -lz", false),
        ] {
            assert_eq!(lacks_cxx(log), expected, "{log}");
        }
    }
}
