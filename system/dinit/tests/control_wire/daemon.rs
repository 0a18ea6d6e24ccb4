//! A daemon that is a script.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// What is expected, and what is answered.
pub type Step<'s> = (&'s [u8], &'s [u8]);

pub const VERSION: Step<'static> = (&[0], &[58, 1, 0, 7, 0]);
/// LOAD and FIND of `x`: stopped, handle 5.
pub const LOAD: Step<'static> = (&[2, 1, 0, b'x'], &[59, 0, 5, 0, 0, 0, 0]);
pub const FIND: Step<'static> = (&[1, 1, 0, b'x'], &[59, 0, 5, 0, 0, 0, 0]);
pub const NOT_FOUND: Step<'static> = (&[1, 1, 0, b'x'], &[60]);
/// The folder of its description, in which there is none.
pub const FOLDER: Step<'static> = (&[22, 0, 5, 0, 0, 0], b"\x4d\x08\0\0\0/nowhere");
pub const NAK: &[u8] = &[51];
pub const ACK: &[u8] = &[50];
pub const BAD: &[u8] = &[52];

pub struct Ran {
    pub out: String,
    pub err: String,
    pub status: Option<i32>,
}

/// Runs a program whose daemon goes through the steps and then closes the connection.
pub fn run(words: &str, version: u16, steps: &[Step<'_>]) -> Ran {
    run_with(words, version, steps, |_| ())
}

pub fn run_with(
    words: &str,
    version: u16,
    steps: &[Step<'_>],
    change: impl FnOnce(&mut Command),
) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    let mut words = words.split(' ').filter(|word| !word.is_empty());
    let mut command = Command::new(env!("CARGO_BIN_EXE_dinit"));
    command.arg0(words.next().unwrap()).args(words);
    command
        .env("DINIT_SOCKET_PATH", &socket)
        .env_remove("XDG_RUNTIME_DIR");
    change(&mut command);
    let output = std::thread::scope(|scope| {
        let daemon = scope.spawn(|| {
            let (mut stream, _) = listener.accept().unwrap();
            let greeting = [&[58, 1, 0][..], &version.to_le_bytes()].concat();
            for (expected, answer) in [(VERSION.0, &greeting[..])].iter().chain(steps) {
                let mut request = vec![0; expected.len()];
                stream.read_exact(&mut request).unwrap();
                assert_eq!(request, *expected);
                stream.write_all(answer).unwrap();
            }
            // Nothing else may come.
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).unwrap();
            assert_eq!(rest, b"");
        });
        let output = command.output().unwrap();
        daemon.join().unwrap();
        output
    });
    Ran {
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        status: output.status.code(),
    }
}

/// It goes well, and prints that.
pub fn well(words: &str, steps: &[Step<'_>], out: &str) {
    let ran = run(words, 7, steps);
    assert_eq!(
        (ran.out.as_str(), ran.status),
        (out, Some(0)),
        "{words}: {}",
        ran.err
    );
}

/// It fails, prints nothing else, and names that in its error.
pub fn badly(words: &str, steps: &[Step<'_>], error: &str) {
    let ran = run(words, 7, steps);
    assert_eq!(
        (ran.out.as_str(), ran.status),
        ("", Some(1)),
        "{words}: {}",
        ran.err
    );
    assert!(ran.err.contains(error), "{words}: {}", ran.err);
}

/// A version 5 event of handle 5, and the version 1 event that follows it.
pub fn event(event: u8, reason: u8) -> Vec<u8> {
    let mut bytes = vec![
        101, 21, 5, 0, 0, 0, event, 0, 0, 0, reason, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0,
    ];
    bytes.extend([
        100, 17, 5, 0, 0, 0, event, 0, 0, 0, reason, 0, 0, 0, 3, 0, 0,
    ]);
    bytes
}

pub fn after(first: &[u8], then: &[u8]) -> Vec<u8> {
    [first, then].concat()
}
