//! What a reference `apk` answers: a root of its own for each scenario, and its command with `--simulate`.

use super::{Line, Scenario};
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program, if one is named.
pub fn program() -> Option<PathBuf> {
    std::env::var_os("OIL_REFERENCE_APK").map(PathBuf::from)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn record(line: &Line, installed: bool) -> String {
    let mut text = format!(
        "C:X1{}\nP:{}\nV:{}\n",
        hex(&line.identity()),
        line.name,
        line.version
    );
    text += &format!(
        "A:{}\nS:100\nI:{}\nT:t\nU:u\nL:l\n",
        line.one("A").unwrap_or("noarch"),
        line.one("S").unwrap_or("1")
    );
    for (key, field) in [("k", 'k'), ("D", 'D'), ("P", 'p'), ("i", 'i')] {
        let values: Vec<&str> = line.all(key).collect();
        if !values.is_empty() {
            text += &format!("{field}:{}\n", values.join(" "));
        }
    }
    if let (true, Some(tag)) = (installed, line.one("s")) {
        text += &format!("s:{tag}\n");
    }
    text + "\n"
}

/// An index: a tar archive of one file, compressed.
fn index(packages: &[Line]) -> Vec<u8> {
    let text: String = packages.iter().map(|line| record(line, false)).collect();
    let mut header = [0_u8; 512];
    header[..8].copy_from_slice(b"APKINDEX");
    header[100..107].copy_from_slice(b"0000644");
    header[124..135].copy_from_slice(format!("{:011o}", text.len()).as_bytes());
    header[148..156].fill(b' ');
    header[156] = b'0';
    header[257..263].copy_from_slice(b"ustar\0");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let padding = vec![0; text.len().next_multiple_of(512) - text.len() + 1024];
    for part in [&header[..], text.as_bytes(), &padding] {
        encoder.write_all(part).expect("to memory");
    }
    encoder.finish().expect("to memory")
}

/// A root with a scenario in it; it goes with its directory.
pub fn root(scenario: &Scenario, root: &Path) {
    let write = |name: &str, bytes: &[u8]| {
        let path = root.join(name);
        fs::create_dir_all(path.parent().expect("below the root")).expect("a directory");
        fs::write(path, bytes).expect("a file");
    };
    let mut list = String::new();
    for (number, repository) in scenario.repositories.iter().enumerate() {
        write(
            &format!("repository{number}/x86_64/APKINDEX.tar.gz"),
            &index(&repository.packages),
        );
        let tag = repository
            .tag
            .as_ref()
            .map(|tag| format!("@{tag} "))
            .unwrap_or_default();
        list += &format!("{tag}{}/repository{number}\n", root.display());
    }
    write("etc/apk/repositories", list.as_bytes());
    write("etc/apk/arch", b"x86_64\n");
    write(
        "etc/apk/world",
        (scenario.world.join("\n") + "\n").as_bytes(),
    );
    write(
        "lib/apk/db/installed",
        scenario
            .installed
            .iter()
            .map(|line| record(line, true))
            .collect::<String>()
            .as_bytes(),
    );
    write("lib/apk/db/scripts.tar", &[0; 1024]);
    write("lib/apk/db/triggers", b"");
}

/// The output of one command and its exit status.
pub fn answer(program: &Path, root: &Path, words: &[String]) -> String {
    let output = Command::new(program)
        .arg("--root")
        .arg(root)
        .args([
            "--allow-untrusted",
            "--no-cache",
            "--no-logfile",
            "--root-tmpfs=no",
            &words[0],
            "--simulate",
        ])
        .args(&words[1..])
        .env("TZ", "UTC")
        .output()
        .expect("the reference runs");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text += &String::from_utf8_lossy(&output.stderr);
    if text.starts_with("ERROR: Package '") && text.contains("not found") {
        return "ERROR: Package not found\n".to_owned();
    }
    text + &format!("exit {}\n", output.status.code().unwrap_or(-1))
}
