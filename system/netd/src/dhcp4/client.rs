//! The state machine (RFC 2131, section 4.4): told what came and what time it is, it says what to send and what to use.

mod answer;
#[cfg(test)]
mod tests;

use super::lease::Lease;
use super::message::{Kind, Message, Request};
use crate::address::Mac;
use crate::random::Numbers;
use std::net::{IpAddr, Ipv4Addr};

/// What happened. Times are milliseconds of one clock.
#[derive(Debug)]
pub enum Input<'a> {
    /// The link can be spoken on: with carrier, or anew.
    Up,
    /// It cannot.
    Down,
    /// A server's message, with its bytes.
    Message(&'a Message, &'a [u8]),
    /// Time has passed.
    Time,
    /// Nobody else has the address that was asked about.
    Free,
    /// Somebody has.
    Taken,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// To everybody on the link, from nobody.
    Broadcast(Vec<u8>),
    /// To the server, by its address and from ours.
    Unicast(Vec<u8>, Ipv4Addr),
    /// Ask whether somebody has it (RFC 5227): then [`Input::Free`] or [`Input::Taken`] is to come.
    Probe(Ipv4Addr),
    /// Use it from now on. Its bytes are to be kept for the next start.
    Bound(Vec<u8>),
    /// It lasts longer now.
    Renewed(Vec<u8>),
    /// It may be used no longer.
    Lost,
    /// What is kept is of no use.
    Forget,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    /// The link cannot be spoken on.
    Off,
    /// Until then nothing is sent.
    Waiting(u64),
    Selecting,
    /// An offer was taken.
    Requesting(Lease),
    /// Asked whether what is kept still holds.
    Rebooting,
    Probing(Vec<u8>),
    Bound,
    Renewing,
    Rebinding,
}

/// One link's client.
pub struct Client {
    mac: Mac,
    hostname: String,
    conflicts: bool,
    state: State,
    transaction: u32,
    random: Numbers,
    /// When the exchange began.
    began: u64,
    /// When the state first asked: what is given counts from then (section 4.4.1).
    asked: u64,
    tries: u32,
    /// When it sends again, or the state ends.
    next: u64,
    /// What is used, or was before the link went, and when it was asked for.
    lease: Option<(Lease, u64)>,
    /// Refusals one after the other.
    refusals: u32,
}

impl Client {
    /// `kept`: a lease of before, and when it was asked for.
    pub fn new(
        mac: Mac,
        hostname: &str,
        conflicts: bool,
        seed: u64,
        kept: Option<(Lease, u64)>,
    ) -> Self {
        Self {
            mac,
            hostname: hostname.to_owned(),
            conflicts,
            state: State::Off,
            transaction: 0,
            random: Numbers::new(seed),
            began: 0,
            asked: 0,
            tries: 0,
            next: u64::MAX,
            lease: kept,
            refusals: 0,
        }
    }

    /// When [`Input::Time`] is to come; `None`: never.
    pub fn deadline(&self) -> Option<u64> {
        (self.next != u64::MAX).then_some(self.next)
    }

    /// The lease that is to be used, and until when.
    pub fn lease(&self) -> Option<(&Lease, u64)> {
        let used = matches!(
            self.state,
            State::Bound | State::Renewing | State::Rebinding
        );
        let (lease, from) = self.lease.as_ref().filter(|_| used)?;
        Some((lease, from + lease.lasts))
    }

    /// What was used before and may be still, while the server is asked.
    pub fn kept(&self) -> Option<(&Lease, u64)> {
        let asking = matches!(self.state, State::Rebooting | State::Off);
        let (lease, from) = self.lease.as_ref().filter(|_| asking)?;
        Some((lease, from + lease.lasts))
    }

    /// Whether packets of servers are waited for.
    pub fn listens(&self) -> bool {
        !matches!(
            self.state,
            State::Off | State::Waiting(_) | State::Bound | State::Probing(_)
        )
    }

    /// What it does, in a word.
    pub fn word(&self) -> &'static str {
        match self.state {
            State::Off => "off",
            State::Waiting(_) => "waiting",
            State::Selecting => "selecting",
            State::Requesting(_) => "requesting",
            State::Rebooting => "rebooting",
            State::Probing(_) => "probing",
            State::Bound => "bound",
            State::Renewing => "renewing",
            State::Rebinding => "rebinding",
        }
    }

    pub fn step(&mut self, now: u64, input: Input<'_>) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Down => {
                // What is used stays until the lease ends: the carrier may be back at once.
                self.state = State::Off;
                self.next = self
                    .lease
                    .as_ref()
                    .map_or(u64::MAX, |(lease, from)| from + lease.lasts);
            }
            Input::Up => self.up(now, &mut effects),
            Input::Time if now >= self.next => self.time(now, &mut effects),
            Input::Time => {}
            Input::Message(message, bytes) => self.message(now, message, bytes, &mut effects),
            Input::Free => {
                if let State::Probing(bytes) = &self.state {
                    let bytes = bytes.clone();
                    self.bind(now, bytes, &mut effects);
                }
            }
            Input::Taken => self.taken(now, &mut effects),
        }
        effects
    }

    fn begin(&mut self, now: u64) {
        self.transaction = self.random.draw() as u32;
        self.began = now;
        self.tries = 0;
    }

    fn up(&mut self, now: u64, effects: &mut Vec<Effect>) {
        self.begin(now);
        match &self.lease {
            Some((lease, from)) if from + lease.lasts > now => {
                self.state = State::Rebooting;
            }
            _ => {
                self.lease = None;
                self.state = State::Selecting;
            }
        }
        self.send(now, effects);
    }

    /// From the beginning, after some time.
    fn again(&mut self, now: u64, pause: u64) {
        self.lease = None;
        self.begin(now);
        self.state = State::Waiting(now + pause);
        self.next = now + pause;
    }

    fn time(&mut self, now: u64, effects: &mut Vec<Effect>) {
        let ends = self.lease.as_ref().map(|(lease, from)| from + lease.lasts);
        let over = ends.is_some_and(|ends| now >= ends);
        match &self.state {
            State::Off => {
                if over {
                    self.lease = None;
                    effects.extend([Effect::Lost, Effect::Forget]);
                }
                self.next = ends.filter(|_| !over).unwrap_or(u64::MAX);
            }
            State::Waiting(_) => {
                self.state = State::Selecting;
                self.send(now, effects);
            }
            State::Requesting(_) if self.tries >= 4 => self.again(now, 0),
            State::Rebooting if self.tries >= 3 || over => {
                // Nobody answers: the lease may be used until it ends (RFC 2131, 3.2), and servers are asked on.
                match ends.filter(|_| !over) {
                    Some(_) => {
                        self.state = State::Rebinding;
                        self.send(now, effects);
                        effects.push(Effect::Bound(Vec::new()));
                    }
                    None => {
                        effects.extend([Effect::Lost, Effect::Forget]);
                        self.again(now, 0);
                    }
                }
            }
            State::Bound | State::Renewing | State::Rebinding if over => {
                effects.extend([Effect::Lost, Effect::Forget]);
                self.again(now, 0);
            }
            State::Bound => {
                self.begin(now);
                self.state = State::Renewing;
                self.send(now, effects);
            }
            State::Renewing => {
                let rebind = self
                    .lease
                    .as_ref()
                    .map_or(0, |(lease, from)| from + lease.rebind);
                if now >= rebind {
                    self.begin(now);
                    self.state = State::Rebinding;
                }
                self.send(now, effects);
            }
            State::Probing(_) => self.next = u64::MAX,
            State::Selecting | State::Requesting(_) | State::Rebooting | State::Rebinding => {
                self.send(now, effects);
            }
        }
    }

    /// Sends what the state says, and says when again.
    fn send(&mut self, now: u64, effects: &mut Vec<Effect>) {
        if self.tries == 0 {
            self.asked = now;
        }
        let mut request = Request {
            kind: Kind::Request,
            transaction: self.transaction,
            seconds: u16::try_from(now.saturating_sub(self.began) / 1000).unwrap_or(u16::MAX),
            client: Ipv4Addr::UNSPECIFIED,
            mac: self.mac,
            wanted: None,
            server: None,
            hostname: self.hostname.clone(),
            rapid: false,
        };
        let own = self
            .lease
            .as_ref()
            .map(|(lease, from)| (address(lease), lease.clone(), *from));
        // 4, 8, 16, 32, 64 seconds, one more or less (section 4.1).
        let usual = (4000 << self.tries.min(4)) - 1000 + self.random.draw() % 2000;
        let mut pause = usual;
        match (&self.state, own) {
            (State::Selecting, _) => {
                request.kind = Kind::Discover;
                request.rapid = true;
                effects.push(Effect::Broadcast(request.bytes()));
            }
            (State::Requesting(offer), _) => {
                request.wanted = Some(address(offer));
                request.server = Some(offer.server);
                effects.push(Effect::Broadcast(request.bytes()));
            }
            (State::Rebooting, Some((own, ..))) => {
                request.wanted = Some(own);
                pause = 1000 << self.tries.min(2);
                effects.push(Effect::Broadcast(request.bytes()));
            }
            (State::Renewing, Some((own, lease, from))) => {
                request.client = own;
                effects.push(Effect::Unicast(request.bytes(), lease.server));
                // Half of what is left until the next state, but a minute at least where there is one.
                pause = half(from + lease.rebind, now);
            }
            (State::Rebinding, Some((own, lease, from))) => {
                request.client = own;
                effects.push(Effect::Broadcast(request.bytes()));
                pause = half(from + lease.lasts, now);
            }
            _ => {}
        }
        self.tries += 1;
        self.next = now + pause;
    }
}

fn half(until: u64, now: u64) -> u64 {
    let left = until.saturating_sub(now);
    (left / 2).max(60_000).min(left.max(500))
}

fn address(lease: &Lease) -> Ipv4Addr {
    match lease.prefix.address {
        IpAddr::V4(address) => address,
        IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    }
}
