//! The real getty, on pipes and on a pseudo-terminal, with a shell script for login.
//!
//! Needs root, and the environment variable `ALPENGLOW_TREE`: the composed root of `min`.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{InputModes, LocalModes, OptionalActions, OutputModes, tcgetattr, tcsetattr};

use super::root::{Directory, LIMIT, Outcome, SETUP, Tests, at, check, program, wait_for};

/// Writes down how it was called.
const LOGIN: &str = "#!/bin/sh
(printf '%s|' \"$@\"; echo \"$TERM\"; stty -a; echo $$; tr ' ' '\\n' < /proc/$$/stat | sed -n '6,7p') > /out/new 2>/out/error
mv /out/new /out/login
";

/// All tests of this file.
pub fn tests() -> Tests {
    vec![
        ("getty prints the issue and asks for a name", asks),
        ("getty gives login the name, never an option", option),
        (
            "getty asks again after an empty or impossible name",
            asks_again,
        ),
        ("getty ends at the end of input", end_of_input),
        ("getty says that there is no login", no_login),
        ("getty says that there is no such terminal", no_terminal),
        ("getty sets a terminal up and controls it", terminal),
        ("getty takes a terminal back from its last user", takes_back),
    ]
}

/// Starts getty in a root of its own, where the host's `/dev` is; `login` is its /bin/login.
fn start(directory: &Directory, tty: &str, login: Option<&str>) -> Result<Child, String> {
    directory.put("etc/issue", "Alpenglow \\s on \\n \\l \\\\o/\n", 0o644)?;
    if let Some(login) = login {
        directory.put("login", login, 0o755)?;
    }
    // /bin is the host's: put ours over its login, in this namespace alone.
    let script = format!(
        "{SETUP}
        cp \"$2\" sbin/getty
        mount --rbind /dev dev; mount -t proc proc proc 2>/dev/null || {{ mkdir proc; mount -t proc proc proc; }}
        rm bin; mkdir bin; for tool in sh stty tr sed mv; do ln -s ../usr/bin/$tool bin/$tool; done
        [ ! -e login ] || mv login bin/login
        hostname machine
        exec chroot . /sbin/getty \"$3\""
    );
    Command::new("timeout")
        .args(["-s", "KILL", &LIMIT.as_secs().to_string()])
        .args(["unshare", "--mount", "--uts", "--propagation", "private"])
        .args(["sh", "-c", &script, "sh"])
        .args([directory.path(), &program("sbin/getty")?])
        .arg(tty)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("unshare: {error}"))
}

/// Runs getty on pipes with this input; its output, what it said on standard error, and how it ended.
fn on_pipes(
    directory: &Directory,
    input: &str,
    login: Option<&str>,
) -> Result<(String, String, ExitStatus), String> {
    let mut getty = start(directory, "-", login)?;
    if let Some(mut pipe) = getty.stdin.take() {
        pipe.write_all(input.as_bytes())
            .map_err(|error| error.to_string())?;
    }
    let output = getty
        .wait_with_output()
        .map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((text(&output.stdout), text(&output.stderr), output.status))
}

fn asks() -> Outcome {
    let directory = Directory::new()?;
    let (out, said, _) = on_pipes(&directory, "", Some(LOGIN))?;
    check(
        out == "Alpenglow Linux on machine - \\o/\nmachine login: ",
        || format!("printed {out:?}, said {said:?}"),
    )
}

/// What login was called with, and `TERM`.
fn called(directory: &Directory) -> Result<String, String> {
    let text = directory.out("login").ok_or("login was not called")?;
    Ok(text.lines().next().unwrap_or_default().to_string())
}

fn option() -> Outcome {
    let directory = Directory::new()?;
    let (_, said, status) = on_pipes(&directory, "-froot\n", Some(LOGIN))?;
    check(status.success(), || format!("{status}, said {said:?}"))?;
    let found = called(&directory)?;
    check(found == "--|-froot|vt100", || {
        format!("login was called with {found:?}")
    })
}

fn asks_again() -> Outcome {
    // A pipe gives all lines at once, so each is an input of its own.
    for input in [
        "\n",
        "a b\n",
        "\x1b[A\n",
        "a\x7f\n",
        &("x".repeat(256) + "\n"),
    ] {
        let directory = Directory::new()?;
        let mut getty = start(&directory, "-", Some(LOGIN))?;
        let mut output = getty.stdout.take().ok_or("no output")?;
        let mut pipe = getty.stdin.take().ok_or("no input")?;
        let mut seen = read_until(&mut output, "login: ")?;
        pipe.write_all(input.as_bytes())
            .map_err(|error| error.to_string())?;
        seen = read_until(&mut output, "machine login: ")
            .map_err(|error| format!("after {input:?}: {error}; {seen}"))?;
        check(!seen.contains("Alpenglow"), || {
            format!("the issue came again: {seen}")
        })?;
        pipe.write_all(b"root\n")
            .map_err(|error| error.to_string())?;
        drop(pipe);
        getty.wait().map_err(|error| error.to_string())?;
        let found = called(&directory)?;
        check(found == "--|root|vt100", || {
            format!("login was called with {found:?} after {input:?}")
        })?;
    }
    Ok(())
}

fn end_of_input() -> Outcome {
    let directory = Directory::new()?;
    let (_, said, status) = on_pipes(&directory, "", Some(LOGIN))?;
    check(status.code() == Some(0), || format!("{status}"))?;
    check(said.is_empty(), || format!("said {said:?}"))?;
    check(directory.out("login").is_none(), || {
        "login was called".into()
    })
}

fn no_login() -> Outcome {
    let directory = Directory::new()?;
    let (_, said, status) = on_pipes(&directory, "root\n", None)?;
    // ENOENT
    check(said == "getty: /bin/login: error 2\n", || {
        format!("said {said:?}")
    })?;
    check(status.code() == Some(1), || format!("{status}"))
}

fn no_terminal() -> Outcome {
    // ENOENT, ENAMETOOLONG
    for (name, error) in [("no-such", 2), (&*"x".repeat(80), 36)] {
        let directory = Directory::new()?;
        let output = start(&directory, name, Some(LOGIN))?
            .wait_with_output()
            .map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        check(said == format!("getty: {name}: error {error}\n"), || {
            format!("said {said:?}")
        })?;
        check(output.status.code() == Some(1), || {
            format!("{}", output.status)
        })?;
    }
    Ok(())
}

/// A pseudo-terminal: its master, and its name in `/dev`.
fn pseudo_terminal() -> Result<(File, String), String> {
    let open = || -> rustix::io::Result<_> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let path = ptsname(&master, Vec::new())?;
        Ok((File::from(master), path))
    };
    let (master, path) = open().map_err(|error| format!("pseudo-terminal: {error}"))?;
    let name = path
        .to_string_lossy()
        .trim_start_matches("/dev/")
        .to_string();
    Ok((master, name))
}

/// The slave's side of a pseudo-terminal, not made the test's controlling terminal, never waited for.
fn slave(name: &str) -> Result<File, String> {
    const O_NOCTTY: i32 = 0o400;
    const O_NONBLOCK: i32 = 0o4000;
    let path = PathBuf::from("/dev").join(name);
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(O_NOCTTY | O_NONBLOCK)
        .open(&path)
        .map_err(at(&path))
}

/// Reads until `end` was seen.
fn read_until(from: &mut impl Read, end: &str) -> Result<String, String> {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(end.as_bytes()) {
        match from.read(&mut byte) {
            Ok(1) => seen.extend(byte),
            other => {
                return Err(format!(
                    "{other:?} after {:?}",
                    String::from_utf8_lossy(&seen)
                ));
            }
        }
    }
    Ok(String::from_utf8_lossy(&seen).into_owned())
}

fn terminal() -> Outcome {
    let directory = Directory::new()?;
    let (mut master, name) = pseudo_terminal()?;
    // What a program that died in the middle of drawing leaves behind.
    let before = slave(&name)?;
    let mut modes = tcgetattr(&before).map_err(|error| error.to_string())?;
    modes.make_raw();
    modes.input_modes = InputModes::empty();
    modes.output_modes = OutputModes::empty();
    modes.local_modes = LocalModes::empty();
    tcsetattr(&before, OptionalActions::Now, &modes).map_err(|error| error.to_string())?;

    let mut getty = start(&directory, &name, Some(LOGIN))?;
    let seen = read_until(&mut master, "login: ")?;
    check(
        seen == format!("Alpenglow Linux on machine {name} \\o/\r\nmachine login: "),
        || format!("printed {seen:?}"),
    )?;
    master
        .write_all(b"rooo\x7ft\r")
        .map_err(|error| error.to_string())?;
    let text = wait_for("login", || Ok(directory.out("login")))?;
    getty.wait().map_err(|error| error.to_string())?;
    check(text.starts_with("--|root|vt100\n"), || {
        format!("login was called with {text}")
    })?;
    let words: Vec<_> = text.split([' ', '\n', ';']).collect();
    for mode in [
        "icrnl", "ixon", "iutf8", "opost", "onlcr", "isig", "icanon", "echo", "echoe", "iexten",
        "cread", "cs8",
    ] {
        check(words.contains(&mode), || {
            format!("{mode} is not set: {text}")
        })?;
    }
    for key in [
        "intr = ^C;",
        "erase = ^?;",
        "kill = ^U;",
        "eof = ^D;",
        "susp = ^Z;",
    ] {
        check(text.contains(key), || format!("not {key} {text}"))?;
    }
    // The session is login's own and the terminal is its controlling one (proc_pid_stat(5), fields 6 and 7).
    let mut last = text.lines().rev();
    let (terminal, session, process) = (last.next(), last.next(), last.next());
    check(session == process, || {
        format!("session {session:?}, login is {process:?}")
    })?;
    check(terminal != Some("0"), || {
        "there is no controlling terminal".into()
    })
}

fn takes_back() -> Outcome {
    let directory = Directory::new()?;
    let (mut master, name) = pseudo_terminal()?;
    let path = PathBuf::from("/dev").join(&name);
    std::os::unix::fs::chown(&path, Some(1234), Some(1234)).map_err(at(&path))?;
    let mut old = slave(&name)?;
    let mut getty = start(&directory, &name, Some(LOGIN))?;
    // The master reads an error while nobody has the slave open: between the hang-up and the opening anew.
    let mut seen = String::new();
    wait_for("the prompt", || {
        if let Ok(more) = read_until(&mut master, "login: ") {
            seen = more;
            return Ok(Some(()));
        }
        Ok(None)
    })?;
    let node = fs::metadata(&path).map_err(at(&path))?;
    check(node.uid() == 0 && node.mode() & 0o777 == 0o600, || {
        format!(
            "{}: owner {}, mode {:o}",
            path.display(),
            node.uid(),
            node.mode()
        )
    })?;
    // The end of the file, where a terminal that is only idle would say that there is nothing yet (EAGAIN).
    let heard = old.read(&mut [0; 16]);
    check(matches!(heard, Ok(0)), || {
        format!("the last user can still read: {heard:?}")
    })?;
    check(old.write(b"x").is_err(), || {
        "the last user still writes".into()
    })?;
    // The end of the terminal is the end of getty.
    drop(master);
    let status = getty.wait().map_err(|error| error.to_string())?;
    // timeout(1) was killed with what it kills.
    check(
        status.signal() != Some(9) && status.code() != Some(137),
        || format!("getty did not end with its terminal: {status}"),
    )
}
