//! An image from a server into memory, by HTTP/1.1 (RFC 9112). What arrives is not trusted: the kernel compares the image with its signature as
//! any other.

use super::network::Way;
use common::reason;
use common::root::Root;
use http::{Body, Head, request};
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Where it is put in the initramfs, which is memory.
const TARGET: &str = "/downloaded.glowfs";
/// How long a server may say nothing.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sets the network up as `ip=` says, or by DHCP where it says nothing, and fetches.
///
/// # Errors
/// What is wrong with the address, the network, or the answer.
pub fn fetch(root: &Root, url: &str, ip: Option<&str>) -> Result<String, String> {
    super::say(&format!("early: fetching {url}"));
    let way = match ip {
        Some(ip) => Way::parse(ip).map_err(|what| format!("ip={ip}: {what}"))?,
        // IPv6 has its own ways to an address, which the kernel goes.
        None if url.contains('[') => Way::Off,
        None => Way::Lease { device: None },
    };
    let _leased = way.up(root).map_err(|what| format!("{url}: {what}"))?;
    let target = root.at(TARGET);
    let mut file =
        File::create(&target).map_err(|error| format!("{TARGET}: {}", reason(&error)))?;
    let done = get(url, free(), &mut file).map_err(|what| format!("{url}: {what}"));
    if done.is_err() {
        // It takes memory that a shell may want.
        let _ = std::fs::remove_file(&target);
    }
    done.map(|_| TARGET.to_owned())
}

/// Bytes of memory that nobody uses.
fn free() -> u64 {
    let about = rustix::system::sysinfo();
    about.freeram as u64 * u64::from(about.mem_unit)
}

/// The parts of an address: host and port as they are connected to, host as it is said, path.
fn parts(url: &str) -> Result<(String, &str, &str), String> {
    let rest = url
        .strip_prefix("http://")
        .ok_or("it does not begin with http://")?;
    let (host, path) = rest.split_at(
        rest.find('/')
            .ok_or("it has no path: http://ADDRESS/PATH")?,
    );
    if host.is_empty() {
        return Err("it has no address: http://ADDRESS/PATH".to_owned());
    }
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| {
        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    });
    let address = if has_port {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    Ok((address, host, path))
}

/// `room`: bytes that it may have.
fn get(url: &str, room: u64, out: &mut impl Write) -> Result<u64, String> {
    let (address, host, path) = parts(url)?;
    let said = |error: io::Error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            format!("the server said nothing for {} s", PATIENCE.as_secs())
        }
        _ => reason(&error).to_string(),
    };
    let address: SocketAddr = address
        .parse()
        .map_err(|_| "its host is no address: names cannot be looked up here".to_owned())?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(said)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(said)?;
    let fields = [
        ("Host", host),
        ("User-Agent", "alpenglow-early"),
        ("Connection", "close"),
    ];
    let request = request("GET", path, fields);
    stream.write_all(request.as_bytes()).map_err(said)?;

    let mut reader = BufReader::with_capacity(1 << 16, stream);
    let unsaid = |error: http::Error| match error {
        http::Error::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => said(error),
        other => other.to_string(),
    };
    let head = Head::read(&mut reader).map_err(unsaid)?;
    if head.status != 200 {
        return Err(format!(
            "the server answers '{} {}'",
            head.status, head.reason
        ));
    }
    let mut body = Body::new(&head).map_err(unsaid)?;
    let full = |length| format!("it has {length} bytes, and {room} of the memory are free");
    if let Some(length) = body.length().filter(|length| *length > room) {
        return Err(full(length.to_string()));
    }
    let mut buffer = vec![0; 1 << 16];
    let mut copied = 0;
    loop {
        let count = match body.read(&mut reader, &mut buffer) {
            Ok(0) => return Ok(copied),
            Ok(count) => count,
            Err(error) => {
                let whole = body.length().map(|length| format!(" of {length}"));
                let whole = whole.unwrap_or_default();
                return Err(format!(
                    "it ends after {copied}{whole} bytes: {}",
                    said(error)
                ));
            }
        };
        copied += count as u64;
        // Whoever does not say it beforehand may send without an end.
        if copied > room {
            return Err(full(format!("more than {room}")));
        }
        out.write_all(&buffer[..count]).map_err(said)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufRead as _;
    use std::net::TcpListener;

    /// A server that gives one answer.
    fn answer(text: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // A request may come in pieces.
            let lines = BufReader::new(&stream).lines().map(Result::unwrap);
            let request: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
            assert_eq!(request[0], "GET /a/b.glowfs HTTP/1.1");
            stream.write_all(text).unwrap();
        });
        format!("http://127.0.0.1:{port}/a/b.glowfs")
    }

    #[test]
    fn a_file_arrives_whole() {
        let mut got = Vec::new();
        let url =
            answer(b"HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length: 5\r\n\r\nimage and more");
        assert_eq!(get(&url, 5, &mut got).unwrap(), 5);
        assert_eq!(got, b"image");
    }

    #[test]
    fn other_answers_are_told() {
        let told = |text| get(&answer(text), 9, &mut Vec::new()).unwrap_err();
        assert_eq!(
            told(b"HTTP/1.1 404 Not Found\r\n\r\n"),
            "the server answers '404 Not Found'"
        );
        assert_eq!(
            told(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nimage"),
            "it ends after 5 of 9 bytes: the server closed it"
        );
        assert_eq!(
            told(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nimage"),
            "it has 10 bytes, and 9 of the memory are free"
        );
        assert_eq!(
            told(b"HTTP/1.1 200 OK\r\n\r\nimage and more"),
            "it has more than 9 bytes, and 9 of the memory are free"
        );
        let chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nimage\r\n";
        assert_eq!(told(chunks), "it ends after 5 bytes: the server closed it");
        assert!(told(b"HTTP/1.1 200 OK\r\nContent-").contains("too early"));
    }

    #[test]
    fn addresses_are_taken_apart() {
        assert_eq!(
            parts("http://10.0.0.1/x").unwrap(),
            ("10.0.0.1:80".to_owned(), "10.0.0.1", "/x")
        );
        assert_eq!(parts("http://10.0.0.1:8000/x").unwrap().0, "10.0.0.1:8000");
        assert_eq!(parts("http://[fd00::1]/x").unwrap().0, "[fd00::1]:80");
        assert!(parts("http://10.0.0.1").unwrap_err().contains("no path"));
        assert!(parts("http:///x").unwrap_err().contains("no address"));
    }
}
