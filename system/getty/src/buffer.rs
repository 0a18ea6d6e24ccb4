//! What is to be printed, collected for one write.

use core::mem::MaybeUninit;

/// Up to `N` bytes; what is beyond is dropped.
pub struct Buffer<const N: usize> {
    bytes: [MaybeUninit<u8>; N],
    length: usize,
}

impl<const N: usize> Buffer<N> {
    /// An empty one.
    pub fn new() -> Self {
        Self {
            bytes: [const { MaybeUninit::uninit() }; N],
            length: 0,
        }
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// Appends a byte.
    pub fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            place.write(byte);
            self.length += 1;
        }
    }

    /// Appends bytes up to the first NUL, if there is one.
    #[inline(never)]
    pub fn append(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte == 0 {
                return;
            }
            self.push(byte);
        }
    }

    /// What is there.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: `push` has written the first `length` bytes.
        unsafe { core::slice::from_raw_parts(self.bytes.as_ptr().cast(), self.length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_dropped() {
        let mut buffer = Buffer::<4>::new();
        buffer.append(b"ab");
        buffer.append(b"c\0x");
        assert_eq!(buffer.bytes(), b"abc");
        buffer.append(b"def");
        assert_eq!(buffer.bytes(), b"abcd");
    }
}
