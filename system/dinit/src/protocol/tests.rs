use super::command::{Change, Order, OrderFlags, Shutdown};
use super::details::{Console, Header, Writer};
use super::info::Info;
use super::reply::Reply;
use super::request::Request;
use super::status::{Layout, Process, Status};
use super::*;
use crate::engine::{DependencyKind, Event, Exit, State, StopReason};
use proptest::prelude::*;

fn states() -> impl Strategy<Value = State> {
    prop::sample::select(vec![
        State::Stopped,
        State::Starting,
        State::Started,
        State::Stopping,
    ])
}

fn layouts() -> impl Strategy<Value = Layout> {
    prop::sample::select(vec![Layout::V1, Layout::V5, Layout::V6])
}

/// Statuses that survive every layout but for `modified`.
fn statuses() -> impl Strategy<Value = Status> {
    use StopReason::*;
    let reasons = prop::sample::select(vec![
        Normal,
        DependencyRestarted,
        DependencyFailed,
        Failed,
        TimedOut,
        Terminated,
    ]);
    let exit = prop_oneof![
        (0..256).prop_map(|status| Exit { code: 1, status }),
        (1..127).prop_map(|status| Exit { code: 2, status }),
        (1..127).prop_map(|status| Exit { code: 3, status }),
    ];
    let process = prop_oneof![
        any::<i32>().prop_map(|pid| Process::Running { pid }),
        exit.prop_map(Process::Ended),
        (any::<u16>(), any::<i32>())
            .prop_map(|(stage, errno)| Process::NotLaunched { stage, errno }),
    ];
    let modified = (any::<i64>(), 0u32..1_000_000_000);
    let flags = any::<[bool; 4]>();
    (states(), states(), flags, reasons, process, modified).prop_map(
        |(state, target, flags, reason, process, modified)| Status {
            state,
            target,
            waits_for_console: flags[0],
            has_console: flags[1],
            skipped: flags[2],
            explicit: flags[3],
            stop_reason: match process {
                Process::NotLaunched { .. } => ExecFailed,
                _ => reason,
            },
            process,
            modified,
        },
    )
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(1u8..=255, 1..40)
        .prop_filter("a name", |name| !matches!(name[0], b'.' | b'@' | b'='))
}

fn check_request(request: &Request<'_>) {
    let bytes = request.encode().expect("it can be sent");
    assert_eq!(
        request::parse(&bytes),
        Parsed::Done(request.clone(), bytes.len())
    );
    for end in 0..bytes.len() {
        match request::parse(&bytes[..end]) {
            Parsed::Incomplete(needs) => assert!(needs > end && needs <= bytes.len()),
            other => panic!("{other:?} from {end} bytes of {request:?}"),
        }
    }
}

proptest! {
    #[test]
    fn requests_come_back(handle: u32, other: u32, name in text(), flags: u8, signal: i32, yes: bool) {
        let flags = OrderFlags::from_bits_truncate(flags);
        for request in [
            Request::QueryVersion, Request::Find(&name), Request::Load(&name),
            Request::Unpin(handle), Request::Unload(handle), Request::Reload(handle), Request::CloseHandle(handle),
            Request::List(Layout::V1), Request::List(Layout::V5), Request::Status(Layout::V1, handle),
            Request::Status(Layout::V5, handle), Request::Status(Layout::V6, handle),
            Request::Shutdown(Shutdown::Kexec), Request::QueryLoadMechanism, Request::QueryName(handle),
            Request::QueryDirectory(handle), Request::GetEnvironment, Request::ListenEnvironment,
            Request::SetTrigger(handle, yes), Request::CatLog { handle, clear: yes }, Request::Signal { handle, signal },
            Request::Extension(extension::Request::Details((handle != u32::MAX).then_some(handle))),
            Request::Extension(extension::Request::FollowLog(handle)),
            Request::Extension(extension::Request::Reexec), Request::Extension(extension::Request::LastError),
        ] {
            check_request(&request);
        }
        for order in [Order::Start, Order::Stop, Order::Wake, Order::Release] {
            check_request(&Request::Order(order, flags, handle));
        }
        for kind in [DependencyKind::Need, DependencyKind::WaitsFor, DependencyKind::Milestone] {
            for change in [Change::Add, Change::Remove, Change::Enable, Change::Enable7] {
                check_request(&Request::Dependency { change, kind, from: handle, to: other });
            }
        }
        let mut entry = name.clone();
        entry.push(b'=');
        check_request(&Request::SetEnvironment(&entry));
        if !name.contains(&b'=') {
            check_request(&Request::UnsetEnvironment(&name));
        }
    }

    #[test]
    fn statuses_come_back(status in statuses(), layout in layouts()) {
        let mut out = Vec::new();
        reply::status(&mut out, layout, &status).unwrap();
        prop_assert_eq!(out.len(), 2 + layout.size());
        let mut expected = status;
        if layout != Layout::V6 {
            expected.modified = (0, 0);
        }
        let reply = Reply::Status { status: expected, already: false };
        prop_assert_eq!(reply::parse(&out, layout), Parsed::Done(reply, out.len()));
    }

    #[test]
    fn events_come_back(status in statuses(), handle: u32, data in prop::collection::vec(any::<u8>(), 0..70_000)) {
        let mut out = Vec::new();
        info::service_event(&mut out, handle, Event::FailedStart, &status).unwrap();
        let expected = Status { modified: (0, 0), ..status };
        let mut at = 0;
        for layout in [Layout::V5, Layout::V1] {
            let Parsed::Done(info, length) = info::parse(&out[at..]) else { panic!() };
            prop_assert_eq!(out[at + 1] as usize, length);
            at += length;
            let event = Event::FailedStart;
            prop_assert_eq!(info, Info::Service { handle, event, layout, status: Some(expected) });
        }
        prop_assert_eq!(at, out.len());
        out.clear();
        info::log_data(&mut out, handle, &data).unwrap();
        let mut seen = Vec::new();
        let mut at = 0;
        while at < out.len() {
            let Parsed::Done(Info::Log { handle: of, bytes }, length) = info::parse(&out[at..]) else { panic!() };
            prop_assert_eq!(of, handle);
            seen.extend_from_slice(bytes);
            at += length;
        }
        prop_assert_eq!(seen, data);
    }

    /// Whatever comes, each parser says something, never takes more than there is, and never asks for what it has.
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..1500), layout in layouts()) {
        survive(&bytes, layout);
        details::parse(&bytes);
    }

    /// The same for streams that were right before a few bytes were changed.
    #[test]
    fn mutated_streams_are_survived(
        names in prop::collection::vec(text(), 1..5),
        status in statuses(),
        layout in layouts(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut requests = Vec::new();
        let mut replies = Vec::new();
        for name in &names {
            requests.extend(Request::Load(name).encode().unwrap());
            requests.extend(extension::reload_many(&[1, 2, 3]).unwrap());
            requests.extend(Request::Order(Order::Stop, OrderFlags::GENTLE, 7).encode().unwrap());
            reply::service(&mut replies, layout, &status, name).unwrap();
            reply::dependents(&mut replies, &[1, 2]).unwrap();
            reply::load_mechanism(&mut replies, name, names.iter().map(|name| &**name)).unwrap();
            info::environment_event(&mut replies, name, true).unwrap();
            info::service_event(&mut replies, 3, Event::Stopped, &status).unwrap();
        }
        for (index, byte) in changes {
            for stream in [&mut requests, &mut replies] {
                let at = index.index(stream.len());
                stream[at] = byte;
            }
        }
        survive(&requests, layout);
        survive(&replies, layout);
    }

    #[test]
    fn details_come_back(name in text(), status in text(), times: [u64; 4], flags: [bool; 5], exit: (i32, i32)) {
        let mut service = details::Service::new(&name);
        service.state = State::Stopping;
        service.target = State::Started;
        service.explicit = flags[0];
        service.skipped = flags[1];
        service.failed = flags[2];
        service.pinned_started = flags[3];
        service.pinned_stopped = flags[4];
        service.pid = Some(5);
        service.stop_pid = Some(6);
        service.exit = Some(Exit { code: exit.0, status: exit.1 });
        service.reason = 4;
        service.launch_error = Some((18, 2));
        service.console = Some(Console::Waits);
        [service.requested, service.launched, service.started, service.stopped] = times;
        service.status = Some(&status);
        let header = Header { version: b"1", now: times[0], boot: times[1], services: 1 };
        let depends = [(DependencyKind::Need, &b"a"[..]), (DependencyKind::Before, &b"b"[..])];
        let mut out = b"before".to_vec();
        let mut writer = Writer::begin(&mut out, &header).unwrap();
        writer.service(&service, depends.into_iter(), depends[..1].iter().copied()).unwrap();
        writer.finish().unwrap();
        let Parsed::Done(Reply::Details(text), length) = reply::parse(&out[6..], Layout::V1) else { panic!() };
        prop_assert_eq!(length + 6, out.len());
        let (read, entries) = details::parse(text);
        prop_assert_eq!(read, header);
        prop_assert_eq!(entries.len(), 1);
        if !name.contains(&b'\n') && !status.contains(&b'\n') {
            prop_assert_eq!(entries[0].service, service);
        }
        prop_assert_eq!(&entries[0].depends[..], &depends[..]);
        prop_assert_eq!(&entries[0].waiting[..], &depends[..1]);
    }
}

fn survive(bytes: &[u8], layout: Layout) {
    fn check<T>(parsed: &Parsed<T>, rest: usize) -> usize {
        match parsed {
            Parsed::Incomplete(needs) => {
                assert!(*needs > rest);
                rest
            }
            Parsed::Bad => 1,
            Parsed::Done(_, length) => {
                assert!(*length > 0 && *length <= rest);
                *length
            }
        }
    }
    for parser in 0..3 {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            at += match parser {
                0 => {
                    let parsed = request::parse(rest);
                    if let Parsed::Incomplete(needs) = parsed {
                        assert!(needs <= MAX_REQUEST);
                    }
                    check(&parsed, rest.len())
                }
                1 => check(&reply::parse(rest, layout), rest.len()),
                _ => check(&info::parse(rest), rest.len()),
            };
        }
    }
}
