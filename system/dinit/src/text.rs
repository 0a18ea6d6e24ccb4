//! Bytes that are meant to be read: names, paths and values are not necessarily UTF-8.

use std::fmt;

/// Shows bytes as text; what is not UTF-8 is shown as the replacement character.
pub struct Show<'a>(pub &'a [u8]);

impl fmt::Display for Show<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_str("\u{fffd}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Show<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{self}'")
    }
}

/// An error's number (errno(3)) as the C library puts it in words.
pub struct Errno(pub i32);

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = std::io::Error::from_raw_os_error(self.0).to_string();
        // The standard library adds the number in brackets.
        f.write_str(text.split(" (os error").next().unwrap_or(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_errors_are_shown_as_text() {
        assert_eq!(Show(b"a\xffb").to_string(), "a\u{fffd}b");
        assert_eq!(format!("{:?}", Show(b"web")), "'web'");
        assert_eq!(Errno(2).to_string(), "No such file or directory");
    }
}
