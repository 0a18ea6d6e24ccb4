//! The bytes of the control protocol by hand: this test executable, under the name `speak`.
//!
//! `speak REQUESTS` sends each request over the control socket that `DINIT_SOCKET_PATH` names and prints what comes back
//! as hexadecimal digits, an event on a line of its own. Requests stand between semicolons and are made of hexadecimal
//! bytes, `'text'`, and `@`, the handle in the last record that came. Handles are printed as `@`.

use std::env;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// The first byte of a reply that tells a service's state and handle.
const RECORD: u8 = 59;
/// Replies of one byte: acknowledged, refused, no request, no service, already so.
const BARE: [u8; 5] = [50, 51, 52, 60, 61];
/// The lowest first byte of an event, whose second byte is its length and whose next four are a handle.
const EVENT: u8 = 100;
/// How long an answer may take to begin, and to go on.
const BEGIN: Duration = Duration::from_secs(1);
const GO_ON: Duration = Duration::from_millis(150);

/// Does so if the executable was called by this name.
pub fn run_if_asked() -> Option<ExitCode> {
    let arguments: Vec<OsString> = env::args_os().collect();
    let name = Path::new(arguments.first()?).file_name()?;
    if name != "speak" {
        return None;
    }
    let requests = arguments.get(1)?.to_string_lossy().into_owned();
    Some(match speak(&requests) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("speak: {error}");
            ExitCode::FAILURE
        }
    })
}

fn speak(requests: &str) -> Result<(), String> {
    let socket = env::var("DINIT_SOCKET_PATH").map_err(|error| error.to_string())?;
    let mut stream = UnixStream::connect(&socket).map_err(|error| format!("{socket}: {error}"))?;
    let mut handle = [0; 4];
    for request in requests.split(';') {
        let bytes = bytes_of(request.trim(), handle)?;
        // A daemon that has closed the connection says so below.
        let _ = stream.write_all(&bytes);
        let (answer, closed) = answer(&mut stream);
        if answer.first() == Some(&RECORD)
            && let Some(found) = answer.get(2..6)
        {
            handle.copy_from_slice(found);
        }
        for line in lines_of(&answer) {
            println!("{line}");
        }
        if closed {
            println!("closed");
            break;
        }
    }
    Ok(())
}

fn bytes_of(request: &str, handle: [u8; 4]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for word in request.split(' ').filter(|word| !word.is_empty()) {
        if word == "@" {
            bytes.extend(handle);
        } else if let Some(text) = word.strip_prefix('\'') {
            bytes.extend(text.trim_end_matches('\'').bytes());
        } else {
            for start in (0..word.len()).step_by(2) {
                let pair = word.get(start..start + 2).ok_or("half a byte")?;
                bytes.push(u8::from_str_radix(pair, 16).map_err(|e| format!("{pair}: {e}"))?);
            }
        }
    }
    Ok(bytes)
}

/// All that comes until there is a pause, and whether the connection was closed.
fn answer(stream: &mut UnixStream) -> (Vec<u8>, bool) {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let wait = if answer.is_empty() { BEGIN } else { GO_ON };
        let _ = stream.set_read_timeout(Some(wait));
        match stream.read(&mut buffer) {
            Ok(0) => return (answer, true),
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return (answer, false),
            Err(_) => return (answer, true),
        }
    }
}

fn lines_of(mut answer: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    while !answer.is_empty() {
        let event = answer[0] >= EVENT && answer.len() > 1;
        let length = match answer[0] {
            _ if event => usize::from(answer[1]).clamp(2, answer.len()),
            RECORD => answer.len().min(7),
            byte if BARE.contains(&byte) => 1,
            _ => answer.len(),
        };
        let (packet, rest) = answer.split_at(length);
        let has_handle = (event || packet[0] == RECORD) && packet.len() >= 6;
        let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
        lines.push(if has_handle {
            format!("{}@{}", hex(&packet[..2]), hex(&packet[6..]))
        } else {
            hex(packet)
        });
        answer = rest;
    }
    lines
}
