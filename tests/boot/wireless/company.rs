//! A network that is joined by certificates (802.1X): the server's is verified before any word is said, and the station's stands for one.

use super::{disk, reaches, says};
use crate::demo::until;
use alpenglow_tests::{Outcome, has};

const HOSTAPD: &str = include_str!("company.conf");
const CERTIFICATES: &str = include_str!("certificates.sh");
/// Who may join: anybody by a certificate, and in a tunnel by a word.
const USERS: &str =
    "* PEAP,TTLS,TLS\n\"someone\" MSCHAPV2,TTLS-PAP,TTLS-MSCHAPV2 \"a word of their own\" [2]\n";

/// Has iwd know the network by these lines of iwd.network(5), and join it only when it is asked to.
fn known(lines: &[&str]) -> String {
    let lines = lines.join("\\n");
    format!(
        "iwctl known-networks company forget > /dev/null 2>&1; rm -f /var/lib/iwd/company.8021x; sleep 1; \
         (umask 077; printf '[Settings]\\nAutoConnect=false\\n[Security]\\n{lines}\\n' > /var/lib/iwd/company.8021x); {}",
        until("iwctl known-networks list | grep -q company")
    )
}

/// By a method that has a tunnel: its lines, with this authority, name of the server and word.
fn tunnel(method: &str, inner: &str, authority: &str, server: &str, word: &str) -> String {
    let key = |name: &str, value: &str| format!("EAP-{method}-{name}={value}");
    let lines = [
        format!("EAP-Method={method}"),
        "EAP-Identity=nobody@company.example".to_owned(),
        key("CACert", &format!("/var/lib/iwd/{authority}.pem")),
        key("ServerDomainMask", server),
        key("Phase2-Method", inner),
        key("Phase2-Identity", "someone"),
        key("Phase2-Password", word),
    ];
    known(&lines.each_ref().map(String::as_str))
}

/// By a certificate of the station's.
fn certificate(name: &str) -> String {
    let (certificate, key) = (
        format!("EAP-TLS-ClientCert=/var/lib/iwd/{name}.pem"),
        format!("EAP-TLS-ClientKey=/var/lib/iwd/{name}.key"),
    );
    known(&[
        "EAP-Method=TLS",
        "EAP-Identity=someone",
        "EAP-TLS-CACert=/var/lib/iwd/company.pem",
        "EAP-TLS-ServerDomainMask=radius.company.example",
        &certificate,
        &key,
    ])
}

/// Tries to connect, and says how it ended.
fn connect(what: &str) -> String {
    format!(
        "iwctl station wlan0 scan > /dev/null 2>&1; iwctl station wlan0 connect company > /dev/null 2>&1 \
         && echo by {what}: joined || echo by {what}: refused"
    )
}

/// Leaves it, so that the next way is tried anew.
fn part() -> String {
    format!(
        "iwctl station wlan0 disconnect; {}",
        until("iwctl station wlan0 show | grep -q 'State *disconnected'")
    )
}

pub fn join() -> Outcome {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let files = [("etc/hostapd.conf", HOSTAPD), ("etc/hostapd.users", USERS)];
    let disk = disk(folder.path(), &files, CERTIFICATES)?;
    let (server, word) = ("radius.company.example", "a word of their own");
    let (pap, chap) = ("Tunneled-PAP", "MSCHAPV2");
    let mut commands = vec![
        until("dinitctl is-started boot > /dev/null"),
        "mount -t ext4 -o ro /dev/vda /mnt && sh /mnt/etc/air.sh wlan1:10.0.7 && echo there is a network".to_owned(),
        "echo 0 0 > /proc/sys/net/ipv4/ping_group_range".to_owned(),
        "dinitctl start iwd && cp /mnt/etc/company/company.pem /mnt/etc/company/other.pem /mnt/etc/company/st* /var/lib/iwd/ && echo copied".to_owned(),
        // docs/wireless.md
        "modprobe pkcs8_key_parser && echo keys can be read".to_owned(),
        until("iwctl station wlan0 scan > /dev/null 2>&1; iwctl station wlan0 get-networks | grep -q company"),
    ];
    // What is refused first: who trusts another, who expects another server, who has another word.
    for (what, way) in [
        (
            "another authority",
            tunnel("TTLS", pap, "other", server, word),
        ),
        (
            "another server",
            tunnel("TTLS", pap, "company", "mail.company.example", word),
        ),
        (
            "another word",
            tunnel("TTLS", pap, "company", server, "another word"),
        ),
        (
            "another word in PEAP",
            tunnel("PEAP", chap, "company", server, "another word"),
        ),
        ("a stranger", certificate("stranger")),
    ] {
        commands.extend([way, connect(what)]);
    }
    for (what, way) in [
        ("TTLS", tunnel("TTLS", pap, "company", server, word)),
        ("PEAP", tunnel("PEAP", chap, "company", server, word)),
        ("TLS", certificate("station")),
    ] {
        commands.extend([
            way,
            connect(what),
            format!("{} by {what}", reaches("10.0.7")),
            part(),
        ]);
    }
    has(
        &says(&disk, &commands)?,
        &[
            "there is a network",
            "copied",
            "keys can be read",
            "by another authority: refused",
            "by another server: refused",
            "by another word: refused",
            "by another word in PEAP: refused",
            "by a stranger: refused",
            "by TTLS: joined",
            "reached 10.0.7.1 by TTLS",
            "by PEAP: joined",
            "reached 10.0.7.1 by PEAP",
            "by TLS: joined",
            "reached 10.0.7.1 by TLS",
        ],
    )
}
