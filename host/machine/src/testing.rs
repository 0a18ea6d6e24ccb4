//! Guests for unit tests: a console whose other end a test holds, and a login on a real
//! pseudo-terminal of this computer.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::console::Console;
use crate::machine::{Birth, Machine};
use crate::spec::{Limits, Stop};

/// A console and the guest's ends of it: what the guest writes to, what it reads from.
pub fn console(stop: Stop, silence: Option<Duration>) -> (Console, File, File) {
    let (from_guest, guest_out) = rustix::pipe::pipe().unwrap();
    let (guest_in, to_guest) = rustix::pipe::pipe().unwrap();
    let console = Console::new(File::from(from_guest), File::from(to_guest), stop, silence);
    (console, File::from(guest_out), File::from(guest_in))
}

/// Limits for guests that answer at once; generous, so that a busy computer changes nothing.
pub fn limits() -> Limits {
    Limits {
        boot: Duration::from_secs(60),
        ..Limits::default()
    }
}

/// A program of this computer's as a machine.
pub fn machine(mut command: Command, limits: Limits) -> Machine {
    command.env("LC_ALL", "C");
    Machine::spawn(
        command,
        Birth {
            settle: None,
            name: "fake".to_owned(),
            program: "a shell".to_owned(),
            limits,
            stop: Stop::default(),
            power_off: "poweroff",
            kept: None,
        },
    )
    .unwrap()
}

/// A getty, a login and a shell, in sh, on a pseudo-terminal with echo and canonical input, which
/// script(1) makes. The user is root, the password "secret". `before` runs first; it can lose
/// input. `poweroff` there is `power_off`, run by the session's shell's child.
pub fn login_guest(folder: &Path, before: &str, power_off: &str, limits: Limits) -> Machine {
    use std::os::unix::fs::PermissionsExt;
    let program = |name: &str, text: String| {
        let path = folder.join(name);
        let mut file = File::create(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.set_permissions(PermissionsExt::from_mode(0o755))
            .unwrap();
    };
    program("poweroff", format!("#!/bin/sh\n{power_off}\n"));
    program(
        "getty",
        format!(
            "#!/bin/sh\n{before}\nwhile :; do\n\
             printf 'fake login: '; read user || exit; [ \"$user\" ] || continue\n\
             stty -echo; printf 'Password: '; read password; stty echo; echo\n\
             [ \"$user $password\" = 'root secret' ] && exec /bin/sh -i\n\
             echo 'Login incorrect'\ndone\n"
        ),
    );
    let mut command = Command::new("script");
    command
        .arg("-qfec")
        .arg(folder.join("getty"))
        .arg("/dev/null");
    command.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
    command.env("PS1", "fake# ").env("TERM", "dumb");
    machine(command, limits)
}
