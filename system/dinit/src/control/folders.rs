//! Where descriptions are looked for when no folder is given (dinit(8), `--services-dir`).

use super::address;
use super::client::join;
use std::os::unix::ffi::OsStringExt;

/// The folders of the system's instance, or of the user's, in the order in which they are searched.
pub fn usual(system: bool) -> Vec<Vec<u8>> {
    let mut folders = Vec::new();
    if !system {
        let configuration = std::env::var_os("XDG_CONFIG_HOME").map(OsStringExt::into_vec);
        let own = configuration.filter(|folder| !folder.is_empty());
        let home = address::home().filter(|home| !home.is_empty());
        let under_home = home.map(|home| join(&home, b".config"));
        for folder in [own, under_home].into_iter().flatten() {
            let folder = join(&folder, b"dinit.d");
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    let rest: &[&str] = match folders.is_empty() {
        true => &[
            "/etc/dinit.d",
            "/run/dinit.d",
            "/usr/local/lib/dinit.d",
            "/lib/dinit.d",
        ],
        false => &[
            "/etc/dinit.d/user",
            "/usr/lib/dinit.d/user",
            "/usr/local/lib/dinit.d/user",
        ],
    };
    folders.extend(rest.iter().map(|folder| folder.as_bytes().to_vec()));
    folders
}
