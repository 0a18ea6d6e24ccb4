//! Names and passwords for servers, from the file that `NETRC` names: words `machine HOST`, `default`, `login NAME`,
//! `password TEXT`, `account TEXT`, of which the first entry that fits counts (fetch(3) of FreeBSD).

use super::address::authority;
use std::path::Path;

/// `NAME:PASSWORD` for the host of an address.
pub fn secret(url: &str) -> Option<String> {
    let path = std::env::var_os("NETRC")?;
    let text = std::fs::read_to_string(Path::new(&path)).ok()?;
    find(&text, host(url))
}

/// The host of an address, without user and port.
fn host(url: &str) -> &str {
    let authority = authority(url);
    let host = authority.split("://").last().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    }
}

fn find(text: &str, host: &str) -> Option<String> {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let mut words = lines.flat_map(str::split_ascii_whitespace);
    let mut found: Option<(&str, &str)> = None;
    while let Some(word) = words.next() {
        match word {
            "machine" | "default" if found.is_some() => break,
            "default" => found = Some(("", "")),
            "machine" => {
                if words.next()?.eq_ignore_ascii_case(host) {
                    found = Some(("", ""));
                }
            }
            "login" | "password" | "account" => {
                let value = words.next()?;
                if let Some((login, password)) = &mut found {
                    match word {
                        "login" => *login = value,
                        "password" => *password = value,
                        _ => {}
                    }
                }
            }
            // Macros, up to an empty line, are of ftp alone: a file with one is read up to it.
            _ => break,
        }
    }
    found.map(|(login, password)| format!("{login}:{password}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found() {
        let text = "# machine h login no password no\nmachine other login a password b\n\
                    machine H\n account q\n login me\n password s:c\ndefault login d password e\n\
                    machine late login f password g\n";
        for (host, secret) in [
            ("h", "me:s:c"),
            ("other", "a:b"),
            ("late", "d:e"),
            ("unknown", "d:e"),
        ] {
            assert_eq!(find(text, host).as_deref(), Some(secret), "{host}");
        }
        assert_eq!(find("machine h login only", "h").as_deref(), Some("only:"));
        assert_eq!(find("machine h login a password b", "g"), None);
        assert_eq!(find("machine h login", "h"), None);
        assert_eq!(
            find("machine h login a macdef m\nmachine g", "h").as_deref(),
            Some("a:")
        );
    }

    #[test]
    fn hosts_of_addresses() {
        assert_eq!(host("http://u:p@h.org:80/a"), "h.org");
        assert_eq!(host("https://[::1]:8080/"), "::1");
    }
}
