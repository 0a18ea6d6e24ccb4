//! Debian roots: a base made by debootstrap, and on top of a copy of it what one job needs,
//! installed by apt. The host's own packages are not touched.

use crate::apt::{self, Archive};
use crate::cache::{Cache, make_dir, remove_tree, write_whole};
use crate::error::{Error, Result};
use crate::progress::{Progress, StepId, step};
use crate::sandbox::Sandbox;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The suite that every root is made of; its `-updates` and `-security` suites are added, and
/// nothing else: packages of newer suites would replace the libc under everything.
const SUITE: &str = "bookworm";

/// What a root is for and what is installed in it.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Its name, a folder name.
    pub name: &'static str,
    /// Debian packages, with what they depend on and nothing that is only recommended.
    pub packages: &'static [&'static str],
}

/// The root that packages are built in: LLVM, Rust and what the kernel's build calls.
pub const BUILD: Plan = Plan {
    name: "build",
    packages: &[
        "bc",
        "bison",
        "cargo-web",
        "clang-22",
        "cpio",
        "file",
        "flex",
        "kmod",
        "libclang-22-dev",
        "libclang-rt-22-dev",
        "libelf-dev",
        "libssl-dev",
        "lld-22",
        "llvm-22",
        "lz4",
        "make",
        "patch",
        "perl",
        "pkgconf",
        "python3",
        "rsync",
        "rust-web-clippy",
        "rust-web-src",
        "rustc-web",
        "rustfmt-web",
        "xz-utils",
        "zstd",
    ],
};

/// The root that virtual machines run in.
pub const MACHINE: Plan = Plan {
    name: "machine",
    packages: &["qemu-system-x86", "seabios"],
};

/// The root that holds the peers that `bench` boots beside our images.
pub const PEERS: Plan = Plan {
    name: "peers",
    packages: &[
        "busybox-static",
        "initramfs-tools",
        "linux-image-cloud-amd64",
        "zstd",
    ],
};

/// The root that holds the peers that `bench init` measures beside our service manager, and what
/// lists their system calls.
pub const INIT_PEERS: Plan = Plan {
    name: "init-peers",
    packages: &["openrc", "runit", "s6", "strace"],
};

/// The root that holds what netd, iwd and the standard edition speak with in tests, what netd is compared with by `bench netd`,
/// by what users mount, and what looks at what they do.
pub const NET_PEERS: Plan = Plan {
    name: "net-peers",
    packages: &[
        "busybox",
        "chrony",
        "dhcpcd-base",
        "dnsmasq-base",
        "fuse3",
        "hostapd",
        "iproute2",
        "isc-dhcp-server",
        "iw",
        "openssh-client",
        "openssl",
        "python3-minimal",
        "radvd",
        "strace",
        "systemd",
    ],
};

/// The root that holds what makes the images of file systems that `bench glowfs` compares ours with.
pub const FILE_PEERS: Plan = Plan {
    name: "file-peers",
    packages: &["cryptsetup-bin", "erofs-utils", "squashfs-tools"],
};

/// The root that holds what tests load and run container images with.
pub const CONTAINER_PEERS: Plan = Plan {
    name: "container-peers",
    packages: &["crun", "skopeo", "umoci"],
};

/// A root that is there, whole.
#[derive(Clone, Debug)]
pub struct Root {
    /// The tree.
    pub dir: PathBuf,
    /// SHA-256 over the names and versions of all that is installed, in hexadecimal.
    pub identity: String,
    /// Every installed package as `name=version`, sorted.
    pub packages: Vec<String>,
}

impl Root {
    /// The root of this plan, made if it is not there: some hundred megabytes to download.
    /// Call it while holding the cache's lock.
    ///
    /// # Errors
    /// [`Error::NotRoot`], [`Error::NoSuite`], [`Error::RootFailed`], [`Error::Io`].
    pub fn ensure(cache: &Cache, plan: &Plan, progress: &dyn Progress) -> Result<Self> {
        let place = place_of(cache, plan)?;
        if let Ok(list) = fs::read_to_string(place.join("packages")) {
            return Ok(Self::of(&place, &list));
        }
        let maker = Maker::new(cache, progress)?;
        let base = maker.base()?;
        let list = step(progress, &format!("install the {} root", plan.name), |id| {
            maker.install(&base, plan, &place, id)
        })?;
        Ok(Self::of(&place, &list))
    }

    /// The root of this plan if it has been made.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn made(cache: &Cache, plan: &Plan) -> Result<Option<Self>> {
        let place = place_of(cache, plan)?;
        let list = fs::read_to_string(place.join("packages"));
        Ok(list.ok().map(|list| Self::of(&place, &list)))
    }

    fn of(place: &Path, list: &str) -> Self {
        Self {
            dir: place.join("tree"),
            identity: hex(&Sha256::digest(list)),
            packages: list.lines().map(str::to_owned).collect(),
        }
    }

    /// The version of an installed package, without Debian's revision ("7.2" of
    /// "1:7.2+dfsg-7").
    pub fn upstream_version(&self, package: &str) -> Option<&str> {
        let version = self
            .packages
            .iter()
            .find_map(|line| line.strip_prefix(package)?.strip_prefix('='))?;
        let version = version.split_once(':').map_or(version, |(_, rest)| rest);
        Some(version.split(['+', '~', '-']).next().unwrap_or(version))
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn place_of(cache: &Cache, plan: &Plan) -> Result<PathBuf> {
    let mut digest = Sha256::new();
    digest.update(SUITE);
    for package in plan.packages {
        digest.update(" ");
        digest.update(package);
    }
    let name = format!("{}-{}", plan.name, &hex(&digest.finalize())[..12]);
    Ok(cache.sub("roots")?.join(name))
}

/// Makes roots.
struct Maker<'a> {
    cache: &'a Cache,
    progress: &'a dyn Progress,
    main: Archive,
    security: Archive,
    proxy: Option<String>,
}

impl<'a> Maker<'a> {
    fn new(cache: &'a Cache, progress: &'a dyn Progress) -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Err(Error::NotRoot);
        }
        let archives = apt::archives()?;
        Ok(Self {
            cache,
            progress,
            main: apt::archive_of(&archives, SUITE)?.clone(),
            security: apt::archive_of(&archives, &format!("{SUITE}-security"))?.clone(),
            proxy: apt::proxy(),
        })
    }

    /// A minimal Debian, kept to be copied.
    fn base(&self) -> Result<PathBuf> {
        let place = self.cache.sub("roots")?.join(format!("base-{SUITE}"));
        if place.is_dir() {
            return Ok(place);
        }
        ensure_debootstrap(self.progress)?;
        step(self.progress, "bootstrap Debian", |id| {
            let tree = self.cache.work("base")?;
            let mut host = Sandbox::new("/");
            host.network = true;
            host.environment = None;
            let mut command = host.command("debootstrap");
            command
                .args(["--variant=minbase", SUITE])
                .arg(&tree)
                .arg(&self.main.uri);
            if let Some(proxy) = &self.proxy {
                command.env("http_proxy", proxy);
            }
            self.run(command, "base", "debootstrap", id)?;
            self.configure(&tree)?;
            fs::rename(&tree, &place).map_err(|e| Error::io("make", &place, e))
        })?;
        Ok(place)
    }

    /// Tells the root's apt and dpkg where packages come from and that a crash loses nothing.
    fn configure(&self, tree: &Path) -> Result<()> {
        let (main, security) = (&self.main.uri, &self.security.uri);
        let list = format!(
            "deb {main} {SUITE} main\ndeb {main} {SUITE}-updates main\ndeb {security} {SUITE}-security main\n"
        );
        write_whole(&tree.join("etc/apt/sources.list"), list.as_bytes())?;
        write_whole(
            &tree.join("etc/dpkg/dpkg.cfg.d/alpenglow"),
            b"force-unsafe-io\n",
        )?;
        if let Some(proxy) = &self.proxy {
            let text = format!("Acquire::http::Proxy \"{proxy}\";\n");
            write_whole(&tree.join("etc/apt/apt.conf.d/proxy"), text.as_bytes())?;
        }
        for file in ["etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt"] {
            let source = Path::new("/").join(file);
            if let Ok(bytes) = fs::read(&source) {
                let target = tree.join(file);
                make_dir(target.parent().unwrap_or(tree))?;
                write_whole(&target, &bytes)?;
            }
        }
        Ok(())
    }

    fn install(&self, base: &Path, plan: &Plan, place: &Path, id: StepId) -> Result<String> {
        let work = self.cache.work(plan.name)?;
        let tree = work.join("tree");
        let mut copy = Command::new("cp");
        copy.args(["-a", "--reflink=auto"]).arg(base).arg(&tree);
        self.run(copy, plan.name, "copying the base", id)?;
        let mut root = Sandbox::new(&tree).env("DEBIAN_FRONTEND", "noninteractive");
        root.writable = true;
        root.network = true;
        let mut update = root.command("apt-get");
        update.arg("update");
        self.run(update, plan.name, "apt-get update", id)?;
        // Only apt's status lines come through the pipe; what it and the packages' scripts print
        // goes to the log.
        let mut install = root.command("sh");
        install
            .args([
                "-c",
                "exec apt-get \"$@\" 3>&1 1>&2",
                "sh",
                "-o",
                "APT::Status-Fd=3",
            ])
            .args([
                "install",
                "-y",
                "--no-install-recommends",
                "-o",
                "Dpkg::Use-Pty=0",
            ])
            .args(["-o", "Acquire::Retries=3"])
            .args(plan.packages);
        self.run(install, plan.name, "apt-get install", id)?;
        let mut clean = root.command("sh");
        clean.args(["-c", "apt-get clean; rm -rf /var/lib/apt/lists/*"]);
        self.run(clean, plan.name, "apt-get clean", id)?;
        let mut query = root.command("dpkg-query");
        query.args(["-W", "-f", "${Package}=${Version}\n"]);
        let output = query
            .output()
            .map_err(|e| Error::io("run", "dpkg-query", e))?;
        let mut lines: Vec<&[u8]> = output.stdout.split_inclusive(|b| *b == b'\n').collect();
        lines.sort_unstable();
        let list = lines.concat();
        write_whole(&work.join("packages"), &list)?;
        remove_tree(place)?;
        fs::rename(&work, place).map_err(|e| Error::io("make", place, e))?;
        Ok(String::from_utf8_lossy(&list).into_owned())
    }

    /// Runs one step of making a root, its output going to that root's log.
    fn run(&self, mut command: Command, root: &str, name: &str, id: StepId) -> Result<()> {
        let log = self.cache.sub("logs")?.join(format!("root-{root}.log"));
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(|e| Error::io("write", &log, e))?;
        let errors = file.try_clone().map_err(|e| Error::io("write", &log, e))?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .map_err(|e| Error::io("run", name, e))?;
        let mut tail: Vec<String> = Vec::new();
        if let Some(output) = child.stdout.take() {
            for line in BufReader::new(output)
                .split(b'\n')
                .map_while(std::io::Result::ok)
            {
                let line = String::from_utf8_lossy(&line).into_owned();
                if let Some(percent) = status_percent(&line) {
                    self.progress.advance(id, percent, 200);
                } else {
                    writeln!(&file, "{line}").map_err(|e| Error::io("write", &log, e))?;
                    tail.push(line);
                }
            }
        }
        let status = child.wait().map_err(|e| Error::io("wait for", name, e))?;
        if status.success() {
            return Ok(());
        }
        let text = fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        Err(Error::RootFailed {
            root: root.to_owned(),
            step: name.to_owned(),
            mirror: self.main.uri.clone(),
            tail: lines[lines.len().saturating_sub(12)..].join("\n"),
            log,
        })
    }
}

/// apt's progress lines, `dlstatus:N:PERCENT:…` and `pmstatus:PACKAGE:PERCENT:…`, as one scale
/// of 200: a hundred for the download, a hundred for the installation.
fn status_percent(line: &str) -> Option<u64> {
    let (kind, rest) = line.split_once(':')?;
    let offset = match kind {
        "dlstatus" => 0,
        "pmstatus" => 100,
        _ => return None,
    };
    let percent: f64 = rest
        .split(':')
        .find_map(|field| field.contains('.').then(|| field.parse().ok()).flatten())?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = percent.clamp(0.0, 100.0) as u64;
    Some(offset + whole)
}

/// debootstrap is a shell script of the host's own distribution; it is installed if it lacks.
fn ensure_debootstrap(progress: &dyn Progress) -> Result<()> {
    if Path::new("/usr/sbin/debootstrap").exists() {
        return Ok(());
    }
    step(progress, "install debootstrap", |_| {
        let install = || {
            Command::new("apt-get")
                .args([
                    "install",
                    "-y",
                    "-qq",
                    "--no-install-recommends",
                    "debootstrap",
                ])
                .env("DEBIAN_FRONTEND", "noninteractive")
                .output()
        };
        let missing = |detail: String| Error::MissingTool {
            program: "debootstrap".into(),
            way_out: format!(
                "apt-get install debootstrap would bring it, but failed here:\n{detail}"
            ),
        };
        let mut output = install().map_err(|e| missing(e.to_string()))?;
        if !output.status.success() {
            let _ = Command::new("apt-get").args(["update", "-qq"]).output();
            output = install().map_err(|e| missing(e.to_string()))?;
        }
        if output.status.success() {
            Ok(())
        } else {
            Err(missing(
                String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            ))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apts_status_lines_are_one_scale() {
        assert_eq!(
            status_percent("dlstatus:3:42.5000:Retrieving file 3 of 9"),
            Some(42)
        );
        assert_eq!(
            status_percent("pmstatus:dpkg-exec:10.0000:Running dpkg"),
            Some(110)
        );
        assert_eq!(status_percent("Setting up make (4.3) ..."), None);
    }

    #[test]
    fn versions_lose_epoch_and_revision() {
        let root = Root::of(Path::new("/x"), "qemu-system-x86=1:7.2+dfsg-7+deb12u18\n");
        assert_eq!(root.upstream_version("qemu-system-x86"), Some("7.2"));
        assert_eq!(root.upstream_version("qemu"), None);
    }
}
