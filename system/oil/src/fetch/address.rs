//! Addresses of the web, as far as getting files needs them (RFC 3986).

/// The parts of an address that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// Whether it is of TLS.
    pub is_secure: bool,
    /// Scheme and authority, by which connections are kept.
    pub authority: &'a str,
    /// `USER:PASSWORD`, if it has such.
    pub user: Option<&'a str>,
    /// Host and port as they are written.
    pub host_and_port: &'a str,
    /// A name, or an address without the brackets of one of IPv6.
    pub host: &'a str,
    /// What it says, or the scheme's own.
    pub port: u16,
    /// Whether it says one.
    pub has_port: bool,
    /// Path and query.
    pub target: &'a str,
}

impl<'a> Address<'a> {
    /// Of `http://` or `https://`; none if it is neither, or has no host.
    pub fn parse(url: &'a str) -> Option<Self> {
        let is_secure = url.starts_with("https://");
        let rest = url.strip_prefix(match is_secure {
            true => "https://",
            false => "http://",
        })?;
        let authority = authority(url);
        let target = url[authority.len()..].split('#').next().unwrap_or_default();
        let inside = &rest[..authority.len() - (url.len() - rest.len())];
        let (user, host_and_port) = match inside.rsplit_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, inside),
        };
        // Colons within brackets are of an address.
        let behind = host_and_port.rfind(']').map_or(0, |at| at + 1);
        let (host, port) = match host_and_port[behind..].rfind(':') {
            Some(at) => (
                &host_and_port[..behind + at],
                &host_and_port[behind + at + 1..],
            ),
            None => (host_and_port, ""),
        };
        let host = match host.strip_prefix('[') {
            Some(host) => host.strip_suffix(']')?,
            None => host,
        };
        let has_port = !port.is_empty();
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = match (has_port, is_secure) {
            (true, _) => port.parse().ok().filter(|port| digits && *port != 0)?,
            (false, true) => 443,
            (false, false) => 80,
        };
        let good = |byte: u8| byte.is_ascii_graphic() && !b"/\\@[]".contains(&byte);
        let has_path = target.is_empty() || target.starts_with('/');
        (has_path && !host.is_empty() && host.bytes().all(good)).then_some(Self {
            is_secure,
            authority,
            user,
            host_and_port,
            host,
            port,
            has_port,
            target: match target {
                "" => "/",
                target => target,
            },
        })
    }
}

/// Scheme and authority of an address.
pub fn authority(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| start + at);
    &url[..end]
}

/// Where a redirect leads (RFC 3986, as far as servers need it); none if that is not HTTP.
pub fn join(base: &str, location: &str) -> Option<String> {
    if location.starts_with("http://") || location.starts_with("https://") {
        return Some(location.to_owned());
    }
    if location.contains("://") || location.is_empty() {
        return None;
    }
    if let Some(rest) = location.strip_prefix("//") {
        let scheme = base.split("://").next()?;
        return Some(format!("{scheme}://{rest}"));
    }
    let authority = authority(base);
    if location.starts_with('/') {
        return Some(format!("{authority}{location}"));
    }
    let path = base[authority.len()..]
        .split(['?', '#'])
        .next()
        .unwrap_or_default();
    let directory = path.rfind('/').map_or("/", |at| &path[..=at]);
    Some(format!("{authority}{directory}{location}"))
}

/// Name and password of an address that has them: `USER:PASSWORD@`.
pub fn own_secret(url: &str) -> Option<String> {
    let (user, _) = authority(url).split("://").nth(1)?.rsplit_once('@')?;
    Some(user.to_owned())
}

/// What to authenticate with: what the address has, else `other`, else `HTTP_AUTH` (`basic:REALM:USER:PASSWORD`).
pub fn credentials(url: &str, other: Option<String>) -> Option<String> {
    credentials_of(own_secret(url).or(other).as_deref(), "HTTP_AUTH")
}

/// The same of `USER:PASSWORD`, else of an environment variable.
pub fn credentials_of(secret: Option<&str>, variable: &str) -> Option<String> {
    let named = || {
        let text = std::env::var(variable).ok()?;
        let mut parts = text.splitn(3, ':');
        let scheme = parts.next()?.to_ascii_lowercase();
        parts.next()?;
        (scheme == "basic")
            .then(|| parts.next().map(str::to_owned))
            .flatten()
    };
    let secret = secret.map(str::to_owned).or_else(named)?;
    Some(format!(
        "Basic {}",
        crate::digest::base64(secret.as_bytes())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let parts = |url| {
            Address::parse(url).map(|one| (one.host, one.port, one.host_and_port, one.target))
        };
        for (url, expected) in [
            ("http://h/a?b#c", Some(("h", 80, "h", "/a?b"))),
            ("https://h", Some(("h", 443, "h", "/"))),
            ("http://u:p@h:81/a", Some(("h", 81, "h:81", "/a"))),
            (
                "http://[fd00::1]:82/",
                Some(("fd00::1", 82, "[fd00::1]:82", "/")),
            ),
            (
                "http://[fd00::1]/a:b",
                Some(("fd00::1", 80, "[fd00::1]", "/a:b")),
            ),
            ("http:///a", None),
            ("http://h:x/", None),
            ("http://h:65536/", None),
            ("http://h h/", None),
            ("http://h?a", None),
            ("ftp://h/", None),
        ] {
            assert_eq!(parts(url), expected, "{url}");
        }
    }

    #[test]
    fn redirects_lead_somewhere() {
        let base = "http://h:1/a/b?q";
        for (location, joined) in [
            ("c", Some("http://h:1/a/c")),
            ("/c", Some("http://h:1/c")),
            ("//g/c", Some("http://g/c")),
            ("https://g/", Some("https://g/")),
            ("ftp://g/", None),
            ("", None),
        ] {
            assert_eq!(join(base, location).as_deref(), joined, "{location}");
        }
        assert_eq!(authority(base), "http://h:1");
        assert_eq!(
            credentials("http://u:p@h/", None).as_deref(),
            Some("Basic dTpw")
        );
        let other = Some("u:p".to_owned());
        assert_eq!(
            credentials("http://h/", other).as_deref(),
            Some("Basic dTpw")
        );
    }
}
