//! The files of a folder of declarations.

use std::io;
use std::path::{Path, PathBuf};

/// The files whose names end with a dot and one of these, but for hidden ones, in the order of their names; none of a folder
/// that is not there.
///
/// # Errors
/// The folder cannot be read.
pub fn files(folder: &Path, endings: &[&str]) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let hidden = path
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes()[0] == b'.');
            let kind = path.extension();
            let kind = kind.is_some_and(|kind| endings.iter().any(|ending| kind == *ending));
            kind && !hidden
        })
        .collect();
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_and_other_files_are_left_out() {
        let folder = std::env::temp_dir().join(format!("document-files-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        for name in [
            "b.toml", "a.json", "a.toml", ".c.toml", "d.toml~", "toml", ".toml",
        ] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        let names = |endings: &[&str]| -> Vec<String> {
            let paths = files(&folder, endings).unwrap();
            let name = |path: &PathBuf| path.file_name()?.to_str().map(str::to_owned);
            paths.iter().filter_map(name).collect()
        };
        let found = (names(&["toml"]), names(&["toml", "json"]));
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found.0, ["a.toml", "b.toml"]);
        assert_eq!(found.1, ["a.json", "a.toml", "b.toml"]);
        assert_eq!(
            files(&folder, &["toml"]).unwrap(),
            [""; 0].map(PathBuf::from)
        );
    }
}
