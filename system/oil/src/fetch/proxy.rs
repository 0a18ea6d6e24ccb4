//! Proxies that the environment names: `http_proxy` and `https_proxy` by the kind of the address that is wanted, `all_proxy` for both, and
//! `no_proxy` with those that are asked without; each in capital letters as well.

use super::address::{Address, credentials_of};

/// A proxy of HTTP.
#[derive(Debug)]
pub struct Proxy {
    pub host: String,
    pub port: u16,
    /// Name and password.
    user: Option<String>,
}

/// The first of these variables that is there, in small letters or in capital ones.
fn variable(names: &[&str]) -> Option<String> {
    let both = names
        .iter()
        .flat_map(|name| [(*name).to_owned(), name.to_ascii_uppercase()]);
    let mut values = both.filter_map(|name| std::env::var(name).ok());
    values.next().map(|value| value.trim().to_owned())
}

impl Proxy {
    /// That of an address, if it has one.
    ///
    /// # Errors
    /// What is wrong with what the environment says.
    pub fn of(address: &Address<'_>) -> Result<Option<Self>, String> {
        let own = match address.is_secure {
            true => "https_proxy",
            false => "http_proxy",
        };
        let Some(named) = variable(&[own, "all_proxy"]).filter(|named| !named.is_empty()) else {
            return Ok(None);
        };
        let without = variable(&["no_proxy"]).unwrap_or_default();
        if is_without(&without, address) {
            return Ok(None);
        }
        Self::parse(&named).map(Some)
    }

    fn parse(named: &str) -> Result<Self, String> {
        let whole = match named.contains("://") {
            true => named.to_owned(),
            false => format!("http://{named}"),
        };
        let address = Address::parse(&whole).filter(|address| !address.is_secure);
        let address = address.ok_or_else(|| {
            format!("the environment names the proxy {named:?}: it must be http://HOST:PORT")
        })?;
        Ok(Self {
            host: address.host.to_owned(),
            // As other programs take it where none is said.
            port: match address.has_port {
                true => address.port,
                false => 3128,
            },
            user: address.user.map(str::to_owned),
        })
    }

    /// Who it is, without a password.
    pub fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// What it is told of who asks: what its address has, else what `HTTP_PROXY_AUTH` has (`basic:REALM:USER:PASSWORD`).
    pub fn secret(&self) -> Option<String> {
        credentials_of(self.user.as_deref(), "HTTP_PROXY_AUTH")
    }
}

/// Whether a list names an address's host: `*`, a host, or the end of hosts (`.example.org` and `example.org` alike), with or without a port.
fn is_without(list: &str, address: &Address<'_>) -> bool {
    let mut names = list
        .split([',', ' '])
        .map(str::trim)
        .filter(|name| !name.is_empty());
    names.any(|name| {
        let (host, port) = match name.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, port.parse::<u16>().ok())
            }
            _ => (name, None),
        };
        let host = host.trim_start_matches(['.', '[']).trim_end_matches(']');
        let rest = address.host.to_ascii_lowercase();
        let rest = rest.strip_suffix(&host.to_ascii_lowercase());
        let is_host = rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        port.is_none_or(|port| port == address.port) && (host == "*" || is_host)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_read() {
        let proxy = Proxy::parse("http://me:secret@[fd00::1]:8080/").unwrap();
        assert_eq!((&*proxy.host, proxy.port), ("fd00::1", 8080));
        assert_eq!(proxy.secret().as_deref(), Some("Basic bWU6c2VjcmV0"));
        let proxy = Proxy::parse("cache.example.org").unwrap();
        assert_eq!(proxy.name(), "cache.example.org:3128");
        for bad in ["socks5://h:1", "https://h:1", "http://", "h:x"] {
            let told = Proxy::parse(bad).unwrap_err();
            assert!(
                told.contains(bad) && told.contains("http://HOST:PORT"),
                "{told}"
            );
        }
    }

    #[test]
    fn some_are_asked_without() {
        let address = Address::parse("http://a.example.org:81/x").unwrap();
        for (list, without) in [
            ("", false),
            ("*", true),
            ("other.org, example.org", true),
            (".EXAMPLE.org", true),
            ("ample.org", false),
            ("a.example.org:81", true),
            ("a.example.org:80", false),
            ("b.a.example.org", false),
        ] {
            assert_eq!(is_without(list, &address), without, "{list}");
        }
        let address = Address::parse("http://[fd00::1]/x").unwrap();
        assert!(is_without("fd00::1", &address) && is_without("[fd00::1]:80", &address));
    }
}
