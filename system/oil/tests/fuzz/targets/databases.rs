//! The installed database and what lies beside it.

use crate::corpus;
use oil::database::installed::Installed;
use oil::database::scripts::Scripts;
use oil::database::sidecar::{self, Sidecar};
use oil::database::triggers::Triggers;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const FOLDER: &str = "lib/apk/db";

fn root(name: &str, bytes: &[u8]) -> TempDir {
    let root = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(root.path().join(FOLDER)).expect("a folder");
    fs::write(root.path().join(FOLDER).join(name), bytes).expect("a file");
    root
}

/// Who owns each path, by reading through the text.
fn owners(installed: &Installed) -> Vec<(Vec<u8>, usize)> {
    let mut all = Vec::new();
    installed.each_file(|package, _, _, directory, name| {
        let slash: &[u8] = if directory.is_empty() { b"" } else { b"/" };
        all.push(([directory, slash, name].concat(), package));
    });
    all
}

/// The records are written as they were read, and the sidecar knows what they say.
pub fn installed(bytes: &[u8]) {
    let root = root("installed", bytes);
    let installed = Installed::read(root.path()).expect("any bytes");
    let written = installed.with(&[]);
    let again = Installed::from_text("installed".into(), written.clone());
    assert_eq!(again.with(&[]), written);
    assert_eq!(again.places().len(), installed.places().len());
    sidecar::write(root.path(), &installed, false).expect("written");
    let Some(sidecar) = Sidecar::open(root.path()) else {
        return;
    };
    for (path, _) in owners(&installed) {
        // In a file's name there is no slash; where there is one the text alone knows it.
        if !path.contains(&b'/') || sidecar.owner(&path).flatten().is_some() {
            assert_eq!(
                sidecar.owner(&path),
                Some(installed.owner(&path)),
                "{}",
                path.escape_ascii()
            );
        }
    }
    assert_eq!(
        sidecar.owner(b"no/such/path"),
        Some(installed.owner(b"no/such/path"))
    );
    for number in 0..installed.places().len() {
        let place = installed.places()[number];
        let text = &installed.text()[place.start..place.end];
        assert_eq!(sidecar.record_text(number).as_deref(), Some(text));
    }
}

/// A sidecar that was damaged leads to no other owner than the text does.
pub fn sidecar(bytes: &[u8]) {
    let root = corpus::database();
    fs::write(sidecar::path(root), bytes).expect("written");
    let installed = Installed::read(root).expect("good");
    let Some(sidecar) = Sidecar::open(root) else {
        return;
    };
    for (path, _) in owners(&installed) {
        if let Some(Some(owner)) = sidecar.owner(&path) {
            let known = installed.owner(&path).expect("owned");
            assert_eq!((owner.directory, owner.file), (known.directory, known.file));
        }
    }
    let _ = (
        sidecar.heads(),
        sidecar.owner(b"usr"),
        sidecar.record_text(0),
    );
    let _ = sidecar.record_text(usize::MAX);
}

/// Scripts are written as they were read.
pub fn scripts(bytes: &[u8]) {
    let read = |root: &Path| Scripts::read(root);
    let first = root("scripts.tar", bytes);
    if let Ok(scripts) = read(first.path()) {
        let (_, written) = scripts.to_file();
        let second = root("scripts.tar", &written);
        let again = read(second.path()).expect("as written");
        assert_eq!(again.entries, scripts.entries);
    }
    let _ = read(root("scripts.tar.gz", bytes).path());
}

/// Triggers are written as they were read.
pub fn triggers(bytes: &[u8]) {
    let first = root("triggers", bytes);
    if let Ok(triggers) = Triggers::read(first.path()) {
        let text = triggers.to_text();
        let again = Triggers::read(root("triggers", text.as_bytes()).path());
        assert_eq!(again.expect("as written").to_text(), text);
    }
}
