//! The size of a page.

#![allow(unsafe_code)]

/// Bytes of a page of memory.
pub fn page_size() -> usize {
    // SAFETY: it has no conditions, and reads what the C library knows since it began.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_what_the_kernel_says() {
        assert_eq!(super::page_size(), rustix::param::page_size());
    }
}
