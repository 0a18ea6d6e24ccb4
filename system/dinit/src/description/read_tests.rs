//! Descriptions read whole.

use super::error::{Class, Problem};
use super::testing::{Folder, bad, good, parse};
use super::*;
use crate::engine::DependencyKind;

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn arguments(command: &Command) -> Vec<&str> {
    command.arguments().map(text).collect()
}

#[test]
fn nothing_said_is_every_default() {
    let made = good("");
    assert_eq!(made.kind, Kind::Internal);
    assert_eq!(made.restart, Restart::Always);
    assert_eq!(made.restart_delay, Duration::from_millis(200));
    assert_eq!(made.restart_limit_interval, Duration::from_secs(10));
    assert_eq!((made.restart_limit_count, made.term_signal), (3, 15));
    assert_eq!(
        (made.start_timeout, made.stop_timeout),
        (Duration::from_secs(60), Duration::from_secs(10))
    );
    assert_eq!(made.log, Log::None);
    assert!(made.options.is_empty() && made.dependencies.is_empty() && made.extra.is_none());
    assert_eq!(made.file.as_deref(), Some(&b"/nowhere/service"[..]));
    assert_eq!(made.modified, (1, 2));
}

#[test]
fn a_whole_service() {
    let made = good(
        "type = process\ncommand = /bin/d \\\n  --name \"a b\" $A # comment\ncommand += more\n\
         stop-command = /bin/s $$\nworking-dir = /$A\nrun-as = ann\nrestart = on-failure\nsmooth-recovery = yes\n\
         restart-delay = 1.5\noptions: runs-on-console\noptions: signal-process-only\noptions = shares-console\n\
         depends-on: a\ndepends-ms: b\nwaits-for = c\nprepared-by: d\nafter: e\nbefore: f\n\
         logfile = /log/$A\nlogfile-permissions = 640\nlogfile-uid = ann\nterm-signal = HUP\n\
         rlimit-nofile = 1:2\nrlimit-nofile = 3:\nnice = -5\nready-notification = pipefd:3\n\
         chain-to = g\nsocket-listen = /s\nsocket-uid = ann\nlogfile-max-size = 1M\n",
    );
    assert_eq!(
        arguments(&made.command),
        ["/bin/d", "--name", "a b", "a", "more"]
    );
    assert_eq!(arguments(&made.stop_command), ["/bin/s", "$"]);
    assert_eq!(made.restart, Restart::OnFailure);
    assert_eq!(
        made.options,
        Options::SHARES_CONSOLE | Options::SIGNAL_PROCESS_ONLY
    );
    use DependencyKind::*;
    let dependencies: Vec<_> = made
        .dependencies
        .iter()
        .map(|one| (one.kind, text(&one.name)))
        .collect();
    let expected = [
        (Need, "a"),
        (Milestone, "b"),
        (WaitsFor, "c"),
        (PreparedBy, "d"),
        (After, "e"),
        (Before, "f"),
    ];
    assert_eq!(dependencies, expected);
    let Log::File(log) = &made.log else {
        panic!("{:?}", made.log)
    };
    assert_eq!(
        (text(&log.path), log.mode, log.uid, log.gid),
        ("/log/a", 0o640, 1000, 50)
    );
    assert_eq!((log.max_size, log.keep), (1 << 20, 4));
    let extra = made.extra();
    let user = extra.run_as.clone().unwrap();
    assert_eq!(
        (user.uid, user.gid, user.name.as_deref()),
        (1000, Some(50), Some(&b"ann"[..]))
    );
    assert_eq!(extra.limits, [(Resource::Nofile, Some(3), None)]);
    assert_eq!(extra.working_dir.as_deref(), Some(&b"/a"[..]));
    assert_eq!(extra.ready, Ready::Fd(3));
    assert_eq!(extra.sockets, [Socket::Unix(b"/s".as_slice().into())]);
    assert_eq!((extra.socket_uid, extra.socket_gid), (Some(1000), Some(50)));
}

#[test]
fn users_by_number_keep_groups() {
    let made = good("type=process\ncommand=x\nrun-as=1000\nsocket-listen=/s\nsocket-uid=1000\n");
    let user = made.extra().run_as.clone().unwrap();
    assert_eq!((user.uid, user.gid, user.name), (1000, None, None));
    assert_eq!(made.extra().socket_gid, None);
}

#[test]
fn logs() {
    let process = "type=process\ncommand=x\n";
    let of = |text: &str| good(&format!("{process}{text}")).log;
    assert_eq!(of("log-type = pipe"), Log::Pipe);
    let buffer = |size, keep_newest| Log::Buffer { size, keep_newest };
    assert_eq!(of("log-type = buffer"), buffer(4096, false));
    assert_eq!(
        of("log-type=buffer\nlog-buffer-size=1\nlog-buffer-keep=newest"),
        buffer(1, true)
    );
    assert_eq!(of("log-type = buffer\nlogfile = /x"), buffer(4096, false));
    assert!(matches!(of("log-type = none\nlogfile = /x"), Log::File(_)));
    assert_eq!(of("logfile = /x\nlog-type = none"), Log::None);
    assert_eq!(of("log-type = file"), Log::None);
    assert!(
        matches!(of("logfile=/x"), Log::File(log) if log.uid == rustix::process::getuid().as_raw())
    );
}

#[test]
fn the_environment_of_a_service() {
    let folder = Folder::new(&[("env", "B=b\nA=from-file\nHOME=/else\n!unset EMPTY\n")]);
    let file = folder.path("env");
    let made = good(&format!(
        "type=process\ncommand = x $A $B $USER $HOME $UID $DINIT_SERVICE ${{EMPTY-none}} $LIST\nrun-as=ann\n\
         load-options: export-passwd-vars export-service-name\nenv-file = {}\n",
        file.display()
    ));
    let expected = [
        "x",
        "from-file",
        "b",
        "ann",
        "/else",
        "1000",
        "service",
        "none",
        "1 2",
    ];
    assert_eq!(arguments(&made.command), expected);
    let changed = made
        .extra()
        .environment
        .apply(&testing::environment(&["EMPTY=", "C=c"]));
    assert_eq!(changed.get(b"EMPTY"), None);
    assert_eq!(changed.get(b"C"), Some(&b"c"[..]));
    assert_eq!(changed.get(b"LOGNAME"), Some(&b"ann"[..]));
}

#[test]
fn arguments_of_templates() {
    let (made, kept) = parse(
        "getty@tty1",
        b"type=process\ncommand=x $1 ${1:+y}\ndepends-on: dev@$1\nlogfile=/log/$1",
    );
    let made = made.unwrap();
    assert_eq!(kept.errors, []);
    assert_eq!(arguments(&made.command), ["x", "tty1", "y"]);
    assert_eq!(text(&made.dependencies[0].name), "dev@tty1");
    assert_eq!(text(&made.name), "getty@tty1");
    let (made, kept) = parse("getty", b"type=process\ncommand=x ${1-none}");
    assert_eq!(kept.errors, []);
    assert_eq!(arguments(&made.unwrap().command), ["x", "none"]);
}

#[test]
fn extensions() {
    let made = good(
        "type=process\ncommand=x\nsocket-listen=/a\nsocket-listen += tcp:[::1]:80\nsocket-activation = yes\n\
         cgroup-memory-max=1M\ncgroup-memory-max=2M\ncgroup-cpu-max=50%\ncgroup-io-max=8:0 rbps=1K\n\
         cgroup-io-max=8:16 wiops=max\ncapability-bounding=cap_chown\ncapability-bounding += cap_kill\n\
         condition-path=!/x/$A\nread-only-path = /etc /$A\nseccomp-allow=read write nocall\nseccomp-allow=close\nprivate-tmp=yes\n",
    );
    let extra = made.extra();
    assert_eq!(extra.sockets.len(), 2);
    assert_eq!(made.options, Options::ON_DEMAND | Options::PRIVATE_TMP);
    let cgroup: Vec<_> = extra
        .cgroup
        .iter()
        .map(|(file, content)| (*file, text(content)))
        .collect();
    let expected = [
        ("memory.max", "2097152"),
        ("cpu.max", "50000 100000"),
        ("io.max", "8:0 rbps=1024"),
        ("io.max", "8:16 wiops=max"),
    ];
    assert_eq!(cgroup, expected);
    assert_eq!(extra.sandbox.bounding, Some(0b10_0001));
    assert!(extra.conditions[0].inverted && text(&extra.conditions[0].value) == "/x/a");
    assert_eq!(extra.sandbox.read_only.len(), 2);
    assert_eq!(extra.sandbox.seccomp.as_ref().unwrap().len(), 3);
    let timer = good(
        "type=timer\ntimer-starts=x\ntimer-on-boot=5m\ntimer-calendar=@daily\ntimer-calendar=0 1 * * *\n",
    );
    let timer = timer.extra().timer.clone().unwrap();
    assert_eq!(
        (timer.on_boot, timer.calendar.len()),
        (Some(Duration::from_secs(300)), 2)
    );
}

#[test]
fn capabilities_add_up() {
    let made = good(
        "type=process\ncommand=x\ncapabilities=cap_chown\ncapabilities=^cap_kill\ncapabilities+=!cap_bpf\n\
                     securebits=noroot\nsecurebits=keep-caps\nsecurebits+=noroot-locked\n",
    );
    let capabilities = made.extra().capabilities.unwrap();
    assert_eq!(
        (capabilities.ambient, capabilities.blocked),
        (1 << 5, 1 << 39)
    );
    assert_eq!(made.extra().securebits, 16 | 2);
}

#[test]
fn what_contradicts_itself() {
    for (text, what) in [
        ("type=process", "command: is missing"),
        ("type=scripted\ncommand=x\ncommand=", "command: is missing"),
        ("type=bgprocess\ncommand=x", "pid-file: is missing"),
        (
            "type=bgprocess\ncommand=x\npid-file=/p\nready-notification=pipefd:3",
            ":4: ready-notification:",
        ),
        (
            "type=process\ncommand=x\noptions=kill-all-on-stop",
            ":3: options: kill-all-on-stop",
        ),
        (
            "type=scripted\ncommand=x\nconsumer-of=a",
            ":3: consumer-of:",
        ),
        (
            "type=process\ncommand=x\nsocket-activation=yes",
            ":3: socket-activation:",
        ),
        (
            "type=scripted\ncommand=x\nsocket-listen=/s\nsocket-activation=yes",
            ":4: socket-activation: can be set on process",
        ),
        ("type=timer\ntimer-every=1", "timer-starts: is missing"),
        ("type=timer\ntimer-starts=a", ":1: type: a timer needs"),
        ("timer-starts=a\ntype=internal", ":2: type: timer settings"),
    ] {
        let told = bad(text);
        assert!(told.contains(what), "{text}: {told}");
    }
}

#[test]
fn errors_name_file_line_setting_and_what_was_expected() {
    let told = bad("\n# x\n\nrestart = sometimes\n");
    assert_eq!(
        told,
        "/nowhere/service:4: restart: 'sometimes' is not one of yes, true, on-failure, no, false"
    );
    assert!(bad("comand = x\n").contains("there is no setting 'comand' (did you mean 'command'?)"));
    assert!(bad("nonsense = x\n").ends_with("there is no setting 'nonsense'"));
    assert!(
        bad("type = internal\n@includ x\n")
            .starts_with("/nowhere/service:2: '@includ' is not one of")
    );
    assert!(bad("a b c\n").contains(":1: expected '=', ':' or '+='"));
    assert!(bad("restart += yes\n").contains("cannot be used with '+='"));
    assert!(bad("depends-on: $1\n").contains("no argument"));
    assert!(bad("nice = 1\0\n").contains("NUL"));
    assert!(bad("nice = \\\n \\\n \"x\n").starts_with("/nowhere/service:3: nice: a quoted string"));
    // Every error is told, and no line hides another.
    let (_, kept) = parse("service", b"x\nnice = y\n=\ntype = z\n");
    assert_eq!(
        kept.errors
            .iter()
            .map(|error| error.place.as_ref().unwrap().line)
            .collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
    assert_eq!(kept.errors[0].class(), Class::Description);
}

#[test]
fn what_has_no_effect() {
    for (text, count) in [
        ("command = /x\nworking-dir = /", 2),
        ("command = x\ncommand =", 0),
        ("logfile = /x", 1),
        ("options = skippable pass-cs-fd", 2),
        ("options = starts-log\nrestart = no\nrlimit-core = 0", 0),
        ("type=process\ncommand=x\nlog-type=buffer\nlogfile=/x", 1),
        ("type=process\ncommand=x\nlog-type=file", 1),
        ("type=process\ncommand=x\ncgroup=no\ncgroup-pids-max=5", 1),
        ("nice=1\nnice=2\nprivate-tmp=yes", 2),
    ] {
        let (_, kept) = parse("service", text.as_bytes());
        assert_eq!(kept.warnings.len(), count, "{text}: {:?}", kept.warnings);
        assert_eq!(kept.errors, [], "{text}");
    }
}

#[test]
fn includes() {
    let folder = Folder::new(&[
        (
            "main",
            "type = process\n@include sub/one\n@include-opt none\ncommand += last\n",
        ),
        (
            "sub/one",
            "command = x\n@include two\nwaits-for.d = dep.d\n",
        ),
        ("sub/two", "command += $A\nenv-file = env\n"),
        ("sub/env", "A=from-env\n"),
        ("sub/dep.d/other", ""),
        ("sub/dep.d/.hidden", ""),
        ("other", ""),
        ("self", "@include self\n"),
        ("twice", "@include leaf\n@include leaf\n"),
        ("leaf", "restart = no\n"),
        ("broken", "@include sub/bad\n"),
        ("sub/bad", "\nnice = x\n"),
        ("lost", "\n@include none\n"),
        ("two", "@include leaf leaf\n"),
    ]);
    let (made, warnings) = folder.load("main");
    let made = made.unwrap();
    assert_eq!(warnings, []);
    assert_eq!(testing::names(&made), ["other", "main"]);
    assert_eq!(arguments(&made[1].command), ["x", "from-env", "last"]);
    assert!(made[1].dependencies[0].optional);
    assert_eq!(folder.load("twice").0.unwrap()[0].restart, Restart::Never);
    let error = |name: &str| folder.load(name).0.unwrap_err();
    assert_eq!(error("self").problem, Problem::TooManyIncludes);
    let broken = error("broken").to_string();
    assert!(broken.contains("sub/bad:2: nice: 'x' is not"), "{broken}");
    let lost = error("lost");
    assert!(
        lost.to_string().contains("lost:2: ") && lost.class() == Class::Load,
        "{lost}"
    );
    assert_eq!(error("two").class(), Class::Description);
}

#[test]
fn what_is_relative_follows_links() {
    let folder = Folder::new(&[
        ("real/service", "@include part\n"),
        ("real/part", "restart = no\n"),
    ]);
    std::os::unix::fs::symlink("real/service", folder.path("linked")).unwrap();
    assert_eq!(folder.load("linked").0.unwrap()[0].restart, Restart::Never);
}

#[test]
fn tools_learn_more() {
    let made = good("@meta enable-via boot\n@meta other thing\nwaits-for.d = x.d\n");
    assert_eq!(made.extra().enable_via.as_deref(), Some(&b"boot"[..]));
    assert_eq!(made.extra().waits_for_d, [Box::from(&b"/nowhere/x.d"[..])]);
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(text: Vec<u8>) {
        let _ = parse("a@b", &text);
    }

    #[test]
    fn no_lines_panic(
        lines in proptest::collection::vec((0..settings::SETTINGS.len(), "(=|:|\\+=)", "[ -~]{0,20}"), 0..8)
    ) {
        let mut text = String::from("type = process\ncommand = x\n");
        for (at, operator, value) in lines {
            // No files but those of this test.
            let value = value.replace('/', "|");
            text += &format!("{} {operator} {value}\n", settings::SETTINGS[at].name);
        }
        let (made, kept) = parse("a@b", text.as_bytes());
        if let Ok(made) = made {
            // Without errors the command can be handed to the kernel.
            assert!(!kept.errors.is_empty() || made.command.0.ends_with(b"\0") || made.command.is_empty());
        }
    }
}
