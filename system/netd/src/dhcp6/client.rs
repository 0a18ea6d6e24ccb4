//! The state machine (RFC 8415, section 18.2): told what came and what time it is, it says what to send and what to use.

mod answer;
mod ask;
#[cfg(test)]
mod tests;

use super::lease::{Answer, Lease, Names};
use crate::random::Numbers;
use std::net::Ipv6Addr;

/// Milliseconds of section 7.6.
const SOLICIT_DELAY: u64 = 1000;
const SOLICIT_MAX: u64 = 3_600_000;
const CONFIRM_LIMIT: u64 = 10_000;
/// Seconds after which names are asked for anew: where the server does not say, and at least (RFC 8415, section 21.23).
const REFRESH: u32 = 86400;
const REFRESH_LEAST: u32 = 600;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The machine's (DUID).
    pub machine: Vec<u8>,
    /// The link's (IAID).
    pub link: u32,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    pub address: bool,
    /// A prefix to be delegated, of about this length.
    pub prefix: Option<u8>,
    /// Names, which come with all else too.
    pub names: bool,
}

impl Wish {
    fn leases(self) -> bool {
        self.address || self.prefix.is_some()
    }

    /// Whether anything is asked for.
    pub fn any(self) -> bool {
        self.leases() || self.names
    }
}

/// What happened. Times are milliseconds of one clock.
#[derive(Debug)]
pub enum Input<'a> {
    /// The link can be spoken on, and this is to be asked for.
    Up(Wish),
    /// It cannot.
    Down,
    /// A server's message.
    Message(&'a [u8]),
    /// Time has passed.
    Time,
    /// Somebody else on the link has this address.
    Taken(Ipv6Addr),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// To all servers on the link.
    Send(Vec<u8>),
    /// What is leased is to be used from now on. The server's message is to be kept for the next start, if it is any.
    Bound(Vec<u8>),
    /// It lasts longer now.
    Renewed(Vec<u8>),
    /// It may be used no longer, and what is kept is of no use.
    Lost,
    /// Servers of names are others.
    Named,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    /// The link cannot be spoken on, or nothing is asked for.
    Off,
    /// The time has not come to solicit.
    Waiting,
    /// The best offer yet.
    Soliciting(Option<Box<Answer>>),
    Requesting(Box<Lease>),
    /// Asked whether the addresses of before belong here.
    Confirming,
    /// Asked to have prefixes of before anew.
    Rebooting,
    Bound,
    Renewing,
    Rebinding,
    /// Names alone: not yet asked for, asked for, had.
    Delayed,
    Informing,
    Informed,
}

/// One link's client.
pub struct Client {
    identity: Identity,
    wish: Wish,
    state: State,
    transaction: u32,
    random: Numbers,
    /// When the exchange began.
    began: u64,
    /// When its first message left: what is given counts from then.
    asked: u64,
    tries: u32,
    /// The last pause between two messages.
    pause: u64,
    /// When it sends again, or the state ends.
    next: u64,
    lease: Option<(Lease, u64)>,
    names: Names,
    /// What came to nothing after it was asked for, one after the other.
    refusals: u32,
    solicit_max: u64,
    information_max: u64,
}

impl Client {
    /// `kept`: a server's message of before, and how many milliseconds ago it was asked for.
    pub fn new(identity: Identity, seed: u64, now: u64, kept: Option<(&[u8], u64)>) -> Self {
        let answer = kept.and_then(|(bytes, age)| {
            let message = super::Message::parse(bytes)?;
            Some((Answer::of(&message, identity.link)?, age))
        });
        let mut client = Self {
            identity,
            wish: Wish::default(),
            state: State::Off,
            transaction: 0,
            random: Numbers::new(seed),
            began: 0,
            asked: 0,
            tries: 0,
            pause: 0,
            next: u64::MAX,
            lease: None,
            names: Names::default(),
            refusals: 0,
            solicit_max: SOLICIT_MAX,
            information_max: SOLICIT_MAX,
        };
        if let Some((answer, age)) = answer
            && let Some(lease) = answer.lease
            // One that began before the clock did counts from its start, with so much less to last.
            && let Some(lease) = lease.after(age.saturating_sub(now))
        {
            client.lease = Some((lease, now.saturating_sub(age)));
            client.names = answer.names;
        }
        client
    }

    /// When [`Input::Time`] is to come; `None`: never.
    pub fn deadline(&self) -> Option<u64> {
        (self.next != u64::MAX).then_some(self.next)
    }

    /// The lease that is to be used, and when it was asked for.
    pub fn lease(&self) -> Option<(&Lease, u64)> {
        let used = matches!(
            self.state,
            State::Bound | State::Renewing | State::Rebinding
        );
        self.lease
            .as_ref()
            .filter(|_| used)
            .map(|(lease, from)| (lease, *from))
    }

    /// What was used before and may be still, while servers are asked.
    pub fn kept(&self) -> Option<(&Lease, u64)> {
        let asking = matches!(
            self.state,
            State::Off | State::Confirming | State::Rebooting | State::Requesting(_)
        );
        self.lease
            .as_ref()
            .filter(|_| asking)
            .map(|(lease, from)| (lease, *from))
    }

    /// Servers of names and domains.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Whether messages of servers are waited for.
    pub fn listens(&self) -> bool {
        !matches!(
            self.state,
            State::Off | State::Waiting | State::Bound | State::Delayed | State::Informed
        )
    }

    /// What it does, in a word.
    pub fn word(&self) -> &'static str {
        match self.state {
            State::Off => "off",
            State::Waiting | State::Delayed => "waiting",
            State::Soliciting(_) => "soliciting",
            State::Requesting(_) => "requesting",
            State::Confirming => "confirming",
            State::Rebooting => "rebooting",
            State::Bound => "bound",
            State::Renewing => "renewing",
            State::Rebinding => "rebinding",
            State::Informing => "informing",
            State::Informed => "informed",
        }
    }

    pub fn step(&mut self, now: u64, input: Input<'_>) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Up(wish) => self.up(now, wish, &mut effects),
            Input::Down => {
                // What is used stays until it ends: the carrier may be back at once.
                self.state = State::Off;
                self.next = self.ends().unwrap_or(u64::MAX);
            }
            Input::Message(bytes) => self.message(now, bytes, &mut effects),
            Input::Time if now >= self.next => self.time(now, &mut effects),
            Input::Time => {}
            Input::Taken(address) => self.taken(now, address, &mut effects),
        }
        effects
    }

    /// When the last of what is leased ends.
    fn ends(&self) -> Option<u64> {
        self.lease.as_ref().map(|(lease, from)| from + lease.lasts)
    }

    /// An exchange begins.
    fn begin(&mut self, now: u64, state: State) {
        self.transaction = (self.random.draw() >> 20) as u32 & 0xff_ffff;
        (self.began, self.asked) = (now, now);
        (self.tries, self.pause) = (0, 0);
        self.state = state;
    }

    fn up(&mut self, now: u64, wish: Wish, effects: &mut Vec<Effect>) {
        let more = wish != self.wish;
        self.wish = wish;
        let under_way = !matches!(
            self.state,
            State::Off | State::Delayed | State::Informing | State::Informed
        );
        if !more && self.state != State::Off || under_way && wish.leases() && self.lease.is_none() {
            return;
        }
        if !wish.any() {
            self.state = State::Off;
            self.next = self.ends().unwrap_or(u64::MAX);
            return;
        }
        if !wish.leases() {
            self.begin(now, State::Delayed);
            self.next = now + self.random.draw() % SOLICIT_DELAY;
            return;
        }
        match &self.lease {
            Some((lease, from)) if from + lease.lasts > now => {
                // Who has prefixes asks for them anew (section 18.2.12), and so does who wants what the lease has not.
                let all = (!wish.address || !lease.addresses.is_empty())
                    && (wish.prefix.is_none() || !lease.prefixes.is_empty());
                let state = match all && lease.prefixes.is_empty() {
                    true => State::Confirming,
                    false => State::Rebooting,
                };
                self.begin(now, state);
                self.send(now, effects);
            }
            _ => {
                if self.lease.take().is_some() {
                    effects.push(Effect::Lost);
                }
                let pause = self.random.draw() % SOLICIT_DELAY;
                self.wait(now, pause);
            }
        }
    }

    /// Solicits after some time.
    fn wait(&mut self, now: u64, pause: u64) {
        self.lease = None;
        self.begin(now, State::Waiting);
        self.next = now + pause;
    }

    fn lost(&mut self, now: u64, pause: u64, effects: &mut Vec<Effect>) {
        if self.lease.is_some() {
            effects.push(Effect::Lost);
        }
        self.wait(now, pause);
    }

    /// Begins anew after 1, 2, 4, ... 64 seconds, so that a server that refuses always is not asked always.
    fn refused(&mut self, now: u64, effects: &mut Vec<Effect>) {
        let pause = 1000 << self.refusals.min(6);
        self.refusals += 1;
        self.lost(now, pause, effects);
    }

    fn time(&mut self, now: u64, effects: &mut Vec<Effect>) {
        let over = self.ends().is_some_and(|ends| now >= ends);
        match &self.state {
            State::Off => {
                if over {
                    self.lease = None;
                    effects.push(Effect::Lost);
                }
                self.next = self.ends().unwrap_or(u64::MAX);
            }
            State::Waiting => {
                self.begin(now, State::Soliciting(None));
                self.send(now, effects);
            }
            State::Delayed | State::Informed => {
                self.begin(now, State::Informing);
                self.send(now, effects);
            }
            State::Soliciting(Some(best)) => {
                if let Some(lease) = best.lease.clone() {
                    self.begin(now, State::Requesting(Box::new(lease)));
                    self.send(now, effects);
                }
            }
            // Section 7.6, REQ_MAX_RC.
            State::Requesting(_) if self.tries >= 10 => self.lost(now, 0, effects),
            State::Confirming | State::Rebooting if over => self.lost(now, 0, effects),
            State::Confirming | State::Rebooting if now >= self.began + CONFIRM_LIMIT => {
                // Nobody answers: it may be used until it ends (section 18.2.3), and servers are asked on.
                match self.state {
                    State::Confirming => self.bound(now),
                    _ => {
                        self.begin(now, State::Rebinding);
                        self.send(now, effects);
                    }
                }
                effects.push(Effect::Bound(Vec::new()));
            }
            State::Bound | State::Renewing | State::Rebinding if over => self.lost(now, 0, effects),
            State::Bound => {
                self.begin(now, State::Renewing);
                self.send(now, effects);
            }
            State::Renewing => {
                let rebind = self
                    .lease
                    .as_ref()
                    .map_or(0, |(lease, from)| from + lease.rebind);
                if now >= rebind {
                    self.begin(now, State::Rebinding);
                }
                self.send(now, effects);
            }
            State::Soliciting(None)
            | State::Requesting(_)
            | State::Confirming
            | State::Rebooting
            | State::Rebinding
            | State::Informing => self.send(now, effects),
        }
    }

    /// Uses what is leased until it is to be renewed.
    fn bound(&mut self, now: u64) {
        self.state = State::Bound;
        self.next = self.lease.as_ref().map_or(u64::MAX, |(lease, from)| {
            // What lasts for ever is never renewed.
            match lease.renew {
                renew if renew >= u64::from(u32::MAX) * 1000 => u64::MAX,
                renew => (from + renew).max(now + 1),
            }
        });
    }
}
