//! Loading one module (finit_module(2)).

use super::plan::Load;
use common::Root;
use common::{reason, words};
use rustix::io::Errno;
use std::ffi::CString;
use std::fs::File;
use std::io::ErrorKind;

/// MODULE_INIT_COMPRESSED_FILE (`include/uapi/linux/module.h`): the kernel unpacks it.
const COMPRESSED: i32 = 4;

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is there now, or was.
    Loaded,
    /// It looked for its hardware and found none (ENODEV): nothing went wrong.
    NotNeeded,
    /// The kernel has such a module, but the package with its file is not installed: which file.
    Absent(String),
    Failed(String),
}

/// Whether it is there, or on its way.
pub fn is_loaded(root: &Root, name: &str) -> bool {
    root.at("/sys/module").join(name).exists()
}

/// Loads it.
pub fn insert(root: &Root, load: &Load) -> Outcome {
    let failed = |what: String| Outcome::Failed(format!("{}: {what}", load.path));
    if !root.is_real() {
        return failed(
            "modules are loaded only into the system that runs: leave out --root".to_owned(),
        );
    }
    let file = match File::open(root.at(&load.path)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Outcome::Absent(load.path.clone());
        }
        Err(error) => return failed(reason(&error).to_string()),
    };
    let Ok(options) = CString::new(&*load.options) else {
        return failed("its options hold a NUL".to_owned());
    };
    let flags = if load.path.ends_with(".ko") {
        0
    } else {
        COMPRESSED
    };
    match rustix::system::finit_module(file, &options, flags) {
        Ok(()) | Err(Errno::EXIST) => Outcome::Loaded,
        Err(Errno::NODEV) => Outcome::NotNeeded,
        Err(errno) => {
            let way_out = match errno {
                Errno::PERM => {
                    ": run devd as root, before modules are locked (kernel.modules_disabled)"
                }
                Errno::NOEXEC => ": it belongs to another kernel",
                Errno::NOENT => ": a symbol that it needs is not there, run 'depmod'",
                Errno::INVAL if !load.options.is_empty() => ": look at its options in modprobe.d",
                Errno::KEYREJECTED | Errno::NOKEY => ": it is not signed by who the kernel trusts",
                _ => "",
            };
            failed(format!("{}{way_out}", words(errno)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_system_that_runs_gets_modules() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        let load = Load {
            name: "x".to_owned(),
            path: "/lib/modules/1/x.ko".to_owned(),
            options: String::new(),
            needs: Vec::new(),
            wants: Vec::new(),
        };
        assert!(
            matches!(insert(&root, &load), Outcome::Failed(what) if what.contains("leave out --root"))
        );
        assert!(
            matches!(insert(&Root::default(), &load), Outcome::Absent(path) if path == "/lib/modules/1/x.ko")
        );
        std::fs::create_dir_all(root.at("/sys/module/x")).unwrap();
        assert!(is_loaded(&root, "x") && !is_loaded(&root, "y"));
    }
}
