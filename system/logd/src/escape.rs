//! Text that is one line and harms no terminal.
//!
//! What is not printable is written as the kernel writes it, `\x1b`; a backslash is `\\` and an end of line `\n`. So a file
//! is UTF-8 and a message one line of it, and nothing of what was said is lost.

/// Appends a message.
pub fn append(text: &[u8], out: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => out.extend_from_slice(b"\\\\"),
                '\n' => out.extend_from_slice(b"\\n"),
                '\t' => out.push(b'\t'),
                // Of both tables of ISO 6429: terminals obey U+009B as they do ESC [.
                control if control.is_control() => {
                    let mut bytes = [0; 4];
                    hexadecimal(control.encode_utf8(&mut bytes).as_bytes(), out);
                }
                other => out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        hexadecimal(chunk.invalid(), out);
    }
}

fn hexadecimal(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
        out.extend_from_slice(&[b'\\', b'x', DIGITS[high], DIGITS[low]]);
    }
}

/// What was said. What is no escape stays as it is.
pub fn undo(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        match after {
            [b'\\', after @ ..] => {
                out.push(b'\\');
                rest = after;
            }
            [b'n', after @ ..] => {
                out.push(b'\n');
                rest = after;
            }
            [b'x', high, low, after @ ..] => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    rest = after;
                }
                _ => out.push(b'\\'),
            },
            _ => out.push(b'\\'),
        }
    }
    out
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &[u8]) -> String {
        let mut out = Vec::new();
        append(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_harms_is_written_harmlessly() {
        assert_eq!(escaped("gr\u{fc}n\tC:\\x".as_bytes()), "gr\u{fc}n\tC:\\\\x");
        assert_eq!(escaped(b"a\nb\x1b[2J\0\x7f"), "a\\nb\\x1b[2J\\x00\\x7f");
        assert_eq!(escaped("\u{9b}2J".as_bytes()), "\\xc2\\x9b2J");
        assert_eq!(escaped(b"\xff\xc3"), "\\xff\\xc3");
        assert_eq!(undo(b"\\q\\x1\\xzz\\"), b"\\q\\x1\\xzz\\");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_come_back(text: Vec<u8>) {
            let line = escaped(&text);
            assert!(!line.chars().any(|c| c.is_control() && c != '\t'));
            assert_eq!(undo(line.as_bytes()), text);
        }

        #[test]
        fn nothing_panics(text: Vec<u8>) {
            undo(&text);
        }
    }
}
