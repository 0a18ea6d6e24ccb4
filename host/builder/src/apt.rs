//! What the host's own apt is configured to: no address of an archive is written in this tree.

use crate::error::{Error, Result};
use std::io;
use std::process::Command;

/// An archive that apt's configuration lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Its address, without a slash at the end; `SUITE` is below `dists/`, files below `pool/`.
    pub uri: String,
    /// The suite's code name ("bookworm", "bookworm-security").
    pub codename: String,
    /// Who made it, from its Release file ("Debian").
    pub origin: String,
}

/// The archives of Debian that apt knows, in the order of its configuration. When apt has
/// fetched no lists yet (a fresh machine), they are fetched first; when that fails, the
/// configuration is taken at its word.
///
/// # Errors
/// [`Error::MissingTool`] without apt; [`Error::Io`] when it cannot be run.
pub fn archives() -> Result<Vec<Archive>> {
    let from_lists = || -> Result<Vec<Archive>> {
        let mut known = targets(&["--format", "$(REPO_URI)|$(CODENAME)|$(ORIGIN)"])?;
        known.retain(|archive| archive.origin == "Debian");
        Ok(known)
    };
    let known = from_lists()?;
    if !known.is_empty() {
        return Ok(known);
    }
    let _ = Command::new("apt-get").args(["update", "-qq"]).output();
    let known = from_lists()?;
    if !known.is_empty() {
        return Ok(known);
    }
    // RELEASE is the suite as sources.list(5) names it.
    targets(&["--no-release-info", "--format", "$(REPO_URI)|$(RELEASE)|"])
}

/// The archive of one suite.
///
/// # Errors
/// [`Error::NoSuite`].
pub fn archive_of<'a>(archives: &'a [Archive], codename: &str) -> Result<&'a Archive> {
    archives
        .iter()
        .find(|archive| archive.codename == codename)
        .ok_or_else(|| Error::NoSuite(codename.to_owned()))
}

/// The distinct addresses, for files that are found by their path in the pool.
pub fn addresses(archives: &[Archive]) -> Vec<String> {
    let mut addresses: Vec<String> = Vec::new();
    for archive in archives {
        if !addresses.contains(&archive.uri) {
            addresses.push(archive.uri.clone());
        }
    }
    addresses
}

fn targets(arguments: &[&str]) -> Result<Vec<Archive>> {
    let output = Command::new("apt-get")
        .arg("indextargets")
        .args(arguments)
        .arg("Created-By: Packages")
        .output()
        .map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => Error::MissingTool {
                program: "apt-get".into(),
                way_out: "Alpenglow is built on Debian 12".into(),
            },
            _ => Error::io("run", "apt-get", e),
        })?;
    Ok(parse(&String::from_utf8_lossy(&output.stdout)))
}

fn parse(text: &str) -> Vec<Archive> {
    let mut archives = Vec::new();
    for line in text.lines() {
        let mut fields = line.split('|');
        let (Some(uri), Some(codename)) = (fields.next(), fields.next()) else {
            continue;
        };
        let archive = Archive {
            uri: uri.trim_end_matches('/').to_owned(),
            codename: codename.to_owned(),
            origin: fields.next().unwrap_or_default().to_owned(),
        };
        if !archives.contains(&archive) {
            archives.push(archive);
        }
    }
    archives
}

/// apt's proxy for `http`, if it has one (apt.conf(5), `Acquire::http::Proxy`).
pub fn proxy() -> Option<String> {
    let output = Command::new("apt-config")
        .args(["shell", "PROXY", "Acquire::http::Proxy"])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let value = text.trim().strip_prefix("PROXY='")?.strip_suffix('\'')?;
    (!value.is_empty() && value != "DIRECT").then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGETS: &str = "http://a.example/debian/|bookworm|Debian\n\
        http://a.example/debian/|bookworm|Debian\n\
        http://b.example/node|nodistro|Other\n\
        http://a.example/debian/|bookworm-updates|Debian\n";

    #[test]
    fn repeats_are_left_out() {
        let archives = parse(TARGETS);
        assert_eq!(archives.len(), 3);
        assert_eq!(archives[1].origin, "Other");
        let addresses = addresses(&archives);
        assert_eq!(
            addresses,
            ["http://a.example/debian", "http://b.example/node"]
        );
    }

    #[test]
    fn a_suite_that_lacks_is_named() {
        let error = archive_of(&parse(TARGETS), "bookworm-security").unwrap_err();
        assert!(error.to_string().contains("'bookworm-security'"), "{error}");
    }
}
