//! `serve`: the files of a directory over HTTP/1.1 (RFC 9110 and 9112), for a repository at hand.
//!
//! GET and HEAD of regular files; one range of bytes; `If-Modified-Since`; connections that are kept. No listing, no
//! links that lead out, nothing that is written.

use super::arguments::Arguments;
use super::outcome::{Failure, Outcome, reason};
use super::session::Session;
use oil::http_date;
use oil::inside::{self, Links};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// A connection on which nothing is asked for so long is closed.
const IDLE: Duration = Duration::from_secs(60);
/// A request's head is at most this many bytes.
const MAX_HEAD: u64 = 16 << 10;

/// Serves until it is stopped.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let [name] = arguments.operands.as_slice() else {
        return Err(Failure::usage("serve takes one DIR"));
    };
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let directory = rustix::fs::open(name.as_str(), flags, Mode::empty())
        .map_err(|error| Failure::of(name, reason(&error.into())))?;
    let address = arguments.value("listen").unwrap_or("127.0.0.1:8080");
    let listener =
        TcpListener::bind(address).map_err(|error| Failure::of(address, reason(&error)))?;
    writeln!(session.out, "http://{}/", listener.local_addr()?)?;
    session.out.flush()?;
    let directory = Arc::new(directory);
    let log = session.verbosity > 0;
    for stream in listener.incoming() {
        // A peer that is gone before it was heard is none of our business.
        let Ok(stream) = stream else {
            continue;
        };
        let directory = Arc::clone(&directory);
        std::thread::spawn(move || connection(&stream, &directory, log));
    }
    Ok(0)
}

fn connection(stream: &TcpStream, directory: &OwnedFd, log: bool) {
    let limits = stream
        .set_read_timeout(Some(IDLE))
        .and_then(|()| stream.set_write_timeout(Some(IDLE)));
    let _ = limits.and_then(|()| stream.set_nodelay(true));
    let mut reader = BufReader::new(stream);
    while let Ok(Some(request)) = Request::read(&mut reader) {
        let keep = request.keep;
        match respond(stream, directory, &request) {
            Ok(status) if log => eprintln!("{} {} {status}", request.method, request.path),
            Ok(_) => {}
            Err(_) => return,
        }
        if !keep {
            return;
        }
    }
}

/// What is asked for.
#[derive(Debug, Default)]
struct Request {
    method: String,
    path: String,
    range: Option<String>,
    since: Option<u64>,
    keep: bool,
}

impl Request {
    /// The next one; none at the end of the connection or when it is no HTTP.
    fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut head = reader.take(MAX_HEAD);
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_ascii_whitespace();
        let (Some(method), Some(target), Some(version)) =
            (words.next(), words.next(), words.next())
        else {
            return Ok(None);
        };
        let mut request = Self {
            method: method.to_owned(),
            path: decoded(target),
            keep: version == "HTTP/1.1",
            ..Self::default()
        };
        loop {
            let mut line = String::new();
            if head.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            let line = line.trim_end();
            if line.is_empty() {
                return Ok(Some(request));
            }
            let Some((name, value)) = line.split_once(':') else {
                return Ok(None);
            };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "range" => request.range = Some(value.to_owned()),
                "if-modified-since" => request.since = http_date::parse(value),
                "connection" if value.eq_ignore_ascii_case("close") => request.keep = false,
                "connection" if value.eq_ignore_ascii_case("keep-alive") => request.keep = true,
                // A body would be taken for the next request.
                "content-length" | "transfer-encoding" => request.keep = false,
                _ => {}
            }
        }
    }
}

/// A target's path with `%XX` undone.
fn decoded(target: &str) -> String {
    let path = target
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .as_bytes();
    let mut out = Vec::with_capacity(path.len());
    let mut at = 0;
    while at < path.len() {
        let pair = path.get(at + 1..at + 3).filter(|_| path[at] == b'%');
        match pair.and_then(oil::digest::from_hex) {
            Some(byte) => {
                out.extend(byte);
                at += 3;
            }
            None => {
                out.push(path[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Opens a file below the directory.
fn open(directory: &OwnedFd, path: &str) -> Option<File> {
    let path = path.trim_start_matches('/');
    let flags = OFlags::RDONLY | OFlags::NONBLOCK;
    let path = path.as_bytes();
    let file = inside::open(directory, path, flags, Mode::empty(), Links::Beneath).ok()?;
    let file = File::from(file);
    file.metadata().ok()?.is_file().then_some(file)
}

/// First byte and length of a range of a file of `size` bytes: the outer none if it is not one range of bytes, the
/// inner if the file does not have it.
fn range(text: &str, size: u64) -> Option<Option<(u64, u64)>> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    if last.contains(',') {
        return None;
    }
    if first.is_empty() {
        let length = last.parse::<u64>().ok()?.min(size);
        return Some((length > 0).then(|| (size - length, length)));
    }
    let first: u64 = first.parse().ok()?;
    let last = if last.is_empty() {
        u64::MAX
    } else {
        last.parse().ok()?
    };
    if first >= size || last < first {
        return Some(None);
    }
    Some(Some((first, last.min(size - 1) - first + 1)))
}

fn respond(mut stream: &TcpStream, directory: &OwnedFd, request: &Request) -> io::Result<u16> {
    let connection = if request.keep { "keep-alive" } else { "close" };
    let mut plain = |status: u16, words: &str, more: &str| -> io::Result<u16> {
        let body = if status == 304 { "" } else { words };
        let shown = if request.method == "HEAD" { "" } else { body };
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {status} {words}\r\nConnection: {connection}\r\nContent-Length: {length}\r\n{more}\r\n{shown}"
        );
        stream.write_all(text.as_bytes())?;
        Ok(status)
    };
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return plain(405, "Method Not Allowed", "Allow: GET, HEAD\r\n");
    }
    let Some(mut file) = open(directory, &request.path) else {
        return plain(404, "Not Found", "");
    };
    let metadata = file.metadata()?;
    let modified = metadata
        .modified()?
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let size = metadata.len();
    let dated = format!("Last-Modified: {}\r\n", http_date::to_text(modified));
    if request.since.is_some_and(|since| since >= modified) && request.range.is_none() {
        return plain(304, "Not Modified", &dated);
    }
    let part = request.range.as_deref().and_then(|text| range(text, size));
    let (status, first, length) = match part {
        None => (200, 0, size),
        Some(Some((first, length))) => (206, first, length),
        Some(None) => {
            return plain(
                416,
                "Range Not Satisfiable",
                &format!("Content-Range: bytes */{size}\r\n"),
            );
        }
    };
    let words = if status == 206 {
        "Partial Content"
    } else {
        "OK"
    };
    let mut head = format!(
        "HTTP/1.1 {status} {words}\r\nConnection: {connection}\r\nContent-Type: application/octet-stream\r\n\
         Accept-Ranges: bytes\r\nContent-Length: {length}\r\n{dated}"
    );
    if status == 206 {
        head += &format!(
            "Content-Range: bytes {first}-{}/{size}\r\n",
            first + length - 1
        );
    }
    head += "\r\n";
    stream.write_all(head.as_bytes())?;
    if request.method == "GET" {
        file.seek(SeekFrom::Start(first))?;
        let sent = io::copy(&mut file.take(length), &mut stream)?;
        if sent != length {
            // The file became shorter; what was promised cannot be kept.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (text, found) in [
            ("bytes=0-", Some(Some((0, 10)))),
            ("bytes=3-5", Some(Some((3, 3)))),
            ("bytes=3-99", Some(Some((3, 7)))),
            ("bytes=-4", Some(Some((6, 4)))),
            ("bytes=10-", Some(None)),
            ("bytes=5-3", Some(None)),
            ("bytes=0-1,3-4", None),
            ("lines=1-2", None),
        ] {
            assert_eq!(range(text, 10), found, "{text}");
        }
    }

    #[test]
    fn targets() {
        assert_eq!(decoded("/a%20b%2Fc?d"), "/a b/c");
        assert_eq!(decoded("/a%zz%"), "/a%zz%");
    }
}
