//! What can go wrong between a recipe and a root, in the words that the user reads.

use std::io;
use std::path::{Path, PathBuf};

/// Shorthand for this crate's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of a recipe, of a build, of a check or of composing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The building computer failed: cache, root, sandbox, or a file.
    #[error(transparent)]
    Builder(#[from] alpenglow_builder::Error),
    /// A source could not be had.
    #[error(transparent)]
    Sources(#[from] alpenglow_sources::Error),
    /// A recipe is wrong.
    #[error("{}: {message}", path.display())]
    Recipe {
        /// The recipe's file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A package that nobody makes.
    #[error("there is no package '{name}'{wanted_by}; packages/ has: {known}")]
    NoPackage {
        /// Its name.
        name: String,
        /// Who wants it, as a clause, or nothing.
        wanted_by: String,
        /// The names that there are.
        known: String,
    },
    /// An edition that is not there.
    #[error("there is no edition '{name}'; editions/ has: {known}")]
    NoEdition {
        /// Its name.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// Packages that need each other to be built.
    #[error("these packages need each other to be built: {}", .0.join(" -> "))]
    Cycle(Vec<String>),
    /// A build failed.
    #[error("building {package} failed ({status}); its last lines:\n{tail}\nThe whole log is {}{hint}", log.display())]
    Build {
        /// The package.
        package: String,
        /// How its script ended.
        status: String,
        /// The last lines of its log.
        tail: String,
        /// The whole log.
        log: PathBuf,
        /// What else may be the cause.
        hint: String,
    },
    /// Several builds failed, or one did and the others were gone on with.
    #[error("{}{}", failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"), blocked_text(blocked))]
    Failures {
        /// What failed, as it came.
        failures: Vec<Error>,
        /// What was not begun, because it needs something that failed.
        blocked: Vec<String>,
    },
    /// Built files fall short of what every package promises.
    #[error("{package} is refused:\n{}\nMend the recipe, or say in its [exempt] table why it cannot be otherwise", findings.join("\n"))]
    Lint {
        /// The package.
        package: String,
        /// A line a finding: file, check, what was found.
        findings: Vec<String>,
    },
    /// A root cannot be composed of these packages.
    #[error("the root cannot be composed: {why}\n{hint}")]
    Compose {
        /// What is lacking or in the way, a line each.
        why: String,
        /// What to do.
        hint: &'static str,
    },
    /// A root could not be written.
    #[error("the root {} cannot be composed: {source}", root.display())]
    Root {
        /// The root.
        root: PathBuf,
        /// Why.
        source: oil::error::Error,
    },
    /// A package's file could not be made of what was built.
    #[error("{package} cannot be packed: {source}")]
    Package {
        /// The package.
        package: String,
        /// Why.
        source: oil::error::Error,
    },
    /// Two builds of one package gave different bytes.
    #[error("{package} is not reproducible; two builds differ in:\n{}", files.join("\n"))]
    NotReproducible {
        /// The package.
        package: String,
        /// The files.
        files: Vec<String>,
    },
}

/// A line about what was not begun, or nothing.
fn blocked_text(blocked: &[String]) -> String {
    match blocked {
        [] => String::new(),
        names => format!(
            "\n\nnot built, as they need what failed: {}",
            names.join(", ")
        ),
    }
}

impl Error {
    /// A root that could not be written.
    pub(crate) fn root(root: &Path) -> impl Fn(oil::error::Error) -> Self {
        let root = root.to_owned();
        move |source| Self::Root {
            root: root.clone(),
            source,
        }
    }

    /// What could not be packed.
    pub(crate) fn package(name: &str) -> impl Fn(oil::error::Error) -> Self {
        let package = name.to_owned();
        move |source| Self::Package {
            package: package.clone(),
            source,
        }
    }

    /// A file that could not be read or written.
    pub fn io(doing: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        alpenglow_builder::Error::io(doing, path, source).into()
    }
}
