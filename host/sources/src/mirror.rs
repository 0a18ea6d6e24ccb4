//! The package mirrors that the host's own apt is configured with. No address stands in this tree.

use std::process::{Command, Stdio};

use crate::{Error, Result};

/// apt's configuration as a table of index targets (apt-get(8), `indextargets`).
const APT_GET: &str = "/usr/bin/apt-get";

/// The addresses of the Debian mirrors in apt's configuration, each ending in `/`, distinct, in its order.
///
/// Before the first `apt-get update` apt does not know yet what a mirror calls itself; then, and on hosts whose
/// mirror carries another name, every configured repository counts: what arrives is checked by its hash anyway.
pub fn host_mirrors() -> Result<Vec<String>> {
    let output = Command::new(APT_GET)
        .args([
            "indextargets",
            "--format",
            "$(CREATED_BY)\t$(ORIGIN)\t$(REPO_URI)",
        ])
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|source| Error::Tool {
            program: APT_GET,
            source,
        })?;
    let mirrors = choose(&String::from_utf8_lossy(&output.stdout));
    if mirrors.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim().replace('\n', "; ");
        return Err(Error::NoMirror {
            detail: if said.is_empty() {
                String::new()
            } else {
                format!(" (it says: {said})")
            },
        });
    }
    Ok(mirrors)
}

/// Picks the repositories out of lines of `created-by TAB origin TAB address`.
fn choose(table: &str) -> Vec<String> {
    let rows: Vec<(&str, &str)> = table
        .lines()
        .filter_map(|line| {
            let mut fields = line.split('\t');
            match (fields.next()?, fields.next()?, fields.next()?) {
                ("Packages", origin, address) if !address.is_empty() => Some((origin, address)),
                _ => None,
            }
        })
        .collect();
    let debian = distinct(rows.iter().filter(|(origin, _)| *origin == "Debian"));
    if debian.is_empty() {
        distinct(rows.iter())
    } else {
        debian
    }
}

fn distinct<'a>(rows: impl Iterator<Item = &'a (&'a str, &'a str)>) -> Vec<String> {
    let mut mirrors: Vec<String> = Vec::new();
    for (_, address) in rows {
        let address = format!("{}/", address.trim_end_matches('/'));
        if !mirrors.contains(&address) {
            mirrors.push(address);
        }
    }
    mirrors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_repositories_once_each_in_order() {
        let table = "Packages\tDebian\thttp://a.example/debian/\n\
                     DEP-11\tDebian\thttp://dep.example/debian/\n\
                     Packages\tDebian\thttp://a.example/debian\n\
                     Packages\tSomeone\thttp://someone.example/\n\
                     Packages\tDebian\thttp://a.example/debian-security/\n";
        assert_eq!(
            choose(table),
            [
                "http://a.example/debian/",
                "http://a.example/debian-security/"
            ]
        );
    }

    #[test]
    fn before_the_first_update_origins_are_not_known() {
        let table = "Packages\t\thttp://a.example/debian/\nPackages\t\thttp://b.example/x/\n";
        assert_eq!(
            choose(table),
            ["http://a.example/debian/", "http://b.example/x/"]
        );
    }

    #[test]
    fn nothing_configured() {
        assert!(choose("").is_empty());
        assert!(choose("nonsense\n\t\t\nPackages\tDebian\t\n").is_empty());
    }
}
