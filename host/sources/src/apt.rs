//! One download by apt's own helper, which honours the host's proxy and certificate settings (apt.conf(5)).

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::fs::MemfdFlags;

use crate::{Error, Result};

const HELPER: &str = "/usr/lib/apt/apt-helper";

/// Seconds without a byte after which apt gives a connection up.
const TIMEOUT: u32 = 20;
/// How often apt tries an address again that failed in passing (it waits 1 s, then 2 s).
const RETRIES: u32 = 2;
/// How often the growing file is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What came of a download.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The file is there and apt found its hash right.
    File,
    /// Another hash; as apt says it, or why the download was cut off.
    WrongHash(String),
    /// The address answered that it has no such file.
    Missing,
    /// An answer that is no file, or half of one; apt's words.
    Failed(String),
    /// Nobody there at all; apt's words.
    Silent(String),
}

/// Downloads `address` to `target`, whose folder is this process's own. `progress` is told the bytes so far.
///
/// A file that grows past `bytes` cannot be the right one and is cut off.
pub(crate) fn download(
    address: &str,
    target: &Path,
    sha256: &str,
    bytes: u64,
    progress: &dyn Fn(u64),
) -> Result<Answer> {
    let look = |done| {
        progress(done);
        (done > bytes)
            .then(|| Answer::WrongHash(format!("more than the {bytes} bytes that the lock gives")))
    };
    run(address, target, Some(sha256), &look)
}

/// Whether a file can be had at `address`: its first bytes are fetched to `target`.
pub(crate) fn probe(address: &str, target: &Path) -> Result<Answer> {
    run(address, target, None, &|done| {
        (done > 0).then_some(Answer::File)
    })
}

/// Runs apt's helper until it ends or `look`, which is told the bytes so far, has an answer.
fn run(
    address: &str,
    target: &Path,
    sha256: Option<&str>,
    look: &dyn Fn(u64) -> Option<Answer>,
) -> Result<Answer> {
    // In memory: what it says about a full disk must not need room there.
    let mut said: File = rustix::fs::memfd_create("apt-helper", MemfdFlags::CLOEXEC)
        .map_err(|e| Error::cache("write beside", target)(e.into()))?
        .into();
    let stderr = said
        .try_clone()
        .map_err(Error::cache("write beside", target))?;
    let mut child = command(address, target, sha256)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .map(Running)
        .map_err(|source| Error::Tool {
            program: HELPER,
            source,
        })?;
    let status = loop {
        if let Some(status) = child.0.try_wait().map_err(|source| Error::Tool {
            program: HELPER,
            source,
        })? {
            break status;
        }
        let done = fs::metadata(target).map_or(0, |meta| meta.len());
        if let Some(answer) = look(done) {
            return Ok(answer);
        }
        thread::sleep(LOOK);
    };
    if status.success() && target.is_file() {
        return Ok(Answer::File);
    }
    match interpret(&last_words(&mut said)) {
        Verdict::Disk(kind) => Err(Error::cache("write to", target)(kind.into())),
        Verdict::Answer(answer) => Ok(answer),
    }
}

/// A child that is ended with its holder, so that an error on the way leaves no download running.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(address: &str, target: &Path, sha256: Option<&str>) -> Command {
    let mut command = Command::new(HELPER);
    command.arg("-qq");
    for option in [
        // The target's folder is ours alone; apt's own user could not write there.
        "APT::Sandbox::User=root".to_owned(),
        format!("Acquire::Retries={RETRIES}"),
        format!("Acquire::http::Timeout={TIMEOUT}"),
        format!("Acquire::https::Timeout={TIMEOUT}"),
        // A mirror on this machine is reached directly, whatever proxy leads outside.
        "Acquire::http::Proxy::127.0.0.1=DIRECT".to_owned(),
    ] {
        command.arg("-o").arg(option);
    }
    // apt answers file: with a symbolic link; copy: is the same with a file of its own.
    let address = match address.strip_prefix("file:") {
        Some(path) => format!("copy:{path}"),
        None => address.to_owned(),
    };
    command
        .arg("download-file")
        .arg(address)
        .arg(target)
        .args(sha256.map(|hash| format!("SHA256:{hash}")))
        .env("LC_ALL", "C");
    command
}

/// What apt printed, as far as it can matter.
fn last_words(said: &mut File) -> String {
    let mut bytes = Vec::new();
    let _ = said.rewind();
    let _ = said.take(64 << 10).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

enum Verdict {
    Answer(Answer),
    Disk(io::ErrorKind),
}

/// Reads apt-helper's complaint: `E: Failed to fetch ADDRESS  REASON [IP: …]`.
fn interpret(said: &str) -> Verdict {
    if said.contains("(28: ") {
        return Verdict::Disk(io::ErrorKind::StorageFull);
    }
    if said.contains("(122: ") {
        return Verdict::Disk(io::ErrorKind::QuotaExceeded);
    }
    let reason = said
        .lines()
        .find_map(|line| line.strip_prefix("E: Failed to fetch "))
        .and_then(|rest| rest.split_once("  "))
        .map(|(_, reason)| reason.trim())
        .or_else(|| said.lines().find_map(|line| line.strip_prefix("E: ")))
        .unwrap_or("apt-helper failed and did not say why");
    Verdict::Answer(
        if reason.starts_with("Hash Sum mismatch") || reason.contains("unexpected size") {
            let got = said
                .split_once("Hashes of received file:")
                .and_then(|(_, rest)| rest.split("SHA256:").nth(1))
                .and_then(|rest| rest.split_whitespace().next())
                .unwrap_or("another one (apt does not say which)");
            Answer::WrongHash(got.to_owned())
        } else if ["404 ", "410 ", "File not found"]
            .iter()
            .any(|code| reason.starts_with(code))
            || reason.contains("No such file or directory")
        {
            Answer::Missing
        } else if SILENT.iter().any(|words| reason.contains(words)) {
            Answer::Silent(reason.to_owned())
        } else {
            Answer::Failed(reason.to_owned())
        },
    )
}

/// What apt says when the machine behind an address cannot be reached (apt's methods/connect.cc).
const SILENT: [&str; 6] = [
    "Could not connect",
    "Could not resolve",
    "Temporary failure resolving",
    "Cannot initiate the connection",
    "Unable to connect",
    "onnection timed out",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(said: &str) -> Answer {
        match interpret(said) {
            Verdict::Answer(answer) => answer,
            Verdict::Disk(kind) => panic!("a full disk: {kind}"),
        }
    }

    #[test]
    fn apt_says_that_a_file_is_not_there() {
        let said = "E: Failed to fetch http://a.example/x  404  Not Found [IP: 203.0.113.80 80]\nE: Download Failed\n";
        assert_eq!(answer(said), Answer::Missing);
        let said =
            "E: Failed to fetch copy:/a/x  Failed to stat - stat (2: No such file or directory)\n";
        assert_eq!(answer(said), Answer::Missing);
    }

    #[test]
    fn apt_says_that_a_hash_is_wrong() {
        let said = "E: Failed to fetch http://a.example/x  Hash Sum mismatch\n   Hashes of expected file:\n    - SHA256:aaaa\n   \
                    Hashes of received file:\n    - SHA256:bbbb\n    - Filesize:1 [weak]\nE: Download Failed\n";
        assert_eq!(answer(said), Answer::WrongHash("bbbb".to_owned()));
    }

    #[test]
    fn apt_says_that_nobody_answers() {
        let said = "E: Failed to fetch http://a.example/x  Could not resolve 'a.example'\nE: Download Failed\n";
        assert_eq!(
            answer(said),
            Answer::Silent("Could not resolve 'a.example'".to_owned())
        );
        let said = "E: Failed to fetch http://a.example/x  503  Service Unavailable [IP: 203.0.113.80 80]\n";
        assert!(matches!(answer(said), Answer::Failed(_)));
    }

    #[test]
    fn apt_says_that_the_disk_is_full() {
        let said = "E: Failed to fetch http://a.example/x  Error writing to file - write (28: No space left on device)\n";
        assert!(matches!(
            interpret(said),
            Verdict::Disk(io::ErrorKind::StorageFull)
        ));
    }

    #[test]
    fn apt_says_nothing_that_is_understood() {
        assert!(matches!(answer(""), Answer::Failed(_)));
        assert!(matches!(answer("E: "), Answer::Failed(_)));
        assert!(matches!(
            answer("E: Failed to fetch \n\0"),
            Answer::Failed(_)
        ));
    }
}
