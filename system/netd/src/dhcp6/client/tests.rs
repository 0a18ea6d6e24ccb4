mod any;

use super::super::lease::status;
use super::super::message::{Builder, Kind, Options, option};
use super::*;

use std::net::IpAddr;

const MACHINE: [u8; 10] = [0, 3, 0, 1, 2, 0, 0, 0, 0, 1];
const SERVER: [u8; 10] = [0, 3, 0, 1, 2, 0, 0, 0, 0, 9];
const LINK: u32 = 7;

fn identity() -> Identity {
    Identity {
        machine: MACHINE.to_vec(),
        link: LINK,
    }
}

fn client() -> Client {
    Client::new(identity(), 5, 0, None)
}

const ADDRESS: Wish = Wish {
    address: true,
    prefix: None,
    names: false,
};
const BOTH: Wish = Wish {
    address: true,
    prefix: Some(56),
    names: false,
};

fn ours() -> Ipv6Addr {
    "2001:db8::50".parse().unwrap()
}

/// What a server says.
struct Says {
    kind: Kind,
    server: [u8; 10],
    /// T1, T2, preferred and valid of addresses and of prefixes.
    times: [u32; 4],
    addresses: Vec<Ipv6Addr>,
    prefixes: Vec<(Ipv6Addr, u8)>,
    status: u16,
    inner: u16,
    more: Vec<(u16, Vec<u8>)>,
}

impl Says {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            server: SERVER,
            times: [100, 200, 300, 400],
            addresses: vec![ours()],
            prefixes: Vec::new(),
            status: status::SUCCESS,
            inner: status::SUCCESS,
            more: Vec::new(),
        }
    }

    /// As an answer to what was sent.
    fn to(&self, request: &[u8]) -> Vec<u8> {
        let transaction = u32::from_be_bytes([0, request[1], request[2], request[3]]);
        let mut message = Builder::new(self.kind, transaction);
        message.put(option::CLIENT, &MACHINE);
        message.put(option::SERVER, &self.server);
        if self.status != status::SUCCESS {
            message.put(option::STATUS, &self.status.to_be_bytes());
        }
        let [t1, t2, preferred, valid] = self.times.map(u32::to_be_bytes);
        let association = || Builder([&LINK.to_be_bytes()[..], &t1, &t2].concat());
        let mut inner = association();
        for address in &self.addresses {
            inner.put(
                option::ADDRESS,
                &[&address.octets()[..], &preferred, &valid].concat(),
            );
        }
        if self.inner != status::SUCCESS {
            inner.put(option::STATUS, &self.inner.to_be_bytes());
        }
        message.put(option::IA_NA, &inner.0);
        let mut inner = association();
        for (prefix, length) in &self.prefixes {
            inner.put(
                option::PREFIX,
                &[&preferred[..], &valid, &[*length], &prefix.octets()].concat(),
            );
        }
        message.put(option::IA_PD, &inner.0);
        for (number, value) in &self.more {
            message.put(*number, value);
        }
        message.0
    }
}

fn sent(effects: &[Effect]) -> Vec<u8> {
    match effects
        .iter()
        .find(|effect| matches!(effect, Effect::Send(_)))
    {
        Some(Effect::Send(bytes)) => bytes.clone(),
        _ => panic!("nothing was sent: {effects:?}"),
    }
}

fn options(bytes: &[u8]) -> Options<'_> {
    Options::new(&bytes[4..]).expect("whole options")
}

/// Goes to when something is due.
fn due(client: &mut Client, now: &mut u64) -> Vec<Effect> {
    *now = client.deadline().expect("it waits for ever").max(*now);
    client.step(*now, Input::Time)
}

/// To the lease, in two round trips, with an offer that nothing can be better than.
fn bound(client: &mut Client, now: &mut u64, wish: Wish, says: &mut Says) {
    assert_eq!(client.step(*now, Input::Up(wish)), []);
    let solicit = sent(&due(client, now));
    assert_eq!(solicit[0], 1);
    says.kind = Kind::Advertise;
    says.more = vec![(option::PREFERENCE, vec![255])];
    let request = sent(&client.step(*now, Input::Message(&says.to(&solicit))));
    assert_eq!(request[0], 3);
    assert_eq!(
        options(&request).get(option::SERVER),
        Some(&says.server[..])
    );
    says.kind = Kind::Reply;
    says.more.clear();
    let reply = says.to(&request);
    let effects = client.step(*now, Input::Message(&reply));
    assert_eq!(effects, [Effect::Bound(reply)]);
    assert!(!client.listens(), "nothing is waited for while all is well");
}

#[test]
fn an_address_is_got_renewed_rebound_and_lost() {
    let (mut client, mut now) = (client(), 0);
    let mut says = Says::new(Kind::Reply);
    bound(&mut client, &mut now, ADDRESS, &mut says);
    let start = now;
    let (lease, from) = client.lease().unwrap();
    assert_eq!((lease.addresses[0].what, from), (ours(), start));
    assert_eq!(client.deadline(), Some(start + 100_000));
    let renew = sent(&due(&mut client, &mut now));
    assert_eq!(renew[0], 5);
    // A stranger's answer to a Renew is none.
    says.server[9] = 8;
    assert_eq!(client.step(now, Input::Message(&says.to(&renew))), []);
    says.server = SERVER;
    let reply = says.to(&renew);
    assert_eq!(
        client.step(now, Input::Message(&reply)),
        [Effect::Renewed(reply)]
    );
    let start = now;
    // Nobody answers any more.
    let (mut kinds, mut effects) = (Vec::new(), Vec::new());
    while client.lease().is_some() {
        effects = due(&mut client, &mut now);
        kinds.extend(effects.iter().filter_map(|effect| match effect {
            Effect::Send(bytes) => Some(bytes[0]),
            _ => None,
        }));
    }
    kinds.dedup();
    assert_eq!(kinds, [5, 6], "renewed, then rebound");
    assert_eq!(effects, [Effect::Lost]);
    assert_eq!(now, start + 400_000);
    assert_eq!(sent(&due(&mut client, &mut now))[0], 1);
}

#[test]
fn the_best_offer_is_taken_when_the_first_pause_is_over() {
    let (mut client, mut now) = (client(), 0);
    client.step(now, Input::Up(ADDRESS));
    let solicit = sent(&due(&mut client, &mut now));
    let mut says = Says::new(Kind::Advertise);
    for (last, preference) in [(1, 3), (2, 9), (3, 9), (4, 0)] {
        says.server[9] = last;
        says.more = vec![(option::PREFERENCE, vec![preference])];
        assert_eq!(client.step(now, Input::Message(&says.to(&solicit))), []);
    }
    let request = sent(&due(&mut client, &mut now));
    assert_eq!(request[0], 3);
    assert_eq!(options(&request).get(option::SERVER).unwrap()[9], 2);
}

#[test]
fn one_round_trip_where_the_server_can() {
    let (mut client, mut now) = (client(), 0);
    client.step(now, Input::Up(ADDRESS));
    let solicit = sent(&due(&mut client, &mut now));
    let mut says = Says::new(Kind::Reply);
    assert_eq!(
        client.step(now, Input::Message(&says.to(&solicit))),
        [],
        "it does not say so"
    );
    says.more = vec![
        (option::RAPID, Vec::new()),
        (option::DNS, ours().octets().to_vec()),
        // RFC 5908: by address; by group, by name and cut short, which are passed over.
        (option::NTP, [&[0, 1, 0, 16], &ours().octets()[..]].concat()),
        (option::NTP, [&[0, 2, 0, 16], &ours().octets()[..]].concat()),
        (option::NTP, b"\0\x03\0\x03\x01a\0".to_vec()),
        (
            option::NTP,
            [&[0, 1, 0, 15], &ours().octets()[..15]].concat(),
        ),
        (option::NTP, [&[0, 1, 0, 17], &ours().octets()[..]].concat()),
    ];
    let reply = says.to(&solicit);
    assert_eq!(
        client.step(now, Input::Message(&reply)),
        [Effect::Bound(reply), Effect::Named]
    );
    assert_eq!(client.names().servers, [IpAddr::V6(ours())]);
    assert_eq!(client.names().ntp, [IpAddr::V6(ours())]);
}

#[test]
fn a_lease_of_before_is_confirmed_or_lost() {
    let (mut first, mut now) = (client(), 0);
    let mut says = Says::new(Kind::Reply);
    bound(&mut first, &mut now, ADDRESS, &mut says);
    let kept = says.to(&[0; 4]);
    for (code, outcome) in [
        (status::SUCCESS, Effect::Bound(Vec::new())),
        (status::NOT_ON_LINK, Effect::Lost),
    ] {
        let mut client = Client::new(identity(), 6, 2000, Some((&kept, 1000)));
        assert_eq!(client.kept().unwrap().0.addresses[0].what, ours());
        let confirm = sent(&client.step(2000, Input::Up(ADDRESS)));
        assert_eq!(confirm[0], 4);
        says.status = code;
        assert_eq!(
            client.step(2000, Input::Message(&says.to(&confirm))),
            [outcome]
        );
        assert_eq!(client.lease().is_some(), code == status::SUCCESS);
    }
    // Nobody answers: it is used until it ends.
    let mut client = Client::new(identity(), 6, 2000, Some((&kept, 1000)));
    let (mut now, mut effects) = (2000, client.step(2000, Input::Up(ADDRESS)));
    while client.lease().is_none() {
        effects = due(&mut client, &mut now);
    }
    assert_eq!(effects, [Effect::Bound(Vec::new())]);
    assert!(client.deadline().unwrap() <= 1000 + 400_000);
    // It began a hundred seconds before the clock did.
    let client = Client::new(identity(), 6, 1000, Some((&kept, 101_000)));
    let (lease, from) = client.kept().unwrap();
    assert_eq!(
        (lease.addresses[0].valid, lease.lasts, from),
        (300, 300_000, 0)
    );
    assert!(
        Client::new(identity(), 6, 1000, Some((&kept, 401_000)))
            .kept()
            .is_none()
    );
    let mut client = Client::new(identity(), 6, 2000, Some((&kept, 1000)));
    assert_eq!(
        client.step(500_000, Input::Up(ADDRESS)),
        [Effect::Lost],
        "it has ended"
    );
}

#[test]
fn a_prefix_is_asked_for_and_had_anew_after_carrier() {
    let (mut client, mut now) = (client(), 0);
    let mut says = Says::new(Kind::Reply);
    says.prefixes = vec![("2001:db8:1:ff00::1".parse().unwrap(), 56)];
    bound(&mut client, &mut now, BOTH, &mut says);
    let (lease, _) = client.lease().unwrap();
    assert_eq!(lease.prefixes[0].what.to_string(), "2001:db8:1:ff00::/56");
    assert_eq!(client.step(now, Input::Down), []);
    assert!(client.kept().is_some());
    let rebind = sent(&client.step(now, Input::Up(BOTH)));
    assert_eq!(rebind[0], 6);
    let asked = options(&rebind).get(option::IA_PD).unwrap();
    let value = Options::new(&asked[12..])
        .unwrap()
        .get(option::PREFIX)
        .unwrap();
    assert_eq!(value[8], 56);
    // Another prefix now: what is used is another.
    says.prefixes[0].0 = "2001:db8:2::".parse().unwrap();
    let reply = says.to(&rebind);
    assert_eq!(
        client.step(now, Input::Message(&reply)),
        [Effect::Bound(reply)]
    );
}

#[test]
fn a_server_that_forgot_is_asked_anew_with_what_is_had() {
    let (mut client, mut now) = (client(), 0);
    let mut says = Says::new(Kind::Reply);
    bound(&mut client, &mut now, ADDRESS, &mut says);
    let renew = sent(&due(&mut client, &mut now));
    says.inner = status::NO_BINDING;
    says.addresses.clear();
    let request = sent(&client.step(now, Input::Message(&says.to(&renew))));
    assert_eq!(request[0], 3);
    let asked = options(&request).get(option::IA_NA).unwrap();
    let value = Options::new(&asked[12..])
        .unwrap()
        .get(option::ADDRESS)
        .unwrap();
    assert_eq!(value[..16], ours().octets());
    assert!(client.kept().is_some(), "it stays meanwhile");
    // And refuses: from the beginning.
    assert_eq!(
        client.step(now, Input::Message(&says.to(&request))),
        [Effect::Lost]
    );
}

#[test]
fn an_address_that_another_has_is_declined() {
    let (mut client, mut now) = (client(), 0);
    let mut says = Says::new(Kind::Reply);
    bound(&mut client, &mut now, ADDRESS, &mut says);
    assert_eq!(
        client.step(now, Input::Taken("2001:db8::51".parse().unwrap())),
        []
    );
    let effects = client.step(now, Input::Taken(ours()));
    let decline = sent(&effects);
    assert_eq!(decline[0], 9);
    assert_eq!(options(&decline).get(option::SERVER), Some(&SERVER[..]));
    assert_eq!(effects[1..], [Effect::Lost]);
    assert_eq!(sent(&due(&mut client, &mut now))[0], 1);
}

#[test]
fn names_alone_come_and_are_asked_for_again() {
    let (mut client, mut now) = (client(), 0);
    let wish = Wish {
        names: true,
        ..Wish::default()
    };
    client.step(now, Input::Up(wish));
    let asked = sent(&due(&mut client, &mut now));
    assert_eq!(asked[0], 11);
    assert!(options(&asked).get(option::IA_NA).is_none());
    let mut says = Says::new(Kind::Reply);
    says.more = vec![
        (option::DNS, ours().octets().to_vec()),
        (option::SEARCH, b"\x03org\x00".to_vec()),
        (option::REFRESH, 1u32.to_be_bytes().to_vec()),
    ];
    assert_eq!(
        client.step(now, Input::Message(&says.to(&asked))),
        [Effect::Named]
    );
    assert_eq!(client.names().domains, ["org"]);
    assert!(
        client.lease().is_none(),
        "what was not asked for is not taken"
    );
    assert_eq!(
        client.deadline(),
        Some(now + 600_000),
        "no more often than that"
    );
    assert_eq!(sent(&due(&mut client, &mut now))[0], 11);
    // Routers say now that there are addresses too.
    client.step(
        now,
        Input::Up(Wish {
            names: true,
            ..ADDRESS
        }),
    );
    assert_eq!(sent(&due(&mut client, &mut now))[0], 1);
}
