//! Getting files from servers that behave, and from those that do not.

use crate::place::Place;
use crate::server::{Asked, Server, answer};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Files below a directory, for a server.
fn file(root: &std::path::Path, asked: &Asked) -> Option<Vec<u8>> {
    fs::read(root.join(asked.path.trim_start_matches('/'))).ok()
}

/// Answers as a server should.
fn good(root: &std::path::Path, asked: &Asked) -> Vec<u8> {
    let Some(bytes) = file(root, asked) else {
        return answer("404 Not Found", "", b"");
    };
    match asked.from {
        Some(from) => {
            let range = format!(
                "Content-Range: bytes {from}-{}/{}\r\n",
                bytes.len() - 1,
                bytes.len()
            );
            answer("206 Partial Content", &range, &bytes[from as usize..])
        }
        None => answer("200 OK", "", &bytes),
    }
}

/// A place whose first repository is behind a server that answers packages with `package`.
fn behind(
    package: impl Fn(&PathBuf, &Asked) -> (Vec<u8>, bool) + Send + Sync + 'static,
) -> (Place, Server) {
    let place = Place::new();
    let root = place.path(".");
    let server = Server::new(move |asked| {
        if asked.path.ends_with(".apk") {
            package(&root, asked)
        } else {
            (good(&root, asked), false)
        }
    });
    place.repositories(
        &format!("{}/one", server.url),
        &place.path("two").to_string_lossy(),
    );
    fs::create_dir(place.path("got")).expect("a directory");
    (place, server)
}

const FETCH: &str = "--timeout 1 fetch -o PLACE/got bar";

fn got(place: &Place) -> bool {
    let found = fs::read(place.path("got/bar-2-r0.apk")).ok();
    let part = place.path("got/bar-2-r0.apk.part").exists();
    assert!(!part || found.is_none());
    found == fs::read(place.path("one/x86_64/bar-2-r0.apk")).ok()
}

#[test]
fn indexes_and_packages_come() {
    let (place, server) = behind(|root, asked| (good(root, asked), false));
    let update = place.run("update");
    assert_eq!(update.status, 0, "{update:?}");
    assert!(
        update.out.ends_with("OK: 10 distinct packages available\n"),
        "{update:?}"
    );
    let fetched = place.run(FETCH);
    assert_eq!(
        (fetched.status, fetched.out.as_str()),
        (0, "Downloading bar-2-r0\n"),
        "{fetched:?}"
    );
    assert!(got(&place));
    let asked = server.requests();
    assert_eq!(
        asked
            .iter()
            .filter(|one| one.path.ends_with("Packages.adb"))
            .count(),
        1,
        "{asked:?}"
    );
}

#[test]
fn what_broke_off_is_gone_on_with() {
    let (place, server) = behind(|root, asked| {
        let whole = good(root, asked);
        match asked.from {
            None => (whole[..whole.len() / 2].to_vec(), true),
            Some(_) => (whole, false),
        }
    });
    let fetched = place.run(FETCH);
    assert_eq!(fetched.status, 0, "{fetched:?}");
    assert!(got(&place));
    assert!(
        server
            .requests()
            .iter()
            .any(|asked| asked.from.is_some_and(|from| from > 1_000_000))
    );
}

#[test]
fn pieces_of_a_length_that_is_not_said() {
    let (place, _server) = behind(|root, asked| {
        let bytes = file(root, asked).expect("there");
        let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for piece in bytes.chunks(10_000) {
            answer.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            answer.extend_from_slice(piece);
            answer.extend_from_slice(b"\r\n");
        }
        answer.extend_from_slice(b"0\r\n\r\n");
        (answer, false)
    });
    let fetched = place.run(FETCH);
    assert_eq!(fetched.status, 0, "{fetched:?}");
    assert!(got(&place));
}

/// A client that is asked directly.
fn client(root: PathBuf) -> oil::fetch::Client {
    oil::fetch::Client::new(oil::fetch::Options {
        root,
        timeout: std::time::Duration::from_secs(5),
        check_certificate: true,
        refresh: false,
        connections: 1,
        mirrors: oil::fetch::Mirrors::default(),
    })
}

#[test]
fn connections_that_are_closed_in_between() {
    let place = Place::new();
    // It says that it keeps them, and does so every other time.
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::new(move |_| {
        let nth = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        (answer("200 OK", "", b"some words"), nth.is_multiple_of(2))
    });
    let client = client(place.path("root"));
    for nth in 0..6 {
        let target = place.path(&format!("words{nth}"));
        let want = oil::fetch::Want::default();
        let got = client.get(&format!("{}/{nth}", server.url), &target, &want, &|_| {});
        got.expect("there");
        assert_eq!(fs::read(&target).expect("there"), b"some words");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(server.requests().len(), 6);
}

#[test]
fn proxies_of_the_environment() {
    let place = Place::new();
    let root = place.path(".");
    let server = Server::new(move |asked| {
        let path = asked.path.strip_prefix("http://nowhere.invalid:81");
        let path = path.unwrap_or("/no proxy was asked").to_owned();
        let asked = Asked {
            path,
            ..asked.clone()
        };
        (good(&root, &asked), false)
    });
    place.repositories(
        "http://nowhere.invalid:81/one",
        &place.path("two").to_string_lossy(),
    );
    let update = |variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oil"));
        command.arg("--root").arg(place.path("root"));
        command.args(["--timeout", "5", "--force-refresh", "update"]);
        command.env_clear().envs(variables.iter().copied());
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), said)
    };
    let proxy = server.url.as_str();
    let secret = proxy.replace("http://", "http://me:secret@");
    for (name, value) in [
        ("http_proxy", proxy),
        ("HTTP_PROXY", &secret),
        ("all_proxy", proxy),
    ] {
        let (good, said) = update(&[(name, value)]);
        assert!(good, "{name}: {said}");
    }
    let asked = server.requests().len();
    let without = [("http_proxy", proxy), ("no_proxy", "localhost,.invalid")];
    assert!(!update(&without).0 && !update(&[("https_proxy", proxy)]).0);
    assert_eq!(server.requests().len(), asked);
    let (good, said) = update(&[("http_proxy", "socks5://127.0.0.1:1")]);
    assert!(!good && said.contains("socks5://127.0.0.1:1"), "{said}");
    let (good, said) = update(&[("http_proxy", "127.0.0.1:1")]);
    assert!(
        !good && said.contains("the proxy 127.0.0.1:1: Connection refused"),
        "{said}"
    );
}

/// What the servers below have in common: it fails, it says why, and nothing is left.
fn fails(
    package: impl Fn(&PathBuf, &Asked) -> (Vec<u8>, bool) + Send + Sync + 'static,
    words: &str,
) {
    let (place, _server) = behind(package);
    let fetched = place.run(FETCH);
    assert_eq!(fetched.status, 1, "{fetched:?}");
    assert!(fetched.err.contains(words), "{fetched:?}");
    assert!(!place.path("got/bar-2-r0.apk").exists());
}

#[test]
fn closing_early() {
    fails(
        |root, asked| {
            let whole = good(root, asked);
            (whole[..1000.min(whole.len())].to_vec(), true)
        },
        "bar-2-r0: http://127.0.0.1:",
    );
}

#[test]
fn stalling() {
    fails(
        |root, asked| {
            std::thread::sleep(std::time::Duration::from_secs(3));
            (good(root, asked), true)
        },
        "no progress for 1 seconds",
    );
}

#[test]
fn lying_about_the_length() {
    fails(
        |_, _| (answer("200 OK", "", b"short"), false),
        "the server has 5 bytes, but the index says",
    );
}

#[test]
fn another_package_of_the_same_length() {
    fails(
        |root, asked| {
            let mut bytes = file(root, asked).expect("there");
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x55;
            (answer("200 OK", "", &bytes), false)
        },
        "bar-2-r0: ",
    );
}

#[test]
fn redirecting() {
    fails(
        |_, asked| {
            (
                answer("302 Found", &format!("Location: {}\r\n", asked.path), b""),
                false,
            )
        },
        "redirects without an end",
    );
    fails(
        |_, _| (answer("302 Found", "Location: ftp://h/x\r\n", b""), false),
        "redirects to nowhere",
    );
    fails(
        |_, _| (answer("500 Oh", "", b""), false),
        "the server says 500",
    );
}

#[test]
fn mirrors_stand_in() {
    let (place, server) = behind(|_, _| (answer("404 Not Found", "", b""), false));
    let root = place.path(".");
    let other = Server::new(move |asked| (good(&root, asked), false));
    let text = format!("{}/one {}/one\n", server.url, other.url);
    fs::write(place.path("root/etc/apk/mirrors"), text).expect("a file");
    let fetched = place.run(FETCH);
    assert_eq!(fetched.status, 0, "{fetched:?}");
    assert!(got(&place));
    assert_eq!(other.requests().len(), 1);
}

#[test]
fn nobody_there() {
    let place = Place::new();
    place.repositories("http://127.0.0.1:1/x", &place.path("two").to_string_lossy());
    let update = place.run("update");
    assert_eq!(update.status, 1);
    assert!(
        update
            .out
            .ends_with("1 unavailable, 0 stale; 6 distinct packages available\n"),
        "{update:?}"
    );
    assert!(update.err.contains(
        "updating and opening http://127.0.0.1:1/x/x86_64/Packages.adb: Connection refused"
    ));
    assert_eq!(place.run("--no-network search -e foo").status, 0);
}

/// Our own server, ended with the test.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn our_own_server() {
    let place = Place::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_oil"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .arg(place.path("."))
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut url = String::new();
    BufReader::new(child.stdout.take().expect("piped"))
        .read_line(&mut url)
        .expect("its address");
    let _serving = Serving(child);
    let url = url.trim().trim_end_matches('/');
    place.repositories(&format!("{url}/one"), &format!("{url}/two"));
    for _ in 0..2 {
        let update = place.run("update");
        assert_eq!((update.status, update.err.as_str()), (0, ""), "{update:?}");
    }
    fs::create_dir(place.path("got")).expect("a directory");
    assert_eq!(place.run("fetch -o PLACE/got -R bar").status, 0);
    assert!(got(&place) && place.path("got/libfoo-1.0-r0.apk").exists());
    let client = client(place.path("root"));
    let target = place.path("part.apk");
    let whole = fs::read(place.path("one/x86_64/bar-2-r0.apk")).expect("there");
    fs::write(place.path("part.apk.part"), &whole[..100]).expect("a file");
    let want = oil::fetch::Want {
        size: Some(whole.len() as u64),
        ..oil::fetch::Want::default()
    };
    let received = std::cell::Cell::new(0);
    let add = |bytes: u64| received.set(received.get() + bytes);
    client
        .get(
            &format!("{url}/one/x86_64/bar-2-r0.apk"),
            &target,
            &want,
            &add,
        )
        .expect("there");
    assert_eq!(fs::read(&target).expect("there"), whole);
    assert_eq!(received.get(), whole.len() as u64 - 100);
    let outside = client.get(
        &format!("{url}/../../etc/passwd"),
        &target,
        &oil::fetch::Want::default(),
        &|_| {},
    );
    assert!(outside.is_err());
}

#[test]
fn names_and_passwords_of_netrc() {
    let place = Place::new();
    let root = place.path(".");
    // `me:secret`, and nobody else.
    let server = Server::new(move |asked| match asked.authorization.as_deref() {
        Some("Basic bWU6c2VjcmV0") => (good(&root, asked), false),
        _ => (answer("401 Unauthorized", "", b""), false),
    });
    place.repositories(
        &format!("{}/one", server.url),
        &place.path("two").to_string_lossy(),
    );
    let update = |netrc: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oil"));
        command.arg("--root").arg(place.path("root")).arg("update");
        command
            .env_remove("NETRC")
            .env("HTTP_AUTH", "basic:*:other:one");
        if let Some(text) = netrc {
            fs::write(place.path("netrc"), text).expect("a file");
            command.env("NETRC", place.path("netrc"));
        }
        command.output().expect("it runs").status.success()
    };
    assert!(!update(None));
    assert!(!update(Some(
        "machine elsewhere login me password secret\n"
    )));
    assert!(update(Some("machine 127.0.0.1 login me password secret\n")));
    let asked = server.requests();
    let told = |asked: &Asked| asked.authorization.clone();
    // What the file says is told once it is asked for, and not before.
    let last = asked.iter().rev().take(2).map(told).collect::<Vec<_>>();
    assert_eq!(last, [Some("Basic bWU6c2VjcmV0".to_owned()), None]);
}
