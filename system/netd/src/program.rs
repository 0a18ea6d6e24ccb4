//! The command line.

use crate::apply::{self, Manner};
use crate::configuration;
use crate::daemon::{self, Options, control};
use crate::error::{Error, Result};
use crate::netlink::Socket;
use crate::plan::Scope;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use std::io::Write;
use std::path::{Path, PathBuf};

const DONE: u8 = 0;
const FAILED: u8 = 1;
const WRONG: u8 = 2;

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
    let given = match parse(words) {
        Ok(Some(given)) => given,
        Ok(None) => return DONE,
        Err(what) => {
            complain(&format!("{what} (--help tells what there is)"));
            return WRONG;
        }
    };
    match command(given) {
        Ok(status) => status,
        Err(error) => {
            complain(&error.to_string());
            FAILED
        }
    }
}

/// To standard output; a reader that went away is no error.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn complain(text: &str) {
    let _ = std::io::stderr().write_all(format!("netd: {text}\n").as_bytes());
}

/// Seconds of `60`, `60s` or `5m`.
fn seconds(text: &str) -> Result<u32, String> {
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
        .ok_or_else(|| format!("'{text}' is no time, as in 60s or 5m"))
}

fn parse(words: Vec<String>) -> Result<Option<Given>, String> {
    let mut given = Given {
        command: String::new(),
        words: Vec::new(),
        options: Options {
            folder: PathBuf::from(configuration::FOLDER),
            socket: PathBuf::from("/run/netd/control"),
            kept: PathBuf::from("/var/lib/netd"),
            resolv_conf: PathBuf::from("/etc/resolv.conf"),
            ready: None,
        },
        confirm: 0,
        timeout: 120,
        json: false,
        config: false,
    };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let (name, behind) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => {
                (name.to_owned(), Some(value.to_owned()))
            }
            _ => (word, None),
        };
        let mut value = || match &behind {
            Some(value) => Ok(value.clone()),
            None => words.next().ok_or_else(|| format!("{name} needs a value")),
        };
        match &*name {
            "-c" | "--config" => {
                given.options.folder = value()?.into();
                given.config = true;
            }
            "-s" | "--socket" => given.options.socket = value()?.into(),
            "-k" | "--keep" => given.options.kept = value()?.into(),
            "-n" | "--names" => given.options.resolv_conf = value()?.into(),
            "-C" | "--confirm" => given.confirm = seconds(&value()?)?,
            "-t" | "--timeout" => given.timeout = seconds(&value()?)?,
            "-F" | "--ready-fd" => {
                let number = value()?.parse();
                given.options.ready = Some(number.map_err(|_| format!("{name} needs a number"))?);
            }
            "-j" | "--json" => given.json = true,
            "-h" | "--help" => {
                print(HELP);
                return Ok(None);
            }
            "-V" | "--version" => {
                print(concat!("netd ", env!("CARGO_PKG_VERSION"), "\n"));
                return Ok(None);
            }
            option if option.starts_with('-') => {
                return Err(format!("there is no option '{option}'"));
            }
            _ if given.command.is_empty() => given.command = name,
            _ => given.words.push(name),
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
    if given.command.is_empty() {
        return Err("a command is needed".to_owned());
    }
    if !known.contains(&&*given.command) {
        return Err(format!("there is no command '{}'", given.command));
    }
    if given.confirm > 0 && !matches!(&*given.command, "apply" | "reload") {
        return Err(format!("{} takes no --confirm", given.command));
    }
    match given.words.first() {
        Some(word) if given.command != "wait-online" => {
            return Err(format!(
                "{} takes no further words, as '{word}'",
                given.command
            ));
        }
        _ => {}
    }
    if let Some(word) = given
        .words
        .iter()
        .find(|word| control::demand(word).is_none())
    {
        return Err(format!("'{word}' is no LINK[:carrier|address|routable]"));
    }
    Ok(Some(given))
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
                return Err(Error::impossible(format!(
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
        Error::impossible(format!(
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
    status.ok_or_else(|| Error::impossible(format!("{shown}: the daemon ended")))
}
