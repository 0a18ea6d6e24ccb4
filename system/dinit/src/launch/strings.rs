//! Texts for the kernel, one behind the other in one piece of memory, each ended by a NUL.

use crate::memory::Room;
use rustix::io::Errno;
use std::ffi::CStr;

/// The texts. What cannot be had for want of memory is an error, not the end of the program.
#[derive(Default)]
pub struct Strings {
    bytes: Vec<u8>,
}

/// A text's place in [`Strings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(usize);

/// Digits of the longest process id.
const PID_DIGITS: usize = 10;

impl Strings {
    /// Adds one text, made of parts. EINVAL: a NUL within it.
    pub fn add(&mut self, parts: &[&[u8]]) -> Result<Place, Errno> {
        let place = self.bytes.len();
        let room = parts.iter().map(|part| part.len()).sum::<usize>() + 1;
        self.bytes.room(room).map_err(|_| Errno::NOMEM)?;
        for part in parts {
            if part.contains(&0) {
                return Err(Errno::INVAL);
            }
            self.bytes.extend_from_slice(part);
        }
        self.bytes.push(0);
        Ok(Place(place))
    }

    /// Adds a text that ends in a number to be written later; the second place is that of the number.
    pub fn add_with_pid(&mut self, name: &[u8]) -> Result<(Place, Place), Errno> {
        let place = self.add(&[name, &[b'0'; PID_DIGITS]])?;
        Ok((place, Place(place.0 + name.len())))
    }

    /// Writes a number at its place. Makes no system call and needs no memory.
    pub fn write_pid(&mut self, place: Place, pid: u32) {
        let mut digits = [0; PID_DIGITS];
        let (mut first, mut rest) = (PID_DIGITS, pid);
        for (at, digit) in digits.iter_mut().enumerate().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            first = at;
            if rest == 0 {
                break;
            }
        }
        let room = self.bytes.iter_mut().skip(place.0);
        let ended = digits.iter().skip(first).chain(&[0]);
        room.zip(ended).for_each(|(to, from)| *to = *from);
    }

    /// The text at a place.
    pub fn get(&self, place: Place) -> &CStr {
        let bytes = self.bytes.get(place.0..).unwrap_or_default();
        CStr::from_bytes_until_nul(bytes).unwrap_or_default()
    }

    /// Where the text begins; good until the next is added.
    pub fn pointer(&self, place: Place) -> *const u8 {
        self.get(place).as_ptr().cast()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_alone() {
        let mut strings = Strings::default();
        let one = strings.add(&[b"A=", b"b"]).unwrap();
        let (whole, pid) = strings.add_with_pid(b"PID=").unwrap();
        let two = strings.add(&[]).unwrap();
        assert_eq!(strings.add(&[b"a\0b"]), Err(Errno::INVAL));
        for (number, shown) in [(0, c"PID=0"), (1, c"PID=1"), (4_194_304, c"PID=4194304")] {
            strings.write_pid(pid, number);
            assert_eq!(strings.get(whole), shown);
        }
        strings.write_pid(pid, u32::MAX);
        assert_eq!(strings.get(whole), c"PID=4294967295");
        assert_eq!((strings.get(one), strings.get(two)), (c"A=b", c""));
    }
}
