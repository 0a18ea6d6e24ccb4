use crate::daemon::*;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::Command;

#[test]
fn monitor() {
    // Started once before it is watched, then stopped, failed, cancelled (of no interest), started.
    let mut events = event(1, 0);
    for kind in [2, 3, 0] {
        events.extend(event(kind, 0));
    }
    let load: Step<'_> = (LOAD.0, &after(&[59, 2, 5, 0, 0, 0, 2], &events));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    let say = folder.path().join("say");
    std::fs::write(&say, "#!/bin/sh\necho \"$*\" >> \"$LOG\"\n").unwrap();
    let allowed = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&say, allowed).unwrap();
    let watch = |words: &str, steps: &[Step<'_>]| {
        let _ = std::fs::remove_file(&file);
        let ran = run_with(words, 7, steps, |command| {
            command
                .env("LOG", &file)
                .arg("-c")
                .arg(format!("{} \"%n  is\" %s [%v]", say.display()));
        });
        let log = std::fs::read_to_string(&file).unwrap_or_default();
        (log, ran.status, ran.err)
    };
    let (log, status, err) = watch("dinit-monitor -i --str-failed broken x", &[load]);
    assert_eq!(
        log,
        "x  is started []\nx  is stopped []\nx  is broken []\nx  is started []\n"
    );
    assert_eq!(
        (status, err.contains("closed the connection")),
        (Some(1), true),
        "{err}"
    );
    let (log, status, _) = watch("dinit-monitor -e x", &[load]);
    assert_eq!((log.as_str(), status), ("x  is stopped []\n", Some(0)));

    let told = after(
        ACK,
        b"\x66\x05\0\x04\0A=1\0\x66\x05\0\x02\0B\0\x66\x05\x01\x02\0A\0",
    );
    let (log, ..) = watch("dinit-monitor -E A", &[(&[27], &told)]);
    assert_eq!(log, "A  is set [1]\nA  is unset []\n");
    let all = b"\x4e\x08\0\0\0\0\0\0\0A=1\0C=2\0";
    let (log, ..) = watch("dinit-monitor -E -i", &[(&[27], ACK), (&[24, 0], all)]);
    assert_eq!(log, "A  is set [1]\nC  is set [2]\n");
    let ran = run("dinit-monitor -E -c x", 4, &[]);
    assert!(ran.err.contains("too old"), "{}", ran.err);
}

#[test]
fn shutdown_over_a_passed_connection() {
    for (words, kind) in [
        ("shutdown", 3),
        ("halt", 3),
        ("poweroff", 3),
        ("reboot", 4),
        ("soft-reboot", 5),
        ("shutdown -r", 4),
        ("reboot -h", 2),
        ("shutdown -r -p", 3),
        ("shutdown -s", 5),
        ("shutdown -k", 6),
    ] {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let daemon = std::thread::spawn(move || {
            let mut stream = theirs;
            let mut request = [9; 1];
            stream.read_exact(&mut request).unwrap();
            assert_eq!(request, [0]);
            stream.write_all(VERSION.1).unwrap();
            let mut request = [0; 2];
            stream.read_exact(&mut request).unwrap();
            stream.write_all(ACK).unwrap();
            request
        });
        let mut words = words.split(' ');
        let mut command = Command::new(env!("CARGO_BIN_EXE_dinit"));
        command
            .arg0(words.next().unwrap())
            .args(words)
            .arg("--use-passed-cfd");
        // As standard input, so that it is passed on.
        command
            .stdin(std::os::fd::OwnedFd::from(ours))
            .env("DINIT_CS_FD", "0");
        let output = command.output().unwrap();
        drop(command);
        assert_eq!(output.stdout, b"Issuing shutdown command...\n");
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(daemon.join().unwrap(), [10, kind]);
    }
}

#[test]
fn names_and_wrong_use() {
    let run = |name: &str, words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dinit"));
        command
            .arg0(name)
            .args(words)
            .env("DINIT_SOCKET_PATH", "/nowhere/socket");
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            text(output.stdout),
            text(output.stderr),
            output.status.code(),
        )
    };
    let (out, _, status) = run("something", &["dinitctl", "--version"]);
    assert_eq!((out.starts_with("Dinit version "), status), (true, Some(0)));
    let (_, err, status) = run("something", &["else"]);
    assert_eq!((err.starts_with("usage:"), status), (true, Some(1)));
    let (out, _, status) = run("/sbin/dinitctl", &["--help"]);
    assert!(
        out.contains("add-dep {need|milestone|waits-for} FROM TO"),
        "{out}"
    );
    assert_eq!(status, Some(0));
    for (words, error) in [
        (
            &["list"][..],
            "dinitctl: connecting to socket: /nowhere/socket: No such file or directory\n",
        ),
        (
            &["why"],
            "dinitctl: why is given as: why SERVICE (--help tells what there is)\n",
        ),
        (
            &["analyze", "guess"],
            "dinitctl: analyze is given as: analyze [critical-chain|blame|plot] (--help tells what there is)\n",
        ),
        (
            &["start", "--json", "x"],
            "dinitctl: start takes no --json (--help tells what there is)\n",
        ),
        (
            &["-p", "", "list"],
            "dinitctl: -p needs PATH (--help tells what there is)\n",
        ),
    ] {
        let (_, err, status) = run("dinitctl", words);
        assert_eq!(status, Some(1));
        assert!(err.starts_with(error), "{err}");
    }
    let (_, err, status) = run("shutdown", &["now"]);
    assert_eq!((err.contains("'now'"), status), (true, Some(1)));
    let (_, err, status) = run("dinit-monitor", &["x"]);
    assert_eq!((err.contains("command"), status), (true, Some(1)));
}
