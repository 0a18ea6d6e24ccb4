//! `audit`.

mod compare;
mod known;

use super::arguments::Arguments;
use super::outcome::{FAILED, Failure, Outcome};
use super::session::Session;
use compare::Difference;
use known::Known;
use oil::protected_paths::{ProtectedPaths, Protection};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::Write as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

/// What is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Protected paths, with what was added there.
    Backup,
    /// What packages have, but for protected paths.
    System,
    /// Everything but for protected paths.
    Full,
}

/// Directories that are of no interest when everything is looked at.
const IGNORED: [&[u8]; 9] = [
    b"dev", b"home", b"lib/apk", b"proc", b"root", b"run", b"sys", b"tmp", b"var",
];

/// An audit.
struct Audit<'s> {
    session: &'s mut Session,
    root: PathBuf,
    known: Known,
    protected: ProtectedPaths,
    mode: Mode,
    recursive: bool,
    permissions: bool,
    details: bool,
    packages: bool,
    busybox: bool,
    ignore: bool,
    changed: BTreeSet<usize>,
}

/// Audits.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let context = session.open(arguments)?;
    let packages = arguments.has("packages");
    let mode = match () {
        () if arguments.has("full") => Mode::Full,
        () if arguments.has("system") || packages => Mode::System,
        () => Mode::Backup,
    };
    let own = arguments.value("protected-paths");
    let protected = match (own, mode) {
        (Some(file), _) => {
            let text = fs::read(file)
                .map_err(|error| Failure::of(file, super::outcome::reason(&error)))?;
            let mut paths = ProtectedPaths::none();
            paths.add_text(&text);
            paths
        }
        (None, Mode::Full) => ProtectedPaths::default(),
        (None, _) => ProtectedPaths::read(context.root())?,
    };
    let mut audit = Audit {
        root: context.root().to_owned(),
        known: Known::read(context.root())?,
        protected,
        mode,
        recursive: arguments.has("recursive"),
        permissions: arguments.has("check-permissions"),
        details: arguments.has("details"),
        packages,
        busybox: arguments.has("ignore-busybox-symlinks"),
        ignore: own.is_none() && mode == Mode::Full,
        changed: BTreeSet::new(),
        session,
    };
    let mut failed = false;
    let mut roots: Vec<Vec<u8>> = Vec::new();
    for path in &arguments.operands {
        match path.strip_prefix('/') {
            Some(path) => roots.push(path.trim_end_matches('/').as_bytes().to_vec()),
            None => audit
                .session
                .warning(&format!("{path}: relative path skipped.")),
        }
    }
    if arguments.operands.is_empty() {
        roots.push(Vec::new());
    }
    for path in &roots {
        failed |= !audit.place(path).is_dir();
        audit.directory(path)?;
    }
    audit.missing()?;
    for number in std::mem::take(&mut audit.changed) {
        let (name, version) = audit.known.package(number);
        match audit.session.verbosity < 0 {
            true => writeln!(audit.session.out, "{name}")?,
            false => writeln!(audit.session.out, "{name}-{version}")?,
        }
    }
    Ok(if failed { FAILED } else { 0 })
}

fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    match directory.is_empty() {
        true => name.to_vec(),
        false => [directory, b"/", name].concat(),
    }
}

impl Audit<'_> {
    fn place(&self, path: &[u8]) -> PathBuf {
        self.root.join(OsString::from_vec(path.to_vec()))
    }

    /// Whether a path is protected, as far as this audit goes by it.
    fn is_protected(&self, path: &[u8], metadata: &Metadata) -> bool {
        match self.protected.of(path) {
            Protection::None => false,
            Protection::Changed | Protection::Always => true,
            Protection::ChangedLink => metadata.is_symlink(),
        }
    }

    fn directory(&mut self, path: &[u8]) -> Result<(), Failure> {
        let Ok(entries) = fs::read_dir(self.place(path)) else {
            if self.place(path).exists() && self.mode != Mode::Backup {
                self.line('e', path, false)?;
            }
            return Ok(());
        };
        self.known.visit(path);
        let mut names: Vec<OsString> = entries.flatten().map(|entry| entry.file_name()).collect();
        names.sort();
        for name in names {
            let below = join(path, name.as_bytes());
            let Ok(metadata) = fs::symlink_metadata(self.place(&below)) else {
                continue;
            };
            if metadata.is_dir() {
                self.subdirectory(&below, &metadata)?;
            } else {
                self.file(path, name.as_bytes(), &below, &metadata)?;
            }
        }
        Ok(())
    }

    fn subdirectory(&mut self, path: &[u8], metadata: &Metadata) -> Result<(), Failure> {
        if self.ignore && IGNORED.contains(&path) {
            return Ok(());
        }
        if let Some(acl) = self.known.directory(path) {
            let difference = Difference::of_directory(&acl, metadata);
            if self.permissions && self.mode != Mode::Backup && difference.acl {
                self.tell('m', path, true, &difference)?;
            }
            return self.directory(path);
        }
        let protection = self.protected.of(path);
        match self.mode {
            Mode::Backup if protection != Protection::None => {}
            Mode::Full if protection == Protection::None => {}
            // Of a directory whose links are protected the files are of interest.
            Mode::Full if protection == Protection::ChangedLink => return self.directory(path),
            _ => return Ok(()),
        }
        let difference = Difference::added(metadata, None);
        if self.recursive {
            self.tell('d', path, true, &difference)?;
            return self.directory(path);
        }
        self.tell('D', path, true, &difference)
    }

    fn file(
        &mut self,
        directory: &[u8],
        name: &[u8],
        path: &[u8],
        metadata: &Metadata,
    ) -> Result<(), Failure> {
        let protected = self.is_protected(path, metadata);
        let wanted = protected == (self.mode == Mode::Backup);
        let known = self.known.file(directory, name);
        if !wanted {
            return Ok(());
        }
        let place = self.place(path);
        let Some(known) = known else {
            if self.mode == Mode::System || self.packages || (self.busybox && is_busybox(&place)) {
                return Ok(());
            }
            let hash = match self.details {
                true => compare::content(&place, metadata, None),
                false => None,
            };
            return self.tell('A', path, false, &Difference::added(metadata, hash));
        };
        let Ok(difference) = Difference::of_file(&known, &place, metadata) else {
            return self.line('e', path, false);
        };
        let letter = match () {
            () if difference.content => 'U',
            () if difference.xattrs => 'x',
            () if difference.acl && self.permissions => 'M',
            () => return Ok(()),
        };
        if self.packages {
            self.changed.insert(known.package);
            return Ok(());
        }
        self.tell(letter, path, false, &difference)
    }

    /// Files that packages have in directories that were looked at, and that are not there.
    fn missing(&mut self) -> Result<(), Failure> {
        if self.mode == Mode::Backup || self.packages {
            return Ok(());
        }
        for (path, known) in self.known.unseen() {
            if self.mode == Mode::Full && self.protected.of(&path) != Protection::None {
                continue;
            }
            self.tell('X', &path, false, &Difference::gone(&known))?;
        }
        Ok(())
    }

    fn tell(
        &mut self,
        letter: char,
        path: &[u8],
        directory: bool,
        difference: &Difference,
    ) -> Result<(), Failure> {
        if self.packages {
            return Ok(());
        }
        if self.details && self.session.verbosity >= 0 {
            for line in difference.lines() {
                writeln!(self.session.out, "{line}")?;
            }
        }
        self.line(letter, path, directory)
    }

    fn line(&mut self, letter: char, path: &[u8], directory: bool) -> Result<(), Failure> {
        let out = &mut self.session.out;
        if self.session.verbosity >= 0 {
            write!(out, "{letter} ")?;
        }
        out.write_all(path)?;
        writeln!(out, "{}", if directory { "/" } else { "" })?;
        Ok(())
    }
}

fn is_busybox(place: &Path) -> bool {
    fs::read_link(place).is_ok_and(|target| {
        target.file_name().is_some_and(|name| name == "busybox") && target.is_absolute()
    })
}
