//! Each setting with good and bad values.

use super::settings::{self, SETTINGS};
use super::testing::{good, parse};

/// What a setting needs beside it, a value that is right, one that is wrong (none: there is no such), and whether the
/// right one shows.
type Case = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const PROCESS: &str = "type = process\ncommand = /bin/x\n";
const TIMER: &str = "type = timer\ntimer-starts = x\ntimer-every = 1h\n";

#[rustfmt::skip]
const CASES: [Case; 83] = [
    ("type", "command = x\npid-file = /p\n", &["process", "bgprocess", "scripted", "internal", "triggered"],
        &["service", "", "Process", "process internal"]),
    ("command", "type = process\n", &["/bin/x", "x \"y z\" $A", "$/LIST", "x ${NONE:-y}"],
        &["", "$NONE", "$/NONE", "x $", "x ${A", "x $1", "\"x", "x#y"]),
    ("stop-command", PROCESS, &["/bin/x -s", ""], &["x $1", "x ${A:}"]),
    ("working-dir", PROCESS, &["/tmp", "$A/b", ""], &["$", "${A"]),
    ("run-as", PROCESS, &["root", "ann", "0", "0x10", "1000"], &["", "nobody9", "9x", "-1", "4294967295", "ann root"]),
    ("env-file", PROCESS, &["/dev/null", "${NONE:-/dev/null}", ""], &["/nonexistent", "$1", "/"]),
    ("depends-on", "", &["a", "a@b", "a-b.c_d", "$A", "caf\u{e9}"], &["", ".a", "@a", "a/b", "$NONE", "$1"]),
    ("depends-ms", "", &["a"], &[""]),
    ("waits-for", "", &["a"], &["../a"]),
    ("prepared-by", "", &["a"], &["."]),
    ("depends-on.d", "", &["/nonexistent", "none.d"], &["$1"]),
    ("depends-ms.d", "", &["none.d"], &["${A"]),
    ("waits-for.d", "", &["none.d"], &["$"]),
    ("after", "", &["a"], &[""]),
    ("before", "", &["a"], &["/"]),
    ("restart", "", &["yes", "true", "on-failure", "no", "false"], &["sometimes", "", "on_failure", "YES"]),
    ("smooth-recovery", PROCESS, &["yes", "no", "true", "false"], &["1", ""]),
    ("restart-delay", "", &["0", "0.5", "1,5", ".2"], &["1s", "-1", "x", "1.2.3"]),
    ("restart-limit-interval", "", &["10"], &["ten"]),
    ("restart-limit-count", "", &["0", "7", "0x10"], &["-1", "", "2147483648", "1.5"]),
    ("start-timeout", "", &["0", "600"], &["1m"]),
    ("stop-timeout", "", &["0.001"], &["99999999999999999999"]),
    ("term-signal", PROCESS, &["none", "HUP", "INT", "QUIT", "KILL", "USR1", "USR2", "TERM", "CONT", "STOP"],
        &["SIGHUP", "15", "", "WINCH"]),
    ("termsignal", PROCESS, &["INT"], &["int"]),
    ("options", PROCESS, &["runs-on-console", "starts-rwfs starts-log", "pass-cs-fd", "always-chain no-new-privs", ""],
        &["run-on-console", "starts-rwfs,starts-log", "kill-all-on-stop"]),
    ("load-options", PROCESS, &["export-passwd-vars", "export-service-name sub-vars", ""], &["no-sub-vars"]),
    ("pid-file", PROCESS, &["/run/x.pid", "/run/$A", ""], &["$1"]),
    ("ready-notification", PROCESS, &["pipefd:3", "pipevar:FD", "sd-notify"],
        &["pipefd:", "pipefd:x", "pipefd:-1", "pipevar:", "pipevar", "fd:3", "", "pipevar:A=b"]),
    ("log-type", PROCESS, &["buffer", "pipe", "none"], &["syslog", ""]),
    ("logfile", PROCESS, &["/log", "$A.log", ""], &["$"]),
    ("logfile-permissions", PROCESS, &["600", "0644"], &["rw", "9", "", "10000"]),
    ("logfile-uid", PROCESS, &["0", "ann"], &["nobody9", ""]),
    ("logfile-gid", PROCESS, &["0", "staff"], &["ann", ""]),
    ("log-buffer-size", PROCESS, &["0", "65536"], &["64K", "-1", ""]),
    ("consumer-of", PROCESS, &["a", "$A"], &["", "service", ".x"]),
    ("chain-to", "", &["a"], &["", "a/b"]),
    ("socket-listen", PROCESS, &["/run/x", "unix-dgram:/x", "unix-seqpacket:/x", "tcp:127.0.0.1:80", "udp:[::1]:53", "$NONE"],
        &["tcp:80", "tcp:localhost:80", "udp:1.2.3.4", "unix-dgram:", "${A"]),
    ("socket-permissions", PROCESS, &["666"], &["all"]),
    ("socket-uid", PROCESS, &["ann"], &["nobody9"]),
    ("socket-gid", PROCESS, &["staff"], &["x"]),
    ("inittab-id", PROCESS, &["1", "tty1", ""], &["ttyS0"]),
    ("inittab-line", PROCESS, &["ttyS0"], &["a23456789012345678901234567890123"]),
    ("rlimit-nofile", PROCESS, &["1024", "1:2", "1:-", ":5", "5:", "-", ":"], &["", "x", "1:x", "1:2:3", "-1"]),
    ("rlimit-core", PROCESS, &["0"], &["none"]),
    ("rlimit-data", PROCESS, &["1:2"], &["1-2"]),
    ("rlimit-addrspace", PROCESS, &["1:2"], &["1K"]),
    ("nice", PROCESS, &["-20", "19", "0"], &["", "high", "1.5", "99999999999"]),
    ("run-in-cgroup", PROCESS, &["/a/b", "../c"], &[]),
    ("capabilities", PROCESS, &["^cap_net_raw", "!CAP_KILL,%cap_chown"], &["", "net_raw", "cap_x", "cap_kill cap_chown"]),
    ("securebits", PROCESS, &["noroot", "keep-caps no-setuid-fixup-locked", ""], &["root", "noroot,keep-caps"]),
    ("ioprio", PROCESS, &["none", "idle", "realtime:0", "best-effort:7"], &["", "realtime:8", "idle:1", "best-effort"]),
    ("oom-score-adj", PROCESS, &["-1000", "1000"], &["1001", "", "x"]),

    ("log-buffer-keep", "type = process\ncommand = x\nlog-type = buffer\n", &["newest", "oldest"], &["new", ""]),
    ("logfile-max-size", PROCESS, &["10M", "0"], &["10MB", ""]),
    ("logfile-keep", PROCESS, &["0", "9"], &["-1", "1001"]),
    ("socket-activation", "type = process\ncommand = x\nsocket-listen = /s\n", &["yes", "no"], &["on", ""]),
    ("cgroup", PROCESS, &["yes", "no"], &["maybe"]),
    ("cgroup-memory-max", PROCESS, &["1G", "max", "1048576"], &["1GB", "", "50%"]),
    ("cgroup-memory-high", PROCESS, &["512M"], &["high"]),
    ("cgroup-memory-low", PROCESS, &["1K"], &["-1"]),
    ("cgroup-memory-min", PROCESS, &["0"], &["min"]),
    ("cgroup-swap-max", PROCESS, &["0", "max"], &["none"]),
    ("cgroup-cpu-max", PROCESS, &["50%", "200%", "max", "max 100000", "20000 100000", "20000"],
        &["0%", "%", "50", "1 2 3", "x", "max max", ""]),
    ("cgroup-cpu-weight", PROCESS, &["1", "10000"], &["0", "10001", "x"]),
    ("cgroup-io-weight", PROCESS, &["100"], &["max"]),
    ("cgroup-io-max", PROCESS, &["8:0 rbps=1M wiops=max", "254:16 riops=10 wbps=5K"],
        &["8:0", "sda rbps=1", "8 rbps=1", "8:0 speed=1", "8:0 rbps", "", "8:0 rbps=fast"]),
    ("cgroup-pids-max", PROCESS, &["100", "max"], &["0", "x", ""]),
    ("timer-starts", "type = timer\ntimer-every = 1\n", &["a", "a@b"], &["", "a/b"]),
    ("timer-on-boot", TIMER, &["0", "90s", "5m"], &["", "5 m", "x"]),
    ("timer-on-active", TIMER, &["1.5h"], &["1y"]),
    ("timer-every", TIMER, &["1d", "1w"], &["h"]),
    ("timer-calendar", TIMER, &["0 4 * * *", "@daily", "*/5 8-18 * * mon-fri"], &["* * * *", "0 0 31 2 *", "", "@reboot"]),
    ("condition-path", "", &["/etc", "!/etc", "! /etc", "$A"], &["", "etc", "!"]),
    ("condition-kernel-word", "", &["quiet", "!root=/dev/vda"], &["", "a b"]),
    ("condition-device", "", &["vda", "!net/eth0"], &["/dev/vda", ""]),
    ("private-tmp", PROCESS, &["yes", "no"], &["tmp"]),
    ("read-only-path", PROCESS, &["/etc", "/etc \"/a b\""], &["etc"]),
    ("inaccessible-path", PROCESS, &["/home"], &["/home home"]),
    ("capability-bounding", PROCESS, &["CAP_NET_RAW", "cap_kill,cap_chown", "none"], &["all", "kill"]),
    ("seccomp-allow", PROCESS, &["read write openat"], &["read,write", "READ"]),
    ("landlock-read", PROCESS, &["/usr"], &["usr"]),
    ("landlock-write", PROCESS, &["/var/lib/x"], &["~/x"]),
    ("landlock-execute", PROCESS, &["/usr/bin"], &["bin"]),
];

#[test]
fn every_setting_takes_good_values_and_refuses_bad_ones() {
    for (name, before, goods, bads) in CASES {
        for value in goods {
            for operator in ["=", ": ", " =\t"] {
                good(&format!("{before}{name}{operator}{value}\n"));
            }
        }
        for value in bads {
            let text = format!("{before}{name} = {value}\n");
            let (_, kept) = parse("service", text.as_bytes());
            assert!(!kept.errors.is_empty(), "{text}");
            let told = kept.errors[0].to_string();
            let place = format!("/nowhere/service:{}: ", before.lines().count() + 1);
            // What makes a conflict may be known only from the whole.
            let whole = ["command", "timer-starts", "cgroup"].contains(&name);
            assert!(whole || told.starts_with(&place), "{text}: {told}");
            assert!(whole || told.contains(name), "{text}: {told}");
        }
    }
}

#[test]
fn the_cases_are_the_table() {
    for (setting, case) in SETTINGS.iter().zip(&CASES) {
        assert_eq!(setting.name, case.0);
    }
    let extensions = SETTINGS.iter().filter(|setting| setting.extension).count();
    assert_eq!((SETTINGS.len(), extensions), (83, 31));
    for (at, setting) in SETTINGS.iter().enumerate() {
        assert_eq!(
            settings::find(setting.name.as_bytes()),
            Some(at),
            "{}",
            setting.name
        );
    }
}

#[test]
fn appending_is_for_some() {
    for (setting, (name, before, goods, _)) in SETTINGS.iter().zip(CASES) {
        let text = format!("{before}{name} += {}\n", goods[0]);
        let (_, kept) = parse("service", text.as_bytes());
        assert_eq!(kept.errors.is_empty(), setting.append, "{text}");
    }
}

#[test]
fn every_setting_is_in_the_manual() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/dinit/service-files.md"
    );
    let manual = std::fs::read_to_string(path).unwrap();
    for setting in &SETTINGS {
        let section = manual.lines().skip_while(|line| *line != "## All settings");
        let section = section.take_while(|line| *line != "## Options");
        let rows = section.filter(|line| line.starts_with('|'));
        let mut of = rows.filter(|row| row.starts_with(&format!("| `{}` ", setting.name)));
        let row = of
            .next()
            .unwrap_or_else(|| panic!("{} is not in {path}", setting.name));
        assert!(of.next().is_none(), "{} is there twice", setting.name);
        assert_eq!(row.contains("extension"), setting.extension, "{row}");
        assert_eq!(row.contains("`+=`"), setting.append, "{row}");
    }
}

#[test]
fn a_slip_finds_its_setting() {
    assert_eq!(settings::nearest(b"depend-on"), Some("depends-on"));
    assert_eq!(settings::nearest(b"comand"), Some("command"));
    assert_eq!(settings::nearest(b"wait-for"), Some("waits-for"));
    assert_eq!(settings::nearest(b"ExecStart"), None);
    assert_eq!(settings::nearest(&[b'a'; 100]), None);
}
