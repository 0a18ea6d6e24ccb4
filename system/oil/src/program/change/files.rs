//! Packages that are given as files or made up for a command.

use crate::program::outcome::{Failure, reason, reason_of};
use oil::context::Context;
use oil::date::{Date, now};
use oil::dependency::{Dependency, Op, WorldDependency};
use oil::package::Info;
use oil::solve::{Entry, Memory, Solution};
use oil::stream::{PackageReader, Trust};
use oil::version::Version;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Such packages.
#[derive(Default)]
pub struct Given {
    /// As a source for the solver.
    pub memory: Memory,
    /// By their numbers in it, the file of each; none for one that was made up.
    pub files: Vec<Option<PathBuf>>,
}

impl Given {
    /// Adds a package file. What it is to be in the world: exactly itself.
    pub fn file(&mut self, context: &Context, path: &Path) -> Result<WorldDependency, Failure> {
        let at = |error: &oil::error::Error| Failure::of(path.display(), reason_of(error));
        let trust = trust(context);
        let file = File::open(path).map_err(|error| Failure::of(path.display(), reason(&error)))?;
        let reader = PackageReader::open(file, &trust).map_err(|error| at(&error))?;
        let metadata = reader.metadata();
        // As apk: known by the identifier that it gives itself, if it is of v3.
        let identity = metadata.unique_id.unwrap_or(metadata.identity).short();
        let dependency = Dependency {
            name: metadata.info.name.clone(),
            version: Version::from_text(identity.to_string()),
            op: Op::IDENTITY,
        };
        self.memory.push(Entry {
            info: metadata.info.clone(),
            identity: identity.as_bytes().to_vec(),
            ..Entry::default()
        });
        self.files.push(Some(path.to_owned()));
        Ok(dependency.into())
    }

    /// The file of a solution's package, if it was given by one; none inside for one that was made up.
    pub fn file_of(
        &self,
        context: &Context,
        solution: &Solution<'_>,
        id: u32,
    ) -> Option<(u32, Option<&Path>)> {
        let package = &solution.graph.packages[id as usize];
        let (origin, number) = package.first;
        (package.given && origin > context.opened().count())
            .then(|| (number, self.files[number as usize].as_deref()))
    }

    /// The bytes of that file.
    pub fn file_size(&self, context: &Context, solution: &Solution<'_>, id: u32) -> u64 {
        let file = self.file_of(context, solution, id);
        let metadata = file.and_then(|(_, path)| path?.metadata().ok());
        metadata.map_or(0, |metadata| metadata.len())
    }

    /// Makes a package `NAME[=VERSION]` that needs `entries`, and what the world is to say of it.
    pub fn make_virtual(
        &mut self,
        text: &str,
        entries: Vec<WorldDependency>,
    ) -> Result<WorldDependency, Failure> {
        let bad = || Failure::new(format_args!("{text}: bad package specifier"));
        let parsed = WorldDependency::parse(text)
            .filter(|entry| entry.tag.is_none())
            .ok_or_else(bad)?;
        let mut dependency = parsed.dependency;
        if dependency.is_conflict() || !matches!(dependency.op, Op::ANY | Op::EQUAL) {
            return Err(bad());
        }
        if dependency.version.is_empty() {
            dependency.version = Version::from_text(Date::of(now()).compact());
        }
        dependency.op = Op::EQUAL;
        if let Some(tagged) = entries.iter().find(|entry| entry.tag.is_some()) {
            return Err(Failure::new(format_args!(
                "'{tagged}' is not a valid package dependency, format is name([<>~=]version)"
            )));
        }
        let info = Info {
            name: dependency.name.clone(),
            version: dependency.version.clone(),
            description: "virtual meta package".to_owned(),
            arch: "noarch".to_owned(),
            depends: entries.into_iter().map(|entry| entry.dependency).collect(),
            ..Info::default()
        };
        let identity = made_up(&info);
        self.memory.push(Entry {
            info: Info {
                identity: Some(identity),
                ..info
            },
            identity: identity.as_bytes().to_vec(),
            ..Entry::default()
        });
        self.files.push(None);
        Ok(dependency.into())
    }
}

/// An identity for what has no file: a digest of what it says.
fn made_up(info: &Info) -> oil::digest::Digest {
    let depends: Vec<String> = info.depends.iter().map(ToString::to_string).collect();
    let text = format!("{}\n{}\n{}\n", info.name, info.version, depends.join(" "));
    oil::digest::Digest::of(oil::digest::Algorithm::Sha1, text.as_bytes())
}

/// Whom package files have to be from.
pub fn trust(context: &Context) -> Trust<'_> {
    match context.settings.allow_untrusted {
        true => Trust::Anything,
        false => Trust::Keys(&context.keys),
    }
}
