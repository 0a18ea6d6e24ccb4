//! The command line of `dinit` (dinit(8)).

use crate::crash;
use crate::text::Show;
use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::OsStringExt;

/// What one run of the daemon is asked to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `-s`: paths of the system instance; the default for root.
    pub system: bool,
    /// `-m`: responsible for the machine; the default for process 1.
    pub manager: bool,
    /// `-d`, in order; empty: the defaults.
    pub directories: Vec<Vec<u8>>,
    pub env_file: Option<Vec<u8>>,
    pub socket: Option<Vec<u8>>,
    pub ready_fd: Option<i32>,
    pub log_file: Option<Vec<u8>>,
    pub cgroup: Option<Vec<u8>>,
    pub auto_recovery: bool,
    pub quiet: bool,
    pub console_level: Level,
    pub log_level: Level,
    pub services: Vec<Vec<u8>>,
    /// Extension: `--shutdown-timeout`, seconds until services that do not stop are killed; 0: never.
    pub shutdown_timeout: u64,
    /// Extension, set by re-execution alone: the descriptor that holds the state of the process before.
    pub restore: Option<i32>,
    /// How often the program failed, one time soon after another, before it was run anew.
    pub crashes: u32,
}

/// How much is said; messages below it are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
    None,
}

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    Run(Box<Options>),
    Help,
    Version,
}

/// What is wrong with the command line.
#[derive(Debug, PartialEq, Eq)]
pub enum WrongUse {
    Unknown(Vec<u8>),
    NoValue(&'static str),
    BadValue(&'static str, Vec<u8>, &'static str),
    Empty,
    BadName(Vec<u8>),
}

impl fmt::Display for WrongUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(word) => write!(f, "'{}' is no option; --help lists them", Show(word)),
            Self::NoValue(option) => write!(f, "{option} needs a value"),
            Self::BadValue(option, value, wanted) => {
                write!(f, "{option} {}: wanted {wanted}", Show(value))
            }
            Self::Empty => f.write_str("an argument is empty"),
            Self::BadName(name) => write!(
                f,
                "'{}' is no service name: letters, digits, '.', '_', '-', not starting with '.'",
                Show(name)
            ),
        }
    }
}

/// What `--help` prints.
pub const HELP: &str = "\
usage: dinit [OPTION]... [SERVICE]...
Starts services and looks after them; process 1 of the system, or the manager of a user's services.

 -d, --services-dir DIR     look for service descriptions in DIR (again for more; replaces the defaults)
 -e, --env-file FILE        read the environment from FILE
 -p, --socket-path PATH     listen for dinitctl at PATH
 -F, --ready-fd FD          write the socket's path to FD once commands are accepted
 -l, --log-file FILE        log to FILE in place of syslog
 -s, --system               run as the system's manager of services (default for root)
 -u, --user                 run as a user's
 -m, --system-mgr           be responsible for the machine: shutdown, reboot (default for process 1)
 -o, --container            do not be responsible for the machine
 -r, --auto-recovery        start the service 'recovery' by itself when all services stop during boot
 -b, --cgroup-path PATH     what relative run-in-cgroup paths begin with
 -q, --quiet                say nothing on the console
     --console-level LEVEL  say less or more there: debug, info, warn, error, none
     --log-level LEVEL      the same for the log
     --shutdown-timeout S   kill what has not stopped S seconds after a shutdown began (90; 0: never)
 -t, --service SERVICE      start SERVICE (default: boot)
     --help, --version
";

impl Options {
    /// Reads the command line. `process_one` is whether this is process 1, `root` whether it runs as user 0.
    ///
    /// # Errors
    /// [`WrongUse`]. Process 1 gets the kernel's words too: those that are neither options nor `single` are ignored.
    pub fn read(
        words: impl Iterator<Item = OsString>,
        process_one: bool,
        root: bool,
    ) -> Result<Request, WrongUse> {
        let mut options = Self {
            system: root,
            manager: process_one,
            directories: Vec::new(),
            env_file: None,
            socket: None,
            ready_fd: None,
            log_file: None,
            cgroup: None,
            auto_recovery: false,
            quiet: false,
            console_level: Level::Info,
            log_level: Level::Info,
            services: Vec::new(),
            shutdown_timeout: 90,
            restore: None,
            crashes: 0,
        };
        // Names count as service names only where the kernel cannot have put them.
        let mut kernel_words = process_one && root;
        let mut words = words.map(OsString::into_vec);
        while let Some(word) = words.next() {
            let mut value = |option| words.next().ok_or(WrongUse::NoValue(option));
            match &*word {
                b"" => return Err(WrongUse::Empty),
                b"--help" => return Ok(Request::Help),
                b"--version" => return Ok(Request::Version),
                b"-d" | b"--services-dir" => options.directories.push(value("--services-dir")?),
                b"-e" | b"--env-file" => options.env_file = Some(value("--env-file")?),
                b"-p" | b"--socket-path" => options.socket = Some(value("--socket-path")?),
                b"-F" | b"--ready-fd" => {
                    options.ready_fd = Some(number("--ready-fd", value("--ready-fd")?)?)
                }
                b"-l" | b"--log-file" => options.log_file = Some(value("--log-file")?),
                b"-b" | b"--cgroup-path" => options.cgroup = Some(value("--cgroup-path")?),
                b"-s" | b"--system" => options.system = true,
                b"-u" | b"--user" => options.system = false,
                b"-m" | b"--system-mgr" => {
                    options.manager = true;
                    kernel_words = false;
                }
                b"-o" | b"--container" => {
                    options.manager = false;
                    kernel_words = false;
                }
                b"-r" | b"--auto-recovery" => options.auto_recovery = true,
                b"-q" | b"--quiet" => {
                    options.quiet = true;
                    options.console_level = Level::None;
                }
                b"--console-level" => {
                    options.console_level = level("--console-level", value("--console-level")?)?
                }
                b"--log-level" => options.log_level = level("--log-level", value("--log-level")?)?,
                b"--shutdown-timeout" => {
                    options.shutdown_timeout =
                        number("--shutdown-timeout", value("--shutdown-timeout")?)?;
                }
                b"--restore-from" => {
                    options.restore = Some(number("--restore-from", value("--restore-from")?)?)
                }
                b"--after-crash" => {
                    options.crashes = number(crash::OPTION, value(crash::OPTION)?)?;
                }
                b"-t" | b"--service" => options.name(value("--service")?)?,
                [b'-', ..] if kernel_words => {}
                [b'-', ..] => return Err(WrongUse::Unknown(word)),
                b"single" => options.name(word)?,
                _ if kernel_words => {}
                _ => options.name(word)?,
            }
        }
        if options.services.is_empty() {
            options.services.push(b"boot".to_vec());
        }
        Ok(Request::Run(Box::new(options)))
    }

    fn name(&mut self, name: Vec<u8>) -> Result<(), WrongUse> {
        if crate::description::values::service_name(&name).is_err() {
            return Err(WrongUse::BadName(name));
        }
        self.services.push(name);
        Ok(())
    }
}

fn number<T: std::str::FromStr>(option: &'static str, value: Vec<u8>) -> Result<T, WrongUse> {
    let parsed = std::str::from_utf8(&value)
        .ok()
        .and_then(|text| text.parse().ok());
    parsed.ok_or(WrongUse::BadValue(option, value, "a whole number"))
}

fn level(option: &'static str, value: Vec<u8>) -> Result<Level, WrongUse> {
    Ok(match &*value {
        b"debug" => Level::Debug,
        b"info" | b"notice" => Level::Info,
        b"warn" => Level::Warn,
        b"error" => Level::Error,
        b"none" => Level::None,
        _ => {
            return Err(WrongUse::BadValue(
                option,
                value,
                "debug, info, warn, error or none",
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str], process_one: bool) -> Result<Request, WrongUse> {
        Options::read(words.iter().map(OsString::from), process_one, process_one)
    }

    fn run(words: &[&str], process_one: bool) -> Options {
        match read(words, process_one) {
            Ok(Request::Run(options)) => *options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn boot_is_started_when_nothing_is_named() {
        assert_eq!(run(&[], false).services, [b"boot"]);
        assert_eq!(
            run(&["a", "-t", "b@1"], false).services,
            [b"a".to_vec(), b"b@1".to_vec()]
        );
    }

    #[test]
    fn process_one_ignores_the_kernels_words() {
        let options = run(&["nopti", "root=/dev/vda", "single", "-x"], true);
        assert_eq!(options.services, [b"single"]);
        assert!(options.manager && options.system);
        assert_eq!(run(&["-m", "multi"], true).services, [b"multi"]);
        let container = run(&["-o", "web"], true);
        assert_eq!(container.services, [b"web"]);
        assert!(!container.manager);
    }

    #[test]
    fn wrong_use_is_told() {
        for (words, expected) in [
            (&["-x"][..], "'-x' is no option"),
            (&["-d"], "--services-dir needs a value"),
            (&["-F", "two"], "wanted a whole number"),
            (&["--log-level", "loud"], "debug, info"),
            (&[""], "empty"),
            (&[".hidden"], "no service name"),
            (&["a/b"], "no service name"),
        ] {
            let text = read(words, false).unwrap_err().to_string();
            assert!(text.contains(expected), "{text}");
        }
    }

    #[test]
    fn quiet_can_be_followed_by_a_level() {
        assert_eq!(
            run(&["-q", "--console-level", "warn"], false).console_level,
            Level::Warn
        );
        assert_eq!(run(&["-q"], false).console_level, Level::None);
    }
}
