//! A repository that is far away: files of a folder over HTTP/1.1 (RFC 9112) on the loopback, each request answered
//! after a while, each connection as fast as a line of its own.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

/// How far away it is.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// How long a request waits for the first byte of its answer.
    pub delay: Duration,
    /// Bytes a second of one connection.
    pub rate: f64,
}

/// What `bench oil` measures with: 40 ms and 25 MiB/s.
pub const FAR: Line = Line {
    delay: Duration::from_millis(40),
    rate: 25.0 * 1024.0 * 1024.0,
};

/// Bytes that are written at once.
const PIECE: usize = 64 << 10;

/// Serves a folder on 127.0.0.1 for as long as the process lives; returns `http://ADDRESS`.
///
/// # Errors
/// When no port can be had.
pub fn serve(folder: &Path, line: Line) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("http://{}", listener.local_addr()?);
    let folder = folder.to_owned();
    spawn(move || {
        for stream in listener.incoming().flatten() {
            let folder = folder.clone();
            // One that hangs up early has got what it wanted.
            spawn(move || drop(answer(&stream, &folder, line)));
        }
    });
    Ok(address)
}

/// Answers all requests of a connection.
fn answer(mut stream: &TcpStream, folder: &Path, line: Line) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while let Some(request) = lines.next().transpose()? {
        let mut begin = 0;
        for header in lines.by_ref() {
            let header = header?.to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(range) = header.strip_prefix("range: bytes=") {
                begin = range.trim_end_matches('-').parse().unwrap_or(0);
            }
        }
        sleep(line.delay);
        let wanted = request.split(' ').nth(1).unwrap_or_default();
        let Some(mut file) = open(folder, wanted) else {
            stream.write_all(
                b"HTTP/1.1 404 Not Found\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
            )?;
            continue;
        };
        let whole = file.metadata()?.len();
        let begin = begin.min(whole);
        let status = if begin > 0 {
            format!(
                "206 Partial Content\r\nContent-Range: bytes {begin}-{}/{whole}",
                whole - 1
            )
        } else {
            "200 OK".to_owned()
        };
        let length = whole - begin;
        // apk uses a connection again only if it is told so.
        write!(
            stream,
            "HTTP/1.1 {status}\r\nConnection: keep-alive\r\nAccept-Ranges: bytes\r\nContent-Length: {length}\r\n\r\n"
        )?;
        if !request.starts_with("HEAD") {
            file.seek(SeekFrom::Start(begin))?;
            send(&mut file, stream, line.rate)?;
        }
    }
    Ok(())
}

/// Sends the rest of a file, no faster than the line is.
#[allow(clippy::cast_precision_loss)] // Sizes of packages are far below 2^53.
fn send(file: &mut File, mut stream: &TcpStream, rate: f64) -> io::Result<()> {
    let start = Instant::now();
    let mut piece = [0; PIECE];
    let mut sent = 0;
    loop {
        let length = file.read(&mut piece)?;
        if length == 0 {
            return Ok(());
        }
        stream.write_all(&piece[..length])?;
        sent += length;
        let due = Duration::from_secs_f64(sent as f64 / rate);
        sleep(due.saturating_sub(start.elapsed()));
    }
}

/// The file that a request's path names, if it is below the folder.
fn open(folder: &Path, wanted: &str) -> Option<File> {
    let path = PathBuf::from(wanted.trim_start_matches('/'));
    let inside = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let path = folder.join(path);
    (inside && path.is_file()).then(|| File::open(path).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(address: &str, requests: &str) -> String {
        let address = address.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(requests.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn files_parts_of_them_and_nothing_outside() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("f"), "0123456789").unwrap();
        let near = Line {
            delay: Duration::ZERO,
            rate: 1e9,
        };
        let address = serve(folder.path(), near).unwrap();
        let both = ask(
            &address,
            "GET /f HTTP/1.1\r\n\r\nGET /f HTTP/1.1\r\nRange: bytes=7-\r\n\r\n",
        );
        assert!(
            both.contains("\r\n\r\n0123456789HTTP/1.1 206") && both.ends_with("\r\n\r\n789"),
            "{both}"
        );
        for path in ["/g", "/../f", "/"] {
            let answer = ask(&address, &format!("GET {path} HTTP/1.1\r\n\r\n"));
            assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        }
    }
}
