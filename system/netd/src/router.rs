//! What routers say of names (RFC 8106): the kernel takes the rest of an advertisement and hands these options on
//! (`RTM_NEWNDUSEROPT`, `include/uapi/linux/rtnetlink.h`).

use crate::configuration::Contribution;
use crate::dhcp4::message::names;
use crate::netlink::Message;
use crate::netlink::constants::{AF_INET6, RTM_NEWNDUSEROPT};
use std::net::{IpAddr, Ipv6Addr};

/// Options of servers and of domains.
const SERVERS: u8 = 25;
const DOMAINS: u8 = 31;
/// So many of each are kept for a link: no router has reason for more.
const MOST: usize = 8;

/// A server or a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    Server(Ipv6Addr),
    Domain(String),
}

/// What one message says: the link, how many seconds it holds, and what.
pub fn parse(message: &Message<'_>) -> Option<(u32, u32, Vec<Name>)> {
    if message.kind != RTM_NEWNDUSEROPT {
        return None;
    }
    // `struct nduseroptmsg`, then the options, of units of 8 bytes.
    let (head, rest) = message.body.split_at_checked(16)?;
    let length = usize::from(u16::from_ne_bytes([head[2], head[3]]));
    let index = u32::from_ne_bytes([head[4], head[5], head[6], head[7]]);
    if head[0] != AF_INET6 {
        return None;
    }
    let option = rest.get(..length)?;
    let units = usize::from(*option.get(1)?);
    let option = option
        .get(..units * 8)
        .filter(|option| option.len() >= 16)?;
    let seconds = u32::from_be_bytes([option[4], option[5], option[6], option[7]]);
    let all = match option[0] {
        SERVERS => option[8..]
            .chunks_exact(16)
            .filter_map(|bytes| bytes.first_chunk::<16>())
            .map(|bytes| Ipv6Addr::from(*bytes))
            .filter(|server| !server.is_multicast() && !server.is_unspecified())
            .map(Name::Server)
            .collect(),
        DOMAINS => names(&option[8..]).into_iter().map(Name::Domain).collect(),
        _ => return None,
    };
    Some((index, seconds, all))
}

/// What holds now, of all links.
#[derive(Debug, Default)]
pub struct Router(Vec<(u32, Name, u64)>);

impl Router {
    /// Takes what was said; whether it is news.
    pub fn hear(&mut self, message: &Message<'_>, now: u64) -> bool {
        let Some((index, seconds, all)) = parse(message) else {
            return false;
        };
        let mut news = false;
        for name in all {
            let until = match seconds {
                u32::MAX => u64::MAX,
                seconds => now + u64::from(seconds) * 1000,
            };
            let same = |(of, known, _): &(u32, Name, u64)| *of == index && *known == name;
            let at = self.0.iter().position(same);
            let count = self.0.iter().filter(|(of, ..)| *of == index).count();
            match at {
                Some(at) if seconds == 0 => {
                    self.0.remove(at);
                    news = true;
                }
                Some(at) => self.0[at].2 = until,
                None if seconds > 0 && count < 2 * MOST => {
                    self.0.push((index, name, until));
                    news = true;
                }
                None => {}
            }
        }
        news
    }

    /// When something ends.
    pub fn deadline(&self) -> Option<u64> {
        let ends = self.0.iter().map(|(_, _, until)| *until);
        ends.filter(|until| *until != u64::MAX).min()
    }

    /// Forgets what has ended, and what is of links that are not there; whether there was any.
    pub fn forget(&mut self, now: u64, there: impl Fn(u32) -> bool) -> bool {
        let before = self.0.len();
        self.0
            .retain(|(index, _, until)| *until > now && there(*index));
        self.0.len() != before
    }

    /// What a link's routers add.
    pub fn contribution(&self, index: u32, link: &str) -> Option<Contribution> {
        let mut all = Contribution {
            link: link.to_owned(),
            source: format!("{link}, by its router"),
            ..Contribution::default()
        };
        for (_, name, _) in self.0.iter().filter(|(of, ..)| *of == index) {
            match name {
                Name::Server(server) if all.servers.len() < MOST => {
                    all.servers.push(IpAddr::V6(*server));
                }
                Name::Domain(domain) if all.domains.len() < MOST => {
                    all.domains.push(domain.clone());
                }
                _ => {}
            }
        }
        (!all.servers.is_empty() || !all.domains.is_empty()).then_some(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn body(option: &[u8]) -> Vec<u8> {
        let mut body = vec![AF_INET6, 0];
        body.extend_from_slice(&u16::try_from(option.len()).unwrap().to_ne_bytes());
        body.extend_from_slice(&3u32.to_ne_bytes());
        body.extend_from_slice(&[134, 0, 0, 0, 0, 0, 0, 0]);
        body.extend_from_slice(option);
        body
    }

    fn message(body: &[u8]) -> Message<'_> {
        Message {
            kind: RTM_NEWNDUSEROPT,
            flags: 0,
            sequence: 0,
            body,
        }
    }

    #[test]
    fn servers_and_domains_come_and_go() {
        let server: Ipv6Addr = "2001:db8::53".parse().unwrap();
        let mut option = vec![SERVERS, 3, 0, 0, 0, 0, 0, 60];
        option.extend_from_slice(&server.octets());
        let mut router = Router::default();
        let bytes = body(&option);
        assert!(router.hear(&message(&bytes), 1000));
        assert!(!router.hear(&message(&bytes), 2000), "no news");
        let mut domain = vec![DOMAINS, 2, 0, 0, 255, 255, 255, 255, 3, b'o', b'r', b'g', 0];
        domain.resize(16, 0);
        assert!(router.hear(&message(&body(&domain)), 2000));
        let all = router.contribution(3, "eth0").unwrap();
        assert_eq!(all.servers, [IpAddr::V6(server)]);
        assert_eq!(all.domains, ["org"]);
        assert!(router.contribution(4, "eth1").is_none());
        assert_eq!(router.deadline(), Some(62_000));
        assert!(router.forget(62_000, |_| true));
        assert_eq!(
            router.contribution(3, "eth0").unwrap().servers,
            [] as [IpAddr; 0]
        );
        domain[4..8].fill(0);
        assert!(
            router.hear(&message(&body(&domain)), 3000),
            "0 seconds takes it back"
        );
        assert!(router.contribution(3, "eth0").is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn no_option_leads_astray(option in proptest::collection::vec(any::<u8>(), 0..120), kind in 0u8..3, units in 0u8..16, cut in 0usize..140) {
            let mut option = option;
            if option.len() > 1 {
                option[0] = [SERVERS, DOMAINS, 5][usize::from(kind)];
                option[1] = units;
            }
            let mut bytes = body(&option);
            bytes.truncate(cut);
            let mut router = Router::default();
            router.hear(&message(&bytes), 0);
            prop_assert!(router.0.len() <= 2 * MOST);
        }
    }
}
