//! Our own Rust programs, from the workspace `system/`.
//!
//! They are built for a target that the build root has no standard library for, so cargo builds
//! `core` from Debian's copy of its source (`-Zbuild-std`, for which RUSTC_BOOTSTRAP is set), with
//! the crates that the copy brings along in place of a registry.

use crate::recipe::Cargo;
use crate::toolchain::LLVM;
use alpenglow_builder::Arch;

/// Builds the programs, optimised, without a network. A program's crate has its name.
pub fn build(cargo: &Cargo, arch: Arch) -> String {
    let target = arch.rust_target();
    let variable = target.to_uppercase().replace('-', "_");
    let packages: Vec<String> = cargo
        .install
        .keys()
        .map(|name| format!("-p {name}"))
        .collect();
    let packages = packages.join(" ");
    format!(
        "cd /build/source/system\n\
         export CARGO_HOME=/build/cargo CARGO_TARGET_DIR=/build/object RUSTC_BOOTSTRAP=1\n\
         export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=clang-{LLVM}\n\
         export CARGO_TARGET_{variable}_LINKER=ld.lld-{LLVM}\n\
         export CARGO_TARGET_{variable}_RUSTFLAGS=\"-Clinker-flavor=gnu-lld -Zunstable-options -Clink-self-contained=no --remap-path-prefix=/build=.\"\n\
         mkdir -p $CARGO_HOME\n\
         cat > $CARGO_HOME/config.toml <<'END'\n\
         [source.crates-io]\n\
         replace-with = \"library\"\n\
         [source.library]\n\
         directory = \"/usr/lib/rustlib/src/rust/library/vendor\"\n\
         END\n\
         env -u CC -u CXX -u AR /usr/bin/cargo build --release --locked --offline -Zbuild-std=core --target {target} {packages}\n"
    )
}

/// Installs them.
pub fn install(cargo: &Cargo, arch: Arch) -> String {
    let mut text = String::new();
    for (program, place) in &cargo.install {
        text.push_str(&format!(
            "install -Dm755 /build/object/{}/release/{program} \"$DESTDIR\"{place}\n",
            arch.rust_target()
        ));
    }
    text
}
