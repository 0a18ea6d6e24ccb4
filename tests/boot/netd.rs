//! netd on the kernel that has all kinds of links: the edition `netd-demo` under QEMU. Those that the machine of other tests may
//! lack are bonds, VLANs, WireGuard and dummies.

use crate::demo::{self, until};
use alpenglow_tests::{Outcome, Test, has, test};

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("netd_makes_links_of_every_kind", kinds),
        test("netd_changes_a_bond_that_is_in_use", bond),
    ]
}

/// That the kernel has the bond in this mode, with both ports, and what stands on it and goes by it.
fn holds(mode: &str) -> String {
    format!(
        "grep -q '^{mode} ' /sys/class/net/bond7/bonding/mode && [ $(wc -w < /sys/class/net/bond7/bonding/slaves) = 2 ] \
&& ifconfig bond7 | grep -q 'inet addr:192.0.2.1 ' && ifconfig bond7.5 | grep -q 'inet addr:198.51.100.1 ' \
&& grep -q '^bond7.5.007100CB' /proc/net/route && grep -q '^bond7.00000000' /proc/net/route"
    )
}

/// Runs commands in the demo.
fn run(commands: &[&str]) -> Result<String, String> {
    demo::run("netd-demo", commands)
}

fn kinds() -> Outcome {
    let said = run(&[
        "dinitctl is-started network-online",
        "netd plan && netd status --json",
        &holds("active-backup"),
        "echo mtu $(cat /sys/class/net/p1/mtu) stp $(cat /sys/class/net/br0/bridge/stp_state) ports $(ls /sys/class/net/br0/brif)",
        // The files ask for nothing any more: all goes, and comes back.
        "mv /etc/netd/demo.toml /etc/netd/demo.off; netd apply | tail -n 1; echo left $(ls /sys/class/net | grep -v -e '^bonding_masters' -e '^eth'); mv /etc/netd/demo.off /etc/netd/demo.toml; netd apply | tail -n 1; netd plan",
        &holds("active-backup"),
    ])?;
    has(
        &said,
        &[
            "everything is as it is wanted",
            "\"name\":\"wg0\",\"index\":",
            "\"kind\":\"wireguard\"",
            "\"kind\":\"vlan\"",
            "\"kind\":\"macvlan\"",
            "\"kind\":\"dummy\"",
            "mtu 1400 stp 1 ports p0",
            "left lo",
        ],
    )
}

fn bond() -> Outcome {
    let said = run(&[
        "sed -i 's/active-backup/802.3ad/' /etc/netd/demo.toml; netd apply | tail -n 1; netd plan",
        &holds("802.3ad"),
        // It goes back by itself.
        "sed -i 's/802.3ad/balance-xor/' /etc/netd/demo.toml; netd apply --confirm 3 | tail -n 2; cat /sys/class/net/bond7/bonding/mode",
        &until(&holds("802.3ad")),
        // Somebody else's bond, which is in use, is left alone.
        "echo +bond8 > /sys/class/net/bonding_masters; echo 1 > /sys/class/net/bond8/bonding/mode; ifconfig bond8 up; printf '[link.bond8]\\nkind = \"bond\"\\nmode = \"802.3ad\"\\n' > /etc/netd/other.toml; netd apply || grep active-backup /sys/class/net/bond8/bonding/mode; rm /etc/netd/other.toml",
        // The bond is made anew, and then the kernel refuses a second VLAN of the same number: the old one comes back.
        "printf '[link.bond7x]\\nkind = \"vlan\"\\nparent = \"bond7\"\\nid = 5\\n' > /etc/netd/other.toml; netd apply || echo refused; rm /etc/netd/other.toml",
        &holds("802.3ad"),
    ])?;
    has(
        &said,
        &[
            "everything is as it is wanted",
            "all goes back in",
            "balance-xor 2",
            "bond8 is there already, a bond of other settings",
            "active-backup 1",
            "VLAN device already exists",
            "all is as it was before",
            "refused",
        ],
    )
}
