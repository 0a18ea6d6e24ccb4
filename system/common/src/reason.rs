//! Errors in words: those of the C library, put together where they are shown.

use rustix::io::Errno;
use std::fmt;
use std::io;

/// An error in the C library's words, without its number.
#[derive(Clone, Copy)]
pub struct Reason<'e>(&'e io::Error);

/// The same of the kernel's answer.
#[derive(Clone, Copy)]
pub struct Words(Errno);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        f.write_str(text.split(" (os error").next().unwrap_or(&text))
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Reason(&self.0.into()).fmt(f)
    }
}

impl From<Reason<'_>> for String {
    fn from(reason: Reason<'_>) -> Self {
        reason.to_string()
    }
}

impl From<Words> for String {
    fn from(words: Words) -> Self {
        words.to_string()
    }
}

/// [`Reason`]
pub fn reason(error: &io::Error) -> Reason<'_> {
    Reason(error)
}

/// [`Words`]
pub fn words(errno: Errno) -> Words {
    Words(errno)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_left_out() {
        let error = io::Error::from_raw_os_error(libc::ENOENT);
        assert_eq!(reason(&error).to_string(), "No such file or directory");
        assert_eq!(words(Errno::NOENT).to_string(), reason(&error).to_string());
        assert_eq!(
            reason(&io::Error::other("it is odd")).to_string(),
            "it is odd"
        );
    }
}
