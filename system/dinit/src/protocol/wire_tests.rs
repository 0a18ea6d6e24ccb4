use super::details::{Header, Writer};
use super::info::Info;
use super::reply::{Code, Reply};
use super::request::Request;
use super::status::{Layout, Process, Status};
use super::*;
use crate::engine::{Event, Exit, State, StopReason};

/// Bytes as dinit's own sources lay them out, on a little-endian machine with 64 bits.
#[test]
#[cfg(all(target_endian = "little", target_pointer_width = "64"))]
fn bytes_are_those_of_dinit() {
    let mut out = Vec::new();
    let mut wrote = |write: &dyn Fn(&mut Vec<u8>), expected: &[u8]| {
        out.clear();
        write(&mut out);
        assert_eq!(out, expected);
    };
    wrote(&|out| reply::version(out).unwrap(), &[58, 1, 0, 7, 0]);
    wrote(
        &|out| reply::record(out, State::Started, 0x01020304, State::Stopped).unwrap(),
        &[59, 2, 4, 3, 2, 1, 0],
    );
    wrote(
        &|out| reply::dependents(out, &[5]).unwrap(),
        &[65, 1, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0],
    );
    wrote(
        &|out| reply::name(out, b"ab").unwrap(),
        &[66, 0, 2, 0, b'a', b'b'],
    );
    wrote(
        &|out| reply::log(out, [b"a", b"b"]).unwrap(),
        &[73, 0, 2, 0, 0, 0, b'a', b'b'],
    );
    wrote(
        &|out| reply::directory(out, b"/d").unwrap(),
        b"\x4d\x02\0\0\0/d",
    );
    wrote(
        &|out| reply::environment(out, [&b"A=1"[..]].into_iter()).unwrap(),
        b"\x4e\x04\0\0\0\0\0\0\0A=1\0",
    );
    wrote(
        &|out| reply::load_mechanism(out, b"/", [&b"/d"[..]].into_iter()).unwrap(),
        b"\x40\x01\x15\0\0\0\x01\0\0\0\x01\0\0\0/\x02\0\0\0/d",
    );
    wrote(
        &|out| info::environment_event(out, b"A=1", true).unwrap(),
        b"\x66\x05\x01\x04\0A=1\0",
    );
    let status = Status {
        state: State::Stopped,
        stop_reason: StopReason::Terminated,
        explicit: true,
        process: Process::Ended(Exit { code: 1, status: 3 }),
        modified: (1, 2),
        ..Status::STOPPED
    };
    wrote(
        &|out| reply::service(out, Layout::V5, &status, b"x").unwrap(),
        &[62, 1, 0, 0, 8, 6, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, b'x'],
    );
    wrote(
        &|out| reply::service(out, Layout::V1, &status, b"x").unwrap(),
        &[62, 1, 0, 0, 8, 6, 0, 0, 0, 3, 0, 0, b'x'],
    );
    let mut enabled = vec![70, 1, 0, 0, 8, 6, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0];
    enabled.extend([1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
    wrote(&|out| reply::enabled(out, &status, true).unwrap(), &enabled);
    let failed = Status {
        stop_reason: StopReason::ExecFailed,
        process: Process::NotLaunched {
            stage: 18,
            errno: 2,
        },
        ..Status::STOPPED
    };
    let mut event = vec![
        101, 21, 9, 0, 0, 0, 2, 0, 0, 0, 4, 18, 0, 2, 0, 0, 0, 0, 0, 0, 0,
    ];
    event.extend([100, 17, 9, 0, 0, 0, 2, 0, 0, 0, 4, 18, 0, 2, 0, 0, 0]);
    wrote(
        &|out| info::service_event(out, 9, Event::FailedStart, &failed).unwrap(),
        &event,
    );
}

#[test]
fn bad_requests_are_refused() {
    let long = [b'x'; request::MAX_TEXT + 1];
    let mut too_long = vec![2];
    too_long.extend((long.len() as u16).to_ne_bytes());
    let mut zeros = vec![202];
    zeros.extend(0u16.to_ne_bytes());
    let mut many = vec![202];
    many.extend((extension::MAX_RELOAD as u16 + 1).to_ne_bytes());
    for bad in [
        &[30][..],
        &[199],
        &[205],
        &[255],
        &[10, 0],
        &[10, 7],
        &[24, 1],
        &[11, 1, 0, 0, 0, 0, 1, 0, 0, 0],
        &[1, 0, 0],
        &too_long,
        &zeros,
        &many,
        &[&[17][..], &2u16.to_ne_bytes(), b"=x"].concat(),
        &[&[2][..], &2u16.to_ne_bytes(), b".x"].concat(),
        &[&[2][..], &2u16.to_ne_bytes(), b"@x"].concat(),
        &[&[2][..], &3u16.to_ne_bytes(), b"x\0y"].concat(),
    ] {
        assert_eq!(request::parse(bad), Parsed::Bad, "{bad:?}");
    }
    assert_eq!(
        request::parse(&[22, 1, 0, 0, 0, 0]),
        Parsed::Done(Request::Refused, 6)
    );
    assert_eq!(Request::Load(&long).encode(), None);
    let longest = Request::Load(&long[1..]).encode().unwrap();
    assert!(matches!(
        request::parse(&longest),
        Parsed::Done(_, MAX_REQUEST)
    ));
    assert_eq!(request::parse(&[]), Parsed::Incomplete(1));
}

#[test]
fn one_byte_replies_are_numbered_as_in_dinit() {
    for (code, byte) in [(Code::Ack, 50), (Code::NoService, 60), (Code::PreAck, 79)] {
        let mut out = Vec::new();
        reply::code(&mut out, code).unwrap();
        assert_eq!(out, [byte]);
        assert_eq!(
            reply::parse(&out, Layout::V1),
            Parsed::Done(Reply::Code(code), 1)
        );
    }
}

#[test]
fn unfinished_details_leave_nothing() {
    let mut out = b"kept".to_vec();
    drop(Writer::begin(&mut out, &Header::default()).unwrap());
    assert_eq!(out, b"kept");
}

#[test]
fn an_event_without_status_is_understood() {
    let packet = [&[100, 7][..], &4u32.to_ne_bytes(), &[1]].concat();
    let info = Info::Service {
        handle: 4,
        event: Event::Stopped,
        layout: Layout::V1,
        status: None,
    };
    assert_eq!(info::parse(&packet), Parsed::Done(info, 7));
}
