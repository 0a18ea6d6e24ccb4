//! `.PKGINFO`: lines `key = value`.

use crate::dependency::Dependency;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::package::Info;
use crate::version::Version;
use std::fmt::Write;

/// What a control member's text says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PkgInfo {
    /// The metadata.
    pub info: Info,
    /// The SHA-256 of the compressed data member.
    pub data_hash: Option<Digest>,
}

const FILE: &str = ".PKGINFO";

/// Reads it. Unknown keys are passed over; names and dependencies that are none are errors.
///
/// # Errors
/// [`Error::Text`] with the line.
pub fn parse(bytes: &[u8]) -> Result<PkgInfo> {
    let mut all = PkgInfo::default();
    let info = &mut all.info;
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let error = |reason: String| Error::Text {
            file: FILE,
            line: number + 1,
            reason,
        };
        if line.is_empty() || line[0] == b'#' {
            continue;
        }
        let text = String::from_utf8_lossy(line);
        let Some((key, value)) = text.split_once(" = ") else {
            // What is between the lines of older packages is not for us.
            continue;
        };
        let count = || {
            value
                .parse::<u64>()
                .map_err(|_| error(format!("{key} is not a number")))
        };
        let small = || {
            value
                .parse::<u32>()
                .map_err(|_| error(format!("{key} is not a number")))
        };
        let list = || {
            Dependency::parse_list(value)
                .map_err(|part| error(format!("{part:?} is not a dependency")))
        };
        match key {
            "pkgname" => info.name = value.to_owned(),
            "pkgver" => {
                let version = Version::parse(value);
                info.version =
                    version.ok_or_else(|| error(format!("{value:?} is not a version")))?;
            }
            "pkgdesc" => info.description = value.to_owned(),
            "url" => info.url = value.to_owned(),
            "size" => info.installed_size = count()?,
            "license" => info.license = value.to_owned(),
            "arch" => info.arch = value.to_owned(),
            "origin" => info.origin = value.to_owned(),
            "maintainer" => info.maintainer = value.to_owned(),
            "builddate" => info.build_time = count()?,
            "commit" => info.commit = value.to_owned(),
            "provider_priority" => info.provider_priority = small()?,
            "replaces_priority" => info.replaces_priority = small()?,
            "depend" => info.depends.extend(list()?),
            "provides" => info.provides.extend(list()?),
            "install_if" => info.install_if.extend(list()?),
            "replaces" => info.replaces.extend(list()?),
            "triggers" => info
                .triggers
                .extend(value.split_ascii_whitespace().map(str::to_owned)),
            "datahash" => {
                let digest = Digest::from_hex(value.as_bytes());
                let digest = digest.filter(|digest| digest.as_bytes().len() == 32);
                all.data_hash =
                    Some(digest.ok_or_else(|| error("datahash is not a SHA-256".into()))?);
            }
            _ => {}
        }
    }
    if all.info.name.is_empty() {
        return Err(Error::Missing("a name"));
    }
    if all.info.version.is_empty() {
        return Err(Error::Missing("a version"));
    }
    Ok(all)
}

/// Writes it.
pub fn to_text(all: &PkgInfo) -> String {
    let info = &all.info;
    let mut text = String::new();
    let mut line = |key: &str, value: &dyn std::fmt::Display| {
        // Writing to a string does not fail; a line break in a value would begin another line.
        let _ = writeln!(text, "{key} = {}", value.to_string().replace('\n', " "));
    };
    line("pkgname", &info.name);
    line("pkgver", &info.version.as_str());
    for (key, value) in [
        ("pkgdesc", &info.description),
        ("url", &info.url),
        ("maintainer", &info.maintainer),
        ("license", &info.license),
        ("arch", &info.arch),
        ("origin", &info.origin),
        ("commit", &info.commit),
    ] {
        if !value.is_empty() {
            line(key, value);
        }
    }
    line("size", &info.installed_size);
    if info.build_time > 0 {
        line("builddate", &info.build_time);
    }
    for (key, value) in [
        ("provider_priority", info.provider_priority),
        ("replaces_priority", info.replaces_priority),
    ] {
        if value > 0 {
            line(key, &value);
        }
    }
    for (key, list) in [
        ("depend", &info.depends),
        ("provides", &info.provides),
        ("install_if", &info.install_if),
        ("replaces", &info.replaces),
    ] {
        let parts: Vec<String> = list.iter().map(ToString::to_string).collect();
        if key == "install_if" && !parts.is_empty() {
            line(key, &parts.join(" "));
        } else {
            parts.iter().for_each(|part| line(key, part));
        }
    }
    if !info.triggers.is_empty() {
        line("triggers", &info.triggers.join(" "));
    }
    if let Some(hash) = &all.data_hash {
        line("datahash", &hash.hex());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn and_back() {
        let text = "# made by hand\npkgname = foo\npkgver = 1.2-r3\npkgdesc = A = thing\nsize = 12\n\
            depend = so:libc.so=1 bar>=2\ndepend = !baz\nprovides = cmd:foo=1.2-r3\ninstall_if = a=1 b\n\
            packager = nobody\nnonsense\ntriggers = /usr/lib /etc/*\nreplaces = old<2\nprovider_priority = 10\n\
            datahash = 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\n";
        let all = parse(text.as_bytes()).unwrap();
        assert_eq!(all.info.name, "foo");
        assert_eq!(all.info.description, "A = thing");
        assert_eq!(all.info.depends.len(), 3);
        assert_eq!(all.info.triggers, ["/usr/lib", "/etc/*"]);
        assert!(all.data_hash.is_some());
        assert_eq!(parse(to_text(&all).as_bytes()).unwrap(), all);
    }

    #[test]
    fn refuses() {
        for text in [
            "",
            "pkgname = x\n",
            "pkgname = x\npkgver = y\n",
            "pkgname = x\npkgver = 1\nsize = -1\n",
            "pkgname = x\npkgver = 1\ndepend = >1\n",
            "pkgname = x\npkgver = 1\ndatahash = 00\n",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
