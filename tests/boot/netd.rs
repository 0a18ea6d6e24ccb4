//! netd on the kernel that has all kinds of links: the edition `netd-demo` under QEMU. Those that other tests' machines may
//! lack are bonds, VLANs, WireGuard and dummies.

use alpenglow_tests::{Outcome, Test, boot, has, test};

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("netd_makes_links_of_every_kind", kinds),
        test("netd_changes_a_bond_that_is_in_use", bond),
    ]
}

/// Waits until a condition of the shell's holds, for at most half a minute.
fn until(condition: &str) -> String {
    format!("n=0; until {condition}; do n=$((n+1)); [ $n -lt 300 ] || exit 1; sleep 0.1; done")
}

/// Runs commands, each of which must have status 0, in the demo; what they printed.
fn run(commands: &[&str]) -> Result<String, String> {
    let settled = until("dinitctl is-started boot");
    let mut words = vec![
        "--edition",
        "netd-demo",
        "--board",
        "microvm",
        "--run",
        &settled,
    ];
    for command in commands {
        words.extend(["--run", command]);
    }
    boot(&words, 0)
}

/// What the kernel says of the bond and of what stands on it.
const SHOW: &str = "cat /sys/class/net/bond7/bonding/mode /sys/class/net/bond7/bonding/slaves; ifconfig bond7 | grep -o 'inet addr:192.0.2.1 '; ifconfig bond7.5 | grep -o 'inet addr:198.51.100.1 '; awk '$2 == \"00710CB\" || /007100CB/ { print \"route \" $1 }' /proc/net/route; grep -c ^bond7.00000000 /proc/net/route";

fn kinds() -> Outcome {
    let said = run(&[
        "dinitctl is-started network-online && cat /run/netd.log",
        "netd plan && netd status --json",
        SHOW,
        "cat /sys/class/net/p1/mtu /sys/class/net/br0/bridge/vlan_filtering; ls /sys/class/net/br0/brif",
        // The files ask for nothing any more: all goes.
        "mv /etc/netd/demo.toml /etc/netd/demo.off; netd apply | tail -n 1; ls /sys/class/net; mv /etc/netd/demo.off /etc/netd/demo.toml; netd apply | tail -n 1; netd plan",
        SHOW,
    ])?;
    has(
        &said,
        &[
            "everything is as it is wanted",
            "\"name\":\"wg0\",\"index\":",
            "\"kind\":\"wireguard\"",
            "\"kind\":\"vlan\"",
            "\"kind\":\"macvlan\"",
            "active-backup 1",
            "d0 d1",
            "inet addr:192.0.2.1",
            "inet addr:198.51.100.1",
            "route bond7.5",
            "1400\n1\np0",
        ],
    )
}

fn bond() -> Outcome {
    let said = run(&[
        "sed -i 's/active-backup/802.3ad/' /etc/netd/demo.toml; netd apply | tail -n 1; netd plan",
        SHOW,
        // It goes back by itself.
        "sed -i 's/802.3ad/balance-xor/' /etc/netd/demo.toml; netd apply --confirm 3 | tail -n 2; cat /sys/class/net/bond7/bonding/mode",
        &until(
            "grep -q 802.3ad /sys/class/net/bond7/bonding/mode && [ $(wc -w < /sys/class/net/bond7/bonding/slaves) = 2 ]",
        ),
        SHOW,
        // Somebody else's bond, which is in use, is left alone.
        "echo +bond8 > /sys/class/net/bonding_masters; echo 1 > /sys/class/net/bond8/bonding/mode; ifconfig bond8 up; printf '[link.bond8]\\nkind = \"bond\"\\nmode = \"802.3ad\"\\n' > /etc/netd/other.toml; netd apply || cat /sys/class/net/bond8/bonding/mode; rm /etc/netd/other.toml",
        // What the kernel refuses leaves the bond as it was.
        "printf '[link.bond7x]\\nkind = \"vlan\"\\nparent = \"bond7\"\\nid = 5\\n' > /etc/netd/other.toml; netd apply || echo refused; rm /etc/netd/other.toml",
        SHOW,
    ])?;
    has(
        &said,
        &[
            "802.3ad 4",
            "all goes back in",
            "balance-xor 2",
            "bond8 is there already, a bond of other settings",
            "active-backup 1",
            "refused",
            "all is as it was before",
        ],
    )
}
