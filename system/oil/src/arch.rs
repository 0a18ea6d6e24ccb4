//! `etc/apk/arch`: the architectures whose packages a root takes, the primary one first.

use std::path::Path;

/// The architecture that this program runs on, as apk names it.
#[must_use]
pub fn native() -> &'static str {
    match std::env::consts::ARCH {
        "x86" => "x86",
        "arm" => "armv7",
        "powerpc64" => "ppc64le",
        other => other,
    }
}

/// Those of a root; the native one if it says nothing.
///
/// # Errors
/// A file that is there and cannot be read.
pub fn read(root: &Path) -> std::io::Result<Vec<String>> {
    let text = match std::fs::read_to_string(root.join("etc/apk/arch")) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        other => other?,
    };
    let mut list: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
    if list.is_empty() {
        list.push(native().to_owned());
    }
    Ok(list)
}

/// The file's text.
#[must_use]
pub fn to_text(arches: &[String]) -> String {
    arches.iter().map(|arch| format!("{arch}\n")).collect()
}

/// Whether a package of `arch` can be installed.
#[must_use]
pub fn accepts(arches: &[String], arch: &str) -> bool {
    arch.is_empty() || arch == "noarch" || arches.iter().any(|known| known == arch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_root() {
        let root = tempfile::tempdir().expect("a directory");
        assert_eq!(read(root.path()).expect("none"), [native()]);
        std::fs::create_dir_all(root.path().join("etc/apk")).expect("a directory");
        std::fs::write(root.path().join("etc/apk/arch"), "x86_64\nx86\n").expect("a file");
        let arches = read(root.path()).expect("there");
        assert_eq!(to_text(&arches), "x86_64\nx86\n");
        assert!(
            accepts(&arches, "x86") && accepts(&arches, "noarch") && !accepts(&arches, "armhf")
        );
    }
}
