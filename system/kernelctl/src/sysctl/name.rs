//! Names of sysctls: with dots, as people write them, or with slashes, as the kernel has them.

/// The path below /proc/sys that a name means (sysctl.d(5)): when its first separator is a dot, dots and slashes change
/// places, so that `net.ipv4.conf.enp3s0/200.forwarding` is `net/ipv4/conf/enp3s0.200/forwarding`. None: it is no name.
pub fn path(name: &str) -> Option<String> {
    let first = name.find(['.', '/']).map(|at| name.as_bytes()[at]);
    let swapped = match first {
        Some(b'.') => swap(name),
        _ => name.to_owned(),
    };
    let mut path = String::with_capacity(swapped.len());
    for part in swapped.split('/').filter(|part| !part.is_empty()) {
        if matches!(part, "." | "..") || part.contains(char::is_control) {
            return None;
        }
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(part);
    }
    (!path.is_empty()).then_some(path)
}

/// Dots and slashes in each other's places.
fn swap(name: &str) -> String {
    let mut bytes = name.as_bytes().to_vec();
    for byte in &mut bytes {
        *byte = match *byte {
            b'.' => b'/',
            b'/' => b'.',
            other => other,
        };
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// The name with dots that a path has; one whose first part has a dot has none, and is written with a slash before it.
pub fn dotted(path: &str) -> String {
    if path
        .split('/')
        .next()
        .is_some_and(|part| part.contains('.'))
    {
        return format!("/{path}");
    }
    swap(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_what_the_manual_says() {
        for (name, expected) in [
            ("kernel.domainname", "kernel/domainname"),
            ("kernel/domainname", "kernel/domainname"),
            (
                "net.ipv4.conf.enp3s0/200.forwarding",
                "net/ipv4/conf/enp3s0.200/forwarding",
            ),
            (
                "net/ipv4/conf/enp3s0.200/forwarding",
                "net/ipv4/conf/enp3s0.200/forwarding",
            ),
            ("/kernel//sysrq/", "kernel/sysrq"),
            ("vm", "vm"),
        ] {
            assert_eq!(path(name).as_deref(), Some(expected), "{name}");
        }
        for name in ["", "/", "a/../b", "..", "a/./b", "a\nb"] {
            assert_eq!(path(name), None, "{name:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_name_leads_out_of_the_folder(name in ".{0,40}") {
            if let Some(path) = path(&name) {
                assert!(!path.starts_with('/'));
                assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")));
                assert_eq!(super::path(&dotted(&path)).as_deref(), Some(&*path));
            }
        }
    }
}
