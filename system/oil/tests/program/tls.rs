//! Servers with certificates: openssl's `s_server`, with each kind of key, version and group, and those that are not to be
//! believed. Without openssl these are passed over, and say so.

use crate::place::{Answer, Place};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What `openssl req` is told of keys.
const KINDS: [&[&str]; 3] = [
    &["rsa:2048"],
    &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
];

const CONFIGURATION: &str = "[req]\ndistinguished_name = d\nprompt = no\n[d]\nCN = localhost\n\
    [authority]\nbasicConstraints = critical,CA:TRUE\n\
    [leaf]\nbasicConstraints = critical,CA:FALSE\nsubjectAltName = DNS:localhost\n";

fn there() -> bool {
    let there = Command::new("openssl").arg("version").output().is_ok();
    if !there {
        eprintln!("skipped: no openssl");
    }
    there
}

/// Makes `NAME.pem` and `NAME.key`, signed by `by` or by itself.
fn certificate(folder: &Path, name: &str, kind: &[&str], by: Option<&str>) {
    fs::write(folder.join("config"), CONFIGURATION).expect("a file");
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-nodes", "-config", "config", "-newkey"]);
    command.args(kind).current_dir(folder);
    command.args([
        "-keyout",
        &format!("{name}.key"),
        "-out",
        &format!("{name}.pem"),
    ]);
    match by {
        Some(by) => {
            command.args(["-extensions", "leaf"]);
            command.args(["-CA", &format!("{by}.pem"), "-CAkey", &format!("{by}.key")])
        }
        None => command.args(["-extensions", "authority", "-subj", &format!("/CN={name}")]),
    };
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

/// A server of the first repository, on the loopback; it goes when this does.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn new(folder: &Path, served: &Path, name: &str, words: &[&str]) -> Self {
        let file = |end: &str| folder.join(format!("{name}{end}"));
        let mut command = Command::new("openssl");
        command.args(["s_server", "-4", "-accept", "0", "-WWW"]);
        command
            .arg("-cert")
            .arg(file(".pem"))
            .arg("-key")
            .arg(file(".key"));
        let mut child = command
            .args(words)
            .current_dir(served)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let address = line.strip_prefix("ACCEPT ")?.to_owned();
            address.rsplit(':').next()?.parse().ok()
        });
        // It goes on to tell of each request, and waits for who reads it.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            port: port.expect("its port"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A place that believes the authority `ca`, and the folder with keys.
fn place(kind: &[&str]) -> (Place, PathBuf) {
    let place = Place::new();
    let folder = place.path("keys");
    fs::create_dir(&folder).expect("a folder");
    certificate(&folder, "ca", kind, None);
    fs::copy(folder.join("ca.pem"), place.path("root/etc/apk/ca.pem")).expect("a file");
    (place, folder)
}

/// Asks a server for its index.
fn update(place: &Place, host: &str, server: &Server) -> Answer {
    let url = format!("https://{host}:{}", server.port);
    place.repositories(&url, &place.path("two").to_string_lossy());
    place.run("--timeout 10 --force-refresh update")
}

#[test]
fn every_kind_of_key_version_and_group() {
    if !there() {
        return;
    }
    for kind in KINDS {
        let (place, folder) = place(kind);
        certificate(&folder, "server", kind, Some("ca"));
        for (version, group) in [
            ("-tls1_2", "X25519"),
            ("-tls1_2", "P-256"),
            ("-tls1_2", "P-384"),
            ("-tls1_3", "X25519"),
            // Not what is offered first: the server asks for it.
            ("-tls1_3", "P-256"),
            ("-tls1_3", "P-384"),
        ] {
            let words = [version, "-groups", group];
            let server = Server::new(&folder, &place.path("one"), "server", &words);
            let answer = update(&place, "localhost", &server);
            assert_eq!(answer.status, 0, "{kind:?} {words:?} {answer:?}");
            assert!(answer.out.contains("OK: 10 distinct"), "{answer:?}");
        }
    }
}

/// A proxy that connects with whom it is told, and the first line of what it was asked.
fn proxy() -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let name = listener.local_addr().expect("an address").to_string();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let reader = BufReader::new(client.try_clone().expect("a socket"));
            let lines = reader.lines().map_while(Result::ok);
            let asked: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
            tell.send(asked[0].clone()).expect("someone listens");
            let host = asked[0].split(' ').nth(1).expect("a host").to_owned();
            let Ok(mut server) = TcpStream::connect(&*host) else {
                let _ = client.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n");
                continue;
            };
            client
                .write_all(b"HTTP/1.1 200 Connected\r\n\r\n")
                .expect("it reads");
            let mut other = (
                server.try_clone().expect("a socket"),
                client.try_clone().expect("a socket"),
            );
            std::thread::spawn(move || std::io::copy(&mut other.0, &mut other.1));
            std::thread::spawn(move || std::io::copy(&mut client, &mut server));
        }
    });
    (name, told)
}

#[test]
fn through_a_proxy() {
    if !there() {
        return;
    }
    let (place, folder) = place(KINDS[1]);
    certificate(&folder, "server", KINDS[1], Some("ca"));
    let server = Server::new(&folder, &place.path("one"), "server", &[]);
    let (name, told) = proxy();
    let update = |port: u16| {
        place.repositories(
            &format!("https://localhost:{port}"),
            &place.path("two").to_string_lossy(),
        );
        let mut command = Command::new(env!("CARGO_BIN_EXE_oil"));
        command.arg("--root").arg(place.path("root"));
        command.args(["--timeout", "10", "--force-refresh", "update"]);
        command.env_clear().env("https_proxy", &name);
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), said)
    };
    let (good, said) = update(server.port);
    assert!(good, "{said}");
    let asked = told.recv().expect("it was asked");
    assert_eq!(asked, format!("CONNECT localhost:{} HTTP/1.1", server.port));
    // The proxy cannot reach it.
    let (good, said) = update(1);
    assert!(
        !good && said.contains(&format!("the proxy {name} says 502 Bad Gateway")),
        "{said}"
    );
}

#[test]
fn a_server_that_asks_for_a_certificate() {
    if !there() {
        return;
    }
    for kind in KINDS {
        let (place, folder) = place(KINDS[1]);
        certificate(&folder, "server", KINDS[1], Some("ca"));
        certificate(&folder, "client", kind, Some("ca"));
        let ca = folder.join("ca.pem").display().to_string();
        for version in ["-tls1_2", "-tls1_3"] {
            let words = [
                version,
                "-Verify",
                "1",
                "-verify_return_error",
                "-CAfile",
                &ca,
            ];
            let server = Server::new(&folder, &place.path("one"), "server", &words);
            let answer = update(&place, "localhost", &server);
            assert_ne!(answer.status, 0, "without a certificate: {answer:?}");
            for (from, to) in [("client.pem", "cert.pem"), ("client.key", "cert.key")] {
                let to = place.path("root/etc/apk").join(to);
                fs::copy(folder.join(from), to).expect("a file");
            }
            let answer = update(&place, "localhost", &server);
            assert_eq!(answer.status, 0, "{kind:?} {version} {answer:?}");
            for own in ["cert.pem", "cert.key"] {
                fs::remove_file(place.path("root/etc/apk").join(own)).expect("there");
            }
        }
    }
}

/// Keys that cannot be used are told before anybody is asked: another's than the certificate's, one of a kind that TLS
/// here does not know, one that is too short, and none.
#[test]
fn own_keys_that_do_not_fit() {
    if !there() {
        return;
    }
    let (place, folder) = place(KINDS[1]);
    certificate(&folder, "server", KINDS[1], Some("ca"));
    let server = Server::new(&folder, &place.path("one"), "server", &[]);
    let copy = |from: &str, to: &str| {
        let to = place.path("root/etc/apk").join(to);
        fs::copy(folder.join(from), to).expect("a file");
    };
    let refused = |part: &str| {
        let answer = update(&place, "localhost", &server);
        assert_eq!(answer.status, 1, "{answer:?}");
        let told = format!("{}{}", answer.out, answer.err);
        assert!(
            told.contains("cert.key") && told.contains(part),
            "{answer:?}"
        );
    };
    let others: [(&[&str], &str); 2] = [
        (&["ed25519"], "neither RSA nor of the curves"),
        (
            &["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
            "neither RSA nor of the curves",
        ),
    ];
    for (kind, part) in others {
        certificate(&folder, "client", kind, Some("ca"));
        copy("client.pem", "cert.pem");
        copy("client.key", "cert.key");
        refused(part);
    }
    for kind in KINDS {
        certificate(&folder, "client", kind, Some("ca"));
        certificate(&folder, "another", kind, Some("ca"));
        copy("client.pem", "cert.pem");
        copy("another.key", "cert.key");
        refused("cert.pem");
        copy("client.key", "cert.key");
        assert_eq!(update(&place, "localhost", &server).status, 0, "{kind:?}");
    }
    fs::write(place.path("root/etc/apk/cert.key"), "no key\n").expect("a file");
    refused("");
}

#[test]
fn servers_that_are_not_to_be_believed() {
    if !there() {
        return;
    }
    for kind in KINDS {
        let (place, folder) = place(kind);
        certificate(&folder, "server", kind, Some("ca"));
        let server = Server::new(&folder, &place.path("one"), "server", &[]);
        // Its certificate is another host's.
        let answer = update(&place, "127.0.0.1", &server);
        assert_ne!(answer.status, 0, "{answer:?}");
        // Another authority of the same name and kind signed it.
        certificate(&folder, "ca", kind, None);
        certificate(&folder, "other", kind, Some("ca"));
        let other = Server::new(&folder, &place.path("one"), "other", &[]);
        let answer = update(&place, "localhost", &other);
        assert_ne!(answer.status, 0, "{kind:?} {answer:?}");
        let told = format!("{}{}", answer.out, answer.err).to_lowercase();
        assert!(told.contains("certificate"), "{answer:?}");
        // The first is still believed.
        assert_eq!(update(&place, "localhost", &server).status, 0);
    }
}
