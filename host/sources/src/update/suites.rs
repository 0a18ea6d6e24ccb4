//! The indexes of Debian's suites, through an apt of our own: its lists lie in the cache, and the host's own lists,
//! sources and packages are neither read nor changed.
//!
//! What an index says is not trusted: a file is taken for the hash in the lock, which comes from the index once and is
//! seen by whoever commits it. So a Release file may be past its date or signed by a key that this machine lacks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use alpenglow_builder::apt::{self, Archive};

use super::compare;
use crate::{Error, Result, scratch};

/// The suites that are looked at beside those that the host's apt is configured with.
const SUITES: [&str; 8] = [
    "bookworm",
    "bookworm-updates",
    "bookworm-backports",
    "trixie",
    "trixie-updates",
    "trixie-backports",
    "forky",
    "sid",
];

/// Those of the security archive.
const SECURITY: [&str; 2] = ["bookworm-security", "trixie-security"];

/// An apt with its own folder.
pub(super) struct Suites {
    dir: PathBuf,
}

impl Suites {
    pub(super) fn new(cache: &Path) -> Suites {
        Suites {
            dir: scratch::absolute(cache).join("apt"),
        }
    }

    /// Fetches what has changed of the indexes; returns what is to be said about it.
    ///
    /// # Errors
    /// [`Error::Suites`] when none of them can be had.
    pub(super) fn refresh(&self) -> Result<Vec<String>> {
        let archives = apt::archives()?;
        if archives.is_empty() {
            return Err(Error::NoMirror);
        }
        let _guard = scratch::lock(&self.dir.join("lock"), || {})?;
        for folder in ["lists/partial", "archives/partial", "empty"] {
            let folder = self.dir.join(folder);
            fs::create_dir_all(&folder).map_err(Error::cache("create", &folder))?;
        }
        self.put("sources.list", &list(&archives))?;
        self.put("status", "")?;
        self.put("apt.conf", &self.configuration()?)?;
        let output = self
            .command("apt-get")
            .arg("update")
            .output()
            .map_err(tool("apt-get"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        let notes = notes(&said);
        // apt fails for a single suite that is not there; the others are.
        let any = fs::read_dir(self.dir.join("lists"))
            .map_err(Error::cache("read", &self.dir))?
            .flatten()
            .any(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                name.contains("_Packages") || name.contains("_Sources")
            });
        if any {
            return Ok(notes);
        }
        Err(Error::Suites {
            said: match notes.is_empty() {
                true => said.trim().to_owned(),
                false => notes.join("\n"),
            },
        })
    }

    /// The entries of a package, of all suites.
    pub(super) fn show(&self, package: &str) -> Result<String> {
        self.ask(&["show", "--all-versions", package])
    }

    /// The entries of a source package, of all suites.
    pub(super) fn show_source(&self, source: &str) -> Result<String> {
        self.ask(&["showsrc", "--only-source", source])
    }

    /// For a package whose name ends in a series (`linux-source-7.2`): a later one that is listed, and its newest
    /// version.
    pub(super) fn later_series(&self, package: &str) -> Result<Option<(String, String)>> {
        let Some((stem, series)) = package.rsplit_once('-') else {
            return Ok(None);
        };
        if !series.starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(None);
        }
        let names = self.ask(&["pkgnames", &format!("{stem}-")])?;
        let later = names
            .lines()
            .filter_map(|name| Some((name, name.strip_prefix(stem)?.strip_prefix('-')?)))
            .filter(|(_, other)| {
                other.chars().all(|c| c.is_ascii_digit() || c == '.')
                    && compare(other, series).is_gt()
            })
            .max_by(|(_, one), (_, other)| compare(one, other));
        let Some((name, _)) = later else {
            return Ok(None);
        };
        let versions = super::listed::binaries(&self.show(name)?, name);
        let newest = versions
            .into_iter()
            .max_by(|one, other| compare(&one.version, &other.version));
        Ok(newest.map(|pin| (name.to_owned(), pin.version)))
    }

    /// What apt-cache prints; nothing for what it does not know.
    fn ask(&self, words: &[&str]) -> Result<String> {
        let output = self
            .command("apt-cache")
            .args(words)
            .output()
            .map_err(tool("apt-cache"))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("APT_CONFIG", self.dir.join("apt.conf"))
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        command
    }

    fn put(&self, name: &str, text: &str) -> Result<()> {
        let file = self.dir.join(name);
        fs::write(&file, text).map_err(Error::cache("write", &file))
    }

    /// apt.conf(5): the host's settings for fetching, its proxy among them, and our own for all else.
    fn configuration(&self) -> Result<String> {
        let output = Command::new("apt-config")
            .args(["dump", "Acquire"])
            .output()
            .map_err(tool("apt-config"))?;
        let host = String::from_utf8_lossy(&output.stdout);
        let dir = self.dir.display();
        Ok(format!(
            "{host}\
             Dir::Etc::Parts \"{dir}/empty\";\n\
             Dir::Etc::Main \"/dev/null\";\n\
             Dir::Etc::SourceList \"{dir}/sources.list\";\n\
             Dir::Etc::SourceParts \"{dir}/empty\";\n\
             Dir::Etc::Preferences \"/dev/null\";\n\
             Dir::Etc::PreferencesParts \"{dir}/empty\";\n\
             Dir::State \"{dir}\";\n\
             Dir::State::Lists \"{dir}/lists\";\n\
             Dir::State::Status \"{dir}/status\";\n\
             Dir::Cache \"{dir}\";\n\
             Dir::Cache::Archives \"{dir}/archives\";\n\
             APT::Sandbox::User \"root\";\n\
             APT::Architecture \"amd64\";\n\
             APT::Architectures {{ \"amd64\"; }};\n\
             Acquire::GzipIndexes \"true\";\n\
             Acquire::Languages \"none\";\n\
             Acquire::Check-Valid-Until \"false\";\n\
             Acquire::IndexTargets::deb::DEP-11::DefaultEnabled \"false\";\n\
             Acquire::http::Proxy::127.0.0.1 \"DIRECT\";\n"
        ))
    }
}

/// sources.list(5): every suite, of the archive that has it on this host.
fn list(archives: &[Archive]) -> String {
    let is_security = |archive: &&Archive| archive.codename.ends_with("-security");
    let main = archives.iter().find(|archive| !is_security(archive));
    let security = archives.iter().find(is_security);
    let mut suites: Vec<(&str, &str)> = archives
        .iter()
        .map(|archive| (&*archive.codename, &*archive.uri))
        .collect();
    for (names, archive) in [(&SUITES[..], main), (&SECURITY[..], security)] {
        let Some(archive) = archive else { continue };
        for name in names {
            if !suites.iter().any(|(suite, _)| suite == name) {
                suites.push((name, &archive.uri));
            }
        }
    }
    let mut text = String::new();
    for (suite, uri) in suites {
        for kind in ["deb", "deb-src"] {
            text += &format!("{kind} [trusted=yes] {uri} {suite} main\n");
        }
    }
    text
}

/// What apt complains of, a line each.
fn notes(said: &str) -> Vec<String> {
    let mut notes: Vec<String> = said
        .lines()
        .filter_map(|line| line.strip_prefix("E: ").or(line.strip_prefix("W: ")))
        .filter(|line| !line.starts_with("Some index files failed"))
        .map(|line| line.trim().to_owned())
        .collect();
    notes.dedup();
    notes
}

fn tool(program: &'static str) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::Tool { program, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(uri: &str, codename: &str) -> Archive {
        Archive {
            uri: uri.into(),
            codename: codename.into(),
            origin: "Debian".into(),
        }
    }

    #[test]
    fn suites_come_from_the_archives_that_the_host_has() {
        let text = list(&[
            archive("http://a.example/debian", "bookworm"),
            archive("http://b.example/security", "bookworm-security"),
            archive("http://c.example/debian", "sid"),
        ]);
        for line in [
            "deb [trusted=yes] http://a.example/debian bookworm main\n",
            "deb-src [trusted=yes] http://a.example/debian trixie-backports main\n",
            "deb [trusted=yes] http://b.example/security trixie-security main\n",
            "deb [trusted=yes] http://c.example/debian sid main\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(!text.contains("a.example/debian sid"));
        assert!(!text.contains("a.example/debian bookworm-security"));
    }

    #[test]
    fn apts_complaints_are_told_once() {
        let said = "Ign\nE: The repository 'http://a sid Release' does not have a Release file.\n\
            W: x\nW: x\nE: Some index files failed to download. They have been ignored, or old ones used instead.\n";
        assert_eq!(
            notes(said),
            [
                "The repository 'http://a sid Release' does not have a Release file.",
                "x"
            ]
        );
    }
}
