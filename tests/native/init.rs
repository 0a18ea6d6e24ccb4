//! The real init as PID 1 of its own process and mount namespaces, with a shell script for getty.
//!
//! Its root is a file system in memory, never the host's: on shutdown init makes its root read-only. The host's programs
//! are mounted in it, and `/out`, where the script leaves what it sees. In such a namespace reboot(2) ends PID 1 by
//! SIGHUP (restart) or SIGINT (halt, power off); the test sees that signal.
//!
//! Needs root, and the environment variable `ALPENGLOW_TREE`: the composed root of `min`.

use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::root::{Directory, Outcome, SETUP, Tests, at, check, program, wait_for};

const SIGHUP: i32 = 1;
const SIGINT: i32 = 2;

/// All tests of this file.
pub fn tests() -> Tests {
    vec![
        ("init mounts what a system needs", mounts),
        (
            "init takes the host name and the console's terminal for getty",
            names,
        ),
        ("init gives getty a clean process", clean_child),
        ("init starts getty again, but not in a tight loop", respawn),
        ("init buries orphans", orphans),
        ("init powers off on SIGUSR2", || ends_by("USR2", SIGINT)),
        ("init halts on SIGUSR1", || ends_by("USR1", SIGINT)),
        ("init restarts on SIGTERM", || ends_by("TERM", SIGHUP)),
        ("init restarts on SIGINT, as ctrl-alt-del sends", || {
            ends_by("INT", SIGHUP)
        }),
        ("init takes no notice of other signals", other_signals),
        ("init lets processes end by themselves on shutdown", gentle),
        ("init kills what does not end by itself", stubborn),
        ("init says which mount failed, and goes on", failed_mount),
        ("init lives on without a getty and says so", without_getty),
    ]
}

/// A running init and the directory that its getty writes to.
struct Machine {
    unshare: Child,
    directory: Directory,
}

impl Machine {
    /// Starts init with `getty`, the lines of a shell script; without one when it is empty. `prepare` are commands run
    /// in its root before.
    fn start(getty: &str, prepare: &str) -> Result<Self, String> {
        let init = program("init")?;
        let directory = Directory::new()?;
        directory.put("etc/hostname", "machine\n", 0o644)?;
        if !getty.is_empty() {
            directory.put(
                "sbin/getty",
                &format!("#!/bin/sh\ncd /out\n{getty}\n"),
                0o755,
            )?;
        }
        // pivot_root changes the root of this shell as well, so that it can only exec from there.
        let script = format!("{SETUP}\ncp \"$2\" init\n{prepare}\npivot_root . old\nexec /init");
        let unshare = Command::new("unshare")
            .args([
                "--pid",
                "--fork",
                "--kill-child",
                "--mount",
                "--uts",
                "--propagation",
                "private",
            ])
            .args(["sh", "-c", &script, "sh"])
            .args([directory.path(), &init])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("unshare: {error}"))?;
        Ok(Self { unshare, directory })
    }

    /// The text of a file that getty writes, as soon as it is there. (The script writes beside and renames.)
    fn file(&mut self, name: &str) -> Result<String, String> {
        wait_for(name, || {
            if let Some(text) = self.directory.out(name) {
                return Ok(Some(text));
            }
            match self.unshare.try_wait().map_err(|error| error.to_string())? {
                None => Ok(None),
                Some(status) => Err(format!(
                    "init ended ({status}) before {name} was there: {}",
                    self.said()
                )),
            }
        })
    }

    /// Waits for the end of init.
    fn end(&mut self) -> Result<ExitStatus, String> {
        wait_for("the end of init", || {
            self.unshare.try_wait().map_err(|error| error.to_string())
        })
    }

    /// What init has said on its console; after its end.
    fn said(&mut self) -> String {
        let mut text = Vec::new();
        if let Some(mut console) = self.unshare.stderr.take() {
            let _ = console.read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Sends init a signal from outside.
    fn signal(&self, name: &str) -> Outcome {
        let unshare = self.unshare.id();
        let path = PathBuf::from(format!("/proc/{unshare}/task/{unshare}/children"));
        let init = fs::read_to_string(&path).map_err(at(&path))?;
        let status = Command::new("kill")
            .args(["-s", name, init.trim()])
            .status()
            .map_err(|error| error.to_string())?;
        check(status.success(), || {
            format!("kill -s {name} {}: {status}", init.trim())
        })
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // With --kill-child the end of unshare is the end of init, and with it of all in its namespace.
        let _ = self.unshare.kill();
        let _ = self.unshare.wait();
    }
}

fn mounts() -> Outcome {
    let mut machine = Machine::start(
        "cat /proc/self/mounts > new; stat -c '%n %a' /run /dev/shm >> new; mv new mounts; sleep 1000",
        "",
    )?;
    let found = machine.file("mounts")?;
    for (target, kind, options) in [
        ("/dev", "devtmpfs", &["nosuid", "noexec"][..]),
        (
            "/dev/pts",
            "devpts",
            &["nosuid", "noexec", "gid=5", "mode=620", "ptmxmode=666"],
        ),
        ("/dev/shm", "tmpfs", &["nosuid", "nodev"]),
        ("/run", "tmpfs", &["nosuid", "nodev", "mode=755"]),
        ("/proc", "proc", &["nosuid", "nodev", "noexec"]),
        ("/sys", "sysfs", &["nosuid", "nodev", "noexec"]),
    ] {
        let line = found
            .lines()
            .filter(|line| !line.contains(" /old/"))
            .find(|line| line.split(' ').nth(1) == Some(target))
            .ok_or_else(|| format!("{target} is not mounted:\n{found}"))?;
        check(line.split(' ').nth(2) == Some(kind), || {
            format!("{target} is no {kind}: {line}")
        })?;
        for option in options {
            let has = line
                .split(' ')
                .nth(3)
                .unwrap_or_default()
                .split(',')
                .any(|found| found == *option);
            check(has, || format!("{target} lacks {option}: {line}"))?;
        }
    }
    for mode in ["/run 755", "/dev/shm 1777"] {
        check(found.lines().any(|line| line == mode), || {
            format!("not {mode}:\n{found}")
        })?;
    }
    Ok(())
}

fn names() -> Outcome {
    let mut machine = Machine::start(
        "(uname -n; echo \"$#\" \"$1\") > new; mv new names; sleep 1000",
        "",
    )?;
    let found = machine.file("names")?;
    let active = fs::read_to_string("/sys/class/tty/console/active").unwrap_or_default();
    let tty = active.split_whitespace().last().unwrap_or("console");
    let wanted = format!("machine\n1 {tty}\n");
    check(found == wanted, || {
        format!("wanted {wanted:?}, found {found:?}")
    })
}

fn clean_child() -> Outcome {
    let mut machine = Machine::start(
        "(grep -E '^(SigBlk|PPid)' /proc/$$/status; ls /proc/$$/fd) > new; mv new state; sleep 1000",
        "",
    )?;
    let found = machine.file("state")?;
    let field = |name: &str| {
        found
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .map(str::trim)
            .unwrap_or("none")
    };
    check(field("PPid:") == "1", || {
        format!("getty is not init's child:\n{found}")
    })?;
    check(field("SigBlk:").trim_start_matches('0').is_empty(), || {
        format!("signals are held back:\n{found}")
    })?;
    // The shell itself holds its script (10) open.
    let files: Vec<_> = found
        .lines()
        .filter(|line| line.parse::<u32>().is_ok_and(|file| file < 10))
        .collect();
    check(files == ["0", "1", "2"], || {
        format!("files are left open: {files:?}")
    })
}

fn respawn() -> Outcome {
    let mut machine = Machine::start(
        "echo >> starts; [ $(wc -l < starts) -lt 4 ] || echo > done",
        "",
    )?;
    let start = Instant::now();
    machine.file("done")?;
    // Four starts, one second between two of them.
    check(start.elapsed() >= Duration::from_millis(2900), || {
        format!("four starts in {:?}", start.elapsed())
    })
}

fn orphans() -> Outcome {
    let mut machine = Machine::start(
        // The parent of the orphans ends at once.
        "sh -c 'for i in 1 2 3 4 5 6; do sleep 1000 & echo $!; done > pids'
        pids=$(cat pids)
        for pid in $pids; do grep PPid /proc/$pid/status; done | sort -u > new
        echo > ready
        while [ ! -e stopped ]; do sleep 0.1; done
        kill -9 $pids
        echo > killed
        for i in 1 2 3 4 5 6 7 8 9 10; do
            left=0
            for pid in $pids; do [ ! -e /proc/$pid ] || left=$((left + 1)); done
            [ $left = 0 ] || sleep 0.5
        done
        echo $left left >> new; mv new orphans; sleep 1000",
        "",
    )?;
    // They all end while init stands still, so that one signal stands for many.
    machine.file("ready")?;
    machine.signal("STOP")?;
    let stopped = machine.directory.path().join("out/stopped");
    fs::write(&stopped, "").map_err(at(&stopped))?;
    machine.file("killed")?;
    machine.signal("CONT")?;
    let found = machine.file("orphans")?;
    check(found == "PPid:\t1\n0 left\n", || {
        format!("wanted the parent 1 and then no such process, found {found:?}")
    })
}

fn ends_by(signal: &str, by: i32) -> Outcome {
    let mut machine = Machine::start(&format!("kill -s {signal} 1; sleep 1000"), "")?;
    let status = machine.end()?;
    check(status.signal() == Some(by), || {
        format!("ended by {status}, not by signal {by}: {}", machine.said())
    })
}

fn other_signals() -> Outcome {
    let mut machine = Machine::start(
        "for s in HUP QUIT PIPE WINCH USR2; do kill -s $s 1; echo $s >> sent; sleep 0.2; done",
        "",
    )?;
    let status = machine.end()?;
    let sent = machine.directory.out("sent").unwrap_or_default();
    check(sent.contains("WINCH"), || format!("ended after {sent:?}"))?;
    check(status.signal() == Some(SIGINT), || {
        format!("ended by {status}")
    })
}

fn gentle() -> Outcome {
    let mut machine = Machine::start(
        "sh -c 'trap \"sleep 1; echo > /out/tidied; exit\" TERM; echo > ready; while :; do sleep 0.1; done' &
        while [ ! -e ready ]; do sleep 0.1; done
        kill -s USR2 1; sleep 1000",
        "",
    )?;
    let status = machine.end()?;
    check(status.signal() == Some(SIGINT), || {
        format!("ended by {status}")
    })?;
    check(machine.directory.out("tidied").is_some(), || {
        "killed before its second was over".into()
    })
}

fn stubborn() -> Outcome {
    let mut machine = Machine::start(
        "sh -c 'trap \"\" TERM HUP; echo > ready; while :; do sleep 1000; done' &
        while [ ! -e ready ]; do sleep 0.1; done
        echo > asked; kill -s TERM 1; sleep 1000",
        "",
    )?;
    machine.file("asked")?;
    let status = machine.end()?;
    check(status.signal() == Some(SIGHUP), || {
        format!("ended by {status}")
    })
}

fn failed_mount() -> Outcome {
    let mut machine = Machine::start("kill -s USR2 1; sleep 1000", "echo > run")?;
    let status = machine.end()?;
    check(status.signal() == Some(SIGINT), || {
        format!("ended by {status}")
    })?;
    let said = machine.said();
    // ENOTDIR
    check(said == "init: /run: error 20\n", || {
        format!("said {said:?}")
    })
}

fn without_getty() -> Outcome {
    let mut machine = Machine::start("", "")?;
    sleep(Duration::from_secs(3));
    let ended = machine
        .unshare
        .try_wait()
        .map_err(|error| error.to_string())?;
    check(ended.is_none(), || format!("ended: {ended:?}"))?;
    machine.signal("TERM")?;
    let status = machine.end()?;
    check(status.signal() == Some(SIGHUP), || {
        format!("ended by {status}")
    })?;
    let said = machine.said();
    // ENOENT
    check(said == "init: /sbin/getty: error 2\n", || {
        format!("said {said:?}")
    })
}
