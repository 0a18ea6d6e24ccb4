//! Where packages come from: `etc/apk/repositories` and the lists in `repositories.d` (`apk-repositories(5)`).

use crate::package_name::{PackageName, expand};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// At most this many repositories.
pub const MAX_REPOSITORIES: usize = 32;
/// At most this many tags.
pub const MAX_TAGS: usize = 16;
/// Where a package is, below a repository's address, unless the index says otherwise; with `${arch}/` before it if the
/// repository is not an index file's.
const DEFAULT_SPEC: &str = "${name}-${version}.apk";

/// What a repository's line says of its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The address is that of an index file, v3 if it ends in `.adb`.
    Index,
    /// `ARCH/APKINDEX.tar.gz` below the address.
    V2,
    /// `ARCH/Packages.adb` below the address.
    V3,
}

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Where its index is.
    pub kind: Kind,
    /// Its address, without a slash at its end.
    pub url: String,
    /// The tag, without `@`.
    pub tag: Option<String>,
}

/// All repositories, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repositories {
    /// The repositories.
    pub list: Vec<Repository>,
    /// Their tags, in the order in which they are first named.
    pub tags: Vec<String>,
    /// What the lines did not say right; those lines count for nothing.
    pub warnings: Vec<String>,
    variables: BTreeMap<String, String>,
}

impl Repositories {
    /// None yet; `arch` is the primary architecture, which lines know as `${APK_ARCH}`.
    #[must_use]
    pub fn new(arch: &str) -> Self {
        let variables = BTreeMap::from([("APK_ARCH".to_owned(), arch.to_owned())]);
        Self {
            variables,
            ..Self::default()
        }
    }

    /// Those of a root: `etc/apk/repositories`, then the lists of `etc/apk/repositories.d` and
    /// `lib/apk/repositories.d`, of which a name in the first hides one in the second.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn read(root: &Path, arch: &str) -> std::io::Result<Self> {
        let mut all = Self::new(arch);
        let read = |path: &Path| match std::fs::read_to_string(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            other => other,
        };
        let main = root.join("etc/apk/repositories");
        all.add_text(&read(&main)?, "etc/apk/repositories");
        let mut seen = BTreeSet::new();
        for directory in ["etc/apk/repositories.d", "lib/apk/repositories.d"] {
            let entries = match std::fs::read_dir(root.join(directory)) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                other => other?,
            };
            let mut names = Vec::new();
            for entry in entries {
                names.extend(
                    entry?
                        .file_name()
                        .into_string()
                        .ok()
                        .filter(|name| name.ends_with(".list")),
                );
            }
            names.sort();
            for name in names {
                if seen.insert(name.clone()) {
                    let place = format!("{directory}/{name}");
                    all.add_text(&read(&root.join(&place))?, &place);
                }
            }
        }
        Ok(all)
    }

    /// Adds the lines of a list; `place` is its name in warnings.
    pub fn add_text(&mut self, text: &str, place: &str) {
        for (number, line) in text.lines().enumerate() {
            if let Err(reason) = self.add_line(line) {
                self.warnings
                    .push(format!("{place}:{}: {reason}", number + 1));
            }
        }
    }

    /// Adds what `--repository` names: an address alone, or an index file's.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn add_url(&mut self, url: &str) -> Result<(), String> {
        self.add(kind_of(url), url, None)
    }

    fn add_line(&mut self, line: &str) -> Result<(), String> {
        let mut words = line.split_ascii_whitespace().peekable();
        let Some(&first) = words.peek() else {
            return Ok(());
        };
        if first.starts_with('#') {
            return Ok(());
        }
        if first == "set" {
            words.next();
            return self.set(words.collect::<Vec<_>>().as_slice());
        }
        let kind = match first {
            "ndx" => Some(Kind::Index),
            "v2" => Some(Kind::V2),
            "v3" => Some(Kind::V3),
            _ => None,
        };
        if kind.is_some() {
            words.next();
        }
        let tag = words
            .next_if(|word| word.starts_with('@'))
            .map(|tag| tag[1..].to_owned());
        if tag.as_deref() == Some("") {
            return Err("a tag without a name".to_owned());
        }
        let url = self.expand(words.next().ok_or("no address")?)?;
        let url = url.trim_end_matches('/');
        let kind = kind.unwrap_or_else(|| kind_of(url));
        let components: Vec<String> = words
            .map(|word| self.expand(word))
            .collect::<Result<_, _>>()?;
        if components.is_empty() {
            return self.add(kind, url, tag);
        }
        if kind == Kind::Index {
            return Err("an index file has no components".to_owned());
        }
        components
            .iter()
            .try_for_each(|component| self.add(kind, &format!("{url}/{component}"), tag.clone()))
    }

    fn add(&mut self, kind: Kind, url: &str, tag: Option<String>) -> Result<(), String> {
        let schemes = ["http://", "https://", "file://", "test:", "/"];
        if !schemes.iter().any(|scheme| url.starts_with(scheme)) {
            return Err(format!(
                "{url} is neither an absolute path nor an http, https or file address"
            ));
        }
        let url = url.trim_end_matches('/').to_owned();
        let known = |one: &Repository| one.kind == kind && one.url == url && one.tag == tag;
        if self.list.iter().any(known) {
            return Ok(());
        }
        if self.list.len() == MAX_REPOSITORIES {
            return Err(format!("more than {MAX_REPOSITORIES} repositories"));
        }
        if let Some(tag) = tag.as_ref().filter(|tag| !self.tags.contains(tag)) {
            if self.tags.len() == MAX_TAGS {
                return Err(format!("more than {MAX_TAGS} tags"));
            }
            self.tags.push(tag.clone());
        }
        self.list.push(Repository { kind, url, tag });
        Ok(())
    }

    fn set(&mut self, words: &[&str]) -> Result<(), String> {
        let (default, words) = match words {
            ["-default", rest @ ..] => (true, rest),
            _ => (false, words),
        };
        let [assignment] = words else {
            return Err("set takes one KEY=VALUE".to_owned());
        };
        let (key, value) = assignment.split_once('=').ok_or("set takes KEY=VALUE")?;
        let letters = key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !letters || !key.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) {
            return Err(format!("{key} is not a name of a variable"));
        }
        if key.starts_with("APK_") {
            return Err(format!(
                "{key}: names that begin with APK_ are not to be set"
            ));
        }
        if !(default && self.variables.contains_key(key)) {
            let value = self.expand(value)?;
            self.variables.insert(key.to_owned(), value);
        }
        Ok(())
    }

    fn expand(&self, text: &str) -> Result<String, String> {
        expand(text, |key| self.variables.get(key).cloned())
    }

    /// The number of a tag in a [`crate::solve::Kind::Repository`]: 0 for none, else its place plus one.
    #[must_use]
    pub fn tag_number(&self, tag: Option<&str>) -> u8 {
        let place = tag.and_then(|tag| self.tags.iter().position(|known| known == tag));
        place.map_or(0, |place| place as u8 + 1)
    }
}

fn kind_of(url: &str) -> Kind {
    if url.ends_with(".adb") || url.ends_with(".tar.gz") {
        Kind::Index
    } else {
        Kind::V2
    }
}

impl Repository {
    /// The index's address.
    #[must_use]
    pub fn index_url(&self, arch: &str) -> String {
        match self.kind {
            Kind::Index => self.url.clone(),
            Kind::V2 => format!("{}/{arch}/APKINDEX.tar.gz", self.url),
            Kind::V3 => format!("{}/{arch}/Packages.adb", self.url),
        }
    }

    /// Whether its index is of format v3.
    #[must_use]
    pub fn is_v3(&self) -> bool {
        match self.kind {
            Kind::Index => self.url.ends_with(".adb"),
            Kind::V2 => false,
            Kind::V3 => true,
        }
    }

    /// Whether it is read over the network.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        !self.url.starts_with('/') && !self.url.starts_with("file://")
    }

    /// A package's address. `spec` is the index's own, if it has one; `arch` is the package's repository's directory.
    ///
    /// # Errors
    /// A spec that cannot be followed.
    pub fn package_url(
        &self,
        spec: Option<&str>,
        package: &PackageName<'_>,
        arch: &str,
    ) -> Result<String, String> {
        let default = match self.kind {
            Kind::Index => DEFAULT_SPEC.to_owned(),
            Kind::V2 | Kind::V3 => format!("{arch}/{DEFAULT_SPEC}"),
        };
        let path = package.expand(spec.filter(|spec| !spec.is_empty()).unwrap_or(&default))?;
        if path.contains("://") {
            return Ok(path);
        }
        let base = match self.kind {
            Kind::Index => self
                .url
                .rsplit_once('/')
                .map_or(self.url.as_str(), |(base, _)| base),
            Kind::V2 | Kind::V3 => &self.url,
        };
        Ok(format!("{base}/{path}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Repositories {
        let mut all = Repositories::new("x86_64");
        all.add_text(text, "list");
        all
    }

    #[test]
    fn lines() {
        let all = parse(
            "# comment\nset mirror=https://m.example/d\nset -default mirror=no\nset sub=${mirror}/${APK_ARCH:3}\n\
             v3 @edge ${mirror} main community\n/local/\nhttp://h.example/x/Packages.adb\nndx file:///i/APKINDEX.tar.gz\n/local\n",
        );
        assert_eq!(all.warnings, Vec::<String>::new());
        let urls: Vec<&str> = all.list.iter().map(|one| one.url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "https://m.example/d/main",
                "https://m.example/d/community",
                "/local",
                "http://h.example/x/Packages.adb",
                "file:///i/APKINDEX.tar.gz"
            ]
        );
        assert_eq!(all.tags, ["edge"]);
        assert_eq!((all.tag_number(Some("edge")), all.tag_number(None)), (1, 0));
        assert_eq!(
            all.list[0].index_url("x86_64"),
            "https://m.example/d/main/x86_64/Packages.adb"
        );
        assert_eq!(
            all.list[2].index_url("x86_64"),
            "/local/x86_64/APKINDEX.tar.gz"
        );
        assert!(
            all.list[3].is_v3()
                && !all.list[4].is_v3()
                && all.list[3].is_remote()
                && !all.list[2].is_remote()
        );
        assert_eq!(all.variables["sub"], "https://m.example/d/x86");
    }

    #[test]
    fn faults() {
        let all = parse(
            "set 1x=2\nset APK_X=1\nset a\nnowhere\nv2 ${none}\nndx /a.adb main\nv3\n@ /x\nv2 ${x\n",
        );
        assert_eq!(all.warnings.len(), 9, "{:?}", all.warnings);
        assert!(all.list.is_empty());
        let many: String = (0..40).map(|number| format!("/r{number}\n")).collect();
        assert_eq!(parse(&many).warnings.len(), 8);
    }

    #[test]
    fn lists_of_a_root() {
        let root = tempfile::tempdir().expect("a directory");
        for (path, text) in [
            ("etc/apk/repositories", "/main\n"),
            ("etc/apk/repositories.d/b.list", "/b\n"),
            ("etc/apk/repositories.d/ignored", "/no\n"),
            ("lib/apk/repositories.d/a.list", "/a\n"),
            ("lib/apk/repositories.d/b.list", "/hidden\n"),
        ] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().expect("below")).expect("a directory");
            std::fs::write(path, text).expect("a file");
        }
        let all = Repositories::read(root.path(), "x86_64").expect("there");
        let urls: Vec<&str> = all.list.iter().map(|one| one.url.as_str()).collect();
        assert_eq!(urls, ["/main", "/b", "/a"]);
    }
}
