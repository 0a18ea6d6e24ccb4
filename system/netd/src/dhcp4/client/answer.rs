//! What a server's message, and what others have, do to a client.

use super::super::lease::Lease;
use super::super::message::{Kind, Message, Request, option};
use super::{Client, Effect, State, address};
use std::net::Ipv4Addr;

impl Client {
    pub(super) fn message(
        &mut self,
        now: u64,
        message: &Message,
        bytes: &[u8],
        effects: &mut Vec<Effect>,
    ) {
        if message.transaction != self.transaction || message.mac != self.mac || !self.listens() {
            return;
        }
        if message.kind == Kind::Nak {
            self.refused(now, message, effects);
            return;
        }
        let Some(lease) = Lease::of(message) else {
            return;
        };
        match (&self.state, message.kind) {
            (State::Selecting, Kind::Offer) => {
                self.state = State::Requesting(lease);
                self.tries = 0;
                self.send(now, effects);
            }
            (State::Selecting, Kind::Ack) if message.option(option::RAPID).is_some() => {
                self.acknowledged(now, lease, bytes, effects);
            }
            (State::Requesting(offer), Kind::Ack)
                if offer.server == lease.server && address(offer) == address(&lease) =>
            {
                self.acknowledged(now, lease, bytes, effects);
            }
            (State::Rebooting | State::Renewing | State::Rebinding, Kind::Ack) => {
                let same = self
                    .lease
                    .as_ref()
                    .is_some_and(|(own, _)| address(own) == address(&lease));
                if !same {
                    return;
                }
                let first = self.state == State::Rebooting;
                self.lease = Some((lease, self.asked));
                // It was ours: nobody is asked.
                self.bound(now, first, bytes.to_vec(), effects);
            }
            _ => {}
        }
    }

    fn acknowledged(&mut self, now: u64, lease: Lease, bytes: &[u8], effects: &mut Vec<Effect>) {
        let own = address(&lease);
        self.lease = Some((lease, self.asked));
        if self.conflicts {
            self.state = State::Probing(bytes.to_vec());
            self.next = u64::MAX;
            effects.push(Effect::Probe(own));
        } else {
            self.bind(now, bytes.to_vec(), effects);
        }
    }

    pub(super) fn bind(&mut self, now: u64, bytes: Vec<u8>, effects: &mut Vec<Effect>) {
        self.bound(now, true, bytes, effects);
    }

    fn bound(&mut self, _now: u64, first: bool, bytes: Vec<u8>, effects: &mut Vec<Effect>) {
        self.state = State::Bound;
        self.refusals = 0;
        self.next = self
            .lease
            .as_ref()
            .map_or(u64::MAX, |(lease, from)| from + lease.renew);
        effects.push(match first {
            true => Effect::Bound(bytes),
            false => Effect::Renewed(bytes),
        });
    }

    /// A refusal: begin anew, at once the first time, then later and later, so that a server that refuses always is not
    /// asked always.
    fn refused(&mut self, now: u64, message: &Message, effects: &mut Vec<Effect>) {
        let server = message.address_of(option::SERVER);
        match &self.state {
            // It is the chosen server's to refuse, not a stranger's.
            State::Requesting(offer) if server != Some(offer.server) => return,
            State::Renewing if server != self.lease.as_ref().map(|(lease, _)| lease.server) => {
                return;
            }
            State::Selecting => return,
            _ => {}
        }
        if self.lease.is_some() {
            effects.extend([Effect::Lost, Effect::Forget]);
        }
        let pause = match self.refusals {
            0 => 0,
            refusals => 1000 << (refusals - 1).min(6),
        };
        self.refusals += 1;
        self.again(now, pause);
    }

    /// Somebody else has the address: the server is told, and asked again after a while (section 3.1, 5).
    pub(super) fn taken(&mut self, now: u64, effects: &mut Vec<Effect>) {
        let Some((lease, _)) = self.lease.take() else {
            return;
        };
        if self.state == State::Off {
            return;
        }
        let used = !matches!(self.state, State::Probing(_));
        let request = Request {
            kind: Kind::Decline,
            transaction: self.transaction,
            seconds: 0,
            client: Ipv4Addr::UNSPECIFIED,
            mac: self.mac,
            wanted: Some(address(&lease)),
            server: Some(lease.server),
            hostname: String::new(),
            rapid: false,
        };
        effects.push(Effect::Broadcast(request.bytes()));
        if used {
            effects.push(Effect::Lost);
        }
        effects.push(Effect::Forget);
        self.again(now, 10_000);
    }
}
