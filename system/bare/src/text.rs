//! Text without a length: strings that end in NUL, as the kernel takes them, and the parts of small files.

use core::ffi::CStr;
use core::marker::PhantomData;

/// A string that ends in NUL, as thin as a pointer in C (a `&CStr` carries its length as well).
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Text<'a>(*const u8, PhantomData<&'a CStr>);

impl<'a> Text<'a> {
    /// The text of a literal: `Text::new(c"/dev")`.
    #[inline(always)]
    pub const fn new(text: &'a CStr) -> Self {
        Self(text.as_ptr().cast(), PhantomData)
    }

    /// The text that begins at `start`.
    ///
    /// # Safety
    /// There must be a NUL at or after `start`, in the same piece of memory, which lives for `'a`.
    #[inline(always)]
    pub const unsafe fn from_ptr(start: *const u8) -> Self {
        Self(start, PhantomData)
    }

    /// Where it begins.
    #[inline(always)]
    pub const fn as_ptr(self) -> *const u8 {
        self.0
    }

    /// Where its NUL is.
    #[inline(always)]
    pub fn end(self) -> *const u8 {
        self.bytes().as_ptr_range().end
    }

    /// Its bytes, without the NUL.
    #[inline(always)]
    pub fn bytes(self) -> &'a [u8] {
        let mut length = 0;
        // SAFETY: every byte up to the NUL belongs to the text (see the constructors). The volatile read keeps the
        // compiler from calling a C library's strlen, which is longer.
        unsafe {
            while self.0.add(length).read_volatile() != 0 {
                length += 1;
            }
            core::slice::from_raw_parts(self.0, length)
        }
    }
}

/// The bytes before the first newline, or all of them.
#[inline(always)]
pub fn first_line(text: &[u8]) -> &[u8] {
    text.split(|&byte| byte == b'\n').next().unwrap_or(text)
}

/// The bytes after the last space, or all of them.
#[inline(always)]
pub fn last_word(line: &[u8]) -> &[u8] {
    line.rsplit(|&byte| byte == b' ').next().unwrap_or(line)
}

/// `number` in decimal, a newline, and NULs.
///
/// The text is built in one word, its last byte first, since the first byte is the lowest one.
#[inline(always)]
pub fn decimal_line(mut number: u16) -> [u8; 8] {
    let mut line = u64::from(b'\n');
    loop {
        line = line << 8 | u64::from(u16::from(b'0') + number % 10);
        number /= 10;
        if number == 0 {
            return line.to_le_bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_before_its_nul() {
        assert_eq!(Text::new(c"/dev/pts").bytes(), b"/dev/pts");
        assert_eq!(Text::new(c"").bytes(), b"");
    }

    #[test]
    fn first_line_ends_at_the_newline() {
        assert_eq!(first_line(b"box\nmore\n"), b"box");
        assert_eq!(first_line(b"box"), b"box");
        assert_eq!(first_line(b"\n"), b"");
        assert_eq!(first_line(b""), b"");
    }

    #[test]
    fn the_last_console_is_the_last_word() {
        assert_eq!(last_word(b"tty0 ttyS0"), b"ttyS0");
        assert_eq!(last_word(b"hvc0"), b"hvc0");
        assert_eq!(last_word(b"tty0 "), b"");
        assert_eq!(last_word(b""), b"");
    }

    #[test]
    fn decimal_has_no_leading_zeros() {
        assert_eq!(decimal_line(0), *b"0\n\0\0\0\0\0\0");
        assert_eq!(decimal_line(7), *b"7\n\0\0\0\0\0\0");
        assert_eq!(decimal_line(19), *b"19\n\0\0\0\0\0");
        assert_eq!(decimal_line(4095), *b"4095\n\0\0\0");
        assert_eq!(decimal_line(u16::MAX), *b"65535\n\0\0");
    }
}
