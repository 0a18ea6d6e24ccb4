//! Offloads: what the hardware does instead of the processor (`Documentation/networking/ethtool-netlink.rst`).

use crate::map::Map;
use crate::netlink::generic::{Family, HEADER};
use crate::netlink::{Attributes, Failure};

const FEATURES_GET: u8 = 11;
const FEATURES_SET: u8 = 12;
const A_HEADER: u16 = 1;
const A_HEADER_NAME: u16 = 2;
const A_WANTED: u16 = 3;
const A_ACTIVE: u16 = 4;
const BITSET_BITS: u16 = 3;
const BIT: u16 = 1;
const BIT_NAME: u16 = 2;
const BIT_VALUE: u16 = 3;

/// Names that everybody knows, and the kernel's.
const NAMES: &[(&str, &str)] = &[
    ("gro", "rx-gro"),
    ("gso", "tx-generic-segmentation"),
    ("lro", "rx-lro"),
    ("rx-checksum", "rx-checksum"),
    ("tso", "tx-tcp-segmentation"),
    ("tso6", "tx-tcp6-segmentation"),
    ("tx-checksum", "tx-checksum-ip-generic"),
    ("vlan-rx", "rx-vlan-hw-parse"),
    ("vlan-tx", "tx-vlan-hw-insert"),
];

/// The kernel's name of an offload.
pub fn full_name(name: &str) -> &str {
    NAMES
        .iter()
        .find(|(short, _)| *short == name)
        .map_or(name, |(_, full)| full)
}

/// Those of a link that are on.
///
/// # Errors
/// The kernel's: it has no such link, or no interface for this.
pub fn read(link: &str) -> Result<Vec<String>, Failure> {
    let mut family = Family::open("ethtool")?;
    let mut message = family.message(FEATURES_GET);
    message.nest(A_HEADER, |head| {
        head.text(A_HEADER_NAME, link);
    });
    let mut on = Vec::new();
    family.ask(message, &mut |answer| {
        let Some((_, attributes)) = answer.split(HEADER) else {
            return;
        };
        for (kind, bit) in attributes.nested(A_ACTIVE).nested(BITSET_BITS) {
            if kind == BIT {
                on.extend(Attributes::new(bit).text(BIT_NAME).map(str::to_owned));
            }
        }
    })?;
    Ok(on)
}

/// Turns one on or off.
///
/// # Errors
/// The kernel's. That the hardware cannot is none: it shows when read back.
pub fn write(link: &str, name: &str, on: bool) -> Result<(), Failure> {
    let mut family = Family::open("ethtool")?;
    let mut message = family.message(FEATURES_SET);
    message.nest(A_HEADER, |head| {
        head.text(A_HEADER_NAME, link);
    });
    message.nest(A_WANTED, |set| {
        set.nest(BITSET_BITS, |bits| {
            bits.nest(BIT, |bit| {
                bit.text(BIT_NAME, name);
                if on {
                    bit.bytes(BIT_VALUE, &[]);
                }
            });
        });
    });
    family.request(message)
}

/// What an offload of a link is kept by: no link's name has a slash.
pub fn place(link: &str, name: &str) -> String {
    format!("{link}/{name}")
}

/// The state of those that are asked for.
///
/// # Errors
/// As [`read`].
pub fn read_wanted(link: &str, names: &[String], into: &mut Map<bool>) -> Result<(), Failure> {
    let on = read(link)?;
    for name in names {
        into.insert(place(link, name), on.contains(name));
    }
    Ok(())
}
