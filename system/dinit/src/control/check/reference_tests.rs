//! Files judged beside the reference's dinit-check. DINIT_REFERENCE_BIN names the folder of its programs; without it these
//! tests say that they did nothing.

use super::{Manager, run};
use crate::description::environment::Environment;
use crate::description::settings::SETTINGS;
use std::path::PathBuf;

struct Judges {
    folder: tempfile::TempDir,
    check: PathBuf,
}

impl Judges {
    fn ours(&self) -> (bool, String) {
        let folder = self.folder.path();
        let ask = |_: Option<&[u8]>, _: bool| {
            let mut environment = Environment::default();
            environment.set(b"A=/bin/sh");
            Ok(Manager {
                folders: vec![folder.as_os_str().as_encoded_bytes().into()],
                environment,
            })
        };
        let words = ["--online", "x"].map(Into::into);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let well = run(words.into_iter(), &ask, &mut out, &mut err).unwrap();
        (well, String::from_utf8(err).unwrap())
    }

    fn theirs(&self) -> (bool, String) {
        let output = std::process::Command::new(&self.check)
            .arg("-d")
            .arg(self.folder.path())
            .arg("x")
            .env_clear()
            .env("A", "/bin/sh")
            .output()
            .unwrap();
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    }

    fn agree(&self, text: &str) {
        std::fs::write(self.folder.path().join("x"), text).unwrap();
        let ((ours, our_words), (theirs, their_words)) = (self.ours(), self.theirs());
        assert_eq!(ours, theirs, "{text}ours: {our_words}theirs: {their_words}");
    }
}

/// The reference's dinit-check, if DINIT_REFERENCE_BIN names the folder that it is in.
fn judges() -> Option<Judges> {
    let Some(programs) = std::env::var_os("DINIT_REFERENCE_BIN") else {
        eprintln!(
            "skipped: DINIT_REFERENCE_BIN does not name the folder of the reference's programs"
        );
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("d")).unwrap();
    for (name, text) in [
        ("a", ""),
        ("inc", "restart = yes\n"),
        ("d/.bad", "nice = x\n"),
        ("d/a", ""),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    Some(Judges {
        folder,
        check: PathBuf::from(programs).join("dinit-check"),
    })
}

#[test]
fn single_settings_are_judged_as_there() {
    let Some(judges) = judges() else { return };
    let values = [
        "",
        "0",
        "1",
        "-1",
        "010",
        "08",
        "0x10",
        "1.5",
        "1,5",
        "1 2",
        "yes",
        "no",
        "root",
        "/bin/sh",
        "/",
        "a",
        ".a",
        "$A",
        "$1",
        "${A",
        "${A:-b}",
        "$$",
        "$",
        "\"",
        "\"a b\"",
        "a#",
        "a # b",
        "none",
        "TERM",
        "file",
        "1:2",
        "-",
        ":",
        "cap_kill",
        "^cap_kill,!cap_chown",
        "noroot",
        "idle",
        "realtime:8",
        "pipefd:3",
        "internal",
        "\\\n x",
        "d",
    ];
    for setting in SETTINGS.iter().filter(|setting| !setting.extension) {
        for value in values {
            // Taken there: a mode that is negative, a program as environment file, a slash in a service's name.
            let program = ["/bin/sh", "$A", "${A:-b}"].contains(&value);
            let taken = match setting.name {
                "logfile-permissions" | "socket-permissions" => value == "-1",
                "env-file" | "depends-on" | "depends-ms" | "waits-for" | "prepared-by"
                | "after" | "before" | "consumer-of" | "chain-to" => program || value == "/",
                _ => false,
            };
            if taken {
                continue;
            }
            let text = format!(
                "type = process\ncommand = /bin/sh\n{} = {value}\n",
                setting.name
            );
            judges.agree(&text);
        }
    }
}

#[test]
fn lines_are_judged_as_there() {
    let Some(judges) = judges() else { return };
    for line in [
        "",
        "\t",
        "#",
        "# c \\\n  d",
        "junk",
        "= x",
        "key",
        "a+b",
        "a + = b",
        "1a = b",
        "nice=1",
        "nice\t:1",
        "\tnice = 1",
        "nice \\\n = 5",
        "nice = \\\n  5",
        "nice = \\\n5",
        "nice = 5 # \\\n  6",
        "nice = 5 \\\\",
        "nice = 5 \\",
        "nice",
        "nice = 5#",
        "nice = # 5",
        "nice = \"5\"",
        "nice = \\5",
        "nice == 5",
        "nice += 5",
        "command += x y",
        "stop-command += /bin/sh",
        "capabilities += ^cap_kill",
        "capabilities += x",
        "securebits += noroot",
        "options += starts-log",
        "logfile += x",
        "depends-on += a",
        "@include inc",
        "@include d/.bad",
        "@include none",
        "@include",
        "@include inc inc",
        "@include \"inc\"",
        "@include inc # c",
        "@include ${X:-inc}",
        "@include $1",
        "@include-opt none",
        "@include-opt",
        "@include-opt d/.bad",
        " @include inc",
        "@ include inc",
        "@bogus",
        "@",
        "@meta",
        "@meta x y",
        "type = internal",
        "type = bgprocess",
        "type = scripted\nconsumer-of = a",
        "type = triggered",
        "type = internal\ncommand =",
        "type = bgprocess\npid-file = /p\nready-notification = pipefd:3",
        "options = kill-all-on-stop",
        "type = internal\nnice = 1\noom-score-adj = 1",
        "type = internal\nlogfile = /x",
        "type = internal\noptions = skippable",
        "type = internal\nrlimit-core = 1",
        "log-type = file",
        "logfile = /x\nlog-type = buffer",
        "log-type = none\nlogfile = /x",
        "command = /bin/sh ${A-b c}",
        "command = /bin/sh \"${A-b c}\"",
        "command = /bin/sh $A$",
        "command = /bin/sh $/A",
        "command = /bin/sh ${A:b}",
        "command = /bin/sh $2",
        "command = /bin/sh ${1-x}",
        "command = /bin/sh ${A+}}",
        "working-dir = ${A-b c}",
    ] {
        judges.agree(&format!("type = process\ncommand = /bin/sh\n{line}\n"));
        judges.agree(&format!("type = process\ncommand = /bin/sh\n{line}"));
    }
}
