//! Addresses with a length, and addresses of the link layer, read and written.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address and how many of its bits name the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    pub address: IpAddr,
    pub length: u8,
}

impl Prefix {
    pub fn new(address: IpAddr, length: u8) -> Self {
        Self { address, length }
    }

    /// All addresses of a family.
    pub fn everything(v6: bool) -> Self {
        let address = match v6 {
            true => Ipv6Addr::UNSPECIFIED.into(),
            false => Ipv4Addr::UNSPECIFIED.into(),
        };
        Self::new(address, 0)
    }

    /// The address alone.
    pub fn host(address: IpAddr) -> Self {
        Self::new(address, bits(address))
    }

    pub fn is_v6(&self) -> bool {
        self.address.is_ipv6()
    }

    /// The network, its other bits zero.
    pub fn network(&self) -> Self {
        let address = match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.length.min(32)))
                    .unwrap_or(0);
                Ipv4Addr::from_bits(address.to_bits() & mask).into()
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.length.min(128)))
                    .unwrap_or(0);
                Ipv6Addr::from_bits(address.to_bits() & mask).into()
            }
        };
        Self::new(address, self.length)
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv6() == self.is_v6()
            && Self::new(address, self.length).network() == self.network()
    }

    /// The last address of an IPv4 network that has one for all (RFC 919); /31 and /32 have none (RFC 3021).
    pub fn broadcast(&self) -> Option<Ipv4Addr> {
        match self.address {
            IpAddr::V4(address) if self.length < 31 => {
                let hosts = u32::MAX.checked_shr(u32::from(self.length)).unwrap_or(0);
                Some(Ipv4Addr::from_bits(address.to_bits() | hosts))
            }
            _ => None,
        }
    }
}

/// How many bits an address has.
pub fn bits(address: IpAddr) -> u8 {
    if address.is_ipv6() { 128 } else { 32 }
}

impl FromStr for Prefix {
    type Err = String;

    /// `ADDRESS/LENGTH`, or an address alone, which is all of it.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no address with a length, as in 192.0.2.1/24");
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let length = match length {
            None => bits(address),
            Some(length) => length.parse().map_err(|_| wrong())?,
        };
        if length > bits(address) {
            return Err(format!(
                "'{text}' has a length of more than {}",
                bits(address)
            ));
        }
        Ok(Self::new(address, length))
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

/// An address of the link layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Of bytes, if they are six.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl FromStr for Mac {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no hardware address, as in 52:54:00:12:34:56");
        let mut bytes = [0; 6];
        let mut parts = text.split([':', '-']);
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() == 2);
            *byte = u8::from_str_radix(part.ok_or_else(wrong)?, 16).map_err(|_| wrong())?;
        }
        match parts.next() {
            None => Ok(Self(bytes)),
            Some(_) => Err(wrong()),
        }
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// Whether a name matches a pattern in which `*` is any text and `?` any character.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    // Where the last star is, and what of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        let prefix: Prefix = "192.0.2.77/26".parse().unwrap();
        assert_eq!(prefix.network().to_string(), "192.0.2.64/26");
        assert_eq!(prefix.broadcast(), "192.0.2.127".parse().ok());
        assert!(prefix.contains("192.0.2.65".parse().unwrap()));
        assert!(!prefix.contains("192.0.2.5".parse().unwrap()));
        let prefix: Prefix = "2001:db8:1::5/48".parse().unwrap();
        assert_eq!(prefix.network().to_string(), "2001:db8:1::/48");
        assert_eq!(
            Prefix::everything(false).broadcast(),
            "255.255.255.255".parse().ok()
        );
        assert!(Prefix::everything(true).contains("::1".parse().unwrap()));
        for wrong in ["1.2.3.4/33", "1.2.3/8", "::1/129", "1.2.3.4/", "x"] {
            wrong.parse::<Prefix>().unwrap_err();
        }
    }

    #[test]
    fn hardware_addresses() {
        let mac: Mac = "52:54:00:ab:CD:ef".parse().unwrap();
        assert_eq!(mac.to_string(), "52:54:00:ab:cd:ef");
        for wrong in [
            "",
            "1:2:3:4:5:6",
            "00:00:00:00:00",
            "00:00:00:00:00:00:00",
            "zz:00:00:00:00:00",
        ] {
            wrong.parse::<Mac>().unwrap_err();
        }
    }

    #[test]
    fn patterns() {
        assert!(matches("eth*", "eth0") && matches("*", "") && matches("e?h0", "eth0"));
        assert!(matches("*0*1", "0011") && matches("a*b*c", "aXbYbc"));
        assert!(!matches("eth*", "wlan0") && !matches("?", "") && !matches("a", "ab"));
    }
}
