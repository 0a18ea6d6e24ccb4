//! Swap (swapon(2)); the header of a swap area (`include/linux/swap.h`).

#![allow(unsafe_code)]

use std::ffi::CString;
use std::io;
use std::path::Path;

/// SWAP_FLAG_PREFER (`include/linux/swap.h`)
const PREFER: libc::c_int = 0x8000;

/// Uses a device for swap, before those of lower priority.
pub fn on(device: &Path, priority: u16) -> io::Result<()> {
    let path = CString::new(device.as_os_str().as_encoded_bytes())?;
    // SAFETY: the path is a string that ends in a zero byte and lives through the call.
    let result = unsafe { libc::swapon(path.as_ptr(), PREFER | libc::c_int::from(priority)) };
    done(result)
}

/// Takes all that is swapped to a device back into memory and uses it no more.
pub fn off(device: &Path) -> io::Result<()> {
    let path = CString::new(device.as_os_str().as_encoded_bytes())?;
    // SAFETY: as above.
    done(unsafe { libc::swapoff(path.as_ptr()) })
}

fn done(result: libc::c_int) -> io::Result<()> {
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The first page of a swap area of so many bytes.
pub fn header(bytes: u64, page: usize) -> Vec<u8> {
    let mut first = vec![0; page];
    let last = u32::try_from(bytes / page as u64)
        .unwrap_or(u32::MAX)
        .saturating_sub(1);
    first[1024..1028].copy_from_slice(&1u32.to_ne_bytes());
    first[1028..1032].copy_from_slice(&last.to_ne_bytes());
    first[page - 10..].copy_from_slice(b"SWAPSPACE2");
    first
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_header_says_how_large_the_area_is() {
        let header = super::header(1 << 20, 4096);
        assert_eq!(&header[4086..], b"SWAPSPACE2");
        assert_eq!(header[1028..1032], 255u32.to_ne_bytes());
    }
}
