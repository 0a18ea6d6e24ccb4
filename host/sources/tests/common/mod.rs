//! What the tests of whole calls share: a mirror on the loopback, archives, and other circumstances to run in.
#![allow(dead_code)]

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use alpenglow_sources::{Lock, Pin};
use sha2::{Digest as _, Sha256};

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A pin of `bytes` at `path` of a mirror.
pub fn pin(version: &str, path: &str, bytes: &[u8]) -> Pin {
    Pin {
        version: version.to_owned(),
        path: Some(path.to_owned()),
        upstream: None,
        krate: None,
        sha256: sha256(bytes),
        bytes: bytes.len() as u64,
        unpack: None,
    }
}

/// A lock with one source of these pins.
pub fn lock<'a>(name: &str, pins: impl IntoIterator<Item = &'a Pin>) -> Lock {
    let mut text = format!("[[source]]\nname = \"{name}\"\n");
    for pin in pins {
        text += &format!(
            "[[source.pin]]\nversion = \"{}\"\nsha256 = \"{}\"\nbytes = {}\n",
            pin.version, pin.sha256, pin.bytes
        );
        for (key, value) in [
            ("path", &pin.path),
            ("upstream", &pin.upstream),
            ("unpack", &pin.unpack),
            ("crate", &pin.krate),
        ] {
            if let Some(value) = value {
                text += &format!("{key} = \"{value}\"\n");
            }
        }
    }
    Lock::parse(&text, Path::new("sources.lock")).unwrap()
}

/// What the mirror does with a path.
#[derive(Clone)]
pub enum Reply {
    File(Vec<u8>),
    /// Promises this many bytes more than it sends, then hangs up.
    Cut(Vec<u8>, usize),
    Status(&'static str),
}

/// A package mirror on 127.0.0.1, as long as the process lives.
pub struct Mirror {
    pub address: String,
    replies: Arc<Mutex<HashMap<String, Reply>>>,
    pub requests: Arc<AtomicUsize>,
}

impl Mirror {
    pub fn new(replies: &[(&str, Reply)]) -> Mirror {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mirror = Mirror {
            address: format!("http://{}/", listener.local_addr().unwrap()),
            replies: Arc::new(Mutex::new(
                replies
                    .iter()
                    .map(|(path, reply)| (format!("/{path}"), reply.clone()))
                    .collect(),
            )),
            requests: Arc::default(),
        };
        let (replies, requests) = (mirror.replies.clone(), mirror.requests.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (replies, requests) = (replies.clone(), requests.clone());
                std::thread::spawn(move || serve(stream, &replies, &requests));
            }
        });
        mirror
    }

    pub fn set(&self, path: &str, reply: Reply) {
        self.replies
            .lock()
            .unwrap()
            .insert(format!("/{path}"), reply);
    }

    pub fn count(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn serve(stream: TcpStream, replies: &Mutex<HashMap<String, Reply>>, requests: &AtomicUsize) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut stream = stream;
    while let Some(Ok(request)) = lines.next() {
        let path = request
            .split(' ')
            .nth(1)
            .unwrap()
            .replace("%7e", "~")
            .replace("%2b", "+");
        while lines
            .next()
            .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
        {}
        requests.fetch_add(1, Ordering::SeqCst);
        let reply = replies.lock().unwrap().get(&path).cloned();
        let sent = match reply {
            Some(Reply::File(bytes)) => write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                bytes.len()
            )
            .and_then(|()| stream.write_all(&bytes)),
            Some(Reply::Cut(bytes, more)) => {
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                    bytes.len() + more
                );
                let _ = stream.write_all(&bytes);
                return;
            }
            Some(Reply::Status(status)) => {
                write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")
            }
            None => write!(
                stream,
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
            ),
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Files below a folder, to see that nothing half-made is left.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        let Ok(entries) = fs::read_dir(&dir) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            match path.extension().is_some_and(|x| x == "lock" || x == "gone") {
                true => {}
                false if entry.file_type().unwrap().is_dir() => dirs.push(path),
                false => found.push(path),
            }
        }
    }
    found
}

/// Set for a test that was started again by [`again`]: the folder to work in.
const INNER: &str = "ALPENGLOW_TEST_INNER";

/// The folder, in a test that was started again.
pub fn inner() -> Option<PathBuf> {
    std::env::var_os(INNER).map(PathBuf::from)
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs the named test of this program again with a tmpfs mounted, in a mount namespace of its own.
pub fn again_in_tmpfs(test: &str, options: &str) {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new("unshare");
    if !is_root() {
        command.arg("--map-root-user");
    }
    command.args([
        "--mount",
        "sh",
        "-c",
        "mount -t tmpfs -o \"$1\" tmpfs \"$2\" && exec \"$3\" --exact \"$4\" --nocapture",
        "sh",
        options,
    ]);
    run_again(
        command
            .arg(dir.path())
            .arg(std::env::current_exe().unwrap()),
        test,
        dir.path(),
    );
}

/// Runs the named test of this program again as a user without rights.
pub fn again_as_nobody(test: &str) {
    let dir = tempfile::tempdir().unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = dir.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command;
    if is_root() {
        command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(&program);
    } else {
        command = Command::new(&program);
    }
    run_again(command.args(["--nocapture", "--exact"]), test, dir.path());
}

fn run_again(command: &mut Command, test: &str, dir: &Path) {
    let output = command
        .arg(test)
        .env(INNER, dir)
        .output()
        .unwrap_or_else(|e| panic!("cannot run {command:?}: {e}"));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{command:?}: {}\n{said}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs the named test of this program again with a cargo home of its own, `inner()/cargo`.
pub fn again_with_cargo(test: &str) {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("cargo");
    fs::create_dir(&home).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--nocapture", "--exact"])
        .env("CARGO_HOME", home)
        .env("CARGO_NET_RETRY", "0");
    run_again(&mut command, test, dir.path());
}
