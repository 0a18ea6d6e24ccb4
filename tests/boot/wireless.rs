//! Wireless networks: the edition `wireless-demo` under QEMU, with two radios that its kernel simulates. iwd has one; the other is
//! in a network namespace of the guest, with Debian's hostapd.

use crate::demo::until;
use alpenglow_builder::debian::NET_PEERS;
use alpenglow_builder::{Cache, Mount, Root, Sandbox};
use alpenglow_tests::{Outcome, Test, boot, check, has, output, test, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "wireless/company.rs"]
mod company;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("wireless_joins_what_there_is", join),
        test("wireless_joins_by_certificates", company::join),
    ]
}

const AIR: &str = include_str!("wireless/air.sh");
const HOSTAPD: &str = include_str!("wireless/hostapd.conf");
/// Who may join the network that asks for a name.
const USERS: &str = "\"someone\" PWD \"a word of their own\"\n";

/// What of Debian's is needed on the other side, with its libraries, as it is to lie below `/tmp/out`.
const PEERS: &str = "cd /tmp/out && mkdir -p dev proc run sys tmp etc var && ln -s ../run var/run
for program in /usr/sbin/hostapd /usr/sbin/iw; do echo $program; ldd $program | grep -o '/[^ ]*'; done | sort -u | xargs cp -L --parents -t .";

/// A disk with Debian's programs of the other side, these files, and what a script makes beside them.
fn disk(folder: &Path, files: &[(&str, &str)], script: &str) -> Result<PathBuf, String> {
    let cache = Cache::open().map_err(|e| e.to_string())?;
    let root = Root::made(&cache, &NET_PEERS).map_err(|e| e.to_string())?;
    let root = root.ok_or("the root of network peers is not there: run ./alpenglow test boot")?;
    let tree = folder.join("tree");
    fs::create_dir(&tree).map_err(|e| e.to_string())?;
    let mut sandbox = Sandbox::new(root.dir).tmpfs("/tmp");
    sandbox.mounts.push(Mount::Bind {
        source: tree.clone(),
        target: "/tmp/out".into(),
        writable: true,
    });
    let script = format!("{PEERS}\n{script}");
    let copied = output(sandbox.command("sh").args(["-ec", &script]))?;
    check(copied.status.success(), || text(&copied))?;
    for (name, text) in [("etc/air.sh", AIR)].iter().chain(files) {
        fs::write(tree.join(name), text).map_err(|e| e.to_string())?;
    }
    let disk = folder.join("disk");
    let mut make = Command::new("mkfs.ext4");
    let made = output(make.arg("-q").arg("-d").arg(&tree).arg(&disk).arg("64M"))?;
    check(made.status.success(), || text(&made))?;
    Ok(disk)
}

/// Until this holds: `iwctl station wlan0 show` has a line of this form.
fn shows(form: &str) -> String {
    until(&format!("iwctl station wlan0 show | grep -q '{form}'"))
}

/// Until the link has this address, and whoever gave it answers.
fn reaches(network: &str) -> String {
    let answered = until(&format!(
        "ip -brief address show wlan0 | grep -q 'UP .* {network}.10/24' && ping -c 1 -q {network}.1 > /dev/null 2>&1"
    ));
    format!("{answered}; echo reached {network}.1")
}

/// Boots with that disk, and returns what the commands say.
fn says(disk: &Path, commands: &[String]) -> Result<String, String> {
    let disk = disk.display().to_string();
    let mut words = vec!["--edition", "wireless-demo", "--board", "microvm"];
    words.extend(["--disk", &disk]);
    for command in commands {
        words.extend(["--run", command]);
    }
    boot(&words, 0)
}

fn join() -> Outcome {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let files = [("etc/hostapd.conf", HOSTAPD), ("etc/hostapd.users", USERS)];
    let disk = disk(folder.path(), &files, "")?;
    let connect = |word: &str, network: &str| {
        format!(
            "iwctl --passphrase '{word}' station wlan0 connect {network} && echo joined {network} || echo refused by {network}"
        )
    };
    let commands = [
        until("dinitctl is-started boot > /dev/null"),
        "mount -t ext4 -o ro /dev/vda /mnt && sh /mnt/etc/air.sh wlan1:192.0.2 wlan1_1:198.51.100 wlan1_2:203.0.113 wlan1_3:10.0.5 wlan1_4:10.0.6 \
         && echo there are networks"
            .into(),
        // ping(8) of toybox has sockets that root's group may have.
        "echo 0 0 > /proc/sys/net/ipv4/ping_group_range".into(),
        "dinitctl start iwd && ps -A -o USER,ARGS | grep '[d]bus-daemon'; grep CapBnd /proc/$(pidof iwd)/status".into(),
        until("iwctl station wlan0 scan > /dev/null; iwctl station wlan0 get-networks > /tmp/networks; grep -q second /tmp/networks && grep -q third /tmp/networks"),
        "cat /tmp/networks".into(),
        // A wrong word is refused, and not remembered.
        format!("{}; [ ! -e /var/lib/iwd/second.psk ] && echo not kept", connect("another word", "second")),
        connect("a word for the second", "second"),
        reaches("192.0.2"),
        "iwctl station wlan0 show; netd status".into(),
        // Out of reach, and back: the lease stays, and the key is known.
        "ip -n air link set wlan1 down".into(),
        until("ip -brief address show wlan0 | grep 'DOWN .* 192.0.2.10/24'"),
        "ip -n air link set wlan1 up".into(),
        until("iwctl station wlan0 connect second > /dev/null"),
        format!("{} once more", reaches("192.0.2")),
        "stat -c 'kept as %a' /var/lib/iwd /var/lib/iwd/second.psk; iwctl known-networks list".into(),
        "iwctl station wlan0 disconnect && echo parted".into(),
        shows("State *disconnected"),
        "iwctl known-networks second forget && [ ! -e /var/lib/iwd/second.psk ] && echo forgotten".into(),
        connect("a word for the third", "third"),
        reaches("198.51.100"),
        "iwctl station wlan0 show".into(),
        // What is known is joined without being asked for.
        "dinitctl restart iwd".into(),
        shows("State *connected"),
        format!("{} again", reaches("198.51.100")),
        // What is forgotten is not, and neither is what it had agreed upon.
        "iwctl known-networks third forget && echo forgotten too".into(),
        shows("State *disconnected"),
        format!("{}; [ ! -e /var/lib/iwd/third.psk ] && echo not kept either", connect("another word", "third")),
        // Without a passphrase; then by a name, which a file tells that only root reads.
        "iwctl station wlan0 scan > /dev/null; iwctl station wlan0 connect fourth && echo joined fourth".into(),
        reaches("203.0.113"),
        "iwctl station wlan0 connect fifth && echo joined fifth".into(),
        reaches("10.0.5"),
        "iwctl station wlan0 show".into(),
        "iwctl station wlan0 connect sixth || echo refused by sixth".into(),
        "(umask 077; printf '[Security]\nEAP-Method=PWD\nEAP-Identity=someone\nEAP-Password=another word\n' > /var/lib/iwd/sixth.8021x)".into(),
        until("iwctl known-networks list | grep -q sixth"),
        "iwctl station wlan0 connect sixth || echo still refused by sixth".into(),
        "sed -i 's/another word/a word of their own/' /var/lib/iwd/sixth.8021x; sleep 1".into(),
        until("iwctl station wlan0 connect sixth > /dev/null"),
        reaches("10.0.6"),
        "iwctl station wlan0 show".into(),
        // Who is not root has no say.
        "su -s /bin/sh nobody -c 'dbus-send --system --print-reply --dest=net.connman.iwd / org.freedesktop.DBus.ObjectManager.GetManagedObjects'; [ $? = 1 ]".into(),
    ];
    has(
        &says(&disk, &commands)?,
        &[
            "there are networks",
            "messagebus   dbus-daemon",
            // CAP_NET_ADMIN, CAP_NET_RAW, CAP_NET_BIND_SERVICE.
            "CapBnd:\t0000000000003400",
            "refused by second",
            "not kept\n",
            "joined second",
            "reached 192.0.2.1\n",
            "WPA2-Personal",
            "dhcp4 bound",
            "reached 192.0.2.1 once more",
            "kept as 700\nkept as 600",
            "parted",
            "forgotten\n",
            "joined third",
            "reached 198.51.100.1\n",
            "WPA3-Personal",
            "reached 198.51.100.1 again",
            "forgotten too",
            "refused by third",
            "not kept either",
            "joined fourth",
            "reached 203.0.113.1\n",
            "joined fifth",
            "reached 10.0.5.1\n",
            "OWE",
            "refused by sixth",
            "still refused by sixth",
            "reached 10.0.6.1\n",
            "WPA2-Enterprise",
            "org.freedesktop.DBus.Error.AccessDenied",
        ],
    )
}
