//! What a client sends, and when again (RFC 8415, sections 15 and 18.2).

use super::super::lease::{Given, Lease};
use super::super::message::{Builder, Kind, option};
use super::{Client, Effect, State};
use crate::address::Prefix;
use std::net::{IpAddr, Ipv6Addr};

/// Milliseconds of section 7.6: the first pause, and the longest; 0: any.
const SOLICIT: u64 = 1000;
const REQUEST: (u64, u64) = (1000, 30_000);
const CONFIRM: (u64, u64) = (1000, 4000);
const RENEW: (u64, u64) = (10_000, 600_000);
const INFORMATION: u64 = 1000;

impl Client {
    /// Sends what the state says, and says when again.
    pub(super) fn send(&mut self, now: u64, effects: &mut Vec<Effect>) {
        let own = self.lease.as_ref().map(|(lease, _)| lease.clone());
        let (kind, (first, most)) = match &self.state {
            State::Soliciting(_) => (Kind::Solicit, (SOLICIT, self.solicit_max)),
            State::Requesting(_) => (Kind::Request, REQUEST),
            State::Confirming => (Kind::Confirm, CONFIRM),
            State::Rebooting => (Kind::Rebind, CONFIRM),
            State::Renewing => (Kind::Renew, RENEW),
            State::Rebinding => (Kind::Rebind, RENEW),
            State::Informing => (Kind::Information, (INFORMATION, self.information_max)),
            _ => return,
        };
        let mut message = self.head(kind, now);
        match &self.state {
            State::Soliciting(_) => {
                message.put(option::RAPID, &[]);
                self.associations(&mut message, None);
            }
            State::Requesting(offer) => {
                message.put(option::SERVER, &offer.server);
                self.associations(&mut message, Some(offer));
            }
            State::Renewing => {
                if let Some(own) = &own {
                    message.put(option::SERVER, &own.server);
                }
                self.associations(&mut message, own.as_ref());
            }
            State::Confirming => {
                if let Some(own) = &own {
                    self.put_addresses(&mut message, &own.addresses);
                }
            }
            State::Rebooting | State::Rebinding => self.associations(&mut message, own.as_ref()),
            _ => {}
        }
        if kind != Kind::Confirm {
            let mut wanted = vec![
                option::DNS,
                option::SEARCH,
                option::NTP,
                option::SOLICIT_MAX,
            ];
            if kind == Kind::Information {
                wanted = vec![
                    option::DNS,
                    option::SEARCH,
                    option::REFRESH,
                    option::NTP,
                    option::INFORMATION_MAX,
                ];
            }
            let wanted: Vec<u8> = wanted.into_iter().flat_map(u16::to_be_bytes).collect();
            message.put(option::REQUESTED, &wanted);
        }
        effects.push(Effect::Send(message.0));
        self.tries += 1;
        // Section 15. The first pause of a Solicit is longer than the second it stands for, never shorter (18.2.1).
        let base = if self.pause == 0 {
            first
        } else {
            2 * self.pause
        };
        let base = if base > most { most } else { base };
        let tenth = (base / 10).max(1);
        let shift = self.random.draw() % (2 * tenth);
        self.pause = match (kind, self.tries) {
            (Kind::Solicit, 1) => base + shift / 2 + 1,
            _ => base - tenth + shift,
        };
        self.next = now + self.pause;
        // A state that ends before that is looked at when it does.
        if let Some((lease, from)) = &self.lease {
            let end = match self.state {
                State::Renewing => from + lease.rebind,
                State::Rebinding => from + lease.lasts,
                State::Confirming | State::Rebooting => self.began + super::CONFIRM_LIMIT,
                _ => u64::MAX,
            };
            self.next = self.next.min(end.max(now + 1));
        }
    }

    /// What every message has: who, and how long it has been trying, in hundredths of a second.
    pub(super) fn head(&self, kind: Kind, now: u64) -> Builder {
        let mut message = Builder::new(kind, self.transaction);
        message.put(option::CLIENT, &self.identity.machine);
        let elapsed = u16::try_from(now.saturating_sub(self.began) / 10).unwrap_or(u16::MAX);
        message.put(option::ELAPSED, &elapsed.to_be_bytes());
        message
    }

    /// All that is wanted, with what is had or offered of it.
    fn associations(&self, message: &mut Builder, lease: Option<&Lease>) {
        if self.wish.address || lease.is_some_and(|lease| !lease.addresses.is_empty()) {
            let none = Vec::new();
            self.put_addresses(message, lease.map_or(&none, |lease| &lease.addresses));
        }
        let hint = self.wish.prefix.map(|length| Given {
            what: Prefix::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), length),
            preferred: 0,
            valid: 0,
        });
        let had = lease.map(|lease| &lease.prefixes[..]).unwrap_or_default();
        if hint.is_none() && had.is_empty() {
            return;
        }
        let mut inner = self.association();
        let hint = hint.as_ref().filter(|_| had.is_empty());
        for one in had.iter().chain(hint) {
            let mut value = Vec::with_capacity(25);
            value.extend_from_slice(&one.preferred.to_be_bytes());
            value.extend_from_slice(&one.valid.to_be_bytes());
            value.push(one.what.length);
            if let IpAddr::V6(address) = one.what.address {
                value.extend_from_slice(&address.octets());
            }
            inner.put(option::PREFIX, &value);
        }
        message.put(option::IA_PD, &inner.0);
    }

    /// The beginning of an association: its number, and times that are the server's to choose.
    fn association(&self) -> Builder {
        let mut inner = Builder(self.identity.link.to_be_bytes().to_vec());
        inner.0.extend_from_slice(&[0; 8]);
        inner
    }

    pub(super) fn put_addresses(&self, message: &mut Builder, addresses: &[Given<Ipv6Addr>]) {
        let mut inner = self.association();
        for one in addresses {
            let mut value = one.what.octets().to_vec();
            value.extend_from_slice(&one.preferred.to_be_bytes());
            value.extend_from_slice(&one.valid.to_be_bytes());
            inner.put(option::ADDRESS, &value);
        }
        message.put(option::IA_NA, &inner.0);
    }
}
