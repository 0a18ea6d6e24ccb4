//! What long work says about itself while it runs.

/// One step of getting a source ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Another process is at the same source in the same cache; this one waits for it.
    Waiting,
    /// Bytes arrive from a mirror.
    Downloading,
    /// The file's SHA-256 is computed.
    Checking,
    /// Members are written to the cache; counted in bytes of the archive read.
    Unpacking,
}

/// How far one step of one source has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The source's name in the lock.
    pub name: &'a str,
    /// The pin's version.
    pub version: &'a str,
    /// What is being done.
    pub step: Step,
    /// Bytes done of this step.
    pub done: u64,
    /// Bytes of the whole step.
    pub total: u64,
}

/// A progress callback that says nothing.
pub fn silent(_: Progress<'_>) {}

impl Step {
    /// A word for a progress bar: "downloading".
    pub fn word(self) -> &'static str {
        match self {
            Step::Waiting => "waiting for another build of",
            Step::Downloading => "downloading",
            Step::Checking => "checking",
            Step::Unpacking => "unpacking",
        }
    }
}
