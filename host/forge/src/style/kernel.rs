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

/// Folders of `include` that are for drivers of kinds that we write none of, and of `include/uapi`.
const APART: [&str; 8] = [
    "dt-bindings",
    "drm",
    "media",
    "rdma",
    "scsi",
    "soc",
    "sound",
    "video",
];

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
/// `/lib/modules` and what further ones are built with to `/usr/src/NAME`.
///
/// Modules are installed as they are: the forge signs and compresses them. Of what depmod makes of them nothing is kept, as it
/// is made anew of all modules that come together in a root.
pub fn install(name: &str, kernel: &Kernel, arch: Arch) -> String {
    let dev = match kernel.dev {
        true => dev(name, kernel, arch),
        false => String::new(),
    };
    let image = match arch {
        _ if kernel.um => {
            return format!(
                "install -Dm755 /build/object/linux \"$DESTDIR\"/usr/bin/linux-um\n\
                 strip --strip-all \"$DESTDIR\"/usr/bin/linux-um\n\
                 install -Dm644 /build/object/.config \"$DESTDIR\"/boot/config-um\n\
                 {dev}"
            );
        }
        Arch::X86_64 => "arch/x86/boot/bzImage",
        Arch::Aarch64 => "arch/arm64/boot/Image",
        Arch::Riscv64 => "arch/riscv/boot/Image",
    };
    let modules = if kernel.modules {
        format!(
            "{make} modules_install INSTALL_MOD_PATH=\"$DESTDIR\" INSTALL_MOD_STRIP=1 CONFIG_MODULE_COMPRESS_ALL=\n\
             rm -f \"$DESTDIR\"/lib/modules/*/build\n\
             for list in \"$DESTDIR\"/lib/modules/*/modules.dep; do\n\
             \x20 [ -s \"$list\" ] || {{ echo \"$list is empty or missing: depmod found no modules\" >&2; exit 1; }}\n\
             done\n\
             find \"$DESTDIR\"/lib/modules -name 'modules.*' ! -name modules.order ! -name modules.builtin \
             ! -name modules.builtin.modinfo -delete\n",
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
         {modules}{dev}"
    )
}

/// Installs to `/usr/src/NAME` what further modules are built with: of the source Makefiles, scripts and headers, of what was
/// built the configuration, the headers made of it, the host's programs, what modules may call, and Rust's crates.
///
/// These are the files of the kernel's own `scripts/package/install-extmod-build`, and Rust's, which it leaves out.
fn dev(name: &str, kernel: &Kernel, arch: Arch) -> String {
    let folder = match arch {
        Arch::X86_64 => "x86",
        Arch::Aarch64 => "arm64",
        Arch::Riscv64 => "riscv",
    };
    // ARCH=um takes Makefiles and headers of the architecture that it runs on too.
    let own = if kernel.um { "um" } else { folder };
    let also = match kernel.um {
        true => format!(
            "find arch/{folder} -maxdepth 1 -name 'Makefile*'\n\
             find arch/{folder}/include arch/{folder}/um -type f -name '*.h'\n"
        ),
        false => String::new(),
    };
    let apart: Vec<String> = APART
        .iter()
        .flat_map(|name| [format!("include/{name}"), format!("include/uapi/{name}")])
        .map(|folder| format!("-path {folder}"))
        .collect();
    format!(
        "dev=\"$DESTDIR\"/usr/src/{name}\n\
         mkdir -p \"$dev\"\n\
         scripts() {{\n\
         \x20 find scripts \\( -name atomic -o -name coccinelle -o -name dtc -o -name gdb -o -name kconfig -o -name package \
         -o -name selinux -o -name tracing \\) -prune -o \\( -type f -o -type l \\) ! -name '.*.cmd' ! -name '*.o' -print\n\
         }}\n\
         (cd /build/source && {{\n\
         echo Makefile\n\
         find arch/{own} -maxdepth 1 -name 'Makefile*'\n\
         find arch/{own} \\( -name Kbuild.platforms -o -name Platform \\) -print\n\
         find arch/{own} -type d -name include -exec find {{}} -type f \\;\n\
         {also}\
         find include \\( {apart} \\) -prune -o -type f -print\n\
         scripts\n\
         }} | sort -u | tar -cf - -T -) | tar -xf - -C \"$dev\"\n\
         (cd /build/object && {{\n\
         echo Module.symvers\n\
         echo .config\n\
         find arch/*/include/generated include/generated -type f ! -name '.*.cmd'\n\
         echo include/config/auto.conf\n\
         echo include/config/kernel.release\n\
         scripts\n\
         find tools/objtool -maxdepth 1 -name objtool 2> /dev/null || :\n\
         find rust -maxdepth 1 \\( -name '*.rmeta' -o -name '*.so' \\) 2> /dev/null || :\n\
         }} | tar -cf - -T -) | tar -xf - -C \"$dev\"\n\
         for macros in \"$dev\"/rust/*.so; do\n\
         \x20 [ ! -e \"$macros\" ] || llvm-strip --strip-unneeded \"$macros\"\n\
         done\n",
        apart = apart.join(" -o "),
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
            dev: modules,
            signed: false,
        }
    }

    #[test]
    fn what_was_not_asked_for_is_not_run() {
        let plain = build(&kernel(false, false), Arch::X86_64);
        assert!(!plain.contains("rust"), "{plain}");
        let plain = install("x", &kernel(false, false), Arch::X86_64);
        assert!(
            !plain.contains("modules") && !plain.contains("/usr/src"),
            "{plain}"
        );
    }

    #[test]
    fn rust_is_looked_for_before_the_configuration_is_made() {
        let text = build(&kernel(false, true), Arch::X86_64);
        let (looked, made) = (text.find("rustavailable"), text.find("allnoconfig"));
        assert!(looked.is_some() && looked < made, "{text}");
        let patched = text.find("< /build/kernel/patches/y.patch");
        assert!(patched.is_some() && patched < looked, "{text}");
        assert!(text.contains(&format!("LIBCLANG_PATH=/usr/lib/llvm-{LLVM}/lib")));
        let text = install("x", &kernel(true, true), Arch::X86_64);
        assert!(
            text.contains("modules_install") && text.contains("/usr/src/x"),
            "{text}"
        );
    }
}
