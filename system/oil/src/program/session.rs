//! One run of the program: where output goes, how much of it, and how the system is opened.

use super::arguments::Arguments;
use super::outcome::Failure;
use oil::context::{Context, Settings};
use oil::database::DIRECTORY;
use oil::fetch::{self, Client, Mirrors};
use oil::solve::report;
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Connections at once.
const CONNECTIONS: usize = 16;

/// One run of the program.
pub struct Session {
    /// Standard output; flushed at the end and before anything is said on standard error.
    pub out: BufWriter<Stdout>,
    /// 0 is the usual amount of output, -1 less, 1 and 2 more.
    pub verbosity: i32,
}

impl Session {
    /// Before anything is known.
    pub fn new() -> Self {
        Self {
            out: BufWriter::with_capacity(32 << 10, io::stdout()),
            verbosity: 0,
        }
    }

    /// Takes what the command line says of output.
    pub fn configure(&mut self, arguments: &Arguments) -> Result<(), Failure> {
        self.verbosity = arguments.count("verbose") as i32 - arguments.count("quiet") as i32;
        Ok(())
    }

    fn say(&mut self, colour: &str, word: &str, text: &str) {
        // What cannot be written is lost; there is no other place to say so.
        let _ = self.out.flush();
        let mut err = io::stderr().lock();
        let coloured =
            err.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
        let _ = if coloured {
            writeln!(err, "\x1b[{colour}m{word}:\x1b[0m {text}")
        } else {
            writeln!(err, "{word}: {text}")
        };
    }

    /// Says what ends a command or makes it fail.
    pub fn error(&mut self, text: &str) {
        self.say("1;31", "ERROR", text);
    }

    /// Writes a report that begins with `ERROR: ` and goes over several lines.
    pub fn report(&mut self, text: &str) {
        let text = text.trim_end_matches('\n');
        self.error(text.strip_prefix("ERROR: ").unwrap_or(text));
    }

    /// Says what need not be so.
    pub fn warning(&mut self, text: &str) {
        self.say("1;33", "WARNING", text);
    }

    /// Opens the system that the command line names, with the indexes and the installed packages.
    pub fn open(&mut self, arguments: &Arguments) -> Result<Context, Failure> {
        self.open_with(&settings(arguments)?)
    }

    /// Opens the system with these settings, which must have a database if what is installed counts.
    pub fn open_with(&mut self, settings: &Settings) -> Result<Context, Failure> {
        let root = &settings.root;
        let reason = |error: io::Error| super::outcome::reason(&error);
        std::fs::metadata(root)
            .map_err(|error| Failure::of("Unable to open root", reason(error)))?;
        if settings.installed && settings.database {
            let installed = root.join(DIRECTORY).join("installed");
            std::fs::metadata(installed).map_err(|error| {
                let root = root.display();
                let why = reason(error);
                Failure::new(format_args!(
                    "Unable to read database: {why} (below {root}; add --initdb makes one)"
                ))
            })?;
        }
        let context = Context::open(settings)?;
        for warning in &context.warnings {
            self.warning(warning);
        }
        Ok(context)
    }

    /// Opens the indexes of all repositories; those in the cache that are too old are fetched again.
    pub fn load(&mut self, context: &mut Context) {
        let client = context
            .repositories
            .list
            .iter()
            .any(|one| one.is_remote())
            .then(|| client(context));
        self.load_with(context, client.as_ref());
    }

    /// Opens the indexes; servers are asked if there is a client.
    pub fn load_with(&mut self, context: &mut Context, client: Option<&Client>) {
        let before = context.warnings.len();
        context.cache.prepare(&context.settings.root);
        context.load(client);
        for warning in &context.warnings[before..] {
            self.warning(warning);
        }
    }

    /// Refuses to write what is no text to a terminal, unless the command line insists.
    #[cfg(feature = "make")]
    pub fn refuse_terminal(&self, arguments: &Arguments) -> Result<(), Failure> {
        if io::stdout().is_terminal() && !arguments.has("force-binary-stdout") {
            return Err(Failure::usage(
                "refusing to write binary data to the terminal; redirect it, or pass --force-binary-stdout",
            ));
        }
        Ok(())
    }

    /// Columns for reports.
    pub fn columns(&self) -> usize {
        let terminal = io::stdout().is_terminal();
        let size = terminal
            .then(|| rustix::termios::tcgetwinsize(io::stdout()).ok())
            .flatten();
        size.map_or(report::COLUMNS, |size| {
            usize::from(size.ws_col).max(report::COLUMNS)
        })
    }

    /// Whether the user is asked before something is changed.
    pub fn is_interactive(&self, arguments: &Arguments, root: &Path) -> bool {
        let asked = arguments.value("interactive");
        let automatic =
            asked == Some("auto") || (asked.is_none() && root.join("etc/apk/interactive").exists());
        match automatic {
            true => io::stdin().is_terminal() && io::stdout().is_terminal(),
            false => asked == Some("yes"),
        }
    }

    /// Asks whether to go on. Nobody there to ask means yes.
    pub fn ask(&mut self) -> Result<bool, Failure> {
        if !io::stdin().is_terminal() {
            return Ok(true);
        }
        write!(self.out, "Do you want to continue [Y/n]? ")?;
        self.out.flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(matches!(answer.trim(), "" | "y" | "Y" | "yes"))
    }
}

/// A client for a system's servers.
pub fn client(context: &Context) -> Client {
    let settings = &context.settings;
    Client::new(fetch::Options {
        root: settings.root.clone(),
        timeout: settings.timeout,
        check_certificate: settings.check_certificate,
        refresh: settings.refresh,
        connections: CONNECTIONS,
        mirrors: Mirrors::read(&settings.root).unwrap_or_default(),
    })
}

/// What a command line says of the system.
pub fn settings(arguments: &Arguments) -> Result<Settings, Failure> {
    let mut settings = Settings {
        allow_untrusted: arguments.has("allow-untrusted"),
        arches: arguments
            .values("arch")
            .into_iter()
            .map(str::to_owned)
            .collect(),
        keys: arguments.value("keys-dir").map(PathBuf::from),
        cache: arguments.switch("cache") != Some(false),
        cache_directory: arguments.value("cache-dir").map(PathBuf::from),
        network: arguments.switch("network") != Some(false),
        refresh: arguments.has("force-refresh"),
        check_certificate: arguments.switch("check-certificate") != Some(false),
        ..Settings::default()
    };
    if let Some(root) = arguments.value("root") {
        settings.root = absolute(root)?;
    }
    settings.repositories_file = arguments.value("repositories-file").map(PathBuf::from);
    for url in arguments.values("repository") {
        let remote = url.contains("://") || url.starts_with('/') || url.starts_with("test:");
        settings.repositories.push(if remote {
            url.to_owned()
        } else {
            absolute(url)?.to_string_lossy().into_owned()
        });
    }
    let lines = arguments.values("repository-config");
    settings.repository_lines = lines.into_iter().map(str::to_owned).collect();
    let minutes = match arguments.has("update-cache") {
        true => Some(0),
        false => arguments.number("cache-max-age")?,
    };
    if let Some(minutes) = minutes {
        settings.cache_max_age = Duration::from_secs(minutes.saturating_mul(60));
    }
    if let Some(seconds) = arguments.number("timeout")? {
        settings.timeout = Duration::from_secs(seconds.max(1));
    }
    Ok(settings)
}

fn absolute(path: &str) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::of(path, super::outcome::reason(&error)))
}

/// The text of the configuration file: that of `APK_CONFIG`, or the first of the usual two that is there.
pub fn configuration() -> String {
    let named = std::env::var_os("APK_CONFIG").map(PathBuf::from);
    let usual = || {
        ["/etc/apk/config", "/lib/apk/config"]
            .map(PathBuf::from)
            .to_vec()
    };
    let places = named.map_or_else(usual, |one| vec![one]);
    let first = places.iter().find(|place| Path::exists(place));
    first
        .and_then(|place| std::fs::read_to_string(place).ok())
        .unwrap_or_default()
}

/// What `--version` says.
pub fn version_line() -> String {
    format!(
        "oil {}, compatible with apk-tools 3, for {}.",
        env!("CARGO_PKG_VERSION"),
        oil::arch::native()
    )
}
