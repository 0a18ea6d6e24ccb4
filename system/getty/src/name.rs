//! The name that somebody types.

/// As long as a name may be (`LOGIN_NAME_MAX` of musl, without the NUL).
pub const LONGEST: usize = 255;

/// What came from the terminal.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// Only the enter key, or ^D at the start of a line.
    Nothing,
    /// A name that no account has: it holds a space or a control character, or is too long.
    Refused,
    /// A name of at most [`LONGEST`] bytes. It may begin with `-`.
    Name(&'a [u8]),
}

/// Judges a line, with or without its newline.
pub fn judge(line: &[u8]) -> Answer<'_> {
    let name = bare::text::first_line(line);
    if name.is_empty() {
        Answer::Nothing
    } else if name.len() > LONGEST || name.iter().any(|&byte| byte <= b' ' || byte == 0x7f) {
        Answer::Refused
    } else {
        Answer::Name(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(judge(b"root\n"), Answer::Name(b"root"));
        assert_eq!(judge(b"root"), Answer::Name(b"root"));
        assert_eq!(judge(b"-froot\n"), Answer::Name(b"-froot"));
        assert_eq!(judge("jürg\n".as_bytes()), Answer::Name("jürg".as_bytes()));
        assert_eq!(judge(&[b'a'; 255]), Answer::Name(&[b'a'; 255]));
    }

    #[test]
    fn no_name() {
        assert_eq!(judge(b"\n"), Answer::Nothing);
        assert_eq!(judge(b""), Answer::Nothing);
    }

    #[test]
    fn refused() {
        for line in [
            &b"ro ot\n"[..],
            b"root \n",
            b" root\n",
            b"\x1b[A\n",
            b"a\0b\n",
            b"a\tb\n",
            b"a\x7f\n",
            &[b'a'; 256],
        ] {
            assert_eq!(judge(line), Answer::Refused, "{line:?}");
        }
    }
}
