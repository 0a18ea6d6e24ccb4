//! dinit-check run on folders of services.

use super::{Manager, run};
use crate::description::environment::Environment;
use std::ffi::OsString;
use std::path::Path;

/// What it says on both streams, and whether it is content. `ROOT` stands for the folder.
struct Ran {
    out: String,
    err: String,
    well: bool,
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn run_with(root: &Path, words: &[&str]) -> Ran {
    let words = words.iter().map(|word| match *word {
        "ROOT" => root.into(),
        _ => OsString::from(word.replace("ROOT", root.to_str().unwrap())),
    });
    let ask = |socket: Option<&[u8]>, _: bool| match socket {
        Some(b"/socket") => {
            let mut environment = Environment::default();
            environment.set(b"ASKED=/bin/sh");
            Ok(Manager {
                folders: vec![root.as_os_str().as_encoded_bytes().into()],
                environment,
            })
        }
        _ => Err("nobody there".into()),
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let well = run(words, &ask, &mut out, &mut err).unwrap();
    let text = |bytes| {
        String::from_utf8(bytes)
            .unwrap()
            .replace(root.to_str().unwrap(), "ROOT")
    };
    Ran {
        out: text(out),
        err: text(err),
        well,
    }
}

fn check(files: &[(&str, &str)], services: &[&str]) -> Ran {
    let folder = folder(files);
    run_with(
        folder.path(),
        &[&["-s", "-e", "/dev/null", "-d", "ROOT"], services].concat(),
    )
}

const PROCESS: &str = "type = process\ncommand = /bin/sh\n";

#[test]
fn nothing_wrong() {
    let ran = check(
        &[
            ("boot", "depends-on: a\nwaits-for.d: d\nafter: c\n"),
            ("a", PROCESS),
            ("d/b", ""),
            ("b", ""),
            ("c", ""),
        ],
        &[],
    );
    assert_eq!(
        ran.out,
        "Checking service: boot...\nChecking service: a...\nChecking service: b...\nChecking service: c...\n\
         Performing secondary checks...\nNo problems found.\n"
    );
    assert_eq!(ran.err, "Secondary checks complete.\n");
    assert!(ran.well);
}

#[test]
fn each_thing_wrong_is_told_with_its_line() {
    let ran = check(
        &[(
            "boot",
            "type=process\ndepends-on=test1\ndepends-on=\"unterminated\nnot-valid=some value\nnice=9x\n",
        )],
        &[],
    );
    for line in [
        "Service 'boot' (ROOT/boot:3): depends-on: a quoted string is not closed\n",
        "Service 'boot' (ROOT/boot:4): there is no setting 'not-valid'\n",
        "Service 'boot' (ROOT/boot:5): nice: '9x' is not a whole number (-20 to 19)\n",
        "Service 'boot' (ROOT/boot): command: is missing: a service of this type runs one\n",
        "Unable to load service 'test1': there is no description of this service\n",
    ] {
        assert!(ran.err.contains(line), "{line}{}", ran.err);
    }
    assert!(ran.out.ends_with("One or more errors/warnings issued.\n"));
    assert!(!ran.well);
}

#[test]
fn what_is_named_must_be_there() {
    for (text, what) in [
        (
            "type=process\ncommand=/none/x y",
            "/x:2): warning: command: '/none/x' cannot be run: No such file or directory\n",
        ),
        (
            "type=process\ncommand=sh",
            ":2): warning: command: 'sh' is not an absolute path\n",
        ),
        ("type=process\ncommand=/etc", "'/etc' is not a regular file"),
        (
            "type=process\ncommand=/etc/passwd",
            "'/etc/passwd' is not executable",
        ),
        (
            "type=process\ncommand=/bin/sh\nstop-command=/none/x",
            ":3): warning: stop-command: ",
        ),
        (
            "type=process\ncommand=/bin/sh\nworking-dir=/none",
            ":3): warning: working-dir: '/none' cannot be entered",
        ),
        (
            "type=process\ncommand=/bin/sh\nworking-dir=/bin/sh",
            "is not a folder",
        ),
        (
            "type=process\ncommand=/bin/sh\nlogfile=/none/x",
            ":3): warning: logfile: '/none' cannot hold the log",
        ),
        (
            "type=process\ncommand=/bin/sh\nlogfile=/bin/sh/x",
            "logfile: '/bin/sh'",
        ),
        (
            "waits-for.d: none",
            ":1): warning: waits-for.d: 'ROOT/none' cannot be read",
        ),
        (
            "type = timer\ntimer-starts = none\ntimer-every = 1h",
            "Unable to load service 'none'",
        ),
    ] {
        let ran = check(&[("x", text)], &["x"]);
        assert!(ran.err.contains(what), "{text}: {}", ran.err);
        assert!(!ran.well, "{text}");
    }
    let ran = check(
        &[(
            "x",
            "type=process\ncommand=/bin/sh\nlogfile=log\nworking-dir=/\nchain-to = none",
        )],
        &["x"],
    );
    assert!(ran.well, "{}", ran.err);
}

#[test]
fn cycles_and_depth() {
    let ran = check(
        &[
            ("boot", "depends-on=c\n"),
            ("b", "depends-on=a\n"),
            ("c", "depends-on=b\nbefore=a\n"),
            ("a", ""),
        ],
        &[],
    );
    let cycle = "Found dependency cycle:\n    c ->\n    b ->\n    a -> (via 'before')\n    c.\n";
    assert!(ran.err.contains(cycle) && !ran.well, "{}", ran.err);
    let text = |at: usize| (format!("s{at}"), format!("depends-on: s{}\n", at + 1));
    let mut files: Vec<_> = (0..33).map(text).collect();
    files.push(("s33".into(), String::new()));
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (&**name, &**text))
        .collect();
    assert!(check(&files, &["s2"]).well);
    let ran = check(&files, &["s0"]);
    assert!(
        ran.err
            .contains("Service 's32': dependencies nest deeper than 32")
            && !ran.well,
        "{}",
        ran.err
    );
}

#[test]
fn consumers() {
    let consumer = format!("{PROCESS}consumer-of = p\n");
    for (producer, well) in [
        (format!("{PROCESS}log-type = pipe\n"), true),
        (PROCESS.into(), false),
        ("type = triggered\nlog-type = pipe\n".into(), false),
    ] {
        let ran = check(&[("x", &consumer), ("p", &producer)], &["x"]);
        assert_eq!(ran.well, well, "{}", ran.err);
    }
    let ran = check(&[("x", &consumer)], &["x"]);
    assert!(
        ran.err
            .contains("Warning: Service 'x': consumer-of: there is no service 'p'")
    );
}

#[test]
fn whose_environment_and_folders() {
    let folder = folder(&[
        ("x", "type = process\ncommand = $ASKED\n"),
        ("env", "ASKED=/bin/sh\nbad line\n!x\n"),
    ]);
    let root = folder.path();
    let ran = run_with(
        root,
        &[
            "-s",
            "-e",
            "ROOT/env",
            "-d",
            "/none",
            "--services-dir",
            "ROOT",
            "x",
        ],
    );
    assert!(ran.well, "{}", ran.err);
    for line in [
        "ROOT/env:2: not NAME=VALUE",
        "ROOT/env:3: not one of !clear",
        "--online asks dinit",
    ] {
        assert!(ran.err.contains(line), "{}", ran.err);
    }
    let ran = run_with(root, &["--online", "--socket-path", "/socket", "x"]);
    assert_eq!(
        (ran.err.as_str(), ran.well),
        ("Secondary checks complete.\n", true)
    );
    let ran = run_with(root, &["-n", "x"]);
    assert_eq!(
        (ran.err.as_str(), ran.well),
        ("dinit-check: nobody there\n", false)
    );
    // No environment file is no error, one that cannot be read is.
    assert!(!run_with(root, &["-u", "-e", "ROOT", "-d", "ROOT", "x"]).well);
    assert!(
        run_with(root, &["-u", "-e", "/none", "-d", "ROOT", "x"])
            .err
            .contains("names no program")
    );
}

#[test]
fn wrong_use() {
    for words in [
        &["-d"][..],
        &["-d", ""],
        &["-e"],
        &["-p", ""],
        &["--none"],
        &["-x"],
        &["-"],
    ] {
        let ran = run_with(Path::new("/none"), words);
        assert!(
            !ran.well && ran.err.starts_with("dinit-check: ") && ran.out.is_empty(),
            "{words:?}"
        );
    }
    let ran = run_with(Path::new("/none"), &["--help"]);
    assert!(ran.well && ran.out.contains("--services-dir") && ran.err.is_empty());
}
