//! Whatever comes, in whatever order.

use super::super::super::message::Message;
use super::*;
use proptest::prelude::*;

#[test]
fn what_makes_no_sense_is_not_taken() {
    let bad = |change: &dyn Fn(&mut Says)| {
        let (mut client, mut now) = (client(), 0);
        client.step(now, Input::Up(BOTH));
        let solicit = sent(&due(&mut client, &mut now));
        let mut says = Says::new(Kind::Reply);
        says.more = vec![(option::RAPID, Vec::new())];
        change(&mut says);
        client.step(now, Input::Message(&says.to(&solicit)));
        client.lease().is_some()
    };
    assert!(bad(&|_| {}), "as it is, it is taken");
    assert!(
        !bad(&|says| says.times = [300, 200, 300, 400]),
        "T1 is beyond T2"
    );
    assert!(
        !bad(&|says| says.times = [0, 0, 500, 400]),
        "preferred longer than valid"
    );
    assert!(!bad(&|says| says.times = [0, 0, 0, 0]), "of no time");
    assert!(!bad(&|says| says.status = 1), "it says that it failed");
    for address in ["ff02::1", "::", "::1", "fe80::1", "::ffff:192.0.2.1"] {
        assert!(
            !bad(&|says| says.addresses = vec![address.parse().unwrap()]),
            "{address}"
        );
    }
    for (prefix, length) in [
        ("2001:db8::", 65),
        ("2001:db8::", 0),
        ("fe80::", 64),
        ("ff00::", 8),
    ] {
        let prefixes = vec![(prefix.parse().unwrap(), length)];
        assert!(!bad(&|says| {
            says.addresses.clear();
            says.prefixes.clone_from(&prefixes);
        }));
    }
    // Whatever the times, there is one for the next renewal, and it is not now.
    for times in [
        [0, 0, 1, 1],
        [1, 1, 1, 1],
        [0, 0, u32::MAX, u32::MAX],
        [u32::MAX, u32::MAX, u32::MAX, u32::MAX],
        [9, 0, 1, 2],
    ] {
        let (mut client, mut now) = (client(), 0);
        let mut says = Says::new(Kind::Reply);
        says.times = times;
        bound(&mut client, &mut now, ADDRESS, &mut says);
        assert!(
            client.deadline().is_none_or(|next| next >= now + 500),
            "{times:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn no_message_leads_astray(cut in 0usize..300, flips in proptest::collection::vec((0usize..300, any::<u8>()), 0..12), reply: bool) {
        let (mut client, mut now) = (client(), 0);
        client.step(now, Input::Up(BOTH));
        let solicit = sent(&due(&mut client, &mut now));
        let mut says = Says::new(if reply { Kind::Reply } else { Kind::Advertise });
        says.prefixes = vec![("2001:db8:1::".parse().unwrap(), 48)];
        says.more = vec![(option::RAPID, Vec::new()), (option::SEARCH, b"\x01a\xc0\x00".to_vec()), (option::DNS, vec![1; 17]), (option::PREFERENCE, vec![255])];
        let mut bytes = says.to(&solicit);
        for (at, value) in flips {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        bytes.truncate(cut);
        client.step(now, Input::Message(&bytes));
        if let Some(message) = Message::parse(&bytes) {
            let _ = Answer::of(&message, LINK);
        }
        if let Some((lease, _)) = client.lease() {
            prop_assert!(lease.addresses.len() + lease.prefixes.len() <= 16);
            prop_assert!(lease.renew >= 500 && lease.renew <= lease.rebind);
        }
    }

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 0u8..12) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = kind;
        }
        if let Some(message) = Message::parse(&bytes) {
            let _ = Answer::of(&message, LINK);
        }
        let _ = Client::new(identity(), 1, 9, Some((&bytes, 5)));
    }

    #[test]
    fn any_order_of_events_leaves_a_client_that_goes_on(events in proptest::collection::vec((0u8..9, 1u64..100_000), 1..60)) {
        let (mut client, mut now, mut last, mut up) = (client(), 0, vec![0; 8], false);
        for (event, pause) in events {
            now += pause;
            let mut says = Says::new(Kind::Reply);
            says.prefixes = vec![("2001:db8:1::".parse().unwrap(), 48)];
            let effects = match event {
                0 => {
                    up = true;
                    client.step(now, Input::Up(if pause % 2 == 0 { ADDRESS } else { BOTH }))
                }
                1 => {
                    up = false;
                    client.step(now, Input::Down)
                }
                2 => client.step(now, Input::Taken(ours())),
                3 | 4 => {
                    now = client.deadline().unwrap_or(now).max(now);
                    client.step(now, Input::Time)
                }
                5 => {
                    says.kind = Kind::Advertise;
                    client.step(now, Input::Message(&says.to(&last)))
                }
                6 => {
                    says.inner = status::NO_BINDING;
                    says.addresses.clear();
                    client.step(now, Input::Message(&says.to(&last)))
                }
                _ => {
                    says.more = vec![(option::RAPID, Vec::new())];
                    client.step(now, Input::Message(&says.to(&last)))
                }
            };
            for effect in &effects {
                if let Effect::Send(bytes) = effect {
                    prop_assert!(Options::new(&bytes[4..]).is_some());
                    last.clone_from(bytes);
                }
            }
            // It goes on when the time comes, and does not turn on the spot.
            prop_assert!(!up || client.deadline().is_some(), "{} waits for nothing", client.word());
            if matches!(event, 3 | 4) {
                prop_assert!(client.deadline().is_none_or(|next| next > now || client.word() == "waiting"));
            }
        }
    }
}
