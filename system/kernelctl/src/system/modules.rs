//! Loading modules, with those that they need (modules.dep(5)).

use crate::error::{Result, told};
use common::Root;
use rustix::io::Errno;
use std::ffi::CString;
use std::fs;

/// MODULE_INIT_COMPRESSED_FILE (`include/uapi/linux/module.h`): the kernel unpacks it.
const COMPRESSED: i32 = 4;

/// Whether it is loaded, or part of the kernel.
pub fn is_loaded(root: &Root, name: &str) -> bool {
    root.at("/sys/module").join(name).exists() || is_builtin(root, name).unwrap_or(false)
}

fn folder() -> String {
    let release = rustix::system::uname();
    format!("/lib/modules/{}", release.release().to_string_lossy())
}

fn is_builtin(root: &Root, name: &str) -> Option<bool> {
    let list = root.value(&format!("{}/modules.builtin", folder()))?;
    Some(list.lines().any(|path| module_name(path) == name))
}

/// `kernel/drivers/block/zram/zram.ko.zst` is `zram`.
fn module_name(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.split('.').next().unwrap_or(file).replace('-', "_")
}

/// Loads it, after what it needs.
///
/// # Errors
/// What failed, and what to do.
pub fn load(root: &Root, name: &str, parameters: &str) -> Result<()> {
    refuse_elsewhere(root)?;
    let folder = folder();
    let list = format!("{folder}/modules.dep");
    let text = fs::read_to_string(root.at(&list)).map_err(|error| {
        told!(
            "{list}: {}: install the kernel's modules",
            common::reason(&error)
        )
    })?;
    let line = text.lines().find(|line| {
        line.split(':')
            .next()
            .is_some_and(|path| module_name(path) == name)
    });
    let line = line
        .ok_or_else(|| told!("{list} has no module '{name}': the kernel was built without it"))?;
    let (path, needs) = line.split_once(':').unwrap_or((line, ""));
    // What is needed first stands last.
    for needed in needs.split_ascii_whitespace().rev() {
        if !is_loaded(root, &module_name(needed)) {
            insert(root, &folder, needed, "")?;
        }
    }
    insert(root, &folder, path, parameters)
}

fn refuse_elsewhere(root: &Root) -> Result<()> {
    match root.is_real() {
        true => Ok(()),
        false => Err(told!(
            "modules can be loaded only in the system that runs: leave out --root"
        )),
    }
}

fn insert(root: &Root, folder: &str, path: &str, parameters: &str) -> Result<()> {
    let shown = match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("{folder}/{path}"),
    };
    let failed = |errno: Errno| {
        let way_out = match errno {
            Errno::PERM => ": run it as root, before modules are locked (kernel.modules_disabled)",
            Errno::NOEXEC => ": it belongs to another kernel",
            _ => "",
        };
        told!("loading {shown}: {}{way_out}", common::words(errno))
    };
    let file = fs::File::open(root.at(&shown));
    let file = file.map_err(|error| told!("{shown}: {}", common::reason(&error)))?;
    let flags = if path.ends_with(".ko") { 0 } else { COMPRESSED };
    let parameters = CString::new(parameters).unwrap_or_default();
    match rustix::system::finit_module(file, &parameters, flags) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(errno) => Err(failed(errno)),
    }
}

/// Unloads it, if nothing uses it.
///
/// # Errors
/// What failed, and what to do.
pub fn unload(root: &Root, name: &str) -> Result<()> {
    refuse_elsewhere(root)?;
    let name_c = CString::new(name).unwrap_or_default();
    // O_NONBLOCK: do not wait for who uses it (delete_module(2)).
    match rustix::system::delete_module(&name_c, 0o4000) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(told!(
            "unloading {name}: {}: it stays until nothing uses it",
            common::words(errno)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_known_by_their_file() {
        assert_eq!(module_name("kernel/drivers/block/zram/zram.ko.zst"), "zram");
        assert_eq!(module_name("a/snd-pcm.ko"), "snd_pcm");
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        assert!(!is_loaded(&root, "zram"));
        std::fs::create_dir_all(root.at("/sys/module/zram")).unwrap();
        assert!(is_loaded(&root, "zram"));
        assert!(
            load(&root, "zram", "")
                .unwrap_err()
                .to_string()
                .contains("leave out --root")
        );
        assert!(unload(&root, "zram").is_err());
    }
}
