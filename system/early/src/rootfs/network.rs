//! An address for a network card before the system is there, as the kernel's word `ip=` has it
//! (`Documentation/admin-guide/nfs/nfsroot.rst`): `CLIENT:SERVER:GATEWAY:NETMASK:NAME:DEVICE`. All else is the system's own, once it is up.

use crate::system::{self, Card};
use common::reason;
use common::root::Root;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// How long a card and its carrier are waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the word says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    client: Ipv4Addr,
    gateway: Option<Ipv4Addr>,
    mask: Ipv4Addr,
    device: Option<String>,
}

fn parse(word: &str) -> Result<Wanted, String> {
    let fields: Vec<&str> = word.split(':').collect();
    let field = |at: usize| fields.get(at).copied().filter(|text| !text.is_empty());
    let address = |at: usize| {
        field(at)
            .map(|text| {
                text.parse::<Ipv4Addr>()
                    .map_err(|_| format!("'{text}' is no IPv4 address"))
            })
            .transpose()
    };
    let form = "CLIENT::GATEWAY:NETMASK::DEVICE is understood here, and no DHCP";
    let client = address(0)
        .map_err(|what| format!("{what}: {form}"))?
        .ok_or(form)?;
    let mask = address(3)?.ok_or_else(|| format!("it has no netmask: {form}"))?;
    if mask.to_bits().leading_ones() != mask.to_bits().count_ones() {
        return Err(format!("'{mask}' is no netmask"));
    }
    Ok(Wanted {
        client,
        gateway: address(2)?,
        mask,
        device: field(5).map(str::to_owned),
    })
}

/// Gives the card its address and waits for its carrier.
///
/// # Errors
/// What is wrong with the word, or which call failed.
pub fn up(root: &Root, word: &str) -> Result<(), String> {
    let wanted = parse(word)?;
    let end = Instant::now() + PATIENCE;
    let name = loop {
        match card(root, wanted.device.as_deref()) {
            Some(name) => break name,
            None if Instant::now() >= end => {
                return Err(match wanted.device {
                    Some(device) => format!("there is no network card '{device}'"),
                    None => "there is no network card".to_owned(),
                });
            }
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    let card = Card::new(&name).map_err(|error| reason(&error))?;
    let failed = |what: &'static str| {
        move |error: std::io::Error| format!("{name}: {what}: {}", reason(&error))
    };
    card.set_address(wanted.client)
        .map_err(failed.clone()("its address"))?;
    card.set_mask(wanted.mask)
        .map_err(failed.clone()("its netmask"))?;
    card.up().map_err(failed.clone()("setting it up"))?;
    if let Some(gateway) = wanted.gateway {
        card.add_gateway(gateway).map_err(failed("the gateway"))?;
    }
    while !carrier(root, card.name()) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// The card of that name, or the first that is not the loopback.
fn card(root: &Root, device: Option<&str>) -> Option<String> {
    let mut names: Vec<String> = std::fs::read_dir(root.at("/sys/class/net"))
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names.into_iter().find(|name| match device {
        Some(device) => name == device,
        None => {
            root.value(&format!("/sys/class/net/{name}/type"))
                .as_deref()
                == Some(system::ETHERNET)
        }
    })
}

fn carrier(root: &Root, name: &str) -> bool {
    root.value(&format!("/sys/class/net/{name}/carrier"))
        .as_deref()
        == Some("1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_word_is_understood() {
        let wanted = parse("10.0.2.15::10.0.2.2:255.255.255.0::eth0:off").unwrap();
        assert_eq!(wanted.client, Ipv4Addr::new(10, 0, 2, 15));
        assert_eq!(wanted.gateway, Some(Ipv4Addr::new(10, 0, 2, 2)));
        assert_eq!(wanted.mask, Ipv4Addr::new(255, 255, 255, 0));
        assert_eq!(wanted.device.as_deref(), Some("eth0"));
        assert_eq!(parse("10.0.0.1:::255.0.0.0").unwrap().device, None);
        assert!(parse("dhcp").unwrap_err().contains("no DHCP"));
        assert!(parse("10.0.0.1").unwrap_err().contains("no netmask"));
        assert!(
            parse("10.0.0.1:::255.0.255.0")
                .unwrap_err()
                .contains("no netmask")
        );
        assert!(parse("").unwrap_err().contains("understood"));
    }
}
