//! A new pin in the text of a lock, before the source's other pins; everything else stays as it is written.

use crate::{Lock, LockError, Pin};

/// The text with the pin added. `lock` is what the text says now.
///
/// # Errors
/// [`LockError`] when the source is not laid out as one expects, so that nothing was changed.
pub(super) fn prepend(text: &str, lock: &Lock, name: &str, pin: &Pin) -> Result<String, LockError> {
    let changed = place(text, name).map(|at| {
        let (before, after) = text.split_at(at);
        format!("{before}{}\n{after}", written(pin))
    });
    // Whatever the text looked like: it must now say the same and the pin.
    let right = |text: &String| {
        let Ok(new) = Lock::parse(text, lock.file()) else {
            return false;
        };
        let mut expected = lock.sources().to_vec();
        for source in &mut expected {
            if source.name == name {
                source.pins.insert(0, pin.clone());
            }
        }
        new.sources() == expected
    };
    changed.filter(right).ok_or_else(|| LockError {
        file: lock.file().to_owned(),
        line: None,
        problem: format!(
            "'{name}' has no line [[source.pin]] of its own to write a new pin before; give it one, or add by hand:\n{}",
            written(pin)
        ),
    })
}

/// Where the source's first pin begins, with the comment above it.
fn place(text: &str, name: &str) -> Option<usize> {
    let mut at = 0;
    let mut comment = None;
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed == "[[source]]" {
            inside = false;
        } else if let Some(value) = trimmed.strip_prefix("name") {
            let value = value.trim_start().strip_prefix('=').map(str::trim);
            inside = value.is_some_and(|value| value.trim_matches(['"', '\'']) == name);
        } else if inside && trimmed == "[[source.pin]]" {
            return Some(comment.unwrap_or(at));
        }
        comment = match trimmed.starts_with('#') {
            true => comment.or(Some(at)),
            false => None,
        };
        at += line.len();
    }
    None
}

/// A pin as the lock writes it.
fn written(pin: &Pin) -> String {
    let mut text = format!("[[source.pin]]\nversion = \"{}\"\n", pin.version);
    for (key, value) in [
        ("path", &pin.path),
        ("upstream", &pin.upstream),
        ("crate", &pin.krate),
    ] {
        if let Some(value) = value {
            text += &format!("{key} = \"{value}\"\n");
        }
    }
    text += &format!("sha256 = \"{}\"\nbytes = {}\n", pin.sha256, pin.bytes);
    if let Some(member) = &pin.unpack {
        text += &format!("unpack = \"{member}\"\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const OLD: &str = "# All of it.\n\n[[source]]\nname = \"musl\"\n\n# The one that is tested.\n[[source.pin]]\nversion = \"1.2.5\"\n\
        path = \"pool/musl_1.2.5.orig.tar.gz\" # kept\nsha256 = \"HASH\"\nbytes = 7\n\n[[source]]\nname = \"musl-x\"\n\n\
        [[source.pin]]\nversion = \"1\"\ncrate = \"x\"\nsha256 = \"HASH\"\nbytes = 7\n";

    fn pin(version: &str) -> Pin {
        Pin {
            version: version.into(),
            path: Some(format!("pool/musl_{version}.orig.tar.gz")),
            upstream: None,
            krate: None,
            sha256: "ab".repeat(32),
            bytes: 9,
            unpack: None,
        }
    }

    fn changed(text: &str, name: &str) -> Result<String, LockError> {
        let lock = Lock::parse(text, Path::new("sources.lock")).unwrap();
        prepend(text, &lock, name, &pin("1.2.6"))
    }

    #[test]
    fn comments_and_order_stay() {
        let old = OLD.replace("HASH", &"cd".repeat(32));
        for name in ["musl", "musl-x"] {
            let new = changed(&old, name).unwrap();
            // What was there is there, in one piece before the pin and one after it.
            let added = written(&pin("1.2.6")) + "\n";
            let at = new.find(&added).unwrap();
            assert_eq!(format!("{}{}", &new[..at], &new[at + added.len()..]), old);
        }
        let new = changed(&old, "musl").unwrap();
        assert!(
            new.contains("bytes = 9\n\n# The one that is tested.\n[[source.pin]]"),
            "{new}"
        );
    }

    #[test]
    fn another_layout_is_refused_and_the_pin_told() {
        let text = format!(
            "[[source]]\nname = \"musl\"\npin = [{{ version = \"1\", crate = \"x\", sha256 = \"{}\", bytes = 1 }}]\n",
            "cd".repeat(32)
        );
        let error = changed(&text, "musl").unwrap_err().to_string();
        assert!(
            error.contains("'musl'") && error.contains("version = \"1.2.6\""),
            "{error}"
        );
    }
}
