//! A mirror on the loopback: files of a folder over HTTP/1.1 (RFC 9112), as much of it as apt and cargo ask for.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

/// Serves a folder on 127.0.0.1 for as long as the process lives; returns `http://ADDRESS`.
///
/// # Errors
/// When no port can be had.
pub fn serve(folder: &Path) -> io::Result<String> {
    serve_at(folder, "127.0.0.1:0")
}

/// The same at this address of this thread's network.
///
/// # Errors
/// When it cannot be had.
pub fn serve_at(folder: &Path, address: &str) -> io::Result<String> {
    let listener = TcpListener::bind(address)?;
    let address = format!("http://{}", listener.local_addr()?);
    let folder = folder.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let folder = folder.clone();
            // One that hangs up early has got what it wanted.
            std::thread::spawn(move || drop(answer(&stream, &folder)));
        }
    });
    Ok(address)
}

fn answer(mut stream: &TcpStream, folder: &Path) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while let Some(request) = lines.next().transpose()? {
        while lines
            .next()
            .transpose()?
            .is_some_and(|line| !line.is_empty())
        {}
        let wanted = request.split(' ').nth(1).unwrap_or_default();
        match file(folder, wanted) {
            Some(bytes) => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", bytes.len());
                stream.write_all(head.as_bytes())?;
                if !request.starts_with("HEAD") {
                    stream.write_all(&bytes)?;
                }
            }
            None => stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?,
        }
    }
    Ok(())
}

/// The file that a request's path names, if it is below the folder.
fn file(folder: &Path, wanted: &str) -> Option<Vec<u8>> {
    // What Debian's versions have in them and clients write otherwise (RFC 3986, 2.1).
    let plain = wanted
        .replace("%7e", "~")
        .replace("%7E", "~")
        .replace("%2b", "+")
        .replace("%2B", "+");
    let path = PathBuf::from(plain.trim_start_matches('/'));
    let inside = path
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_)));
    inside.then(|| fs::read(folder.join(path)).ok()).flatten()
}
