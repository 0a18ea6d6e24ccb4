//! The Linux kernel from configuration fragments.

use crate::recipe::Kernel;
use crate::toolchain::LLVM;
use crate::tree::EPOCH;
use alpenglow_builder::Arch;

/// The compiler: clang, with [`HEADERS`] precompiled. Half to two thirds of the time of an object is parsing headers;
/// docs/decisions/0011-precompiled-headers.md has the figures, and how the kernel was shown to be the same.
const CC: &str = include_str!("kernel/cc.sh");

/// What most files include.
const HEADERS: &str = include_str!("kernel/headers.h");

/// What every `make` of the kernel gets. The build user, host and time are fixed, as
/// Documentation/kbuild/reproducible-builds.rst asks.
fn make(kernel: &Kernel, arch: Arch) -> String {
    let arch = if kernel.um { "um" } else { arch.kernel() };
    format!(
        "make -C /build/source O=/build/object LLVM=1 CC=/build/precompiled/cc ARCH={arch} -j\"$JOBS\" \
         KBUILD_BUILD_TIMESTAMP=@{EPOCH} KBUILD_BUILD_USER=alpenglow KBUILD_BUILD_HOST=alpenglow \
         KBUILD_BUILD_VERSION=1"
    )
}

/// Lets the compiler precompile the headers with the flags of what is built in, of modules and of ACPI's interpreter, which
/// has its own: from a folder that is the kernel's own for that moment.
fn precompile(make: &str) -> String {
    format!(
        "cp /build/source/Kbuild /build/precompiled/Kbuild\n\
         mkdir /build/source/precompiled\n\
         echo 'obj-y += precompiled/' >> /build/source/Kbuild\n\
         cat > /build/source/precompiled/Makefile <<'END'\n\
         obj-y := builtin.o acpica.o\nobj-m := module.o\n\
         CFLAGS_acpica.o := $(shell sed -n '/^ccflags-y/s/.*=//p' $(srctree)/drivers/acpi/acpica/Makefile)\nEND\n\
         has() {{ grep -q \"^$1=y\" /build/object/.config; }}\n\
         objects=builtin\n\
         ! has CONFIG_MODULES || objects=\"$objects module\"\n\
         ! has CONFIG_ACPI || objects=\"$objects acpica\"\n\
         for name in $objects; do\n\
         \x20 touch /build/source/precompiled/$name.c\n\
         \x20 {make} precompiled/$name.o\n\
         \x20 [ -s /build/precompiled/$name.flags ]\n\
         done\n\
         cp /build/precompiled/Kbuild /build/source/Kbuild\n\
         rm -r /build/source/precompiled /build/object/precompiled\n"
    )
}

/// Configures from `allnoconfig` and the fragments, refuses a configuration in which a requested
/// line did not survive, and builds.
pub fn build(kernel: &Kernel, arch: Arch) -> String {
    let make = make(kernel, arch);
    let fragments: Vec<String> = kernel
        .fragments
        .iter()
        .map(|name| format!("/build/kernel/{name}.config"))
        .collect();
    let fragments = fragments.join(" ");
    // SUBARCH names the host's architecture to ARCH=um. The headers and the cc of the package's
    // own target are not for the kernel: LLVM=1 takes clang by its plain name.
    let subarch = if kernel.um {
        format!("export SUBARCH={}\n", arch.kernel())
    } else {
        String::new()
    };
    let patches: String = kernel
        .patches
        .iter()
        .map(|name| {
            format!(
                "echo '==> {name}'\npatch -p1 --forward --batch --no-backup-if-mismatch < /build/kernel/patches/{name}.patch\n"
            )
        })
        .collect();
    // A compiler that is too old for its Rust makes CONFIG_RUST vanish; this says which and why.
    let rust = if kernel.rust {
        format!("export LIBCLANG_PATH=/usr/lib/llvm-{LLVM}/lib\n{make} rustavailable\n")
    } else {
        String::new()
    };
    format!(
        "unset CC CXX AR NM STRIP HOSTCC RANLIB\n\
         {subarch}\
         {patches}\
         export PATH=/usr/lib/llvm-{LLVM}/bin:$PATH\n\
         mkdir -p /build/object /build/precompiled\n\
         cat > /build/precompiled/cc <<'END'\n{CC}END\n\
         cat > /build/precompiled/headers.h <<'END'\n{HEADERS}END\n\
         chmod +x /build/precompiled/cc\n\
         {rust}\
         cat {fragments} > /build/object/requested\n\
         {make} KCONFIG_ALLCONFIG=/build/object/requested allnoconfig\n\
         lost=\n\
         while IFS= read -r line; do\n\
         \x20 case $line in\n\
         \x20   CONFIG_*=n) wanted=\"# ${{line%=n}} is not set\" ;;\n\
         \x20   CONFIG_*|'# CONFIG_'*' is not set') wanted=$line ;;\n\
         \x20   *) continue ;;\n\
         \x20 esac\n\
         \x20 symbol=${{wanted#\\# }}; symbol=${{symbol%%[= ]*}}\n\
         \x20 case $wanted in\n\
         \x20   '#'*) ! grep -q \"^$symbol=\" /build/object/.config || lost=\"$lost\n  asked: $wanted  got: $(grep \"^$symbol=\" /build/object/.config)\" ;;\n\
         \x20   *) grep -qxF -- \"$wanted\" /build/object/.config || lost=\"$lost\n  asked: $wanted  got: $(grep -w \"$symbol\" /build/object/.config || echo no such symbol)\" ;;\n\
         \x20 esac\n\
         done < /build/object/requested\n\
         if [ -n \"$lost\" ]; then\n\
         \x20 echo \"these lines of {fragments} did not survive (a menu above them is off, or another line forbids them):$lost\" >&2\n\
         \x20 exit 1\n\
         fi\n\
         {precompile}\
         {make}\n",
        precompile = precompile(&make),
    )
}

/// Installs the image, the uncompressed kernel and its configuration to `/boot`, modules to
/// `/lib/modules`, compressed as far as it goes where the configuration has them compressed, without the link to the folder they were
/// built in.
pub fn install(kernel: &Kernel, arch: Arch) -> String {
    let image = match arch {
        _ if kernel.um => return "install -Dm755 /build/object/linux \"$DESTDIR\"/usr/bin/linux-um\nstrip --strip-all \"$DESTDIR\"/usr/bin/linux-um\ninstall -Dm644 /build/object/.config \"$DESTDIR\"/boot/config-um\n".to_owned(),
        Arch::X86_64 => "arch/x86/boot/bzImage",
        Arch::Aarch64 => "arch/arm64/boot/Image",
        Arch::Riscv64 => "arch/riscv/boot/Image",
    };
    let modules = if kernel.modules {
        format!(
            "{make} modules_install INSTALL_MOD_PATH=\"$DESTDIR\" INSTALL_MOD_STRIP=1 ZSTD='zstd -19 -T1'\n\
             rm -f \"$DESTDIR\"/lib/modules/*/build\n\
             for list in \"$DESTDIR\"/lib/modules/*/modules.dep; do\n\
             \x20 [ -s \"$list\" ] || {{ echo \"$list is empty or missing: depmod found no modules\" >&2; exit 1; }}\n\
             done\n",
            make = make(kernel, arch),
        )
    } else {
        String::new()
    };
    format!(
        "mkdir -p \"$DESTDIR\"/boot\n\
         install -m644 /build/object/{image} \"$DESTDIR\"/boot/vmlinuz\n\
         llvm-strip -o \"$DESTDIR\"/boot/vmlinux /build/object/vmlinux\n\
         install -m644 /build/object/.config \"$DESTDIR\"/boot/config\n\
         install -m644 /build/object/System.map \"$DESTDIR\"/boot/System.map\n\
         {modules}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernel(modules: bool, rust: bool) -> Kernel {
        Kernel {
            fragments: vec!["x".into()],
            patches: vec!["y".into()],
            um: false,
            modules,
            rust,
        }
    }

    #[test]
    fn what_was_not_asked_for_is_not_run() {
        let plain = build(&kernel(false, false), Arch::X86_64);
        assert!(!plain.contains("rust"), "{plain}");
        let plain = install(&kernel(false, false), Arch::X86_64);
        assert!(!plain.contains("modules"), "{plain}");
    }

    #[test]
    fn rust_is_looked_for_before_the_configuration_is_made() {
        let text = build(&kernel(false, true), Arch::X86_64);
        let (looked, made) = (text.find("rustavailable"), text.find("allnoconfig"));
        assert!(looked.is_some() && looked < made, "{text}");
        let patched = text.find("< /build/kernel/patches/y.patch");
        assert!(patched.is_some() && patched < looked, "{text}");
        assert!(text.contains(&format!("LIBCLANG_PATH=/usr/lib/llvm-{LLVM}/lib")));
        let text = install(&kernel(true, true), Arch::X86_64);
        assert!(text.contains("modules_install"), "{text}");
    }
}
