//! Modules of ours, out of the kernel's tree, against what its package `-dev` has (Documentation/kbuild/modules.rst).
//!
//! Every warning is an error, in C those of `W=1` and of the kernel's own checkpatch too. Places in sources are told without where they
//! were built.

use crate::recipe::Module;
use crate::toolchain::LLVM;
use crate::tree::EPOCH;
use alpenglow_builder::Arch;

/// Builds them, in the copy of their folder.
pub fn build(module: &Module, arch: Arch) -> String {
    let (subarch, arch, excused, rust) = match module.um {
        // Excused is what asm-generic/io.h of this architecture does, which has no addresses of devices; and a folder of
        // headers that it has none for. Rust's code is position-independent there for the kernel's own sake; a module is
        // loaded far from it, and the loader knows no table of offsets (R_X86_64_GOTPCREL).
        true => (
            format!("export SUBARCH={}\n", arch.kernel()),
            "um",
            " -Wno-null-pointer-arithmetic -Wno-missing-include-dirs",
            " -Crelocation-model=static -Ccode-model=large",
        ),
        false => (String::new(), arch.kernel(), "", ""),
    };
    format!(
        "unset CC CXX AR NM STRIP HOSTCC RANLIB\n\
         {subarch}\
         export PATH=/usr/lib/llvm-{LLVM}/bin:$PATH RUSTC=/usr/bin/rustc\n\
         sources=$(find /build/source/kernel/{folder} -name '*.[ch]' ! -name '*.mod.c')\n\
         [ -z \"$sources\" ] || perl {tree}/scripts/checkpatch.pl --no-tree --quiet --terse --show-types --file $sources\n\
         make -C {tree} M=/build/source/kernel/{folder} LLVM=1 ARCH={arch} W=1 -j\"$JOBS\" \
         KCFLAGS='-Werror{excused} -fmacro-prefix-map={tree}/= -fmacro-prefix-map=/build/source/=' \
         KRUSTFLAGS='-Dwarnings{rust} --remap-path-prefix=/build/source/=' KBUILD_BUILD_TIMESTAMP=@{EPOCH} \
         KBUILD_MODPOST_WARN= modules\n",
        tree = tree(module),
        folder = module.folder,
    )
}

/// Installs them where depmod looks first; the forge strips, signs and compresses them.
pub fn install(module: &Module) -> String {
    format!(
        "release=$(cat {tree}/include/config/kernel.release)\n\
         for module in $(find /build/source/kernel/{folder} -name '*.ko'); do\n\
         \x20 install -Dm644 \"$module\" \"$DESTDIR/lib/modules/$release/updates/${{module##*/}}\"\n\
         done\n\
         [ -d \"$DESTDIR\"/lib/modules ] || {{ echo 'kernel/{folder} made no module' >&2; exit 1; }}\n",
        tree = tree(module),
        folder = module.folder,
    )
}

/// What they are built with, in the sandbox.
fn tree(module: &Module) -> String {
    format!("/build/sysroot/usr/src/{}", module.kernel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_errors() {
        for um in [false, true] {
            let module = Module {
                kernel: "linux-x".into(),
                folder: "glow".into(),
                also: Vec::new(),
                um,
            };
            let text = build(&module, Arch::X86_64);
            for part in [
                "-C /build/sysroot/usr/src/linux-x ",
                "kernel/glow ",
                "-Werror",
                "-Dwarnings",
                "checkpatch.pl --no-tree",
            ] {
                assert!(text.contains(part), "{part}: {text}");
            }
            assert_eq!(text.contains("ARCH=um"), um);
        }
    }
}
