//! QEMU in a root of the builder's, with the instruction counter compiled for it.

use std::fs;
use std::path::{Path, PathBuf};

use alpenglow_builder::debian::hex;
use alpenglow_builder::{Cache, Root, Sandbox};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::{Hypervisor, counter};

/// QEMU of the root `machine`, which sees `folders` of the host at their own paths and `/dev/kvm`; with `network`, also the
/// host's network.
pub fn of_root(
    machine: &Root,
    counter: PathBuf,
    folders: Vec<PathBuf>,
    network: bool,
) -> Hypervisor {
    let dir = machine.dir.clone();
    let command = move |program: &str| {
        let mut sandbox = Sandbox::new(&dir);
        for folder in &folders {
            sandbox = sandbox.bind(folder, folder, true);
        }
        sandbox.devices = vec!["/dev/kvm".into()];
        if network {
            sandbox.network = true;
            sandbox.devices.push("/dev/net/tun".into());
            // Whom the host asks for names: QEMU hands the guest's questions on.
            let names = Path::new("/etc/resolv.conf");
            if let Ok(file) = names.canonicalize() {
                sandbox = sandbox.bind(file, names, false);
            }
        }
        sandbox.command(program)
    };
    Hypervisor {
        command: Box::new(command),
        counter: Some(counter),
    }
}

/// Where the counter for this QEMU is, named by everything it is made from, and how to compile it.
fn place(cache: &Cache, build: &Root, machine: &Root) -> Result<(PathBuf, Vec<String>)> {
    let version = machine.upstream_version("qemu-system-x86").unwrap_or("");
    let arguments = counter::compile_arguments(version)?;
    let mut digest = Sha256::new();
    for part in [
        counter::source(),
        &machine.identity,
        &build.identity,
        &arguments.join(" "),
    ] {
        digest.update(part);
        digest.update("\n");
    }
    let name = format!("counter-{}.so", &hex(&digest.finalize())[..16]);
    Ok((cache.sub("counter")?.join(name), arguments))
}

/// The compiled counter if the cache has it.
///
/// # Errors
/// [`Error::QemuVersion`] when the root's QEMU is one it cannot be made for.
pub fn counter(cache: &Cache, build: &Root, machine: &Root) -> Result<Option<PathBuf>> {
    let (place, _) = place(cache, build, machine)?;
    Ok(place.is_file().then_some(place))
}

/// Compiles the counter in the root `build`; the cache's lock must be held.
///
/// # Errors
/// [`Error::Counter`] when it does not compile; [`Error::Builder`] when the cache cannot be written.
pub fn compile_counter(cache: &Cache, build: &Root, machine: &Root) -> Result<PathBuf> {
    let (place, arguments) = place(cache, build, machine)?;
    let work = cache.work("counter")?;
    alpenglow_builder::cache::write_whole(&work.join("counter.c"), counter::source().as_bytes())?;
    let output = Sandbox::new(&build.dir)
        .bind(&work, "/build", true)
        .command("clang-22")
        .args(arguments)
        .args(["-o", "/build/counter.so", "/build/counter.c"])
        .output();
    match output {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Error::Counter(said));
        }
        Err(error) => return Err(Error::Counter(error.to_string())),
    }
    fs::rename(work.join("counter.so"), &place)
        .map_err(|e| alpenglow_builder::Error::io("make", &place, e))?;
    Ok(place)
}
