//! Debian's tools for container images, in a sandbox with no network and no control groups.

use alpenglow_builder::debian::CONTAINER_PEERS;
use alpenglow_builder::{Cache, Root, Sandbox};
use alpenglow_tests::{Outcome, alpenglow, check, output, text};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;
use tempfile::TempDir;

/// What root in a container may do, as Docker and podman have it.
const CAPABILITIES: [&str; 10] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETUID",
    "SYS_CHROOT",
];

/// Where the edition's images are.
#[derive(Clone)]
pub struct Images {
    /// The archive of the container image.
    pub oci: PathBuf,
    /// The same with its layer compressed by Zstandard.
    pub oci_zstd: PathBuf,
    /// The archive of the root.
    pub tar: PathBuf,
    /// The same compressed by xz.
    pub tar_xz: PathBuf,
}

/// The images of `container`, built once.
pub fn images() -> Result<Images, String> {
    static BUILT: OnceLock<Result<Images, String>> = OnceLock::new();
    let build = || {
        let built = output(alpenglow().args(["build", "--edition", "container"]))?;
        let said = text(&built);
        let path = |format: &str| {
            let line = said.lines().find(|line| line.starts_with(format));
            let path = line.and_then(|line| line.split(' ').nth(1));
            path.map(PathBuf::from).ok_or_else(|| said.clone())
        };
        Ok(Images {
            oci: path("oci ")?,
            oci_zstd: path("oci-zstd ")?,
            tar: path("tar ")?,
            tar_xz: path("tar-xz ")?,
        })
    };
    BUILT.get_or_init(build).clone()
}

/// A folder of one test's own, and the sandbox in which it is `/work`, beside the images in `/images`.
pub struct Engine {
    work: TempDir,
    sandbox: Sandbox,
}

impl Engine {
    /// With the edition's images.
    pub fn new() -> Result<Self, String> {
        let cache = Cache::open().map_err(|e| e.to_string())?;
        let root = Root::made(&cache, &CONTAINER_PEERS).map_err(|e| e.to_string())?;
        let root =
            root.ok_or("the root of container engines is not there: run ./alpenglow test native")?;
        let images = images()?;
        let folder = images.oci.parent().ok_or("the images have no folder")?;
        let work = tempfile::tempdir().map_err(|e| e.to_string())?;
        let sandbox = Sandbox::new(root.dir)
            .tmpfs("/run")
            // skopeo unpacks archives there.
            .tmpfs("/var/tmp")
            // crun looks what kind of control groups there are before it does without.
            .tmpfs("/sys/fs/cgroup")
            .bind(folder, "/images", false)
            .bind(work.path(), "/work", true);
        Ok(Self { work, sandbox })
    }

    /// A folder in `/work`, made if it is not there.
    pub fn folder(&self, name: &str) -> Result<PathBuf, String> {
        let folder = self.work.path().join(name);
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        Ok(folder)
    }

    /// Runs a script beside the tools; its status and what it said.
    pub fn try_shell(&self, script: &str) -> Result<(Option<i32>, String), String> {
        let mut command = self.sandbox.command("sh");
        let output = output(command.args(["-ec", script]).stdin(Stdio::null()))?;
        Ok((output.status.code(), text(&output)))
    }

    /// The same for a script that must end well.
    pub fn shell(&self, script: &str) -> Result<String, String> {
        let (status, said) = self.try_shell(script)?;
        check(status == Some(0), || {
            format!("{script}: {status:?}\n{said}")
        })?;
        Ok(said)
    }

    /// Makes `/work/bundle` of an image: its root and how it is to be run.
    pub fn load(&self, image: &str) -> Outcome {
        let copy = format!(
            "skopeo copy --quiet {image} oci:/work/layout:one && umoci unpack --image /work/layout:one /work/bundle"
        );
        self.shell(&copy).map(drop)
    }

    /// Runs a script by the bundle's shell, as the image says but for control groups, with `/work` at `/work`; its
    /// status and what it said.
    pub fn run(&self, script: &str) -> Result<(Option<i32>, String), String> {
        let path = self.work.path().join("bundle/config.json");
        let bytes = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut config: Value = serde_json::from_slice(&bytes).map_err(|e| e.to_string())?;
        let process = &mut config["process"];
        check(process["args"] == json!(["/bin/sh"]), || {
            process.to_string()
        })?;
        process["args"] = json!(["/bin/sh", "-c", script]);
        process["terminal"] = json!(false);
        // umoci would give next to none.
        let own = json!(CAPABILITIES.map(|name| format!("CAP_{name}")));
        process["capabilities"] = json!({ "bounding": own, "effective": own, "permitted": own });
        let mounts = config["mounts"].as_array_mut().ok_or("no mounts")?;
        mounts.retain(|mount| mount["type"] != "cgroup");
        mounts.push(json!({
            "destination": "/work", "type": "bind", "source": "/work", "options": ["bind", "ro"],
        }));
        let linux = config["linux"].as_object_mut().ok_or("nothing of Linux")?;
        linux.remove("resources");
        let bytes = serde_json::to_vec(&config).map_err(|e| e.to_string())?;
        fs::write(&path, bytes).map_err(|e| e.to_string())?;
        self.try_shell("crun --cgroup-manager=disabled run --bundle /work/bundle one")
    }
}
