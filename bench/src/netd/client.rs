//! What is compared, and how each is run; one measurement: what the sandbox is asked for, and what comes back.

use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};

/// The name by which a process is asked to measure.
pub const WORK: &str = "alpenglow-bench-netd";

/// The link that a lease is got on, and its hardware address.
pub const LINK: &str = "v0";
pub const MAC: &str = "02:00:00:00:00:01";

/// Where our program is given to the sandbox, and where it is run: in a file system in memory, as that of a system whose root is.
/// What was just written to a disk may lie in memory in large pieces, which the kernel maps as a whole.
pub const GIVEN: &str = "/tmp/given";
const PROGRAM: &str = "/tmp/netd";

/// A client of DHCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Client {
    /// Ours.
    Netd,
    /// busybox's, with a script of ours, for it sets nothing by itself.
    Udhcpc,
    /// Roy Marples'.
    Dhcpcd,
    /// systemd's.
    Networkd,
}

/// When the link gets carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Carrier {
    /// It has it when the client is started.
    First,
    /// Two seconds after that.
    Late,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Job {
    /// Who gets the lease.
    pub client: Client,
    /// When.
    pub carrier: Carrier,
    /// Seconds in which wake-ups are counted; 0: they are not, and memory is not looked at.
    pub idle: u32,
}

/// What was found.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Found {
    /// Milliseconds from the start of the client, or from carrier, until the address can be used.
    pub wall_ms: f64,
    /// Milliseconds of processor that the client's processes took until then, where the kernel counts them.
    pub cpu_ms: Option<f64>,
    /// Messages that the server got until then.
    pub round_trips: f64,
    /// KiB of memory of its processes: RSS and PSS.
    pub rss_kib: Option<f64>,
    /// The same, what is shared counted in parts.
    pub pss_kib: Option<f64>,
    /// How often they were woken.
    pub wakes: Option<f64>,
}

const SCRIPT: &str = "#!/bin/sh
case $1 in
bound | renew)
    ip address replace $ip/$mask dev $interface
    ip route replace default via $router dev $interface
    ;;
esac
";

impl Client {
    /// All, ours first.
    pub const ALL: [Self; 4] = [Self::Netd, Self::Udhcpc, Self::Dhcpcd, Self::Networkd];

    /// Writes what it reads, and returns the words that run it in the foreground.
    ///
    /// # Errors
    /// Of files.
    pub fn prepare(self) -> io::Result<Vec<String>> {
        let words: &[&str] = match self {
            Self::Netd => {
                fs::create_dir_all("/tmp/etc")?;
                fs::copy(GIVEN, PROGRAM)?;
                let file = format!("[link.{LINK}]\ndhcp4 = {{ conflicts = false }}\n");
                fs::write("/tmp/etc/link.toml", file)?;
                &[
                    PROGRAM,
                    "run",
                    "-c",
                    "/tmp/etc",
                    "-s",
                    "/tmp/socket",
                    "-k",
                    "/tmp/kept",
                    "-n",
                    "/tmp/resolv.conf",
                ]
            }
            Self::Udhcpc => {
                fs::write("/tmp/script", SCRIPT)?;
                fs::set_permissions("/tmp/script", fs::Permissions::from_mode(0o755))?;
                &["busybox", "udhcpc", "-f", "-i", LINK, "-s", "/tmp/script"]
            }
            Self::Dhcpcd => {
                fs::write(
                    "/tmp/dhcpcd.conf",
                    "ipv4only\nnoarp\noption routers\nscript /bin/true\n",
                )?;
                &["dhcpcd", "-B", "-f", "/tmp/dhcpcd.conf", LINK]
            }
            Self::Networkd => {
                fs::create_dir_all("/run/systemd/network")?;
                fs::create_dir_all("/run/systemd/netif")?;
                let user = user("systemd-network")?;
                chown("/run/systemd/netif", Some(user), Some(user))?;
                let file = format!(
                    "[Match]\nName={LINK}\n[Network]\nDHCP=ipv4\nIPv6AcceptRA=no\nLinkLocalAddressing=no\n"
                );
                fs::write("/run/systemd/network/link.network", file)?;
                &["/lib/systemd/systemd-networkd"]
            }
        };
        Ok(words.iter().map(|word| (*word).to_owned()).collect())
    }

    /// The Debian package that it is of, and its program below the root; `None`: it is ours.
    pub fn package(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::Netd => return None,
            Self::Udhcpc => ("busybox", "bin/busybox"),
            Self::Dhcpcd => ("dhcpcd-base", "usr/sbin/dhcpcd"),
            Self::Networkd => ("systemd", "lib/systemd/systemd-networkd"),
        })
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Netd => "ours",
            Self::Udhcpc => "udhcpc",
            Self::Dhcpcd => "dhcpcd",
            Self::Networkd => "networkd",
        }
    }
}

/// The number of a user of the root.
fn user(name: &str) -> io::Result<u32> {
    let all = fs::read_to_string("/etc/passwd")?;
    let number = all.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name))
            .then(|| fields.nth(1)?.parse().ok())
            .flatten()
    });
    number.ok_or_else(|| io::Error::other(format!("the root has no user {name}")))
}
