//! What a transaction tells while it runs. The library prints nothing.

use std::fmt;

/// Something that the user may want to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// So many bytes of package files have been read, verified and unpacked, of so many. Told by several threads.
    Unpacked {
        /// So far.
        bytes: u64,
        /// In all.
        total: u64,
    },
    /// A step begins: `(1/3) Installing …`.
    Step {
        /// Counted from 1.
        number: usize,
        /// How many there are.
        total: usize,
        /// [`super::Step::title`].
        title: &'a str,
    },
    /// A directory of a package, or a file that comes or goes with it: apk lists them when it is to say very much.
    Path {
        /// Below the root.
        path: &'a [u8],
        /// Whether it is a directory.
        is_folder: bool,
    },
    /// A script or a hook begins: apk prints the line as it is on standard output.
    Script(&'a str),
    /// A line that a script printed, with apk's mark before it (`  * `).
    Output {
        /// The line, without its newline.
        line: &'a str,
        /// It came from standard error, and belongs there.
        error: bool,
    },
    /// To be printed behind `WARNING: `, on standard error.
    Warning(&'a str),
    /// To be printed behind `ERROR: `, on standard error.
    Error(&'a str),
}

/// The line as apk prints it; empty for what it shows in other ways.
impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unpacked { .. } => Ok(()),
            Self::Step {
                number,
                total,
                title,
            } => {
                let width = total.to_string().len();
                write!(f, "({number:>width$}/{total}) {title}")
            }
            Self::Path { path, is_folder } => {
                let mark = if *is_folder { " (dir)" } else { "" };
                write!(f, "{}{mark}", String::from_utf8_lossy(path))
            }
            Self::Script(line) | Self::Output { line, .. } => f.write_str(line),
            Self::Warning(text) => write!(f, "WARNING: {text}"),
            Self::Error(text) => write!(f, "ERROR: {text}"),
        }
    }
}

/// Is told what happens.
pub trait Watch: Sync {
    /// Takes an event.
    fn tell(&self, event: Event);

    /// Whether it wants to be told each [`Event::Path`].
    fn lists_paths(&self) -> bool {
        false
    }
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Watch for Quiet {
    fn tell(&self, _: Event) {}
}
