//! Images that do not fit on their disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use alpenglow_image::{Archive, Compression, initramfs};

/// Set for the test that was started again: the folder where a small file system is mounted.
const INNER: &str = "ALPENGLOW_TEST_INNER";

/// Runs the named test of this program again with a tmpfs of 256 KiB mounted, in a mount namespace of its own.
fn again(test: &str) {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    let output = command
        .args(["--mount", "sh", "-c"])
        .arg("mount -t tmpfs -o size=256k tmpfs \"$1\" && exec \"$2\" --exact \"$3\" --nocapture")
        .arg("sh")
        .arg(dir.path())
        .arg(std::env::current_exe().unwrap())
        .arg(test)
        .env(INNER, dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Bytes that no compressor makes fewer.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    std::iter::repeat_with(|| {
        // Knuth's MMIX generator.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
    .take(length)
    .collect()
}

fn names(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

#[test]
fn a_full_disk_leaves_the_old_image() {
    let Some(dir) = std::env::var_os(INNER).map(PathBuf::from) else {
        return again("a_full_disk_leaves_the_old_image");
    };
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("large"), noise(600_000)).unwrap();
    let out = dir.join("initramfs");
    fs::write(&out, "old").unwrap();
    for kind in Compression::ALL {
        let text = initramfs::build(root.path(), &out, kind)
            .unwrap_err()
            .to_string();
        assert!(
            text.starts_with(&format!("cannot write {}", out.display())),
            "{kind}: {text}"
        );
        assert!(text.contains("free some space"), "{kind}: {text}");
        assert_eq!(fs::read(&out).unwrap(), b"old");
        assert_eq!(names(&dir), std::slice::from_ref(&out), "{kind}");
    }

    let base = root.path().join("large");
    let extra = Archive::new(0).to_bytes().unwrap();
    let text = initramfs::append(&base, &extra, &out)
        .unwrap_err()
        .to_string();
    assert!(text.contains("free some space"), "{text}");
    assert_eq!(fs::read(&out).unwrap(), b"old");
    assert_eq!(names(&dir), [out]);
}
