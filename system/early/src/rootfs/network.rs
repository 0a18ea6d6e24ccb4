//! A network card before the system is there, as the kernel's word `ip=` has it (`Documentation/admin-guide/nfs/nfsroot.rst`):
//! `CLIENT:SERVER:GATEWAY:NETMASK:NAME:DEVICE:AUTOCONF`, `dhcp`, or `off`. All else is the system's own, once it is up.

use super::drivers::Drivers;
use super::lease;
use crate::system::{self, Card};
use common::reason;
use common::root::Root;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

/// How long a card and its carrier are waited for.
const CARD: Duration = Duration::from_secs(10);
/// How long servers of addresses are asked.
const SERVER: Duration = Duration::from_secs(30);

/// What the word says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nothing is done.
    Off,
    /// A server gives the address.
    Lease { device: Option<String> },
    /// It is given here.
    Given {
        client: Ipv4Addr,
        gateway: Option<Ipv4Addr>,
        mask: Ipv4Addr,
        device: Option<String>,
    },
}

impl Way {
    /// Reads the word.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(word: &str) -> Result<Self, String> {
        let fields: Vec<&str> = word.split(':').collect();
        let field = |at: usize| fields.get(at).copied().filter(|text| !text.is_empty());
        let device = field(5).map(str::to_owned);
        let form =
            "dhcp, off, CLIENT::GATEWAY:NETMASK::DEVICE and :::::DEVICE:dhcp are understood here";
        let how = if fields.len() == 1 {
            field(0)
        } else {
            field(6)
        };
        match how {
            Some("dhcp" | "on" | "any" | "both") => return Ok(Self::Lease { device }),
            Some("off" | "none") if fields.len() == 1 => return Ok(Self::Off),
            Some("bootp" | "rarp") => return Err(form.to_owned()),
            _ => {}
        }
        let address = |at: usize| {
            field(at)
                .map(|text| {
                    text.parse::<Ipv4Addr>()
                        .map_err(|_| format!("'{text}' is no IPv4 address: {form}"))
                })
                .transpose()
        };
        let client = address(0)?.ok_or(form)?;
        let mask = address(3)?.ok_or_else(|| format!("it has no netmask: {form}"))?;
        if mask.to_bits().leading_ones() != mask.to_bits().count_ones() {
            return Err(format!("'{mask}' is no netmask"));
        }
        Ok(Self::Given {
            client,
            gateway: address(2)?,
            mask,
            device,
        })
    }

    /// Sets a card up with its address. What is to be taken back once it is not needed any more is returned.
    ///
    /// # Errors
    /// Which card or server there is not, or which call failed.
    pub fn up(self, root: &Root) -> Result<Option<Leased>, String> {
        match self {
            Self::Off => Ok(None),
            Self::Given {
                client,
                gateway,
                mask,
                device,
            } => {
                let card = ready(root, device.as_deref())?;
                configure(&card, client, mask, gateway)?;
                Ok(None)
            }
            Self::Lease { device } => {
                let card = ready(root, device.as_deref())?;
                let given = lease::ask(root, card.name(), SERVER)
                    .map_err(|what| format!("{}: {what}", card.name()))?;
                let IpAddr::V4(client) = given.prefix.address else {
                    return Err(format!("{}: its server gives no IPv4 address", card.name()));
                };
                let bits = u32::MAX.checked_shl(32 - u32::from(given.prefix.length));
                let routes = given.routes.iter().filter(|(to, _)| to.length == 0);
                let gateway = routes.filter_map(|(_, via)| *via).next();
                let mask = Ipv4Addr::from_bits(bits.unwrap_or(0));
                configure(&card, client, mask, gateway)?;
                Ok(Some(Leased(card)))
            }
        }
    }
}

/// A card with an address that nobody keeps: the system asks for its own.
pub struct Leased(Card);

impl Drop for Leased {
    fn drop(&mut self) {
        // No address is none, and takes its routes along. What fails leaves one that works.
        let _ = self.0.set_address(Ipv4Addr::UNSPECIFIED);
    }
}

fn configure(
    card: &Card,
    client: Ipv4Addr,
    mask: Ipv4Addr,
    gateway: Option<Ipv4Addr>,
) -> Result<(), String> {
    let failed = |what: &'static str| {
        move |error: std::io::Error| format!("{}: {what}: {}", card.name(), reason(&error))
    };
    card.set_address(client).map_err(failed("its address"))?;
    card.set_mask(mask).map_err(failed("its netmask"))?;
    match gateway {
        Some(gateway) => card.add_gateway(gateway).map_err(failed("the gateway")),
        None => Ok(()),
    }
}

/// The card of that name, or the first that is connected, set up and with its carrier.
fn ready(root: &Root, device: Option<&str>) -> Result<Card, String> {
    let end = Instant::now() + CARD;
    let mut drivers = None;
    loop {
        let names = cards(root, device);
        for name in &names {
            let card = Card::new(name).map_err(|error| reason(&error).to_string())?;
            card.up()
                .map_err(|error| format!("{name}: setting it up: {}", reason(&error)))?;
            if root
                .value(&format!("/sys/class/net/{name}/carrier"))
                .as_deref()
                == Some("1")
            {
                return Ok(card);
            }
        }
        if Instant::now() >= end {
            return Err(match (device, names.is_empty()) {
                (Some(device), true) => format!("there is no network card '{device}'"),
                (None, true) => "there is no network card".to_owned(),
                (_, false) => format!("{}: nothing is connected", names.join(", ")),
            });
        }
        // Those that the kernel has itself come first.
        if names.is_empty() {
            drivers.get_or_insert_with(|| Drivers::new(root)).look();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The Ethernet cards that there are, or the card of that name.
fn cards(root: &Root, device: Option<&str>) -> Vec<String> {
    let entries = std::fs::read_dir(root.at("/sys/class/net"));
    let mut names: Vec<String> = entries
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| match device {
            Some(device) => name == device,
            None => {
                let kind = root.value(&format!("/sys/class/net/{name}/type"));
                kind.as_deref() == Some(system::ETHERNET)
            }
        })
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_word_is_understood() {
        let given = |gateway: Option<[u8; 4]>, device: Option<&str>| Way::Given {
            client: Ipv4Addr::new(10, 0, 2, 15),
            gateway: gateway.map(Ipv4Addr::from),
            mask: Ipv4Addr::new(255, 255, 255, 0),
            device: device.map(str::to_owned),
        };
        assert_eq!(
            Way::parse("10.0.2.15::10.0.2.2:255.255.255.0::eth0:off").unwrap(),
            given(Some([10, 0, 2, 2]), Some("eth0"))
        );
        assert_eq!(
            Way::parse("10.0.2.15:::255.255.255.0").unwrap(),
            given(None, None)
        );
        for word in ["dhcp", "on", "any", "::::::dhcp"] {
            assert_eq!(Way::parse(word).unwrap(), Way::Lease { device: None });
        }
        let device = Some("eth1".to_owned());
        assert_eq!(Way::parse(":::::eth1:dhcp").unwrap(), Way::Lease { device });
        assert_eq!(Way::parse("off").unwrap(), Way::Off);
        let wrong = |word: &str| Way::parse(word).unwrap_err();
        assert!(wrong("10.0.0.1").contains("no netmask"));
        assert!(wrong("10.0.0.1:::255.0.255.0").contains("is no netmask"));
        assert!(wrong("10.0.0.x:::255.0.0.0").starts_with("'10.0.0.x' is no IPv4 address"));
        for word in ["", "bootp", ":::::eth0", "rarp"] {
            assert!(wrong(word).contains("understood here"), "{word}");
        }
    }

    #[test]
    fn cards_are_ethernet_or_as_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        assert!(cards(&root, None).is_empty());
        for (name, kind) in [("lo", "772"), ("eth1", "1"), ("eth0", "1")] {
            let folder = root.at(&format!("/sys/class/net/{name}"));
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("type"), format!("{kind}\n")).unwrap();
        }
        assert_eq!(cards(&root, None), ["eth0", "eth1"]);
        assert_eq!(cards(&root, Some("lo")), ["lo"]);
    }
}
