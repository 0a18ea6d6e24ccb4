//! Our kernel modules, in `linux-standard` under QEMU and in `linux-um-debug`: loaded, used, used wrongly, unloaded, loaded again;
//! and that `standard` loads none but those that are signed.

use crate::demo::until;
use crate::uml;
use alpenglow_tests::{Outcome, Test, boot, check, has, test};

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("modules_of_ours_under_uml", under_uml),
        test("modules_of_ours_on_standard", on_standard),
        test("modules_of_ours_are_used_by_standard", used),
        test("modules_without_a_good_signature_are_refused", refused),
    ]
}

/// What is done with each module, and what it says then.
const USE: [(&str, &[&str]); 12] = [
    (
        "modprobe alpenglow_bootstat && cat /proc/bootstat",
        &[" kernel initcalls", " kernel init"],
    ),
    (
        "echo first > /dev/bootstat; echo 'early 5' > /dev/bootstat; cat /dev/bootstat",
        &["5 user early", " user first", " kernel init"],
    ),
    // Read in pieces it is one whole, and the same for everyone.
    (
        "dd if=/dev/bootstat bs=7 2> /dev/null | cmp - /proc/bootstat && echo the same",
        &["the same"],
    ),
    (
        "for text in '' first 'later 9000000000000000000' 'x -1' \"a\tb\" \
         0123456789012345678901234567890123456789012345678; do \
         echo \"$text\" | dd bs=4096 of=/dev/bootstat; done 2>&1 | grep -v -e records -e copied; \
         wc -l < /proc/bootstat",
        &["Invalid argument", "File exists", "Filename too long"],
    ),
    (
        "for number in $(seq 70); do echo \"mark-$number\" | dd bs=4096 of=/dev/bootstat; done 2>&1 | grep -m1 No; \
         wc -l < /proc/bootstat",
        &["No space left on device", "64"],
    ),
    (
        "exec 3< /dev/bootstat; rmmod alpenglow_bootstat || echo is kept; exec 3<&-; rmmod alpenglow_bootstat && echo is gone",
        &["is kept", "is gone"],
    ),
    (
        "[ ! -e /dev/bootstat ] && [ ! -e /proc/bootstat ] && modprobe alpenglow_bootstat && grep user /proc/bootstat || echo anew",
        &["anew"],
    ),
    (
        "modprobe alpenglow_core && cat /proc/alpenglow_core; grep -e MemTotal -e SwapTotal /proc/meminfo",
        &[
            "release 7.",
            "version #1",
            "load 0.",
            "memory.total ",
            "swap.free 0",
            "pressure.cpu.some ",
        ],
    ),
    (
        "dd bs=384 if=/dev/alpenglow_core 2> /dev/null | wc -c; dd bs=8 count=1 if=/dev/alpenglow_core 2>&1 | grep -i -m1 inval; \
         dd bs=384 if=/dev/alpenglow_core 2> /dev/null | dd bs=8 count=1 2> /dev/null; echo",
        &["384", "Invalid argument", "AlpgCore"],
    ),
    (
        "echo x | dd of=/dev/alpenglow_core 2>&1 | grep -m1 -i -e inval -e perm && echo cannot be written",
        &["cannot be written"],
    ),
    (
        "exec 3< /dev/alpenglow_core; rmmod alpenglow_core || echo is kept; exec 3<&-; rmmod alpenglow_core && echo is gone",
        &["is kept", "is gone"],
    ),
    (
        "modprobe alpenglow_core && [ -e /dev/alpenglow_core ] && rmmod alpenglow_core alpenglow_bootstat && echo both gone; \
         dmesg | grep -e WARNING: -e BUG: -e Oops || echo no complaint",
        &["both gone", "no complaint"],
    ),
];

fn under_uml() -> Outcome {
    let commands: Vec<&str> = USE.iter().map(|(command, _)| *command).collect();
    let finished = uml::run(uml::DEBUG, "um-modules", &commands)?;
    for ((command, parts), outcome) in USE.iter().zip(&finished.outcomes) {
        has(&outcome.output, parts).map_err(|found| format!("{command}: {found}"))?;
    }
    let memory = &finished.outcomes[7].output;
    agree(memory)
}

fn on_standard() -> Outcome {
    let mut words = vec!["--edition", "standard-modules"];
    for (command, _) in &USE {
        words.extend(["--run", command]);
    }
    let said = boot(&words, 0)?;
    for (command, parts) in &USE {
        has(&said, parts).map_err(|found| format!("{command}: {found}"))?;
    }
    // The clock of its processor says when the kernel was entered.
    has(&said, &[" kernel entry"])?;
    agree(&said)
}

/// Whether the module's memory is that of /proc/meminfo.
fn agree(said: &str) -> Outcome {
    let number = |name: &str| {
        let line = said.lines().find_map(|line| line.trim().strip_prefix(name));
        line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
    };
    let (bytes, kib) = (number("memory.total "), number("MemTotal:"));
    let same = bytes.is_some() && bytes == kib.map(|kib| kib * 1024);
    check(same, || format!("{bytes:?} bytes and {kib:?} KiB: {said}"))
}

/// Nobody does anything for it: they are loaded once all is up, and what happened and how the system is can be seen.
fn used() -> Outcome {
    let said = boot(
        &[
            "--edition",
            "standard",
            "--run",
            &until(
                "grep -q ' user boot' /proc/bootstat 2> /dev/null && [ -e /dev/alpenglow_core ]",
            ),
            "--run",
            "dinitctl analyze",
            "--run",
            "kernelctl marks && dinitctl analyze | sort | uniq -d | wc -l",
            "--run",
            "kernelctl status",
            // What the policy has of itself, that late as well.
            "--run",
            &until("dinitctl is-started kernelctl-late > /dev/null"),
            "--run",
            "grep /dev/zram0 /proc/swaps; kernelctl drift && echo policy holds; dinitctl catlog kernelctl-late",
            // Nodes that are there before their module, which the kernel asks for then.
            "--run",
            ": <> /dev/net/tun && : <> /dev/fuse; echo opened $(grep -c -e '^fuse ' -e '^tun ' /proc/modules) of $(stat -c %a /dev/net/tun /dev/fuse)",
            // Without the module it is the same, from other files.
            "--run",
            "rmmod alpenglow_core && echo of proc: $(kernelctl status | head -n 4 | cut -d ' ' -f 1); kernelctl status --json",
        ],
        0,
    )?;
    has(
        &said,
        &[
            " services started; the last, ",
            " kernel entry",
            " kernel initcalls",
            " kernel init",
            " user dinit",
            " user devd",
            " user netd",
            " user getty",
            " user boot",
            "kernel       7.",
            "load         ",
            "pressure     memory.some ",
            "held         kernel.kptr_restrict = 1",
            "/dev/zram0",
            "policy holds",
            "opened 2 of 666 666",
            "of proc: kernel load memory swap",
            "\"system\":{\"release\":\"7.",
        ],
    )?;
    // From the kernel's entry on, each after the one before.
    let times = said.lines().filter_map(|line| {
        let (time, rest) = line.trim().split_once(' ')?;
        let is_mark = rest.starts_with("kernel ") || rest.starts_with("user ");
        is_mark.then(|| time.parse::<i64>().ok()).flatten()
    });
    let times: Vec<i64> = times.collect();
    check(times.len() > 15 && times.is_sorted(), || said.clone())
}

/// One byte of another's code, no signature, and no module at all. Then the module as it is.
fn refused() -> Outcome {
    let said = boot(
        &[
            "--edition",
            "standard-modules",
            "--run",
            "zstd -q -d /lib/modules/*/updates/alpenglow_core.ko.zst -o /tmp/good.ko && cd /tmp && cp good.ko altered.ko \
             && printf '\\377' | dd of=altered.ko bs=1 seek=4000 conv=notrunc 2> /dev/null; \
             size=$(stat -c %s good.ko); head -c $((size - 40)) good.ko > bare.ko; ls -l *.ko",
            "--run",
            "for name in altered bare; do insmod /tmp/$name.ko || echo $name is refused; done; insmod /etc/passwd || echo text is refused",
            "--run",
            "lsmod | grep alpenglow || echo none is there",
            "--run",
            "insmod /tmp/good.ko && lsmod | grep alpenglow_core && cat /proc/sys/kernel/tainted",
        ],
        0,
    )?;
    has(
        &said,
        &[
            "altered is refused",
            "bare is refused",
            "text is refused",
            "none is there",
            "alpenglow_core ",
        ],
    )
}
