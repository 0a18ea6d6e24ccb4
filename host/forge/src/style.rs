//! Build styles: from a recipe's declarations to the script that runs in the sandbox.
//!
//! The script's text is part of a package's key, so a changed style rebuilds what uses it.

use crate::recipe::{Recipe, Style};
use crate::toolchain::LLVM;
use crate::tree::EPOCH;
use alpenglow_builder::Arch;

mod apart;
pub mod cargo;
mod kernel;
mod kernel_module;
mod make;
mod rust_std;

/// The whole script for a package: environment, build, check, install.
pub fn script(recipe: &Recipe, arch: Arch) -> String {
    let own = &recipe.script;
    let mut before = String::new();
    let (build, install) = match (recipe.style, &recipe.kernel, &recipe.cargo) {
        (Style::Kernel, Some(kernel), _) => {
            let install = kernel::install(&recipe.name, kernel, arch);
            (kernel::build(kernel, arch), install)
        }
        (Style::Cargo, _, Some(cargo)) => (
            cargo::build(recipe, cargo, arch),
            cargo::install(cargo, arch),
        ),
        (Style::KernelModule, ..) => match &recipe.module {
            Some(module) => (
                kernel_module::build(module, arch),
                kernel_module::install(module),
            ),
            None => Default::default(),
        },
        (Style::RustStd, ..) => {
            let version = recipe.version.as_deref().unwrap_or_default();
            (rust_std::build(version, arch), rust_std::install(arch))
        }
        (Style::Autotools | Style::Make, _, _) => {
            before = make::environment(&recipe.make);
            (
                make::build(recipe, &recipe.make),
                make::install(&recipe.make),
            )
        }
        _ => (String::new(), String::new()),
    };
    let mut text = environment(arch);
    text.push_str(&before);
    text.push_str(PATCH);
    let none = String::new();
    let licences = licences(recipe);
    for (step, lines) in [
        ("prepare", [&own.prepare, &none, &none]),
        ("build", [&build, &own.build, &none]),
        ("check", [&own.check, &none, &none]),
        ("install", [&install, &own.install, &licences]),
    ] {
        if lines.iter().all(|part| part.trim().is_empty()) {
            continue;
        }
        text.push_str(&format!("echo \"==> {step}\"\n"));
        for part in lines.iter().filter(|part| !part.trim().is_empty()) {
            text.push_str(part.trim_end());
            text.push('\n');
        }
    }
    text
}

/// Installs the licence's text. Of files that share a name, each keeps its folders' names.
fn licences(recipe: &Recipe) -> String {
    let last = |file: &str| file.rsplit('/').next().unwrap_or(file).to_owned();
    let install = |file: &String| {
        let shared = |other: &String| other != file && last(other) == last(file);
        let to = match recipe.license_files.iter().any(shared) {
            true => file.replace('/', "-"),
            false => last(file),
        };
        format!(
            "install -Dm644 /build/source/{file} \"$DESTDIR\"/usr/share/licenses/{name}/{to}\n",
            name = recipe.name
        )
    };
    recipe.license_files.iter().map(install).collect()
}

/// Applies `packages/NAME/patches/*.patch`, in the order of their names.
const PATCH: &str = "\
for patch in \"$RECIPE\"/patches/*.patch; do
  [ -e \"$patch\" ] || continue
  echo \"==> ${patch##*/}\"
  patch -p1 --forward --batch --no-backup-if-mismatch < \"$patch\"
done
";

/// What every build finds in its environment. `JOBS` is not here: it must not change the result,
/// so it is no part of the key.
fn environment(arch: Arch) -> String {
    format!(
        "set -eu\n\
         export SOURCE_DATE_EPOCH={EPOCH} TZ=UTC LC_ALL=C ARCH={arch} TRIPLE={triple} KARCH={kernel}\n\
         export DESTDIR=/build/out RECIPE=/build/recipe SYSROOT=/build/sysroot\n\
         export CC=cc CXX=c++ AR=ar NM=nm RANLIB=ranlib STRIP=strip HOSTCC=clang-{LLVM}\n\
         umask 022\n",
        triple = arch.triple(),
        kernel = arch.kernel(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_of_one_name_keep_their_folders_names() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("hello");
        std::fs::create_dir(&folder).unwrap();
        let text = "name = \"hello\"\nsummary = \"s\"\nlicense = \"MIT\"\nsource = \"hello\"\nstyle = \"make\"\n\
            license-files = [\"COPYING\", \"lib/COPYING\", \"doc/COPYING.MIT\"]\n";
        std::fs::write(folder.join("recipe.toml"), text).unwrap();
        let script = script(&Recipe::read(&folder).unwrap(), Arch::X86_64);
        for name in ["COPYING", "lib-COPYING", "COPYING.MIT"] {
            let line = format!("/usr/share/licenses/hello/{name}\n");
            assert!(script.contains(&line), "{name}: {script}");
        }
    }
}
