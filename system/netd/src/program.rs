//! The command line.

use crate::apply::{self, Manner};
use crate::configuration;
use crate::daemon::{self, Options, control};
use crate::error::{Error, Result};
use crate::netlink::Socket;
use crate::plan::Scope;
use common::arguments::{DONE, FAILED, Program, Stop, print, wrong};
use common::wrong;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use std::io::Write;
use std::path::Path;

const PROGRAM: Program = Program {
    name: "netd",
    version: env!("CARGO_PKG_VERSION"),
    help: HELP,
};

const HELP: &str = "netd: the network as its files declare it

Usage:
    netd COMMAND [OPTION]...

Commands:
    run                 be the daemon: apply the files, and follow links, leases and the files' wishes
    plan                tell what apply would do, and change nothing
    apply               do it, read it back, and take it back if it fails; by the daemon, if one runs
    confirm             keep what 'apply --confirm' did
    rollback            take it back now
    reload              the same as apply
    status              tell what there is
    watch               tell of each change, a line of JSON each
    wait-online [LINK[:carrier|address|routable]]...
                        end when the machine is online (0), or will not be by waiting (1)

Options:
    -c, --config FOLDER the files, instead of /etc/netd
    -s, --socket PATH   the control socket, instead of /run/netd/control
    -k, --keep FOLDER   where leases are kept, instead of /var/lib/netd
    -n, --names FILE    instead of /etc/resolv.conf
    -C, --confirm TIME  apply: all goes back after that time (60, 60s, 5m), unless 'netd confirm' comes before
    -t, --timeout TIME  wait-online: no longer than that, instead of 120s
    -F, --ready-fd NUMBER
                        run: write to that descriptor when the files were applied for the first time
    -j, --json          plan, apply, status: as JSON
    -h, --help          show this help
    -V, --version       show the version

Exit status: 0 done, 1 something failed or is not so, 2 wrong use.
";

struct Given {
    command: String,
    words: Vec<String>,
    options: Options,
    confirm: u32,
    timeout: u32,
    json: bool,
    /// A folder was named: the daemon reads its own.
    config: bool,
}

/// Runs the program with the words behind its name; its exit status.
pub fn main(words: Vec<String>) -> u8 {
    match parse(words) {
        Ok(given) => PROGRAM.status(command(given)),
        Err(stop) => PROGRAM.stop(stop),
    }
}

/// Seconds of `60`, `60s` or `5m`.
fn seconds(text: &str) -> Result<u32, Stop> {
    let (number, unit) = match text.strip_suffix('m') {
        Some(minutes) => (minutes, 60),
        None => (text.strip_suffix('s').unwrap_or(text), 1),
    };
    let number = number
        .parse::<u32>()
        .ok()
        .and_then(|number| number.checked_mul(unit));
    number
        .filter(|number| (1..=1_000_000).contains(number))
        .ok_or_else(|| wrong(format_args!("'{text}' is no time, as in 60s or 5m")))
}

fn parse(words: Vec<String>) -> Result<Given, Stop> {
    let told = PROGRAM.read(words)?;
    let time = |long, usual| match told.text(long) {
        Some(text) => seconds(&text),
        None => Ok(usual),
    };
    let (confirm, timeout) = (time("confirm", 0)?, time("timeout", 120)?);
    let mut ready = None;
    if let Some(taken) = told.taken("ready-fd") {
        ready = taken.number();
        if ready.is_none() {
            wrong!("{} needs a number", taken.name);
        }
    }
    let known = [
        "run",
        "plan",
        "apply",
        "confirm",
        "rollback",
        "reload",
        "status",
        "watch",
        "wait-online",
    ];
    let (command, words) = told.command()?;
    if !known.contains(&&*command) {
        wrong!("there is no command '{command}'");
    }
    if confirm > 0 && !matches!(&*command, "apply" | "reload") {
        wrong!("{command} takes no --confirm");
    }
    for word in &words {
        if command != "wait-online" {
            wrong!("{command} takes no further words, as '{word}'");
        }
        if control::demand(word).is_none() {
            wrong!("'{word}' is no LINK[:carrier|address|routable]");
        }
    }
    Ok(Given {
        command,
        words,
        options: Options {
            folder: told.path("config", configuration::FOLDER),
            socket: told.path("socket", "/run/netd/control"),
            kept: told.path("keep", "/var/lib/netd"),
            resolv_conf: told.path("names", "/etc/resolv.conf"),
            ready,
        },
        confirm,
        timeout,
        json: told.has("json"),
        config: told.has("config"),
    })
}

fn command(given: Given) -> Result<u8> {
    let socket = given.options.socket.clone();
    let json = if given.json { " json" } else { "" };
    match &*given.command {
        "run" => daemon::run(given.options).map(|()| DONE),
        "plan" | "apply" | "reload" => {
            let apply = given.command != "plan";
            if !given.config && control::call(&socket).is_ok() {
                let line = match apply {
                    true => format!("apply {}{json}", given.confirm),
                    false => format!("plan{json}"),
                };
                return ask(&socket, &line);
            }
            if given.confirm > 0 {
                return Err(Error::impossible(format_args!(
                    "{}: no daemon runs that could take it back: start 'netd run', or leave --confirm out",
                    socket.display()
                )));
            }
            alone(&given.options.folder, apply, given.json)
        }
        "status" => ask(&socket, &format!("status{json}")),
        "wait-online" => ask(
            &socket,
            &format!("wait-online {} {}", given.timeout, given.words.join(" ")),
        ),
        other => ask(&socket, other),
    }
}

/// Without a daemon: what leases gave is left alone.
fn alone(folder: &Path, apply: bool, json: bool) -> Result<u8> {
    let all = configuration::read(folder)?;
    let mut socket = Socket::route().map_err(Error::kernel("speaking to the kernel"))?;
    let manner = Manner {
        scope: Scope::Files,
        only: None,
        patient: false,
    };
    let report = match apply {
        true => apply::apply(&mut socket, &all, &[], manner)?.0,
        false => apply::plan(&mut socket, &all, &[], manner)?,
    };
    print(&if json { report.json() } else { report.text() });
    Ok(if report.failed() { FAILED } else { DONE })
}

/// Has the daemon answer: its first line is the exit status.
fn ask(path: &Path, line: &str) -> Result<u8> {
    let shown = path.display().to_string();
    let socket = control::call(path).map_err(|errno| {
        Error::impossible(format_args!(
            "{shown}: {}: no daemon runs: start 'netd run'",
            common::words(errno)
        ))
    })?;
    let failed =
        |errno: rustix::io::Errno| Error::file(&shown, "speaking to the daemon")(errno.into());
    send(&socket, format!("{line}\n").as_bytes(), SendFlags::NOSIGNAL).map_err(failed)?;
    let mut status = None;
    let mut buffer = [0; 8192];
    loop {
        let length = match recv(&socket, &mut buffer, RecvFlags::empty()) {
            Ok((0, _)) => break,
            Ok((length, _)) => length,
            Err(rustix::io::Errno::INTR) => continue,
            Err(errno) => return Err(failed(errno)),
        };
        let mut text = &buffer[..length];
        if status.is_none() {
            // The status is a digit and comes in one piece with its end of line.
            status = text.first().map(|digit| digit.wrapping_sub(b'0'));
            text = text.get(2..).unwrap_or_default();
        }
        if std::io::stdout()
            .write_all(text)
            .and_then(|()| std::io::stdout().flush())
            .is_err()
        {
            break;
        }
    }
    status.ok_or_else(|| Error::impossible(format_args!("{shown}: the daemon ended")))
}
