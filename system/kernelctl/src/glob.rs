//! Patterns of file names (glob(7)): `*`, `?` and `[…]`; none of them matches a slash.

use std::path::Path;

/// Whether a path has pattern characters.
pub fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// Whether one name matches a pattern. A dot at the start is matched by a dot alone.
pub fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    common::glob::matches(pattern.as_bytes(), name.as_bytes())
}

/// The files below a folder whose path from there matches, in the order of their names.
pub fn expand(folder: &Path, pattern: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let mut next = Vec::new();
        for before in &found {
            let slash = if before.is_empty() { "" } else { "/" };
            let join = |name: &str| format!("{before}{slash}{name}");
            if !is_pattern(part) {
                next.push(join(part));
                continue;
            }
            let first = next.len();
            for name in common::names(&folder.join(before)) {
                if matches(part, &name) {
                    let path = join(&name);
                    let at = next[first..].partition_point(|earlier| *earlier < path);
                    next.insert(first + at, path);
                }
            }
        }
        found = next;
    }
    found.retain(|path| !path.is_empty() && folder.join(path).exists());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_glob_7_has_it() {
        for (pattern, name) in [
            ("*", "eth0"),
            ("eth*", "eth0"),
            ("*0", "eth00"),
            ("e?h[0-9]", "exh7"),
            ("[!a]b", "cb"),
            ("[]]x", "]x"),
            ("[a", "[a"),
            ("\\*", "*"),
            (".h*", ".hidden"),
            ("a*b*c", "aXbYbZc"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*", ".hidden"),
            ("?", ""),
            ("[!a]b", "ab"),
            ("a*b", "abc"),
            ("", "a"),
            ("\\*", "x"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics_and_a_name_matches_itself(name in "[a-z.]{1,8}", pattern in ".{0,12}") {
            assert!(matches(&name, &name));
            matches(&pattern, &name);
        }
    }
}
