//! One running machine: its process, its console, and what it said on standard error.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::console::{Console, Found, Trouble};
use crate::counter::{self, Sample};
use crate::error::{Error, Result, Tail};
use crate::spec::{Hypervisor, Limits, Spec, Stop};
use crate::{kvm, qemu};

/// Lines of standard error that are kept.
const SAID: usize = 20;
/// How long a machine that has closed its console may take to end.
const GRACE: Duration = Duration::from_secs(3);

/// What a machine's program wrote on standard error.
#[derive(Default)]
struct Said {
    lines: VecDeque<String>,
    events: BTreeMap<String, Sample>,
}

/// A running machine. Dropping it kills its whole process group.
pub struct Machine {
    name: String,
    child: Child,
    status: Option<ExitStatus>,
    console: Console,
    said: Arc<Mutex<Said>>,
    listener: Option<JoinHandle<()>>,
    limits: Limits,
    settle: Option<String>,
    power_off: &'static str,
    started: Instant,
    /// Folders that live as long as the machine.
    _kept: Option<tempfile::TempDir>,
}

/// What [`Machine::spawn`] needs to know beside the command.
pub(crate) struct Birth {
    pub name: String,
    pub program: String,
    pub limits: Limits,
    pub settle: Option<String>,
    pub stop: Stop,
    pub power_off: &'static str,
    pub kept: Option<tempfile::TempDir>,
}

impl Machine {
    /// Starts QEMU with its serial console on pipes.
    ///
    /// # Errors
    /// A kernel or initramfs that cannot be read, no such board, no counter, no QEMU.
    pub fn start(hypervisor: &Hypervisor, spec: &Spec) -> Result<Machine> {
        readable(&spec.name, &spec.kernel)?;
        readable(&spec.name, &spec.initrd)?;
        let use_kvm = kvm::choose(spec);
        let arguments = qemu::arguments(spec, use_kvm, qemu::Console::Pipes, hypervisor)?;
        let program = qemu::program(spec.arch);
        let mut command = match hypervisor.counter.as_deref().filter(|_| spec.counting) {
            // The counter is preloaded by a program inside, because what enters the hypervisor's
            // root may clear the environment, and must not load it itself.
            Some(counter) => {
                let mut command = (hypervisor.command)("env");
                let mut preload = std::ffi::OsString::from("LD_PRELOAD=");
                preload.push(counter);
                command.arg(preload).arg(&program);
                command
            }
            None => (hypervisor.command)(&program),
        };
        command.args(arguments);
        let birth = Birth {
            name: spec.name.clone(),
            program,
            limits: spec.limits,
            settle: spec.settle.clone(),
            stop: spec.stop.clone(),
            power_off: spec.board.power_off(),
            kept: None,
        };
        Machine::spawn(command, birth)
    }

    pub(crate) fn spawn(mut command: Command, birth: Birth) -> Result<Machine> {
        let failed = |source| Error::Start {
            machine: birth.name.clone(),
            program: birth.program.clone(),
            source,
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let (Some(input), Some(output), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(failed(io::Error::other("it has no standard streams")));
        };
        // A roomy pipe, so that a UART never has to wait for us: the counter's determinism rests
        // on each byte being written at once. A refusal (a user's limit) is no harm.
        let _ = rustix::pipe::fcntl_setpipe_size(&output, 1 << 20);
        let said = Arc::new(Mutex::new(Said::default()));
        let shared = Arc::clone(&said);
        let listener = thread::spawn(move || listen(BufReader::new(errors), &shared));
        Ok(Machine {
            console: Console::new(output, input, birth.stop, birth.limits.silence),
            name: birth.name,
            child,
            status: None,
            said,
            listener: Some(listener),
            limits: birth.limits,
            settle: birth.settle,
            power_off: birth.power_off,
            started: Instant::now(),
            _kept: birth.kept,
        })
    }

    /// Its name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How long things may take.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// What is run first of all after the login ([`Spec::settle`]).
    pub fn settle(&self) -> Option<String> {
        self.settle.clone()
    }

    /// The command that ends it from a root shell.
    pub(crate) fn power_off_command(&self) -> &'static str {
        self.power_off
    }

    /// Since it was started.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Its console, for what the methods here do not offer.
    pub fn console(&mut self) -> &mut Console {
        &mut self.console
    }

    /// Waits for one of several texts on the console; `what` names them in messages.
    ///
    /// # Errors
    /// A panic, an early end, a limit that passed: with the console's last lines.
    pub fn expect(&mut self, what: &str, patterns: &[&str], limit: Duration) -> Result<Found> {
        let found = self.console.expect(patterns, limit);
        found.map_err(|trouble| self.explain(trouble, what))
    }

    /// Sends a line to the console.
    ///
    /// # Errors
    /// Its input is closed.
    pub fn send_line(&mut self, line: &str) -> Result<()> {
        match self.console.send_line(line) {
            Ok(()) => Ok(()),
            // A machine that has ended has more to say than "broken pipe".
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {
                Err(self.explain(Trouble::Ended, "it could be written to"))
            }
            Err(source) => Err(Error::Write {
                machine: self.name.clone(),
                source,
                tail: self.tail(),
            }),
        }
    }

    /// Waits until the machine ends by itself.
    ///
    /// # Errors
    /// The limit passed, a panic.
    pub fn expect_end(&mut self, limit: Duration) -> Result<()> {
        let ended = self.console.expect_end(limit);
        ended.map_err(|trouble| self.explain(trouble, "it powered off"))?;
        // Closing its console is nearly the last thing it does.
        self.reap(GRACE);
        Ok(())
    }

    /// An event that the counter has seen: `first_user`, or a marker's name.
    pub fn event(&self, name: &str) -> Option<Sample> {
        self.heard().events.get(name).copied()
    }

    /// What the machine's program said on standard error.
    pub fn said(&self) -> Box<Tail> {
        Box::new(Tail {
            from: "its standard error",
            lines: self.heard().lines.iter().cloned().collect(),
        })
    }

    fn heard(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The console's last lines.
    pub(crate) fn tail(&self) -> Box<Tail> {
        Box::new(Tail {
            from: "its console",
            lines: self.console.last_lines(),
        })
    }

    /// Whether its kernel has told of no fault.
    ///
    /// # Errors
    /// The first that it told of.
    pub(crate) fn sound(&self) -> Result<()> {
        let Some(line) = self.console.fault() else {
            return Ok(());
        };
        Err(Error::Fault {
            machine: self.name.clone(),
            line: line.to_owned(),
            tail: self.tail(),
        })
    }

    /// Turns a console's trouble into an error about this machine, and stops the machine.
    pub(crate) fn explain(&mut self, trouble: Trouble, waiting_for: &str) -> Error {
        let machine = self.name.clone();
        let waiting_for = waiting_for.to_owned();
        if trouble == Trouble::Ended {
            self.reap(GRACE);
        }
        self.stop();
        let tail = self.tail();
        match trouble {
            Trouble::Ended => Error::Ended {
                machine,
                waiting_for,
                status: match self.status {
                    Some(status) if status.success() => "it reset or powered off".to_owned(),
                    Some(status) => status.to_string(),
                    None => "its console is closed".to_owned(),
                },
                said: self.said(),
                tail,
            },
            Trouble::Panic(line) => Error::Panic {
                machine,
                waiting_for,
                line,
                tail,
            },
            Trouble::TimedOut(limit) => Error::TimedOut {
                machine,
                waiting_for,
                limit,
                tail,
            },
            Trouble::Silent(limit) => Error::Silent {
                machine,
                waiting_for,
                limit,
                tail,
            },
            Trouble::TooMuch => Error::TooMuch {
                machine,
                waiting_for,
                limit: crate::console::MOST,
                tail,
            },
            Trouble::Interrupted => Error::Interrupted { machine },
        }
    }

    /// Ends the machine, with everything in its process group, at once.
    pub fn stop(&mut self) {
        // Not after its end was seen: the number may then be somebody else's.
        if self.status.is_none() {
            if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
                let _ = kill_process_group(group, Signal::KILL);
            }
            self.status = self.child.wait().ok();
        }
        // Standard error is closed by now, unless something that left the group holds it.
        if let Some(listener) = self.listener.take()
            && self.wait_for_listener(&listener)
        {
            let _ = listener.join();
        }
    }

    fn wait_for_listener(&self, listener: &JoinHandle<()>) -> bool {
        let deadline = Instant::now() + Duration::from_secs(1);
        while !listener.is_finished() {
            if Instant::now() >= deadline {
                return false;
            }
            thread::sleep(Duration::from_millis(1));
        }
        true
    }

    /// Waits up to `limit` for the process's end.
    fn reap(&mut self, limit: Duration) {
        let deadline = Instant::now() + limit;
        while self.status.is_none() && Instant::now() < deadline {
            match self.child.try_wait() {
                Ok(Some(status)) => self.status = Some(status),
                Ok(None) => thread::sleep(Duration::from_millis(2)),
                Err(_) => return,
            }
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Sorts standard error into the counter's events and everything else.
fn listen(errors: impl BufRead, said: &Mutex<Said>) {
    for line in errors.split(b'\n') {
        let Ok(line) = line else { return };
        let line = String::from_utf8_lossy(&line);
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        match counter::event(&line) {
            Some((name, sample)) => {
                said.events.insert(name.to_owned(), sample);
            }
            None => {
                if said.lines.len() == SAID {
                    said.lines.pop_front();
                }
                said.lines.push_back(line.trim_end().to_owned());
            }
        }
    }
}

/// Opens a file that the machine will read, for a message better than the hypervisor's.
pub(crate) fn readable(machine: &str, path: &Path) -> Result<()> {
    let file = File::open(path).and_then(|file| {
        if file.metadata()?.is_file() {
            Ok(())
        } else {
            Err(io::Error::other("it is not a file"))
        }
    });
    file.map_err(|source| Error::File {
        machine: machine.to_owned(),
        path: path.to_owned(),
        source,
    })
}
