//! What is kept for the next start: a file with the time that a lease was asked for, in seconds since 1970, in a line, then the
//! server's message as it came.

use crate::system;
use std::fs;
use std::path::Path;

/// Keeps a message that was asked for so many milliseconds ago. What cannot be kept is asked for anew in time.
pub fn write(path: &Path, age: u64, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let from = system::wall_clock().saturating_sub(age / 1000);
    let mut text = format!("{from}\n").into_bytes();
    text.extend_from_slice(bytes);
    let _ = super::names::replace(path, &text);
}

/// How many milliseconds ago it was asked for, and the message.
pub fn read(path: &Path) -> Option<(u64, Vec<u8>)> {
    let mut bytes = fs::read(path).ok()?;
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let from: u64 = std::str::from_utf8(&bytes[..end]).ok()?.parse().ok()?;
    // A clock that went back says nothing of the age.
    let age = system::wall_clock().checked_sub(from)?.checked_mul(1000)?;
    bytes.drain(..=end);
    Some((age, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_and_what_makes_no_sense_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lease");
        write(&path, 5000, b"");
        assert!(read(&path).is_none());
        write(&path, 5000, b"a\nb");
        let (age, bytes) = read(&path).unwrap();
        assert!(age >= 5000);
        assert_eq!(bytes, b"a\nb");
        for wrong in [
            &b"x\nabc"[..],
            b"5",
            b"99999999999\nabc",
            b"99999999999999999999\nabc",
        ] {
            fs::write(&path, wrong).unwrap();
            assert!(read(&path).is_none());
        }
    }
}
