//! One package's build: its sandbox, its script, the checks of what came out.

use crate::error::{Error, Result};
use crate::own::Own;
use crate::recipe::{CXX, Recipe, Style, owns};
use crate::signer::{self, modules::ModuleSigner};
use crate::store::{Built, Inputs, Needs};
use crate::{lint, style, toolchain, tree};
use alpenglow_builder::cache::{make_dir, remove_tree};
use alpenglow_builder::{Arch, Cache, Mount, Sandbox, Usage};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The user that builds run as inside the sandbox; no host's account is meant by it.
pub const USER: u32 = 61_000;

/// Lines of a failed build's log that are shown.
const TAIL: usize = 20;

/// One build to do.
pub struct Job<'a> {
    /// The recipe.
    pub recipe: &'a Recipe,
    /// The unpacked source, owned by [`USER`], if it has one.
    pub source: Option<PathBuf>,
    /// The crates that its `Cargo.lock` names, if it has them.
    pub crates: Option<PathBuf>,
    /// What is put in the sysroot and in PATH.
    pub needs: &'a Needs,
    /// Makes a root of packages.
    pub compose: &'a dyn Fn(&[Built], &Path) -> Result<()>,
    /// What signs its modules, if its kernel asks for it.
    pub signer: Option<&'a ModuleSigner>,
    /// Repository, build root and architecture.
    pub inputs: &'a Inputs<'a>,
    /// The cache, whose lock is held.
    pub cache: &'a Cache,
    /// Where the log goes.
    pub log: PathBuf,
    /// Compilers to run at once.
    pub jobs: usize,
}

impl Job<'_> {
    /// Builds, checks, strips and splits. Returns a folder that holds `trees/PACKAGE/`, for
    /// [`crate::store::Store::put`], and what its script took.
    ///
    /// # Errors
    /// [`Error::Build`] when the script fails, [`Error::Lint`] when what it made falls short.
    pub fn run(&self) -> Result<(PathBuf, Usage)> {
        let work = self.cache.work(&self.recipe.name)?;
        let result = self.run_in(&work);
        if result.is_err() {
            // A failure may be for want of room, which this gives back.
            remove_tree(&work)?;
        }
        result
    }

    fn run_in(&self, work: &Path) -> Result<(PathBuf, Usage)> {
        let mut sandbox = self.prepare(work)?;
        let usage = work.join("usage");
        sandbox.usage = Some(usage.clone());
        let script = style::script(self.recipe, self.arch());
        let path = work.join("build/script");
        fs::write(&path, script).map_err(|e| Error::io("write", &path, e))?;
        let log = self.open_log()?;
        self.shell(&sandbox, "/build/script", &log)?;
        let usage = Usage::read(&usage);
        sandbox.usage = None;
        let out = work.join("build/out");
        let findings = lint::tree(&out, self.recipe)?;
        if !findings.is_empty() {
            return Err(Error::Lint {
                package: self.recipe.name.clone(),
                findings,
            });
        }
        self.strip(&sandbox, &out, work, &log)?;
        self.finish_modules(&sandbox, &out, work, &log)?;
        tree::normalise(&out)?;
        self.set_modes(&out)?;
        let result = work.join("result");
        make_dir(&result.join("trees"))?;
        self.split(&out, &result.join("trees"))?;
        for part in ["build", "upper", "overlay"] {
            remove_tree(&work.join(part))?;
        }
        Ok((result, usage))
    }

    fn prepare(&self, work: &Path) -> Result<Sandbox> {
        let build = work.join("build");
        for dir in [
            "out",
            "tools",
            "sysroot",
            "host",
            "home",
            "source",
            "recipe",
            "kernel",
            "certificate",
        ] {
            make_dir(&build.join(dir))?;
        }
        toolchain::write(&build.join("tools"), self.arch(), self.recipe.is_cxx())?;
        if let Some(signer) = self.signer {
            let path = work.join(signer::CERTIFICATE.trim_start_matches('/'));
            fs::write(&path, signer.certificate()).map_err(|e| Error::io("write", &path, e))?;
        }
        (self.compose)(&self.needs.build, &build.join("sysroot"))?;
        (self.compose)(&self.needs.tools, &build.join("host"))?;
        let mut sandbox = Sandbox::new(&self.inputs.root.dir)
            .bind(&build, "/build", true)
            .bind(&self.recipe.folder, "/build/recipe", false)
            .bind(
                self.inputs.repository.join("kernel"),
                "/build/kernel",
                false,
            );
        if let Some(source) = &self.source {
            for dir in ["upper", "overlay"] {
                make_dir(&work.join(dir))?;
            }
            own(&work.join("upper"))?;
            sandbox.mounts.push(Mount::Overlay {
                lower: source.clone(),
                upper: work.join("upper"),
                work: work.join("overlay"),
                target: "/build/source".into(),
            });
        }
        if let Some(crates) = &self.crates {
            sandbox = sandbox.bind(crates, style::cargo::CRATES, false);
        }
        if let Some(own) = Own::of(self.inputs.repository, self.recipe)? {
            own.copy(&build.join("source"))?;
        }
        for (path, metadata) in tree::walk(&build)? {
            let composed = path.starts_with("sysroot") || path.starts_with("host");
            if !composed && !metadata.is_symlink() {
                own(&build.join(path))?;
            }
        }
        own(&build)?;
        sandbox.user = USER;
        sandbox.folder = "/build/source".into();
        sandbox.environment = Some(Vec::new());
        Ok(sandbox
            .env(
                "PATH",
                format!(
                    "{}:/build/host/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                    toolchain::FOLDER
                ),
            )
            .env("HOME", "/build/home")
            .env("JOBS", self.jobs.to_string()))
    }

    fn arch(&self) -> Arch {
        self.recipe.arch(self.inputs.arch)
    }

    fn open_log(&self) -> Result<File> {
        if let Some(dir) = self.log.parent() {
            make_dir(dir)?;
        }
        File::create(&self.log).map_err(|e| Error::io("write", &self.log, e))
    }

    /// Runs a script in the sandbox, what it prints going to the log.
    fn shell(&self, sandbox: &Sandbox, script: &str, log: &File) -> Result<()> {
        let clone = || {
            log.try_clone()
                .map_err(|e| Error::io("write", &self.log, e))
        };
        let child = sandbox
            .command("sh")
            .arg(script)
            .stdin(Stdio::null())
            .stdout(clone()?)
            .stderr(clone()?)
            .spawn();
        let limit = Duration::from_secs_f64(60.0 * self.recipe.minutes);
        let status = child
            .and_then(|child| wait(child, limit))
            .map_err(|e| Error::io("run the sandbox of", &self.recipe.name, e))?;
        let status = match status {
            Some(status) if status.success() => return Ok(()),
            Some(status) => status.to_string(),
            None => format!(
                "it was ended after {} minutes; 'minutes' in its recipe allows it more",
                self.recipe.minutes
            ),
        };
        let text = String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned();
        let lines: Vec<String> = text.lines().map(fold).collect();
        Err(Error::Build {
            package: self.recipe.name.clone(),
            status,
            tail: lines[lines.len().saturating_sub(TAIL)..].join("\n"),
            log: self.log.clone(),
            hint: self.hint(&text),
        })
    }

    /// What to do after a failure with this log, as a line of its own; nothing where the log has to say that itself.
    fn hint(&self, log: &str) -> String {
        if log.contains("No space left on device") {
            return format!(
                "\nThe disk of {} is full: free some space there, or set XDG_CACHE_HOME to a folder on a larger disk, and run the same command again",
                self.cache.dir().display()
            );
        }
        if !self.recipe.is_cxx() && toolchain::lacks_cxx(log) {
            let recipe = self.recipe.folder.join("recipe.toml");
            return format!(
                "\nIt is C++, whose library is a package: add \"{CXX}\" to `build` in {}",
                recipe.display()
            );
        }
        String::new()
    }

    /// Strips programs and libraries; kernels have been stripped by their own style.
    fn strip(&self, sandbox: &Sandbox, out: &Path, work: &Path, log: &File) -> Result<()> {
        if self.recipe.style == Style::Kernel {
            return Ok(());
        }
        let mut script = String::from("set -eu\n");
        for (path, metadata) in tree::walk(out)? {
            // LLVM's bitcode has nothing that strip knows.
            if !metadata.is_file() || path.extension().is_some_and(|end| end == "rlib") {
                continue;
            }
            let full = out.join(&path);
            let mut start = [0; 18];
            let read =
                File::open(&full).and_then(|mut file| std::io::Read::read(&mut file, &mut start));
            let read = read.map_err(|e| Error::io("read", &full, e))?;
            // e_type is at offset 16: ET_REL is 1 (elf(5)).
            let flag = match &start[..read] {
                bytes if bytes.starts_with(b"!<arch>\n") => "--strip-debug",
                bytes if bytes.starts_with(b"\x7fELF") && start[16] == 1 => "--strip-debug",
                bytes if bytes.starts_with(b"\x7fELF") => "--strip-all",
                _ => continue,
            };
            let name = path.to_string_lossy().replace('\'', "'\\''");
            script.push_str(&format!("strip -D {flag} '/build/out/{name}'\n"));
        }
        let path = work.join("build/strip");
        File::create(&path)
            .and_then(|mut file| file.write_all(script.as_bytes()))
            .map_err(|e| Error::io("write", &path, e))?;
        self.shell(sandbox, "/build/strip", log)
    }

    /// Signs modules of kernels and compresses them, as far as it goes: a signature is over what the kernel unpacks. What
    /// signs never enters the sandbox.
    fn finish_modules(&self, sandbox: &Sandbox, out: &Path, work: &Path, log: &File) -> Result<()> {
        let mut script = String::from(
            "set -eu\ncd /build/out\nxargs -r -P \"$JOBS\" -n 8 zstd -q -19 -T1 --rm <<'END'\n",
        );
        let folder = out.join("lib/modules");
        if !folder.is_dir() {
            return Ok(());
        }
        for (path, metadata) in tree::walk(&folder)? {
            if !metadata.is_file() || path.extension().is_none_or(|end| end != "ko") {
                continue;
            }
            if let Some(signer) = self.signer {
                let full = folder.join(&path);
                let module = fs::read(&full).map_err(|e| Error::io("read", &full, e))?;
                fs::write(&full, signer.sign(&module)?)
                    .map_err(|e| Error::io("write", &full, e))?;
            }
            script.push_str(&format!("lib/modules/{}\n", path.display()));
        }
        script.push_str("END\n");
        let path = work.join("build/compress");
        fs::write(&path, script).map_err(|e| Error::io("write", &path, e))?;
        self.shell(sandbox, "/build/compress", log)
    }

    fn set_modes(&self, out: &Path) -> Result<()> {
        for (path, mode) in &self.recipe.modes {
            let full = out.join(path.trim_start_matches('/'));
            let mode = u32::from_str_radix(mode, 8).unwrap_or(0o644);
            fs::set_permissions(&full, PermissionsExt::from_mode(mode))
                .map_err(|e| Error::io("set the mode of", &full, e))?;
        }
        Ok(())
    }

    /// Copies what was installed to one tree a package.
    fn split(&self, out: &Path, trees: &Path) -> Result<()> {
        let recipe = self.recipe;
        let mut unused: Vec<(&String, &String)> = recipe
            .split
            .iter()
            .flat_map(|(name, split)| split.files.iter().map(move |file| (name, file)))
            .collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (path, metadata) in tree::walk(out)? {
            if metadata.is_dir()
                && fs::read_dir(out.join(&path)).is_ok_and(|mut d| d.next().is_some())
            {
                continue; // Made below, where something in it goes.
            }
            let owner = recipe
                .split
                .iter()
                .flat_map(|(name, split)| split.files.iter().map(move |file| (name, file)))
                .filter(|(_, file)| owns(file, &path))
                // What names it most closely: a folder of a folder that another has.
                .max_by_key(|(_, file)| file.matches('/').count())
                .map_or(recipe.name.as_str(), |(name, _)| name.as_str());
            unused.retain(|(_, file)| !owns(file, &path));
            let tree = trees.join(owner);
            copy_with_parents(out, &path, &tree)?;
            *counts.entry(owner).or_default() += 1;
        }
        // Of the usual parts' paths one is enough.
        unused.retain(|(name, _)| !recipe.split[*name].any || !counts.contains_key(name.as_str()));
        if let Some((name, file)) = unused.first() {
            let message = if recipe.split[*name].any {
                format!("parts makes {name}, but nothing that would go to it was installed")
            } else {
                format!("split.{name}.files has '{file}', but nothing was installed there")
            };
            return Err(Error::Recipe {
                path: recipe.folder.join("recipe.toml"),
                message,
            });
        }
        for name in std::iter::once(&recipe.name).chain(recipe.split.keys()) {
            make_dir(&trees.join(name))?;
        }
        Ok(())
    }
}

/// A line as a terminal can show it: a compiler's command line is cut in its middle.
fn fold(line: &str) -> String {
    let count = line.chars().count();
    if count <= 200 {
        return line.to_owned();
    }
    let head: String = line.chars().take(140).collect();
    let tail: String = line.chars().skip(count - 50).collect();
    format!("{head} … {tail}")
}

fn own(path: &Path) -> Result<()> {
    std::os::unix::fs::lchown(path, Some(USER), Some(USER))
        .map_err(|e| Error::io("give to the build user", path, e))
}

fn copy_with_parents(from: &Path, path: &Path, to: &Path) -> Result<()> {
    make_dir(to)?;
    let mut ancestors: Vec<&Path> = path
        .ancestors()
        .filter(|p| !p.as_os_str().is_empty())
        .collect();
    ancestors.reverse();
    for part in ancestors {
        let target = to.join(part);
        if target.symlink_metadata().is_ok() {
            continue;
        }
        let source = from.join(part);
        let metadata = source
            .symlink_metadata()
            .map_err(|e| Error::io("read", &source, e))?;
        tree::copy_entry(&source, &metadata, &target)?;
    }
    Ok(())
}

/// Waits for a sandbox, whose end ends all in it; [`None`] when it was ended for taking longer than `limit`.
fn wait(mut child: Child, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    let begin = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begin.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}
