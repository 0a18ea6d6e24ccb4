//! The daemon: does what the engine decides. One thread, one loop, no wake-up without a cause.

mod children;
mod connection;
mod console;
mod early;
mod effects;
mod extensions;
pub mod finish;
mod groups;
mod load;
mod log;
mod manager;
mod notify;
mod options;
mod output;
mod poll;
pub mod program;
mod reexec;
mod requests;
mod run;
mod signals;
mod socket;
mod timers;
mod unit;

use crate::crash;
use crate::description::environment::{BadLine, Changes, Environment};
use crate::description::search::{self, Folders};
use crate::description::users::Users;
use crate::engine::Engine;
use crate::text::{Errno, Show};
use finish::Ending;
use log::Log;
use manager::Manager;
use options::{HELP, Level, Options, Request};
use reexec::Restored;
use signals::Signals;
use socket::ControlSocket;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// The environment file of the system's manager (dinit(8)).
const ENVIRONMENT: &[u8] = b"/etc/dinit/environment";

/// The socket of the system's manager.
const SOCKET: &[u8] = b"/run/dinitctl";

/// So many failures of the daemon that follow one another are answered by starting the services again.
const CRASHES: u32 = 3;

/// Runs the daemon; `words` are the command line without the program's name. The exit status.
#[inline(never)] // The programs lie apart: layout.ld.
pub fn main(words: Vec<OsString>) -> i32 {
    let process_one = std::process::id() == 1;
    let root = rustix::process::getuid().is_root();
    let options = match Options::read(words.iter().cloned(), process_one, root) {
        Ok(Request::Help) => {
            print!("{HELP}");
            return 0;
        }
        Ok(Request::Version) => {
            println!("Dinit version {} (Alpenglow)", env!("CARGO_PKG_VERSION"));
            return 0;
        }
        Ok(Request::Run(options)) => *options,
        Err(error) => {
            eprintln!("dinit: {error}");
            // Process 1 goes on with what is certain: its end would be the machine's.
            match Options::read(std::iter::empty(), process_one, root) {
                Ok(Request::Run(options)) if process_one => *options,
                _ => return 1,
            }
        }
    };
    if let Some(number) = options.ready_fd
        && !take_ready_fd(number)
    {
        eprintln!(
            "dinit: --ready-fd {number}: wanted an open descriptor that is not standard input"
        );
        return 1;
    }
    let manager = options.manager;
    match begin(options, &words) {
        Ok(mut daemon) => daemon.live(&words),
        Err(error) => {
            if let Some(error) = error {
                eprintln!("dinit: {error}");
            }
            if manager {
                console::last_resort();
            }
            1
        }
    }
}

/// Whether a descriptor can be told of readiness. Services do not get it.
fn take_ready_fd(number: i32) -> bool {
    if number <= 0 {
        return false;
    }
    // SAFETY: a number that is no descriptor is an error of the call.
    let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(number) };
    match rustix::io::fcntl_getfd(fd) {
        Ok(flags) if number > 2 => {
            rustix::io::fcntl_setfd(fd, flags | rustix::io::FdFlags::CLOEXEC).is_ok()
        }
        found => found.is_ok(),
    }
}

/// Sets everything up and starts the first services.
///
/// # Errors
/// What went wrong; None when it was told already.
fn begin(options: Options, words: &[OsString]) -> Result<Manager, Option<String>> {
    if options.manager && options.restore.is_none() {
        early::take_console();
        // After a fault everything is mounted still; again would hide what is there.
        if options.crashes == 0 {
            early::mount();
        }
        early::claim_machine();
    }
    let program = std::env::current_exe().unwrap_or_default();
    let words = reexec::without_own(words);
    let crashes = options.crashes;
    crash::install(
        options.manager.then_some((program.as_os_str(), &words)),
        crashes,
    );
    let errno = |what: &str, error: rustix::io::Errno| {
        Some(format!("{what}: {}", Errno(error.raw_os_error())))
    };
    let signals = Signals::new(options.manager).map_err(|error| errno("signalfd", error))?;
    // What a service leaves behind becomes our child, so that its end is seen.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    let log_path = options
        .log_file
        .as_deref()
        .map(|path| Path::new(std::ffi::OsStr::from_bytes(path)).to_owned());
    let mut log = Log::new(
        options.console_level,
        options.log_level,
        options.quiet,
        log_path.as_deref(),
    );
    if let Some(console) = early::own_console(options.manager) {
        log.set_console(console);
    }
    let mut environment = Environment::of_process();
    let directories = folders(&options, &environment);
    let control = ControlSocket {
        path: socket_path(&options),
        fd: None,
        ready: options.ready_fd,
        ..ControlSocket::default()
    };
    let (system, is_manager, restore) = (options.system, options.manager, options.restore);
    let env_file = options
        .env_file
        .clone()
        .or_else(|| is_manager.then(|| ENVIRONMENT.to_vec()));
    if let Some(file) = &env_file
        && let Err(error) =
            read_environment(file, &mut environment, options.env_file.is_some(), &mut log)
    {
        log.say(Level::Error, format_args!("{error}"));
        if !is_manager {
            log.flush();
            return Err(None);
        }
    }
    let mut daemon = Manager::new(
        options,
        Engine::new(),
        environment,
        directories,
        log,
        signals,
        control,
    )
    .map_err(|error| errno("epoll", error))?;
    if let Some(state) = restore {
        match Restored::take(state) {
            Some(restored) => {
                restored.apply(&mut daemon);
                return Ok(daemon);
            }
            None => daemon.log.say(
                Level::Error,
                format_args!("the state before re-execution cannot be read; what ran is ended and started afresh"),
            ),
        }
    }
    if is_manager && (restore.is_some() || crashes > 0) {
        finish::end_processes(&mut |text| daemon.log.say(Level::Warn, text));
    }
    daemon.engine.console_free();
    if !daemon.open_control(!system) {
        daemon.log.flush();
        return Err(None);
    }
    if log_path.is_some() {
        if let Err(error) = daemon.log.open()
            && !is_manager
        {
            return Err(errno("the log file cannot be opened", error));
        }
    } else if is_manager {
        daemon
            .log
            .note(Level::Info, format_args!("starting the system"));
    }
    if crashes <= CRASHES {
        daemon.start_first();
    } else {
        daemon.log.say(
            Level::Error,
            format_args!("the daemon failed {crashes} times, each soon after the other; no service is started"),
        );
    }
    Ok(daemon)
}

/// Where descriptions are looked for.
fn folders(options: &Options, environment: &Environment) -> Folders {
    if !options.directories.is_empty() {
        return options
            .directories
            .iter()
            .map(|folder| folder.as_slice().into())
            .collect();
    }
    if options.system {
        search::system()
    } else {
        search::user(environment, &Users::system())
    }
}

/// Applies an environment file. That the default one is not there is no error; lines that say nothing known are told and
/// passed over.
fn read_environment(
    file: &[u8],
    environment: &mut Environment,
    must: bool,
    log: &mut Log,
) -> Result<(), String> {
    let text = match std::fs::read(std::ffi::OsStr::from_bytes(file)) {
        Ok(text) => text,
        Err(error) if !must && error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(format!("environment file {}: {error}", Show(file))),
    };
    let mut changes = Changes::default();
    changes.read(&text, &mut |bad| {
        let (line, what) = match bad {
            BadLine::Setting(line) => (line, "not NAME=VALUE"),
            BadLine::Command(line) => (line, "not !clear, !unset or !import"),
        };
        log.say(
            Level::Error,
            format_args!("environment file {}:{line}: {what}", Show(file)),
        );
    });
    *environment = changes.apply(environment);
    Ok(())
}

fn socket_path(options: &Options) -> Vec<u8> {
    if let Some(path) = &options.socket {
        return path.clone();
    }
    if options.system {
        return SOCKET.to_vec();
    }
    let (folder, name) = match std::env::var_os("XDG_RUNTIME_DIR") {
        Some(folder) => (folder, &b"/dinitctl"[..]),
        None => match std::env::var_os("HOME") {
            Some(folder) => (folder, &b"/.dinitctl"[..]),
            None => return Vec::new(),
        },
    };
    [folder.into_vec().as_slice(), name].concat()
}

/// `shutdown --system`: ends the machine from another process than process 1. Comes back, with the exit status, when
/// the kernel refused, and after what a soft reboot asks for.
pub fn final_steps(kind: crate::protocol::command::Shutdown) -> i32 {
    let ending = Ending::of(kind as u8).unwrap_or(Ending::PowerOff);
    let mut say = |text: std::fmt::Arguments<'_>| eprintln!("shutdown: {text}");
    match finish::finish(ending, &mut say) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!(
                "shutdown: the kernel refused to {}: {}",
                ending.word(),
                Errno(error.raw_os_error())
            );
            1
        }
    }
}

impl Manager {
    /// Starts the services named on the command line. One that cannot be loaded is told; the others start.
    fn start_first(&mut self) {
        for name in self.options.services.clone() {
            match self.load(&name) {
                Ok(id) => self.engine.start(id),
                Err(error) => self.log.say(Level::Error, format_args!("{error}")),
            }
        }
    }

    /// Runs until the end; what then is done is the ending's. The exit status.
    fn live(&mut self, words: &[OsString]) -> i32 {
        loop {
            self.run();
            if std::mem::take(&mut self.reexec) {
                self.reexecute(words);
                continue;
            }
            if !self.options.manager {
                self.log.flush();
                self.close_control();
                return 0;
            }
            let Some(ending) = self.ending else {
                self.boot_failed();
                continue;
            };
            self.log.say(
                Level::Info,
                format_args!("no more active services; will {}", ending.word()),
            );
            self.close_control();
            self.end(ending, words);
        }
    }

    /// Ends the machine. Comes back when that failed, with the services to be started again.
    fn end(&mut self, ending: Ending, words: &[OsString]) {
        self.log.take_back();
        self.log.flush();
        let log = &mut self.log;
        let mut say = |text: std::fmt::Arguments<'_>| {
            log.say(Level::Warn, text);
            log.flush();
        };
        let mut result = finish::finish(ending, &mut say);
        if ending == Ending::SoftReboot && result.is_ok() {
            let error =
                program::become_program(self.program.as_os_str(), &reexec::without_own(words));
            say(format_args!(
                "the daemon could not be run afresh: {}; will reboot",
                Errno(error)
            ));
            result = finish::finish(Ending::Reboot, &mut say);
        }
        if let Err(error) = result {
            say(format_args!(
                "the kernel refused to {}: {}",
                ending.word(),
                Errno(error.raw_os_error())
            ));
        }
        console::last_resort();
    }
}
