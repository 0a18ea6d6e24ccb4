//! What depmod writes about the modules in a root: several packages bring them, a kernel's and our own, and programs look for
//! them in one list. So no package has the lists, and they are made of all that is there when a root is composed.

use crate::error::{Error, Result};
use crate::tree;
use alpenglow_builder::{Root, Sandbox};
use std::fs;
use std::path::Path;
use std::process::Stdio;

/// Where modules are, a folder for each kernel's release.
const FOLDER: &str = "lib/modules";

/// Lists that nobody asks: the kernel asks for a module by a symbol of it (`symbol_request`) only in drivers that no kernel of ours
/// has. Of `standard`'s root of 10.9 MB they were 120 KB.
const UNUSED: [&str; 2] = ["modules.symbols", "modules.symbols.bin"];

/// Makes the lists for every release that `root` has modules of (depmod(8)), by the build root's depmod. Nothing of the root
/// is run.
///
/// # Errors
/// [`Error::Compose`] with what depmod said; [`Error::Builder`].
pub fn index(build: &Root, root: &Path) -> Result<()> {
    let folder = root.join(FOLDER);
    if !folder.is_dir() {
        return Ok(());
    }
    let entries = fs::read_dir(&folder).map_err(|e| Error::io("read the folder", &folder, e))?;
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("read the folder", &folder, e))?;
        let release = entry.file_name().to_string_lossy().into_owned();
        let sandbox = Sandbox::new(&build.dir).bind(root, "/build", true);
        let output = sandbox
            .command("depmod")
            .args(["-b", "/build", &release])
            .stdin(Stdio::null())
            .output()
            .map_err(|e| Error::io("run depmod for", &folder, e))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(Error::Compose {
                why: format!(
                    "depmod cannot read the modules of {release} ({}): {}",
                    output.status,
                    said.trim()
                ),
                hint: "One of its packages has a file in lib/modules that is no module",
            });
        }
        for name in UNUSED {
            let path = folder.join(&release).join(name);
            fs::remove_file(&path).map_err(|e| Error::io("delete", &path, e))?;
        }
    }
    tree::normalise(&folder)
}
