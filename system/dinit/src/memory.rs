//! The allocator of a program that must not end for want of memory.
//!
//! Rust ends a program whose memory cannot be had, unless the request was made by one of the few functions that report
//! it. Those are called through [`Room`], where the size is a stranger's choice: there, a refusal is an answer (see
//! [`crate::protocol`]). For everything else this allocator keeps a reserve: a pool in the program's own zeroed data,
//! which costs nothing until it is touched. When that is used up too, it waits until the system has memory again, as
//! process 1 has nothing better to do.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::{HashMap, TryReserveError, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Bytes of the reserve.
const RESERVE: usize = 128 * 1024;

/// No request without [`Room`] comes near this: it would be a mistake, and nothing to wait for.
const ABSURD: usize = 64 << 20;

/// Whether the request that is made is one that may be refused.
static REFUSABLE: AtomicBool = AtomicBool::new(false);

/// Making room where having none is an answer and not the end.
pub trait Room {
    /// Room for so many more.
    ///
    /// # Errors
    /// There is no memory for it.
    fn room(&mut self, more: usize) -> Result<(), TryReserveError>;

    /// The same without any to spare.
    ///
    /// # Errors
    /// There is no memory for it.
    fn room_exact(&mut self, more: usize) -> Result<(), TryReserveError> {
        self.room(more)
    }
}

impl<T> Room for Vec<T> {
    fn room(&mut self, more: usize) -> Result<(), TryReserveError> {
        refusable(|| self.try_reserve(more))
    }

    fn room_exact(&mut self, more: usize) -> Result<(), TryReserveError> {
        refusable(|| self.try_reserve_exact(more))
    }
}

impl<T> Room for VecDeque<T> {
    fn room(&mut self, more: usize) -> Result<(), TryReserveError> {
        refusable(|| self.try_reserve(more))
    }
}

impl Room for String {
    fn room(&mut self, more: usize) -> Result<(), TryReserveError> {
        refusable(|| self.try_reserve(more))
    }
}

impl<K: Eq + Hash, V, S: BuildHasher> Room for HashMap<K, V, S> {
    fn room(&mut self, more: usize) -> Result<(), TryReserveError> {
        refusable(|| self.try_reserve(more))
    }
}

fn refusable<T>(request: impl FnOnce() -> T) -> T {
    REFUSABLE.store(true, Ordering::Relaxed);
    let answer = request();
    REFUSABLE.store(false, Ordering::Relaxed);
    answer
}

/// Whether a request of so many bytes that the system has refused is refused to the caller too.
fn refused(size: usize) -> bool {
    size > ABSURD || REFUSABLE.load(Ordering::Relaxed)
}

/// The reserve. It is handed out from its beginning on, and not taken back: it is for hours that are to pass.
#[repr(align(4096))]
struct Pool(std::cell::UnsafeCell<[u8; RESERVE]>);

// SAFETY: `USED` hands every byte out to one caller alone.
unsafe impl Sync for Pool {}

static POOL: Pool = Pool(std::cell::UnsafeCell::new([0; RESERVE]));
static USED: AtomicUsize = AtomicUsize::new(0);

/// The allocator, to be made the program's.
pub struct Patient;

impl Patient {
    fn from_reserve(layout: Layout) -> *mut u8 {
        let mut start = USED.load(Ordering::Relaxed);
        loop {
            let aligned = start.next_multiple_of(layout.align());
            let end = aligned + layout.size();
            if end > RESERVE || layout.align() > 4096 {
                return std::ptr::null_mut();
            }
            match USED.compare_exchange(start, end, Ordering::Relaxed, Ordering::Relaxed) {
                // SAFETY: the range is within the pool, and nobody else has it.
                Ok(_) => return unsafe { POOL.0.get().cast::<u8>().add(aligned) },
                Err(now) => start = now,
            }
        }
    }

    fn is_reserve(pointer: *mut u8) -> bool {
        let start = POOL.0.get() as usize;
        (start..start + RESERVE).contains(&(pointer as usize))
    }
}

// SAFETY: everything is the system's allocator but the reserve, whose blocks are handed out once and stay theirs.
unsafe impl GlobalAlloc for Patient {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        loop {
            // SAFETY: the caller's promise.
            let pointer = unsafe { System.alloc(layout) };
            if !pointer.is_null() || refused(layout.size()) {
                return pointer;
            }
            let pointer = Self::from_reserve(layout);
            if !pointer.is_null() {
                return pointer;
            }
            let moment = rustix::time::Timespec {
                tv_sec: 0,
                tv_nsec: 50_000_000,
            };
            let _ = rustix::thread::nanosleep(&moment);
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if !Self::is_reserve(pointer) {
            // SAFETY: the system's allocator gave it.
            unsafe { System.dealloc(pointer, layout) };
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !Self::is_reserve(pointer) {
            // SAFETY: the system's allocator gave it; the rest is the caller's promise.
            let moved = unsafe { System.realloc(pointer, layout, size) };
            if !moved.is_null() || refused(size) {
                return moved;
            }
        }
        // SAFETY: the alignment is good and the size, as realloc's contract says, not too large.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: as above; the old block is as large as its layout says, and the new one is another.
        unsafe {
            let moved = self.alloc(new);
            if !moved.is_null() {
                std::ptr::copy_nonoverlapping(pointer, moved, layout.size().min(size));
                self.dealloc(pointer, layout);
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_gives_aligned_blocks_that_do_not_overlap_and_ends() {
        let layout = Layout::from_size_align(1000, 64).unwrap();
        let mut last = 0;
        loop {
            let pointer = Patient::from_reserve(layout) as usize;
            if pointer == 0 {
                break;
            }
            assert_eq!(pointer % 64, 0);
            assert!(pointer >= last + 1000 || last == 0);
            assert!(Patient::is_reserve(pointer as *mut u8));
            last = pointer;
        }
        assert_ne!(last, 0);
        // SAFETY: such a block may be freed, which does nothing.
        unsafe { Patient.dealloc(last as *mut u8, layout) };
        assert!(!Patient::is_reserve(std::ptr::dangling_mut()));
    }
}
