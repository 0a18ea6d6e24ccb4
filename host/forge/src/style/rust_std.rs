//! Rust's standard library for our programs, as a package: built once, where each would build it for itself.
//!
//! It is Debian's copy of its source, on our own musl, for size, and a panic is an illegal instruction without a text
//! (`immediate-abort`): a program of ours has its own way to tell of a mistake, or is started anew. Its `.rlib` files hold
//! LLVM's bitcode, optimised together with a program when that is linked.

use super::cargo;
use alpenglow_builder::Arch;

/// What the library is built with; the programs' own profile (`system/Cargo.toml`) is the same.
const PROFILE: &str = "opt-level = \"z\"\nlto = \"fat\"\ncodegen-units = 1\npanic = \"abort\"\noverflow-checks = false\n";

/// Builds it along with a program that does nothing. The recipe's version is the compiler's: a newer one must be written
/// there.
pub fn build(version: &str, arch: Arch) -> String {
    let unwind = cargo::unwind(arch);
    let cargo = cargo::command(
        "-Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size",
        &cargo::std_flags(arch),
        arch,
        "",
    );
    format!(
        "built=$(rustc --version)\n\
         case $built in\n\
         \"rustc {version} \"*) ;;\n\
         *) echo \"the build root has $built: write its version in $RECIPE/recipe.toml\" >&2; exit 1 ;;\n\
         esac\n\
         mkdir -p /build/source/src\n\
         cd /build/source\n\
         printf 'fn main() {{}}\\n' > src/main.rs\n\
         cat > Cargo.toml <<'END'\n\
         [package]\nname = \"nothing\"\nedition = \"2024\"\n[profile.release]\n{PROFILE}END\n\
         {unwind}{cargo}"
    )
}

/// Installs the library where rustc looks below a sysroot of `/usr`.
pub fn install(arch: Arch) -> String {
    let target = arch.rust_target();
    format!(
        "library=$DESTDIR/usr/lib/rustlib/{target}/lib\n\
         mkdir -p \"$library\"\n\
         cp {object}/{target}/release/deps/*.rlib {object}/unwind/libunwind.a \"$library\"\n",
        object = cargo::OBJECT,
    )
}
