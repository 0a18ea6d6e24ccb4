//! Errors in words.

use rustix::io::Errno;
use std::io;

/// An error in the C library's words, without its number.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// The same of the kernel's answer.
pub fn words(errno: Errno) -> String {
    reason(&errno.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_left_out() {
        let error = io::Error::from_raw_os_error(libc::ENOENT);
        assert_eq!(reason(&error), "No such file or directory");
        assert_eq!(words(Errno::NOENT), reason(&error));
        assert_eq!(reason(&io::Error::other("it is odd")), "it is odd");
    }
}
