//! The terminal is the machine's until it powers off.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{OptionalActions, Termios};

use crate::error::{Error, Result};
use crate::machine::readable;
use crate::spec::{Hypervisor, Spec};
use crate::{kvm, qemu};

/// Boots a machine on this process's terminal, and returns when it has powered off or the user has
/// ended it with Ctrl-A X. Ctrl-C is the guest's; `spec.stop` still ends it (SIGTERM).
///
/// # Errors
/// A machine that cannot start, or a QEMU that fails: it has said why on standard error.
pub fn run(hypervisor: &Hypervisor, spec: &Spec) -> Result<()> {
    readable(&spec.name, &spec.kernel)?;
    readable(&spec.name, &spec.initrd)?;
    // With the guest's clock leaping there would be no using it.
    let mut spec = spec.clone();
    spec.counting = false;
    let kvm = kvm::choose(&spec);
    let arguments = qemu::arguments(&spec, kvm, qemu::Console::Terminal, hypervisor)?;
    let program = qemu::program(spec.arch);
    // In this process's group, which is the terminal's foreground: any other could not read it.
    let _terminal = Terminal::remember();
    let child = (hypervisor.command)(&program)
        .args(arguments)
        .stdin(Stdio::inherit())
        .stdout(Stdio::inherit())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|source| Error::Start {
            machine: spec.name.clone(),
            program,
            source,
        })?;
    let status = wait(child, &spec)?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Ended {
        machine: spec.name.clone(),
        waiting_for: "it powered off".to_owned(),
        status: status.to_string(),
        said: Box::default(),
        tail: Box::default(),
    })
}

fn wait(mut child: Child, spec: &Spec) -> Result<ExitStatus> {
    let mut told: Option<Instant> = None;
    loop {
        match child.try_wait() {
            Ok(Some(_)) if told.is_some() => {
                return Err(Error::Interrupted {
                    machine: spec.name.clone(),
                });
            }
            Ok(Some(status)) => return Ok(status),
            Ok(None) => {}
            Err(source) => {
                return Err(Error::Start {
                    machine: spec.name.clone(),
                    program: qemu::program(spec.arch),
                    source,
                });
            }
        }
        match told {
            None if spec.stop.raised() => {
                told = Some(Instant::now());
                if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                    let _ = kill_process(pid, Signal::TERM);
                }
            }
            Some(since) if since.elapsed() > Duration::from_secs(3) => {
                let _ = child.kill();
            }
            _ => thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// The terminal as it was; put back when dropped, however QEMU ended. QEMU makes it raw, and
/// non-blocking, which outlives QEMU because all its holders share it.
struct Terminal {
    settings: Option<Termios>,
    input: Option<OFlags>,
    output: Option<OFlags>,
}

impl Terminal {
    fn remember() -> Terminal {
        let (input, output) = (io::stdin(), io::stdout());
        Terminal {
            settings: input
                .is_terminal()
                .then(|| rustix::termios::tcgetattr(&input).ok())
                .flatten(),
            input: rustix::fs::fcntl_getfl(&input).ok(),
            output: rustix::fs::fcntl_getfl(&output).ok(),
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let input = io::stdin();
        if let Some(settings) = &self.settings {
            let _ = rustix::termios::tcsetattr(&input, OptionalActions::Now, settings);
        }
        for (stream, flags) in [
            (input.as_fd(), self.input),
            (io::stdout().as_fd(), self.output),
        ] {
            if let Some(flags) = flags {
                let _ = rustix::fs::fcntl_setfl(stream, flags);
            }
        }
    }
}
