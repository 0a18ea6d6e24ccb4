//! Labels as names of files: what is none of a few safe characters becomes `\xNN`, as udev does it and mount(8) looks for it.

/// Bytes as a name. Letters of any alphabet stay, if the bytes are UTF-8.
pub fn name(bytes: &[u8]) -> String {
    let mut name = String::new();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                safe if safe.is_ascii_alphanumeric() || "#+-.:=@_".contains(safe) => {
                    name.push(safe)
                }
                letter if !letter.is_ascii() && !letter.is_control() => name.push(letter),
                other => other
                    .to_string()
                    .bytes()
                    .for_each(|byte| escape(&mut name, byte)),
            }
        }
        chunk
            .invalid()
            .iter()
            .for_each(|byte| escape(&mut name, *byte));
    }
    name
}

fn escape(name: &mut String, byte: u8) {
    *name += &format!("\\x{byte:02x}");
}

/// Names by hardware have no escapes: blanks become one underscore, and so does each character that is not safe.
pub fn words(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == '\0')
        .filter(|word| !word.is_empty())
        .collect();
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "#+-.:=@_".contains(c) {
            c
        } else {
            '_'
        }
    };
    words.join("_").chars().map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_safe_is_escaped() {
        assert_eq!(name(b"root-1.a_b"), "root-1.a_b");
        assert_eq!(name(b"a b/c\\\n"), "a\\x20b\\x2fc\\x5c\\x0a");
        assert_eq!(name("Größe".as_bytes()), "Größe");
        assert_eq!(name(b"\xff\x80x"), "\\xff\\x80x");
        assert_eq!(words("  QEMU  HARDDISK\0 a/b "), "QEMU_HARDDISK_a_b");
    }

    proptest! {
        #[test]
        fn any_bytes_are_one_name(bytes: Vec<u8>, text: String) {
            let name = name(&bytes);
            prop_assert!(!name.contains(['/', '\0', ' ']));
            prop_assert!(!words(&text).contains(['/', '\0', ' ']));
        }
    }
}
