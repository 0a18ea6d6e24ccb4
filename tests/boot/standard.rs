//! The kernel `linux-standard`, with `min`'s root: it boots on both boards, has Rust in it, and its modules load.

use alpenglow_tests::{Outcome, Test, boot, check, has, test};

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("standard_kernel_boots_on_q35", on_q35),
        test("standard_kernel_boots_on_microvm", on_microvm),
        test("standard_kernel_lies_at_any_address", lies_anywhere),
        test("standard_kernel_loads_a_rust_module", loads_a_module),
        test(
            "standard_kernel_loads_file_systems_by_itself",
            loads_file_systems,
        ),
    ]
}

/// Where it is without KASLR (`__START_KERNEL`, arch/x86/include/asm/page_types.h).
const LINKED: u64 = 0xffff_ffff_8100_0000;

/// Elsewhere than where it was linked for, which takes its list of relocations. By chance it is there once in some 500 starts.
fn lies_anywhere() -> Outcome {
    let mut found = Vec::new();
    for _ in 0..2 {
        let words = [
            "--edition",
            "standard-kernel",
            "--run",
            "grep ' _text$' /proc/kallsyms",
        ];
        let said = boot(&words, 0)?;
        let address = said.lines().find_map(|line| {
            let (address, _) = line.split_once(" T _text")?;
            u64::from_str_radix(address.trim(), 16).ok()
        });
        found.push(address.ok_or(said)?);
    }
    check(found.iter().any(|address| *address != LINKED), || {
        format!("both times at {LINKED:x}")
    })
}

fn on_q35() -> Outcome {
    let said = boot(
        &[
            "--edition",
            "standard-kernel",
            "--run",
            "uname -sr",
            "--run",
            "cat /proc/version",
            "--run",
            "zcat /proc/config.gz | grep -e ^CONFIG_RUST= -e ^CONFIG_RUSTC_VERSION_TEXT",
            // What the kernel crate exports is in the running kernel, under Rust's mangled names.
            "--run",
            "grep -c ' T _R.*6kernel' /proc/kallsyms",
            "--run",
            "cat /proc/filesystems; mount -t securityfs none /sys/kernel/security && cat /sys/kernel/security/lsm",
            // What the kernel's own defaults have, and a fragment that starts from nothing has to say.
            "--run",
            "echo by $(cat /proc/sys/net/ipv4/tcp_congestion_control); ls /dev/rtc0; echo from $(cat /sys/class/dmi/id/sys_vendor)",
            "--run",
            "zcat /proc/config.gz | grep -e ^CONFIG_HARDENED_USERCOPY_DEFAULT_ON= -e ^CONFIG_X86_64_ACPI_NUMA=",
        ],
        0,
    )?;
    let rust = said
        .lines()
        .find_map(|line| line.trim().parse::<u32>().ok());
    check(rust.is_some_and(|count| count >= 20), || said.clone())?;
    has(
        &said,
        &[
            "Linux 7.",
            "clang version",
            "CONFIG_RUST=y",
            "rustc 1.",
            "\text4",
            "\text2",
            "overlay",
            "landlock",
            "by cubic",
            "\n/dev/rtc0",
            "from QEMU",
            "CONFIG_HARDENED_USERCOPY_DEFAULT_ON=y",
            "CONFIG_X86_64_ACPI_NUMA=y",
        ],
    )
}

fn on_microvm() -> Outcome {
    let words = ["--edition", "standard-kernel", "--board", "microvm"];
    let commands = [
        "--run",
        "cat /proc/sys/kernel/osrelease; echo up $((6 * 7))",
    ];
    let said = boot(&[&words[..], &commands[..]].concat(), 0)?;
    has(&said, &["up 42"])
}

/// A block device in Rust, unpacked by the kernel and loaded after what it needs.
fn loads_a_module() -> Outcome {
    let said = boot(
        &[
            "--edition",
            "standard-modules",
            "--run",
            "grep rnull /lib/modules/*/modules.dep && modprobe rnull_mod && lsmod && dmesg | grep Rust",
            "--run",
            "mount -t configfs none /sys/kernel/config && mkdir /sys/kernel/config/rnull/rust0 \
             && echo 1 > /sys/kernel/config/rnull/rust0/power && dd if=/dev/rust0 bs=4096 count=100 | wc -c",
            "--run",
            "rmdir /sys/kernel/config/rnull/rust0 && umount /sys/kernel/config && rmmod rnull_mod && echo gone",
            // No signature is refused later than a file that is no module at all.
            "--run",
            "insmod /etc/passwd || echo refused",
        ],
        0,
    )?;
    has(
        &said,
        &[
            "rnull_mod.ko.zst: kernel/fs/configfs/configfs.ko.zst",
            "rnull_mod ",
            "Rust null_blk loaded",
            "409600",
            "gone",
            "refused",
        ],
    )
}

/// What is mounted brings its module: the kernel asks modprobe for it, by the name of the file system.
fn loads_file_systems() -> Outcome {
    let kinds = ["btrfs", "erofs", "exfat", "iso9660", "squashfs", "vfat"];
    // Of nothing that could be mounted: the file system is looked for first.
    let mount = format!(
        "mkdir /tmp/x; for kind in {}; do mount -t $kind /dev/null /tmp/x; done; echo; cat /proc/filesystems",
        kinds.join(" ")
    );
    let said = boot(&["--edition", "standard-modules", "--run", &mount], 0)?;
    // Btrfs is in a package of its own.
    check(!said.contains("\tbtrfs"), || said.clone())?;
    for kind in &kinds[1..] {
        has(&said, &[&*format!("\t{kind}")])?;
    }
    Ok(())
}
