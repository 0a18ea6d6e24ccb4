use super::super::{message, wire};
use super::*;
use proptest::prelude::*;

const MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);

/// A server's answer to what a client sent.
fn answer(request: &[u8], kind: Kind, address: [u8; 4], options: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; 240];
    bytes[..3].copy_from_slice(&[2, 1, 6]);
    bytes[4..8].copy_from_slice(&request[4..8]);
    bytes[16..20].copy_from_slice(&address);
    bytes[28..34].copy_from_slice(&request[28..34]);
    bytes[236..].copy_from_slice(&[99, 130, 83, 99]);
    bytes.extend_from_slice(&[53, 1, kind as u8]);
    for (number, value) in options {
        bytes.push(*number);
        bytes.push(u8::try_from(value.len()).unwrap());
        bytes.extend_from_slice(value);
    }
    bytes.push(255);
    bytes
}

const SERVER: (u8, &[u8]) = (54, &[192, 0, 2, 1]);
const MASK: (u8, &[u8]) = (1, &[255, 255, 255, 0]);
const HOUR: (u8, &[u8]) = (51, &[0, 0, 14, 16]);
const OURS: [u8; 4] = [192, 0, 2, 50];

fn sent(effects: &[Effect]) -> Vec<u8> {
    match effects.first() {
        Some(Effect::Broadcast(bytes) | Effect::Unicast(bytes, _)) => bytes.clone(),
        other => panic!("nothing was sent: {other:?}"),
    }
}

fn give(client: &mut Client, now: u64, bytes: &[u8]) -> Vec<Effect> {
    let message = Message::parse(bytes).expect("a message");
    client.step(now, Input::Message(&message, bytes))
}

fn client(conflicts: bool) -> Client {
    Client::new(MAC, "host", conflicts, 5, None)
}

/// To the lease, in two round trips.
fn bound(client: &mut Client, now: u64) {
    let discover = sent(&client.step(now, Input::Up));
    let offer = answer(&discover, Kind::Offer, OURS, &[SERVER, MASK, HOUR]);
    let request = sent(&give(client, now, &offer));
    let ack = answer(&request, Kind::Ack, OURS, &[SERVER, MASK, HOUR]);
    assert_eq!(give(client, now, &ack), [Effect::Bound(ack.clone())]);
}

#[test]
fn an_address_is_got_kept_and_lost() {
    let mut client = client(false);
    bound(&mut client, 1000);
    assert_eq!(client.lease().unwrap().1, 1000 + 3_600_000);
    assert!(!client.listens(), "nothing is waited for while all is well");
    assert_eq!(client.deadline(), Some(1000 + 1_800_000));
    let effects = client.step(1_801_000, Input::Time);
    assert!(
        matches!(effects[..], [Effect::Unicast(..)]),
        "the server is asked by its address"
    );
    let ack = answer(&sent(&effects), Kind::Ack, OURS, &[SERVER, MASK, HOUR]);
    assert_eq!(
        give(&mut client, 1_801_000, &ack),
        [Effect::Renewed(ack.clone())]
    );
    assert_eq!(client.lease().unwrap().1, 1_801_000 + 3_600_000);
    // Nobody answers any more.
    let (mut broadcasts, mut unicasts, mut lost) = (0, 0, 0);
    while lost == 0 {
        let now = client.deadline().unwrap();
        for effect in client.step(now, Input::Time) {
            match effect {
                Effect::Broadcast(_) => broadcasts += 1,
                Effect::Unicast(..) => unicasts += 1,
                Effect::Lost => lost = now,
                _ => {}
            }
        }
    }
    assert_eq!(lost, 1_801_000 + 3_600_000);
    assert!(broadcasts > 1 && unicasts > 1 && broadcasts + unicasts < 60);
}

#[test]
fn one_round_trip_where_the_server_can() {
    let mut client = client(false);
    let discover = sent(&client.step(0, Input::Up));
    let plain = answer(&discover, Kind::Ack, OURS, &[SERVER, MASK, HOUR]);
    assert_eq!(give(&mut client, 0, &plain), [], "it was not asked for");
    let ack = answer(&discover, Kind::Ack, OURS, &[SERVER, MASK, HOUR, (80, &[])]);
    assert!(matches!(give(&mut client, 0, &ack)[..], [Effect::Bound(_)]));
}

#[test]
fn carrier_that_comes_back_asks_for_the_same() {
    let mut client = client(false);
    bound(&mut client, 0);
    client.step(5000, Input::Down);
    assert!(client.kept().is_some());
    let request = sent(&client.step(6000, Input::Up));
    let wanted: Vec<u8> = [&[50, 4][..], &OURS].concat();
    assert!(request.windows(6).any(|part| part == wanted));
    let nak = answer(&request, Kind::Nak, [0; 4], &[SERVER]);
    assert_eq!(
        give(&mut client, 6000, &nak),
        [Effect::Lost, Effect::Forget]
    );
    // Another network: at once from the beginning.
    assert_eq!(client.deadline(), Some(6000));
    assert!(matches!(
        client.step(6000, Input::Time)[..],
        [Effect::Broadcast(_)]
    ));
}

#[test]
fn a_server_that_refuses_always_is_not_asked_always() {
    let mut client = client(false);
    let mut discover = sent(&client.step(0, Input::Up));
    let (mut now, mut last) = (0, 0);
    for round in 0..10 {
        let offer = answer(&discover, Kind::Offer, OURS, &[SERVER, MASK, HOUR]);
        let request = sent(&give(&mut client, now, &offer));
        let stranger = answer(&request, Kind::Nak, [0; 4], &[(54, &[192, 0, 2, 9])]);
        assert_eq!(
            give(&mut client, now, &stranger),
            [],
            "it is not the stranger's to refuse"
        );
        let nak = answer(&request, Kind::Nak, [0; 4], &[SERVER]);
        give(&mut client, now, &nak);
        let pause = client.deadline().unwrap() - now;
        assert!(pause >= last && pause <= 64_000, "{round}: {pause}");
        last = pause;
        now += pause;
        discover = sent(&client.step(now, Input::Time));
    }
    assert_eq!(last, 64_000);
}

#[test]
fn an_address_that_somebody_has_is_declined() {
    let mut client = client(true);
    let discover = sent(&client.step(0, Input::Up));
    let offer = answer(&discover, Kind::Offer, OURS, &[SERVER, MASK, HOUR]);
    let request = sent(&give(&mut client, 0, &offer));
    let ack = answer(&request, Kind::Ack, OURS, &[SERVER, MASK, HOUR]);
    assert_eq!(give(&mut client, 0, &ack), [Effect::Probe(OURS.into())]);
    assert!(client.lease().is_none());
    let effects = client.step(100, Input::Taken);
    assert!(
        sent(&effects)
            .windows(3)
            .any(|part| part == [53, 1, Kind::Decline as u8])
    );
    assert_eq!(client.deadline(), Some(10_100));
}

#[test]
fn hostile_options_are_no_lease() {
    let discover = sent(&client(false).step(0, Input::Up));
    let lease = |address, options: &[(u8, &[u8])]| {
        let bytes = answer(&discover, Kind::Offer, address, options);
        Lease::of(&Message::parse(&bytes)?)
    };
    assert!(lease(OURS, &[SERVER, MASK, HOUR]).is_some());
    assert!(lease(OURS, &[MASK, HOUR]).is_none(), "of nobody");
    assert!(lease(OURS, &[SERVER, MASK]).is_none(), "for no time");
    assert!(lease(OURS, &[SERVER, MASK, (51, &[0; 4])]).is_none());
    assert!(lease(OURS, &[SERVER, (1, &[255, 0, 255, 0]), HOUR]).is_none());
    assert!(lease(OURS, &[SERVER, (1, &[0; 4]), HOUR]).is_none());
    for address in [
        [0; 4],
        [127, 0, 0, 1],
        [224, 0, 0, 1],
        [255; 4],
        [192, 0, 2, 255],
        [192, 0, 2, 0],
    ] {
        assert!(
            lease(address, &[SERVER, MASK, HOUR]).is_none(),
            "{address:?}"
        );
    }
    let short = lease(OURS, &[SERVER, MASK, (51, &[0, 0, 0, 1])]).unwrap();
    assert_eq!((short.renew, short.rebind, short.lasts), (500, 875, 1000));
    let odd = lease(OURS, &[SERVER, MASK, HOUR, (58, &[255; 4]), (59, &[0; 4])]).unwrap();
    assert!(odd.renew < odd.rebind && odd.rebind < odd.lasts);
    let routes = lease(
        OURS,
        &[
            SERVER,
            MASK,
            HOUR,
            (3, &[192, 0, 2, 1]),
            (121, &[8, 10, 192, 0, 2, 2, 0, 192, 0, 2, 3, 33]),
        ],
    );
    assert_eq!(
        routes.unwrap().routes.len(),
        2,
        "option 121 is before option 3"
    );
    let names = lease(
        OURS,
        &[
            SERVER,
            MASK,
            HOUR,
            (15, b"ok.example bad;name"),
            (6, &[0, 0, 0, 0, 192, 0, 2, 53]),
        ],
    )
    .unwrap();
    assert_eq!(names.domains, ["ok.example"]);
    assert_eq!(names.dns, ["192.0.2.53".parse::<IpAddr>().unwrap()]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn no_message_leads_astray(cut in 0usize..400, flips in proptest::collection::vec((0usize..400, any::<u8>()), 0..12)) {
        let mut client = client(false);
        let discover = sent(&client.step(0, Input::Up));
        let mut bytes = answer(&discover, Kind::Offer, OURS, &[SERVER, MASK, HOUR, (119, &[1, b'a', 0xc0, 0]), (121, &[8, 10, 1, 2, 3, 4]), (52, &[3])]);
        for (at, value) in flips {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        bytes.truncate(cut);
        if let Some(message) = Message::parse(&bytes) {
            let _ = Lease::of(&message);
            client.step(1, Input::Message(&message, &bytes));
        }
        prop_assert!(client.deadline().is_some());
        let _ = message::names(&bytes);
        let _ = wire::message(&bytes, cut % 2 == 0);
    }

    #[test]
    fn any_order_of_events_leaves_a_client_that_goes_on(events in proptest::collection::vec((0u8..8, 1u64..100_000), 1..60)) {
        let mut client = client(true);
        let (mut now, mut last) = (0, vec![0; 300]);
        for (event, pause) in events {
            now += pause;
            let effects = match event {
                0 => client.step(now, Input::Up),
                1 => client.step(now, Input::Down),
                2 => client.step(now, Input::Free),
                3 => client.step(now, Input::Taken),
                4 => {
                    now = client.deadline().unwrap_or(now).max(now);
                    client.step(now, Input::Time)
                }
                kind => {
                    let kind = [Kind::Offer, Kind::Ack, Kind::Nak][usize::from(kind) - 5];
                    give(&mut client, now, &answer(&last, kind, OURS, &[SERVER, MASK, HOUR]))
                }
            };
            if let Some(Effect::Broadcast(bytes) | Effect::Unicast(bytes, _)) = effects.first() {
                last.clone_from(bytes);
            }
            // It waits for time, for an answer about the address, or for the link.
            let waits = client.deadline().is_some() || matches!(client.word(), "probing" | "off");
            prop_assert!(waits, "{}", client.word());
        }
    }
}

#[test]
fn packets_are_read_as_they_are_written_and_pieces_are_not() {
    let mut packet = wire::packet(&[7; 300]);
    // As a server would send it.
    packet[20..22].copy_from_slice(&67u16.to_be_bytes());
    packet[22..24].copy_from_slice(&68u16.to_be_bytes());
    assert_eq!(wire::message(&packet, true), Some(&[7; 300][..]));
    assert_eq!(wire::message(&packet[..200], true), None);
    let mut other = packet.clone();
    other[100] ^= 1;
    assert_eq!(wire::message(&other, true), None, "its sum is wrong");
    assert!(
        wire::message(&other, false).is_some(),
        "its sum is not there yet"
    );
    other[26..28].fill(0);
    assert!(wire::message(&other, true).is_some(), "it has none");
    packet[6] = 0x20;
    assert_eq!(wire::message(&packet, true), None);
}
