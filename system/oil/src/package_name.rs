//! How packages' files and indexes are named: by a pkgname-spec (`apk-mkndx(8)`), and in the cache.

use crate::digest::{Algorithm, Digest};

/// What a package's file is named by.
#[derive(Clone, Copy, Debug)]
pub struct PackageName<'p> {
    /// Its name.
    pub name: &'p str,
    /// Its version.
    pub version: &'p str,
    /// Its architecture.
    pub arch: &'p str,
    /// Its identity.
    pub identity: Digest,
}

impl PackageName<'_> {
    /// Follows a pkgname-spec (`apk-mkndx(8)`).
    ///
    /// # Errors
    /// A variable that there is not.
    pub fn expand(&self, spec: &str) -> Result<String, String> {
        expand(spec, |key| match key {
            "name" => Some(self.name.to_owned()),
            "version" => Some(self.version.to_owned()),
            "arch" => Some(self.arch.to_owned()),
            "hash" => Some(self.identity.hex()),
            _ => None,
        })
    }

    /// Its name in the cache: `name-version.` and eight digits of its identity.
    #[must_use]
    pub fn cached(&self) -> String {
        format!(
            "{}-{}.{}.apk",
            self.name,
            self.version,
            &self.identity.hex()[..8]
        )
    }
}

/// Whether a pkgname-spec can be used: its last part begins with `${name}` and one of `-`, `_`, `.`.
#[must_use]
pub fn is_valid_spec(spec: &str) -> bool {
    let last = spec.rsplit('/').next().unwrap_or_default();
    let known = expand(spec, |key| {
        matches!(key, "name" | "version" | "arch" | "hash").then(String::new)
    });
    known.is_ok()
        && last
            .strip_prefix("${name}")
            .is_some_and(|rest| rest.starts_with(['-', '_', '.']))
}

/// An index's name in the cache, for v2 and v3 alike.
#[must_use]
pub fn cached_index(index_url: &str) -> String {
    format!(
        "APKINDEX.{}.tar.gz",
        &Digest::of(Algorithm::Sha256, index_url.as_bytes()).hex()[..8]
    )
}

/// What [`expand`] gives is at most this many bytes: values that name each other double with every line.
const MAX_EXPANDED: usize = 64 << 10;

/// Puts values in the place of `${KEY}`, and of `${KEY:N}` the first N characters of them.
pub(crate) fn expand(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (key, after) = after
            .split_once('}')
            .ok_or_else(|| format!("{text}: ${{ without its }}"))?;
        let (key, limit) = match key.split_once(':') {
            Some((key, limit)) => {
                let limit: usize = limit
                    .parse()
                    .map_err(|_| format!("{text}: {limit} is not a number"))?;
                (key, limit)
            }
            None => (key, usize::MAX),
        };
        out.push_str(before);
        out.extend(
            value(key)
                .ok_or_else(|| format!("{text}: {key} is not set"))?
                .chars()
                .take(limit),
        );
        rest = after;
        if out.len() > MAX_EXPANDED {
            return Err(format!(
                "longer than {MAX_EXPANDED} bytes with its variables' values"
            ));
        }
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repositories::Repositories;

    #[test]
    fn names_of_packages() {
        let identity = Digest::from_bytes(&[0xab; 20]).expect("twenty");
        let package = PackageName {
            name: "one",
            version: "1-r0",
            arch: "noarch",
            identity,
        };
        let mut all = Repositories::new("x86_64");
        all.add_text(
            "/r\nv3 https://h.example/r\nhttps://h.example/i/x.adb\n",
            "list",
        );
        let url = |place: usize, spec| {
            all.list[place]
                .package_url(spec, &package, "x86_64")
                .expect("good")
        };
        assert_eq!(url(0, None), "/r/x86_64/one-1-r0.apk");
        assert_eq!(url(2, None), "https://h.example/i/one-1-r0.apk");
        assert_eq!(
            url(1, Some("${name:1}/${name}_${hash:8}.apk")),
            "https://h.example/r/o/one_abababab.apk"
        );
        assert_eq!(
            url(1, Some("http://e.example/${arch}/${name}-.apk")),
            "http://e.example/noarch/one-.apk"
        );
        assert!(
            is_valid_spec("${name:1}/${name}-${version}.apk")
                && !is_valid_spec("${version}.apk")
                && !is_valid_spec("${name}-${x}")
        );
        assert_eq!(package.cached(), "one-1-r0.abababab.apk");
        assert_eq!(
            cached_index("http://h.example/x").len(),
            "APKINDEX.12345678.tar.gz".len()
        );
    }
}
