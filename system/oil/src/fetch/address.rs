//! Addresses of the web, as far as getting files needs them (RFC 3986).

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
    let named = || {
        let text = std::env::var("HTTP_AUTH").ok()?;
        let mut parts = text.splitn(3, ':');
        let scheme = parts.next()?.to_ascii_lowercase();
        parts.next()?;
        (scheme == "basic")
            .then(|| parts.next().map(str::to_owned))
            .flatten()
    };
    let secret = own_secret(url).or(other).or_else(named)?;
    Some(format!(
        "Basic {}",
        crate::digest::base64(secret.as_bytes())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

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
