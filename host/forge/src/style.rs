//! Build styles: from a recipe's declarations to the script that runs in the sandbox.
//!
//! The script's text is part of a package's key, so a changed style rebuilds what uses it.

use crate::recipe::{Recipe, Style};
use crate::toolchain::LLVM;
use crate::tree::EPOCH;
use alpenglow_builder::Arch;

pub mod cargo;
mod kernel;
mod rust_std;

/// The whole script for a package: environment, build, check, install.
pub fn script(recipe: &Recipe, arch: Arch) -> String {
    let (build, install) = match (recipe.style, &recipe.kernel, &recipe.cargo) {
        (Style::Kernel, Some(kernel), _) => {
            (kernel::build(kernel, arch), kernel::install(kernel, arch))
        }
        (Style::Cargo, _, Some(cargo)) => (
            cargo::build(recipe, cargo, arch),
            cargo::install(cargo, arch),
        ),
        (Style::RustStd, ..) => {
            let version = recipe.version.as_deref().unwrap_or_default();
            (rust_std::build(version, arch), rust_std::install(arch))
        }
        _ => (String::new(), String::new()),
    };
    let own = &recipe.script;
    let mut text = environment(arch);
    text.push_str(PATCH);
    for (step, lines) in [
        ("build", [&build, &own.build]),
        ("check", [&own.check, &String::new()]),
        ("install", [&install, &own.install]),
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
