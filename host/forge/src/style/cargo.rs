//! Rust programs: our own of the workspace `system/`, or a crate of somebody else's.
//!
//! They are built for a target that the build root has no standard library for. It is that of the package `rust-std`
//! (style/rust_std.rs), or `core` alone, which cargo builds from Debian's copy of its source (`-Zbuild-std`, for which
//! RUSTC_BOOTSTRAP is set). A tool for other builds (`host`) is built for the build root instead. Crates stand in place of
//! a registry: those that the `Cargo.lock` names, and those that Debian's copy brings along.

use super::apart;
use crate::own;
use crate::recipe::{Cargo, Recipe};
use crate::toolchain::{FOLDER, LLVM};
use alpenglow_builder::Arch;
use std::path::{Path, PathBuf};

/// Where the crates of the lock stand in the sandbox.
pub const CRATES: &str = "/build/crates";

/// Where cargo puts what it builds.
pub(super) const OBJECT: &str = "/build/object";

/// The standard library's source in the build root.
const LIBRARY: &str = "/usr/lib/rustlib/src/rust/library";

/// The C library's start files and archives.
const LIBRARIES: &str = "/build/sysroot/usr/lib";

/// What the standard library links with in place of an unwinder.
const UNWIND: &str = include_str!("unwind.c");

/// Builds the programs, optimised, without a network.
pub fn build(recipe: &Recipe, cargo: &Cargo, arch: Arch) -> String {
    let own = recipe.source.is_none();
    let folder = if own { own::FOLDER } else { "" };
    // A program of ours is in a crate of its name; a crate of others' may have several.
    let what = if own { "-p" } else { "--bin" };
    let programs = cargo.install.keys().map(|name| format!(" {what} {name}"));
    let mut programs: String = programs.collect();
    if let Some(features) = &cargo.features {
        programs.push_str(" --no-default-features");
        if !features.is_empty() {
            programs.push_str(&format!(" --features {}", features.join(",")));
        }
    }
    for krate in &cargo.fast {
        programs.push_str(&format!(
            " --config profile.release.package.{krate}.opt-level=3"
        ));
    }
    let built = if cargo.host {
        // It runs for seconds: what it would gain in them is less than what optimising it costs.
        format!(
            "export CARGO_PROFILE_RELEASE_OPT_LEVEL=1\n{}",
            run(
                &host_variable(),
                &format!("clang-{LLVM}"),
                "-Clink-arg=-fuse-ld=lld",
                arch,
                &programs
            )
        )
    } else if cargo.std {
        let mut flags = std_flags(arch);
        flags.push_str(" --sysroot=/build/sysroot/usr");
        if cargo.outline {
            flags.push_str(" -Cllvm-args=-enable-machine-outliner=always");
        }
        for (name, value) in &cargo.cfg {
            // Within the quotes of a shell's word.
            flags.push_str(&format!(" --cfg={name}=\\\"{value}\\\""));
        }
        // Stripped once the forge has looked at them.
        let keep = "export CARGO_PROFILE_RELEASE_STRIP=none\n";
        if cargo.apart.is_empty() {
            format!("{keep}{}", command("", &flags, arch, &programs))
        } else {
            format!(
                "{keep}{}{}",
                apart::linker(&cargo.apart),
                linked(apart::LINKER, "", &flags, arch, &programs)
            )
        }
    } else {
        command("-Zbuild-std=core", BARE, arch, &programs)
    };
    format!("cd /build/source/{folder}\n{built}")
}

/// Runs cargo for Alpenglow's own target, `library` saying which standard library it builds itself.
pub(super) fn command(library: &str, flags: &str, arch: Arch, programs: &str) -> String {
    linked(&format!("ld.lld-{LLVM}"), library, flags, arch, programs)
}

/// The same with another linker.
fn linked(linker: &str, library: &str, flags: &str, arch: Arch, programs: &str) -> String {
    let target = arch.rust_target();
    format!(
        "export RUSTC_BOOTSTRAP=1\n{}",
        run(
            &variable(target),
            linker,
            flags,
            arch,
            &format!(" {library} --target {target}{programs}")
        )
    )
}

/// Runs cargo with crates in place of a registry.
fn run(variable: &str, linker: &str, flags: &str, arch: Arch, words: &str) -> String {
    format!(
        "{registry}\
         export CARGO_TARGET_DIR={OBJECT}\n\
         export CARGO_TARGET_{host}_LINKER=clang-{LLVM}\n\
         export CARGO_TARGET_{variable}_LINKER={linker}\n\
         export CARGO_TARGET_{variable}_RUSTFLAGS=\"{flags} --remap-path-prefix=/build=.\"\n\
         env -u CXX CC=clang-{LLVM} AR=llvm-ar-{LLVM} CC_{target}={FOLDER}/cc \
         /usr/bin/cargo build --release --offline{words}\n",
        registry = registry(),
        host = host_variable(),
        // What a crate brings along in C is for the package's architecture and libc, and hardened as all of C is.
        target = arch.rust_target().replace('-', "_"),
    )
}

/// A cargo home whose registry is a folder with all crates there are; of two copies of one, the lock's.
fn registry() -> String {
    format!(
        "export CARGO_HOME=/build/cargo\n\
         mkdir -p $CARGO_HOME /build/vendor\n\
         for crate in {LIBRARY}/vendor/* {CRATES}/*; do\n\
         \x20 [ -e \"$crate\" ] || continue\n\
         \x20 ln -sfn \"$crate\" /build/vendor/\"${{crate##*/}}\"\n\
         done\n\
         cat > $CARGO_HOME/config.toml <<'END'\n\
         [source.crates-io]\n\
         replace-with = \"vendor\"\n\
         [source.vendor]\n\
         directory = \"/build/vendor\"\n\
         END\n"
    )
}

/// Makes the archive that std links with as its unwinder.
pub(super) fn unwind(arch: Arch) -> String {
    format!(
        "mkdir -p {OBJECT}/unwind\n\
         cat > {OBJECT}/unwind/unwind.c <<'END'\n\
         {UNWIND}END\n\
         (cd {OBJECT}/unwind && clang-{LLVM} --target={triple} -nostdlibinc -Os -fPIC -c unwind.c && \
         llvm-ar-{LLVM} rcsD libunwind.a unwind.o)\n",
        triple = arch.triple(),
    )
}

/// What rustc is told for Alpenglow's own target. Position independence and full RELRO are rustc's defaults there.
const BARE: &str = "-Clinker-flavor=gnu-lld -Zunstable-options -Clink-self-contained=no";

/// What it is told besides for a program with the standard library, and for that library.
pub(super) fn std_flags(arch: Arch) -> String {
    let mut flags = vec![BARE.to_owned()];
    // Panics and errors name files of the library: short, and the same wherever it lies.
    flags.push(format!("--remap-path-prefix={LIBRARY}=rust"));
    flags.push("-Cpanic=immediate-abort".into());
    flags.push("-Ctarget-feature=+crt-static -Crelocation-model=pie".into());
    flags.push("-Cforce-unwind-tables=no -Zstack-protector=strong".into());
    flags.push(format!("-L{LIBRARIES} -L{OBJECT}/unwind"));
    for object in ["rcrt1.o", "crti.o", "crtn.o"] {
        flags.push(format!("-Clink-arg={LIBRARIES}/{object}"));
    }
    let mut arguments = vec!["--icf=all", "-zpack-relative-relocs", "--build-id=none"];
    // rustc knows no static-pie for these two targets: without it the start code relocates nothing.
    if arch != Arch::X86_64 {
        arguments.extend(["-pie", "--no-dynamic-linker", "-ztext"]);
    }
    flags.extend(arguments.iter().map(|one| format!("-Clink-arg={one}")));
    flags.join(" ")
}

/// How cargo's environment variables call a target.
fn variable(target: &str) -> String {
    target.to_uppercase().replace('-', "_")
}

/// The build root's own target: that of the computer that builds.
fn host_variable() -> String {
    let target = match std::env::consts::ARCH {
        "riscv64" => "riscv64gc",
        name => name,
    };
    variable(&format!("{target}-unknown-linux-gnu"))
}

/// Installs them, and the further names of programs that go by their name.
pub fn install(cargo: &Cargo, arch: Arch) -> String {
    let built = if cargo.host {
        format!("{OBJECT}/release")
    } else {
        format!("{OBJECT}/{}/release", arch.rust_target())
    };
    let mut text = String::new();
    for (program, place) in &cargo.install {
        text.push_str(&format!(
            "install -Dm755 {built}/{program} \"$DESTDIR\"{place}\n"
        ));
    }
    for (place, program) in &cargo.links {
        let target = relative(Path::new(place), Path::new(&cargo.install[program]));
        text.push_str(&format!(
            "mkdir -p \"$DESTDIR\"{folder}\nln -s {target} \"$DESTDIR\"{place}\n",
            folder = Path::new(place)
                .parent()
                .unwrap_or(Path::new("/"))
                .display(),
            target = target.display(),
        ));
    }
    text
}

/// What a symbolic link at `from` says to lead to `to`; both are absolute.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let folder = from.parent().unwrap_or(Path::new("/"));
    let shared = folder
        .components()
        .zip(to.components())
        .take_while(|(one, other)| one == other)
        .count();
    let up = folder.components().skip(shared).map(|_| "..");
    let down = to.components().skip(shared);
    up.map(Path::new)
        .chain(down.map(|part| Path::new(part.as_os_str())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative() {
        for (from, to, expected) in [
            ("/sbin/dinitctl", "/sbin/dinit", "dinit"),
            ("/bin/dinitctl", "/sbin/dinit", "../sbin/dinit"),
            ("/init", "/sbin/dinit", "sbin/dinit"),
            ("/usr/bin/x", "/sbin/dinit", "../../sbin/dinit"),
            ("/usr/bin/x", "/usr/sbin/y", "../sbin/y"),
        ] {
            assert_eq!(
                relative(Path::new(from), Path::new(to)),
                Path::new(expected)
            );
        }
    }

    #[test]
    fn features_stand_in_place_of_the_default_ones() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("one");
        std::fs::create_dir(&folder).unwrap();
        let words = |line: &str| {
            let text = format!(
                "name = \"one\"\nversion = \"1\"\nsummary = \"s\"\nlicense = \"MIT\"\nstyle = \"cargo\"\n\
                 [cargo]\n{line}\ninstall = {{ one = \"/bin/one\" }}\n"
            );
            std::fs::write(folder.join("recipe.toml"), text).unwrap();
            let recipe = Recipe::read(&folder).unwrap();
            let script = build(&recipe, recipe.cargo.as_ref().unwrap(), Arch::X86_64);
            let line = script.lines().find(|line| line.contains("cargo build"));
            let line = line.unwrap();
            line[line.find(" -p one").unwrap()..].to_owned()
        };
        assert_eq!(words(""), " -p one");
        assert_eq!(words("features = []"), " -p one --no-default-features");
        assert_eq!(
            words("features = [\"a\", \"b\"]"),
            " -p one --no-default-features --features a,b"
        );
        assert_eq!(
            words("fast = [\"a-sys\"]"),
            " -p one --config profile.release.package.a-sys.opt-level=3"
        );
    }

    #[test]
    fn what_crates_are_told_is_quoted() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("one");
        std::fs::create_dir(&folder).unwrap();
        let text = "name = \"one\"\nversion = \"1\"\nsummary = \"s\"\nlicense = \"MIT\"\nstyle = \"cargo\"\n\
                    build = [\"musl-dev\", \"rust-std\"]\n[cargo]\nstd = true\ninstall = { one = \"/bin/one\" }\n\
                    cfg = { a_backend = \"x-y\" }\n";
        std::fs::write(folder.join("recipe.toml"), text).unwrap();
        let recipe = Recipe::read(&folder).unwrap();
        let script = build(&recipe, recipe.cargo.as_ref().unwrap(), Arch::X86_64);
        let flags = script
            .lines()
            .find(|line| line.contains("MUSL_RUSTFLAGS="))
            .unwrap();
        // As a shell reads it.
        let said = std::process::Command::new("sh")
            .args(["-c", &format!("{flags}; env | grep RUSTFLAGS")])
            .output()
            .unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        assert!(said.contains(" --cfg=a_backend=\"x-y\" "), "{said}");
    }

    #[test]
    fn the_two_targets_without_static_pie_are_told() {
        for arch in Arch::ALL {
            let flags = std_flags(arch);
            assert_eq!(flags.contains("-Clink-arg=-pie"), arch != Arch::X86_64);
        }
    }
}
