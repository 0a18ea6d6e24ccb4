//! Kinds of links that netd makes, and the keys that only they have.

use super::section::Section;
use crate::address::Prefix;
use crate::error::{Error, Result};
use crate::state::link::{BOND_HASHES, BOND_MODES, Bond, MACVLAN_MODES, MacvlanMode};
use crate::state::wireguard::{Key, Peer};
use crate::state::{Kind, Wireguard};

const KINDS: &[&str] = &[
    "ethernet",
    "vlan",
    "bridge",
    "bond",
    "veth",
    "macvlan",
    "wireguard",
    "dummy",
];

/// Which keys belong to which kinds.
const OWNED: &[(&str, &[&str])] = &[
    ("parent", &["vlan", "macvlan"]),
    ("id", &["vlan"]),
    ("peer", &["veth"]),
    ("mode", &["bond", "macvlan"]),
    ("stp", &["bridge"]),
    ("vlan-filtering", &["bridge"]),
    ("miimon", &["bond"]),
    ("lacp-fast", &["bond"]),
    ("hash", &["bond"]),
    ("private-key-file", &["wireguard"]),
    ("port", &["wireguard"]),
    ("mark", &["wireguard"]),
    ("peers", &["wireguard"]),
];

/// The kind of a link that is to be made; none for those of the hardware.
pub fn read(section: &Section<'_>) -> Result<(Option<Kind>, Option<Wireguard>)> {
    let kind = section
        .word("kind", KINDS)
        .map_or("ethernet", |at| KINDS[at]);
    for (key, kinds) in OWNED {
        if let Some(value) = section.get(key)
            && !kinds.contains(&kind)
        {
            let told = format_args!(
                "it belongs to kind = \"{}\", not to \"{kind}\"",
                kinds.join("\" or \"")
            );
            return Err(section.wrong(key, value, told));
        }
    }
    let need = |key: &str| -> Result<String> {
        match section.string(key) {
            Some(text) => Ok(text),
            None => Err(super::syntax(
                section.file,
                section.line,
                format_args!("{}: a {kind} needs '{key}'", section.name),
            )),
        }
    };
    Ok((
        Some(match kind {
            "vlan" => Kind::Vlan {
                parent: need("parent")?,
                id: match section.number("id", 1..=4094) {
                    Some(id) => u16::try_from(id).unwrap_or(0),
                    None => return need("id").map(|_| (None, None)),
                },
            },
            "bridge" => Kind::Bridge {
                stp: section.boolean("stp"),
                vlan_filtering: section.boolean("vlan-filtering"),
            },
            "bond" => Kind::Bond(Bond {
                mode: place(section, "mode", BOND_MODES).unwrap_or(0),
                miimon: Some(section.number("miimon", 0..=60000).unwrap_or(100)),
                lacp_fast: section.boolean("lacp-fast"),
                hash: place(section, "hash", BOND_HASHES),
            }),
            "veth" => Kind::Veth {
                peer: need("peer")?,
            },
            "macvlan" => Kind::Macvlan {
                parent: need("parent")?,
                mode: MacvlanMode(place(section, "mode", MACVLAN_MODES).unwrap_or(2)),
            },
            "wireguard" => return Ok((Some(Kind::Wireguard), Some(wireguard(section, &need)?))),
            "dummy" => Kind::Dummy,
            _ => return Ok((None, None)),
        }),
        None,
    ))
}

fn place(section: &Section<'_>, key: &str, words: &[&str]) -> Option<u8> {
    let at = section.word(key, words);
    at.and_then(|at| u8::try_from(at).ok())
}

fn wireguard(section: &Section<'_>, need: &dyn Fn(&str) -> Result<String>) -> Result<Wireguard> {
    let mut device = Wireguard {
        private: key_file(section, "private-key-file", &need("private-key-file")?)?.clamped(),
        port: u16::try_from(section.number("port", 0..=65535).unwrap_or(0)).unwrap_or(0),
        mark: section.number("mark", 0..=u32::MAX).unwrap_or(0),
        peers: Vec::new(),
    };
    for value in section.list("peers") {
        let keys = [
            "public-key",
            "preshared-key-file",
            "endpoint",
            "keepalive",
            "allowed",
        ];
        let of = Section::new(section.file, section.full("peers"), value, &keys)?;
        let key = of.text("public-key").and_then(Key::parse);
        let Some(public) = key else {
            return Err(of.wrong(
                "public-key",
                value,
                format_args!("44 characters of base64 are expected, as 'wg pubkey' prints them"),
            ));
        };
        if device.peers.iter().any(|peer| peer.public == public) {
            return Err(of.wrong(
                "public-key",
                value,
                format_args!("that peer is there twice"),
            ));
        }
        let mut peer = Peer {
            public,
            preshared: Key::default(),
            endpoint: of.parsed(
                "endpoint",
                "an address and a port, as in 192.0.2.1:51820 or [2001:db8::1]:51820",
            ),
            keepalive: u16::try_from(of.number("keepalive", 0..=65535).unwrap_or(0)).unwrap_or(0),
            allowed: Vec::new(),
        };
        if let Some(path) = of.text("preshared-key-file") {
            peer.preshared = key_file(&of, "preshared-key-file", path)?;
        }
        for value in of.list("allowed") {
            let prefix: Option<Prefix> = of.parse("allowed", value, "a network, as in 10.0.0.0/8");
            peer.allowed.extend(prefix.map(|prefix| prefix.network()));
        }
        device.peers.push(peer);
    }
    Ok(device.sorted())
}

/// Secrets stand in files of their own, so that the others can be shown.
fn key_file(section: &Section<'_>, key: &str, path: &str) -> Result<Key> {
    let text = std::fs::read_to_string(path).map_err(Error::file(path, "reading a key"))?;
    Key::parse(&text).ok_or_else(|| {
        let told = format_args!(
            "{}: {path} does not hold 44 characters of base64, as 'wg genkey' prints them",
            section.full(key)
        );
        super::syntax(section.file, section.line, told)
    })
}
