//! What starts with a standard system: the edition `services-demo` under QEMU, twice with the same disk, with a card whose
//! driver is a module, a service that fails and one whose file has a mistake.

use crate::demo::until;
use alpenglow_tests::{Outcome, Test, boot, has, output, test};
use std::fs;
use std::process::Command;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("services_start_with_the_system", start),
        test("services_that_are_wrong_keep_nobody_from_logging_in", wrong),
    ]
}

/// All were tried.
fn settled() -> String {
    until("dinitctl is-started boot > /dev/null")
}

/// Modules by alias, file systems and swap by label, the log, a command by the clock; at the second start the seed of the first.
fn start() -> Outcome {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let disk = |name: &str, program: &str, label: &[&str]| {
        let path = folder.path().join(name);
        let file = fs::File::create(&path).and_then(|file| file.set_len(16 << 20));
        file.map_err(|error| error.to_string())?;
        let made = output(Command::new(program).args(label).arg(&path))?;
        match made.status.success() {
            true => Ok(path.display().to_string()),
            false => Err(alpenglow_tests::text(&made)),
        }
    };
    let kept = disk("kept", "mkfs.ext4", &["-q", "-L", "kept"])?;
    let pages = disk("pages", "mkswap", &["-q", "-L", "pages"])?;
    let run = |commands: &[&str]| {
        let mut words = vec!["--edition", "services-demo"];
        words.extend(["--disk", &kept, "--disk", &pages, "--device", "e1000"]);
        for command in commands {
            words.extend(["--run", command]);
        }
        boot(&words, 0)
    };
    let settled = settled();
    let said = run(&[
        &settled,
        "for one in early devd hostname clock swap seed getty kernelctl netd logd crond; do dinitctl is-started $one > /dev/null && echo up $one; done",
        "grep -E '^(e1000|lpc_ich|i2c_i801) ' /proc/modules | cut -d ' ' -f 1; devd status; ls /sys/class/net",
        "grep -c iTCO_wdt /proc/modules || echo no watchdog",
        "readlink /dev/disk/by-label/kept; grep /var/lib /proc/mounts; grep -c /dev/vdb /proc/swaps; stat -c '%a %G' /dev/vda",
        "kernelctl drift && echo policy holds; grep CapBnd /proc/$(pidof devd)/status",
        // What kernelctl's service may not, with a program that does it.
        "mkdir -p /run/dinit.d; sed 's,^command.*,command = /sbin/early clock save,; /^after/d' /lib/dinit.d/kernelctl > /run/dinit.d/confined; dinitctl start confined || dinitctl catlog confined",
        // The log: the kernel's, dinit's from before there was a log, crond's.
        "logctl -k -g 'Command line' | wc -l; logctl -p dinit -g 'service hostname started'; logctl -p crond",
        &until("logctl -p crond -g 'CMDOUT (a minute as nobody)' | grep -q nobody"),
        "logger -t tea warm && logctl -p tea",
        "ps -A -o USER,ARGS | grep '[l]ogd --user'",
        "dinitctl catlog seed",
    ])?;
    let ups = [
        "up early",
        "up devd",
        "up hostname",
        "up clock",
        "up swap",
        "up seed",
        "up getty",
        "up kernelctl",
        "up netd",
        "up logd",
        "up crond",
    ];
    has(&said, &ups)?;
    has(
        &said,
        &[
            "e1000\n",
            "lpc_ich\n",
            "i2c_i801\n",
            "eth0",
            "no watchdog",
            "../../vda",
            " /var/lib ext4 rw,noatime",
            "660 disk",
            "policy holds",
            "CapBnd:\t000000000801100b",
            "/var/lib/early/clock: Permission denied",
            "dinit[1]: service hostname started",
            "(root) CMDOUT (begun as 0)",
            "tea[",
            ": warm",
            "logd ",
            "there was no seed",
        ],
    )?;
    // It went on the disk when the system stopped.
    let said = run(&[
        &settled,
        "dinitctl catlog seed; stat -c %a /var/lib/early/seed",
    ])?;
    has(&said, &["the seed counts", "600"])
}

fn wrong() -> Outcome {
    let settled = settled();
    let said = boot(
        &[
            "--edition",
            "services-demo",
            "--run",
            &settled,
            "--run",
            "dinitctl is-failed never; dinitctl is-failed filesystems; dinitctl catlog filesystems",
            "--run",
            "logctl -p dinit -l warning",
            // Every file but that of the login with a mistake, and a dinit that starts them.
            "--run",
            "mkdir /tmp/d; for one in devd hostname clock fsck filesystems swap seed logd netd kernelctl crond consoles; do echo nonsense > /tmp/d/$one; done; sed 's,^command.*,command = /bin/sleep 1000,' /lib/dinit.d/getty > /tmp/d/getty; dinit -u -d /tmp/d -d /lib/dinit.d -p /tmp/s boot > /tmp/said 2>&1 &",
            "--run",
            &until("dinitctl -p /tmp/s is-started boot > /dev/null 2>&1"),
            "--run",
            "echo passed over: $(grep -c ' is passed over: ' /tmp/said; grep -c '/tmp/d/[a-z]*:1: ' /tmp/said); dinitctl -p /tmp/s is-started early && dinitctl -p /tmp/s is-started getty && echo somebody can log in",
        ],
        0,
    )?;
    has(
        &said,
        &[
            "/etc/fstab:3: /home: there is no device LABEL=gone: write 'nofail' if it may be absent",
            "service never failed to start",
            "/etc/dinit.d/mistaken:3: there is no setting 'comand'",
            "'mistaken' is passed over: it cannot be loaded",
            // Two more of boot.d are not there.
            "passed over: 14 12",
            "somebody can log in",
        ],
    )
}
