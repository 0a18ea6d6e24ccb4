//! What a server's message, and what others have, do to a client.

use super::super::lease::{Answer, Lease, Names, status};
use super::super::message::{Kind, Message, option};
use super::{Client, Effect, REFRESH, REFRESH_LEAST, State};
use std::net::Ipv6Addr;

impl Client {
    pub(super) fn message(&mut self, now: u64, bytes: &[u8], effects: &mut Vec<Effect>) {
        let Some(message) = Message::parse(bytes).filter(|message| self.is_for_us(message)) else {
            return;
        };
        let Some(answer) = Answer::of(&message, self.identity.link) else {
            return;
        };
        let seconds = |seconds: Option<u32>, own: u64| {
            seconds.map_or(own, |seconds| u64::from(seconds) * 1000)
        };
        self.solicit_max = seconds(answer.solicit_max, self.solicit_max);
        self.information_max = seconds(answer.information_max, self.information_max);
        if message.kind == Kind::Advertise {
            self.advertised(now, answer, effects);
        } else {
            self.replied(now, answer, bytes, effects);
        }
    }

    fn is_for_us(&self, message: &Message<'_>) -> bool {
        self.listens()
            && message.transaction == self.transaction
            && message.options.get(option::CLIENT) == Some(&self.identity.machine)
    }

    /// What of an answer was asked for; `None`: nothing.
    fn wanted(&self, answer: &Answer) -> Option<Lease> {
        let mut lease = answer
            .lease
            .clone()
            .filter(|_| answer.status == status::SUCCESS)?;
        if !self.wish.address {
            lease.addresses.clear();
        }
        if self.wish.prefix.is_none() {
            lease.prefixes.clear();
        }
        (!lease.addresses.is_empty() || !lease.prefixes.is_empty()).then_some(lease)
    }

    /// An offer: the first with the highest preference is taken at once, else the best when the first pause is over
    /// (section 18.2.9), and after that the first that comes.
    fn advertised(&mut self, now: u64, mut answer: Answer, effects: &mut Vec<Effect>) {
        let State::Soliciting(best) = &self.state else {
            return;
        };
        let Some(lease) = self.wanted(&answer) else {
            return;
        };
        let worth = |answer: &Answer| {
            let lease = answer.lease.as_ref();
            let both = lease
                .is_some_and(|lease| !lease.addresses.is_empty() && !lease.prefixes.is_empty());
            (answer.preference, both)
        };
        let better = best
            .as_ref()
            .is_none_or(|best| worth(&answer) > worth(best));
        answer.lease = Some(lease.clone());
        if answer.preference == u8::MAX || self.tries > 1 {
            self.begin(now, State::Requesting(Box::new(lease)));
            self.send(now, effects);
        } else if better {
            self.state = State::Soliciting(Some(Box::new(answer)));
        }
    }

    fn replied(&mut self, now: u64, answer: Answer, bytes: &[u8], effects: &mut Vec<Effect>) {
        match &self.state {
            State::Soliciting(_) if answer.rapid => self.accept(now, &answer, bytes, effects),
            State::Requesting(offer) if offer.server == answer.server => match answer.status {
                status::NOT_ON_LINK => self.refused(now, effects),
                _ if self.wanted(&answer).is_none() => self.refused(now, effects),
                _ => self.accept(now, &answer, bytes, effects),
            },
            State::Confirming => match answer.status {
                status::SUCCESS => {
                    self.bound(now);
                    effects.push(Effect::Bound(Vec::new()));
                }
                status::NOT_ON_LINK => self.lost(now, 0, effects),
                _ => {}
            },
            State::Renewing | State::Rebinding | State::Rebooting => {
                let own = self
                    .lease
                    .as_ref()
                    .map(|(lease, _)| lease.server == answer.server);
                // A Renew is for the server that gave it alone.
                if self.state == State::Renewing && own != Some(true) {
                    return;
                }
                if answer.unknown
                    && let Some((lease, _)) = &self.lease
                {
                    // It knows nothing of it, and may give it all the same (section 18.2.10.1).
                    let mut lease = lease.clone();
                    lease.server.clone_from(&answer.server);
                    self.begin(now, State::Requesting(Box::new(lease)));
                    self.send(now, effects);
                } else {
                    self.accept(now, &answer, bytes, effects);
                }
            }
            State::Informing => {
                let seconds = answer.refresh.unwrap_or(REFRESH).max(REFRESH_LEAST);
                self.state = State::Informed;
                self.next = now + u64::from(seconds) * 1000;
                self.named(answer.names, effects);
            }
            _ => {}
        }
    }

    fn named(&mut self, names: Names, effects: &mut Vec<Effect>) {
        if names != self.names {
            self.names = names;
            effects.push(Effect::Named);
        }
    }

    fn accept(&mut self, now: u64, answer: &Answer, bytes: &[u8], effects: &mut Vec<Effect>) {
        let Some(lease) = self.wanted(answer) else {
            return;
        };
        let renewed = matches!(self.state, State::Renewing | State::Rebinding);
        let same = self
            .lease
            .as_ref()
            .is_some_and(|(own, _)| own.gives_the_same(&lease));
        self.lease = Some((lease, self.asked));
        self.refusals = 0;
        self.bound(now);
        effects.push(match renewed && same {
            true => Effect::Renewed(bytes.to_vec()),
            false => Effect::Bound(bytes.to_vec()),
        });
        self.named(answer.names.clone(), effects);
    }

    /// Somebody else has an address: the server is told (section 18.2.8), and asked for another.
    pub(super) fn taken(&mut self, now: u64, address: Ipv6Addr, effects: &mut Vec<Effect>) {
        let Some((lease, _)) = &self.lease else {
            return;
        };
        let Some(one) = lease
            .addresses
            .iter()
            .find(|one| one.what == address)
            .cloned()
        else {
            return;
        };
        let server = lease.server.clone();
        if self.state != State::Off {
            self.begin(now, State::Waiting);
            let mut message = self.head(Kind::Decline, now);
            message.put(option::SERVER, &server);
            self.put_addresses(&mut message, &[one]);
            effects.push(Effect::Send(message.0));
        }
        self.refused(now, effects);
    }
}
