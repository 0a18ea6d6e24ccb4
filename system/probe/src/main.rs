//! What services do in the comparison of service managers. See README.md.

#![cfg_attr(not(test), no_std)]
#![cfg_attr(not(test), no_main)]
#![cfg_attr(test, allow(dead_code))]

use bare::abi::{O_CLOEXEC, O_RDWR};
use bare::sys;
use bare::text::Text;

bare::entry!(main);

/// The pipe at which the measurement counts bytes. It has both ends open; so has this program for a moment, and neither
/// waits for the other.
const TOLD: Text<'static> = Text::new(c"/run/bench/told");

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Noop,
    Tell,
    Hold,
}

/// What a program of this name does.
#[inline(always)]
fn work(name: &[u8]) -> Work {
    match name {
        [.., b'n', b'o', b'o', b'p'] => Work::Noop,
        [.., b't', b'e', b'l', b'l'] => Work::Tell,
        _ => Work::Hold,
    }
}

/// # Safety
/// To be called by the entry, with the stack as the kernel left it.
unsafe extern "C" fn main(stack: *const usize) -> ! {
    // SAFETY: argc, then as many texts and a null pointer.
    let name = unsafe {
        match *stack {
            0 => Text::new(c""),
            _ => Text::from_ptr(*stack.add(1) as *const u8),
        }
    };
    let work = work(name.bytes());
    if work == Work::Noop {
        sys::exit(0);
    }
    let told = sys::open(TOLD, O_RDWR | O_CLOEXEC);
    let written = sys::write(told, b".");
    if work == Work::Tell {
        sys::exit((written != 1) as usize);
    }
    sys::close(told);
    loop {
        // No signal is in the empty set: this waits for one that ends the program.
        sys::wait_signal(&0);
    }
}

#[cfg(test)]
mod tests {
    use super::{Work, work};

    #[test]
    fn the_name_decides() {
        assert_eq!(work(b"/bench/noop"), Work::Noop);
        assert_eq!(work(b"tell"), Work::Tell);
        for name in ["/bench/hold", "./run", "", "oop"] {
            assert_eq!(work(name.as_bytes()), Work::Hold, "{name}");
        }
    }
}
